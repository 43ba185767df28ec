//! Files on disk: all of them checked first, then each whole or not at all.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::RemedyError;

/// A file that is to be written.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where it lies.
    pub file: PathBuf,
    /// What it held when it was read.
    pub before: Vec<u8>,
    /// What it is to hold.
    pub after: Vec<u8>,
    /// There is no such file yet.
    pub is_new: bool,
}

/// Writes all of them. Before the first one is touched, each is written beside its place and
/// found to be what was read; between that and its renaming it is looked at once more.
pub fn write(targets: &[Target]) -> Result<(), RemedyError> {
    let mut ready: Vec<(NamedTempFile, &Target)> = Vec::with_capacity(targets.len());
    for target in targets {
        unchanged(target)?;
        let written = beside(target).map_err(|source| RemedyError::Io {
            path: target.file.clone(),
            source,
        })?;
        ready.push((written, target));
    }
    for (written, target) in ready {
        unchanged(target)?;
        written
            .persist(&target.file)
            .map_err(|error| RemedyError::Io {
                path: target.file.clone(),
                source: error.error,
            })?;
    }
    Ok(())
}

fn unchanged(target: &Target) -> Result<(), RemedyError> {
    let failed = |source| RemedyError::Io {
        path: target.file.clone(),
        source,
    };
    if target.is_new {
        return match std::fs::symlink_metadata(&target.file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(failed(error)),
            Ok(_) => Err(RemedyError::Changed(target.file.clone())),
        };
    }
    let is_file = std::fs::symlink_metadata(&target.file)
        .map_err(failed)?
        .is_file();
    if !is_file {
        return Err(RemedyError::NoFile(target.file.clone()));
    }
    let now = std::fs::read(&target.file).map_err(failed)?;
    if now == target.before {
        Ok(())
    } else {
        Err(RemedyError::Changed(target.file.clone()))
    }
}

/// The new content in a file of the same directory, with the mode of the old one.
fn beside(target: &Target) -> std::io::Result<NamedTempFile> {
    let directory = target.file.parent().filter(|it| !it.as_os_str().is_empty());
    let mut file = tempfile::Builder::new()
        .prefix(".keytrail-")
        .tempfile_in(directory.unwrap_or(Path::new(".")))?;
    file.write_all(&target.after)?;
    if target.is_new {
        plain_mode(file.as_file())?;
    } else {
        let mode = std::fs::metadata(&target.file)?.permissions();
        file.as_file().set_permissions(mode)?;
    }
    file.as_file().sync_all()?;
    Ok(file)
}

/// A temporary file is its owner's alone; a source file is everybody's to read.
#[cfg(unix)]
fn plain_mode(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same as on Unix")]
fn plain_mode(_: &std::fs::File) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(directory: &Path, name: &str, before: &str) -> Target {
        let file = directory.join(name);
        std::fs::write(&file, before).unwrap();
        Target {
            file,
            before: before.into(),
            after: b"new".into(),
            is_new: false,
        }
    }

    #[test]
    fn a_new_file_is_made_once_and_replaces_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let one = Target {
            file: directory.path().join("new.py"),
            before: Vec::new(),
            after: b"new".into(),
            is_new: true,
        };
        write(std::slice::from_ref(&one)).unwrap();
        assert_eq!(std::fs::read(&one.file).unwrap(), b"new");
        let again = write(&[one]).unwrap_err();
        assert!(matches!(again, RemedyError::Changed(_)), "{again}");
    }

    #[test]
    #[cfg(unix)]
    fn a_file_keeps_its_mode() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let target = target(directory.path(), "manage.py", "old");
        let mode = std::fs::Permissions::from_mode(0o751);
        std::fs::set_permissions(&target.file, mode).unwrap();
        write(std::slice::from_ref(&target)).unwrap();
        let mode = std::fs::metadata(&target.file)
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o751);
        assert_eq!(std::fs::read(&target.file).unwrap(), b"new");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn one_file_that_changed_keeps_all_as_they_are() {
        let directory = tempfile::tempdir().unwrap();
        let one = target(directory.path(), "a.py", "old");
        let other = target(directory.path(), "b.py", "old");
        std::fs::write(&other.file, "changed").unwrap();
        let error = write(&[one.clone(), other]).unwrap_err();
        assert!(matches!(error, RemedyError::Changed(_)), "{error}");
        assert_eq!(std::fs::read(&one.file).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2);
    }

    #[test]
    #[cfg(unix)]
    fn a_link_is_not_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let mut one = target(directory.path(), "a.py", "old");
        let link = directory.path().join("link.py");
        std::os::unix::fs::symlink(&one.file, &link).unwrap();
        one.file = link;
        assert!(matches!(write(&[one]), Err(RemedyError::NoFile(_))));
    }
}
