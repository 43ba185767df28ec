//! The answer to "who can get this?", at a terminal.

use keytrail_model::{Actor, Confidence, Guard, Rightful, Step};

use crate::terminal::{Page, TerminalOptions};
use crate::{Sources, text};

/// One actor at the end of a way.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Who.
    pub actor: Actor,
    /// Whether they should.
    pub rightful: Rightful,
    /// How sure.
    pub confidence: Confidence,
    /// The way.
    pub steps: Vec<Step>,
    /// What holds it, and what doesn't.
    pub guards: Vec<Guard>,
}

/// Everybody who can get at `target`: those who should not have it first, with every hop; the
/// rightful ones after, in short unless `verbose`.
pub fn who(
    target: &str,
    standings: &[Standing],
    sources: &dyn Sources,
    options: TerminalOptions,
) -> String {
    let mut page = Page::new(sources, options);
    let (wrong, rightful): (Vec<&Standing>, Vec<&Standing>) = standings
        .iter()
        .partition(|standing| standing.rightful == Rightful::No);
    page.line(&format!(
        "Who can get {}: {} who should not, {} who may",
        text::clean(target),
        wrong.len(),
        rightful.len()
    ));
    if !wrong.is_empty() {
        page.heading("Should not have it");
        for standing in wrong {
            page.standing(standing, true);
        }
    }
    if !rightful.is_empty() {
        page.heading("Rightful");
        for standing in rightful {
            page.standing(standing, options.verbose);
        }
    }
    page.done()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::json::tests::report;
    use crate::terminal::tests::Numbered;

    #[test]
    fn wrong_readers_come_first_with_every_hop() {
        let path = &report().findings[0];
        let standing = |actor: Actor| Standing {
            rightful: actor.rightful(),
            actor,
            confidence: Confidence::Likely,
            steps: path.path.clone(),
            guards: path.guards.clone(),
        };
        let standings = [
            standing(Actor::Anonymous),
            standing(Actor::Application(Arc::from("aws_iam_role.app"))),
        ];
        insta::assert_snapshot!(who(
            "api_metadata.api_key",
            &standings,
            &Numbered,
            TerminalOptions::default()
        ));
        let nobody = who("x\u{1b}[1m", &[], &Numbered, TerminalOptions::default());
        assert_eq!(
            nobody,
            "Who can get x\u{fffd}[1m: 0 who should not, 0 who may\n"
        );
    }
}
