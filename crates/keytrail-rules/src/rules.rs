//! All rules, sorted by id.

mod admin_function_open;
mod attributes_not_limited;
mod aws_credential_stored;
mod caller_shapes_expression;
mod can_raise_own_rights;
mod capacity_fixed;
mod compare_in_variable_time;
mod copy_carries_key;
mod copy_unprotected;
mod credentials_not_checked;
mod dangerous_method;
mod dax_open;
mod debug_page_open;
mod default_secret_key;
mod environment_crossing;
mod environment_shown;
mod exception_shown;
mod filter_after_read;
mod hard_coded_key;
mod identifier_traversal;
mod index_projects_key;
mod index_without_owner;
mod internal_field_shown;
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
mod llm_follows_strangers;
mod long_lived_aws_key;
mod mass_assignment;
mod no_challenge;
mod no_leading_keys;
mod no_throttle;
mod old_version_live;
mod open_endpoint;
mod open_hosts;
mod open_llm_endpoint;
mod open_redirect;
mod open_write;
mod other_reader;
mod outside_reader;
mod personal_data_shown;
mod plain_third_party;
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
mod source_map_open;
mod specification_drift;
mod stale_authorization;
mod stream_carries_key;
mod stream_not_watched;
mod table_shared_by_environments;
mod table_unprotected;
mod table_without_own_key;
mod trail_unprotected;
mod unbounded_answer;
mod unconditional_put;
mod undocumented_operation;
mod unowned_lookup;
mod untagged_table;
mod unverified_token;
mod url_parameter;
mod vault_too_wide;
mod vault_unprotected;
mod verify_only_key_kept;
mod version_shown;
mod weak_tls;
mod weak_token;
mod weak_wrapping;
mod whole_item_read;
mod wide_cors;
mod wide_endpoint;
mod wildcard_on_key_table;

use crate::Rule;

/// Every rule there is. A new one is a line here, and two files beside the others.
pub const RULES: &[&dyn Rule] = &[
    &admin_function_open::AdminFunctionOpen,
    &attributes_not_limited::AttributesNotLimited,
    &aws_credential_stored::AwsCredentialStored,
    &caller_shapes_expression::CallerShapesExpression,
    &can_raise_own_rights::CanRaiseOwnRights,
    &capacity_fixed::CapacityFixed,
    &compare_in_variable_time::CompareInVariableTime,
    &copy_carries_key::CopyCarriesKey,
    &copy_unprotected::CopyUnprotected,
    &credentials_not_checked::CredentialsNotChecked,
    &dangerous_method::DangerousMethod,
    &dax_open::DaxOpen,
    &debug_page_open::DebugPageOpen,
    &default_secret_key::DefaultSecretKey,
    &environment_crossing::EnvironmentCrossing,
    &environment_shown::EnvironmentShown,
    &exception_shown::ExceptionShown,
    &filter_after_read::FilterAfterRead,
    &hard_coded_key::HardCodedKey,
    &identifier_traversal::IdentifierTraversal,
    &index_projects_key::IndexProjectsKey,
    &index_without_owner::IndexWithoutOwner,
    &internal_field_shown::InternalFieldShown,
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
    &llm_follows_strangers::LlmFollowsStrangers,
    &long_lived_aws_key::LongLivedAwsKey,
    &mass_assignment::MassAssignment,
    &no_challenge::NoChallenge,
    &no_leading_keys::NoLeadingKeys,
    &no_throttle::NoThrottle,
    &old_version_live::OldVersionLive,
    &open_endpoint::OpenEndpoint,
    &open_hosts::OpenHosts,
    &open_llm_endpoint::OpenLlmEndpoint,
    &open_redirect::OpenRedirect,
    &open_write::OpenWrite,
    &other_reader::OtherReader,
    &outside_reader::OutsideReader,
    &personal_data_shown::PersonalDataShown,
    &plain_third_party::PlainThirdParty,
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
    &source_map_open::SourceMapOpen,
    &specification_drift::SpecificationDrift,
    &stale_authorization::StaleAuthorization,
    &stream_carries_key::StreamCarriesKey,
    &stream_not_watched::StreamNotWatched,
    &table_shared_by_environments::TableSharedByEnvironments,
    &table_unprotected::TableUnprotected,
    &table_without_own_key::TableWithoutOwnKey,
    &trail_unprotected::TrailUnprotected,
    &unbounded_answer::UnboundedAnswer,
    &unconditional_put::UnconditionalPut,
    &undocumented_operation::UndocumentedOperation,
    &unowned_lookup::UnownedLookup,
    &untagged_table::UntaggedTable,
    &unverified_token::UnverifiedToken,
    &url_parameter::UrlParameter,
    &vault_too_wide::VaultTooWide,
    &vault_unprotected::VaultUnprotected,
    &verify_only_key_kept::VerifyOnlyKeyKept,
    &version_shown::VersionShown,
    &weak_tls::WeakTls,
    &weak_token::WeakToken,
    &weak_wrapping::WeakWrapping,
    &whole_item_read::WholeItemRead,
    &wide_cors::WideCors,
    &wide_endpoint::WideEndpoint,
    &wildcard_on_key_table::WildcardOnKeyTable,
];
