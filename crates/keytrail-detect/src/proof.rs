//! What can be proved about a key without asking anybody.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use keytrail_model::{Proof, SightingConfidence};
use serde::Deserialize;

use crate::placeholder::{is_fake, is_indirect, is_stand_in};
use crate::shape::{Strength, classes, strength};

/// A proof that a provider file may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ProofKind {
    /// The last six base62 digits are the CRC-32 of the thirty before.
    GithubCrc32,
    /// As GitHub's.
    NpmCrc32,
    /// Holds an account number.
    AwsAccountId,
    /// Header and claims are JSON.
    Jwt,
    /// And the claims say service role.
    JwtSupabaseServiceRole,
    /// The body is base64 of something.
    Pem,
    /// Base64 of a block whose body is.
    PemBase64,
    /// The first part is a base64 snowflake id.
    DiscordId,
    /// The password is not a placeholder.
    UrlPassword,
    /// Base64 of `user:password`.
    BasicAuth,
}

/// What the proof says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Not a key of this provider.
    Refuted,
    /// It may be one; nothing new.
    Open,
    /// It is one in form.
    Proved(Proof),
    /// It is one, but this sure and no more.
    Limited(SightingConfidence),
    /// It is one of this other provider.
    Other(&'static str, Proof),
}

/// Base64 of either alphabet, padded or not.
fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let lenient = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let url = text.iter().any(|byte| matches!(byte, b'-' | b'_'));
    let letters = if url {
        &alphabet::URL_SAFE
    } else {
        &alphabet::STANDARD
    };
    GeneralPurpose::new(letters, lenient).decode(text).ok()
}

/// Examines `secret`, which `whole` contains.
pub(crate) fn examine(kind: ProofKind, whole: &[u8], secret: &[u8]) -> Verdict {
    match kind {
        ProofKind::GithubCrc32 | ProofKind::NpmCrc32 => checksum(secret),
        ProofKind::AwsAccountId => aws_account(secret),
        ProofKind::Jwt => jwt(secret),
        ProofKind::JwtSupabaseServiceRole => supabase(secret),
        ProofKind::Pem => pem(secret),
        ProofKind::PemBase64 => pem_base64(secret),
        ProofKind::DiscordId => discord(secret),
        ProofKind::UrlPassword => url_password(whole, secret),
        ProofKind::BasicAuth => basic_auth(secret),
    }
}

pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| {
            (sum >> 1) ^ (0xEDB8_8320 & (sum & 1).wrapping_neg())
        })
    })
}

/// Six base62 digits of the CRC-32 of `payload`, left-padded with zeros.
pub(crate) fn crc32_base62(payload: &[u8]) -> [u8; 6] {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut sum = crc32(payload) as usize;
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[sum % 62];
        sum /= 62;
    }
    digits
}

fn checksum(secret: &[u8]) -> Verdict {
    let Some((_, body)) = secret.split_at_checked(4) else {
        return Verdict::Refuted;
    };
    match body.split_at_checked(30) {
        Some((payload, sum)) if sum == crc32_base62(payload) => Verdict::Proved(Proof::Checksum),
        // Altered or made up; GitHub would not take it.
        _ => Verdict::Limited(SightingConfidence::Low),
    }
}

/// The account number in a key id: base32 after the prefix, bits 7 to 46 of the first six bytes.
pub(crate) fn account_of(id: &[u8]) -> Option<u64> {
    let mut bits: u64 = 0;
    for &byte in id.get(4..14)? {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return None,
        };
        bits = (bits << 5) | u64::from(digit);
    }
    // Ten digits are fifty bits; the first six bytes are the upper forty-eight.
    let account = ((bits >> 2) & 0x7fff_ffff_ff80) >> 7;
    (account < 1_000_000_000_000).then_some(account)
}

fn aws_account(id: &[u8]) -> Verdict {
    // Ids made before 2019 (fifth character I or J) hold no account number.
    if matches!(id.get(4), Some(b'I' | b'J')) {
        return Verdict::Open;
    }
    match account_of(id) {
        Some(_) => Verdict::Proved(Proof::Structure),
        None => Verdict::Open,
    }
}

fn jwt_parts(token: &[u8]) -> Option<(serde_json::Value, serde_json::Value)> {
    let mut parts = token.split(|&byte| byte == b'.');
    let header = serde_json::from_slice(&decode(parts.next()?)?).ok()?;
    let claims = serde_json::from_slice(&decode(parts.next()?)?).ok()?;
    Some((header, claims))
}

fn jwt(token: &[u8]) -> Verdict {
    let Some((header, claims)) = jwt_parts(token) else {
        return Verdict::Refuted;
    };
    if header.get("alg").is_none() && header.get("enc").is_none() {
        return Verdict::Refuted;
    }
    let text = |name: &str| claims.get(name).and_then(serde_json::Value::as_str);
    let documented = text("sub") == Some("1234567890")
        || text("name").is_some_and(|name| name == "John Doe")
        || text("role") == Some("anon");
    let empty = claims.as_object().is_none_or(serde_json::Map::is_empty);
    if documented || empty {
        return Verdict::Limited(SightingConfidence::Low);
    }
    Verdict::Proved(Proof::Structure)
}

fn supabase(token: &[u8]) -> Verdict {
    match jwt_parts(token) {
        Some((_, claims))
            if claims.get("role").and_then(serde_json::Value::as_str) == Some("service_role") =>
        {
            Verdict::Proved(Proof::Structure)
        }
        _ => Verdict::Refuted,
    }
}

/// The base64 body of a PEM block, without headers, white space and escapes.
pub(crate) fn pem_body(block: &[u8]) -> Vec<u8> {
    let after = memchr::memmem::find(block, b"KEY-----")
        .map(|at| at + 8)
        .or_else(|| memchr::memmem::find(block, b"BLOCK-----").map(|at| at + 10))
        .unwrap_or(0);
    let rest = block.get(after..).unwrap_or_default();
    let rest = rest
        .get(..memchr::memmem::find(rest, b"-----END").unwrap_or(rest.len()))
        .unwrap_or_default();
    let mut body = Vec::with_capacity(rest.len());
    // A real line end or an escaped one.
    for line in rest.split(|&byte| byte == b'\n') {
        let mut line = line;
        while let Some(at) = memchr::memchr(b'\\', line) {
            push_line(&mut body, &line[..at]);
            line = line.get(at + 2..).unwrap_or_default();
        }
        push_line(&mut body, line);
    }
    body
}

fn push_line(body: &mut Vec<u8>, line: &[u8]) {
    // `Proc-Type: …`, `Version: …` and the checksum line of PGP are no part of the key.
    let trimmed = line.trim_ascii();
    if trimmed.contains(&b':') || (trimmed.len() == 5 && trimmed.starts_with(b"=")) {
        return;
    }
    body.extend(
        trimmed
            .iter()
            .filter(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')),
    );
}

fn pem(block: &[u8]) -> Verdict {
    let body = pem_body(block);
    if body.len() < 60 || is_fake_body(&body) {
        return Verdict::Refuted;
    }
    let Some(bytes) = decode(&body) else {
        return Verdict::Refuted;
    };
    let holds = |word: &[u8]| memchr::memmem::find(block, word).is_some();
    if holds(b"BEGIN ENCRYPTED") {
        return Verdict::Proved(Proof::Structure);
    }
    let bcrypt = bytes.starts_with(b"openssh-key-v1\0")
        && memchr::memmem::find(bytes.get(..64).unwrap_or(&bytes), b"bcrypt").is_some();
    if holds(b"Proc-Type: 4,ENCRYPTED") || bcrypt {
        return Verdict::Other("encrypted-private-key", Proof::Structure);
    }
    Verdict::Proved(Proof::Structure)
}

fn pem_base64(text: &[u8]) -> Verdict {
    match decode(text) {
        Some(block) if memchr::memmem::find(&block, b"PRIVATE KEY-----").is_some() => pem(&block),
        _ => Verdict::Refuted,
    }
}

fn is_fake_body(body: &[u8]) -> bool {
    // Real bodies hold long runs of A (small numbers), so only the middle is looked at.
    let middle = body.len() / 2;
    let part = &body[middle - 20..middle + 20];
    let first = part[0];
    part.iter().all(|&byte| byte == first) && first != b'A'
}

fn discord(token: &[u8]) -> Verdict {
    let id = token.split(|&byte| byte == b'.').next().unwrap_or_default();
    match decode(id) {
        Some(digits) if digits.len() >= 17 && digits.iter().all(u8::is_ascii_digit) => {
            Verdict::Proved(Proof::Structure)
        }
        _ => Verdict::Refuted,
    }
}

/// Beginnings of the hosts of a developer's own machine, a compose file or a document.
const LOCAL_HOSTS: &[&[u8]] = &[
    b"localhost",
    b"127.",
    b"0.0.0.0",
    b"db",
    b"postgres",
    b"mysql",
    b"redis",
    b"mongo",
    b"rabbit",
    b"database",
    b"cache",
    b"host",
    b"server",
    b"[::1]",
    b"proxy",
    b"foo.",
    b"bar.",
    b"your",
    b"my",
    b"some",
    b"domain",
    b"test.",
    b"a.b",
];

fn is_local(host: &[u8]) -> bool {
    let host = host.split(|&byte| byte == b'/').next().unwrap_or_default();
    let named = LOCAL_HOSTS.iter().any(|local| host.starts_with(local));
    (named && !host.ends_with(b".com"))
        || memchr::memmem::find(host, b"example").is_some()
        || host.ends_with(b".test")
        || host.ends_with(b".invalid")
        || host.ends_with(b".local")
}

fn url_password(whole: &[u8], secret: &[u8]) -> Verdict {
    let host = memchr::memrchr(b'@', whole).and_then(|at| whole.get(at + 1..));
    let user = memchr::memmem::find(whole, b"://")
        .and_then(|at| whole.get(at + 3..)?.split(|&byte| byte == b':').next());
    let short = secret.len() < 6 || secret.starts_with(b"$") || secret.starts_with(b"%");
    if short || secret.contains(&b'*') || is_fake(secret) || is_indirect(secret) {
        return Verdict::Refuted;
    }
    // `s3cretP4ss` is a bad password, and one all the same.
    if is_stand_in(secret) {
        return if classes(secret) >= 3 {
            Verdict::Limited(SightingConfidence::Low)
        } else {
            Verdict::Refuted
        };
    }
    let weak = user == Some(secret) || classes(secret) == 1;
    let random =
        strength(secret) == Strength::Strong || (classes(secret) >= 3 && secret.len() >= 10);
    if !random && (weak || host.is_some_and(is_local)) {
        return Verdict::Limited(SightingConfidence::Low);
    }
    Verdict::Open
}

fn basic_auth(secret: &[u8]) -> Verdict {
    let Some(text) = decode(secret) else {
        return Verdict::Refuted;
    };
    let Some(at) = memchr::memchr(b':', &text) else {
        return Verdict::Refuted;
    };
    let password = &text[at + 1..];
    if at == 0
        || password.len() < 6
        || !text.iter().all(u8::is_ascii_graphic)
        || is_fake(password)
        || is_stand_in(password)
    {
        return Verdict::Refuted;
    }
    match strength(password) {
        Strength::None => Verdict::Limited(SightingConfidence::Low),
        _ => Verdict::Proved(Proof::Structure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_usual_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn an_account_number_is_read_from_a_key_id() {
        assert_eq!(account_of(b"ASIAY34FZKBOKMUTVV7A"), Some(609_629_065_308));
        assert_eq!(account_of(b"AKIA1"), None);
    }

    #[test]
    fn a_password_in_a_url_is_weighed() {
        let verdict =
            |whole: &str, password: &str| url_password(whole.as_bytes(), password.as_bytes());
        assert_eq!(
            verdict("postgres://postgres:postgres@localhost/x", "postgres"),
            Verdict::Limited(SightingConfidence::Low)
        );
        assert_eq!(
            verdict("http://u:password@x.io", "password"),
            Verdict::Refuted
        );
        assert_eq!(
            verdict("postgres://app:Zk4_qP9xLw2m@db.acme.io/x", "Zk4_qP9xLw2m"),
            Verdict::Open
        );
    }
}
