//! How an error is told, and its exit code.

use std::io::Write as _;

use keytrail_engine::EngineError;

/// A mistake in how the command was called.
#[derive(Debug)]
pub(crate) struct Usage {
    /// What is wrong, a lower-case fragment.
    pub(crate) what: String,
    /// What to do.
    pub(crate) hint: String,
}

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Usage {}

/// A [`Usage`] error.
pub(crate) fn usage(what: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
    Usage {
        what: what.into(),
        hint: hint.into(),
    }
    .into()
}

/// Tells `error` on standard error and returns the exit code.
pub(crate) fn tell(error: &anyhow::Error) -> u8 {
    let mut stderr = std::io::stderr();
    // The engine's errors tell their causes themselves.
    let told = match error.downcast_ref::<EngineError>() {
        Some(engine) => engine.to_string(),
        None => format!("{error:#}"),
    };
    let _ = writeln!(stderr, "error: {told}");
    if let Some(usage) = error.downcast_ref::<Usage>() {
        let _ = writeln!(stderr, "hint: {}", usage.hint);
        return 2;
    }
    if let Some(engine) = error.downcast_ref::<EngineError>() {
        let _ = writeln!(stderr, "hint: {}", engine.hint());
        return engine.exit_code();
    }
    1
}
