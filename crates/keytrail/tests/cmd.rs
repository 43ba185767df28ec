//! The command line as its users see it: every message, every `--help`.
//!
//! `TRYCMD=overwrite cargo test -p keytrail --test cmd` writes the files anew; read the
//! difference before you commit it.

#[test]
fn messages_and_help() {
    trycmd::TestCases::new()
        .case("tests/cmd/*.trycmd")
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1");
}
