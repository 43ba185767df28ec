//! XML answers as JSON: elements by name, lists where AWS writes `<member>` or `<item>`.

use roxmltree::{Document, Node, ParsingOptions};
use serde_json::{Map, Value};

/// Elements nest a few levels deep; what nests deeper is cut.
const DEEPEST: usize = 32;
const MOST_NODES: u32 = 2_000_000;

/// `None` where it is no XML. Entities that a document declares itself are refused.
pub(crate) fn json_of_xml(text: &str) -> Option<Value> {
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: MOST_NODES,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options).ok()?;
    Some(value(document.root_element(), 0))
}

fn value(node: Node<'_, '_>, depth: usize) -> Value {
    let children: Vec<Node<'_, '_>> = node.children().filter(Node::is_element).collect();
    if children.is_empty() || depth == DEEPEST {
        return Value::String(node.text().unwrap_or_default().trim().to_owned());
    }
    let is_list = |name: &str| matches!(name, "member" | "item");
    if children
        .iter()
        .all(|child| is_list(child.tag_name().name()))
    {
        let items = children.into_iter().map(|child| value(child, depth + 1));
        return Value::Array(items.collect());
    }
    let fields = children
        .into_iter()
        .map(|child| (child.tag_name().name().to_owned(), value(child, depth + 1)));
    Value::Object(fields.collect::<Map<String, Value>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_lists() {
        let text = "<R xmlns='x'><A><Roles><member><Name>a</Name></member><member><Name>b</Name></member></Roles>\
             <None/></A></R>";
        let expected =
            serde_json::json!({"A": {"Roles": [{"Name": "a"}, {"Name": "b"}], "None": ""}});
        assert_eq!(json_of_xml(text), Some(expected));
    }

    #[test]
    fn entities_are_refused() {
        assert_eq!(
            json_of_xml("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"),
            None
        );
        assert_eq!(json_of_xml("{}"), None);
    }
}
