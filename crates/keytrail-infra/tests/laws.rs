//! Whatever a template says, reading it ends: no panic, and the same facts twice.

use keytrail_infra::{TableTarget, collect};
use keytrail_model::{MemoryTree, Progress};
use proptest::prelude::*;

const TEMPLATES: [(&str, &str); 5] = [
    ("main.tf", include_str!("fixtures/tf_policies/in/main.tf")),
    ("values.tf", include_str!("fixtures/tf_values/in/main.tf")),
    (
        "template.yaml",
        include_str!("fixtures/cfn/in/template.yaml"),
    ),
    ("sam.yml", include_str!("fixtures/sam/in/template.yml")),
    ("other.json", include_str!("fixtures/cfn/in/other.json")),
];

/// Pieces of the languages that are read, to be put where they do not belong.
const PIECES: [&str; 32] = [
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "\"",
    "${",
    "%{",
    "<<EOT\n",
    "EOT\n",
    "\n",
    "\t",
    "  - ",
    ": ",
    " = ",
    "!Sub ",
    "!GetAtt ",
    "Fn::If: ",
    "&a ",
    "*a",
    "? ",
    "| ",
    ">-\n",
    "for_each = ",
    "count = 1e9",
    "dynamic \"x\" ",
    "...",
    "\u{0}",
    "\u{feff}",
    "/*",
    "# ",
];

fn read(name: &str, text: &str) -> String {
    let infra = collect(&MemoryTree::new([(name, text)]), &Progress::default());
    let grants = infra
        .access
        .grants(&[TableTarget::named("keys"), TableTarget::named("*")]);
    let mut facts = infra.collected.facts;
    facts.sort();
    format!("{facts:?} {grants:?}")
}

/// The nearest place at or before `at` where a text may be cut.
fn cut(text: &str, at: usize) -> usize {
    let at = at % (text.len() + 1);
    (0..=at)
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_templates(
        which in 0..TEMPLATES.len(),
        damage in prop::collection::vec((any::<usize>(), 0..80_usize, 0..PIECES.len()), 1..8),
    ) {
        let (name, text) = TEMPLATES[which];
        let mut text = text.to_owned();
        for (at, length, piece) in damage {
            let from = cut(&text, at);
            let to = cut(&text, (from + length).min(text.len())).max(from);
            text.replace_range(from..to, PIECES[piece]);
        }
        prop_assert_eq!(read(name, &text), read(name, &text));
    }

    #[test]
    fn pieces_in_any_order(pieces in prop::collection::vec(0..PIECES.len(), 0..80), words in "[a-z_.]{0,8}") {
        let text: String = pieces.iter().flat_map(|&piece| [PIECES[piece], &words]).collect();
        for name in ["a.tf", "a.tf.json", "a.yaml", "a.json", "a.tfvars"] {
            read(name, &text);
            read(name, &format!("AWSTemplateFormatVersion: '2010-09-09'\nResources:\n{text}"));
            read(name, &format!("{{\"Resources\": {{{text}}}}}"));
        }
    }

    #[test]
    fn any_text(text in "\\PC{0,200}") {
        for name in ["a.tf", "a.yaml", "a.json", "a.tfvars"] {
            read(name, &text);
        }
    }
}
