//! The picture of a path in the README: cut out of the HTML report of `examples/leaky`.

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use crate::run::{output, root};

/// The page's own style has variables and a theme switch; a picture needs its colours plain, for
/// a light and a dark page.
const STYLE: &str = "
svg { font-family: system-ui, -apple-system, 'Segoe UI', sans-serif; }
text { font-size: 13.5px; fill: #1c2333; }
.file { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 11.5px; fill: #5b6577; }
.hop-no { font-size: 11.5px; font-weight: 700; fill: #5b6577; }
.wire { fill: none; stroke: #7a8496; stroke-width: 2; }
.head { fill: #7a8496; }
.node rect { fill: #f2f4f8; stroke: #d3d9e3; stroke-width: 1.5; }
.node .stripe { stroke: none; fill: #1f57b8; }
.node.resource .stripe { fill: #15803d; } .node.statement .stripe { fill: #a16207; }
.node.setting .stripe { fill: #2563eb; } .node.file .stripe { fill: #5b6577; }
.node.first rect:not(.stripe) { stroke: #b8860b; stroke-width: 2.5; } .node.first .stripe { fill: #b8860b; }
.node .key circle, .node .key path { fill: none; stroke: #b8860b; stroke-width: 2.2; }
.node.actor rect { fill: #b3122e; stroke: none; }
.node.actor text { fill: #ffffff; font-weight: 700; }
.person circle, .person path { fill: #ffffff; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6e9ef; } .file, .hop-no { fill: #9aa4b6; }
  .node rect { fill: #1d2433; stroke: #38435a; }
  .node.actor rect { fill: #c4213d; }
}
";

/// The first path that the report draws, the worst, as a file of its own.
pub(crate) fn path(binary: &Path) -> anyhow::Result<String> {
    let arguments = [
        "scan",
        "examples/leaky",
        "--format",
        "html",
        "--fail-on",
        "never",
    ];
    let page = output(Command::new(binary).args(arguments).current_dir(root()))?;
    let (_, rest) = page
        .split_once("<svg class=\"drawn")
        .context("the report of examples/leaky draws no path")?;
    let (tag, rest) = rest.split_once('>').context("a picture without content")?;
    let (content, _) = rest.split_once("</svg>").context("a picture without end")?;
    // Links lead to hops of the page; a picture has none.
    let content = content
        .lines()
        .map(|line| match line.strip_prefix("<a href=\"") {
            Some(link) => {
                let (_, attributes) = link.split_once("\" ").unwrap_or_default();
                format!("<g {}", attributes.replace("</a>", "</g>"))
            }
            None => line.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("\n");
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"drawn{tag}>\n<style>{STYLE}</style>{content}</svg>\n"
    ))
}
