//! A raw key as an item holds it, in the one type or the other.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keytrail_model::Secret;
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// The type of an attribute that can hold a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Binary,
}

impl Kind {
    pub(crate) fn letter(self) -> &'static str {
        match self {
            Self::Text => "S",
            Self::Binary => "B",
        }
    }

    pub(crate) fn of(letter: &str) -> Option<Self> {
        match letter {
            "S" => Some(Self::Text),
            "B" => Some(Self::Binary),
            _ => None,
        }
    }
}

/// A raw key. Has no `Debug` that shows it, and no `Clone`.
pub(crate) struct Raw {
    pub(crate) kind: Kind,
    /// As DynamoDB writes it: the text itself, or base64.
    text: Zeroizing<String>,
}

impl std::fmt::Debug for Raw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Raw({} characters)", self.text.len())
    }
}

/// Longer ones are no keys, and no vault takes them.
const LONGEST: usize = 4096;

impl Raw {
    /// The key in an attribute's value; or what is there instead, in a word.
    pub(crate) fn read(value: &Value) -> Result<Self, &'static str> {
        let entry = value.as_object().and_then(|map| map.iter().next());
        let Some((letter, Value::String(text))) = entry else {
            return Err("no text");
        };
        let kind = Kind::of(letter).ok_or("no text")?;
        let raw = Self::new(kind, text);
        match raw.bytes().map_or(0, |bytes| bytes.len()) {
            0 => Err("empty"),
            1..=LONGEST => Ok(raw),
            _ => Err("longer than 4096 bytes"),
        }
    }

    pub(crate) fn new(kind: Kind, text: &str) -> Self {
        Self {
            kind,
            text: Zeroizing::new(text.to_owned()),
        }
    }

    /// As an attribute's value.
    pub(crate) fn value(&self) -> Value {
        json!({self.kind.letter(): self.text.as_str()})
    }

    /// Field and content of a secret.
    pub(crate) fn secret_field(&self) -> (&'static str, &str) {
        match self.kind {
            Kind::Text => ("SecretString", &self.text),
            Kind::Binary => ("SecretBinary", &self.text),
        }
    }

    /// The attribute's own writing.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The key's own bytes.
    pub(crate) fn bytes(&self) -> Option<Zeroizing<Vec<u8>>> {
        match self.kind {
            Kind::Text => Some(Zeroizing::new(self.text.as_bytes().to_vec())),
            Kind::Binary => STANDARD
                .decode(self.text.as_bytes())
                .ok()
                .map(Zeroizing::new),
        }
    }

    pub(crate) fn base64(&self) -> String {
        match self.kind {
            Kind::Text => STANDARD.encode(self.text.as_bytes()),
            Kind::Binary => self.text.to_string(),
        }
    }

    /// From the key's bytes.
    pub(crate) fn of_base64(kind: Kind, encoded: &str) -> Option<Self> {
        let text = match kind {
            Kind::Binary => encoded.to_owned(),
            Kind::Text => String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?,
        };
        Some(Self::new(kind, &text))
    }

    pub(crate) fn secret(&self) -> Secret {
        Secret::new(&self.bytes().unwrap_or_default())
    }

    pub(crate) fn equals(&self, other: &Self) -> bool {
        self.kind == other.kind && self.text == other.text
    }
}
