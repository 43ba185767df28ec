//! Names of the site, from the environment, in place of `*`.

use super::{Remedy, settings};
use crate::case::Case;
use crate::{Change, Piece, Why};

pub(crate) struct HostList;

impl Remedy for HostList {
    fn name(&self) -> &'static str {
        "host-list"
    }

    fn rules(&self) -> &'static [&'static str] {
        &["open-hosts"]
    }

    fn propose(&self, case: &Case<'_>) -> Result<Vec<Change>, Why> {
        let setting = settings::setting(case, "ALLOWED_HOSTS")?;
        let module = settings::module_of(case, setting)?;
        let (value, range) = settings::value(&module, setting)?;
        if !(value.is_list_expr() || value.is_tuple_expr()) {
            return Err(Why::Shape("ALLOWED_HOSTS is computed"));
        }
        let list =
            "[host for host in os.environ.get(\"ALLOWED_HOSTS\", \"\").split(\",\") if host]";
        let draft = case
            .change(&setting.location, vec![Piece::new(range, module.quotes(list))])
            .import("os", None)
            .title("Take the names of the site from ALLOWED_HOSTS of the environment")
            .changes("requests for a name that the variable ALLOWED_HOSTS lacks are refused: set it, names parted by commas");
        Ok(vec![draft.done()])
    }
}
