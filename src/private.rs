//! Files that only the service's own account may read.

use std::path::Path;

/// Creates a file that only its owner may read, unless it exists.
///
/// # Errors
/// If it cannot be created.
pub fn create_file(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            warn_if_open(path);
            Ok(())
        }
        created => created.map(drop),
    }
}

/// Creates a folder that only its owner may enter, unless it exists.
///
/// # Errors
/// If it cannot be created.
pub fn create_folder(path: &Path) -> std::io::Result<()> {
    if path.is_dir() {
        warn_if_open(path);
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Warns if other accounts of the machine may read a file or folder.
#[cfg(unix)]
pub fn warn_if_open(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).map_or(0, |found| found.permissions().mode());
    if mode & 0o077 != 0 {
        let (path, mode) = (path.display(), format!("{:o}", mode & 0o777));
        log::warn!(path:%, mode = mode.as_str(); "other accounts of this machine may read this; take the rights away with chmod go=");
    }
}

/// Warns if other accounts of the machine may read a file or folder: not known here.
#[cfg(not(unix))]
pub fn warn_if_open(_path: &Path) {}
