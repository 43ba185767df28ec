//! Terraform: where blocks and attributes stand, and text edits of exact ranges.

/// Whether the text can be read.
pub(crate) fn parses(text: &str) -> bool {
    hcl_edit::parser::parse_body(text).is_ok()
}
