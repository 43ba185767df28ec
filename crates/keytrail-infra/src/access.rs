//! Who may do what to which table: the evaluator asked once for each principal, table and door.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use keytrail_model::{Door, Grant, PrincipalKind, Right, Table};
use rayon::prelude::*;

use crate::actions::{self, On};
use crate::addresses::Addresses;
use crate::arns::arn;
use crate::evaluate::{
    Alternative, Caller, Context, Decision, Policies, Policy, Request, Resource, arns_of, evaluate,
    is_account,
};
use crate::grants::{attributes, binds, granting, is_wide_action, is_wide_resource, step, verdict};
use crate::held::{Held, Holder};
use crate::keys::{Key, Keys};
use crate::principals::{Draft, Principals};
use crate::readers::{Guard, Readers};
use crate::rights;
use crate::stack::Index;
use crate::text::{Id, RefKind, Text, address_of};

/// A table to ask about: known from templates, or only by a name in code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableTarget {
    /// [`Table::address`]; for a table known from code only, its name.
    pub address: Arc<str>,
    /// Its names; `*` stands for a part that is not known.
    pub names: Vec<String>,
    /// Its ARNs where they are known better than by name, with `*` for what is not.
    pub arns: Vec<String>,
    /// Its indexes; `*` where there may be any.
    pub indexes: Vec<String>,
    /// False where it is known to have no stream.
    pub may_stream: bool,
}

impl TableTarget {
    /// A table of a template.
    pub fn of_table(table: &Table) -> Self {
        let names = std::iter::once(&table.name).chain(&table.also_named);
        Self {
            address: Arc::clone(&table.address),
            names: names.cloned().collect(),
            arns: Vec::new(),
            indexes: table
                .indexes
                .iter()
                .map(|index| index.name.clone())
                .collect(),
            may_stream: table.stream.is_some(),
        }
    }

    /// A table of which only the name is known.
    pub fn named(name: &str) -> Self {
        Self {
            address: Arc::from(name),
            names: vec![name.to_owned()],
            arns: Vec::new(),
            indexes: vec!["*".to_owned()],
            may_stream: true,
        }
    }
}

/// All principals with what is attached to them, ready to be asked.
#[derive(Debug, Default)]
pub struct AccessModel {
    pub(crate) subjects: Vec<Subject>,
    rights: Vec<Right>,
    /// What template tables are called, by address: identity first.
    spellings: BTreeMap<Arc<str>, Vec<Text>>,
    pub(crate) held: Held,
    keys: Keys,
}

#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) address: Arc<str>,
    pub(crate) caller: Caller,
    /// The ARNs that mean it.
    pub(crate) own: Vec<Text>,
    /// Functions that run as it.
    pub(crate) functions: BTreeMap<Id, Vec<Text>>,
    /// One for each variable file under which it exists.
    pub(crate) worlds: Vec<World>,
}

#[derive(Debug)]
pub(crate) struct World {
    /// The stack that declares it.
    pub(crate) stack: usize,
    /// Those that touch tables first.
    pub(crate) identity: Vec<Policy>,
    touching: usize,
    pub(crate) boundary: Option<Vec<Policy>>,
}

impl AccessModel {
    pub(crate) fn new(
        principals: &Principals,
        tables: &Index,
        addresses: &Addresses,
        held: Held,
        keys: Keys,
        own: Option<&str>,
    ) -> Self {
        let mut rights = Vec::new();
        let mut subjects = Vec::new();
        for draft in principals.drafts.values() {
            let subject = Subject {
                address: addresses.public(&draft.id),
                caller: caller(draft, own),
                own: own_arns(draft),
                functions: draft.functions.clone(),
                worlds: worlds(draft, principals),
            };
            rights.extend(subject.rights());
            subjects.push(subject);
        }
        rights.sort();
        rights.dedup();
        let mut spellings: BTreeMap<Arc<str>, Vec<Text>> = BTreeMap::new();
        for entry in &tables.entries {
            let all = spellings.entry(addresses.public(&entry.id)).or_default();
            all.push(Text::reference(&entry.id, RefKind::Name));
            all.extend(entry.names.iter().cloned());
        }
        Self {
            subjects,
            rights,
            spellings,
            held,
            keys,
        }
    }

    /// Who may read every vault, or raise its own rights; sorted.
    pub fn rights(&self) -> &[Right] {
        &self.rights
    }

    /// What every principal may do to every table, by every door; what is denied gives nothing.
    pub fn grants(&self, tables: &[TableTarget]) -> Vec<Grant> {
        self.readers(tables).grants
    }

    /// The same, with those whom only the key under a table holds off.
    pub fn readers(&self, tables: &[TableTarget]) -> Readers {
        let contexts: Contexts = Door::ALL
            .iter()
            .flat_map(|door| actions::of(*door))
            .map(|(action, _)| (*action, actions::context(action)))
            .collect();
        let asked: Vec<Asked<'_>> = tables
            .iter()
            .map(|table| self.asked(table, &contexts))
            .collect();
        let each = self
            .subjects
            .par_iter()
            .flat_map_iter(|subject| asked.iter().map(|table| subject.reads(table)));
        let mut all = each.reduce(Readers::default, Readers::with);
        all.settle();
        all
    }

    /// A table in every spelling that means it, with an end such as `/index/NAME`.
    pub(crate) fn spelled(
        &self,
        table: &TableTarget,
        end: &Text,
        literal: Option<Text>,
    ) -> Resource {
        let mut arns: Vec<Text> = literal.into_iter().collect();
        arns.extend(self.arns(table).into_iter().map(|mut arn| {
            arn.append(end);
            arn
        }));
        Resource::new(&arns)
    }

    fn arns(&self, table: &TableTarget) -> Vec<Text> {
        let known = self.spellings.get(&table.address);
        let mut names: Vec<Text> = known.cloned().unwrap_or_default();
        for name in &table.names {
            let name = Text::with_stars_unknown(name);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let by_name = names.iter().map(|name| {
            let mut text = arn("dynamodb", "table/");
            text.append(name);
            text
        });
        let given = table.arns.iter().map(|arn| Text::with_stars_unknown(arn));
        by_name.chain(given).collect()
    }

    fn asked<'t>(&'t self, table: &'t TableTarget, contexts: &'t Contexts) -> Asked<'t> {
        let resource = |end: &Text| self.spelled(table, end, None);
        let indexes = table.indexes.iter().map(|index| {
            let end = Text::with_stars_unknown(&format!("/index/{index}"));
            (index.as_str(), resource(&end))
        });
        Asked {
            table,
            contexts,
            held: &self.held,
            keys: self.keys.of(&table.address),
            whole: resource(&Text::default()),
            indexes: indexes.collect(),
            stream: table
                .may_stream
                .then(|| resource(&Text::with_stars_unknown("/stream/*"))),
            backup: resource(&Text::with_stars_unknown("/backup/*")),
        }
    }
}

/// `own` is the one account that the templates are for, where they say so.
fn caller(draft: &Draft, own: Option<&str>) -> Caller {
    let name = draft.names.first().and_then(Text::known);
    let (caller, kind) = match draft.kind {
        PrincipalKind::User => (Caller::user(name), "user"),
        PrincipalKind::Group => (Caller::group(name), "group"),
        PrincipalKind::Role | PrincipalKind::Outside => (Caller::role(name), "role"),
    };
    let address = address_of(&draft.id);
    let account = match address.strip_prefix("arn:") {
        // Of the live account.
        Some(arn) => arn.split(':').nth(3),
        // One that no template declares may be of another.
        None => own.filter(|_| !draft.stacks.is_empty()),
    };
    let account = account.filter(|number| is_account(number));
    caller
        .in_account(account)
        .spelled(arns_of(kind, Some(&draft.id), &draft.names))
}

/// The policies of a principal, for each stack that declares it. What another stack attaches
/// counts in all of them.
fn worlds(draft: &Draft, principals: &Principals) -> Vec<World> {
    let groups: Vec<&Draft> = draft
        .groups
        .iter()
        .filter_map(|id| principals.drafts.get(id))
        .collect();
    let mut numbers: BTreeSet<usize> = draft.stacks.clone();
    if numbers.is_empty() {
        numbers.extend(draft.policies.iter().map(|(number, _)| *number));
    }
    let of = |draft: &Draft, all: &[(usize, Policy)], number: usize| -> Vec<Policy> {
        all.iter()
            .filter(|(other, _)| *other == number || !draft.stacks.contains(other))
            .map(|(_, policy)| policy.clone())
            .collect()
    };
    numbers
        .into_iter()
        .map(|number| {
            let mut identity = of(draft, &draft.policies, number);
            for group in &groups {
                identity.extend(of(group, &group.policies, number));
            }
            let boundary = of(draft, &draft.boundaries, number);
            let (mut touching, others): (Vec<Policy>, Vec<Policy>) =
                identity.into_iter().partition(touches_tables);
            let count = touching.len();
            touching.extend(others);
            World {
                stack: number,
                identity: touching,
                touching: count,
                boundary: (!boundary.is_empty()).then_some(boundary),
            }
        })
        .collect()
}

/// False for policies that no question about a table can meet.
fn touches_tables(policy: &Policy) -> bool {
    use crate::glob::Fit;
    policy.statements.iter().any(|statement| {
        Door::ALL
            .iter()
            .flat_map(|door| actions::of(*door))
            .any(|(action, _)| statement.actions.fit(action).0 != Fit::No)
    })
}

/// What is known of a request, by its action.
type Contexts = BTreeMap<&'static str, Context>;

/// A table's resources, spelled out once.
struct Asked<'t> {
    table: &'t TableTarget,
    contexts: &'t Contexts,
    held: &'t Held,
    /// The customer's keys under it.
    keys: &'t [Arc<Key>],
    whole: Resource,
    indexes: Vec<(&'t str, Resource)>,
    stream: Option<Resource>,
    backup: Resource,
}

/// The ARNs that mean a principal itself.
fn own_arns(draft: &Draft) -> Vec<Text> {
    let kind = match draft.kind {
        keytrail_model::PrincipalKind::User => "user/",
        keytrail_model::PrincipalKind::Group => "group/",
        _ => "role/",
    };
    let named = draft.names.iter().map(|name| {
        let mut text = arn("iam", kind);
        text.append(name);
        text
    });
    let referred = Text::reference(&draft.id, RefKind::Arn);
    named.chain([referred]).collect()
}

impl Subject {
    fn rights(&self) -> Vec<Right> {
        let holders = self.worlds.iter().map(|world| rights::Holder {
            address: &self.address,
            caller: &self.caller,
            own: &self.own,
            identity: &world.identity,
            boundary: world.boundary.as_deref(),
        });
        holders.flat_map(|holder| rights::of(&holder)).collect()
    }

    fn reads(&self, asked: &Asked<'_>) -> Readers {
        let idle = |world: &World| {
            let of = |holder| asked.held.of(&asked.table.address, holder, world.stack);
            world.touching == 0
                && of(Holder::Table).iter().all(|held| held.is_empty())
                && of(Holder::Stream).iter().all(|held| held.is_empty())
        };
        if self.worlds.iter().all(idle) {
            return Readers::default();
        }
        let guards: Vec<Guard> = self
            .worlds
            .iter()
            .map(|world| Guard::of(self, world, asked.keys, asked.table))
            .collect();
        let doors = Door::ALL.iter();
        let all = doors.map(|door| self.door(*door, asked, &guards));
        all.fold(Readers::default(), Readers::with)
    }

    fn door(&self, door: Door, asked: &Asked<'_>, guards: &[Guard]) -> Readers {
        for (action, on) in actions::of(door) {
            let resources: Vec<(Option<&str>, &Resource)> = match on {
                On::Table => vec![(None, &asked.whole)],
                On::TableOrIndex => std::iter::once((None, &asked.whole))
                    .chain(
                        asked
                            .indexes
                            .iter()
                            .map(|(name, resource)| (Some(*name), resource)),
                    )
                    .collect(),
                On::Stream => asked.stream.iter().map(|stream| (None, stream)).collect(),
                On::Backup => vec![(None, &asked.backup)],
            };
            let found = resources
                .into_iter()
                .map(|(index, resource)| self.ask((door, action), (index, resource), asked, guards))
                .fold(Readers::default(), Readers::with);
            if !found.is_empty() {
                return found;
            }
        }
        Readers::default()
    }

    fn ask(
        &self,
        (door, action): (Door, &str),
        (index, resource): (Option<&str>, &Resource),
        asked: &Asked<'_>,
        guards: &[Guard],
    ) -> Readers {
        let mut found = Readers::default();
        let Some(context) = asked.contexts.get(action) else {
            return found;
        };
        let request = Request {
            principal: &self.caller,
            action,
            resource,
            context,
        };
        let holder = match door {
            Door::GetRecords => Holder::Stream,
            _ => Holder::Table,
        };
        for (world, guard) in self.worlds.iter().zip(guards) {
            for held in asked.held.of(&asked.table.address, holder, world.stack) {
                let policies = Policies {
                    identity: &world.identity[..world.touching],
                    boundary: world.boundary.as_deref(),
                    resource: held,
                    ..Policies::default()
                };
                for way in ways(evaluate(&request, &policies)) {
                    let grant = Grant {
                        principal: Arc::clone(&self.address),
                        table: Arc::clone(&asked.table.address),
                        door,
                        index: index.map(str::to_owned),
                        decision: verdict(&way),
                        statements: granting(&way).map(step).collect(),
                        wildcard_action: granting(&way).any(is_wide_action),
                        wildcard_resource: granting(&way).any(is_wide_resource),
                        attributes: attributes(action, &way.conditions),
                        leading_keys: binds(&way.conditions, "dynamodb:LeadingKeys").is_some(),
                    };
                    guard.let_through(grant, &mut found);
                }
            }
        }
        found.settle();
        found
    }
}

fn ways(decision: Decision<'_>) -> Vec<Alternative<'_>> {
    match decision {
        Decision::Allow(by) => vec![Alternative {
            by,
            conditions: Vec::new(),
        }],
        Decision::AllowedIf(ways) => ways,
        Decision::ExplicitDeny(_) | Decision::ImplicitDeny(_) => Vec::new(),
    }
}
