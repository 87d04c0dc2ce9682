//! Unpacked code and layers: zip files into folders of the work area, shared by those who hold them.

use std::collections::HashMap;
use std::io::{self, Cursor, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use bytes::Bytes;
use parking_lot::Mutex;
use zip::ZipArchive;

/// What AWS allows a function's code and layers, unpacked, together.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
pub const ZIP_UNPACKED_MAX: u64 = 262_144_000;
/// Files of one archive: a bound for what the limit on bytes does not bound.
const ENTRIES_MAX: usize = 100_000;
/// A symbolic link's target is a path.
const LINK_MAX: u64 = 4096;

/// Unpacked code, shared by whoever holds it and removed with the last holder. A cheap clone.
#[derive(Clone, Debug)]
pub struct Package(Arc<Folder>);

impl Package {
    /// The folder. Nothing may be written there.
    pub fn path(&self) -> &Path {
        &self.0.path
    }
}

#[derive(Debug)]
struct Folder {
    path: PathBuf,
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.path) {
            tracing::warn!(%error, "failed to remove unpacked code");
        }
    }
}

/// Why an archive was refused.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// AWS: `Could not unzip uploaded file. Please check your file, then try to upload again.`
    #[error("the archive is no zip file that can be read: {0}")]
    NotAZip(String),
    /// AWS: `Unzipped size must be smaller than 262144000 bytes`.
    #[error("the unpacked files are larger than {ZIP_UNPACKED_MAX} bytes")]
    TooLarge,
    /// A name that leads out of the archive's folder.
    #[error("the entry {0:?} leads out of the archive")]
    LeadsOut(String),
    /// The disk.
    #[error("failed to write unpacked files")]
    Io(#[from] io::Error),
}

impl From<zip::result::ZipError> for UnpackError {
    fn from(error: zip::result::ZipError) -> Self {
        Self::NotAZip(error.to_string())
    }
}

/// The folder of packages.
pub(crate) struct Packages {
    root: PathBuf,
    names: AtomicU64,
    known: Mutex<HashMap<String, Weak<Folder>>>,
}

impl Packages {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root, names: AtomicU64::new(0), known: Mutex::default() }
    }

    /// Blocking. The same digest gives the same folder for as long as somebody holds it.
    pub(crate) fn unpack(&self, digest: &str, archive: Bytes) -> Result<Package, UnpackError> {
        self.shared(digest.to_owned(), |folder| unpack(archive, folder))
    }

    /// Blocking. Later packages lie over earlier ones.
    pub(crate) fn stack(&self, layers: &[Package]) -> Result<Package, UnpackError> {
        let key = layers.iter().map(|layer| layer.path().to_string_lossy()).collect::<Vec<_>>().join(":");
        self.shared(key, |folder| {
            let mut size = 0;
            layers.iter().try_for_each(|layer| lay_over(layer.path(), folder, &mut size))
        })
    }

    fn shared(&self, key: String, fill: impl FnOnce(&Path) -> Result<(), UnpackError>) -> Result<Package, UnpackError> {
        if let Some(folder) = self.known.lock().get(&key).and_then(Weak::upgrade) {
            return Ok(Package(folder));
        }
        // Two who unpack the same at the same time fill two folders; the later one is the one that is shared.
        let path = self.root.join(self.names.fetch_add(1, Ordering::Relaxed).to_string());
        std::fs::create_dir(&path)?;
        let folder = Folder { path };
        fill(&folder.path)?;
        let folder = Arc::new(folder);
        let mut known = self.known.lock();
        known.retain(|_, folder| folder.strong_count() > 0);
        known.insert(key, Arc::downgrade(&folder));
        Ok(Package(folder))
    }
}

fn unpack(archive: Bytes, into: &Path) -> Result<(), UnpackError> {
    let mut archive = ZipArchive::new(Cursor::new(archive))?;
    if archive.len() > ENTRIES_MAX {
        return Err(UnpackError::TooLarge);
    }
    let mut left = ZIP_UNPACKED_MAX;
    let mut links = Vec::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index)?;
        let name = entry.name()?.into_owned();
        let path = into.join(inside(&name).ok_or_else(|| UnpackError::LeadsOut(name.clone()))?);
        if entry.is_dir() {
            std::fs::create_dir_all(&path)?;
            continue;
        }
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        if entry.is_symlink() {
            let mut target = String::new();
            entry.by_ref().take(LINK_MAX).read_to_string(&mut target)?;
            let parent = Path::new(&name).parent().unwrap_or(Path::new(""));
            if !stays_inside(parent, Path::new(&target)) {
                return Err(UnpackError::LeadsOut(name));
            }
            // Made last: no entry may be written through a link.
            links.push((target, path));
            continue;
        }
        // Some archives have no modes, and AWS runs what is readable: at least that.
        let mode = entry.unix_mode().unwrap_or(0o644) & 0o777 | 0o444;
        // A name that comes twice: the later one counts.
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(mode | 0o200).open(&path)?;
        let written = copy(&mut entry, &mut file, left)?;
        left -= written;
        file.set_permissions(std::fs::Permissions::from_mode(mode))?;
    }
    for (target, path) in links {
        if path.symlink_metadata().is_ok() {
            std::fs::remove_file(&path)?;
        }
        std::os::unix::fs::symlink(target, path)?;
    }
    Ok(())
}

/// Copies at most `left` bytes; what the archive says of its sizes is not believed.
fn copy(from: &mut impl Read, to: &mut impl Write, left: u64) -> Result<u64, UnpackError> {
    let mut buffer = vec![0_u8; 128 * 1024];
    let mut written = 0_u64;
    loop {
        let length = from.read(&mut buffer).map_err(|error| UnpackError::NotAZip(error.to_string()))?;
        if length == 0 {
            return Ok(written);
        }
        written += length as u64;
        if written > left {
            return Err(UnpackError::TooLarge);
        }
        to.write_all(&buffer[..length])?;
    }
}

/// The name as a relative path without steps upwards, or nothing.
fn inside(name: &str) -> Option<PathBuf> {
    let mut path = PathBuf::new();
    for component in Path::new(name).components() {
        match component {
            Component::Normal(part) => path.push(part),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    (!path.as_os_str().is_empty() && !name.contains('\0')).then_some(path)
}

/// Whether a link in `folder` leads to somewhere in the archive. Absolute ones may name where the code will lie.
fn stays_inside(folder: &Path, target: &Path) -> bool {
    if target.is_absolute() {
        let mut parts = target.components();
        let there = target.starts_with("/var/task") || target.starts_with("/opt") || target.starts_with("/tmp");
        return there && !parts.any(|part| part == Component::ParentDir);
    }
    let mut depth = folder.components().filter(|part| matches!(part, Component::Normal(_))).count();
    for component in target.components() {
        match component {
            Component::Normal(_) => depth += 1,
            Component::ParentDir if depth == 0 => return false,
            Component::ParentDir => depth -= 1,
            _ => {}
        }
    }
    true
}

/// Copies a tree over another one; hard links, because neither is ever written again.
fn lay_over(from: &Path, to: &Path, size: &mut u64) -> Result<(), UnpackError> {
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let there = target.symlink_metadata().ok();
        if entry.file_type()?.is_dir() {
            if there.is_some_and(|there| !there.is_dir()) {
                std::fs::remove_file(&target)?;
            }
            std::fs::create_dir_all(&target)?;
            lay_over(&source, &target, size)?;
            continue;
        }
        match there {
            Some(there) if there.is_dir() => std::fs::remove_dir_all(&target)?,
            Some(_) => std::fs::remove_file(&target)?,
            None => {}
        }
        if entry.file_type()?.is_symlink() {
            std::os::unix::fs::symlink(std::fs::read_link(&source)?, &target)?;
            continue;
        }
        *size += entry.metadata()?.len();
        if *size > ZIP_UNPACKED_MAX {
            return Err(UnpackError::TooLarge);
        }
        std::fs::hard_link(&source, &target)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use zip::write::{SimpleFileOptions, ZipWriter};

    fn packages() -> (tempfile::TempDir, Packages) {
        let root = tempfile::tempdir().unwrap();
        let packages = Packages::new(root.path().to_owned());
        (root, packages)
    }

    fn archive(fill: impl FnOnce(&mut ZipWriter<Cursor<Vec<u8>>>)) -> Bytes {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        fill(&mut writer);
        Bytes::from(writer.finish().unwrap().into_inner())
    }

    fn file(writer: &mut ZipWriter<Cursor<Vec<u8>>>, name: &str, mode: u32, text: &str) {
        writer.start_file(name, SimpleFileOptions::default().unix_permissions(mode)).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn files_keep_their_modes_and_links() {
        let (_root, packages) = packages();
        let zip = archive(|writer| {
            file(writer, "bootstrap", 0o755, "#!/bin/sh\n");
            file(writer, "lib/data.txt", 0o600, "data");
            writer.add_symlink("lib/link", "../bootstrap", SimpleFileOptions::default()).unwrap();
        });
        let package = packages.unpack("a", zip).unwrap();
        let mode = |name: &str| package.path().join(name).symlink_metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode("bootstrap"), 0o755);
        assert_eq!(mode("lib/data.txt"), 0o644);
        assert_eq!(std::fs::read_link(package.path().join("lib/link")).unwrap(), Path::new("../bootstrap"));
    }

    #[test]
    fn nothing_leads_out_of_the_archive() {
        let (_root, packages) = packages();
        for name in ["../evil", "/evil", "a/../../evil"] {
            let zip = archive(|writer| file(writer, name, 0o644, "x"));
            assert!(matches!(packages.unpack(name, zip), Err(UnpackError::LeadsOut(_))), "{name}");
        }
        for target in ["../evil", "/etc/passwd", "a/../../evil", "/opt/../etc/passwd"] {
            let zip = archive(|writer| writer.add_symlink("link", target, SimpleFileOptions::default()).unwrap());
            assert!(matches!(packages.unpack(target, zip), Err(UnpackError::LeadsOut(_))), "{target}");
        }
    }

    #[test]
    fn code_is_shared_while_it_is_held_and_removed_after() {
        let (_root, packages) = packages();
        let zip = archive(|writer| file(writer, "a", 0o644, "x"));
        let first = packages.unpack("digest", zip.clone()).unwrap();
        let second = packages.unpack("digest", zip).unwrap();
        assert_eq!(first.path(), second.path());
        let path = first.path().to_owned();
        drop(first);
        assert!(path.exists());
        drop(second);
        assert!(!path.exists());
    }

    #[test]
    fn later_layers_lie_over_earlier_ones() {
        let (_root, packages) = packages();
        let lower = packages.unpack(
            "lower",
            archive(|writer| {
                file(writer, "python/a.py", 0o644, "lower");
                file(writer, "python/b.py", 0o644, "lower");
            }),
        );
        let upper = packages.unpack("upper", archive(|writer| file(writer, "python/a.py", 0o644, "upper")));
        let tree = packages.stack(&[lower.unwrap(), upper.unwrap()]).unwrap();
        let text = |name: &str| std::fs::read_to_string(tree.path().join(name)).unwrap();
        assert_eq!((text("python/a.py"), text("python/b.py")), ("upper".to_owned(), "lower".to_owned()));
    }

    #[test]
    fn an_archive_is_believed_only_as_far_as_it_unpacks() {
        let (_root, packages) = packages();
        assert!(matches!(packages.unpack("no", Bytes::from_static(b"no zip")), Err(UnpackError::NotAZip(_))));
        let mut sink = Vec::new();
        assert!(matches!(copy(&mut io::repeat(1).take(100), &mut sink, 99), Err(UnpackError::TooLarge)));
        let truncated = archive(|writer| file(writer, "a", 0o644, &"x".repeat(10_000)));
        let truncated = truncated.slice(..truncated.len() / 2);
        assert!(matches!(packages.unpack("cut", truncated), Err(UnpackError::NotAZip(_))));
    }
}
