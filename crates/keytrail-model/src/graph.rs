//! The parts of the exposure graph. How facts become edges is in `keytrail-graph`.

use std::fmt;
use std::sync::Arc;

use crate::{Confidence, Fingerprint, Location, Severity, Step};

/// A key, or a class of keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyRef {
    /// Whatever the application keeps in this attribute of this table.
    Attribute {
        /// The table's name.
        table: Arc<str>,
        /// The attribute's path.
        attribute: String,
    },
    /// The value of this setting or environment variable.
    Setting(String),
    /// The secret of this name in a vault.
    Vault(String),
    /// What code decrypts to answer with it, by the attribute that keeps it encrypted.
    Decrypted(String),
    /// A key that only passes through: a field that callers send, a token made on the way.
    Transient(String),
    /// One concrete key.
    Concrete {
        /// Provider's id.
        provider: String,
        /// Its fingerprint, or where it lies when it has none.
        identity: KeyIdentity,
    },
}

/// What tells concrete keys apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyIdentity {
    /// Equal keys meet here.
    Fingerprint(Fingerprint),
    /// A key of low entropy: only its place tells it apart.
    Place(Location),
}

/// How much a key opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyPower {
    /// Test keys, keys of doubtful worth.
    Low,
    /// One service.
    Service,
    /// Money, a cloud account, sessions of all users.
    Broad,
}

/// Where a key rests or passes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A field of a request.
    RequestField(String),
    /// A literal or line in a file of the repository.
    File(Location),
    /// A setting or environment variable of the application.
    Setting(String),
    /// An attribute of the items of a table.
    Attribute {
        /// The table's name.
        table: Arc<str>,
        /// The attribute's path.
        attribute: String,
    },
    /// A secondary index that holds the attribute.
    Index {
        /// The table's name.
        table: Arc<str>,
        /// The index's name.
        index: String,
        /// The attribute's path.
        attribute: String,
    },
    /// The stream of a table that carries the attribute.
    Stream {
        /// The table's name.
        table: Arc<str>,
        /// The attribute's path.
        attribute: String,
    },
    /// A copy of the table (backup, export, replica).
    Copy {
        /// The table's name.
        table: Arc<str>,
        /// The attribute's path.
        attribute: String,
        /// What copy.
        label: String,
    },
    /// What a call to `DynamoDB` brings into the process, for one entry and attribute.
    Read {
        /// The call.
        operation: Location,
        /// [`crate::Operation::entry`].
        entry: Arc<str>,
        /// The attribute's path.
        attribute: String,
    },
    /// The response of one route.
    Response {
        /// `GET /api/keys/`.
        route: String,
        /// Where the response is made.
        location: Location,
    },
    /// The door of a route: behind it are all who pass.
    Door {
        /// `GET /api/keys/`.
        route: String,
    },
    /// A log or standard output.
    Log(Location),
    /// Django's debug page.
    DebugPage(Location),
    /// Somebody else's system.
    ThirdParty(String),
    /// A principal that may read.
    Principal(Arc<str>),
    /// The repository.
    Repository,
    /// The network between two machines.
    Network(Location),
}

/// Who may stand at the end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// Anybody on the network.
    Anonymous,
    /// Any signed-in user, for keys of other users.
    AnyUser,
    /// Another tenant, by naming somebody else's identifier.
    OtherTenant,
    /// Another service's role.
    OtherRole(Arc<str>),
    /// A principal outside the account.
    Outside(String),
    /// Whoever reads the logs.
    LogReader,
    /// Whoever reads the repository.
    RepositoryReader,
    /// Whoever reads backups, exports or streams.
    CopyReader,
    /// Whoever sits on the wire.
    NetworkObserver,
    /// Whoever holds another environment.
    OtherEnvironment,
    /// A third party.
    ThirdParty(String),
    /// Staff with a named permission.
    Staff,
    /// The application's own role.
    Application(Arc<str>),
    /// The key's owner.
    Owner,
}

/// Whether an actor is meant to have the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rightful {
    /// Yes.
    Yes,
    /// No: a path to it is an exposure.
    No,
}

impl Actor {
    /// The application's role, the key's owner and staff are rightful.
    pub fn rightful(&self) -> Rightful {
        match self {
            Self::Application(_) | Self::Owner | Self::Staff => Rightful::Yes,
            _ => Rightful::No,
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous caller"),
            Self::AnyUser => f.write_str("any signed-in user"),
            Self::OtherTenant => f.write_str("another tenant"),
            Self::OtherRole(role) => write!(f, "other role {role}"),
            Self::Outside(who) => write!(f, "outside principal {who}"),
            Self::LogReader => f.write_str("log reader"),
            Self::RepositoryReader => f.write_str("repository reader"),
            Self::CopyReader => f.write_str("reader of copies"),
            Self::NetworkObserver => f.write_str("network observer"),
            Self::OtherEnvironment => f.write_str("holder of another environment"),
            Self::ThirdParty(who) => write!(f, "third party ({who})"),
            Self::Staff => f.write_str("staff"),
            Self::Application(role) => write!(f, "the application's role {role}"),
            Self::Owner => f.write_str("the key's owner"),
        }
    }
}

/// A node of the exposure graph.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// Where paths start.
    Key(KeyRef),
    /// On the way.
    Place(Place),
    /// Where paths end.
    Actor(Actor),
}

/// What an edge says. All run from the key towards the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EdgeKind {
    /// A key rests in a place.
    StoredIn,
    /// Code carries it.
    FlowsTo,
    /// An index holds a copy of the attribute.
    ProjectedTo,
    /// A stream, backup, export or replica holds a copy.
    CopiedTo,
    /// A principal or call may read it.
    ReadableBy,
    /// A route serves it.
    ServedBy,
    /// An actor gets to it.
    ReachableBy,
}

impl EdgeKind {
    /// `stored in`, `flows to`…
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StoredIn => "stored in",
            Self::FlowsTo => "flows to",
            Self::ProjectedTo => "projected to",
            Self::CopiedTo => "copied to",
            Self::ReadableBy => "readable by",
            Self::ServedBy => "served by",
            Self::ReachableBy => "reachable by",
        }
    }
}

/// Something that holds an edge without cutting it, or would hold it if it were there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guard {
    /// True when it is in place; false when it was looked for and is missing.
    pub present: bool,
    /// What, and where.
    pub step: Step,
}

/// A change that would cut an edge.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edit {
    /// Stable: equal ids are one edit, even on several edges.
    pub id: String,
    /// An imperative sentence.
    pub title: String,
    /// Where.
    pub location: Location,
    /// Relative effort: 1 a line, 2 a few lines, 4 infrastructure with a deployment, 10 a migration of data.
    pub cost: u32,
}

/// An edge of the exposure graph.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edge {
    /// Nearer to the key.
    pub from: Node,
    /// Nearer to the reader.
    pub to: Node,
    /// What it says.
    pub kind: EdgeKind,
    /// How sure.
    pub confidence: Confidence,
    /// Its evidence in order; never empty (law 3).
    pub steps: Vec<Step>,
    /// What holds it, and what doesn't.
    pub guards: Vec<Guard>,
    /// What would cut it.
    pub edits: Vec<Edit>,
}

/// A way from a key to an actor who is not rightful.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExposurePath {
    /// Power × reach × confidence.
    pub severity: Severity,
    /// Of its weakest edge.
    pub confidence: Confidence,
    /// Where it starts.
    pub key: KeyRef,
    /// How much the key opens.
    pub power: KeyPower,
    /// Where it ends.
    pub actor: Actor,
    /// The edges in order, as indices into the graph's sorted edges.
    pub edges: Vec<usize>,
    /// All evidence in order.
    pub steps: Vec<Step>,
}
