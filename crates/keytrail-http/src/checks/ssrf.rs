//! Parameters that take a URL. Candidates only: nothing is made to call anywhere.

use keytrail_model::{SurfaceCheck, SurfaceKind};

use crate::client::{Ask, Method, Who};
use crate::operation::{In, Operation};
use crate::scan::{Scan, Sight};

const CHECK: SurfaceCheck = SurfaceCheck::Ssrf;
const NAMES: &[&str] = &[
    "url",
    "uri",
    "callback",
    "callback_url",
    "webhook",
    "webhook_url",
    "image_url",
    "avatar_url",
    "feed",
    "feed_url",
    "target",
    "target_url",
    "proxy",
    "fetch",
    "remote",
    "source_url",
    "src_url",
    "endpoint",
    "host",
    "link",
    "import_url",
    "site",
    "page_url",
    "file_url",
    "download_url",
];

pub(super) fn run(scan: &mut Scan<'_>) {
    let operations: Vec<Operation> = scan.survey.operations.iter().cloned().collect();
    for operation in &operations {
        scan.looked(CHECK);
        let params = operation
            .params
            .iter()
            .filter(|param| matches!(param.place, In::Query | In::Path))
            .map(|param| (param.name.as_str(), param.format.as_str()));
        let fields = operation
            .body
            .iter()
            .filter(|field| !field.read_only)
            .map(|field| (field.name.as_str(), ""));
        let in_link = operation
            .concrete
            .as_deref()
            .and_then(|target| target.split_once('?'))
            .map(|(_, query)| query)
            .unwrap_or_default();
        let linked = in_link
            .split('&')
            .filter_map(|pair| pair.split('=').next())
            .map(|name| (name, ""));
        let mut names: Vec<String> = params
            .chain(fields)
            .chain(linked)
            .filter(|(name, format)| is_url(name, format))
            .map(|(name, _)| name.to_owned())
            .collect();
        names.sort();
        names.dedup();
        if names.is_empty() {
            continue;
        }
        let read = scan
            .reads
            .iter()
            .find(|read| read.operation.route == operation.route)
            .cloned();
        let target = read
            .as_ref()
            .map_or(operation.route.clone(), |read| read.target.clone());
        let ask = if operation.is_read() {
            Ask::get(&target, Who::Anonymous)
        } else {
            Ask::new(Method::Options, &target, Who::Anonymous)
        };
        let answer = scan.known(&target, Who::Anonymous).unwrap_or_default();
        let sight = Sight::new(CHECK, SurfaceKind::UrlParameter, &operation.route, &ask, &answer)
            .method(&operation.method)
            .subject(names.join(","))
            .seen(format!("`{} {}` takes a URL as `{}`: where it is fetched, the caller decides whom the service calls.", operation.method, operation.route, names.join("`, `")))
            .compared("Read from names and formats of parameters; nothing was made to call anywhere.")
            .possible();
        scan.see(sight);
    }
    if !operations.is_empty() {
        let told = "whether a URL that is taken is also fetched is not tried: that needs a listener, which this version does not have";
        scan.reached(CHECK).missing.push(told.to_owned());
    }
}

fn is_url(name: &str, format: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    matches!(format, "uri" | "url" | "uri-reference") || NAMES.contains(&lower.as_str())
}
