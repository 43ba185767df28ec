//! The settings of a table, one by one.

use std::collections::{BTreeMap, BTreeSet};

use keytrail_model::{
    Encryption, Index, IndexProjection, KeyElement, KeyRole, Location, Step, StreamView, Table, Tri,
};

use super::compare::{Difference, Unread};

/// What is noted about one table.
struct Notes<'t, 'o> {
    declared: &'t Table,
    live: &'t Table,
    unread: &'t Unread,
    out: &'o mut Vec<Difference>,
}

impl Notes<'_, '_> {
    /// Notes a setting that differs, at its place in the template.
    fn note(&mut self, setting: &str, at: &Location, template: String, live: String) {
        if template != live {
            self.out.push(Difference {
                what: format!("table {}", self.live.name),
                setting: setting.to_owned(),
                template,
                at: Some(at.clone()),
                live,
                live_at: Some(self.live.location.clone()),
            });
        }
    }
}

/// Adds what differs.
pub(super) fn compare(declared: &Table, live: &Table, unread: &Unread, out: &mut Vec<Difference>) {
    let mut notes = Notes {
        declared,
        live,
        unread,
        out,
    };
    let at = &declared.location;
    notes.note("the key", at, keys(&declared.keys), keys(&live.keys));
    switches(&mut notes);
    indexes(&mut notes);
    stream(&mut notes);
    if let (Some(ours), Some(theirs)) = (&declared.tags, &live.tags) {
        tags(ours, theirs, &mut notes);
    }
    replicas(&mut notes);
    copies(&mut notes);
}

fn switches(notes: &mut Notes<'_, '_>) {
    let (declared, live) = (notes.declared, notes.live);
    let at = &declared.location;
    let mut switch = |setting: &str, ours: Tri, theirs: Tri| {
        if ours != Tri::Unknown && theirs != Tri::Unknown {
            notes.note(setting, at, on(ours), on(theirs));
        }
    };
    switch(
        "point-in-time recovery",
        declared.point_in_time_recovery,
        live.point_in_time_recovery,
    );
    switch(
        "deletion protection",
        declared.deletion_protection,
        live.deletion_protection,
    );
    let known = |ttl: &Option<String>| ttl.as_ref().is_none_or(|name| !name.contains('*'));
    if known(&declared.ttl) && known(&live.ttl) {
        let shown = |ttl: &Option<String>| ttl.clone().unwrap_or_else(|| "none".to_owned());
        notes.note("expiry (TTL)", at, shown(&declared.ttl), shown(&live.ttl));
    }
    let both = (
        encryption(&declared.encryption),
        encryption(&live.encryption),
    );
    if let (Some(ours), Some(theirs)) = both {
        notes.note("encryption", at, ours.to_owned(), theirs.to_owned());
    }
}

fn on(tri: Tri) -> String {
    match tri {
        Tri::Yes => "on",
        Tri::No => "off",
        Tri::Unknown => "unknown",
    }
    .to_owned()
}

/// Whose key it is. Which of the customer's keys, a template says by a reference and the account
/// by an ARN, so that they can't be compared.
fn encryption(encryption: &Encryption) -> Option<&'static str> {
    match encryption {
        Encryption::AwsOwned => Some("by a key that AWS owns"),
        Encryption::AwsManaged => Some("by a key that AWS manages"),
        Encryption::CustomerManaged(_) => Some("by a key of the customer's"),
        Encryption::Unknown => None,
    }
}

fn keys(keys: &[KeyElement]) -> String {
    let mut sorted: Vec<&KeyElement> = keys.iter().collect();
    sorted.sort_by_key(|key| key.role);
    let names = sorted.iter().map(|key| match key.role {
        KeyRole::Partition => key.attribute.clone(),
        KeyRole::Sort => format!("+ {}", key.attribute),
    });
    names.collect::<Vec<_>>().join(" ")
}

fn index(index: &Index) -> String {
    let shown = match &index.projection {
        IndexProjection::All => "all attributes".to_owned(),
        IndexProjection::KeysOnly => "keys only".to_owned(),
        IndexProjection::Include(names) => format!("with {}", names.join(", ")),
        IndexProjection::Unknown => "unknown attributes".to_owned(),
    };
    format!("{} ({shown})", keys(&index.keys))
}

fn indexes(notes: &mut Notes<'_, '_>) {
    let (declared, live) = (notes.declared, notes.live);
    let of = |table: &Table| -> BTreeMap<String, Index> {
        let indexes = table.indexes.iter().cloned();
        indexes.map(|index| (index.name.clone(), index)).collect()
    };
    let (ours, theirs) = (of(declared), of(live));
    if ours.contains_key("*") {
        return;
    }
    let names: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    for name in names {
        let (mine, other) = (ours.get(name), theirs.get(name));
        let open = mine.is_some_and(|it| it.projection == IndexProjection::Unknown);
        if open && other.is_some() {
            continue;
        }
        let shown = |it: Option<&Index>| it.map_or_else(|| "not there".to_owned(), index);
        let at = mine.map_or(&declared.location, |it| &it.location);
        notes.note(&format!("index {name}"), at, shown(mine), shown(other));
    }
}

fn stream(notes: &mut Notes<'_, '_>) {
    let (declared, live) = (notes.declared, notes.live);
    let view = |table: &Table| match table.stream.as_ref().map(|stream| stream.view) {
        None => Some("off"),
        Some(StreamView::KeysOnly) => Some("keys only"),
        Some(StreamView::Images) => Some("with images"),
        Some(StreamView::Unknown) => None,
    };
    let at = declared
        .stream
        .as_ref()
        .map_or(&declared.location, |stream| &stream.location);
    if let (Some(ours), Some(theirs)) = (view(declared), view(live)) {
        notes.note("the stream", at, ours.to_owned(), theirs.to_owned());
    }
}

fn tags(
    ours: &BTreeMap<String, String>,
    theirs: &BTreeMap<String, String>,
    notes: &mut Notes<'_, '_>,
) {
    let at = &notes.declared.location;
    let names: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    // AWS writes tags of its own.
    for name in names.into_iter().filter(|name| !name.starts_with("aws:")) {
        let (mine, other) = (ours.get(name), theirs.get(name));
        let open = [mine, other]
            .into_iter()
            .flatten()
            .any(|value| value.contains('*'));
        if open && mine.is_some() && other.is_some() {
            continue;
        }
        let shown = |value: Option<&String>| {
            value.map_or_else(|| "none".to_owned(), |it| format!("`{it}`"))
        };
        notes.note(&format!("tag {name}"), at, shown(mine), shown(other));
    }
}

fn replicas(notes: &mut Notes<'_, '_>) {
    let (declared, live) = (notes.declared, notes.live);
    let find = |table: &Table, region: &str| {
        let mut all = table.replicas.iter();
        all.find(|replica| replica.region == region).cloned()
    };
    if declared
        .replicas
        .iter()
        .any(|replica| replica.region.contains('*'))
    {
        return;
    }
    let both = declared.replicas.iter().chain(&live.replicas);
    let regions: BTreeSet<&String> = both.map(|replica| &replica.region).collect();
    for region in regions {
        let (mine, other) = (find(declared, region), find(live, region));
        let at = mine
            .as_ref()
            .map_or(&declared.location, |replica| &replica.location);
        if let (Some(ours), Some(theirs)) = (&mine, &other) {
            let (ours, theirs) = (ours.point_in_time_recovery, theirs.point_in_time_recovery);
            if ours != Tri::Unknown && theirs != Tri::Unknown {
                let setting = format!("point-in-time recovery of the replica in {region}");
                notes.note(&setting, at, on(ours), on(theirs));
            }
        } else {
            let there = |is: bool| if is { "there" } else { "not there" }.to_owned();
            let setting = format!("the replica in {region}");
            notes.note(&setting, at, there(mine.is_some()), there(other.is_some()));
        }
    }
}

/// Standing copies only: a single export or backup is an event, not a setting.
fn copies(notes: &mut Notes<'_, '_>) {
    let (declared, live) = (notes.declared, notes.live);
    let kinds = [
        (
            "sends its changes to a Kinesis stream",
            "the Kinesis destination",
        ),
        ("is backed up by AWS Backup", "the backup plan"),
    ];
    for (label, setting) in kinds {
        if notes.unread.has(live, label) {
            continue;
        }
        let find = |table: &Table| -> Option<Step> {
            table
                .copies
                .iter()
                .find(|step| step.label == label)
                .cloned()
        };
        let (mine, other) = (find(declared), find(live));
        let at = mine
            .as_ref()
            .map_or(&declared.location, |step| &step.location);
        let shown =
            |step: &Option<Step>| if step.is_some() { "there" } else { "not there" }.to_owned();
        notes.note(setting, at, shown(&mine), shown(&other));
    }
    let readers = |table: &Table| -> BTreeSet<String> {
        let consumers = table.stream.iter().flat_map(|stream| &stream.consumers);
        consumers.map(|step| step.label.clone()).collect()
    };
    let (ours, theirs) = (readers(declared), readers(live));
    let open = notes.unread.readers || ours.iter().any(|label| label.contains('*'));
    if open || live.stream.is_none() {
        return;
    }
    let shown = |labels: &BTreeSet<String>| {
        if labels.is_empty() {
            "none".to_owned()
        } else {
            labels.iter().cloned().collect::<Vec<_>>().join(", ")
        }
    };
    let at = &declared.location;
    notes.note("who reads the stream", at, shown(&ours), shown(&theirs));
}
