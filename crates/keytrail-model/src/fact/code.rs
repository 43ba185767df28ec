//! Facts from source code: DynamoDB calls, data flow, practices.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::{Fingerprint, Location, Masked, Step};

/// A qualified name, `package.module.Class.method`.
pub type Ident = Arc<str>;

/// Steps into an item or object, joined by dots: `metadata.api_key`. Empty: the whole.
pub type AttributePath = String;

/// A DynamoDB operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum OperationKind {
    /// `GetItem`.
    GetItem,
    /// `BatchGetItem`.
    BatchGetItem,
    /// `TransactGetItems`.
    TransactGetItems,
    /// `Query`.
    Query,
    /// `Scan`.
    Scan,
    /// `PutItem`.
    PutItem,
    /// `UpdateItem`.
    UpdateItem,
    /// `DeleteItem`.
    DeleteItem,
    /// `BatchWriteItem`, and the batch writer.
    BatchWriteItem,
    /// `TransactWriteItems`.
    TransactWriteItems,
    /// `ExecuteStatement` and its batch and transaction forms.
    ExecuteStatement,
}

impl OperationKind {
    /// True when items come back.
    pub fn reads(self) -> bool {
        matches!(
            self,
            Self::GetItem
                | Self::BatchGetItem
                | Self::TransactGetItems
                | Self::Query
                | Self::Scan
                | Self::ExecuteStatement
        )
    }

    /// True when items are written.
    pub fn writes(self) -> bool {
        matches!(
            self,
            Self::PutItem
                | Self::UpdateItem
                | Self::BatchWriteItem
                | Self::TransactWriteItems
                | Self::ExecuteStatement
        )
    }

    /// As boto3 spells it: `put_item`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GetItem => "get_item",
            Self::BatchGetItem => "batch_get_item",
            Self::TransactGetItems => "transact_get_items",
            Self::Query => "query",
            Self::Scan => "scan",
            Self::PutItem => "put_item",
            Self::UpdateItem => "update_item",
            Self::DeleteItem => "delete_item",
            Self::BatchWriteItem => "batch_write_item",
            Self::TransactWriteItems => "transact_write_items",
            Self::ExecuteStatement => "execute_statement",
        }
    }
}

/// Where code takes a table's name from, when not from a literal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NameSource {
    /// `settings.KEYS_TABLE`.
    Setting(String),
    /// `os.environ["KEYS_TABLE"]`.
    Environment(String),
}

/// The table that a call names.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TableRef {
    /// Every name it may have, sorted; `*` stands for a part that is not known. Empty: unknown.
    pub names: Vec<String>,
    /// Settings and variables that give the name.
    pub via: Vec<NameSource>,
}

/// How a key attribute is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Comparison {
    /// One value.
    Equal,
    /// `begins_with`, `between`, `<`…
    Range,
}

/// What a value in a key or filter is made of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Origin {
    /// A literal in the code.
    Constant,
    /// Something the caller sends: what, and where it is read.
    Caller(RequestPart, Step),
    /// Who the caller is, as authentication says.
    Identity(Step),
    /// A setting or environment variable.
    Configuration,
    /// Something read from an item before: `operation` and attribute.
    Item(Location, AttributePath),
    /// Made here: a random id, the time.
    Generated,
    /// Not known.
    Unknown,
}

/// One attribute of a `Key` or of a key condition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct KeyBinding {
    /// `None` when the name is not known.
    pub attribute: Option<String>,
    /// How it is compared.
    pub comparison: Comparison,
    /// What the value is made of, sorted.
    pub origins: Vec<Origin>,
}

/// Which attributes a read returns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Projection {
    /// No projection: everything that the table or index holds.
    Whole,
    /// These and no others, sorted.
    Attributes(Vec<AttributePath>),
    /// `Select="COUNT"`.
    Count,
    /// There is one, but it could not be read.
    Unknown,
}

/// A check that ties an item to the caller.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Check {
    /// `compares owner_id with request.user.id and raises otherwise`.
    pub step: Step,
}

/// What the declared kind of an attribute leaves possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Column {
    /// A number, date or flag, or what a method makes and nothing stores: never a key.
    Plain,
    /// A set of texts: as a rule names of other records. A key only where one is seen to get in.
    Set,
    /// A part of the table's key: one text, never a whole item.
    Identifier,
}

/// Code calls DynamoDB, seen from the function where all its arguments are known.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one parameter of the call, set or not"
)]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Operation {
    /// The call ([`Location::Code`]). One call may give several facts, one per `entry`.
    pub location: Location,
    /// What is called.
    pub kind: OperationKind,
    /// On which table.
    pub table: TableRef,
    /// Through which index; `Some("*")` when one is named that could not be resolved.
    pub index: Option<String>,
    /// The `Key` or the key condition; for writes, empty.
    pub keys: Vec<KeyBinding>,
    /// What a read returns.
    pub projection: Projection,
    /// Attributes that a filter names (`FilterExpression`), empty without one.
    pub filter: Vec<String>,
    /// `Limit` is set.
    pub limit: bool,
    /// The result is read page by page (`LastEvaluatedKey`, paginator).
    pub paginated: bool,
    /// `ConsistentRead=True`.
    pub consistent: bool,
    /// A write has a `ConditionExpression`.
    pub conditional: bool,
    /// Attributes that a write sets, sorted; `*` when some are not known.
    pub writes: Vec<AttributePath>,
    /// The caller's input is part of a table name, expression or statement text.
    pub shaped_by_caller: Option<Step>,
    /// What a mapper's model says of attributes whose kind limits what they can hold, sorted.
    pub columns: Vec<(String, Column)>,
    /// Checks that tie what is read to the caller.
    pub checks: Vec<Check>,
    /// The function in which every argument became known: the call's own, or one of its callers.
    pub entry: Ident,
    /// Calls from `entry` to the function that holds the call; empty when it is the same.
    pub chain: Vec<Step>,
}

/// Which part of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RequestPart {
    /// Form or JSON body.
    Body,
    /// Query string.
    Query,
    /// Part of the URL's path.
    Path,
    /// Header.
    Header,
    /// Cookie.
    Cookie,
    /// Uploaded file.
    File,
    /// The request as a whole, or a part not told apart.
    Any,
}

impl RequestPart {
    /// For messages: `the request body`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Body => "the request body",
            Self::Query => "the query string",
            Self::Path => "the URL path",
            Self::Header => "a request header",
            Self::Cookie => "a cookie",
            Self::File => "an uploaded file",
            Self::Any => "the request",
        }
    }
}

/// Where data comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Source {
    /// A key in the source text.
    Literal {
        /// See [`crate::Sighting::provider`].
        provider: String,
        /// See [`crate::Sighting::fingerprint`].
        fingerprint: Option<Fingerprint>,
        /// What a person may see.
        masked: Masked,
    },
    /// A setting.
    Setting(String),
    /// An environment variable.
    Environment(String),
    /// `os.environ` or the settings object as a whole.
    WholeEnvironment,
    /// Something the caller sends; the field where known.
    Request(RequestPart, AttributePath),
    /// Who the caller is.
    Identity,
    /// An item read by the operation at this location; empty path: the whole item or a list of items.
    Item(Location, AttributePath),
    /// A secret from Secrets Manager, Parameter Store or KMS, with its name where known.
    Vault(String),
    /// What the code decrypts; the attribute that keeps it encrypted.
    Decrypted(AttributePath),
    /// A key made here: `secrets.token_urlsafe`.
    Generated(String),
    /// A caught exception's text or traceback; the operations that its `try` block reaches.
    Exception(Vec<Location>),
}

/// What was done to the data on its way; the strongest protection wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Transform {
    /// Nothing that hides it.
    None,
    /// Base64, hex, URL quoting, JSON: anybody can undo it.
    Encoded,
    /// Few characters are left.
    Masked,
    /// A one-way hash without a key.
    Hashed,
    /// A one-way hash with a key.
    Hmac,
    /// Encrypted.
    Encrypted,
}

impl Transform {
    /// True when the key can be had back without another key.
    pub fn is_readable(self) -> bool {
        matches!(self, Self::None | Self::Encoded)
    }
}

/// Where data goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Sink {
    /// Written to an item by the operation at this location, under this attribute.
    Store(Location, AttributePath),
    /// Becomes (part of) a response.
    Response,
    /// Reaches a page through a template; its path and the variable.
    Template(String, String),
    /// A log call; its level.
    Log(String),
    /// `print`, standard output or error.
    Print,
    /// Leaves for somebody else: queue, mail, webhook, monitoring, LLM; what.
    ThirdParty(String),
    /// Part of a URL that is called.
    Url,
    /// Passed to AWS as access key id or secret.
    AwsCredential,
    /// Compared with `==` or `!=`.
    Compare,
    /// Compared in constant time.
    CompareDigest,
    /// Given to a call to a third party as its credential: the key is replayed, a hash would not do.
    Replay,
    /// Becomes the key of a `Key` or key condition of the operation at this location.
    KeyCondition(Location, AttributePath),
}

/// Data goes from a source to a sink.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Flow {
    /// From.
    pub source: Source,
    /// To.
    pub sink: Sink,
    /// What was done on the way.
    pub transform: Transform,
    /// From the source to the sink, both included.
    pub steps: Vec<Step>,
    /// Where the sink is.
    pub location: Location,
    /// The function in which source and sink met.
    pub function: Ident,
    /// Parts of the source that were taken out or replaced before the sink, sorted.
    pub excluded: Vec<AttributePath>,
    /// Checks that tie the source item to the caller before the sink.
    pub checks: Vec<Check>,
}

/// Code builds an AWS client, resource or session.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AwsClient {
    /// The call.
    pub location: Location,
    /// `dynamodb`; empty for a session.
    pub service: String,
    /// `use_ssl=False`.
    pub plain: bool,
    /// `verify=False`.
    pub unverified: bool,
    /// A literal `endpoint_url`, or the default of one.
    pub endpoint: Option<String>,
    /// Access keys are passed to it explicitly: where from, and the steps.
    pub credentials: Vec<(Source, Vec<Step>)>,
}

/// Something that code does at one place and that a rule asks about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Practice {
    /// Where.
    pub location: Location,
    /// What.
    pub kind: PracticeKind,
    /// How it comes there.
    pub steps: Vec<Step>,
    /// The function.
    pub function: Ident,
}

/// What a [`Practice`] is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PracticeKind {
    /// The AWS SDK is told to log its requests.
    SdkLogsRequests {
        /// `boto3.set_stream_logger`.
        how: String,
    },
    /// Monitoring is told to send requests as they come, and nothing scrubs them.
    MonitoringSendsRequests {
        /// `send_default_pii=True`.
        how: String,
    },
    /// A write stores an identifier that can be guessed.
    PredictableIdentifier {
        /// The write.
        operation: Location,
        /// Under which attribute.
        attribute: AttributePath,
        /// `it is made by random`.
        how: String,
    },
}

/// Django's admin shows a field that holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AdminColumn {
    /// Where the admin names the field, or registers the model.
    pub location: Location,
    /// The class of the admin; of a model that is registered without one, the model.
    pub admin: Ident,
    /// `api_key`.
    pub field: String,
    /// `list_display` or `readonly_fields`.
    pub shown_in: String,
}

/// Code sets a response header that opens the response to others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ResponseHeader {
    /// The assignment.
    pub location: Location,
    /// `Access-Control-Allow-Origin`.
    pub name: String,
    /// Its literal value, or `None` when it reflects the request.
    pub value: Option<String>,
    /// The function.
    pub function: Ident,
}
