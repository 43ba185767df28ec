//! The module of the project's own that seals keys.

use std::sync::Arc;

use keytrail_model::Location;
use ruff_python_ast::Stmt;

use crate::case::Case;
use crate::python::Module;
use crate::{Change, Why};

pub(super) const MODULE: &str = "key_vault";
const TEXT: &str = include_str!("key_vault.py");
const NOTE: &str = "it needs a symmetric key of KMS under alias/key-vault (or KEY_VAULT_KEY) and, for fingerprints, a long random secret \
    key-vault/pepper in Secrets Manager (or KEY_VAULT_PEPPER); the role needs kms:Encrypt and kms:Decrypt on the one, \
    secretsmanager:GetSecretValue on the other";

/// The file, unless the project has it.
pub(super) fn change(case: &Case<'_>, root: &str, near: &Module) -> Result<Option<Change>, Why> {
    let path = if root.is_empty() {
        format!("{MODULE}.py")
    } else {
        format!("{root}/{MODULE}.py")
    };
    match case.files.text(&path) {
        Ok(text)
            if text.as_str().contains("def seal(")
                && text.as_str().contains("def fingerprint(") =>
        {
            Ok(None)
        }
        Ok(_) => Err(Why::Shape("the project has another module key_vault")),
        Err(Why::Unreadable) => Ok(Some(
            case.create(&path, near.quotes(TEXT))
                .title("Add the functions that seal keys and make fingerprints of them")
                .changes(NOTE)
                .done(),
        )),
        Err(why) => Err(why),
    }
}

/// The directory from which the module at `place` is imported: its path without what its own
/// qualified name repeats.
fn root(place: &Location) -> String {
    let path: &Arc<str> = &place.span().path;
    let stem = path.strip_suffix(".py").unwrap_or(path);
    let stem = stem.strip_suffix("/__init__").unwrap_or(stem);
    let parts: Vec<&str> = stem.split('/').collect();
    let name: Vec<&str> = place.symbol().unwrap_or_default().split('.').collect();
    let shared = (1..=parts.len())
        .rev()
        .find(|&count| name.starts_with(&parts[parts.len() - count..]))
        .unwrap_or(parts.len());
    parts[..parts.len() - shared].join("/")
}

/// The same, above directories that other modules import as packages though nothing marks them.
pub(super) fn import_root(case: &Case<'_>, place: &Location) -> String {
    let mut root = root(place);
    while !root.is_empty() && is_package(case, &root) {
        root = root
            .rsplit_once('/')
            .map_or("", |(above, _)| above)
            .to_owned();
    }
    root
}

fn is_package(case: &Case<'_>, directory: &str) -> bool {
    let (above, name) = directory.rsplit_once('/').unwrap_or(("", directory));
    case.files.python_below(above).iter().any(|path| {
        let Ok(module) = case.files.module(path) else {
            return false;
        };
        let inside = path
            .strip_prefix(directory)
            .is_some_and(|rest| rest.starts_with('/'));
        module.body().iter().any(|statement| match statement {
            Stmt::ImportFrom(it) if it.level > 0 => inside,
            Stmt::ImportFrom(it) => it
                .module
                .as_ref()
                .is_some_and(|from| from.split('.').next() == Some(name)),
            Stmt::Import(it) => {
                let mut names = it.names.iter();
                names.any(|alias| alias.name.split('.').next() == Some(name))
            }
            _ => false,
        })
    })
}

#[cfg(test)]
mod tests {
    use keytrail_model::FileSpan;

    use super::*;

    fn of(path: &str, symbol: &str) -> String {
        root(&Location::Code {
            span: FileSpan::line(&Arc::from(path), 1),
            symbol: Some(Arc::from(symbol)),
        })
    }

    #[test]
    fn the_root_is_where_imports_begin() {
        assert_eq!(of("vendors/store.py", "vendors.store.KeyStore.add"), "");
        assert_eq!(
            of("sam/consumer/report.py", "report.handler"),
            "sam/consumer"
        );
        assert_eq!(of("src/app/keys/__init__.py", "app.keys.add"), "src");
        assert_eq!(of("backend/app/views.py", "app.views"), "backend");
        assert_eq!(of("app/app/views.py", "app.views.get"), "app");
    }
}
