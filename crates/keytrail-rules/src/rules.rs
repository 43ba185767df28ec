//! All rules, sorted by id.

mod attributes_not_limited;
mod aws_credential_stored;
mod caller_shapes_expression;
mod can_raise_own_rights;
mod compare_in_variable_time;
mod copy_carries_key;
mod copy_unprotected;
mod dax_open;
mod debug_page_open;
mod default_secret_key;
mod environment_crossing;
mod environment_shown;
mod exception_shown;
mod filter_after_read;
mod hard_coded_key;
mod index_projects_key;
mod index_without_owner;
mod item_in_log;
mod item_in_response;
mod key_as_primary_key;
mod key_in_catch_all;
mod key_in_ci_log;
mod key_in_history;
mod key_in_log;
mod key_in_response;
mod key_in_url;
mod key_not_masked_in_admin;
mod key_record_never_expires;
mod key_to_monitoring;
mod key_to_third_party;
mod key_too_old;
mod limit_before_filter;
mod long_lived_aws_key;
mod no_leading_keys;
mod no_throttle;
mod open_endpoint;
mod open_hosts;
mod open_write;
mod other_reader;
mod outside_reader;
mod plain_transport_to_aws;
mod plain_transport_to_clients;
mod predictable_identifier;
mod raw_key_stored;
mod reads_not_recorded;
mod request_body_stored;
mod right_not_used;
mod scan_in_request;
mod sdk_debug_log;
mod shared_role;
mod side_door;
mod stale_authorization;
mod stream_carries_key;
mod stream_not_watched;
mod table_shared_by_environments;
mod table_unprotected;
mod table_without_own_key;
mod trail_unprotected;
mod unconditional_put;
mod unowned_lookup;
mod untagged_table;
mod vault_too_wide;
mod vault_unprotected;
mod verify_only_key_kept;
mod weak_wrapping;
mod whole_item_read;
mod wide_cors;
mod wide_endpoint;
mod wildcard_on_key_table;

use crate::Rule;

/// Every rule there is. A new one is a line here, and two files beside the others.
pub const RULES: &[&dyn Rule] = &[
    &attributes_not_limited::AttributesNotLimited,
    &aws_credential_stored::AwsCredentialStored,
    &caller_shapes_expression::CallerShapesExpression,
    &can_raise_own_rights::CanRaiseOwnRights,
    &compare_in_variable_time::CompareInVariableTime,
    &copy_carries_key::CopyCarriesKey,
    &copy_unprotected::CopyUnprotected,
    &dax_open::DaxOpen,
    &debug_page_open::DebugPageOpen,
    &default_secret_key::DefaultSecretKey,
    &environment_crossing::EnvironmentCrossing,
    &environment_shown::EnvironmentShown,
    &exception_shown::ExceptionShown,
    &filter_after_read::FilterAfterRead,
    &hard_coded_key::HardCodedKey,
    &index_projects_key::IndexProjectsKey,
    &index_without_owner::IndexWithoutOwner,
    &item_in_log::ItemInLog,
    &item_in_response::ItemInResponse,
    &key_as_primary_key::KeyAsPrimaryKey,
    &key_in_catch_all::KeyInCatchAll,
    &key_in_ci_log::KeyInCiLog,
    &key_in_history::KeyInHistory,
    &key_in_log::KeyInLog,
    &key_in_response::KeyInResponse,
    &key_in_url::KeyInUrl,
    &key_not_masked_in_admin::KeyNotMaskedInAdmin,
    &key_record_never_expires::KeyRecordNeverExpires,
    &key_to_monitoring::KeyToMonitoring,
    &key_to_third_party::KeyToThirdParty,
    &key_too_old::KeyTooOld,
    &limit_before_filter::LimitBeforeFilter,
    &long_lived_aws_key::LongLivedAwsKey,
    &no_leading_keys::NoLeadingKeys,
    &no_throttle::NoThrottle,
    &open_endpoint::OpenEndpoint,
    &open_hosts::OpenHosts,
    &open_write::OpenWrite,
    &other_reader::OtherReader,
    &outside_reader::OutsideReader,
    &plain_transport_to_aws::PlainTransportToAws,
    &plain_transport_to_clients::PlainTransportToClients,
    &predictable_identifier::PredictableIdentifier,
    &raw_key_stored::RawKeyStored,
    &reads_not_recorded::ReadsNotRecorded,
    &request_body_stored::RequestBodyStored,
    &right_not_used::RightNotUsed,
    &scan_in_request::ScanInRequest,
    &sdk_debug_log::SdkDebugLog,
    &shared_role::SharedRole,
    &side_door::SideDoor,
    &stale_authorization::StaleAuthorization,
    &stream_carries_key::StreamCarriesKey,
    &stream_not_watched::StreamNotWatched,
    &table_shared_by_environments::TableSharedByEnvironments,
    &table_unprotected::TableUnprotected,
    &table_without_own_key::TableWithoutOwnKey,
    &trail_unprotected::TrailUnprotected,
    &unconditional_put::UnconditionalPut,
    &unowned_lookup::UnownedLookup,
    &untagged_table::UntaggedTable,
    &vault_too_wide::VaultTooWide,
    &vault_unprotected::VaultUnprotected,
    &verify_only_key_kept::VerifyOnlyKeyKept,
    &weak_wrapping::WeakWrapping,
    &whole_item_read::WholeItemRead,
    &wide_cors::WideCors,
    &wide_endpoint::WideEndpoint,
    &wildcard_on_key_table::WildcardOnKeyTable,
];
