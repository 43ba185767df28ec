//! What the remedies of settings have in common.

use std::ops::Range;
use std::rc::Rc;

use keytrail_model::{Environment, Setting};
use ruff_python_ast::Expr;

use crate::Why;
use crate::case::Case;
use crate::python::Module;

/// A setting of the finding's module that is set at the finding's place.
pub(crate) fn setting<'c>(case: &Case<'c>, name: &str) -> Result<&'c Setting, Why> {
    let mut at = case.facts.settings_at(case.at());
    at.find(|setting| setting.name == name)
        .ok_or(Why::Shape("the setting is not set by a plain assignment"))
}

/// The value's expression and all that it takes in, parentheses too.
pub(crate) fn value<'m>(
    module: &'m Module,
    setting: &Setting,
) -> Result<(&'m Expr, Range<usize>), Why> {
    module
        .assigned(&setting.name, setting.location.span().line)
        .ok_or(Why::Shape("the setting is not set by a plain assignment"))
}

/// The module of a setting's place.
pub(crate) fn module_of(case: &Case<'_>, setting: &Setting) -> Result<Rc<Module>, Why> {
    case.files.module(&setting.location.span().path)
}

/// By its name it serves customers, and nobody's own machine.
pub(crate) fn is_named_for_deployment(setting: &Setting) -> bool {
    matches!(
        setting.environment,
        Environment::Production | Environment::Staging
    )
}
