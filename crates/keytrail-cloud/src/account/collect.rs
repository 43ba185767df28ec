//! All accounts and regions that were asked for, into facts.

use std::collections::BTreeMap;
use std::sync::Arc;

use keytrail_infra::{AccessModel, HeldOff, TableTarget};
use keytrail_model::{
    Collected, Coverage, CoverageStatus, Fact, Location, Problem, Progress, Step,
};
use serde_json::Value;

use super::document::Document;
use super::places::{settle, settle_grant};
use super::regions::{self, Region};
use super::{backups, dax, functions, iam, kms, parameters, secrets, tables, trails};
use crate::client::{Access, Call, Connection};
use crate::drift::Unread;
use crate::error::CloudError;

/// Which accounts and regions.
#[derive(Clone, Debug, Default)]
pub struct AccountOptions {
    /// Profile of the AWS configuration.
    pub profile: Option<String>,
    /// Regions; that of the configuration where there is none.
    pub regions: Vec<String>,
    /// All regions that the account has switched on.
    pub all_regions: bool,
    /// Roles to assume, one account each; none for the account of the credentials themselves.
    pub roles: Vec<String>,
}

/// What the accounts hold.
#[derive(Debug)]
pub struct Account {
    /// Tables, principals, variables and grants, and how far the accounts were read.
    pub collected: Collected,
    /// The calls that were made.
    pub made: Vec<Call>,
    /// What could not be asked, and so can't be compared.
    pub unread: Unread,
    /// Of each account, its principals with their policies, to be asked single questions.
    pub access: Vec<AccessModel>,
    /// Those whom only the key under a table holds off.
    pub held_off: Vec<HeldOff>,
}

/// Reads the accounts.
pub fn collect(options: &AccountOptions, progress: &Progress) -> Result<Account, CloudError> {
    crate::runtime::block_on(read(options, progress))
}

async fn read(options: &AccountOptions, progress: &Progress) -> Result<Account, CloudError> {
    let roles: Vec<Option<String>> = if options.roles.is_empty() {
        vec![None]
    } else {
        options.roles.iter().cloned().map(Some).collect()
    };
    let mut facts = Vec::new();
    let mut access = Vec::new();
    let mut held_off = Vec::new();
    let mut whole = Document::default();
    let mut problems = Vec::new();
    let mut made = std::collections::BTreeSet::new();
    for role in roles {
        let login = Access {
            profile: options.profile.clone(),
            region: options.regions.first().cloned(),
            role,
        };
        let connection = Connection::open(&login).await?;
        let (account, document, calls) = one(&connection, options, progress).await?;
        made.extend(calls);
        if let Some(found) = facts_of(&account, &document) {
            facts.extend(found.facts);
            problems.extend(found.problems);
            held_off.extend(found.held_off);
            access.push(found.access);
        }
        whole.merge(document);
    }
    Ok(Account {
        collected: Collected {
            facts,
            coverage: coverage(&whole, problems),
        },
        made: made.into_iter().collect(),
        unread: Unread {
            copies: whole.unread,
            ..Unread::default()
        },
        access,
        held_off,
    })
}

/// One account with all its regions.
async fn one(
    connection: &Connection,
    options: &AccountOptions,
    progress: &Progress,
) -> Result<(String, Document, Vec<Call>), CloudError> {
    let home = connection.client(connection.region());
    let account = regions::account(&home).await?;
    let mut document = Document::default();
    let names = if options.all_regions {
        let found = regions::all(&home).await;
        let home = vec![connection.region().to_owned()];
        document
            .note(&format!("the regions of {account}"), found)
            .unwrap_or(home)
    } else if options.regions.is_empty() {
        vec![connection.region().to_owned()]
    } else {
        options.regions.clone()
    };
    progress.expect(names.len() as u64 + 1);
    let mut region = Region {
        connection: connection.clone(),
        client: home.clone(),
        account: account.clone(),
        aws_keys: Vec::new(),
    };
    document.merge(iam::collect(&region).await);
    progress.advance(1);
    let mut made: Vec<Call> = home.made().into_iter().collect();
    for name in names {
        region.client = connection.client(&name);
        document.merge(of_region(&mut region).await);
        made.extend(region.client.made());
        progress.advance(1);
    }
    Ok((account, document, made))
}

async fn of_region(region: &mut Region) -> Document {
    let (mut document, managed) = kms::collect(region).await;
    region.aws_keys = managed;
    document.merge(tables::collect(region).await);
    let names = document.table_names();
    document.merge(functions::collect(region, &names).await);
    document.merge(secrets::collect(region).await);
    document.merge(parameters::collect(region).await);
    document.merge(trails::collect(region).await);
    document.merge(dax::collect(region).await);
    document.merge(backups::collect(region).await);
    document
}

/// What one account comes to.
struct Found {
    facts: Vec<Fact>,
    problems: Vec<Problem>,
    access: AccessModel,
    held_off: Vec<HeldOff>,
}

/// The same facts as from a template, with places of the account; `None` where it holds nothing.
fn facts_of(account: &str, document: &Document) -> Option<Found> {
    if document.is_empty() {
        return None;
    }
    let path: Arc<str> = Arc::from(format!("account {account}"));
    let infra = keytrail_infra::collect_account(&path, &document.text());
    let mut facts = infra.collected.facts;
    facts.iter_mut().for_each(settle);
    let mut targets = Vec::new();
    for fact in &mut facts {
        let Fact::Table(table) = fact else { continue };
        targets.push(TableTarget::of_table(table));
        let copies = document.copies.get(&*table.address).into_iter().flatten();
        let location: Location = table.location.clone();
        let more = copies.map(|label| Step::new(label, location.clone()));
        table.copies.extend(more);
        table.copies.sort();
        table.copies.dedup();
    }
    let mut readers = infra.access.readers(&targets);
    readers.grants.iter_mut().for_each(settle_grant);
    let held_off = readers.held_off.iter_mut();
    held_off.for_each(|it| settle_grant(&mut it.grant));
    facts.extend(readers.grants.into_iter().map(Fact::Grant));
    Some(Found {
        facts,
        problems: infra.collected.coverage.problems,
        access: infra.access,
        held_off: readers.held_off,
    })
}

fn coverage(document: &Document, mut problems: Vec<Problem>) -> Coverage {
    let denied = document.denied.iter().map(|(action, what)| {
        format!(
            "not evaluated: {}; grant `{action}` (`keytrail aws-policy` prints all that a scan needs)",
            some(what)
        )
    });
    let failed = document
        .failed
        .iter()
        .map(|(told, what)| format!("not evaluated: {}; {told}", some(what)));
    problems.extend(denied.chain(failed).map(|message| Problem {
        path: Arc::from("aws"),
        line: None,
        message,
    }));
    problems.sort();
    problems.dedup();
    let counts: BTreeMap<String, u64> = document
        .counts
        .iter()
        .map(|(what, count)| ((*what).to_owned(), *count))
        .collect();
    let partial = !problems.is_empty();
    Coverage {
        source: "cloud".to_owned(),
        status: if partial {
            CoverageStatus::Partial
        } else {
            CoverageStatus::Evaluated
        },
        reason: if partial {
            "some of the account could not be asked; the problems say what, and which right to grant".to_owned()
        } else {
            String::new()
        },
        counts,
        problems,
    }
}

/// The first few, and how many more.
fn some(what: &std::collections::BTreeSet<String>) -> String {
    let shown: Vec<&str> = what.iter().take(3).map(String::as_str).collect();
    match what.len().saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

impl Document {
    /// The names of the tables in it.
    fn table_names(&self) -> Vec<String> {
        self.of_kind("AWS::DynamoDB::Table")
            .filter_map(|properties| properties.get("TableName")?.as_str())
            .map(str::to_owned)
            .collect()
    }

    fn of_kind<'d>(&'d self, kind: &'d str) -> impl Iterator<Item = &'d Value> {
        self.resources()
            .filter(move |resource| resource.get("Type").and_then(Value::as_str) == Some(kind))
            .filter_map(|resource| resource.get("Properties"))
    }
}
