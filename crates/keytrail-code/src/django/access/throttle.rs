//! Throttles of a view.

use super::Doors;
use crate::django::urls::Binding;
use crate::program::ModuleId;
use crate::syntax::ir::{Expr, ExprId};

impl Doors<'_> {
    /// What the view itself says: the decorator or keyword of the action, the keyword of
    /// `as_view`, the class; `None` when it leaves that to the project.
    pub(super) fn own_throttles(&self, binding: &Binding) -> Option<bool> {
        for site in binding.action.into_iter().chain(binding.made) {
            for name in ["throttle_classes", "throttle"] {
                if let Some(list) = self.keyword(site, name) {
                    return Some(self.holds_any(site.0, list));
                }
            }
        }
        let module = self.program.module(binding.view.0);
        for &decorator in &module.ir.function(binding.view.1).decorators {
            let site = crate::program::Site(binding.view.0, decorator);
            if self.called(site) == Some("throttle_classes")
                && let Some(first) = self.arguments(site).first()
            {
                return Some(self.holds_any(site.0, first.value));
            }
        }
        let class = binding.class?;
        if let Some((module, list)) = self.class_field(class, "throttle_classes") {
            return Some(self.holds_any(module, list));
        }
        let method = self.program.symbols.find("get_throttles")?;
        self.resolver.method(class, method).map(|_| true)
    }

    /// True unless the list is known to be empty.
    fn holds_any(&self, module: ModuleId, list: ExprId) -> bool {
        let ir = &self.program.module(module).ir;
        !matches!(ir.expr(list), Expr::Sequence(parts) if parts.is_empty())
            && !matches!(ir.expr(list), Expr::None)
    }
}
