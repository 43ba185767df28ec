//! `keytrail init`.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;

use crate::cli::Global;
use crate::failure::usage;
use crate::talk;

pub(super) fn run(global: &Global, directory: &Path) -> anyhow::Result<u8> {
    if !directory.is_dir() {
        return Err(usage(
            format!("{} is no directory", directory.display()),
            "name the directory of the project",
        ));
    }
    let path = directory.join("keytrail.toml");
    // `create_new` refuses a file that is there, without a moment in between.
    let opened = OpenOptions::new().write(true).create_new(true).open(&path);
    let mut file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(usage(
                format!("{} exists already", path.display()),
                "edit it, or remove it first; a new salt changes every fingerprint",
            ));
        }
        Err(error) => {
            return Err(error).with_context(|| format!("cannot write {}", path.display()));
        }
    };
    file.write_all(content(&salt()?).as_bytes())
        .with_context(|| format!("cannot write {}", path.display()))?;
    talk::note(global, &format!("wrote {}; commit it", path.display()));
    Ok(0)
}

/// 128 random bits in hexadecimal.
fn salt() -> anyhow::Result<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).context("the system gives no random numbers")?;
    let mut text = String::new();
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

fn content(salt: &str) -> String {
    format!(
        "\
# Keytrail's configuration; every key is in docs/configuration.md.

# Makes fingerprints of keys agree on all machines of this project and mean nothing elsewhere.
# Commit it. Whoever wants to keep it apart sets KEYTRAIL_SALT instead.
salt = \"{salt}\"

# Fail on findings at or above: info, low, medium, high, critical, or never.
fail_on = \"high\"

# Files to leave out.
# exclude = [\"vendor/**\"]

# Known findings, written by `keytrail baseline`.
# baseline = \"keytrail-baseline.txt\"

# [[ignore]]
# rule = \"open-hosts\"
# path = \"config/*.py\"
# reason = \"only the balancer reaches it\"
# until = \"2027-01-31\"
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_writes_is_read_and_each_salt_is_new() {
        let text = content(&salt().unwrap());
        let config = keytrail_engine::Config::parse(Path::new("keytrail.toml"), &text, &[]);
        assert_eq!(config.unwrap().salt.map(|salt| salt.len()), Some(32));
        assert_ne!(salt().unwrap(), salt().unwrap());
    }
}
