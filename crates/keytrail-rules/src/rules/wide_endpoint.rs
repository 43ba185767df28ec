//! See the page beside this file.

use keytrail_model::{AssetKind, Control, Finding, Severity};

use crate::around::{assets, lacks};
use crate::{Context, Draft, Kind, Meta, Rule};

/// A VPC endpoint lets anybody in the network use any account's tables or vaults.
pub(crate) struct WideEndpoint;

static META: Meta = Meta {
    id: "wide-endpoint",
    title: "A VPC endpoint carries whatever anybody in the network sends",
    cwe: &[284],
    severity: Severity::Info,
    needs: &[Kind::Infra],
    page: include_str!("wide_endpoint.md"),
};

impl Rule for WideEndpoint {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for endpoint in assets(cx, AssetKind::Endpoint) {
            if !lacks(endpoint, Control::Narrowed) {
                continue;
            }
            let service = endpoint.name.rsplit('.').next().unwrap_or_default();
            Draft::new(cx, &META, &endpoint.location)
                .subject(&*endpoint.address)
                .message(format!(
                    "VPC endpoint `{}` for {service} has no policy that narrows it: keys can leave through it into tables and vaults of any account.",
                    endpoint.address
                ))
                .fix("Attach a policy that names your own tables or vaults and aws:PrincipalOrgID")
                .add(out);
        }
    }
}
