//! Who may read a table, as its policies say: principals, doors, conditions, statements, and how
//! others become one of them.

use keytrail_model::{Location, Opening, Outsider, Right, Step};

use crate::text::{clean, count};

/// Everybody whom the policies let at one table.
#[derive(Clone, Debug, Default)]
pub struct TableReaders {
    /// `keyring-keys (aws_dynamodb_table.keys)`.
    pub table: String,
    /// The attribute that was asked about.
    pub attribute: Option<String>,
    /// Those who pass a door themselves.
    pub readers: Vec<Reader>,
    /// Those who become one of them.
    pub becoming: Vec<Becomes>,
    /// Those who can give themselves the right.
    pub raising: Vec<Right>,
    /// Those whom a resource's own policy lets in from outside.
    pub outside: Vec<Opening>,
    /// Those whom only the key under the table holds off.
    pub held_off: Vec<Stopped>,
    /// Those who really read it, by the trail.
    pub seen: Vec<Seen>,
    /// True where a trail was read.
    pub trail: bool,
}

/// One principal.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    /// Its address.
    pub principal: String,
    /// `the application's role …`, `other role …`.
    pub actor: String,
    /// What runs as it.
    pub runs: Vec<String>,
    /// Who may take it, as its trust policy says.
    pub trusts: Vec<String>,
    /// Its doors.
    pub doors: Vec<Doors>,
}

/// Doors that one decision opens.
#[derive(Clone, Debug, Default)]
pub struct Doors {
    /// `GetItem`, `Query on index by-service`.
    pub names: Vec<String>,
    /// True for ways round the items' own calls: exports, streams, replicas, policies.
    pub side: bool,
    /// What remains to hold.
    pub conditions: Vec<String>,
    /// The attributes it is limited to.
    pub only: Option<Vec<String>>,
    /// By which statements.
    pub statements: Vec<Step>,
}

/// A principal that becomes another.
#[derive(Clone, Debug, Default)]
pub struct Becomes {
    /// Who.
    pub from: String,
    /// Which role.
    pub to: String,
    /// How.
    pub how: String,
    /// What remains to hold.
    pub conditions: Vec<String>,
    /// By which statements.
    pub statements: Vec<Step>,
}

/// A principal that may pass a door, were it not for the key.
#[derive(Clone, Debug, Default)]
pub struct Stopped {
    /// Who.
    pub principal: String,
    /// By which doors.
    pub doors: Vec<String>,
    /// The keys.
    pub keys: Vec<String>,
    /// Why not.
    pub reason: String,
    /// The statements that would let it in, and the one that stops it.
    pub statements: Vec<Step>,
}

/// A principal that was seen reading.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Its address, or the ARN in the trail.
    pub principal: String,
    /// The doors.
    pub doors: Vec<String>,
    /// How often.
    pub count: u64,
    /// The last time, in the trail's words.
    pub last: String,
    /// False where no policy that was read lets it in.
    pub expected: bool,
}

/// The readers of all tables that are meant.
pub fn readers(all: &[TableReaders]) -> String {
    let mut out = String::new();
    for one in all {
        if !out.is_empty() {
            out.push('\n');
        }
        table(&mut out, one);
    }
    out
}

fn table(out: &mut String, table: &TableReaders) {
    let attribute = match &table.attribute {
        Some(attribute) => format!("{} of ", clean(attribute)),
        None => String::new(),
    };
    let number = count(table.readers.len(), "principal", "principals");
    let name = clean(&table.table);
    line(
        out,
        0,
        &format!("By the policies, {number} may read {attribute}{name}"),
    );
    for one in &table.readers {
        out.push('\n');
        reader(out, one);
    }
    part(out, "Become one of them", &table.becoming, becomes);
    let raising = grouped(&table.raising);
    part(
        out,
        "May give themselves the right",
        &raising,
        |out, rights| {
            raises(out, rights);
        },
    );
    part(out, "Let in from outside", &table.outside, opening);
    part(
        out,
        "Held off by the key under the table",
        &table.held_off,
        stopped,
    );
    part(out, "Seen reading, by the trail", &table.seen, seen);
    if table.trail {
        unseen(out, table);
    }
}

fn part<T>(out: &mut String, title: &str, all: &[T], each: impl Fn(&mut String, &T)) {
    if all.is_empty() {
        return;
    }
    out.push('\n');
    line(out, 0, title);
    for one in all {
        each(out, one);
    }
}

fn reader(out: &mut String, reader: &Reader) {
    let principal = clean(&reader.principal);
    let actor = clean(&reader.actor);
    let actor = actor.trim_end_matches(principal.as_str()).trim_end();
    line(out, 0, &format!("{principal}  {actor}"));
    if !reader.runs.is_empty() {
        line(out, 2, &format!("runs {}", clean(&reader.runs.join(", "))));
    }
    if !reader.trusts.is_empty() {
        line(
            out,
            2,
            &format!("taken by {}", clean(&reader.trusts.join(", "))),
        );
    }
    for doors in &reader.doors {
        let side = if doors.side { "round about: " } else { "" };
        line(out, 2, &format!("{side}{}", clean(&doors.names.join(", "))));
        conditions(out, &doors.conditions);
        if let Some(only) = &doors.only {
            line(out, 4, &format!("only {}", clean(&only.join(", "))));
        }
        statements(out, &doors.statements);
    }
}

fn becomes(out: &mut String, one: &Becomes) {
    let (from, to, how) = (clean(&one.from), clean(&one.to), clean(&one.how));
    line(out, 2, &format!("{from} becomes {to} by {how}"));
    conditions(out, &one.conditions);
    statements(out, &one.statements);
}

/// Ways by which one principal raises its rights that the same statements give.
fn grouped(rights: &[Right]) -> Vec<Vec<&Right>> {
    let mut all: Vec<Vec<&Right>> = Vec::new();
    for right in rights {
        let places = |it: &Right| -> Vec<Location> {
            it.statements
                .iter()
                .map(|step| step.location.clone())
                .collect()
        };
        let same = all.iter_mut().find(|group| {
            let first = group[0];
            first.principal == right.principal
                && first.conditions == right.conditions
                && places(first) == places(right)
        });
        match same {
            Some(group) => group.push(right),
            None => all.push(vec![right]),
        }
    }
    all
}

fn raises(out: &mut String, rights: &[&Right]) {
    const MOST: usize = 3;
    let Some(first) = rights.first() else { return };
    let ways = rights.iter().take(MOST).map(|right| clean(&right.way));
    let mut ways: Vec<String> = ways.collect();
    if rights.len() > MOST {
        ways.push(format!("{} more", rights.len() - MOST));
    }
    let last = ways.pop().unwrap_or_default();
    let ways = if ways.is_empty() {
        last
    } else {
        format!("{} and {last}", ways.join(", "))
    };
    line(out, 2, &format!("{} by {ways}", clean(&first.principal)));
    conditions(out, &first.conditions);
    statements(out, &first.statements);
}

fn opening(out: &mut String, opening: &Opening) {
    let who = match &opening.who {
        Outsider::Everybody => "everybody".to_owned(),
        Outsider::Account(who) => format!("account {who}"),
        Outsider::Federated(who) => format!("whoever {who} vouches for"),
    };
    let perhaps = if opening.certain {
        ""
    } else {
        " (if it is not ours)"
    };
    let on = format!("{} {}", opening.kind.as_str(), opening.address);
    let actions = opening.actions.join(", ");
    let text = format!(
        "{}{perhaps} by the policy of {}: {}",
        clean(&who),
        clean(&on),
        clean(&actions)
    );
    line(out, 2, &text);
    conditions(out, &opening.conditions);
    line(out, 4, &place(&opening.location));
}

fn stopped(out: &mut String, one: &Stopped) {
    let keys = clean(&one.keys.join(", "));
    let (who, doors) = (clean(&one.principal), clean(&one.doors.join(", ")));
    line(
        out,
        2,
        &format!("{who}, {doors}: {} ({keys})", clean(&one.reason)),
    );
    statements(out, &one.statements);
}

fn seen(out: &mut String, one: &Seen) {
    let calls = count(
        usize::try_from(one.count).unwrap_or(usize::MAX),
        "call",
        "calls",
    );
    let doors = clean(&one.doors.join(", "));
    let note = if one.expected {
        ""
    } else {
        "  no policy that was read lets it in"
    };
    let (who, last) = (clean(&one.principal), clean(&one.last));
    line(
        out,
        2,
        &format!("{who}  {doors}, {calls}, last {last}{note}"),
    );
}

/// Rights that the trail does not show in use.
fn unseen(out: &mut String, table: &TableReaders) {
    let used = |name: &str| table.seen.iter().any(|seen| seen.principal == name);
    let idle: Vec<&Reader> = table
        .readers
        .iter()
        .filter(|reader| !used(&reader.principal))
        .collect();
    part(out, "Never seen reading, and may", &idle, |out, reader| {
        line(out, 2, &clean(&reader.principal));
    });
}

fn conditions(out: &mut String, all: &[String]) {
    for one in all {
        line(out, 4, &format!("if {}", clean(one)));
    }
}

fn statements(out: &mut String, all: &[Step]) {
    for step in all {
        line(
            out,
            4,
            &format!("{}  {}", clean(&step.label), place(&step.location)),
        );
    }
}

fn place(location: &Location) -> String {
    let symbol = location.symbol().unwrap_or_default();
    let span = location.span();
    format!("{}:{}  {}", clean(&span.path), span.line, clean(symbol))
}

fn line(out: &mut String, indent: usize, text: &str) {
    out.push_str(&" ".repeat(indent));
    out.push_str(text.trim_end());
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use keytrail_model::FileSpan;
    use std::sync::Arc;

    use super::*;

    fn step(label: &str) -> Step {
        let location = Location::Statement {
            span: FileSpan::line(&Arc::from("iam.tf"), 3),
            policy: Arc::from("aws_iam_policy.app#1"),
        };
        Step::new(label, location)
    }

    fn right(way: &str) -> Right {
        Right {
            principal: Arc::from("aws_iam_role.deploy"),
            kind: keytrail_model::RightKind::RaiseRights,
            way: way.to_owned(),
            conditions: Vec::new(),
            statements: vec![step("Allow iam:* on *")],
        }
    }

    #[test]
    fn every_part_is_told_with_its_statement() {
        let doors = |side: bool| Doors {
            names: vec!["Scan".to_owned()],
            side,
            conditions: vec!["aws:SourceVpc is `vpc-1`".to_owned()],
            only: Some(vec!["label".to_owned()]),
            statements: vec![step("Allow dynamodb:* on *")],
        };
        let table = TableReaders {
            table: "keys".to_owned(),
            attribute: Some("api_key".to_owned()),
            readers: vec![Reader {
                principal: "aws_iam_role.reports".to_owned(),
                actor: "other role aws_iam_role.reports".to_owned(),
                runs: vec!["Glue job nightly".to_owned()],
                trusts: vec!["glue.amazonaws.com".to_owned()],
                doors: vec![doors(false), doors(true)],
            }],
            becoming: vec![Becomes {
                from: "aws_iam_user.ann".to_owned(),
                to: "aws_iam_role.reports".to_owned(),
                how: "sts:AssumeRole".to_owned(),
                statements: vec![step("Allow sts:AssumeRole on *")],
                ..Becomes::default()
            }],
            held_off: vec![Stopped {
                principal: "aws_iam_role.audit".to_owned(),
                doors: vec!["GetItem".to_owned()],
                keys: vec!["aws_kms_key.data".to_owned()],
                reason: "no identity policy allows kms:Decrypt".to_owned(),
                statements: Vec::new(),
            }],
            seen: vec![Seen {
                principal: "arn:aws:iam::111122223333:role/x\u{1b}[1m".to_owned(),
                doors: vec!["Scan".to_owned()],
                count: 2,
                last: "2026-11-01T10:00:00Z".to_owned(),
                expected: false,
            }],
            raising: vec![right("iam:PutRolePolicy"), right("iam:AttachRolePolicy")],
            trail: true,
            ..TableReaders::default()
        };
        insta::assert_snapshot!(readers(&[table.clone(), table]));
    }
}
