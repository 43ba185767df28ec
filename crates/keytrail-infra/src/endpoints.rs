//! Who may call a function by URL: API Gateway's routes with their authorizers, and functions' own URLs.

use std::collections::BTreeMap;

use keytrail_model::{Access, Endpoint, HttpMethod, Step};

use crate::addresses::Addresses;
use crate::stack::{Resource, Stack};
use crate::text::{Id, Piece, Text};
use crate::value::Node;

/// Parts of a path; real ones stay below a dozen.
const DEEPEST: usize = 64;

/// Types that are read here and nowhere else.
pub(crate) fn matters(kind: &str) -> bool {
    const PREFIXES: &[&str] = &[
        "AWS::ApiGateway::",
        "AWS::ApiGatewayV2::",
        "AWS::Lambda::Url",
        "aws_api_gateway_",
        "aws_apigatewayv2_",
        "aws_lambda_function_url",
    ];
    PREFIXES.iter().any(|prefix| kind.starts_with(prefix))
}

/// All endpoints that lead to a function of the templates, sorted.
pub(crate) fn build(stacks: &[Stack], addresses: &Addresses) -> Vec<Endpoint> {
    let mut out = Vec::new();
    for stack in stacks {
        let scene = Scene::of(stack, addresses);
        for resource in &stack.resources {
            scene.endpoints(resource, &mut out);
        }
    }
    out.sort();
    out.dedup();
    out
}

/// One stack, with what refers to what.
struct Scene<'s> {
    stack: &'s Stack,
    addresses: &'s Addresses,
    by_id: BTreeMap<&'s str, &'s Resource>,
}

/// How one route is declared.
struct Route<'n> {
    path: String,
    method: HttpMethod,
    /// `NONE`, `AWS_IAM`, `JWT`, …; nothing where it is left out.
    kind: Option<Text>,
    /// Where that is said.
    at: Option<&'n Node>,
}

impl<'s> Scene<'s> {
    fn of(stack: &'s Stack, addresses: &'s Addresses) -> Self {
        let resources = stack.resources.iter();
        Self {
            stack,
            addresses,
            by_id: resources.map(|it| (&*it.id, it)).collect(),
        }
    }

    fn endpoints(&self, resource: &'s Resource, out: &mut Vec<Endpoint>) {
        let body = &resource.body;
        match resource.kind.as_str() {
            "AWS::Serverless::Function" => self.sam(resource, out),
            "AWS::Lambda::Url" => {
                let fields = ("TargetFunctionArn", "AuthType");
                self.own_url(resource, fields, out);
            }
            "aws_lambda_function_url" => {
                self.own_url(resource, ("function_name", "authorization_type"), out);
            }
            "AWS::ApiGatewayV2::Route" | "aws_apigatewayv2_route" => {
                let field = |upper, lower| body.get(upper).or_else(|| body.get(lower));
                let (method, path) = route_key(field("RouteKey", "route_key"));
                let kind = field("AuthorizationType", "authorization_type");
                let target = field("Target", "target");
                let functions = self.behind(target, &["IntegrationUri", "integration_uri"]);
                let route = Route {
                    path,
                    method,
                    kind: kind.and_then(Node::as_text),
                    at: kind,
                };
                self.add(resource, &functions, &route, out);
            }
            "AWS::ApiGateway::Method" => {
                let functions = self.functions(body.path("Integration.Uri"));
                self.rest(resource, &functions, out);
            }
            "aws_api_gateway_method" => {
                let functions = self.integrated(resource);
                self.rest(resource, &functions, out);
            }
            _ => {}
        }
    }

    /// A method of a REST API.
    fn rest(&self, resource: &'s Resource, functions: &[&Resource], out: &mut Vec<Endpoint>) {
        let body = &resource.body;
        let field = |upper, lower| body.get(upper).or_else(|| body.get(lower));
        let kind = field("AuthorizationType", "authorization");
        let route = Route {
            path: self.rest_path(field("ResourceId", "resource_id")),
            method: method(field("HttpMethod", "http_method").and_then(Node::as_str)),
            kind: kind.and_then(Node::as_text),
            at: kind,
        };
        self.add(resource, functions, &route, out);
    }

    /// The path of a REST API's resource, from the root.
    fn rest_path(&self, node: Option<&Node>) -> String {
        let mut parts: Vec<String> = Vec::new();
        let mut next = node.and_then(|node| self.referred(node));
        while let Some(resource) = next {
            let body = &resource.body;
            let part = body.get("PathPart").or_else(|| body.get("path_part"));
            let Some(part) = part.and_then(Node::as_text) else {
                break;
            };
            parts.push(part.pattern());
            if parts.len() >= DEEPEST {
                break;
            }
            let parent = body.get("ParentId").or_else(|| body.get("parent_id"));
            next = parent.and_then(|node| self.referred(node));
        }
        parts.reverse();
        format!("/{}", parts.join("/"))
    }

    /// The functions of the integration that stands beside a method of Terraform.
    fn integrated(&self, method: &Resource) -> Vec<&'s Resource> {
        let same = |other: &Resource, field: &str| {
            let texts = |resource: &Resource| resource.body.get(field).map(Node::texts);
            texts(other) == texts(method)
        };
        let all = self.stack.of_kind("aws_api_gateway_integration");
        let mut own = all.filter(|it| same(it, "resource_id") && same(it, "http_method"));
        own.next()
            .map_or_else(Vec::new, |it| self.functions(it.body.get("uri")))
    }

    /// The functions behind a route's target: `integrations/ID`.
    fn behind(&self, target: Option<&Node>, fields: &[&str]) -> Vec<&'s Resource> {
        let integration = target.and_then(|node| self.referred(node));
        let uri = integration.and_then(|it| fields.iter().find_map(|name| it.body.get(name)));
        self.functions(uri)
    }

    /// Whatever a text refers to, whole or in part.
    fn referred(&self, node: &Node) -> Option<&'s Resource> {
        let texts = node.texts();
        let ids = texts
            .iter()
            .flat_map(|text| ids(text).cloned().collect::<Vec<_>>());
        let mut found = ids.filter_map(|id| self.by_id.get(&*id).copied());
        found.next()
    }

    fn functions(&self, uri: Option<&Node>) -> Vec<&'s Resource> {
        let texts = uri.map_or_else(Vec::new, Node::texts);
        let ids = texts
            .iter()
            .flat_map(|text| ids(text).cloned().collect::<Vec<_>>());
        let found = ids.filter_map(|id| self.by_id.get(&*id).copied());
        found.filter(|it| is_function(it)).collect()
    }

    /// A URL of the function's own, which no gateway stands before.
    fn own_url(&self, resource: &'s Resource, fields: (&str, &str), out: &mut Vec<Endpoint>) {
        let functions = self.functions(resource.body.get(fields.0));
        let kind = resource.body.get(fields.1);
        let route = Route {
            path: "/*".to_owned(),
            method: HttpMethod::Any,
            kind: kind.and_then(Node::as_text),
            at: kind,
        };
        self.add(resource, &functions, &route, out);
    }

    /// Events of a function of SAM, and its URL.
    fn sam(&self, function: &'s Resource, out: &mut Vec<Endpoint>) {
        let body = &function.body;
        if let Some(url) = body.get("FunctionUrlConfig") {
            let kind = url.get("AuthType");
            let route = Route {
                path: "/*".to_owned(),
                method: HttpMethod::Any,
                kind: kind.and_then(Node::as_text),
                at: kind,
            };
            self.add(function, &[function], &route, out);
        }
        let events = body.get("Events").and_then(Node::as_map);
        for event in events.into_iter().flat_map(|events| events.fields.values()) {
            let rest = match event.node.get("Type").and_then(Node::as_str) {
                Some("Api") => true,
                Some("HttpApi") => false,
                _ => continue,
            };
            let properties = event.node.get("Properties");
            let field = |name: &str| properties.and_then(|it| it.get(name));
            let at = properties
                .and_then(|it| it.path("Auth.Authorizer"))
                .or_else(|| {
                    self.default_authorizer(field(if rest { "RestApiId" } else { "ApiId" }), rest)
                });
            let path = field("Path").and_then(Node::as_text);
            let route = Route {
                path: path.map_or_else(|| "/*".to_owned(), |path| path.pattern()),
                method: method(field("Method").and_then(Node::as_str)),
                kind: at.and_then(Node::as_text).map(|name| kind_of(&name)),
                at,
            };
            self.add(function, &[function], &route, out);
        }
    }

    /// Of the API that an event names, else of the globals.
    fn default_authorizer(&self, api: Option<&Node>, rest: bool) -> Option<&'s Node> {
        let own = api.and_then(|node| self.referred(node));
        if let Some(own) = own {
            return own.body.path("Auth.DefaultAuthorizer");
        }
        let path = if rest {
            "Api.Auth.DefaultAuthorizer"
        } else {
            "HttpApi.Auth.DefaultAuthorizer"
        };
        self.stack.api_globals.as_ref()?.path(path)
    }

    fn add(
        &self,
        resource: &Resource,
        functions: &[&Resource],
        route: &Route<'_>,
        out: &mut Vec<Endpoint>,
    ) {
        let (access, label) = access(route.kind.as_ref());
        let location = resource.location();
        let at = route
            .at
            .map_or_else(|| location.clone(), |node| resource.at(&node.span));
        for function in functions {
            let body = &function.body;
            let field = |upper: &str, lower: &str| {
                let node = body.get(upper).or_else(|| body.get(lower));
                node.and_then(Node::as_str).map(str::to_owned)
            };
            let globals = self.stack.globals.as_ref();
            let global = |name: &str| {
                let node = globals.and_then(|globals| globals.get(name));
                node.and_then(Node::as_str).map(str::to_owned)
            };
            let handler = field("Handler", "handler").or_else(|| global("Handler"));
            let code = field("CodeUri", "source_dir").or_else(|| global("CodeUri"));
            out.push(Endpoint {
                path: route.path.clone(),
                method: route.method,
                function: self.addresses.public(&function.id),
                handler: handler.map(|it| dotted(&it)),
                code: code.map(|it| dotted(&it)).filter(|it| !it.is_empty()),
                access,
                evidence: vec![Step::new(label, at.clone())],
                location: location.clone(),
            });
        }
    }
}

/// The identities that a text refers to, also where it is more than a reference.
fn ids(text: &Text) -> impl Iterator<Item = &Id> {
    text.pieces().iter().filter_map(|piece| match piece {
        Piece::Ref(id, _) => Some(id),
        _ => None,
    })
}

fn is_function(resource: &Resource) -> bool {
    matches!(
        resource.kind.as_str(),
        "AWS::Lambda::Function" | "AWS::Serverless::Function" | "aws_lambda_function"
    )
}

/// `src/web.handler` as `src.web.handler`.
fn dotted(path: &str) -> String {
    let parts = path
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".");
    parts.collect::<Vec<_>>().join(".")
}

fn method(text: Option<&str>) -> HttpMethod {
    match text.map(str::to_ascii_uppercase).as_deref() {
        Some("GET" | "HEAD") => HttpMethod::Get,
        Some("POST") => HttpMethod::Post,
        Some("PUT") => HttpMethod::Put,
        Some("PATCH") => HttpMethod::Patch,
        Some("DELETE") => HttpMethod::Delete,
        Some("OPTIONS") => HttpMethod::Options,
        _ => HttpMethod::Any,
    }
}

/// `GET /keys/{id}`, `$default`.
fn route_key(node: Option<&Node>) -> (HttpMethod, String) {
    let text = node
        .and_then(Node::as_text)
        .unwrap_or_else(|| Text::hole(None));
    let text = text.pattern();
    match text.split_once(' ') {
        Some((word, path)) => (method(Some(word)), path.to_owned()),
        None => (HttpMethod::Any, "/*".to_owned()),
    }
}

/// SAM names authorizers; two names are no authorizers.
fn kind_of(name: &Text) -> Text {
    match name.known() {
        Some("NONE" | "AWS_IAM") | None => name.clone(),
        Some(_) => Text::literal("JWT"),
    }
}

/// Who passes, and what says so.
fn access(kind: Option<&Text>) -> (Access, &'static str) {
    let Some(kind) = kind else {
        return (Access::Anonymous, "no authorizer is set");
    };
    match kind.known() {
        Some("NONE" | "") => (Access::Anonymous, "it is open to anybody"),
        Some("AWS_IAM") => (
            Access::Privileged,
            "calls are signed by a principal of AWS that may invoke it",
        ),
        Some("JWT" | "COGNITO_USER_POOLS") => {
            (Access::Authenticated, "an authorizer asks for a token")
        }
        Some("CUSTOM" | "REQUEST") => (
            Access::Unknown,
            "a function of its own decides who may call",
        ),
        _ => (Access::Unknown, "which authorizer decides is not known"),
    }
}

/// For messages: the address without its root.
#[cfg(test)]
fn shown(endpoint: &Endpoint) -> String {
    format!(
        "{} {} -> {} {:?}",
        endpoint.method.as_str(),
        endpoint.path,
        endpoint.function,
        endpoint.access
    )
}

#[cfg(test)]
mod tests {
    use keytrail_model::{Fact, MemoryTree, Progress};

    use super::*;

    fn all(name: &str, text: &str) -> Vec<String> {
        let tree = MemoryTree::new([(name.to_owned(), text.as_bytes().to_vec())]);
        let infra = crate::collect(&tree, &Progress::default());
        let facts = infra.collected.facts.iter();
        let found = facts.filter_map(|fact| match fact {
            Fact::Endpoint(endpoint) => Some(shown(endpoint)),
            _ => None,
        });
        found.collect()
    }

    #[test]
    fn sam_events_with_defaults_and_exceptions() {
        let text = r#"
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Globals:
  HttpApi:
    Auth: {DefaultAuthorizer: Users}
Resources:
  Rest:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Auth: {DefaultAuthorizer: AWS_IAM}
  Web:
    Type: AWS::Serverless::Function
    Properties:
      Handler: web.handler
      Events:
        One: {Type: HttpApi, Properties: {Path: /keys, Method: get}}
        Two: {Type: HttpApi, Properties: {Path: /health, Method: get, Auth: {Authorizer: NONE}}}
        Three: {Type: Api, Properties: {Path: "/admin/{id}", Method: post, RestApiId: !Ref Rest}}
        Four: {Type: Api, Properties: {Path: /open, Method: any}}
  Direct:
    Type: AWS::Serverless::Function
    Properties:
      Handler: direct.handler
      FunctionUrlConfig: {AuthType: NONE}
"#;
        assert_eq!(
            all("template.yaml", text),
            [
                "ANY /* -> Direct Anonymous",
                "POST /admin/{id} -> Web Privileged",
                "GET /health -> Web Anonymous",
                "GET /keys -> Web Authenticated",
                "ANY /open -> Web Anonymous",
            ]
        );
    }

    #[test]
    fn cloudformation_of_both_kinds() {
        let text = r#"
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  F: {Type: AWS::Lambda::Function, Properties: {Handler: web.handler}}
  Http: {Type: AWS::ApiGatewayV2::Api, Properties: {ProtocolType: HTTP}}
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties: {ApiId: !Ref Http, IntegrationUri: !GetAtt F.Arn}
  Route:
    Type: AWS::ApiGatewayV2::Route
    Properties: {ApiId: !Ref Http, RouteKey: "GET /keys/{id}", AuthorizationType: JWT, Target: !Sub "integrations/${Integration}"}
  Default:
    Type: AWS::ApiGatewayV2::Route
    Properties: {ApiId: !Ref Http, RouteKey: $default, Target: !Join ["/", [integrations, !Ref Integration]]}
  Rest: {Type: AWS::ApiGateway::RestApi, Properties: {Name: r}}
  Keys: {Type: AWS::ApiGateway::Resource, Properties: {PathPart: keys, ParentId: !GetAtt Rest.RootResourceId, RestApiId: !Ref Rest}}
  One: {Type: AWS::ApiGateway::Resource, Properties: {PathPart: "{id}", ParentId: !Ref Keys, RestApiId: !Ref Rest}}
  Get:
    Type: AWS::ApiGateway::Method
    Properties:
      HttpMethod: GET
      ResourceId: !Ref One
      RestApiId: !Ref Rest
      AuthorizationType: CUSTOM
      Integration: {Type: AWS_PROXY, Uri: !Sub "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${F.Arn}/invocations"}
  Url:
    Type: AWS::Lambda::Url
    Properties: {AuthType: AWS_IAM, TargetFunctionArn: !GetAtt F.Arn}
"#;
        assert_eq!(
            all("template.yaml", text),
            [
                "ANY /* -> F Anonymous",
                "ANY /* -> F Privileged",
                "GET /keys/{id} -> F Authenticated",
                "GET /keys/{id} -> F Unknown",
            ]
        );
    }

    #[test]
    fn terraform_of_both_kinds() {
        let text = r#"
resource "aws_lambda_function" "f" {
  function_name = "f"
  handler       = "web.handler"
  role          = "r"
}
resource "aws_apigatewayv2_integration" "f" {
  api_id          = "a"
  integration_uri = aws_lambda_function.f.invoke_arn
}
resource "aws_apigatewayv2_route" "keys" {
  api_id             = "a"
  route_key          = "POST /keys"
  authorization_type = "NONE"
  target             = "integrations/${aws_apigatewayv2_integration.f.id}"
}
resource "aws_api_gateway_rest_api" "r" { name = "r" }
resource "aws_api_gateway_resource" "keys" {
  rest_api_id = aws_api_gateway_rest_api.r.id
  parent_id   = aws_api_gateway_rest_api.r.root_resource_id
  path_part   = "keys"
}
resource "aws_api_gateway_method" "get" {
  rest_api_id   = aws_api_gateway_rest_api.r.id
  resource_id   = aws_api_gateway_resource.keys.id
  http_method   = "GET"
  authorization = "COGNITO_USER_POOLS"
}
resource "aws_api_gateway_integration" "get" {
  rest_api_id = aws_api_gateway_rest_api.r.id
  resource_id = aws_api_gateway_resource.keys.id
  http_method = aws_api_gateway_method.get.http_method
  uri         = aws_lambda_function.f.invoke_arn
}
resource "aws_lambda_function_url" "f" {
  function_name      = aws_lambda_function.f.function_name
  authorization_type = "NONE"
}
"#;
        assert_eq!(
            all("main.tf", text),
            [
                "ANY /* -> aws_lambda_function.f Anonymous",
                "GET /keys -> aws_lambda_function.f Authenticated",
                "POST /keys -> aws_lambda_function.f Anonymous",
            ]
        );
    }
}
