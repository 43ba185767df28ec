//! What stands in an item in place of a key.

use serde_json::{Map, Value, json};

use crate::raw::Kind;

/// Where keys are moved to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A secret each.
    SecretsManager,
    /// A parameter each.
    ParameterStore,
    /// Encrypted under a key, in the item.
    Kms,
    /// A keyed digest: for keys that are only ever compared.
    Hmac,
}

impl Target {
    /// As on the command line and in items.
    pub fn name(self) -> &'static str {
        match self {
            Self::SecretsManager => "secretsmanager",
            Self::ParameterStore => "ssm",
            Self::Kms => "kms",
            Self::Hmac => "hmac",
        }
    }

    /// The target of that name.
    pub fn named(name: &str) -> Option<Self> {
        [
            Self::SecretsManager,
            Self::ParameterStore,
            Self::Kms,
            Self::Hmac,
        ]
        .into_iter()
        .find(|target| target.name() == name)
    }
}

/// A reference: a map in the item, beside the place where the key was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Where the key is.
    pub store: Target,
    pub(crate) kind: Kind,
    /// Secret or parameter; for a digest the one that is held until the window closes.
    pub name: String,
    /// Which version of it.
    pub version: String,
    /// The encrypted key, base64.
    pub(crate) blob: String,
    /// The digest of the key.
    pub digest: String,
    /// Secret with the pepper of the digest, and its version.
    pub(crate) pepper: (String, String),
}

impl Reference {
    pub(crate) fn new(store: Target, kind: Kind) -> Self {
        Self {
            store,
            kind,
            name: String::new(),
            version: String::new(),
            blob: String::new(),
            digest: String::new(),
            pepper: (String::new(), String::new()),
        }
    }

    /// As an attribute's value.
    pub(crate) fn value(&self) -> Value {
        let mut map = Map::new();
        let texts = [
            ("store", self.store.name()),
            ("kind", self.kind.letter()),
            ("name", &self.name),
            ("version", &self.version),
            ("digest", &self.digest),
            ("pepper", &self.pepper.0),
            ("generation", &self.pepper.1),
        ];
        for (field, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            map.insert(field.to_owned(), json!({"S": text}));
        }
        if !self.blob.is_empty() {
            map.insert("blob".to_owned(), json!({"B": self.blob}));
        }
        json!({"M": map})
    }

    /// Reads what `Self::value` writes.
    pub fn read(value: &Value) -> Option<Self> {
        let map = value.get("M")?;
        let text = |field: &str| {
            let value = map.get(field).and_then(|value| value.get("S")?.as_str());
            value.unwrap_or_default().to_owned()
        };
        let store = Target::named(&text("store"))?;
        let mut read = Self::new(store, Kind::of(&text("kind"))?);
        read.name = text("name");
        read.version = text("version");
        read.digest = text("digest");
        read.pepper = (text("pepper"), text("generation"));
        if let Some(blob) = map.get("blob").and_then(|blob| blob.get("B")?.as_str()) {
            blob.clone_into(&mut read.blob);
        }
        Some(read)
    }

    /// Whether the key itself can still be had by it.
    pub(crate) fn leads_back(&self) -> bool {
        !self.name.is_empty() || !self.blob.is_empty()
    }
}
