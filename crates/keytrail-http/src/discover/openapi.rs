//! `OpenAPI` 3.0 and 3.1 and Swagger 2.0, as operations. References are followed where they are needed,
//! never expanded: a cycle costs nothing, a chain ends at its bound.

use serde_json::{Map, Value};

use crate::actions;
use crate::client::Target;
use crate::limits;
use crate::operation::{BodyField, Found, In, Operation, Param, Security};

/// A specification that was read.
#[derive(Debug)]
pub(crate) struct Spec {
    pub(crate) root: Value,
    /// Where it was found, for people.
    pub(crate) from: String,
    pub(crate) operations: Vec<Operation>,
    /// Servers on other hosts, which are not asked.
    pub(crate) other_servers: Vec<String>,
    /// References that lead nowhere, out of the document, or in too long a chain.
    pub(crate) broken: u64,
}

/// Reads a text; `None` where it is no specification. `at` is its path on the service.
pub(crate) fn parse(text: &str, from: &str, at: &str, target: &Target) -> Option<Spec> {
    let root = document(text)?;
    let versioned = |name: &str, start: &str| {
        root.get(name)
            .is_some_and(|version| crate::json::scalar(version).starts_with(start))
    };
    let swagger = versioned("swagger", "2");
    if !(swagger || versioned("openapi", "3")) || !root.get("paths").is_some_and(Value::is_object) {
        return None;
    }
    let mut reader = Reader {
        root: &root,
        swagger,
        broken: 0,
        operations: Vec::new(),
        other_servers: Vec::new(),
    };
    let base = reader.base(at, target);
    reader.paths(&base);
    let Reader {
        broken,
        operations,
        other_servers,
        ..
    } = reader;
    Some(Spec {
        from: from.to_owned(),
        operations,
        other_servers,
        broken,
        root,
    })
}

/// JSON, else YAML.
pub(crate) fn document(text: &str) -> Option<Value> {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).ok();
    }
    super::yaml::parse(text)
}

/// Follows `$ref` from `value`; `None` for one that leads nowhere.
pub(crate) fn resolve<'v>(root: &'v Value, mut value: &'v Value) -> Option<&'v Value> {
    for _ in 0..limits::REFERENCES {
        let Some(reference) = value.get("$ref").and_then(Value::as_str) else {
            return Some(value);
        };
        value = root.pointer(&pointer(reference.strip_prefix('#')?))?;
    }
    None
}

fn pointer(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

struct Reader<'v> {
    root: &'v Value,
    swagger: bool,
    broken: u64,
    operations: Vec<Operation>,
    other_servers: Vec<String>,
}

impl<'v> Reader<'v> {
    /// The path below which the operations lie. Without servers it is the document's own origin.
    fn base(&mut self, at: &str, target: &Target) -> String {
        if self.swagger {
            let base = self
                .root
                .get("basePath")
                .and_then(Value::as_str)
                .unwrap_or("/");
            return base.trim_end_matches('/').to_owned();
        }
        let servers = self.root.get("servers").and_then(Value::as_array);
        let urls: Vec<&str> = servers
            .into_iter()
            .flatten()
            .filter_map(|server| server.get("url")?.as_str())
            .collect();
        let mut path: Option<String> = None;
        for url in urls {
            let local = target.local(url, at).or_else(|| {
                self.other_servers.push(url.to_owned());
                url::Url::parse(url).ok().map(|url| url.path().to_owned())
            });
            path = path.or(local);
        }
        path.unwrap_or_default().trim_end_matches('/').to_owned()
    }

    fn get(&mut self, value: &'v Value) -> &'v Value {
        resolve(self.root, value).unwrap_or_else(|| {
            self.broken += 1;
            &Value::Null
        })
    }

    fn paths(&mut self, base: &str) {
        let Some(paths) = self.root.get("paths").and_then(Value::as_object) else {
            return;
        };
        for (path, item) in paths {
            let item = self.get(item);
            let shared = self.params(item);
            for method in ["get", "put", "post", "delete", "options", "head", "patch"] {
                if let Some(told) = item.get(method) {
                    let route = format!("{base}/{}", path.trim_start_matches('/'));
                    self.operation(method, &route, told, &shared);
                }
            }
        }
    }

    fn operation(&mut self, method: &str, route: &str, told: &'v Value, shared: &[Param]) {
        let mut operation = Operation::new(method, route, Found::Specification);
        operation.params = self.params(told);
        for param in shared {
            if !operation
                .params
                .iter()
                .any(|own| own.name == param.name && own.place == param.place)
            {
                operation.params.push(param.clone());
            }
        }
        operation.security = self.security(told);
        operation.deprecated = told
            .get("deprecated")
            .and_then(Value::as_bool)
            .unwrap_or(false);
        operation.tags = texts(told.get("tags"));
        if method == "get" {
            let said = ["operationId", "summary", "description"].into_iter();
            operation.action = said
                .filter_map(|name| told.get(name)?.as_str())
                .find_map(actions::told);
        }
        operation.response = self.response(told).cloned();
        operation.body = self.body(told);
        self.operations.push(operation);
    }

    fn security(&self, told: &Value) -> Security {
        let Some(list) = told
            .get("security")
            .or_else(|| self.root.get("security"))
            .and_then(Value::as_array)
        else {
            return Security::Untold;
        };
        if list.is_empty() {
            Security::Open
        } else if list
            .iter()
            .any(|one| one.as_object().is_some_and(Map::is_empty))
        {
            Security::Optional
        } else {
            Security::Required
        }
    }

    fn params(&mut self, told: &'v Value) -> Vec<Param> {
        let list = told.get("parameters").and_then(Value::as_array);
        let mut params = Vec::new();
        for one in list.into_iter().flatten() {
            let one = self.get(one);
            let Some(name) = one.get("name").and_then(Value::as_str) else {
                continue;
            };
            let place = match one.get("in").and_then(Value::as_str) {
                Some("path") => In::Path,
                Some("query") => In::Query,
                Some("body" | "formData") => In::Body,
                _ => In::Other,
            };
            let schema = match one.get("schema") {
                Some(schema) => self.get(schema),
                None => one,
            };
            params.push(Param {
                name: name.to_owned(),
                place,
                required: place == In::Path
                    || one
                        .get("required")
                        .and_then(Value::as_bool)
                        .unwrap_or(false),
                kind: kind(schema),
                format: text(schema.get("format")),
                example: example(one).or_else(|| example(schema)),
            });
        }
        params
    }

    fn response(&mut self, told: &'v Value) -> Option<&'v Value> {
        let responses = told.get("responses")?.as_object()?;
        let found = ["200", "2XX", "201", "default"]
            .into_iter()
            .find_map(|status| responses.get(status))?;
        let response = self.get(found);
        if self.swagger {
            return response.get("schema");
        }
        media(response.get("content")?)?.get("schema")
    }

    fn body(&mut self, told: &'v Value) -> Vec<BodyField> {
        let schema = if self.swagger {
            let list = told.get("parameters").and_then(Value::as_array);
            let body = list
                .into_iter()
                .flatten()
                .find(|one| one.get("in").and_then(Value::as_str) == Some("body"));
            body.and_then(|body| body.get("schema"))
        } else {
            told.get("requestBody")
                .and_then(|body| media(self.get(body).get("content")?)?.get("schema"))
        };
        let Some(schema) = schema else {
            return Vec::new();
        };
        let mut fields: Vec<BodyField> = properties(self.root, schema)
            .into_iter()
            .map(|(name, field)| BodyField {
                name: name.to_owned(),
                read_only: field
                    .get("readOnly")
                    .and_then(Value::as_bool)
                    .unwrap_or(false),
            })
            .collect();
        fields.sort();
        fields.dedup();
        fields
    }
}

/// The JSON form of a content map, else its first.
fn media(content: &Value) -> Option<&Value> {
    let map = content.as_object()?;
    let json = map.iter().find(|(name, _)| name.contains("json"));
    json.or_else(|| map.iter().next()).map(|(_, media)| media)
}

/// The fields of an object schema, those of its parts too.
pub(crate) fn properties<'v>(root: &'v Value, schema: &'v Value) -> Vec<(&'v str, &'v Value)> {
    let mut out = Vec::new();
    let mut stack = vec![(schema, 0)];
    let mut looked_at = 0;
    while let Some((schema, depth)) = stack.pop() {
        looked_at += 1;
        let Some(schema) = resolve(root, schema).filter(|_| depth < 8 && looked_at < 500) else {
            continue;
        };
        if let Some(map) = schema.get("properties").and_then(Value::as_object) {
            for (name, field) in map {
                out.push((name.as_str(), resolve(root, field).unwrap_or(field)));
            }
        }
        for part in ["allOf", "anyOf", "oneOf"] {
            let parts = schema.get(part).and_then(Value::as_array);
            stack.extend(parts.into_iter().flatten().map(|part| (part, depth + 1)));
        }
    }
    out
}

/// True where a schema lets fields in that it does not name.
pub(crate) fn is_open(root: &Value, schema: &Value) -> bool {
    let Some(schema) = resolve(root, schema) else {
        return true;
    };
    match schema.get("additionalProperties") {
        Some(Value::Bool(false)) => false,
        Some(_) => true,
        None => ["anyOf", "oneOf", "patternProperties"]
            .iter()
            .any(|part| schema.get(*part).is_some()),
    }
}

/// `integer`; the first that is not `null` where there are several.
pub(crate) fn kind(schema: &Value) -> String {
    match schema.get("type") {
        Some(Value::Array(kinds)) => kinds
            .iter()
            .filter_map(Value::as_str)
            .find(|kind| *kind != "null")
            .unwrap_or_default()
            .to_owned(),
        other => text(other),
    }
}

fn example(told: &Value) -> Option<String> {
    let examples = told.get("examples").and_then(|examples| match examples {
        Value::Array(list) => list.first(),
        Value::Object(map) => map
            .values()
            .next()
            .and_then(|one| one.get("value").or(Some(one))),
        _ => None,
    });
    let first = told.get("enum").and_then(|list| list.get(0));
    [
        told.get("example"),
        examples,
        told.get("default"),
        first,
        told.get("const"),
    ]
    .into_iter()
    .flatten()
    .find(|value| matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_)))
    .map(crate::json::scalar)
}

fn text(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target {
        Target::parse("https://api.example.com").unwrap()
    }

    fn read(text: &str) -> Spec {
        parse(text, "x", "/docs/openapi.json", &target()).unwrap()
    }

    #[test]
    fn servers_missing_relative_and_elsewhere() {
        let paths = r#""paths":{"/keys/{id}":{"get":{}}}}"#;
        for (servers, route) in [
            ("", "/keys/{id}"),
            (r#""servers":[],"#, "/keys/{id}"),
            (r#""servers":[{"url":"/v2/"}],"#, "/v2/keys/{id}"),
            (
                r#""servers":[{"url":"https://api.example.com/v3"}],"#,
                "/v3/keys/{id}",
            ),
            (
                r#""servers":[{"url":"https://other.example/v4"}],"#,
                "/v4/keys/{id}",
            ),
        ] {
            let spec = read(&format!(r#"{{"openapi":"3.1.0",{servers}{paths}"#));
            assert_eq!(spec.operations[0].route, route, "{servers}");
        }
        let spec = read(&format!(
            r#"{{"openapi":"3.0.1","servers":[{{"url":"https://other.example/v4"}}],{paths}"#
        ));
        assert_eq!(spec.other_servers, ["https://other.example/v4"]);
    }

    #[test]
    fn swagger_as_yaml() {
        let spec = read(
            "swagger: '2.0'\nbasePath: /api\nsecurity: [{key: []}]\npaths:\n  /keys/{id}:\n    parameters:\n      - {name: id, in: path, type: integer, required: true}\n    get:\n      deprecated: true\n      responses: {200: {schema: {$ref: '#/definitions/Key'}}}\n    delete: {security: []}\ndefinitions:\n  Key: {type: object, properties: {id: {type: integer}}}\n",
        );
        let get = &spec.operations[0];
        assert_eq!(
            (get.route.as_str(), get.deprecated, get.security),
            ("/api/keys/{id}", true, Security::Required)
        );
        assert_eq!(get.params[0].kind, "integer");
        assert!(get.response.is_some());
        assert_eq!(spec.operations[1].security, Security::Open);
    }

    #[test]
    fn cycles_of_references_end() {
        let spec = read(
            r##"{"openapi":"3.0.0","paths":{"/a":{"$ref":"#/paths/~1b"},"/b":{"$ref":"#/paths/~1a"},"/c":{"get":{"security":[{}],"responses":{"200":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/N"}}}}}}}},"components":{"schemas":{"N":{"allOf":[{"$ref":"#/components/schemas/N"}],"properties":{"next":{"$ref":"#/components/schemas/N"}}}}}}"##,
        );
        assert_eq!(spec.operations.len(), 1);
        assert_eq!(spec.broken, 2);
        assert_eq!(spec.operations[0].security, Security::Optional);
        let schema = spec.operations[0].response.as_ref().unwrap();
        assert!(!properties(&spec.root, schema).is_empty());
    }
}
