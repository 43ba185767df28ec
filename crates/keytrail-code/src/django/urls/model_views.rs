//! `NetBox` and its plugins: views that a decorator attaches to a model, and URL lists by model.

use rustc_hash::FxHashMap;

use super::{Prefix, Urls};
use crate::interp::Shape;
use crate::program::{ClassRef, ModuleId, Site};
use crate::syntax::ir::{Argument, Expr, ExprId};

/// Views by application, model, and whether they show one object.
pub(super) type ModelViews = FxHashMap<(String, String, bool), Vec<(ClassRef, String)>>;

impl Urls<'_> {
    /// `include(get_model_urls("dcim", "site", detail=False))`.
    pub(super) fn model_views(
        &mut self,
        id: ModuleId,
        arguments: &[Argument],
        declared: Site,
        prefix: &Prefix,
    ) {
        let text = |urls: &Self, index: usize, name: &str| {
            let value = urls.argument(id, arguments, index, name)?;
            let ir = &urls.program.module(id).ir;
            match ir.expr(value) {
                Expr::Str(text) => Some(ir.text(*text).to_owned()),
                _ => None,
            }
        };
        let (Some(label), Some(model)) = (text(self, 0, "app_label"), text(self, 1, "model_name"))
        else {
            return;
        };
        let detail = self
            .argument(id, arguments, 2, "detail")
            .is_none_or(|value| !self.is_false(id, value));
        if self.model_views.is_none() {
            self.model_views = Some(self.attached());
        }
        let views = self
            .model_views
            .as_ref()
            .and_then(|all| all.get(&(label, model, detail)))
            .cloned()
            .unwrap_or_default();
        for (class, path) in views {
            let prefix = if path.is_empty() {
                prefix.clone()
            } else {
                prefix.then(&format!("{path}/"))
            };
            self.class_view(id, class, &[], declared, &prefix);
        }
    }

    fn is_false(&self, id: ModuleId, expr: ExprId) -> bool {
        matches!(self.program.module(id).ir.expr(expr), Expr::Bool(false))
    }

    /// Every `@register_model_view(Site, "edit")` of the tree.
    fn attached(&self) -> ModelViews {
        let mut found = ModelViews::default();
        for (id, module) in (0u32..).zip(&self.program.modules) {
            for (index, class) in (0u32..).zip(&module.ir.classes) {
                for &decorator in &class.decorators {
                    if let Some((key, path)) = self.attachment(id, decorator) {
                        found
                            .entry(key)
                            .or_default()
                            .push((ClassRef(id, index), path));
                    }
                }
            }
        }
        found
    }

    fn attachment(
        &self,
        id: ModuleId,
        decorator: ExprId,
    ) -> Option<((String, String, bool), String)> {
        let ir = &self.program.module(id).ir;
        let Expr::Call(called, arguments) = ir.expr(decorator) else {
            return None;
        };
        let (Expr::Name(name) | Expr::Attribute(_, name)) = ir.expr(*called) else {
            return None;
        };
        if ir.text(*name) != "register_model_view" {
            return None;
        }
        let model = self.argument(id, arguments, 0, "model")?;
        let Shape::Class(model) = self.resolver.expression(id, model)? else {
            return None;
        };
        let home = self.program.module(model.0);
        let label = home.dotted.split('.').next().unwrap_or("");
        let own = home.ir.text(home.ir.class(model.1).name);
        let text = |index: usize, name: &str| {
            let value = self.argument(id, arguments, index, name)?;
            match ir.expr(value) {
                Expr::Str(text) => Some(ir.text(*text).to_owned()),
                _ => None,
            }
        };
        let path = text(2, "path")
            .or_else(|| text(1, "name"))
            .unwrap_or_default();
        let detail = self
            .argument(id, arguments, 3, "detail")
            .is_none_or(|value| !self.is_false(id, value));
        let key = (label.to_owned(), own.to_ascii_lowercase(), detail);
        Some((key, path))
    }
}
