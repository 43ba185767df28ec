//! Facts → exposure graph, and the questions one asks of it: which paths lead from a key to
//! somebody who should not have it, who can get at a key, and what is the least to change.
//!
//! Pure: the graph is a function of the *set* of facts, whatever their order. How sources are
//! joined stands in one `match`, in [`build`](crate::Graph::build); each arm is one file under
//! `edges`. What the arms ask about the facts as a whole is in [`Joined`].

mod application;
mod build;
mod cut;
mod edges;
mod graph;
mod identity;
mod joined;
mod keys;
mod naming;
mod network;
mod paths;
mod projects;
mod reach;
mod seen;
mod settings;
mod severity;
mod tables;
mod tie;
mod who;

pub use application::Standings;
pub use cut::LeastCut;
pub use edges::{
    is_temporary, is_test_file, stands_for_a_key, stands_there_still, transport_weakness,
};
pub use graph::Graph;
pub use joined::Joined;
pub use keys::KeyAttribute;
pub use naming::{covers, index_holds, route_name, shows};
pub use paths::{Through, is_public, key_name};
pub use settings::{Truth, is_deployed, shows_deployment, truth};
pub use severity::{Reach, severity};
pub use tables::{TableId, TableNode};
pub use tie::{Tie, names_an_owner};
pub use who::{Standing, Target};
