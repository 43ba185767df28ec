//! Which Django project a file belongs to, where a tree holds several.
//!
//! A settings module is named from the root of its project: `config.settings` in
//! `services/billing/config/settings.py` says that `services/billing` is one. What lies in no project,
//! such as a library beside them, belongs to all.

use std::collections::BTreeSet;

use keytrail_model::{Environment, Location, Setting};

/// The projects of a tree.
#[derive(Debug, Default)]
pub(crate) struct Projects {
    /// Directories with a slash at their end; the tree itself is empty.
    roots: BTreeSet<String>,
    /// Those with settings modules that are named after a deployment.
    with_deployments: BTreeSet<String>,
}

impl Projects {
    pub(crate) fn of(settings: &[&Setting]) -> Self {
        let mut projects = Self {
            roots: settings
                .iter()
                .filter_map(|setting| root(setting))
                .map(str::to_owned)
                .collect(),
            with_deployments: BTreeSet::new(),
        };
        projects.with_deployments = settings
            .iter()
            .filter(|setting| {
                matches!(
                    setting.environment,
                    Environment::Production | Environment::Staging
                )
            })
            .map(|setting| projects.around(&setting.location).unwrap_or_default())
            .map(str::to_owned)
            .collect();
        projects
    }

    /// The innermost project that holds a place.
    fn around(&self, place: &Location) -> Option<&str> {
        let path = &place.span().path;
        let inner = path
            .rmatch_indices('/')
            .find_map(|(end, _)| self.roots.get(&path[..=end]));
        inner.or_else(|| self.roots.get("")).map(String::as_str)
    }

    /// True unless two places lie in different projects.
    pub(crate) fn share(&self, one: &Location, other: &Location) -> bool {
        match (self.around(one), self.around(other)) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        }
    }

    /// True where the project of `place` has settings modules for named deployments.
    pub(crate) fn has_deployments(&self, place: &Location) -> bool {
        self.with_deployments
            .contains(self.around(place).unwrap_or_default())
    }
}

/// The directory from which the module of a setting is named.
fn root(setting: &Setting) -> Option<&str> {
    let path = &setting.location.span().path;
    let first = setting.module.split('.').next()?;
    path.rmatch_indices(first)
        .map(|(start, _)| (start, start + first.len()))
        .find(|&(start, end)| {
            (start == 0 || path[..start].ends_with('/'))
                && (path[end..].starts_with('/') || &path[end..] == ".py")
        })
        .map(|(start, _)| &path[..start])
}
