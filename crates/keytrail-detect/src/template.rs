//! Examples without keys: `"sk_live_{alnum:24}"` becomes a text that holds a key in form, made
//! anew each time and the same each time, so that none stands in the repository.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::proof::crc32_base62;

const ALNUM: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE58: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const DJANGO: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789!@#$%^&*(-_=+)";

/// A small generator of the xorshift family; good enough for examples, and for nothing else.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % sides
    }

    fn pick(&mut self, letters: &[u8], count: usize) -> String {
        (0..count)
            .map(|_| char::from(letters[self.roll(letters.len())]))
            .collect()
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count)
            .map(|_| u8::try_from(self.roll(256)).unwrap_or(0))
            .collect()
    }
}

/// Fills the holes of `template`: `{alnum:24}`, `{hex:40}`, `{base64:40}`, `{uuid}`,
/// `{crc32-base62:30}`, `{jwt:plain}`, `{pem:RSA PRIVATE KEY}` and so on. The same template
/// gives the same text. A hole of an unknown kind stays as it is.
pub fn expand(template: &str) -> String {
    let seed = template
        .bytes()
        .fold(0x9E37_79B9_7F4A_7C15_u64, |seed, byte| {
            (seed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        });
    let mut dice = Dice(seed | 1);
    let mut out = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        let hole = &rest[open..];
        let filled = hole
            .find('}')
            .and_then(|close| fill(&hole[1..close], &mut dice).map(|text| (text, close + 1)));
        if let Some((text, used)) = filled {
            out.push_str(&text);
            rest = &hole[used..];
        } else {
            out.push('{');
            rest = &hole[1..];
        }
    }
    out.push_str(rest);
    out
}

fn fill(hole: &str, dice: &mut Dice) -> Option<String> {
    let (kind, argument) = hole.split_once(':').unwrap_or((hole, ""));
    let count = argument.parse().unwrap_or(0_usize);
    Some(match kind {
        "alnum" => dice.pick(ALNUM, count),
        "alpha" => dice.pick(&ALNUM[10..], count),
        "digits" => dice.pick(&ALNUM[1..10], count),
        "hex" => dice.pick(b"0123456789abcdef", count),
        "upperhex" => dice.pick(b"0123456789ABCDEF", count),
        "upperalnum" => dice.pick(&ALNUM[..36], count),
        "loweralnum" => dice.pick(b"0123456789abcdefghijklmnopqrstuvwxyz", count),
        "base32" => dice.pick(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", count),
        "bech32" => dice.pick(b"QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", count),
        "base64" => dice.pick(BASE64, count),
        "django" => dice.pick(DJANGO, count),
        "base58" => dice.pick(BASE58, count),
        "no-z" => dice.pick(ALNUM, count).replace('Z', "ZB"),
        "uuid" => uuid(dice),
        "crc32-base62" => {
            let payload = dice.pick(ALNUM, count);
            let sum = crc32_base62(payload.as_bytes());
            payload + &String::from_utf8_lossy(&sum)
        }
        "discord-id" => STANDARD.encode(format!("1{}", dice.pick(&ALNUM[1..10], 17))),
        "jwt" => jwt(argument, dice),
        "pem" => pem(argument, "\n", dice),
        "pem-escaped" => pem(argument, "\\n", dice),
        "pem-base64" => STANDARD.encode(pem(argument, "\n", dice)),
        "basic-auth" => STANDARD.encode(format!("deploy:{}", dice.pick(ALNUM, 20))),
        _ => return None,
    })
}

fn uuid(dice: &mut Dice) -> String {
    [8, 4, 4, 4, 12]
        .map(|count| dice.pick(b"0123456789abcdef", count))
        .join("-")
}

fn jwt(kind: &str, dice: &mut Dice) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let subject = dice.pick(ALNUM, 12);
    let claims = URL_SAFE_NO_PAD.encode(match kind {
        "supabase-service" => {
            format!(r#"{{"iss":"supabase","ref":"{subject}","role":"service_role"}}"#)
        }
        "supabase-anon" => format!(r#"{{"iss":"supabase","ref":"{subject}","role":"anon"}}"#),
        _ => format!(r#"{{"sub":"{subject}","scope":"admin"}}"#),
    });
    let signature = URL_SAFE_NO_PAD.encode(dice.bytes(32));
    format!("{header}.{claims}.{signature}")
}

fn pem(label: &str, line_end: &str, dice: &mut Dice) -> String {
    let body = STANDARD.encode(dice.bytes(288));
    let lines: Vec<&str> = body
        .as_bytes()
        .chunks(64)
        .filter_map(|line| std::str::from_utf8(line).ok())
        .collect();
    format!(
        "-----BEGIN {label}-----{line_end}{}{line_end}-----END {label}-----",
        lines.join(line_end)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_template_gives_the_same_text() {
        assert_eq!(expand("a{alnum:8}{uuid}"), expand("a{alnum:8}{uuid}"));
        assert_ne!(expand("a{alnum:8}"), expand("b{alnum:8}"));
    }

    #[test]
    fn what_is_no_hole_stays() {
        assert_eq!(
            expand("${NAME} {} {unknown:3} {"),
            "${NAME} {} {unknown:3} {"
        );
    }
}
