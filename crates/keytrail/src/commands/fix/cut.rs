//! The least cut's edits that nothing makes by itself: what a person has to do.

use keytrail_engine::{CutEdit, CutState};

use crate::cli::Global;
use crate::talk;

/// The edits that nothing makes by itself.
pub(super) fn tell(global: &Global, cut: &[CutEdit]) {
    for one in cut {
        let what = match &one.state {
            CutState::Automatic => continue,
            CutState::NeedsUnsafe(note) => ("with --unsafe", note.as_str()),
            CutState::ByHand(why) => ("by hand", *why),
        };
        let (how, note) = what;
        let span = one.edit.location.span();
        talk::note(
            global,
            &format!(
                "{how}: {} ({}:{})\n    {note}",
                one.edit.title, span.path, span.line
            ),
        );
    }
    let made = cut.iter().filter(|it| it.state == CutState::Automatic);
    talk::note(
        global,
        &format!(
            "least cut: {} of {} edits are automatic here",
            made.count(),
            cut.len()
        ),
    );
}
