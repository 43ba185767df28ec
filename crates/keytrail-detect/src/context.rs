//! What the place of a text says about what is found in it.

/// How much the form of a text lets be concluded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Program text, templates, anything not told apart: values of names stand in quotes.
    #[default]
    Source,
    /// `.env`, `.ini`, YAML, TOML, properties, Dockerfiles, shell: values stand bare, too.
    Config,
    /// Prose for people.
    Prose,
    /// Made by a machine and full of digests, translations or packed code (lock files, bundles,
    /// source maps, `.po`, `.svg`): only keys with a shape of their own are looked for.
    Generated,
}

/// Where a text comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScanContext<'a> {
    /// Relative path, when the text is a file.
    pub path: Option<&'a str>,
    /// True for tests, fixtures and examples: what is known by its context only counts less.
    pub test: bool,
    /// Form of the text.
    pub format: Format,
}

impl<'a> ScanContext<'a> {
    /// Judges by the path.
    pub fn for_path(path: &'a str) -> Self {
        Self {
            path: Some(path),
            test: is_test_path(path) || is_example_text(path),
            format: format_of(path),
        }
    }
}

const LOCK_FILES: &[&str] = &[
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "poetry.lock",
    "pipfile.lock",
    "uv.lock",
    "pdm.lock",
    "cargo.lock",
    "composer.lock",
    "gemfile.lock",
    "go.sum",
    "flake.lock",
    "mix.lock",
    "pubspec.lock",
    "podfile.lock",
    ".terraform.lock.hcl",
    "record",
    "sha256sums",
    "checksums.txt",
    "gradle.lockfile",
];

const GENERATED_ENDINGS: &[&str] = &[
    ".min.js",
    ".min.css",
    ".map",
    ".svg",
    ".po",
    ".pot",
    ".mo",
    ".css",
    ".scss",
    ".less",
    ".xlf",
    ".ttf",
    ".woff",
    ".ipynb_checkpoints",
    ".dist-info/record",
    ".sum",
    ".lock",
    ".bundle.js",
    ".chunk.js",
    ".drawio",
    ".pem.pub",
    ".pub",
    ".crt",
    ".cer",
    ".asc.sig",
    ".snap",
    ".csv",
    ".tsv",
    ".pyi",
    ".h",
    ".pdf",
    ".ps",
    ".eps",
    ".afm",
    ".cyclonedx.json",
    ".cdx.json",
    ".spdx.json",
];

const CONFIG_ENDINGS: &[&str] = &[
    ".env",
    ".ini",
    ".cfg",
    ".conf",
    ".config",
    ".toml",
    ".yml",
    ".yaml",
    ".properties",
    ".sh",
    ".bash",
    ".zsh",
    ".fish",
    ".ps1",
    ".bat",
    ".tfvars",
    ".tf",
    ".hcl",
    ".netrc",
    ".npmrc",
    ".pypirc",
    ".envrc",
    ".dockerfile",
    ".service",
    ".gitconfig",
    ".credentials",
    ".cnf",
    ".log",
    "_history",
];

const CONFIG_NAMES: &[&str] = &[
    "dockerfile",
    "containerfile",
    "makefile",
    "procfile",
    "credentials",
    "config",
    ".env",
    ".netrc",
    ".npmrc",
    ".pypirc",
    ".pgpass",
    ".my.cnf",
    "jenkinsfile",
    ".htpasswd",
    ".git-credentials",
];

const PROSE_ENDINGS: &[&str] = &[
    ".md",
    ".rst",
    ".txt",
    ".adoc",
    ".mdx",
    ".html",
    ".htm",
    ".xhtml",
    ".1",
    "/metadata",
    "/pkg-info",
    "readme",
    "changelog",
];

fn format_of(path: &str) -> Format {
    let lower = path.to_ascii_lowercase();
    let name = lower.rsplit('/').next().unwrap_or(&lower);
    let ends = |endings: &[&str]| {
        endings
            .iter()
            .any(|ending| name.ends_with(ending.trim_start_matches('/')))
    };
    if LOCK_FILES.contains(&name) || ends(GENERATED_ENDINGS) || lower.contains("/locale/") {
        Format::Generated
    } else if CONFIG_NAMES.contains(&name)
        || name.starts_with(".env")
        || name.starts_with("dockerfile.")
        || ends(CONFIG_ENDINGS)
    {
        Format::Config
    } else if ends(PROSE_ENDINGS) {
        Format::Prose
    } else {
        Format::Source
    }
}

/// Documentation of examples: `examples/a.rst`, `examples-1.json`. Example programs are programs.
fn is_example_text(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let name = lower.rsplit('/').next().unwrap_or_default();
    let folder = lower
        .split('/')
        .rev()
        .skip(1)
        .any(|part| part == "examples" || part == "docs");
    (folder && matches!(format_of(path), Format::Prose)) || name.starts_with("examples-")
}

/// True for files of tests, fixtures, mocks and samples.
pub fn is_test_path(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let mut parts: Vec<&str> = lower.split('/').collect();
    let name = parts.pop().unwrap_or_default();
    let folder = |part: &&str| {
        matches!(
            *part,
            "test"
                | "tests"
                | "testing"
                | "testdata"
                | "test_data"
                | "test-data"
                | "__tests__"
                | "spec"
                | "specs"
                | "fixture"
                | "fixtures"
                | "mock"
                | "mocks"
                | "__mocks__"
                | "cassettes"
                | "snapshots"
                | "e2e"
                | "sample"
                | "samples"
                | "example"
                | "unittests"
                | "testutils"
                | "test_utils"
                | "testsuite"
        ) || part.starts_with("test_")
            || part.ends_with("_test")
            || part.ends_with("_tests")
            || part.ends_with("-tests")
    };
    let stem = name.split('.').next().unwrap_or_default();
    parts.iter().any(folder)
        || name == "conftest.py"
        || stem == "tests"
        || stem == "test"
        || stem.starts_with("test_")
        || stem.ends_with("_test")
        || stem.ends_with("_tests")
        || stem.ends_with("_fixtures")
        || name.contains(".test.")
        || name.contains(".spec.")
        || [
            ".example",
            ".sample",
            ".template",
            ".dist",
            "-example",
            ".tmpl",
        ]
        .iter()
        .any(|end| name.ends_with(end))
        || name.contains(".example.")
        || name.contains(".sample.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_tests() {
        for path in [
            "app/tests/test_a.py",
            "a/conftest.py",
            "web/a.spec.ts",
            ".env.example",
            "tests.py",
        ] {
            assert!(is_test_path(path), "{path}");
        }
        for path in [
            "app/contest.py",
            "config/settings.py",
            "latest/a.py",
            "examples.py",
            ".env",
        ] {
            assert!(!is_test_path(path), "{path}");
        }
    }

    #[test]
    fn formats() {
        let format = |path| ScanContext::for_path(path).format;
        assert_eq!(format("a/package-lock.json"), Format::Generated);
        assert_eq!(format("a/.env.production"), Format::Config);
        assert_eq!(format("a/settings.py"), Format::Source);
        assert_eq!(format("README.md"), Format::Prose);
    }
}
