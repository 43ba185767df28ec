//! The small languages of DynamoDB: update expressions, conditions, PartiQL's heads.

/// `"keys"."by-owner" WHERE …` → table and index.
pub(super) fn statement_table(text: &str) -> (&str, &str) {
    let quotes = ['"', '\''];
    let text = text.trim_start().trim_start_matches(quotes);
    let end = text.find(['"', '\'', ' ', '.', '\n']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let index = rest
        .trim_start_matches(quotes)
        .strip_prefix('.')
        .map_or("", |rest| {
            let rest = rest.trim_start_matches(quotes);
            rest.split(['"', '\'', ' ', '\n']).next().unwrap_or("")
        });
    (name, index)
}

/// `SET a = :a, b = if_not_exists(b, :b) ADD n :n` → pairs of target and value; clauses that
/// remove give none.
pub(super) fn assignments(text: &str) -> Vec<(&str, &str)> {
    let mut pairs = Vec::new();
    let lower = text.to_ascii_lowercase();
    let mut starts: Vec<(usize, &str)> = ["set ", "add ", "remove ", "delete "]
        .into_iter()
        .flat_map(|word| lower.match_indices(word).collect::<Vec<_>>())
        .filter(|(at, _)| *at == 0 || lower.as_bytes()[at - 1].is_ascii_whitespace())
        .collect();
    starts.sort_unstable();
    for (index, (at, word)) in starts.iter().enumerate() {
        let end = starts.get(index + 1).map_or(text.len(), |(next, _)| *next);
        let clause = text.get(at + word.len()..end).unwrap_or("");
        for part in split_commas(clause) {
            let pair = match *word {
                "set " => part.split_once('='),
                "add " => part.trim().split_once(' '),
                _ => None,
            };
            pairs.extend(pair.map(|(target, value)| (target.trim(), value.trim())));
        }
    }
    pairs
}

/// Splits at commas outside parentheses.
pub(super) fn split_commas(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut from) = (0_i32, 0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            b',' if depth == 0 => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

/// Splits at ` AND ` and ` OR ` in any case; the second bound of a BETWEEN goes with the first.
pub(super) fn split_and(text: &str) -> Vec<&str> {
    let lower = text.to_ascii_lowercase();
    let mut joints: Vec<(usize, &str)> = lower.match_indices(" and ").collect();
    joints.extend(lower.match_indices(" or "));
    joints.sort_unstable();
    let mut parts = Vec::new();
    let mut from = 0;
    for (at, word) in joints {
        let part = lower.get(from..at).unwrap_or("");
        if at < from || (word == " and " && part.contains(" between ")) && !part.contains(" and ") {
            continue;
        }
        parts.push(&text[from..at]);
        from = at + word.len();
    }
    parts.push(&text[from..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn update_expressions_fall_into_pairs() {
        let pairs = assignments(
            "SET api_key = :k, #m.token = if_not_exists(#m.token, :t) ADD calls :one REMOVE old",
        );
        assert_eq!(
            pairs,
            [
                ("api_key", ":k"),
                ("#m.token", "if_not_exists(#m.token, :t)"),
                ("calls", ":one")
            ]
        );
    }

    #[test]
    fn conditions_split_at_and() {
        assert_eq!(
            split_and("a = :a AND begins_with(b, :b)"),
            ["a = :a", "begins_with(b, :b)"]
        );
    }
}
