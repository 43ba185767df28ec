//! See the page beside this file.

use keytrail_model::{AssetKind, Control, Finding, Severity};

use crate::around::{assets, lacks};
use crate::{Context, Draft, Kind, Meta, Rule};

/// A table refuses calls beyond a fixed capacity.
pub(crate) struct CapacityFixed;

static META: Meta = Meta {
    id: "capacity-fixed",
    title: "A table refuses calls beyond a fixed capacity",
    cwe: &[770],
    severity: Severity::Info,
    needs: &[Kind::Infra],
    page: include_str!("capacity_fixed.md"),
};

impl Rule for CapacityFixed {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, cx: &Context<'_>, out: &mut Vec<Finding>) {
        for capacity in assets(cx, AssetKind::Capacity) {
            if !lacks(capacity, Control::Scaled) {
                continue;
            }
            Draft::new(cx, &META, &capacity.location)
                .subject(&*capacity.address)
                .message(format!(
                    "The capacity of `{}` is fixed: whoever asks for more gets everybody's calls refused, and a service that checks keys there lets nobody in.",
                    capacity.address
                ))
                .fix("Bill it by request, or give it a scaling target for reads and one for writes; each index has its own")
                .add(out);
        }
    }
}
