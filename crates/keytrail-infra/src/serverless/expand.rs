//! Functions, their roles and their streams as the resources that the framework makes of them.

use keytrail_model::FileSpan;

use super::variables::{Variables, shown};
use crate::text::{Piece, Text};
use crate::value::{Map, Node, Value};

/// The role that all functions share unless they have one of their own.
const SHARED: &str = "IamRoleLambdaExecution";

pub(super) fn template(variables: &Variables<'_>) -> Node {
    let root = variables.root;
    let mut out = Builder {
        variables,
        resources: Map::default(),
        span: root.span.clone(),
    };
    let declared = variables.at("resources");
    for part in declared.as_ref().map_or_else(Vec::new, Node::items) {
        let fields = part.get("Resources").and_then(Node::as_map);
        for (name, field) in fields.into_iter().flat_map(|map| &map.fields) {
            out.resources
                .insert(name.clone(), field.key.clone(), field.node.clone());
        }
    }
    let functions = variables.at("functions");
    let mut shared = false;
    for list in functions.as_ref().map_or_else(Vec::new, Node::items) {
        for (name, field) in list.as_map().into_iter().flat_map(|map| &map.fields) {
            shared |= out.function(name, &field.key, &field.node);
        }
    }
    if shared {
        out.shared_role();
    }
    let mut template = Map::default();
    let resources = Node::map(out.resources, &root.span);
    template.insert("Resources", root.span.clone(), resources);
    if let Some(outputs) = declared.as_ref().and_then(|it| it.get("Outputs")) {
        template.insert("Outputs", outputs.span.clone(), outputs.clone());
    }
    Node::map(template, &root.span)
}

struct Builder<'v, 's> {
    variables: &'v Variables<'s>,
    resources: Map,
    span: FileSpan,
}

/// A map of these fields, those that are given.
fn map<const N: usize>(span: &FileSpan, fields: [(&str, Option<Node>); N]) -> Node {
    let mut out = Map::default();
    for (name, node) in fields {
        if let Some(node) = node {
            out.insert(name, node.span.clone(), node);
        }
    }
    Node::map(out, span)
}

fn get_att(name: &str, span: &FileSpan) -> Node {
    let pair = vec![Node::text(name, span), Node::text("Arn", span)];
    map(span, [("Fn::GetAtt", Some(Node::list(pair, span)))])
}

impl Builder<'_, '_> {
    fn put(&mut self, name: &str, key: &FileSpan, kind: &str, properties: Node) {
        let kind = Node::text(kind, key);
        let resource = map(
            key,
            [("Type", Some(kind)), ("Properties", Some(properties))],
        );
        self.resources.insert(name, key.clone(), resource);
    }

    /// True where the function runs under the shared role.
    fn function(&mut self, name: &str, key: &FileSpan, node: &Node) -> bool {
        let logical = format!("{}LambdaFunction", normalized(name));
        let own = node.get("iamRoleStatements");
        let provided = self.variables.at("provider.role");
        let provided = provided.or_else(|| {
            self.variables
                .at("provider.iam.role")
                .filter(|it| it.as_map().is_none_or(is_reference))
        });
        let (role, shared) = match (node.get("role").cloned(), own) {
            (Some(role), _) => (self.reference(&role), false),
            (None, Some(statements)) => (self.own_role(name, key, statements, node), false),
            (None, None) => match provided {
                Some(role) => (self.reference(&role), false),
                None => (get_att(SHARED, key), true),
            },
        };
        let variables = self.environment(node);
        let properties = map(
            key,
            [
                ("FunctionName", Some(self.name(name, node, key))),
                ("Role", Some(role)),
                (
                    "Environment",
                    variables.map(|it| map(key, [("Variables", Some(it))])),
                ),
            ],
        );
        self.put(&logical, key, "AWS::Lambda::Function", properties);
        self.streams(name, &logical, node);
        shared
    }

    /// `SERVICE-STAGE-FUNCTION`, unless it has a name.
    fn name(&self, name: &str, node: &Node, span: &FileSpan) -> Node {
        if let Some(given) = node.get("name") {
            return given.clone();
        }
        let stage = self.variables.at("provider.stage");
        let stage = shown(stage.as_ref()).unwrap_or_else(|| Text::literal("dev"));
        let service = self.variables.at("service");
        let service = service
            .as_ref()
            .and_then(|it| shown(it.get("name").or(Some(it))));
        let mut text = service.unwrap_or_else(|| Text::hole(None));
        text.push(Piece::Lit("-".to_owned()));
        text.append(&stage);
        text.push(Piece::Lit(format!("-{name}")));
        Node::new(Value::Text(text), span)
    }

    /// A role by its logical name, by its ARN, or by a function of `CloudFormation`.
    fn reference(&self, node: &Node) -> Node {
        match node.as_str() {
            Some(text) if self.resources.fields.contains_key(text) => get_att(text, &node.span),
            _ => node.clone(),
        }
    }

    fn environment(&self, node: &Node) -> Option<Node> {
        let mut all = Map::default();
        let provider = self.variables.at("provider.environment");
        for part in [provider.as_ref(), node.get("environment")]
            .into_iter()
            .flatten()
        {
            for (name, field) in part.as_map().into_iter().flat_map(|map| &map.fields) {
                all.insert(name.clone(), field.key.clone(), field.node.clone());
            }
        }
        (!all.fields.is_empty()).then(|| Node::map(all, &self.span))
    }

    /// Events of streams become mappings; all others lead to no table.
    fn streams(&mut self, name: &str, logical: &str, node: &Node) {
        let events: Vec<Node> = node
            .get("events")
            .map_or_else(Vec::new, Node::items)
            .into_iter()
            .filter_map(|event| event.get("stream").cloned())
            .collect();
        for (number, stream) in events.iter().enumerate() {
            let arn = if is_reference_node(stream) {
                Some(stream)
            } else {
                stream.get("arn").or(Some(stream))
            };
            let kind = stream.get("type").and_then(Node::as_str);
            let Some(arn) = arn.filter(|_| kind != Some("kinesis")) else {
                continue;
            };
            let properties = map(
                &stream.span,
                [
                    ("EventSourceArn", Some(arn.clone())),
                    ("FunctionName", Some(get_att(logical, &stream.span))),
                ],
            );
            let own = format!("{}EventSourceMapping{number}", normalized(name));
            self.put(
                &own,
                &stream.span.clone(),
                "AWS::Lambda::EventSourceMapping",
                properties,
            );
        }
    }

    /// The role of the plugin that gives each function its own.
    fn own_role(&mut self, name: &str, key: &FileSpan, statements: &Node, node: &Node) -> Node {
        let logical = format!("{}IamRoleLambdaExecution", normalized(name));
        let inherit = node.get("iamRoleStatementsInherit").and_then(Node::as_bool) == Some(true);
        let mut all: Vec<Node> = statements.items().into_iter().cloned().collect();
        if inherit {
            all.extend(self.provider_statements());
        }
        let properties = Self::role(all, statements, &["iamRoleStatementsName"], node, None);
        self.put(&logical, key, "AWS::IAM::Role", properties);
        get_att(&logical, key)
    }

    fn provider_statements(&self) -> Vec<Node> {
        let paths = ["provider.iam.role.statements", "provider.iamRoleStatements"];
        let found = paths.iter().filter_map(|path| self.variables.at(path));
        let found: Vec<Node> = found.collect();
        found
            .iter()
            .flat_map(|list| list.items().into_iter().cloned())
            .collect()
    }

    fn shared_role(&mut self) {
        let provider = self
            .variables
            .at("provider")
            .unwrap_or_else(|| Node::unknown(&self.span));
        let statements = self.provider_statements();
        let place = ["iam.role.statements", "iamRoleStatements"]
            .iter()
            .find_map(|path| provider.path(path))
            .unwrap_or(&provider)
            .clone();
        let arns = ["iam.role.managedPolicies", "iamManagedPolicies"];
        let arns = arns.iter().find_map(|path| provider.path(path)).cloned();
        let holder = provider
            .path("iam.role")
            .cloned()
            .unwrap_or_else(|| provider.clone());
        let properties = Self::role(statements, &place, &["name"], &holder, arns);
        let key = place.span.clone();
        self.put(SHARED, &key, "AWS::IAM::Role", properties);
    }

    fn role(
        statements: Vec<Node>,
        place: &Node,
        names: &[&str],
        holder: &Node,
        managed: Option<Node>,
    ) -> Node {
        let span = &place.span;
        let text = |text: &str| Some(Node::text(text, span));
        let trust = map(
            span,
            [
                ("Effect", text("Allow")),
                ("Action", text("sts:AssumeRole")),
                (
                    "Principal",
                    Some(map(span, [("Service", text("lambda.amazonaws.com"))])),
                ),
            ],
        );
        let document = |list: Vec<Node>| {
            map(
                span,
                [
                    ("Version", text("2012-10-17")),
                    ("Statement", Some(Node::list(list, span))),
                ],
            )
        };
        let name = if holder.get("statements").is_some()
            || holder.get("iamRoleStatements").is_none()
            || names == ["iamRoleStatementsName"]
        {
            names.iter().find_map(|name| holder.get(name)).cloned()
        } else {
            None
        };
        let name = name.filter(|node| node.as_str() != Some("aws"));
        let policy = map(
            span,
            [
                ("PolicyName", text("execution")),
                ("PolicyDocument", Some(document(statements))),
            ],
        );
        let boundary = [
            "permissionsBoundary",
            "permissionBoundary",
            "rolePermissionsBoundary",
        ];
        map(
            span,
            [
                ("RoleName", name),
                ("AssumeRolePolicyDocument", Some(document(vec![trust]))),
                ("Policies", Some(Node::list(vec![policy], span))),
                ("ManagedPolicyArns", managed),
                (
                    "PermissionsBoundary",
                    boundary.iter().find_map(|name| holder.get(name)).cloned(),
                ),
            ],
        )
    }
}

fn is_reference(map: &Map) -> bool {
    map.fields
        .keys()
        .any(|key| key == "Ref" || key.starts_with("Fn::"))
}

fn is_reference_node(node: &Node) -> bool {
    node.as_map().is_some_and(is_reference)
}

/// As the framework spells logical names: `my-func` is `MyDashfunc`.
fn normalized(name: &str) -> String {
    let spelled = name.replace('-', "Dash").replace('_', "Underscore");
    let mut chars = spelled.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}
