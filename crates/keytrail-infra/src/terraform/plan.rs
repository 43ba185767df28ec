//! What Terraform itself says: a plan or a state as JSON, and state files. The values are known
//! there; what a plan leaves for later is unknown, with what it refers to where the plan says so.

use std::collections::BTreeMap;
use std::sync::Arc;

use keytrail_model::FileSpan;

use super::stacks::matters;
use crate::stack::{Resource, Stack};
use crate::terraform::source::environment_of_path;
use crate::text::{Id, RefKind, Text};
use crate::value::{Field, Map, Node, Value};

/// Modules within modules.
const MOST_DEEP: u8 = 24;

/// A cheap look at the first bytes and the name.
pub(crate) fn looks_like(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(4096)];
    let has = |word: &str| memchr::memmem::find(head, word.as_bytes()).is_some();
    has("\"terraform_version\"") || (has("\"format_version\"") && has("\"planned_values\""))
}

/// The resources of a plan or state; `None` where it is neither.
pub(crate) fn stack(path: &Arc<str>, root: &Node) -> Option<Stack> {
    let mut reader = Reader {
        path,
        resources: Vec::new(),
        unknown: BTreeMap::new(),
        references: BTreeMap::new(),
    };
    if let Some(module) = root.path("planned_values.root_module") {
        reader.changes(root);
        if let Some(configuration) = root.path("configuration.root_module") {
            reader.configuration(configuration, "", 0);
        }
        reader.module(module, 0);
    } else if let Some(module) = root.path("values.root_module") {
        reader.module(module, 0);
    } else if root.get("version").is_some() && root.get("resources").is_some() {
        reader.state(root);
    } else if root.get("version").is_some() && root.get("modules").is_some() {
        reader.old_state(root);
    } else {
        return None;
    }
    let mut resources = reader.resources;
    resources.sort_by(|one, other| one.id.cmp(&other.id));
    resources.dedup_by(|one, other| one.id == other.id);
    Some(Stack {
        environment: environment_of_path(path),
        resources,
        default_tags: Some(BTreeMap::new()),
        regions: BTreeMap::new(),
        accounts: std::collections::BTreeSet::new(),
        globals: None,
        api_globals: None,
    })
}

struct Reader<'a> {
    path: &'a Arc<str>,
    resources: Vec<Resource>,
    /// By address: which values are known only after the plan was applied.
    unknown: BTreeMap<String, &'a Node>,
    /// By address without instance, then attribute: what it refers to.
    references: BTreeMap<String, BTreeMap<String, String>>,
}

impl<'a> Reader<'a> {
    fn id(&self, address: &str) -> Id {
        Arc::from(format!("{}|{address}", self.path))
    }

    fn add(&mut self, address: &str, kind: &str, span: &FileSpan, body: Node) {
        if matters(kind) {
            self.resources.push(Resource {
                id: self.id(address),
                kind: kind.to_owned(),
                span: span.clone(),
                body,
            });
        }
    }

    fn changes(&mut self, root: &'a Node) {
        for change in root
            .get("resource_changes")
            .map_or_else(Vec::new, Node::items)
        {
            let address = change.get("address").and_then(Node::as_str);
            if let (Some(address), Some(unknown)) = (address, change.path("change.after_unknown")) {
                self.unknown.insert(address.to_owned(), unknown);
            }
        }
    }

    fn configuration(&mut self, module: &Node, prefix: &str, depth: u8) {
        if depth > MOST_DEEP {
            return;
        }
        for resource in module.get("resources").map_or_else(Vec::new, Node::items) {
            let Some(address) = resource.get("address").and_then(Node::as_str) else {
                continue;
            };
            let expressions = resource.get("expressions").and_then(Node::as_map);
            let found = self
                .references
                .entry(format!("{prefix}{address}"))
                .or_default();
            for (name, field) in expressions.into_iter().flat_map(|map| &map.fields) {
                let first = field
                    .node
                    .get("references")
                    .map_or_else(Vec::new, Node::texts);
                if let Some(first) = first.first().and_then(Text::known) {
                    found.insert(name.clone(), format!("{prefix}{first}"));
                }
            }
        }
        let calls = module.get("module_calls").and_then(Node::as_map);
        for (name, field) in calls.into_iter().flat_map(|map| &map.fields) {
            if let Some(inner) = field.node.get("module") {
                self.configuration(inner, &format!("{prefix}module.{name}."), depth + 1);
            }
        }
    }

    fn module(&mut self, module: &Node, depth: u8) {
        if depth > MOST_DEEP {
            return;
        }
        for resource in module.get("resources").map_or_else(Vec::new, Node::items) {
            let text = |field: &str| resource.get(field).and_then(Node::as_str);
            let (Some(address), Some(kind)) = (text("address"), text("type")) else {
                continue;
            };
            if text("mode") == Some("data") {
                continue;
            }
            let Some(values) = resource.get("values") else {
                continue;
            };
            let span = resource
                .get("address")
                .map_or(&resource.span, |it| &it.span);
            let body = self.with_unknown(address, values);
            self.add(address, kind, span, body);
        }
        for inner in module
            .get("child_modules")
            .map_or_else(Vec::new, Node::items)
        {
            self.module(inner, depth + 1);
        }
    }

    /// Puts unknowns in the place of what the plan leaves out.
    fn with_unknown(&self, address: &str, values: &Node) -> Node {
        let Some(map) = values.as_map() else {
            return values.clone();
        };
        let unknown = self.unknown.get(address).and_then(|node| node.as_map());
        let plain = address
            .rsplit_once('[')
            .filter(|(_, end)| end.ends_with(']'));
        let plain = plain.map_or(address, |(before, _)| before);
        let references = self.references.get(plain);
        let mut out = Map {
            fields: map.fields.clone(),
            open: map.open,
        };
        for (name, field) in unknown.into_iter().flat_map(|map| &map.fields) {
            if !matches!(field.node.value, Value::Bool(true)) {
                continue;
            }
            let reference = references.and_then(|all| all.get(name));
            let node = match reference.and_then(|it| self.reference(it)) {
                Some(text) => Node::new(Value::Text(text), &values.span),
                None => Node::unknown(&values.span),
            };
            out.fields.insert(
                name.clone(),
                Field {
                    key: values.span.clone(),
                    node,
                },
            );
        }
        Node::map(out, &values.span)
    }

    /// `aws_iam_role.app.arn` as a reference to that resource.
    fn reference(&self, text: &str) -> Option<Text> {
        let mut parts = text.rsplitn(2, '.');
        let (last, before) = (parts.next()?, parts.next()?);
        let kind = match last {
            "arn" => RefKind::Arn,
            "stream_arn" => RefKind::StreamArn,
            "name" | "id" => RefKind::Name,
            _ => return None,
        };
        before
            .contains("aws_")
            .then(|| Text::reference(&self.id(before), kind))
    }

    /// A state file of version 4.
    fn state(&mut self, root: &Node) {
        for resource in root.get("resources").map_or_else(Vec::new, Node::items) {
            let text = |field: &str| resource.get(field).and_then(Node::as_str);
            let (Some(kind), Some(name)) = (text("type"), text("name")) else {
                continue;
            };
            if text("mode") == Some("data") {
                continue;
            }
            let module = text("module").map_or_else(String::new, |module| format!("{module}."));
            let span = resource.get("name").map_or(&resource.span, |it| &it.span);
            for instance in resource.get("instances").map_or_else(Vec::new, Node::items) {
                let key = match instance.get("index_key").map(|node| &node.value) {
                    Some(Value::Number(number)) => format!("[{number}]"),
                    Some(Value::Text(text)) => format!("[\"{}\"]", text.pattern()),
                    _ => String::new(),
                };
                if let Some(attributes) = instance.get("attributes") {
                    self.add(
                        &format!("{module}{kind}.{name}{key}"),
                        kind,
                        span,
                        attributes.clone(),
                    );
                }
            }
        }
    }

    /// A state file of version 3 and older: attributes are flat, `a.0.b` for what is nested.
    fn old_state(&mut self, root: &Node) {
        for module in root.get("modules").map_or_else(Vec::new, Node::items) {
            let path: Vec<String> = module
                .get("path")
                .map_or_else(Vec::new, Node::texts)
                .iter()
                .skip(1)
                .map(|part| format!("module.{}.", part.pattern()))
                .collect();
            let prefix = path.concat();
            let declared = module.get("resources").and_then(Node::as_map);
            for (name, field) in declared.into_iter().flat_map(|map| &map.fields) {
                let kind = field.node.get("type").and_then(Node::as_str);
                let attributes = field.node.path("primary.attributes");
                if let (Some(kind), Some(attributes), false) =
                    (kind, attributes, name.starts_with("data."))
                {
                    let body = nested(attributes);
                    self.add(&format!("{prefix}{name}"), kind, &field.key, body);
                }
            }
        }
    }
}

/// Flat attributes as the lists and maps that they stand for.
fn nested(flat: &Node) -> Node {
    let mut tree = Tree::default();
    for (name, field) in flat.as_map().into_iter().flat_map(|map| &map.fields) {
        let parts: Vec<&str> = name.split('.').take(16).collect();
        if parts.last().is_some_and(|last| matches!(*last, "#" | "%")) {
            continue;
        }
        tree.put(&parts, &field.node);
    }
    tree.node(&flat.span)
}

#[derive(Default)]
struct Tree {
    leaf: Option<Node>,
    inner: BTreeMap<String, Tree>,
}

impl Tree {
    fn put(&mut self, parts: &[&str], node: &Node) {
        match parts.split_first() {
            None => self.leaf = Some(node.clone()),
            Some((first, rest)) => self
                .inner
                .entry((*first).to_owned())
                .or_default()
                .put(rest, node),
        }
    }

    /// Fields that are all numbers are a list.
    fn node(self, span: &FileSpan) -> Node {
        if self.inner.is_empty() {
            return self.leaf.unwrap_or_else(|| Node::unknown(span));
        }
        let list = self
            .inner
            .keys()
            .all(|key| key.bytes().all(|byte| byte.is_ascii_digit()));
        if list {
            let items = self.inner.into_values().map(|tree| tree.node(span));
            return Node::list(items.collect(), span);
        }
        let mut map = Map::default();
        for (name, tree) in self.inner {
            map.insert(name, span.clone(), tree.node(span));
        }
        Node::map(map, span)
    }
}
