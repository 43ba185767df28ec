//! The grammar of an ignore comment.

use crate::Date;

/// One comment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Comment {
    /// Where it stands, from 1.
    pub(super) line: u32,
    /// First column and one past the last, from 1, in characters.
    pub(super) columns: (u32, u32),
    /// The line whose findings it lets pass.
    pub(super) covers: u32,
    /// The rules it names.
    pub(super) rules: Vec<String>,
    /// Why; empty when not said.
    pub(super) reason: String,
    /// The last day on which it holds.
    pub(super) until: Option<Date>,
    /// What stands in place of a day and is none: it holds nothing, or a slip would let it hold for ever.
    pub(super) no_day: Option<String>,
}

impl Comment {
    pub(super) fn names(&self, rule: &str) -> bool {
        self.rules.iter().any(|named| named == rule)
    }

    pub(super) fn holds(&self, today: Date) -> bool {
        self.no_day.is_none() && self.until.is_none_or(|until| today <= until)
    }
}

/// All comments of a file, in order.
pub(super) fn all(text: &str) -> Vec<Comment> {
    let mut found: Vec<Comment> = Vec::new();
    // Comments that stand alone wait here for the line that they are about.
    let mut waiting: Vec<Comment> = Vec::new();
    for (number, line) in (1_u32..).zip(text.lines()) {
        let comment = read(number, line);
        let alone = is_comment(line);
        match comment {
            Some(comment) if alone => waiting.push(comment),
            other => {
                if alone && !waiting.is_empty() {
                    continue;
                }
                for mut earlier in waiting.drain(..) {
                    earlier.covers = number;
                    found.push(earlier);
                }
                found.extend(other);
            }
        }
    }
    found.append(&mut waiting);
    found
}

fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with('#') || line.starts_with("//")
}

/// Reads `# keytrail: ignore[a, b] why, until 2027-01-31` at the end of `line`.
fn read(number: u32, line: &str) -> Option<Comment> {
    const MARK: &str = "keytrail: ignore[";
    let at = line.find(MARK)?;
    let before = line[..at].trim_end();
    let start = if before.ends_with("//") {
        before.len() - 2
    } else if before.ends_with('#') {
        before.len() - 1
    } else {
        return None;
    };
    let (rules, reason) = line[at + MARK.len()..].split_once(']')?;
    let rules: Vec<String> = rules
        .split(',')
        .map(|rule| rule.trim().to_owned())
        .filter(|rule| !rule.is_empty())
        .collect();
    if rules.is_empty() {
        return None;
    }
    let (reason, until) = split_until(reason.trim());
    let no_day = until.is_none().then(|| no_day(&reason)).flatten();
    let column =
        |bytes: usize| u32::try_from(line[..bytes].chars().count() + 1).unwrap_or(u32::MAX);
    Some(Comment {
        line: number,
        columns: (column(start), column(line.trim_end().len())),
        covers: number,
        rules,
        reason,
        until,
        no_day,
    })
}

/// Takes `until YYYY-MM-DD` off the end. `until` without a day is part of the reason.
fn split_until(text: &str) -> (String, Option<Date>) {
    let clean = |reason: &str| {
        reason
            .trim()
            .trim_start_matches([':', '-', '–', '—'])
            .trim_end_matches([',', ';', '.'])
            .trim()
            .to_owned()
    };
    if let Some((reason, last)) = text
        .trim_end_matches('.')
        .rsplit_once("until ")
        .filter(|(reason, _)| reason.is_empty() || !reason.ends_with(|c: char| c.is_alphanumeric()))
        && let Ok(day) = last.trim().parse()
    {
        return (clean(reason), Some(day));
    }
    (clean(text), None)
}

/// `2027-02-30`, `31/1/2027`: meant as a day at the end of a reason.
fn no_day(reason: &str) -> Option<String> {
    let (_, last) = reason.rsplit_once("until ")?;
    let parts = || last.trim().split(['-', '/', '.']);
    let number = |part: &str| !part.is_empty() && part.bytes().all(|it| it.is_ascii_digit());
    (parts().count() == 3 && parts().all(number)).then(|| last.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reasons_and_days() {
        for (text, reason, until) in [
            (" why, until 2027-01-31", "why", Some("2027-01-31")),
            (": why until 2027-01-31.", "why", Some("2027-01-31")),
            ("until 2027-01-31", "", Some("2027-01-31")),
            ("until we move", "until we move", None),
            ("why, until 2027-02-31", "why, until 2027-02-31", None),
            ("", "", None),
        ] {
            let expected = (reason.to_owned(), until.and_then(|day| day.parse().ok()));
            assert_eq!(split_until(text.trim()), expected, "{text}");
        }
    }

    #[test]
    fn what_was_meant_as_a_day_and_is_none_holds_nothing() {
        let read = |text: &str| read(1, &format!("x  # keytrail: ignore[a] {text}")).unwrap();
        let today = "2026-11-24".parse().unwrap();
        for slip in [
            "2027-02-30",
            "2027-13-01",
            "31/01/2027",
            "27-1-1",
            "31.1.2027",
            "0000-00-00",
        ] {
            let comment = read(&format!("why, until {slip}"));
            assert_eq!(comment.no_day.as_deref(), Some(slip));
            assert!(!comment.holds(today), "{slip}");
        }
        for reason in [
            "why",
            "until release 2.0.1 is out",
            "until 3 of them move",
            "until 2027-01-31",
        ] {
            assert_eq!(read(reason).no_day, None, "{reason}");
        }
    }

    #[test]
    fn only_in_comments() {
        assert_eq!(read(1, "keytrail: ignore[a] b"), None);
        assert_eq!(read(1, "x = 'keytrail: ignore[a] b'"), None);
        assert_eq!(read(1, "# keytrail: ignore[]"), None);
        assert_eq!(read(1, "# keytrail: ignore[a"), None);
        assert!(read(1, "é # keytrail: ignore[a] b").is_some_and(|found| found.columns.0 == 3));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "(.{0,20}|# keytrail: ignore\\[.{0,20}|\n){0,8}") {
            let _ = all(&text);
        }
    }
}
