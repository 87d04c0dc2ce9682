//! The data directory: who owns it, which format it has, and how its files are published.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::error::StoreError;

/// The format of the data directory as a whole: its files and what they are. Records carry their
/// own versions, so this rises only when an older program could not even find its way around.
pub const DATA_FORMAT: u32 = 1;

const LOCK: &str = "LOCK";
const FORMAT: &str = "FORMAT";
const VAULT_KEY: &str = "vault.key";
const STATE: &str = "state.redb";
const BLOBS: &str = "blobs";
const LOGS: &str = "logs";
/// What a file is called until it is complete.
const UNFINISHED: &str = "new";

/// A locked data directory of a format that we know. The lock goes with the value.
#[derive(Debug)]
pub(crate) struct Directory {
    root: PathBuf,
    /// Whether anything was stored here before.
    pub(crate) fresh: bool,
    lock: File,
}

impl Drop for Directory {
    /// Closing the file is not enough: a child process that is just being started shares it until it runs its own
    /// program, and would keep the directory locked that long.
    fn drop(&mut self) {
        // The system lets go of the lock with the process at the latest.
        let _ = self.lock.unlock();
    }
}

impl Directory {
    pub(crate) fn open(root: &Path) -> Result<Self, StoreError> {
        create_private(root)?;
        let root = fs::canonicalize(root).map_err(StoreError::io(format!("find {}", root.display())))?;
        refuse_foreign(&root)?;
        let lock = lock(&root)?;
        let fresh = match read_format(&root)? {
            Some(found) if found > DATA_FORMAT => {
                return Err(StoreError::NewerFormat { directory: root, found, supported: DATA_FORMAT });
            }
            Some(_) => false,
            None if root.join(STATE).exists() => {
                let reason = format!("it has {STATE}, but no {FORMAT} file that says how to read it");
                return Err(StoreError::NotOurs { directory: root, reason });
            }
            None => true,
        };
        Ok(Self { root, fresh, lock })
    }

    /// Marks a fresh directory as ours. Comes after the vault key: a directory that has a format
    /// and no key has lost the key.
    pub(crate) fn mark(&self) -> Result<(), StoreError> {
        self.root.parent().map_or(Ok(()), sync_directory)?;
        publish(&self.root.join(FORMAT), format!("{DATA_FORMAT}\n").as_bytes())
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.root.join(STATE)
    }

    pub(crate) fn vault_key(&self) -> PathBuf {
        self.root.join(VAULT_KEY)
    }

    pub(crate) fn blobs(&self) -> PathBuf {
        self.root.join(BLOBS)
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.root.join(LOGS)
    }

    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        sync_directory(&self.root)
    }
}

/// A mistyped `--data-dir` must not scatter our files between somebody else's.
fn refuse_foreign(root: &Path) -> Result<(), StoreError> {
    let failed = |cause| StoreError::io(format!("list {}", root.display()))(cause);
    let mut stranger = None;
    for entry in fs::read_dir(root).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        match name.to_str().map(|name| name.trim_end_matches(".new")) {
            Some(FORMAT) => return Ok(()),
            Some(LOCK | VAULT_KEY | STATE | BLOBS | LOGS) => {}
            _ => stranger = Some(name),
        }
    }
    match stranger {
        Some(name) => Err(StoreError::NotOurs {
            directory: root.to_owned(),
            reason: format!("it has no {FORMAT} file, and it holds {}", name.display()),
        }),
        None => Ok(()),
    }
}

fn lock(root: &Path) -> Result<File, StoreError> {
    let path = root.join(LOCK);
    let failed = |cause| StoreError::io(format!("lock {}", path.display()))(cause);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut owner = String::new();
            // Who holds the lock is a courtesy of the message; the refusal stands without it.
            let _ = file.read_to_string(&mut owner);
            let process = if owner.trim().is_empty() { "unknown".to_owned() } else { owner.trim().to_owned() };
            return Err(StoreError::Locked { directory: root.to_owned(), process });
        }
        Err(TryLockError::Error(cause)) => return Err(failed(cause)),
    }
    file.set_len(0).map_err(failed)?;
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    writeln!(file, "{}", std::process::id()).map_err(failed)?;
    Ok(file)
}

fn read_format(root: &Path) -> Result<Option<u32>, StoreError> {
    let path = root.join(FORMAT);
    match fs::read_to_string(&path) {
        Ok(text) => text.trim().parse().map(Some).map_err(|_| StoreError::NotOurs {
            directory: root.to_owned(),
            reason: format!("its {FORMAT} file does not hold a number"),
        }),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(StoreError::io(format!("read {}", path.display()))(cause)),
    }
}

/// A directory, and those above it, that only the owner can look into.
pub(crate) fn create_private(path: &Path) -> Result<(), StoreError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(StoreError::io(format!("create {}", path.display())))
}

/// Makes the names in a directory durable.
pub(crate) fn sync_directory(path: &Path) -> Result<(), StoreError> {
    File::open(path)
        .and_then(|directory| directory.sync_all())
        .map_err(StoreError::io(format!("sync {}", path.display())))
}

/// Writes a small file so that it exists completely or not at all, readable by its owner only.
pub(crate) fn publish(path: &Path, content: &[u8]) -> Result<(), StoreError> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".");
    unfinished.push(UNFINISHED);
    let write = || {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)
    };
    write().map_err(StoreError::io(format!("write {}", path.display())))?;
    path.parent().map_or(Ok(()), sync_directory)
}
