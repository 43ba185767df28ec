//! Terraform: where blocks and attributes stand, and text edits of exact ranges.

use std::ops::Range;

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, Object};
use hcl_edit::structure::{Block, Body};

use crate::text::Text;
use crate::{Piece, Why};

/// Whether the text can be read.
pub(crate) fn parses(text: &str) -> bool {
    hcl_edit::parser::parse_body(text).is_ok()
}

/// A file of Terraform with the ranges of its parts.
pub(crate) struct Terraform {
    pub(crate) text: Text,
    body: Body,
}

impl Terraform {
    pub(crate) fn parse(text: Text) -> Result<Self, Why> {
        let body = hcl_edit::parser::parse_body(text.as_str()).map_err(|_| Why::Broken)?;
        Ok(Self { text, body })
    }

    /// The resource of this kind that begins on this line.
    pub(crate) fn resource(&self, kind: &str, line: u32) -> Result<&Block, Why> {
        let is_it = |block: &&Block| {
            let start = block.span().map_or(0, |span| span.start);
            block.has_ident("resource")
                && block
                    .labels
                    .first()
                    .is_some_and(|label| label.as_str() == kind)
                && self.text.line(start) == line
        };
        let mut blocks = self.body.get_blocks("resource");
        blocks.find(|block| is_it(block)).ok_or(Why::Shape(
            "the table is not declared by a resource of its own here",
        ))
    }

    /// The names of the resources of a kind.
    pub(crate) fn names(&self, kind: &str) -> Vec<&str> {
        let blocks = self.body.get_blocks("resource");
        let of_kind = blocks.filter(|block| {
            block
                .labels
                .first()
                .is_some_and(|label| label.as_str() == kind)
        });
        of_kind
            .filter_map(|block| block.labels.get(1))
            .map(hcl_edit::structure::BlockLabel::as_str)
            .collect()
    }

    /// All blocks of the file, in order.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.body.blocks()
    }

    /// The name of a data source of this kind.
    pub(crate) fn data(&self, kind: &str) -> Option<String> {
        let mut blocks = self.body.get_blocks("data");
        let block = blocks.find(|block| {
            block
                .labels
                .first()
                .is_some_and(|label| label.as_str() == kind)
        })?;
        block.labels.get(1).map(|label| label.as_str().to_owned())
    }

    /// The value of an attribute of a block, with its range.
    pub(crate) fn attribute<'b>(
        block: &'b Block,
        name: &str,
    ) -> Option<(&'b Expression, Range<usize>)> {
        let value = &block.body.get_attribute(name)?.value;
        Some((value, value.span()?))
    }

    /// A block in a block.
    pub(crate) fn inner<'b>(block: &'b Block, name: &'static str) -> Option<&'b Block> {
        block.body.get_blocks(name).next()
    }

    /// `lines`, each without its indentation, as a paragraph of their own at the end of a block.
    pub(crate) fn at_the_end(&self, block: &Block, lines: &[String]) -> Result<Piece, Why> {
        let end = block.span().ok_or(Why::Broken)?.end;
        // A span may take in the end of the line.
        let close = self.text.slice(0..end).rfind('}').ok_or(Why::Broken)?;
        if !self.text.begins_line(close) {
            return Err(Why::Shape("the block is written in one line"));
        }
        let outer = self.text.indent(close);
        let indented: Vec<String> = lines
            .iter()
            .map(|line| format!("{outer}{}{line}\n", self.unit(block)))
            .collect();
        let at = self.text.line_start(close);
        Ok(Piece::new(at..at, format!("\n{}", indented.concat())))
    }

    /// How the block indents what is in it.
    pub(crate) fn unit(&self, block: &Block) -> &str {
        let start = block.span().map_or(0, |span| span.start);
        let first = block.body.iter().find_map(hcl_edit::Span::span);
        let inner = first.map_or("  ", |span| self.text.indent(span.start));
        inner
            .strip_prefix(self.text.indent(start))
            .filter(|unit| !unit.is_empty())
            .unwrap_or("  ")
    }

    /// A block at the end of the file.
    pub(crate) fn behind_all(&self, block: &str) -> Piece {
        let end = self.text.as_str().len();
        let lead = if self.text.as_str().ends_with('\n') || end == 0 {
            "\n"
        } else {
            "\n\n"
        };
        Piece::new(end..end, format!("{lead}{block}"))
    }
}

/// An entry at the beginning of a map, in the form in which the map is written.
pub(crate) fn first_entry(
    text: &Text,
    map: &Object,
    range: Range<usize>,
    entry: &str,
) -> Option<Piece> {
    let open = range.start + text.slice(range.clone()).find('{')?;
    let key = map.iter().next().and_then(|(key, _)| key.span());
    match key {
        None => Some(Piece::new(open + 1..open + 1, format!(" {entry}"))),
        Some(key) if text.line(key.start) == text.line(open) => {
            Some(Piece::new(key.start..key.start, format!("{entry}, ")))
        }
        Some(key) => {
            let at = text.line_start(key.start);
            Some(Piece::new(
                at..at,
                format!("{}{entry}\n", text.indent(key.start)),
            ))
        }
    }
}
