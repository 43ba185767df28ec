//! One file per remedy; the list is in order of preference where two serve one rule.

mod admin;
mod aws_keys;
mod compare;
mod condition;
mod consistent;
mod cors;
mod debug;
mod elsewhere;
mod environment;
mod error_text;
mod field;
mod fields;
mod hosts;
mod least;
mod limit;
mod literal;
mod log;
mod message;
mod monitoring;
mod owner;
mod principal;
mod projection;
mod read_again;
mod sdk_log;
mod settings;
mod sign_in;
mod table;
mod transport;
mod vault;

pub use least::SERVICES as LEAST_SERVICES;

use crate::case::Case;
use crate::{Change, Why};

/// A kind of edit.
pub(crate) trait Remedy: Sync {
    /// `mask-in-log`.
    fn name(&self) -> &'static str;
    /// The rules whose findings it closes, sorted.
    fn rules(&self) -> &'static [&'static str];
    /// The kinds of edits of the exposure graph that it makes: what stands before their first colon.
    fn edits(&self) -> &'static [&'static str] {
        &[]
    }
    /// Edits that together close the finding.
    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why>;
}

pub(crate) const REMEDIES: &[&dyn Remedy] = &[
    &compare::ConstantTime,
    &condition::ConditionOnPut,
    &consistent::ConsistentRead,
    &cors::CorsList,
    &debug::DebugSwitch,
    &error_text::FixedError,
    &hosts::HostList,
    &log::MaskInLog,
    &log::MaskInMonitoring,
    &monitoring::NoPersonalData,
    &sdk_log::SdkLogLevel,
    &transport::ClientTls,
    &transport::SecureTransport,
    &aws_keys::DefaultChain,
    &field::FieldLeftOut,
    &least::LeastRights,
    &limit::NoLimit,
    &literal::FromEnvironment,
    &literal::OwnSecretKey,
    &elsewhere::SetFromOutside,
    &environment::NamesOnly,
    &admin::NoColumn,
    &fields::KeyInHeader,
    &fields::NamedFields,
    &fields::Placeholder,
    &message::MaskInMessage,
    &vault::SealedInCache,
    &owner::OwnerFromSession,
    &principal::OwnAccount,
    &projection::NamedAttributes,
    &read_again::ReadAgain,
    &sign_in::SignIn,
    &vault::KeyVault,
    &table::OwnKey,
    &table::TableProtection,
    &table::TableTags,
    &table::TableTtl,
];

/// The remedies' names, sorted.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = REMEDIES.iter().map(|remedy| remedy.name()).collect();
    names.sort_unstable();
    names
}

/// The rules that some remedy closes, sorted.
pub fn rules() -> Vec<&'static str> {
    let mut rules: Vec<_> = REMEDIES
        .iter()
        .flat_map(|remedy| remedy.rules())
        .copied()
        .collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

/// True for words that an expression of DynamoDB can't name as they are, and for what is no plain name.
pub(crate) fn is_reserved(attribute: &str) -> bool {
    // As published; sorted.
    const WORDS: &str = include_str!("reserved_words.txt");
    let plain = attribute
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '_')
        && attribute.starts_with(|c: char| c.is_ascii_alphabetic());
    !plain
        || WORDS
            .lines()
            .any(|word| word.eq_ignore_ascii_case(attribute))
}
