//! What collectors hand on: facts about the world, each with its place, none of them a verdict.

mod around;
mod code;
mod endpoint;
mod history;
mod infra;
mod item;
mod key;
mod names;
mod read;
mod route;
mod setting;
mod surface;
mod validated;

use serde::{Deserialize, Serialize};

pub use around::{
    Asset, AssetKind, Control, Opening, OpeningKind, Outsider, Posture, Right, RightKind,
};
pub use code::{
    AdminColumn, AttributePath, AwsClient, Check, Column, Comparison, Flow, Ident, KeyBinding,
    NameSource, Operation, OperationKind, Origin, Practice, PracticeKind, Projection, RequestPart,
    ResponseHeader, Sink, Source, TableRef, Transform,
};
pub use endpoint::Endpoint;
pub use history::{CommitRef, Committed, Held};
pub use infra::{
    Decision, Door, Encryption, EnvBinding, Grant, Index, IndexKind, IndexProjection, KeyElement,
    KeyRole, Principal, PrincipalKind, Replica, RoleChain, Stream, StreamView, Table, TableSource,
    Tri,
};
pub use item::{StoredKey, StoredKeys};
pub use key::{Proof, Sighting, SightingConfidence, SightingContext};
pub use names::{names_a_secret, names_a_vetted_reference};
pub use read::ObservedRead;
pub use route::{Access, HttpMethod, Reach, Route};
pub use setting::{Environment, Setting, SettingValue};
pub use surface::{Answer, Caller, Exchange, SeenKey, Surface, SurfaceCheck, SurfaceKind};
pub use validated::{Liveness, Validated};

/// One observation. The graph is a function of a set of these, whatever their order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Fact {
    /// A concrete key was seen.
    Sighting(Sighting),
    /// A concrete key was seen in the history of the repository.
    Committed(Committed),
    /// A Django setting has this value in this settings module.
    Setting(Setting),
    /// A URL leads to a view.
    Route(Route),
    /// A route's view reaches a function by calls.
    Reach(Reach),
    /// Code calls DynamoDB.
    Operation(Operation),
    /// Data goes from a source to a sink.
    Flow(Flow),
    /// Code builds an AWS client or resource.
    AwsClient(AwsClient),
    /// Code sets a response header that opens the response to others.
    ResponseHeader(ResponseHeader),
    /// Something that code does at one place.
    Practice(Practice),
    /// Django's admin shows a field that holds a secret.
    AdminColumn(AdminColumn),
    /// A table exists.
    Table(Table),
    /// A role, user or group exists.
    Principal(Principal),
    /// A principal may do something to a table.
    Grant(Grant),
    /// A template hands a table's name to code by an environment variable.
    EnvBinding(EnvBinding),
    /// Keys that were seen in the items of a table.
    StoredKeys(StoredKeys),
    /// A cache, vault, key, trail, bucket or endpoint stands round the tables.
    Asset(Asset),
    /// A principal may read every vault, or raise its own rights.
    Right(Right),
    /// Somebody outside the account is let in.
    Opening(Opening),
    /// A URL leads to a function.
    Endpoint(Endpoint),
    /// A trail recorded calls on a table.
    ObservedRead(ObservedRead),
    /// What an operation of the running service answers.
    Answer(Answer),
    /// Something that a check of the running service saw.
    Surface(Surface),
    /// A vendor was asked whether a key still works.
    Validated(Validated),
    /// A principal may become a role that reads a table.
    RoleChain(RoleChain),
}
