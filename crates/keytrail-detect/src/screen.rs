//! A quick look at values by the million: what can't be a key need not be examined.
//!
//! The look errs on one side only: [`Detector::examine`] finds nothing in what it rules out. A test
//! holds that for the examples of all providers.

use crate::detector::{Detector, Searched};
use crate::judge::may_name_a_key;
use crate::runs::{Runs, SHORTEST};
use crate::shape::is_uuid;

impl Detector {
    /// False where no value under this name could be a key by the name alone.
    pub fn may_name_a_key(&self, name: &str) -> bool {
        may_name_a_key(name, &self.compiled.names)
    }

    /// False where `value` holds nothing that could be a key whatever its name is.
    pub fn may_hold_a_key(&self, value: &[u8]) -> bool {
        if value.len() < SHORTEST {
            return false;
        }
        // `password = '…'`, `Pwd=…;`, `postgres://user:password@host`
        let assigns = memchr::memchr3(b'\'', b'"', b'=', value).is_some()
            || memchr::memchr(b'`', value).is_some();
        if assigns && holds(&self.compiled.anywhere, value) {
            return true;
        }
        if memchr::memchr(b'@', value).is_some() && memchr::memmem::find(value, b"://").is_some() {
            return true;
        }
        if is_uuid(value) {
            return false;
        }
        let mut runs = Runs::new(value).peekable();
        if runs.peek().is_none() {
            return false;
        }
        runs.any(|run| self.has_literal(value, &run)) || holds(&self.compiled.of_providers, value)
    }

    fn has_literal(&self, value: &[u8], run: &std::ops::Range<usize>) -> bool {
        let mut found = false;
        self.compiled.starts.each(value, run, |_, _| found = true);
        let long = run.len() >= crate::scan::LONG;
        found || (long && holds(&self.compiled.inside, &value[run.clone()]))
    }
}

fn holds(literals: &Searched, value: &[u8]) -> bool {
    let mut found = false;
    literals.each(value, |_, _, _| found = true);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Below the shortest run there may be passwords, by their names.
    #[test]
    fn nothing_that_is_found_is_ruled_out() {
        let detector = Detector::new();
        let mut found = 0;
        for provider in detector.providers() {
            for example in &provider.examples {
                let example = &crate::expand(example);
                for value in example.split(['"', '\'', ' ', '\n']) {
                    if detector.examine(value, None).is_some() {
                        found += 1;
                        let may = detector.may_hold_a_key(value.as_bytes());
                        assert!(may, "{}", provider.id);
                    }
                }
                let whole = detector.examine(example, None).is_some();
                let may = detector.may_hold_a_key(example.as_bytes());
                assert!(may || !whole, "{}", provider.id);
            }
        }
        assert!(found > 300, "{found}");
    }

    #[test]
    fn names_that_speak_of_keys() {
        let detector = Detector::new();
        for name in ["api_key", "apiToken", "password", "finnhub_key", "auth"] {
            assert!(detector.may_name_a_key(name), "{name}");
        }
        for name in [
            "owner_id",
            "key_alias",
            "status",
            "created_at",
            "description",
        ] {
            assert!(!detector.may_name_a_key(name), "{name}");
        }
    }

    #[test]
    fn ordinary_values_are_ruled_out() {
        let detector = Detector::new();
        for value in [
            "active",
            "0f8fad5b-d9cb-469f-a165-70867728950e",
            "2024-05-31T12:00:00.000Z",
            "team-partner-7@example.com",
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "A customer of the second kind, since the spring",
        ] {
            assert!(!detector.may_hold_a_key(value.as_bytes()), "{value}");
        }
    }
}
