//! Blobs of which a crash left the file and no record: found and deleted behind the open, beside whoever works already.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::watch;

use super::{BLOBS, Blobs, Place, id_of, list};
use crate::error::StoreError;
use crate::read::Read;
use crate::store::Published;

/// Where files once were until they were complete.
const UNFINISHED: &str = "unfinished";

/// Whether all files have been looked at.
pub(super) struct Reclaimed(watch::Sender<bool>);

impl Default for Reclaimed {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Blobs {
    /// Starts to delete the files that no record names, on a thread of its own.
    pub(crate) fn reclaim(self: Arc<Self>, published: Arc<Published>) -> Result<(), StoreError> {
        let Place::Disk(root) = &self.place else {
            self.reclaimed.0.send_replace(true);
            return Ok(());
        };
        let root = root.clone();
        let work = move || {
            match self.reclaim_all(&root, &published) {
                Ok(0) | Err(StoreError::Closed) => {}
                Ok(files) => tracing::info!(files, "deleted files that no record names"),
                // The next open tries again; they only take room.
                Err(cause) => tracing::warn!(%cause, "failed to look for files that no record names"),
            }
            self.reclaimed.0.send_replace(true);
        };
        std::thread::Builder::new()
            .name("haar-blob-reclaim".to_owned())
            .spawn(work)
            .map_err(StoreError::io("start the thread that deletes unnamed files"))?;
        Ok(())
    }

    /// Returns when what was there at open has been looked at.
    pub(crate) async fn reclaimed(&self) {
        // The sender lives as long as `self`.
        let _ = self.reclaimed.0.subscribe().wait_for(|reclaimed| *reclaimed).await;
    }

    fn reclaim_all(&self, root: &Path, published: &Published) -> Result<usize, StoreError> {
        let mut deleted = 0;
        for shelf in list(root)? {
            let is_of_old = shelf.file_name().is_some_and(|name| name == UNFINISHED);
            for path in list(&shelf)? {
                if is_of_old || self.is_garbage(&path, published)? {
                    deleted += usize::from(delete(path)?);
                }
            }
        }
        Ok(deleted)
    }

    /// Whoever writes a blob holds it from before the file is there until after a record names it, so a file that was
    /// seen, is not held after that and not named after that either never will be.
    fn is_garbage(&self, path: &Path, published: &Published) -> Result<bool, StoreError> {
        match id_of(path) {
            Some(id) if !self.is_held(id) => Ok(!published.read().contains(BLOBS, &id)?),
            _ => Ok(false),
        }
    }
}

/// Whether it was still there.
fn delete(path: PathBuf) -> Result<bool, StoreError> {
    match fs::remove_file(&path) {
        Ok(()) => Ok(true),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(cause) => Err(StoreError::io(format!("delete {}", path.display()))(cause)),
    }
}
