//! See the page beside this file.

use keytrail_model::{Finding, Severity, StreamView};

use crate::{Context, Draft, Kind, Meta, Rule};

/// Nobody looks at the stream of a key table.
pub(crate) struct StreamNotWatched;

static META: Meta = Meta {
    id: "stream-not-watched",
    title: "Nobody looks at the stream of a key table",
    cwe: &[778],
    severity: Severity::Info,
    needs: &[Kind::Infra],
    page: include_str!("stream_not_watched.md"),
};

impl Rule for StreamNotWatched {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for table in cx.joined.keys.tables() {
            let name = cx.table_name(table);
            for declared in cx.joined.tables.node(table).in_templates() {
                let Some(stream) = &declared.stream else {
                    continue;
                };
                if !stream.consumers.is_empty() || stream.view == StreamView::Unknown {
                    continue;
                }
                Draft::new(cx, &META, &stream.location)
                    .subject(name)
                    .message(format!(
                        "Table `{name}` holds keys and has a stream, and nothing in the templates reads it: a raw key that is written tomorrow is noticed by nobody."
                    ))
                    .fix(format!("Let a consumer look at each change of `{name}`, or run `keytrail watch`"))
                    .unsafe_fix("Switch the stream off if nothing needs it")
                    .add(out);
            }
        }
    }
}
