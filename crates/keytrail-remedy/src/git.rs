//! Whether an edit could be taken back.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::RemedyError;

/// Which of these files differ from the last commit, or are in none. Files outside of every
/// repository differ from nothing.
pub fn uncommitted(files: &[PathBuf]) -> Result<Vec<String>, RemedyError> {
    let mut repositories: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for file in files {
        let real = file.canonicalize().map_err(|source| RemedyError::Io {
            path: file.clone(),
            source,
        })?;
        if let Some(root) = repository(&real) {
            repositories.entry(root).or_default().push(real);
        }
    }
    let mut all = Vec::new();
    for (root, files) in repositories {
        all.extend(changed(&root, &files)?);
    }
    all.sort();
    Ok(all)
}

fn repository(file: &Path) -> Option<PathBuf> {
    let mut above = file.ancestors().skip(1);
    above
        .find(|directory| directory.join(".git").exists())
        .map(Path::to_path_buf)
}

/// Nothing that the repository's own configuration names is run, and no lock is taken.
fn changed(root: &Path, files: &[PathBuf]) -> Result<Vec<String>, RemedyError> {
    let output = Command::new("git")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .args([
            "-c",
            "core.fsmonitor=false",
            "-c",
            "core.hooksPath=/dev/null",
        ])
        .arg("-C")
        .arg(root)
        .args([
            "--literal-pathspecs",
            "status",
            "--porcelain=v1",
            "-z",
            "--no-renames",
        ])
        .args(["--untracked-files=all", "--ignored=matching", "--"])
        .args(files)
        .output()
        .map_err(|error| RemedyError::Git(error.kind()))?;
    if !output.status.success() {
        return Err(RemedyError::Git(ErrorKind::Other));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let lines = text.split('\0').filter_map(|line| line.get(3..));
    Ok(lines
        .filter(|path| !path.is_empty())
        .map(str::to_owned)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn git(directory: &Path, arguments: &[&str]) {
        let output = Command::new("git")
            .arg("-C")
            .arg(directory)
            .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "git {arguments:?}");
    }

    #[test]
    fn what_is_not_committed_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        let files = [
            "clean.py",
            "changed.py",
            "untracked.py",
            "ignored.py",
            "a *.py",
        ];
        let files: Vec<PathBuf> = files.iter().map(|name| root.join(name)).collect();
        for file in &files {
            std::fs::write(file, "x = 1\n").unwrap();
        }
        assert_eq!(
            uncommitted(&files).unwrap(),
            Vec::<String>::new(),
            "no repository"
        );
        git(root, &["init", "-q"]);
        std::fs::write(root.join(".gitignore"), "ignored.py\n").unwrap();
        git(root, &["add", "clean.py", "changed.py", "a *.py"]);
        git(root, &["commit", "-q", "-m", "one"]);
        std::fs::write(root.join("changed.py"), "x = 2\n").unwrap();
        let told = uncommitted(&files).unwrap();
        assert_eq!(told, ["changed.py", "ignored.py", "untracked.py"]);
    }
}
