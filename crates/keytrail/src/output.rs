//! Where output goes. A file appears whole or not at all.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;

use crate::failure::usage;

/// To standard output.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()?;
    Ok(())
}

/// Refuses a path whose directory is not there, before any work is done for it.
pub(crate) fn check(path: &Path) -> anyhow::Result<()> {
    let directory = directory_of(path);
    if directory.is_dir() {
        return Ok(());
    }
    Err(usage(
        format!(
            "cannot write {}: there is no directory {}",
            path.display(),
            directory.display()
        ),
        "make the directory first, or write elsewhere",
    ))
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// To `path`: written beside it first, then renamed over it. What is no regular file (a pipe,
/// `/dev/stdout`) is written to as it is.
pub(crate) fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    let special = path
        .metadata()
        .is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir());
    if special {
        return std::fs::write(path, text).with_context(cannot);
    }
    let mut file = tempfile::Builder::new()
        .prefix(".keytrail-")
        .tempfile_in(directory_of(path))
        .with_context(cannot)?;
    file.write_all(text.as_bytes()).with_context(cannot)?;
    publish_mode(&file).with_context(cannot)?;
    file.persist(path)
        .map_err(|error| error.error)
        .with_context(cannot)?;
    Ok(())
}

/// A temporary file is private to its owner; a report has the usual rights of a new file.
#[cfg(unix)]
fn publish_mode(file: &tempfile::NamedTempFile) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.as_file()
        .set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn publish_mode(_file: &tempfile::NamedTempFile) -> std::io::Result<()> {
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
    }
}
