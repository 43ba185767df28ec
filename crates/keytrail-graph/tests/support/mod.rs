//! Facts made by hand, as short as a test can read them. The rules' tests use them too.
#![allow(dead_code, missing_docs, unreachable_pub)]

use std::collections::BTreeMap;
use std::sync::Arc;

use keytrail_model::*;

pub fn code(path: &str, line: u32, symbol: &str) -> Location {
    Location::Code {
        span: FileSpan::line(&Arc::from(path), line),
        symbol: Some(Arc::from(symbol)),
    }
}

pub fn resource(path: &str, line: u32, address: &str) -> Location {
    Location::Resource {
        span: FileSpan::line(&Arc::from(path), line),
        address: Arc::from(address),
    }
}

pub fn setting_at(path: &str, line: u32, name: &str) -> Location {
    Location::Setting {
        span: FileSpan::line(&Arc::from(path), line),
        name: Arc::from(name),
    }
}

pub fn step(label: &str, location: Location) -> Step {
    Step::new(label, location)
}

pub fn table_ref(name: &str) -> TableRef {
    TableRef {
        names: vec![name.to_owned()],
        via: Vec::new(),
    }
}

pub fn operation(kind: OperationKind, table: &str, line: u32, entry: &str) -> Operation {
    Operation {
        location: code("shop/store.py", line, entry),
        kind,
        table: table_ref(table),
        index: None,
        keys: Vec::new(),
        projection: Projection::Whole,
        filter: Vec::new(),
        limit: false,
        paginated: false,
        consistent: false,
        conditional: false,
        writes: Vec::new(),
        shaped_by_caller: None,
        columns: Vec::new(),
        checks: Vec::new(),
        entry: Arc::from(entry),
        chain: Vec::new(),
    }
}

pub fn bound(attribute: &str, origin: Origin) -> KeyBinding {
    KeyBinding {
        attribute: Some(attribute.to_owned()),
        comparison: Comparison::Equal,
        origins: vec![origin],
    }
}

pub fn by_caller(line: u32) -> Origin {
    Origin::Caller(
        RequestPart::Path,
        step("the caller names it", code("shop/views.py", line, "view")),
    )
}

pub fn by_identity(line: u32) -> Origin {
    Origin::Identity(step("request.user", code("shop/views.py", line, "view")))
}

pub fn flow(source: Source, sink: Sink, line: u32, function: &str) -> Flow {
    let location = code("shop/views.py", line, function);
    Flow {
        source,
        sink,
        transform: Transform::None,
        steps: vec![
            step(
                "it comes from here",
                code("shop/views.py", line.saturating_sub(1), function),
            ),
            step("it goes in here", location.clone()),
        ],
        location,
        function: Arc::from(function),
        excluded: Vec::new(),
        checks: Vec::new(),
    }
}

pub fn route(pattern: &str, view: &str, access: Access) -> Route {
    Route {
        pattern: pattern.to_owned(),
        method: HttpMethod::Get,
        view: Arc::from(view),
        view_location: code("shop/views.py", 1, view),
        location: code("shop/urls.py", 1, "urlpatterns"),
        access,
        access_evidence: Vec::new(),
        csrf_exempt: None,
        throttled: false,
    }
}

pub fn reach(view: &str, function: &str) -> Reach {
    Reach {
        view: Arc::from(view),
        function: Arc::from(function),
        chain: vec![step("calls", code("shop/views.py", 2, view))],
    }
}

pub fn setting(name: &str, value: SettingValue, module: &str) -> Setting {
    let path = format!("{}.py", module.replace('.', "/"));
    Setting {
        name: name.to_owned(),
        value,
        module: Arc::from(module),
        environment: Environment::of_name(module),
        loaded: true,
        location: setting_at(&path, 3, name),
    }
}

pub fn table(name: &str) -> Table {
    Table {
        name: name.to_owned(),
        also_named: Vec::new(),
        address: Arc::from(format!("aws_dynamodb_table.{name}").as_str()),
        location: resource("infra/main.tf", 1, &format!("aws_dynamodb_table.{name}")),
        source: TableSource::Terraform,
        environment: Environment::Unspecified,
        environments: Vec::new(),
        keys: vec![KeyElement {
            attribute: "owner_id".to_owned(),
            role: KeyRole::Partition,
        }],
        indexes: Vec::new(),
        stream: None,
        encryption: Encryption::AwsOwned,
        point_in_time_recovery: Tri::No,
        deletion_protection: Tri::No,
        ttl: None,
        tags: Some(BTreeMap::new()),
        replicas: Vec::new(),
        copies: Vec::new(),
        seeded: Vec::new(),
    }
}

pub fn index(name: &str, partition: &str, projection: IndexProjection) -> Index {
    Index {
        name: name.to_owned(),
        kind: IndexKind::Global,
        keys: vec![KeyElement {
            attribute: partition.to_owned(),
            role: KeyRole::Partition,
        }],
        projection,
        location: resource("infra/main.tf", 10, "aws_dynamodb_table.keys"),
    }
}

pub fn principal(address: &str, runs: bool) -> Principal {
    let location = resource("infra/roles.tf", 1, address);
    Principal {
        address: Arc::from(address),
        name: address.rsplit('.').next().unwrap_or(address).to_owned(),
        kind: PrincipalKind::Role,
        location: location.clone(),
        environment: Environment::Unspecified,
        runs: runs
            .then(|| step("a task runs under it", location))
            .into_iter()
            .collect(),
        trusts: Vec::new(),
    }
}

pub fn grant(principal: &str, table: &str, door: Door) -> Grant {
    Grant {
        principal: Arc::from(principal),
        table: Arc::from(format!("aws_dynamodb_table.{table}").as_str()),
        door,
        index: None,
        decision: Decision::Allowed,
        statements: vec![step(
            "Allow dynamodb:* on table/*",
            Location::Statement {
                span: FileSpan::line(&Arc::from("infra/roles.tf"), 20),
                policy: Arc::from(format!("{principal}#0").as_str()),
            },
        )],
        wildcard_action: true,
        wildcard_resource: true,
        attributes: None,
        leading_keys: false,
    }
}

pub fn secret(text: &str) -> (Option<Fingerprint>, Masked) {
    let secret = Secret::new(text.as_bytes());
    (
        Fingerprinter::default().fingerprint(&secret),
        Masked::of(&secret, 4),
    )
}

pub fn sighting(path: &str, line: u32, provider: &str, text: &str) -> Sighting {
    let (fingerprint, masked) = secret(text);
    Sighting {
        location: Location::File {
            span: FileSpan::line(&Arc::from(path), line),
        },
        provider: provider.to_owned(),
        title: "Stripe secret key".to_owned(),
        fingerprint,
        masked,
        confidence: SightingConfidence::High,
        proofs: Vec::new(),
        context: SightingContext::default(),
        power: String::new(),
        rotate: String::new(),
    }
}

/// The main story: `POST` stores a key, an anonymous `GET` gives it out through an index.
pub struct Story {
    pub put: Operation,
    pub query: Operation,
    pub stored: Flow,
    pub served: Flow,
    pub get: Route,
    pub post: Route,
    pub table: Table,
}

impl Story {
    pub fn new() -> Self {
        let mut put = operation(OperationKind::PutItem, "keys", 10, "store.add");
        put.writes = vec!["api_key".to_owned(), "owner_id".to_owned()];
        let mut query = operation(OperationKind::Query, "keys", 20, "store.by_service");
        query.index = Some("service-index".to_owned());
        query.keys = vec![bound("service", by_caller(31))];
        let stored = flow(
            Source::Request(RequestPart::Body, "api_key".to_owned()),
            Sink::Store(put.location.clone(), "api_key".to_owned()),
            40,
            "views.create",
        );
        let served = flow(
            Source::Item(query.location.clone(), String::new()),
            Sink::Response,
            32,
            "views.list",
        );
        let mut post = route("/keys/", "views.create", Access::Authenticated);
        post.method = HttpMethod::Post;
        let mut table = table("keys");
        table.indexes = vec![index("service-index", "service", IndexProjection::All)];
        Self {
            put,
            query,
            stored,
            served,
            get: route("/services/<service>/keys/", "views.list", Access::Anonymous),
            post,
            table,
        }
    }

    pub fn facts(self) -> Vec<Fact> {
        vec![
            Fact::Operation(self.put),
            Fact::Operation(self.query),
            Fact::Flow(self.stored),
            Fact::Flow(self.served),
            Fact::Route(self.get),
            Fact::Route(self.post),
            Fact::Reach(reach("views.list", "store.by_service")),
            Fact::Reach(reach("views.create", "store.add")),
            Fact::Table(self.table),
        ]
    }
}
