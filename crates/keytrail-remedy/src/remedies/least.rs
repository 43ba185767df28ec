//! The rights that the code needs in place of all.

use std::ops::Range;

use hcl_edit::Span as _;
use hcl_edit::expr::Expression;
use hcl_edit::structure::Block;

use super::Remedy;
use crate::case::Case;
use crate::hcl::Terraform;
use crate::{Change, Piece, Why};

pub(crate) struct LeastRights;

/// The services whose statements are made anew; what else a policy grants stays.
pub const SERVICES: [&str; 4] = ["dynamodb", "kms", "secretsmanager", "ssm"];

impl Remedy for LeastRights {
    fn name(&self) -> &'static str {
        "least-rights"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["vault-too-wide", "wildcard-on-key-table"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let least = case.least.ok_or(Why::Shape(
            "which rights the code needs is not known: see keytrail policy",
        ))?;
        let principal = case.finding.subject.split(' ').next().unwrap_or_default();
        if !least.principals.iter().any(|it| it == principal) {
            return Err(Why::Shape(
                "the role is not the application's: what it needs does not stand in this code",
            ));
        }
        let span = case.at().span();
        if !span.path.ends_with(".tf") {
            return Err(Why::Shape(
                "the policy is no aws_iam_policy_document of Terraform: take it from keytrail policy",
            ));
        }
        let file = Terraform::parse(case.files.text(&span.path)?)?;
        let document = file.blocks().find(|block| {
            let is_it = block.has_ident("data")
                && block
                    .labels
                    .first()
                    .is_some_and(|label| label.as_str() == "aws_iam_policy_document");
            is_it
                && block.span().is_some_and(|range| {
                    let lines = file.text.line(range.start)..=file.text.line(range.end);
                    lines.contains(&span.line)
                })
        });
        let document = document.ok_or(Why::Shape(
            "the policy is no aws_iam_policy_document of Terraform: take it from keytrail policy",
        ))?;
        let old: Vec<Range<usize>> = document
            .body
            .get_blocks("statement")
            .filter(|it| is_ours(it))
            .filter_map(|it| whole_lines(&file, it))
            .collect();
        let (first, rest) = old.split_first().ok_or(Why::Shape(
            "no statement of it is about tables and vaults alone",
        ))?;
        let mut pieces = vec![Piece::new(first.clone(), least.statements)];
        pieces.extend(
            rest.iter()
                .map(|range| Piece::new(with_gap(&file, range), "")),
        );
        let draft = case
            .change(case.at(), pieces)
            .title("Grant what the code does, on the tables and secrets that it names")
            .changes("what the role did for others than this code is refused: compare with keytrail policy --diff, and try it on staging first");
        Ok(vec![draft.done()])
    }
}

/// Grants, and only actions of these services.
fn is_ours(statement: &Block) -> bool {
    let Some((Expression::Array(actions), _)) = Terraform::attribute(statement, "actions") else {
        return false;
    };
    let denies = Terraform::attribute(statement, "effect").is_some();
    let ours = |action: &Expression| match action {
        Expression::String(it) => it
            .as_str()
            .split_once(':')
            .is_some_and(|(service, _)| SERVICES.contains(&service)),
        _ => false,
    };
    !denies && !actions.is_empty() && actions.iter().all(ours)
}

/// The block with its indentation and the end of its last line.
fn whole_lines(file: &Terraform, block: &Block) -> Option<Range<usize>> {
    let range = block.span()?;
    let close = file.text.slice(0..range.end).rfind('}')?;
    file.text
        .begins_line(range.start)
        .then(|| file.text.line_start(range.start)..file.text.next_line(close))
}

/// The empty line before it goes too.
fn with_gap(file: &Terraform, range: &Range<usize>) -> Range<usize> {
    let before = file.text.slice(0..range.start);
    let gap = before.len() - before.trim_end_matches(['\n', '\r']).len();
    let end = if before.ends_with("\r\n") { 2 } else { 1 };
    range.start - gap.saturating_sub(end)..range.end
}
