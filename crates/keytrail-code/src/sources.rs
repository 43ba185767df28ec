//! Which Python files are the application's own.
//!
//! Tests are left out, and so are installed packages and Python's own library: their interfaces are known
//! ([`crate::known`]), and to follow their insides would take the place of what is known about
//! them. Where a tree holds nothing else, it is what somebody wants to have read.

use keytrail_model::{Entry, Tree};
use rustc_hash::FxHashSet;

/// Directories that hold nothing but installed packages.
const PACKAGE_DIRECTORIES: [&str; 2] = ["site-packages", "dist-packages"];
/// Modules that stand together only in Python's own library.
const STANDARD_LIBRARY: [&str; 5] = [
    "_collections_abc.py",
    "abc.py",
    "codecs.py",
    "encodings/__init__.py",
    "os.py",
];
/// Larger records of an installed package are hostile.
const LARGEST_RECORD: u64 = 16 << 20;

/// The files to read, and how many are left out.
pub(crate) struct Sources<'a> {
    pub(crate) files: Vec<&'a Entry>,
    pub(crate) tests: u64,
    pub(crate) libraries: u64,
    /// Empty where they are read too.
    left_out: Libraries,
}

impl Sources<'_> {
    /// True for a file, of whatever kind, that belongs to a library left out.
    pub(crate) fn leave_out(&self, path: &str) -> bool {
        self.left_out.hold(path)
    }
}

/// The application's files of `tree`, by path.
pub(crate) fn of(tree: &dyn Tree) -> Sources<'_> {
    let python: Vec<&Entry> = tree
        .entries()
        .iter()
        .filter(|entry| entry.extension() == "py")
        .collect();
    let (tests, rest): (Vec<&Entry>, Vec<&Entry>) =
        python.iter().partition(|entry| is_test(&entry.path));
    if rest.is_empty() {
        return Sources {
            files: python,
            tests: 0,
            libraries: 0,
            left_out: Libraries::default(),
        };
    }
    let libraries = Libraries::of(tree);
    let own: Vec<&Entry> = rest
        .iter()
        .filter(|entry| !libraries.hold(&entry.path))
        .copied()
        .collect();
    let (files, left_out) = if own.is_empty() {
        (rest.clone(), Libraries::default())
    } else {
        (own, libraries)
    };
    Sources {
        tests: tests.len() as u64,
        libraries: (rest.len() - files.len()) as u64,
        files,
        left_out,
    }
}

fn is_test(path: &str) -> bool {
    let mut parts = path.split('/').rev();
    let file = parts.next().unwrap_or(path);
    file.starts_with("test_")
        || file.ends_with("_test.py")
        || file == "tests.py"
        || file == "conftest.py"
        || parts.any(|part| {
            matches!(
                part,
                "tests" | "test" | "testing" | "migrations" | "node_modules"
            )
        })
}

/// Where installed packages and Python's own library lie in a tree.
#[derive(Default)]
pub(crate) struct Libraries {
    /// Directories, with all that is in them.
    directories: FxHashSet<String>,
    /// Single files beside others.
    files: FxHashSet<String>,
}

impl Libraries {
    pub(crate) fn of(tree: &dyn Tree) -> Self {
        let mut libraries = Self::default();
        let entries = tree.entries();
        let listed = |path: &str| {
            entries
                .binary_search_by(|entry| (*entry.path).cmp(path))
                .is_ok()
        };
        for entry in entries {
            if entry.extension() == "py"
                && let Some(directory) = package_directory(&entry.path)
            {
                libraries.directories.insert(directory.to_owned());
            } else if let Some(directory) = standard_library(&entry.path, &listed) {
                libraries.directories.insert(directory.to_owned());
            } else if entry.path.ends_with(".dist-info/RECORD")
                && entry.size <= LARGEST_RECORD
                && let Ok(record) = tree.read(entry)
            {
                libraries.add_installed(&entry.path, &String::from_utf8_lossy(&record));
            }
        }
        libraries
    }

    /// What the record of an installed package names, beside its `*.dist-info`.
    fn add_installed(&mut self, path: &str, record: &str) {
        let base = parent(parent(path));
        let beside = |name: &str| match base {
            "" => name.to_owned(),
            base => format!("{base}/{name}"),
        };
        let named: FxHashSet<&str> = record
            .lines()
            .map(|line| {
                line.strip_prefix('"').map_or_else(
                    || line.split(',').next().unwrap_or(line),
                    |quoted| quoted.split('"').next().unwrap_or(quoted),
                )
            })
            .filter(|name| is_python(name) && !name.starts_with(['.', '/']))
            .collect();
        for name in &named {
            match name.split_once('/') {
                // of a namespace others may have parts too
                Some((top, _)) if named.contains(&*format!("{top}/__init__.py")) => {
                    self.directories.insert(beside(top));
                }
                _ => {
                    self.files.insert(beside(name));
                }
            }
        }
    }

    /// True for a file of a library.
    fn hold(&self, path: &str) -> bool {
        if self.is_empty() {
            return false;
        }
        if self.files.contains(path) || self.directories.contains("") {
            return true;
        }
        path.match_indices('/')
            .any(|(end, _)| self.directories.contains(&path[..end]))
    }

    fn is_empty(&self) -> bool {
        self.files.is_empty() && self.directories.is_empty()
    }
}

/// The outermost directory around a file that holds installed packages by its name.
fn package_directory(path: &str) -> Option<&str> {
    let name = |end: usize| path[..end].rsplit('/').next();
    path.match_indices('/')
        .map(|(end, _)| end)
        .find(|&end| name(end).is_some_and(|name| PACKAGE_DIRECTORIES.contains(&name)))
        .map(|end| &path[..end])
}

/// The directory of Python's own library, told by its `os.py`.
fn standard_library<'a>(path: &'a str, listed: &dyn Fn(&str) -> bool) -> Option<&'a str> {
    let directory = path.strip_suffix("os.py")?;
    let whole = directory.is_empty() || directory.ends_with('/');
    let all = STANDARD_LIBRARY
        .iter()
        .all(|name| listed(&format!("{directory}{name}")));
    (whole && all).then(|| directory.trim_end_matches('/'))
}

fn is_python(path: &str) -> bool {
    path.rsplit_once('.')
        .is_some_and(|(_, extension)| extension == "py")
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use keytrail_model::MemoryTree;

    fn files(listed: &[(&str, &str)]) -> (Vec<String>, u64) {
        let tree = MemoryTree::new(listed.iter().copied());
        let sources = of(&tree);
        let paths = sources.files.iter().map(|entry| entry.path.to_string());
        (paths.collect(), sources.libraries)
    }

    #[test]
    fn what_a_record_names_is_a_library_and_what_stands_beside_it_is_not() {
        let record = "boto3/__init__.py,sha256=x,1\nboto3/session.py,,\nsix.py,,\n\
                      google/auth.py,,\n../../bin/x.py,,\n\"odd,name.py\",,\n";
        let (own, left_out) = files(&[
            ("bundle/boto3-1.0.dist-info/RECORD", record),
            ("bundle/boto3/__init__.py", ""),
            ("bundle/boto3/generated.py", ""),
            ("bundle/google/auth.py", ""),
            ("bundle/google/own.py", ""),
            ("bundle/handler.py", ""),
            ("bundle/odd,name.py", ""),
            ("bundle/six.py", ""),
            ("boto3/own.py", ""),
        ]);
        assert_eq!(
            own,
            ["boto3/own.py", "bundle/google/own.py", "bundle/handler.py"]
        );
        assert_eq!(left_out, 5);
    }

    #[test]
    fn directories_of_packages_and_the_standard_library_are_libraries() {
        let mut listed: Vec<(String, &str)> = STANDARD_LIBRARY
            .iter()
            .map(|name| (format!("py/{name}"), ""))
            .collect();
        listed.push(("py/json/decoder.py".to_owned(), ""));
        listed.push((".venv/lib/site-packages/django/views.py".to_owned(), ""));
        listed.push(("app/os.py".to_owned(), ""));
        listed.push(("app/views.py".to_owned(), ""));
        let tree = MemoryTree::new(listed);
        let sources = of(&tree);
        let own: Vec<&str> = sources.files.iter().map(|entry| &*entry.path).collect();
        assert_eq!(own, ["app/os.py", "app/views.py"]);
        assert_eq!(sources.libraries, 7);
    }

    #[test]
    fn a_tree_of_nothing_else_is_read() {
        let (own, left_out) = files(&[
            ("site-packages/django/views.py", ""),
            ("site-packages/django/tests/test_views.py", ""),
        ]);
        assert_eq!((own.len(), left_out), (1, 0));
        let (own, _) = files(&[("app/tests/test_views.py", "")]);
        assert_eq!(own.len(), 1);
    }
}
