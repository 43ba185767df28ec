//! Keys out of items: sealed where they are used again, a fingerprint where they are only recognised.

mod cache;
mod find;
mod helper;
mod kept;
mod remedy;
mod sites;

pub(crate) use cache::SealedInCache;
pub(crate) use find::Scope;
pub(crate) use remedy::KeyVault;
