//! Functions that are not for everybody: administration, what is for inside, methods that OPTIONS offers.

use keytrail_model::{Access, SurfaceCheck, SurfaceKind};

use crate::client::{Answer, Ask, Method, Who};
use crate::discover::places;
use crate::operation::Found;
use crate::scan::{Read, Scan, Sight};

const CHECK: SurfaceCheck = SurfaceCheck::FunctionLevel;
/// Words of paths and tags that say who a function is for.
const ADMIN: &[&str] = &[
    "admin",
    "administration",
    "internal",
    "superuser",
    "backoffice",
    "staff",
    "management",
    "private",
];

pub(super) fn run(scan: &mut Scan<'_>) {
    operations(scan);
    places(scan);
    methods(scan);
}

fn is_admin(read: &Read) -> bool {
    let words = |text: &str| -> bool {
        text.to_ascii_lowercase()
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| ADMIN.contains(&word))
    };
    words(&read.operation.route)
        || read.operation.tags.iter().any(|tag| words(tag))
        || read.operation.access == Some(Access::Privileged)
}

/// Known operations that are for administrators by their name or the code.
fn operations(scan: &mut Scan<'_>) {
    for read in scan.reads.clone() {
        scan.looked(CHECK);
        if is_admin(&read) {
            let route = read.operation.route.clone();
            reached(scan, &route, &read.target, "by its name or the code");
        }
    }
}

/// Usual places, where nothing else named them.
fn places(scan: &mut Scan<'_>) {
    let base = scan.client.target.base.clone();
    let known: Vec<String> = scan.reads.iter().map(|read| read.target.clone()).collect();
    let targets: Vec<String> = places::ADMIN
        .iter()
        .map(|place| format!("{base}{place}"))
        .filter(|target| !known.contains(target))
        .collect();
    let asks: Vec<Ask> = targets
        .iter()
        .flat_map(|target| {
            scan.ordinary()
                .into_iter()
                .map(move |who| Ask::get(target, who))
        })
        .collect();
    scan.client.all(&asks);
    for target in targets
        .iter()
        .filter(|target| is_for_administrators(target))
    {
        reached(scan, target, target, "by its name");
    }
}

fn is_for_administrators(target: &str) -> bool {
    let lower = target.to_ascii_lowercase();
    lower
        .split('/')
        .any(|part| ADMIN.contains(&part) || matches!(part, "manage" | "ops"))
}

/// Answered with content to somebody who is no administrator: nobody first.
fn reached(scan: &mut Scan<'_>, route: &str, target: &str, why: &str) {
    for who in scan.ordinary() {
        let Some(answer) = scan.content(target, who) else {
            continue;
        };
        if asks_for_sign_in(&answer) || is_thin(&answer) {
            continue;
        }
        let ask = Ask::get(target, who);
        let roles = role_fields(&answer);
        let roles = if roles.is_empty() {
            String::new()
        } else {
            format!(", with `{}` in its answer", roles.join("`, `"))
        };
        let sight = Sight::new(CHECK, SurfaceKind::OpenAdmin, route, &ask, &answer)
            .subject("function")
            .seen(format!("`GET {route}`, which is for administrators {why}, answers {}{roles}.", scan.name(who)))
            .compared("The answer has content, is no sign-in page, and a path that is not there is answered otherwise.")
            .worse(who == Who::Anonymous);
        scan.see(sight);
        return;
    }
}

fn asks_for_sign_in(answer: &Answer) -> bool {
    let signs = |path: &String| {
        ["login", "signin", "sign-in", "accounts/"]
            .iter()
            .any(|word| path.contains(word))
    };
    answer.redirects.iter().any(signs)
        || answer.is_html() && {
            let text = answer.text().to_ascii_lowercase();
            text.contains("type=\"password\"") || text.contains("type='password'")
        }
}

/// `{"status": "ok"}` is for probes of balancers.
fn is_thin(answer: &Answer) -> bool {
    let leaves = answer
        .json
        .as_ref()
        .map(|value| crate::json::leaves(value).len());
    leaves.is_some_and(|count| count < 2)
}

fn role_fields(answer: &Answer) -> Vec<String> {
    const ROLES: &[&str] = &[
        "role",
        "roles",
        "is_admin",
        "is_staff",
        "is_superuser",
        "permissions",
        "scopes",
        "groups",
    ];
    let mut names: Vec<String> = answer
        .json
        .iter()
        .flat_map(crate::json::leaves)
        .map(|leaf| leaf.name().to_owned())
        .filter(|name| ROLES.contains(&name.to_ascii_lowercase().as_str()))
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Writing methods that OPTIONS offers to nobody and that the specification does not tell of.
fn methods(scan: &mut Scan<'_>) {
    let declared: Vec<Read> = scan
        .reads
        .clone()
        .into_iter()
        .filter(|read| read.operation.found.contains(&Found::Specification))
        .collect();
    let asks: Vec<Ask> = declared
        .iter()
        .map(|read| Ask::new(Method::Options, &read.target, Who::Anonymous))
        .collect();
    let outcomes = scan.client.all(&asks);
    for ((read, ask), outcome) in declared.iter().zip(&asks).zip(&outcomes) {
        let Some(answer) = outcome.success().cloned() else {
            continue;
        };
        let offered: Vec<String> = answer
            .header("allow")
            .unwrap_or_default()
            .split(',')
            .map(|method| method.trim().to_ascii_uppercase())
            .filter(|method| matches!(method.as_str(), "PUT" | "PATCH" | "DELETE"))
            .filter(|method| {
                !scan
                    .survey
                    .operations
                    .declares(method, &read.operation.route)
            })
            .collect();
        if offered.is_empty() {
            continue;
        }
        let sight = Sight::new(CHECK, SurfaceKind::MethodOffered, &read.operation.route, ask, &answer)
            .subject(offered.join(","))
            .seen(format!("`OPTIONS {}` offers {} to a caller without credentials; the specification does not tell of it.", read.operation.route, offered.join(", ")))
            .compared("The Allow header was compared with the methods that the specification has for this path. Nothing was written.")
            .possible();
        scan.see(sight);
    }
}
