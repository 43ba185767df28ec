//! The twelve checks of a service. Each asks what it needs and says what it saw; what that means is for
//! rules to say.

mod authentication;
mod consumption;
mod encryption;
mod exposure;
mod functions;
mod input;
mod inventory;
mod lists;
pub(crate) mod llm;
mod neighbours;
mod objects;
mod origins;
mod owners;
mod properties;
mod resources;
mod ssrf;
mod tls;
mod tokens;
mod traversal;

use crate::options::HttpOptions;
use crate::scan::Scan;

/// All of them, in the order in which what they ask helps the next.
pub(crate) fn run(scan: &mut Scan<'_>, options: &HttpOptions) {
    authentication::run(scan);
    tokens::run(scan);
    objects::run(scan);
    functions::run(scan);
    properties::run(scan);
    origins::run(scan);
    input::run(scan);
    exposure::run(scan);
    encryption::run(scan, options);
    ssrf::run(scan);
    inventory::run(scan);
    consumption::run(scan);
    llm::run(scan, options);
    // Last, because it may make the service refuse what comes after.
    resources::run(scan, options);
    authentication::expired(scan);
}
