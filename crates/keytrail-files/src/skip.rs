//! Directories that hold other people's code or caches, and files that matter although version
//! control leaves them out.

use std::path::Path;

/// Skipped by their names alone.
const BY_NAME: &[&str] = &[
    ".git",
    ".hg",
    ".svn",
    ".bzr",
    ".jj",
    "node_modules",
    "bower_components",
    "site-packages",
    "dist-packages",
    "__pycache__",
    "__pypackages__",
    ".tox",
    ".nox",
    ".eggs",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".hypothesis",
    ".cache",
    ".gradle",
    ".next",
    ".nuxt",
    ".parcel-cache",
    ".turbo",
    ".yarn",
    ".pnpm-store",
    ".terragrunt-cache",
    ".serverless_plugins",
];

/// True for a directory whose files are not the project's own.
pub(crate) fn is_foreign(path: &Path) -> bool {
    is_foreign_name(path)
        || path.join("pyvenv.cfg").is_file()
        || (path.ends_with("target") && path.join("CACHEDIR.TAG").is_file())
}

/// The same as far as the path alone tells.
pub(crate) fn is_foreign_name(directory: &Path) -> bool {
    let name = directory.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| BY_NAME.contains(&name)) || directory.ends_with(".terraform/providers")
}

/// True for a file that is often ignored by version control just because it holds secrets.
pub(crate) fn matters_though_ignored(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let ends = |endings: &[&str]| endings.iter().any(|ending| lower.ends_with(ending));
    let names = [
        "local_settings.py",
        "settings_local.py",
        "local.py",
        "secrets.py",
        "secrets.json",
        "secrets.yml",
        "secrets.yaml",
        "secrets.toml",
        "credentials",
        "credentials.json",
        "credentials.yml",
        "credentials.yaml",
        "docker-compose.override.yml",
        "docker-compose.override.yaml",
        ".netrc",
        ".npmrc",
        ".pypirc",
        ".pgpass",
        ".htpasswd",
        ".envrc",
        ".dev.vars",
        "id_rsa",
        "id_dsa",
        "id_ecdsa",
        "id_ed25519",
        "service-account.json",
        "terraform.tfstate",
        "samconfig.toml",
        "env.json",
        "kubeconfig",
        ".git-credentials",
        "application-local.yml",
    ];
    names.contains(&lower.as_str())
        || lower.starts_with(".env")
        || ends(&[
            ".env",
            ".tfvars",
            ".tfvars.json",
            ".tfstate",
            ".tfstate.backup",
            ".pem",
            ".key",
            ".p8",
            ".ppk",
            ".local.py",
            ".auto.tfvars",
        ])
}

/// Formats that no text search reads; their kind tells, so they need not be opened.
pub(crate) fn is_binary_name(extension: &str) -> bool {
    const BINARY: &[&str] = &[
        "png", "jpg", "jpeg", "gif", "webp", "ico", "bmp", "tif", "tiff", "avif", "heic", "pdf",
        "zip", "gz", "tgz", "bz2", "xz", "zst", "7z", "rar", "jar", "war", "whl", "egg", "pyc",
        "pyo", "pyd", "so", "dylib", "dll", "exe", "o", "a", "lib", "class", "wasm", "woff",
        "woff2", "ttf", "otf", "eot", "mp3", "mp4", "mov", "avi", "webm", "ogg", "wav", "flac",
        "mo", "npy", "npz", "pickle", "pkl", "parquet", "onnx", "pt", "h5", "docx", "xlsx", "pptx",
        "psd", "ai", "dmg", "iso", "deb", "rpm", "apk", "jks", "keystore", "p12", "pfx",
    ];
    BINARY
        .iter()
        .any(|ending| extension.eq_ignore_ascii_case(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_though_ignored() {
        for name in [
            ".env",
            ".env.local",
            "prod.tfvars",
            "terraform.tfstate",
            "local_settings.py",
            "id_rsa",
        ] {
            assert!(matters_though_ignored(name), "{name}");
        }
        for name in ["db.sqlite3", "app.log", "settings.pyc", "environment.py"] {
            assert!(!matters_though_ignored(name), "{name}");
        }
    }
}
