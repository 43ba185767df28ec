//! What a trail calls by ARN, among what is declared by name.

use keytrail_model::{Principal, PrincipalKind};

use crate::naming::{known_characters, matches_pattern};
use crate::{Joined, TableId};

/// So many characters of a pattern must be known before it means anybody.
const ENOUGH: usize = 3;

impl<'f> Joined<'f> {
    /// The principal that an ARN means: by address, by name, or as the only one whose name fits.
    pub fn principal_of(&self, arn: &str) -> Option<&'f Principal> {
        let all = || self.principals.iter().copied();
        if let Some(exact) = all().find(|it| *it.address == *arn) {
            return Some(exact);
        }
        let resource = arn.strip_prefix("arn:")?.splitn(5, ':').nth(4)?;
        let (kind, rest) = resource.split_once('/')?;
        let name = rest.rsplit('/').next()?;
        let of_kind = |it: &&'f Principal| match it.kind {
            PrincipalKind::Role => kind == "role",
            PrincipalKind::User => kind == "user",
            PrincipalKind::Group | PrincipalKind::Outside => false,
        };
        if let Some(named) = all().filter(of_kind).find(|it| it.name == name) {
            return Some(named);
        }
        let fits = |it: &&'f Principal| {
            known_characters(&it.name) >= ENOUGH && matches_pattern(&it.name, name)
        };
        let mut open = all().filter(of_kind).filter(fits);
        let first = open.next()?;
        open.next().is_none().then_some(first)
    }

    /// The tables that an ARN or name means.
    pub fn tables_of_arn(&self, arn: &str) -> Vec<TableId> {
        let found = self.tables.addressed(arn);
        if !found.is_empty() {
            return found;
        }
        let name = arn.rsplit(":table/").next().unwrap_or(arn);
        self.tables.named(name).into_iter().collect()
    }
}
