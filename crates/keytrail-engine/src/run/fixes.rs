//! JSON v1 of `fix`.

use keytrail_model::{FixSafety, v1};
use keytrail_remedy::{Change, Closes, Left};

use super::{CutEdit, CutState, Fixed};

/// The published form of what `fix` makes, or has `applied`.
pub fn fixes(fixed: &Fixed, version: &str, applied: bool) -> v1::Fixes {
    let (closed, paths) = fixed.paths;
    v1::Fixes {
        version: v1::VERSION,
        tool: v1::Tool {
            name: "keytrail".to_owned(),
            version: version.to_owned(),
            project_salt: fixed.project_salt,
        },
        applied,
        changes: fixed.changes().map(change).collect(),
        least_cut: fixed
            .cut
            .as_deref()
            .map(|cut| cut.iter().map(edit).collect()),
        left: fixed.left.iter().map(left).collect(),
        findings_before: fixed.before.len() as u64,
        findings_after: fixed.after.len() as u64,
        paths_closed: closed as u64,
        paths: paths as u64,
    }
}

fn change(change: &Change) -> v1::SourceEdit {
    v1::SourceEdit {
        path: change.path.to_string(),
        line: change.line,
        remedy: change.remedy.to_owned(),
        title: change.title.clone(),
        safety: match change.safety {
            FixSafety::Safe => v1::Safety::Safe,
            FixSafety::Unsafe => v1::Safety::Unsafe,
        },
        note: change.note.clone(),
        closes: change.closes.iter().map(place).collect(),
    }
}

fn left(left: &Left) -> v1::LeftFinding {
    v1::LeftFinding {
        finding: place(&left.finding),
        why: left.why.to_string(),
    }
}

fn place(finding: &Closes) -> v1::FindingPlace {
    v1::FindingPlace {
        rule: finding.rule.to_owned(),
        path: finding.path.to_string(),
        line: finding.line,
    }
}

fn edit(cut: &CutEdit) -> v1::CutEdit {
    let (state, note) = match &cut.state {
        CutState::Automatic => (v1::CutState::Automatic, String::new()),
        CutState::NeedsUnsafe(note) => (v1::CutState::NeedsUnsafe, note.clone()),
        CutState::ByHand(why) => (v1::CutState::ByHand, (*why).to_owned()),
    };
    let span = cut.edit.location.span();
    v1::CutEdit {
        id: cut.edit.id.clone(),
        title: cut.edit.title.clone(),
        path: span.path.to_string(),
        line: span.line,
        state,
        note,
    }
}
