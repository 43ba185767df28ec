//! Where output goes. A file appears whole or not at all.

use std::io::{ErrorKind, Write as _};
use std::path::Path;

use anyhow::anyhow;
use tempfile::NamedTempFile;

use crate::failure::usage;

/// To standard output. Who closed it has seen enough, as in `keytrail rules | head`: that is no
/// error, and the exit code stays what it would have been.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(anyhow!("cannot write to standard output: {}", error.kind()))
        }
        _ => Ok(()),
    }
}

/// Refuses a path that can't be written, before any work is done for it.
pub(crate) fn check(path: &Path) -> anyhow::Result<()> {
    let refuse = |why: String, hint: &str| {
        let told = format!("cannot write {}: {why}", path.display());
        Err(usage(told, hint))
    };
    if path.is_dir() {
        return refuse("it is a directory".to_owned(), "name a file in it");
    }
    let directory = directory_of(path);
    if !directory.is_dir() {
        let why = format!("there is no directory {}", directory.display());
        return refuse(why, "make the directory first, or write elsewhere");
    }
    if is_special(path) {
        return Ok(());
    }
    // Only trying tells: rights, read-only mounts and other rules of the system.
    match beside(path) {
        Ok(_) => Ok(()),
        Err(error) => refuse(error.kind().to_string(), "write elsewhere"),
    }
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// A pipe, `/dev/stdout`: written to as it is.
fn is_special(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

fn beside(path: &Path) -> std::io::Result<NamedTempFile> {
    tempfile::Builder::new()
        .prefix(".keytrail-")
        .tempfile_in(directory_of(path))
}

/// To `path`: written beside it first, then renamed over it.
pub(crate) fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let written = if is_special(path) {
        std::fs::write(path, text)
    } else {
        replace(path, text)
    };
    // The kind says it all; the rest of the text would name the file that is written first.
    written.map_err(|error| anyhow!("cannot write {}: {}", path.display(), error.kind()))
}

fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = beside(path)?;
    file.write_all(text.as_bytes())?;
    publish_mode(&file)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// A temporary file is private to its owner; a report has the usual rights of a new file.
#[cfg(unix)]
fn publish_mode(file: &NamedTempFile) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.as_file()
        .set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn publish_mode(_file: &NamedTempFile) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("report.json");
        write(&path, "one").unwrap();
        write(&path, "two").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_directory_that_is_not_there_is_told() {
        let path = Path::new("/nonexistent-keytrail/x");
        let told = "cannot write /nonexistent-keytrail/x: ";
        assert!(check(path).unwrap_err().to_string().starts_with(told));
        assert!(format!("{:#}", write(path, "").unwrap_err()).starts_with(told));
        assert!(check(Path::new("x")).is_ok());
        assert!(check(Path::new("/dev/null")).is_ok());
        let told = check(Path::new("src")).unwrap_err().to_string();
        assert_eq!(told, "cannot write src: it is a directory");
    }
}
