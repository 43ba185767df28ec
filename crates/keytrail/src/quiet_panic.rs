//! Law 1 in an accident: a panic message may hold what was being read, so it is not shown.

use std::io::Write as _;

/// Replaces the standard hook, which prints the payload.
pub(crate) fn install() {
    std::panic::set_hook(Box::new(|info| {
        let place = info
            .location()
            .map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
        let _ = writeln!(
            std::io::stderr(),
            "error: internal error{place}\n\
             hint: this is a mistake of Keytrail; please report it with this line. \
             No more is shown, since it could hold a key."
        );
    }));
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_hook_shows_the_place_and_not_the_payload() {
        // The hook is global, so it is tried in a process of its own: this one again.
        let name = "KEYTRAIL_TEST_PANIC";
        if std::env::var_os(name).is_some() {
            super::install();
            panic!("sk_live_payload_of_a_panic");
        }
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "quiet_panic::tests::the_hook_shows_the_place_and_not_the_payload",
                "--nocapture",
            ])
            .env(name, "1")
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned()
            + &String::from_utf8_lossy(&output.stdout);
        assert!(told.contains("internal error at"), "{told}");
        assert!(!told.contains("sk_live_payload"), "{told}");
    }
}
