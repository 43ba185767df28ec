//! How far the collectors of a run are.

use keytrail_model::Progress;

/// One counter a source; shared with whoever shows progress.
#[derive(Debug, Default)]
pub struct Watch {
    /// Python.
    pub(crate) code: Progress,
    /// Keys in files.
    pub(crate) files: Progress,
    /// Templates.
    pub(crate) infra: Progress,
    /// Regions of the live account, then pages of items.
    pub(crate) cloud: Progress,
    /// Files of a trail.
    pub(crate) trail: Progress,
    /// Phases of asking the running service.
    pub(crate) http: Progress,
    /// Keys whose vendors are asked.
    pub(crate) validate: Progress,
    /// Objects of the history.
    pub(crate) history: Progress,
}

impl Watch {
    /// `code 120/300 · files 800/1200`, as far as it is known.
    pub fn told(&self) -> String {
        let parts: Vec<String> = [
            ("code", &self.code),
            ("files", &self.files),
            ("infra", &self.infra),
            ("cloud", &self.cloud),
            ("trail", &self.trail),
            ("http", &self.http),
            ("history", &self.history),
            ("validate", &self.validate),
        ]
        .into_iter()
        .filter_map(|(name, progress)| {
            let (done, total) = progress.state();
            (total > 0).then(|| format!("{name} {done}/{total}"))
        })
        .collect();
        if parts.is_empty() {
            "listing files".to_owned()
        } else {
            parts.join(" · ")
        }
    }
}
