//! Calls that count for what they do: responses, pages, HTTP, clients, headers.

use std::sync::Arc;

use super::Machine;
use super::arguments::Arguments;
use super::external::keep_constants;
use super::record::{ClientRecord, SinkKind};
use super::shape::{Aws, Shape};
use super::value::Value;
use crate::program::Site;
use crate::symbols::Sym;

impl Machine<'_> {
    pub(super) fn respond(&mut self, site: Site, arguments: &Arguments) {
        let words = self.shared.words;
        let mut body = arguments
            .positional
            .first()
            .map(|(value, _)| value.clone())
            .unwrap_or_default();
        for name in [words.data, words.content] {
            if let Some(value) = arguments.named(name) {
                body.join(&value);
            }
        }
        if let Some(headers) = arguments.named(words.headers) {
            for (name, value) in headers.fields.iter().flat_map(|fields| fields.iter()) {
                self.note_header(site, *name, value);
                self.sink(&SinkKind::Response, site, value);
            }
        }
        self.sink(&SinkKind::Response, site, &body);
        self.rendered(site, &body);
    }

    /// Context → page: only variables that the template shows, where it is known.
    pub(super) fn render(&mut self, site: Site, template: &Value, context: &Value) {
        let Some(name) = template.constant() else {
            return;
        };
        match self.shared.templates.shown(self.text(name)) {
            Some(paths) => {
                for path in paths {
                    let mut value = context.clone();
                    let mut variable = None;
                    for part in path {
                        let Some(part) = self.shared.program.symbols.find(part) else {
                            break;
                        };
                        variable.get_or_insert(part);
                        value = if value
                            .shapes
                            .iter()
                            .any(|shape| matches!(shape, Shape::Instance(_)))
                        {
                            self.attribute(&value, part, site.1)
                        } else {
                            value.field(part)
                        };
                    }
                    if variable.is_some() {
                        self.sink(&SinkKind::Template(name, variable), site, &value);
                    }
                }
            }
            None => {
                for (variable, value) in context.fields.iter().flat_map(|fields| fields.iter()) {
                    self.sink(&SinkKind::Template(name, Some(*variable)), site, value);
                }
            }
        }
    }

    pub(super) fn http_call(&mut self, site: Site, arguments: &Arguments) -> Value {
        let words = self.shared.words;
        for name in [words.headers, words.auth, words.cookies] {
            if let Some(value) = arguments.named(name) {
                self.sink(&SinkKind::Replay, site, &value);
            }
        }
        for name in [words.data, words.json] {
            if let Some(value) = arguments.named(name) {
                self.sink(&SinkKind::ThirdParty("another service"), site, &value);
            }
        }
        if let Some(value) = arguments.named(words.params) {
            self.sink(&SinkKind::Url, site, &value);
        }
        // a URL that was put together round the key; one that is itself the secret (a webhook's)
        // is used as it is meant to be
        let urls = arguments.named(words.url).into_iter();
        let urls: Vec<Value> = urls
            .chain(
                arguments
                    .positional
                    .iter()
                    .take(2)
                    .map(|(value, _)| value.clone()),
            )
            .filter(|value| {
                value
                    .shapes
                    .iter()
                    .any(|shape| matches!(shape, Shape::Pattern(_)))
            })
            .collect();
        for value in urls {
            self.sink(&SinkKind::Url, site, &value);
        }
        Value::default()
    }

    pub(super) fn aws_client(
        &mut self,
        site: Site,
        arguments: &Arguments,
        resource: bool,
    ) -> Value {
        let service = arguments.either(0, self.shared.words.service_name);
        self.note_client(site, service.constant(), arguments);
        let service = keep_constants(&service);
        Value::of(Shape::Aws(Arc::new(Aws::of_service(service, resource))))
    }

    pub(super) fn note_client(&mut self, site: Site, service: Option<Sym>, arguments: &Arguments) {
        let words = self.shared.words;
        let named = |name| arguments.named(name).unwrap_or_default();
        let mut credentials = named(words.access_key_id);
        credentials.join(&named(words.secret_access_key));
        credentials.join(&arguments.at(usize::MAX));
        let credentials = keep_constants(&credentials);
        self.sink(&SinkKind::Credential(site), site, &credentials);
        self.out.clients.push(ClientRecord {
            site,
            service,
            plain: named(words.use_ssl).is_bool(false),
            unverified: named(words.verify).is_bool(false),
            endpoint: named(words.endpoint_url),
            credentials,
        });
    }

    /// A response of the framework, or a part of one: `response.headers`.
    pub(super) fn is_response(&self, value: &Value) -> bool {
        let word = self.shared.words.response;
        value
            .shapes
            .iter()
            .any(|shape| matches!(shape, Shape::Object(path) if path.first() == Some(&word)))
    }

    /// `response["Access-Control-Allow-Origin"] = "*"`.
    pub(super) fn header(&mut self, receiver: &Value, key: &Value, value: &Value, site: Site) {
        let is_response = self.is_response(receiver);
        self.kept_in_session(receiver, value, site);
        if is_response {
            self.sink(&SinkKind::Response, site, value);
        }
        if let Some(name) = key.constant()
            && (is_response || self.text(name).starts_with("Access-Control-"))
        {
            self.note_header(site, name, value);
        }
    }

    pub(super) fn note_header(&mut self, site: Site, name: Sym, value: &Value) {
        if self
            .text(name)
            .to_ascii_lowercase()
            .starts_with("access-control-")
        {
            self.out.headers.push(super::HeaderRecord {
                site,
                name,
                value: value.clone(),
            });
        }
    }
}
