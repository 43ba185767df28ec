//! Paths in identifiers.

use keytrail_model::{SurfaceCheck, SurfaceKind};

use super::neighbours::last_id;
use crate::client::Ask;
use crate::scan::{Read, Scan, Sight};

const CHECK: SurfaceCheck = SurfaceCheck::ObjectLevel;

/// A path in an identifier, that leads to a file everybody knows.
pub(super) fn run(scan: &mut Scan<'_>, read: &Read) {
    let Some((before, _, after)) = last_id(&read.operation, &read.target) else {
        return;
    };
    let who = read.filled_for;
    for path in [
        "..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
        "..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2fwindows%2fwin.ini",
    ] {
        let ask = Ask::get(&format!("{before}{path}{after}"), who);
        let outcome = scan.client.one(ask.clone());
        let Some(answer) = outcome.success().cloned() else {
            continue;
        };
        let text = answer.text();
        if text.contains("root:x:0:0:") || text.contains("[fonts]") && text.contains("[extensions]")
        {
            let sight = Sight::new(
                CHECK,
                SurfaceKind::Traversal,
                &read.operation.route,
                &ask,
                &answer,
            )
            .subject("path")
            .seen(format!(
                "`GET {}` follows a path in its identifier and answers with a file of the system.",
                read.operation.route
            ))
            .compared("The answer has the lines that the file has on every such system.");
            scan.see(sight);
            return;
        }
    }
}
