//! Bytes in, sightings of keys out.
//!
//! A key is found in one of four ways: by a literal of its provider (`sk_live_`), by its value
//! and the name it is given (`api_key = "…"`), after the name of a password, or beside its
//! partner (the secret of an AWS key id). Providers are data: a TOML file each for a field of
//! business, with examples that are tests.
//!
//! Large texts are read window by window ([`Detector::scan_stream`]); keys are looked for below
//! encodings, too ([`Layer`]).
//!
//! This crate opens no file and judges no exposure. It never hands out the bytes of a key
//! except as [`keytrail_model::Secret`].

mod anchors;
mod assigned;
mod back;
mod context;
mod detector;
mod docstring;
mod hit;
mod item;
mod item_stats;
mod item_text;
mod judge;
mod layers;
mod names;
mod overlap;
mod pair;
mod placeholder;
mod placement;
mod proof;
mod provider;
mod redact;
mod registry;
mod runs;
mod scan;
mod screen;
mod shape;
mod starts;
mod stream;
mod template;
mod text_model;
mod urls;
mod validation;
mod verify;

pub use context::{Format, ScanContext, is_test_path};
pub use detector::Detector;
pub use hit::Hit;
pub use item::{ItemHit, ItemRead, ItemReader};
pub use item_stats::{PageStats, Seen, TableStats};
pub use item_text::ItemCounter;
pub use layers::Layer;
pub use provider::Provider;
pub use stream::Window;
pub use template::expand;
pub use validation::Validation;
