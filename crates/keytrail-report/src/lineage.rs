//! Where one key was seen, at a terminal.

use keytrail_model::v1::{CoverageStatus, Lineage, Location, Seen};

use crate::text::{clean, count};

/// A line for each sighting, in the order of time, and what was not read.
pub fn lineage(lineage: &Lineage) -> String {
    let mut out = head(lineage);
    for seen in &lineage.sightings {
        out.push_str(&line(seen));
    }
    if lineage.sightings.is_empty() {
        out.push_str("It was seen nowhere in what was read.\n");
    }
    let mut left: Vec<String> = Vec::new();
    for record in &lineage.coverage {
        if matches!(
            record.status,
            CoverageStatus::NotEvaluated | CoverageStatus::Partial
        ) {
            left.push(format!("  {}: {}\n", record.source, clean(&record.reason)));
        }
    }
    if !left.is_empty() {
        out.push_str("\nNot or not wholly read\n");
        out.extend(left);
    }
    if !lineage.tool.project_salt {
        out.push_str("\nThe fingerprint is one of the default salt.\n");
    }
    out
}

fn head(lineage: &Lineage) -> String {
    let what = match (&lineage.title, &lineage.masked) {
        (Some(title), Some(masked)) => format!("{title} {masked}"),
        (None, Some(masked)) => format!("Key {masked}"),
        _ => "Key".to_owned(),
    };
    let times = count(lineage.sightings.len(), "sighting", "sightings");
    format!("{} {}: {times}\n\n", clean(&what), lineage.fingerprint)
}

fn line(seen: &Seen) -> String {
    let time = match (&seen.since, &seen.until) {
        (Some(since), Some(until)) if since == until => since.clone(),
        (Some(since), Some(until)) => format!("{since} to {until}"),
        (Some(since), None) => format!("since {since}"),
        _ => "today".to_owned(),
    };
    let name = seen
        .name
        .as_deref()
        .map_or_else(String::new, |name| format!(" as {name}"));
    let text = format!(
        "{time:<24}  {:<7}  {}{name}\n{:35}{}\n",
        seen.source.as_str(),
        place(&seen.location),
        "",
        seen.what
    );
    let lines: Vec<_> = text.lines().map(clean).collect();
    lines.join("\n") + "\n"
}

fn place(location: &Location) -> String {
    match location {
        Location::Commit {
            path, line, commit, ..
        } => {
            format!("{path}:{line} in {}", commit.get(..10).unwrap_or(commit))
        }
        Location::Code { path, line, .. }
        | Location::Statement { path, line, .. }
        | Location::Setting { path, line, .. }
        | Location::File { path, line, .. } => format!("{path}:{line}"),
        Location::Resource { path, address, .. } => format!("{path} ({address})"),
        Location::Exchange { method, url, .. } => format!("{method} {url}"),
    }
}
