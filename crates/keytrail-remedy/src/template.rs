//! CloudFormation and SAM, as YAML and as JSON: where keys stand, and text edits of exact ranges.

/// Whether the text can be read.
pub(crate) fn parses(text: &str) -> bool {
    if text.trim_start().starts_with('{') {
        return serde_json::from_str::<serde_json::Value>(text).is_ok();
    }
    saphyr_parser::Parser::new_from_str(text).all(|event| event.is_ok())
}
