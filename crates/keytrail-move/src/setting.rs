//! What one migration is about: the table, the place of the key, where it goes, and the names and
//! digests that follow from these.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use crate::path::{Item, Path};
use crate::raw::{Kind, Raw};
use crate::reference::{Reference, Target};
use crate::seal::{Seal, canonical_key, plain_digest};

/// The pepper of digests: a secret, and its version.
#[derive(Debug)]
pub struct Pepper {
    /// The secret's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Digests under it.
    pub seal: Seal,
}

/// One migration.
#[derive(Debug)]
pub struct Setting {
    /// Where the table is.
    pub region: String,
    /// Its name.
    pub table: String,
    /// Attributes of its primary key.
    pub keys: Vec<String>,
    /// Where the keys lie.
    pub path: Path,
    /// The name of the reference beside it.
    pub reference: String,
    /// Where the keys go.
    pub target: Target,
    /// The key of KMS: needed to encrypt in place, and taken by the vaults where it is given.
    pub kms_key: Option<String>,
    /// The project's salt: names are made with it, so that they are the same on every machine.
    pub salt: Seal,
    /// The migration's own random bytes, out of its journal: tokens are made with it.
    pub nonce: Seal,
    /// Needed for digests.
    pub pepper: Option<Pepper>,
    /// Every name of an attribute that was seen in the table.
    pub known: Mutex<BTreeSet<String>>,
}

impl Setting {
    /// The key is part of the primary key, so that an item can't be changed in place.
    pub fn in_primary_key(&self) -> bool {
        let attribute = self.path.attribute();
        attribute.is_some_and(|name| self.keys.iter().any(|key| key == name))
    }

    /// A digest of each key stands in the table.
    pub fn needs_pepper(&self) -> bool {
        self.target == Target::Hmac || self.in_primary_key()
    }

    pub(crate) fn reference_path(&self) -> Path {
        self.path.beside(&self.reference)
    }

    /// Where the digest stands by itself, so that an index can be keyed by it.
    pub(crate) fn digest_path(&self) -> Option<Path> {
        let alone = self.target == Target::Hmac && !self.in_primary_key();
        alone.then(|| self.path.beside(&format!("{}_hmac", self.path.leaf())))
    }

    /// The reference in an item, if there is one.
    pub fn reference_in(&self, item: &Item) -> Option<Reference> {
        Reference::read(self.reference_path().get(item)?)
    }

    /// Whether a raw key lies in the item.
    pub fn raw_in(&self, item: &Item) -> bool {
        if self.in_primary_key() {
            return self.reference_in(item).is_none();
        }
        self.path
            .get(item)
            .is_some_and(|value| Raw::read(value).is_ok())
    }

    pub(crate) fn digest(&self, raw: &Raw) -> String {
        let bytes = raw.bytes().unwrap_or_default();
        let pepper = self.pepper.as_ref();
        pepper.map_or_else(String::new, |pepper| pepper.seal.digest(&bytes))
    }

    /// The attributes of the primary key alone.
    pub(crate) fn key_of(&self, item: &Item) -> Item {
        let names = self.keys.iter();
        names
            .filter_map(|name| Some((name.clone(), item.get(name)?.clone())))
            .collect()
    }

    /// The primary key with this in place of the key that lies in it.
    pub(crate) fn key_with(&self, item: &Item, value: Value) -> Item {
        let mut key = self.key_of(item);
        key.insert(self.path.top().to_owned(), value);
        key
    }

    /// What stands in the primary key in place of the key: its digest.
    pub(crate) fn handle(&self, raw: &Raw) -> Value {
        let digest = self.digest(raw);
        match raw.kind {
            Kind::Text => Raw::new(Kind::Text, &digest).value(),
            Kind::Binary => {
                let text = Raw::new(Kind::Text, &digest).base64();
                json!({"B": text})
            }
        }
    }

    /// Names an item in the journal and the vault, by a primary key that holds no raw key.
    pub fn id(&self, key: &Item) -> String {
        let text = canonical_key(&self.keys, key);
        let mut id = self
            .salt
            .of(&[b"item", self.table.as_bytes(), text.as_bytes()]);
        id.truncate(32);
        id
    }

    /// The name that an item gets that is still under its raw key.
    pub(crate) fn id_after(&self, item: &Item) -> Option<String> {
        if !self.in_primary_key() {
            return None;
        }
        let raw = Raw::read(self.path.get(item)?).ok()?;
        Some(self.id(&self.key_with(item, self.handle(&raw))))
    }

    /// The name in the vault.
    pub fn name(&self, id: &str) -> String {
        let clean = |text: &str| -> String {
            let plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
            text.chars()
                .map(|c| if plain(c) { c } else { '-' })
                .collect()
        };
        let slash = if self.target == Target::ParameterStore {
            "/"
        } else {
            ""
        };
        let path = clean(&self.path.to_string());
        format!("{slash}keytrail/{}/{path}/{id}", clean(&self.table))
    }

    /// The secret that holds the pepper.
    pub fn pepper_name(table: &str) -> String {
        format!("keytrail/{table}/pepper")
    }

    /// The same content under the same name has one token: a call that is sent again does nothing more.
    pub(crate) fn token(&self, name: &str, raw: &Raw) -> String {
        let bytes = raw.bytes().unwrap_or_default();
        self.nonce
            .token(&[name.as_bytes(), raw.kind.letter().as_bytes(), &bytes])
    }

    /// What encryption in place is bound to; a reader computes it from the item.
    pub(crate) fn context(&self, key: &Item) -> Value {
        json!({
            "keytrail:table": self.table,
            "keytrail:attribute": self.path.to_string(),
            "keytrail:item": plain_digest(&canonical_key(&self.keys, key)),
        })
    }

    pub(crate) fn learn(&self, item: &Item) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for name in item.keys() {
            if !known.contains(name) {
                known.insert(name.clone());
            }
        }
    }

    pub(crate) fn known_names(&self) -> BTreeSet<String> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.clone()
    }
}
