//! Condition operators: their names, and what they compare.

use std::net::IpAddr;

use crate::glob::{self, Atom, Fit};

/// `ForAllValues:StringNotLikeIfExists` taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operator {
    /// What is compared, and how.
    pub family: Family,
    /// `…Not…`.
    pub negated: bool,
    /// `ForAllValues:` or `ForAnyValue:`.
    pub quantifier: Quantifier,
    /// `…IfExists`.
    pub if_exists: bool,
}

/// How many of a key's values must fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    /// The key has one value.
    Single,
    /// `ForAllValues`: each; also true when there are none.
    All,
    /// `ForAnyValue`: at least one.
    Any,
}

/// How values compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `StringEquals`.
    Exact,
    /// `StringEqualsIgnoreCase`.
    IgnoreCase,
    /// `StringLike`: with wildcards.
    Like,
    /// `Numeric…`.
    Numeric(Compare),
    /// `Date…`.
    Date(Compare),
    /// `Bool`.
    Bool,
    /// `BinaryEquals`: base64 text.
    Binary,
    /// `IpAddress`.
    Ip,
    /// `ArnEquals` and `ArnLike`, which are the same.
    Arn,
    /// `Null`: whether the key is there.
    Null,
}

/// Order of numbers and dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// Equal.
    Equal,
    /// Less.
    Less,
    /// Less or equal.
    LessEqual,
    /// Greater.
    Greater,
    /// Greater or equal.
    GreaterEqual,
}

impl Operator {
    /// `None` for a name that IAM does not have.
    pub fn parse(name: &str) -> Option<Self> {
        let (quantifier, name) = match name.split_once(':') {
            Some((set, rest)) if set.eq_ignore_ascii_case("ForAllValues") => {
                (Quantifier::All, rest)
            }
            Some((set, rest)) if set.eq_ignore_ascii_case("ForAnyValue") => (Quantifier::Any, rest),
            Some(_) => return None,
            None => (Quantifier::Single, name),
        };
        let lower = name.to_ascii_lowercase();
        let (lower, if_exists) = match lower.strip_suffix("ifexists") {
            Some(rest) => (rest, true),
            None => (lower.as_str(), false),
        };
        let (family, negated) = family(lower)?;
        // `Null` asks for existence itself.
        (family != Family::Null || !if_exists).then_some(Self {
            family,
            negated,
            quantifier,
            if_exists,
        })
    }
}

fn family(name: &str) -> Option<(Family, bool)> {
    Some(match name {
        "stringequals" => (Family::Exact, false),
        "stringnotequals" => (Family::Exact, true),
        "stringequalsignorecase" => (Family::IgnoreCase, false),
        "stringnotequalsignorecase" => (Family::IgnoreCase, true),
        "stringlike" => (Family::Like, false),
        "stringnotlike" => (Family::Like, true),
        "bool" => (Family::Bool, false),
        "binaryequals" => (Family::Binary, false),
        "ipaddress" => (Family::Ip, false),
        "notipaddress" => (Family::Ip, true),
        "arnequals" | "arnlike" => (Family::Arn, false),
        "arnnotequals" | "arnnotlike" => (Family::Arn, true),
        "null" => (Family::Null, false),
        other => {
            if let Some(rest) = other.strip_prefix("numeric") {
                let (compare, negated) = compare(rest)?;
                (Family::Numeric(compare), negated)
            } else {
                let (compare, negated) = compare(other.strip_prefix("date")?)?;
                (Family::Date(compare), negated)
            }
        }
    })
}

fn compare(name: &str) -> Option<(Compare, bool)> {
    Some(match name {
        "equals" => (Compare::Equal, false),
        "notequals" => (Compare::Equal, true),
        "lessthan" => (Compare::Less, false),
        "lessthanequals" => (Compare::LessEqual, false),
        "greaterthan" => (Compare::Greater, false),
        "greaterthanequals" => (Compare::GreaterEqual, false),
        _ => return None,
    })
}

impl Family {
    /// True where `*` and `?` in a policy's value are wildcards.
    pub(crate) fn has_wildcards(self) -> bool {
        matches!(self, Self::Like | Self::Arn)
    }

    /// True where policy variables are filled in: numbers, dates, binary values and addresses have none.
    pub(crate) fn has_variables(self) -> bool {
        matches!(
            self,
            Self::Exact | Self::IgnoreCase | Self::Like | Self::Arn | Self::Bool
        )
    }

    /// Whether a value of the request fits a value of the policy (before negation).
    pub(crate) fn matches(self, wanted: &[Atom], value: &str) -> Fit {
        match self {
            Self::Exact | Self::Like | Self::Binary => glob::fit(wanted, &chars(value)),
            Self::IgnoreCase => {
                let mut lower = wanted.to_vec();
                for atom in &mut lower {
                    if let Atom::Char(c) = atom {
                        c.make_ascii_lowercase();
                    }
                }
                glob::fit(&lower, &chars(&value.to_ascii_lowercase()))
            }
            Self::Arn => super::resource::arn(wanted, &chars(value)),
            _ => match known(wanted) {
                Some(wanted) => yes(self.matches_known(&wanted, value)),
                None => Fit::Maybe,
            },
        }
    }

    fn matches_known(self, wanted: &str, value: &str) -> bool {
        match self {
            Self::Bool => wanted.eq_ignore_ascii_case(value),
            Self::Numeric(compare) => match (number(wanted), number(value)) {
                (Some(wanted), Some(value)) => compare.holds(&value, &wanted),
                _ => false,
            },
            Self::Date(compare) => match (milliseconds(wanted), milliseconds(value)) {
                (Some(wanted), Some(value)) => compare.holds(&value, &wanted),
                _ => false,
            },
            Self::Ip => in_network(wanted, value),
            _ => wanted == value,
        }
    }
}

impl Compare {
    fn holds<T: PartialOrd>(self, value: &T, wanted: &T) -> bool {
        match self {
            Self::Equal => value == wanted,
            Self::Less => value < wanted,
            Self::LessEqual => value <= wanted,
            Self::Greater => value > wanted,
            Self::GreaterEqual => value >= wanted,
        }
    }
}

fn yes(value: bool) -> Fit {
    if value { Fit::Yes } else { Fit::No }
}

fn chars(text: &str) -> Vec<Atom> {
    text.chars().map(Atom::Char).collect()
}

fn known(atoms: &[Atom]) -> Option<String> {
    atoms
        .iter()
        .map(|atom| match atom {
            Atom::Char(c) => Some(*c),
            _ => None,
        })
        .collect()
}

/// A decimal number; words such as `inf` are none.
fn number(text: &str) -> Option<f64> {
    let plain = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
    let text = text.trim();
    text.chars().all(plain).then(|| text.parse().ok())?
}

/// Milliseconds since 1970 of a date in one of the W3C forms of ISO 8601 (a year, a month, a day, or
/// a time with its zone), or of a number of seconds.
fn milliseconds(text: &str) -> Option<i64> {
    let text = text.trim();
    // Four digits are a year; epochs are longer.
    if text.len() != 4
        && let Ok(epoch) = text.parse::<i64>()
    {
        return epoch.checked_mul(1000);
    }
    let (date, time) = text.split_once(['T', 't', ' ']).unwrap_or((text, "00:00Z"));
    let (time, offset) = zone(time)?;
    Some(date_days(date)? * 86_400_000 + clock(time)? - offset * 60_000)
}

/// The time without its zone, and the zone in minutes east of UTC.
fn zone(time: &str) -> Option<(&str, i64)> {
    if let Some(time) = time.strip_suffix(['Z', 'z']) {
        return Some((time, 0));
    }
    let Some(at) = time.rfind(['+', '-']) else {
        return Some((time, 0));
    };
    let (time, zone) = time.split_at(at);
    let digits: String = zone[1..].chars().filter(|c| *c != ':').collect();
    let hours: i64 = digits.get(..2)?.parse().ok()?;
    let minutes: i64 = digits
        .get(2..)
        .filter(|rest| !rest.is_empty())
        .map_or(Some(0), |rest| rest.parse().ok())?;
    let minutes = hours * 60 + minutes;
    Some((
        time,
        if zone.starts_with('-') {
            -minutes
        } else {
            minutes
        },
    ))
}

fn date_days(date: &str) -> Option<i64> {
    let mut parts = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let year = parts.next()??;
    let month = parts.next().unwrap_or(Some(1))?;
    let day = parts.next().unwrap_or(Some(1))?;
    let in_range =
        (1..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    in_range.then(|| days(year, month, day))
}

/// `12:30`, `12:30:45`, `12:30:45.250`, in milliseconds.
fn clock(time: &str) -> Option<i64> {
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let mut parts = time.splitn(3, ':').map(|part| part.parse::<i64>().ok());
    let hour = parts.next()??;
    let minute = parts.next().unwrap_or(Some(0))?;
    let second = parts.next().unwrap_or(Some(0))?;
    let fraction: String = fraction.chars().chain("000".chars()).take(3).collect();
    let in_range =
        (0..=24).contains(&hour) && (0..60).contains(&minute) && (0..=60).contains(&second);
    let thousandths: i64 = fraction.parse().ok()?;
    in_range.then(|| ((hour * 60 + minute) * 60 + second) * 1000 + thousandths)
}

/// Days since 1970 in the Gregorian calendar, with years that begin in March.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn in_network(network: &str, address: &str) -> bool {
    let (base, length) = match network.split_once('/') {
        Some((base, length)) => match length.parse::<u32>() {
            Ok(length) => (base, Some(length)),
            Err(_) => return false,
        },
        None => (network, None),
    };
    let (Ok(base), Ok(address)) = (base.parse::<IpAddr>(), address.parse::<IpAddr>()) else {
        return false;
    };
    let cut = |bits: u128, shift: u32| bits.checked_shr(shift).unwrap_or(0);
    match (base, address) {
        (IpAddr::V4(base), IpAddr::V4(address)) => {
            let shift = 32 - length.unwrap_or(32).min(32);
            let fits = length.is_none_or(|length| length <= 32);
            fits && cut(base.to_bits().into(), shift) == cut(address.to_bits().into(), shift)
        }
        (IpAddr::V6(base), IpAddr::V6(address)) => {
            let shift = 128 - length.unwrap_or(128).min(128);
            let fits = length.is_none_or(|length| length <= 128);
            fits && cut(base.to_bits(), shift) == cut(address.to_bits(), shift)
        }
        _ => false,
    }
}
