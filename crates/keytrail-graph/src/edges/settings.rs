//! What settings hold and open.

use keytrail_model::{
    Access, Actor, Confidence, EdgeKind, KeyPower, KeyRef, NameSource, Node, Place, Setting,
    SettingValue, Step, TableRef,
};

use super::sightings::lies_in;
use super::{attribute_node, edit, operations};
use crate::Joined;
use crate::build::Builder;
use crate::identity::{concrete, power_of_name};
use crate::keys::is_secret_setting;
use crate::settings::{Truth, hidden_by_django, is_deployed, shows_deployment, truth};

/// Secrets rest in settings; DEBUG shows them; a table's name may be that of another deployment.
pub(crate) fn edges(joined: &Joined<'_>, setting: &Setting, out: &mut Builder) {
    holds_secret(joined, setting, out);
    if setting.name == "DEBUG" && is_deployed(joined, setting) {
        debug_page(joined, setting, out);
    }
    shares_table(joined, setting, out);
}

fn holds_secret(joined: &Joined<'_>, setting: &Setting, out: &mut Builder) {
    if !is_secret_setting(joined, &setting.name) {
        return;
    }
    let place = Node::Place(Place::Setting(setting.name.clone()));
    let step = Step::new(
        format!("the setting `{}` of `{}`", setting.name, setting.module),
        setting.location.clone(),
    );
    let literal = match &setting.value {
        SettingValue::FromEnvironment { default, .. } => default.as_deref(),
        value => Some(value),
    };
    if let Some(SettingValue::Secret {
        fingerprint,
        masked,
        ..
    }) = literal
    {
        let key = concrete(
            joined,
            provider_of(&setting.name),
            *fingerprint,
            &setting.location,
        );
        let power = if is_deployed(joined, setting) {
            power_of_name(&setting.name)
        } else {
            KeyPower::Low
        };
        out.power(&key, power);
        if !seen_by_files(joined, setting) {
            let label = format!("`{}` is {masked} in the source", setting.name);
            let step = Step::new(label, setting.location.clone());
            lies_in(&key, &step, Confidence::Likely, false, out);
        }
        out.edge(Node::Key(key), EdgeKind::StoredIn, place.clone())
            .steps([step.clone()])
            .add();
    }
    if !matches!(
        setting.value,
        SettingValue::Secret { .. } | SettingValue::None
    ) {
        out.edge(
            Node::Key(KeyRef::Setting(setting.name.clone())),
            EdgeKind::StoredIn,
            place,
        )
        .steps([step])
        .add();
    }
}

/// The provider that a setting's own name tells.
fn provider_of(name: &str) -> &'static str {
    match name {
        "SECRET_KEY" => "django-secret-key",
        "AWS_SECRET_ACCESS_KEY" | "AWS_ACCESS_KEY_ID" => "aws-setting",
        _ => "generic",
    }
}

/// The collector of files saw a key in the same line: its edge is there already.
fn seen_by_files(joined: &Joined<'_>, setting: &Setting) -> bool {
    let span = setting.location.span();
    (span.line..=span.end_line.min(span.line + 40)).any(|line| joined.is_sighted(&span.path, line))
}

/// The page shows settings whose names do not look secret, and the local variables of every
/// frame of the failing view.
fn debug_page(joined: &Joined<'_>, setting: &Setting, out: &mut Builder) {
    let confidence = match truth(&setting.value) {
        Truth::Yes if shows_deployment(joined, setting) => Confidence::Likely,
        // The only settings module may be a developer's, with another one on the servers.
        Truth::Yes | Truth::Perhaps => Confidence::Possible,
        Truth::No => return,
    };
    let page = Node::Place(Place::DebugPage(setting.location.clone()));
    let before_edges =
        shown_settings(joined, setting, &page, out) + shown_items(joined, setting, &page, out);
    if before_edges == 0 {
        return;
    }
    out.edge(page, EdgeKind::ReachableBy, Node::Actor(Actor::Anonymous))
        .confidence(confidence)
        .steps([Step::new(
            format!(
                "DEBUG is on in `{}`: any error shows the debug page",
                setting.module
            ),
            setting.location.clone(),
        )])
        .edits([edit(
            format!("debug:{}", setting.location),
            format!("Set DEBUG to False in `{}`", setting.module),
            &setting.location,
            1,
        )])
        .add();
}

fn shown_settings(joined: &Joined<'_>, debug: &Setting, page: &Node, out: &mut Builder) -> usize {
    let mut shown = 0;
    for other in &joined.settings {
        let literal = matches!(other.value, SettingValue::Secret { .. });
        if other.module == debug.module
            && literal
            && !hidden_by_django(&other.name)
            && joined.share_project(&other.location, &debug.location)
        {
            shown += 1;
            out.edge(
                Node::Place(Place::Setting(other.name.clone())),
                EdgeKind::FlowsTo,
                page.clone(),
            )
            .steps([Step::new(
                format!("the page lists settings; it does not hide `{}`", other.name),
                other.location.clone(),
            )])
            .add();
        }
    }
    shown
}

fn shown_items(joined: &Joined<'_>, debug: &Setting, page: &Node, out: &mut Builder) -> usize {
    let mut shown = 0;
    for (number, operation) in joined.operations.iter().enumerate() {
        if !joined.share_project(&operation.location, &debug.location) {
            continue;
        }
        let routes = joined.calls.routes_to(&operation.entry);
        let open = routes.iter().any(|route| route.access == Access::Anonymous);
        if routes.is_empty() {
            continue;
        }
        // Behind a sign-in somebody has to fail for the page to show.
        let confidence = if open {
            Confidence::Likely
        } else {
            Confidence::Possible
        };
        for seen in operations::seen_by(joined, number) {
            shown += 1;
            out.edge(
                operations::node(operation, &seen.key.attribute),
                EdgeKind::FlowsTo,
                page.clone(),
            )
            .confidence(confidence)
            .steps([Step::new(
                "an error after this read shows the item among the local variables",
                operation.location.clone(),
            )])
            .add();
        }
    }
    shown
}

/// Two deployments with one literal table name.
fn shares_table(joined: &Joined<'_>, setting: &Setting, out: &mut Builder) {
    use keytrail_model::Environment::{Production, Unspecified};
    let SettingValue::Text(name) = &setting.value else {
        return;
    };
    if setting.environment != Production || !setting.loaded {
        return;
    }
    let others = joined.settings_named(&setting.name).iter().filter(|other| {
        !matches!(other.environment, Production | Unspecified)
            && other.loaded
            && other.value == setting.value
    });
    let others: Vec<_> = others.collect();
    if others.is_empty() || !names_a_table(joined, &setting.name) {
        return;
    }
    let Some(table) = joined.tables.named(name) else {
        return;
    };
    let table_name = &joined.tables.node(table).name;
    for other in others {
        // One inherited line may still mean two accounts.
        let confidence = if other.location == setting.location {
            Confidence::Possible
        } else {
            Confidence::Likely
        };
        for key in joined.keys.of(table) {
            out.edge(
                attribute_node(table_name, &key.attribute),
                EdgeKind::ReachableBy,
                Node::Actor(Actor::OtherEnvironment),
            )
            .confidence(confidence)
            .steps([
                Step::new(
                    format!("`{}` names the table `{name}`", setting.module),
                    setting.location.clone(),
                ),
                Step::new(
                    format!(
                        "`{}` ({}) names the same",
                        other.module,
                        other.environment.as_str()
                    ),
                    other.location.clone(),
                ),
            ])
            .edits([edit(
                format!("environments:{table_name}"),
                format!("Give each environment a table of its own in place of `{name}`"),
                &setting.location,
                10,
            )])
            .add();
        }
    }
}

fn names_a_table(joined: &Joined<'_>, setting: &str) -> bool {
    joined.operations.iter().any(|operation| {
        let TableRef { via, .. } = &operation.table;
        via.iter()
            .any(|via| matches!(via, NameSource::Setting(name) if name == setting))
    })
}
