//! Who asks: users, roles and their sessions, root, services, federated identities, anybody.

use std::sync::Arc;

use super::ContextValue;
use crate::glob::{self, Atom, Fit};
use crate::text::{Piece, RefKind, Text};

/// What kind of caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallerKind {
    /// An IAM user.
    User,
    /// A role; requests come from sessions of it.
    Role,
    /// A group, as a holder of policies: whoever is in it.
    Group,
    /// The root user of an account.
    Root,
    /// A session of `GetFederationToken`.
    FederatedUser,
    /// An AWS service by itself: `cloudtrail.amazonaws.com`.
    Service,
    /// A SAML or OIDC identity before it has a role.
    Federated,
    /// Nobody in particular: an unsigned request.
    Anonymous,
}

/// Who asks.
#[derive(Clone, Debug)]
pub struct Caller {
    /// What kind.
    pub kind: CallerKind,
    /// The name of the user or role, the service's or the federation provider's; `None` where it is
    /// not known in whole.
    pub name: Option<String>,
    /// Its account, where known.
    pub account: Option<String>,
    /// The session's name, for a session of a role.
    pub session: Option<String>,
    /// Its ARN in every spelling that means it; for a session, the role's.
    arns: Vec<Text>,
    service_linked: bool,
}

/// A text that names no principal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no principal: give the ARN of a user, role, session or root, an account, a service, or `*`"
)]
pub struct NoPrincipal(pub String);

impl Caller {
    fn new(kind: CallerKind, name: Option<&str>) -> Self {
        Self {
            kind,
            name: name.map(str::to_owned),
            account: None,
            session: None,
            arns: Vec::new(),
            service_linked: false,
        }
    }

    /// A role of which the name is known, or nothing.
    pub fn role(name: Option<&str>) -> Self {
        Self::new(CallerKind::Role, name)
    }

    /// A user of which the name is known, or nothing.
    pub fn user(name: Option<&str>) -> Self {
        Self::new(CallerKind::User, name)
    }

    /// Whoever is in a group.
    pub fn group(name: Option<&str>) -> Self {
        Self::new(CallerKind::Group, name)
    }

    /// The root user of an account.
    pub fn root(account: &str) -> Self {
        let mut caller = Self::new(CallerKind::Root, None);
        caller.account = Some(account.to_owned());
        caller
    }

    /// With its account.
    #[must_use]
    pub fn in_account(mut self, account: Option<&str>) -> Self {
        self.account = account.map(str::to_owned);
        self
    }

    /// With its ARNs as policies of templates may spell them.
    #[must_use]
    pub fn spelled(mut self, arns: Vec<Text>) -> Self {
        self.arns = arns;
        self
    }

    /// From the ARN of a user, role, session or root, an account's number, a service's name, or `*`.
    pub fn parse(text: &str) -> Result<Self, NoPrincipal> {
        let bad = || NoPrincipal(text.chars().take(200).collect());
        if text == "*" || text.eq_ignore_ascii_case("anonymous") {
            return Ok(Self::new(CallerKind::Anonymous, None));
        }
        if is_account(text) {
            return Ok(Self::root(text));
        }
        let Some(rest) = text.strip_prefix("arn:") else {
            return named(text).ok_or_else(bad);
        };
        let parts: Vec<&str> = rest.splitn(5, ':').collect();
        let [_, service, _, account, resource] = parts.as_slice() else {
            return Err(bad());
        };
        let known = is_account(account).then_some(*account);
        let mut caller = of_resource(service, resource)
            .ok_or_else(bad)?
            .in_account(known);
        let arn = match (caller.kind, caller.session.is_some(), &caller.name) {
            (CallerKind::Role, true, Some(name)) => {
                let partition = parts.first().copied().unwrap_or("aws");
                format!("arn:{partition}:iam::{account}:role/{name}")
            }
            _ => text.to_owned(),
        };
        caller.arns = vec![Text::literal(arn)];
        Ok(caller)
    }

    /// True for roles that AWS services make for themselves: no organisation policy limits them.
    pub fn is_service_linked(&self) -> bool {
        self.service_linked
    }

    /// True where policies are attached to the caller, and its account answers for it.
    pub(crate) fn has_identity(&self) -> bool {
        !matches!(
            self.kind,
            CallerKind::Service | CallerKind::Federated | CallerKind::Anonymous
        )
    }

    /// Whether an ARN of a policy's `Principal`, which has no wildcards, is this caller or its role.
    pub(crate) fn is_spelled(&self, text: &Text) -> Fit {
        let wanted = glob::name(text);
        let exact = self
            .arns
            .iter()
            .map(|arn| glob::fit(&wanted, &glob::name(arn)));
        let best = exact.max().unwrap_or(Fit::No);
        // A session does not say its role's path; names are unique in an account.
        let by_name = || match (text.known(), self.kind) {
            (Some(arn), CallerKind::Role) => self.is_role_named(arn),
            _ => false,
        };
        if best != Fit::Yes && self.session.is_some() && by_name() {
            return Fit::Yes;
        }
        best
    }

    fn is_role_named(&self, arn: &str) -> bool {
        let mut parts = arn.splitn(6, ':').skip(4);
        let (Some(account), Some(resource)) = (parts.next(), parts.next()) else {
            return false;
        };
        let name = resource
            .strip_prefix("role/")
            .and_then(|path| path.rsplit('/').next());
        name.is_some() && name == self.name.as_deref() && Some(account) == self.account.as_deref()
    }

    /// Whether an ARN of an assumed role's session is this caller's.
    pub(crate) fn is_session(&self, text: &Text) -> bool {
        let Some(arn) = text.known() else {
            return false;
        };
        let mut parts = arn.splitn(6, ':').skip(4);
        let (Some(account), Some(resource)) = (parts.next(), parts.next()) else {
            return false;
        };
        let (Some(name), Some(session)) = (&self.name, &self.session) else {
            return false;
        };
        self.kind == CallerKind::Role
            && Some(account) == self.account.as_deref()
            && resource
                .strip_prefix("assumed-role/")
                .and_then(|rest| rest.split_once('/'))
                .is_some_and(|(role, of)| role == name && of == session)
    }

    /// What every request of this caller says about it; `None` where that is open.
    pub(crate) fn key(&self, key: &str) -> Option<ContextValue> {
        // Of a group, nobody knows who.
        if self.kind == CallerKind::Group && key != "aws:principalisawsservice" {
            return None;
        }
        let is_service = self.kind == CallerKind::Service;
        match key {
            "aws:username" if self.kind == CallerKind::User => self.known(self.name.as_deref()),
            "aws:principalservicename" if is_service => self.known(self.name.as_deref()),
            // Sessions of roles have no user name.
            "aws:username" | "aws:principalservicename" => Some(ContextValue::Absent),
            "aws:principaltype" => {
                Some(principal_type(self.kind).map_or(ContextValue::Absent, ContextValue::one))
            }
            "aws:principalaccount" => self.known(self.account.as_deref()),
            "aws:principalarn" => self.known(self.arn().as_deref()),
            "aws:principalisawsservice" => Some(ContextValue::one(&is_service.to_string())),
            _ => None,
        }
    }

    /// A key that every user and role has, known here or not, and that others lack.
    fn known(&self, value: Option<&str>) -> Option<ContextValue> {
        match value {
            Some(value) => Some(ContextValue::one(value)),
            None if self.has_identity() => None,
            None => Some(ContextValue::Absent),
        }
    }

    fn arn(&self) -> Option<String> {
        match (self.kind, &self.account) {
            (CallerKind::Root, Some(account)) => Some(format!("arn:aws:iam::{account}:root")),
            _ if !self.has_identity() => None,
            _ => self.arns.iter().find_map(Text::known).map(str::to_owned),
        }
    }
}

fn principal_type(kind: CallerKind) -> Option<&'static str> {
    Some(match kind {
        CallerKind::User => "User",
        CallerKind::Role => "AssumedRole",
        CallerKind::Root => "Account",
        CallerKind::FederatedUser => "FederatedUser",
        CallerKind::Anonymous => "Anonymous",
        CallerKind::Group | CallerKind::Service | CallerKind::Federated => return None,
    })
}

/// A name that is no ARN: a service, or a provider of web identities.
fn named(text: &str) -> Option<Caller> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/');
    if !text.contains('.') || !text.chars().all(plain) {
        return None;
    }
    let service = text.ends_with(".amazonaws.com") || text.ends_with(".amazonaws.com.cn");
    let kind = if service && text != "cognito-identity.amazonaws.com" {
        CallerKind::Service
    } else {
        CallerKind::Federated
    };
    Some(Caller::new(kind, Some(text)))
}

/// The sixth part of a principal's ARN.
fn of_resource(service: &str, resource: &str) -> Option<Caller> {
    let (kind, rest) = resource.split_once('/').unwrap_or((resource, ""));
    let last = rest.rsplit('/').next().filter(|name| !name.is_empty());
    Some(match (service, kind) {
        ("iam", "root") => Caller::new(CallerKind::Root, None),
        ("iam", "user") => Caller::user(Some(last?)),
        ("iam", "group") => Caller::group(Some(last?)),
        ("iam", "role") => {
            let mut caller = Caller::role(Some(last?));
            caller.service_linked = rest.starts_with("aws-service-role/");
            caller
        }
        ("sts", "assumed-role") => {
            let (role, session) = rest.split_once('/')?;
            let mut caller = Caller::role(Some(role));
            caller.session = Some(session.to_owned());
            caller.service_linked = role.starts_with("AWSServiceRoleFor");
            caller
        }
        ("sts", "federated-user") => Caller::new(CallerKind::FederatedUser, Some(last?)),
        ("iam", "saml-provider" | "oidc-provider") => {
            Caller::new(CallerKind::Federated, Some(rest))
        }
        _ => return None,
    })
}

/// Twelve digits.
pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `arn:aws:iam::111122223333:root`, or the account's number: its account, as text.
pub(crate) fn account_of(text: &Text) -> Option<Text> {
    if let Some(known) = text.known() {
        if is_account(known) {
            return Some(text.clone());
        }
        let rest = known.strip_prefix("arn:")?.strip_suffix(":root")?;
        return rest.rsplit(':').next().map(Text::literal);
    }
    // `arn:aws:iam::${var.account}:root`.
    let pieces = text.pieces();
    let (Some(Piece::Lit(first)), Some(Piece::Lit(last))) = (pieces.first(), pieces.last()) else {
        return None;
    };
    let root = first.starts_with("arn:") && first.ends_with(":iam::") && last == ":root";
    (root && pieces.len() >= 3).then(|| Text::from_pieces(pieces[1..pieces.len() - 1].to_vec()))
}

/// ARNs by which templates may name a role or user: by identity, and by name.
pub(crate) fn arns_of(kind: &str, id: Option<&Arc<str>>, names: &[Text]) -> Vec<Text> {
    let mut all: Vec<Text> = id
        .map(|id| Text::reference(id, RefKind::Arn))
        .into_iter()
        .collect();
    for name in names.iter().filter(|name| !name.is_hole()) {
        let mut arn = crate::arns::arn("iam", &format!("{kind}/"));
        arn.append(name);
        all.push(arn);
    }
    all
}

/// Whether two accounts are the same, as far as known.
pub(crate) fn same_account(pattern: &Text, account: &str) -> Fit {
    let name: Vec<Atom> = account.chars().map(Atom::Char).collect();
    glob::fit(&glob::name(pattern), &name)
}
