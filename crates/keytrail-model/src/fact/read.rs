//! Facts about who really read: what a trail recorded of calls on tables.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::Door;
use crate::Location;

/// Calls of one principal on one table by one door, as a trail recorded them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObservedRead {
    /// The ARN of the user or role, the name of a service, or the number of another account.
    pub principal: Arc<str>,
    /// The table's ARN, or its name where the event says no more.
    pub table: Arc<str>,
    /// Which way.
    pub door: Door,
    /// How often it was let through.
    pub count: u64,
    /// How often it was refused.
    pub refused: u64,
    /// The first time, as `2026-11-24T09:41:00Z`.
    pub first: String,
    /// The last time.
    pub last: String,
    /// The file that recorded the last one.
    pub location: Location,
}
