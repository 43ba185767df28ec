//! Settings modules (being written beside this file).
use keytrail_detect::Detector;
use keytrail_model::{Fingerprinter, Setting, SettingValue};
use crate::program::{ModuleId, Program};
use crate::resolve::Resolver;
pub(crate) fn modules(program: &Program) -> Vec<ModuleId> {
    (0u32..).zip(&program.modules).filter(|(_, m)| m.path.ends_with("settings.py") || m.path.contains("/settings/")).map(|(i, _)| i).collect()
}
pub(crate) fn facts(_: &Program, _: &Resolver<'_>, _: &[ModuleId], _: &Detector, _: &Fingerprinter) -> Vec<Setting> { Vec::new() }
pub(crate) fn url_roots(program: &Program, settings: &[Setting]) -> Vec<ModuleId> {
    let mut v: Vec<_> = settings.iter().filter(|s| s.name == "ROOT_URLCONF").filter_map(|s| match &s.value { SettingValue::Text(t) => program.module_named(t), _ => None }).collect();
    v.sort_unstable(); v.dedup(); v
}
