//! What one query reads: counted where it is read, and stopped where a workgroup draws the line.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::SqlError;
use crate::lake::file::LakeFile;

/// The name of the error of a query that read more than it may.
pub(crate) const SCAN_LIMIT: &str = "EXCEEDED_SCAN_LIMIT";

/// Counters of one query, and its limit.
#[derive(Debug)]
pub(crate) struct Meter {
    bytes: AtomicU64,
    files: AtomicU64,
    bytes_max: u64,
}

impl Meter {
    /// `None`: without a limit.
    pub(crate) fn new(bytes_max: Option<u64>) -> Self {
        Self { bytes: AtomicU64::new(0), files: AtomicU64::new(0), bytes_max: bytes_max.unwrap_or(u64::MAX) }
    }

    /// Bytes that are about to be read. Fails when they are too many.
    pub(crate) fn add_bytes(&self, bytes: u64) -> Result<(), SqlError> {
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        match before.saturating_add(bytes) > self.bytes_max {
            true => Err(SqlError::new(SCAN_LIMIT, "Bytes scanned limit was exceeded")),
            false => Ok(()),
        }
    }

    /// A file that is about to be read: counted once.
    pub(crate) fn add_file(&self, file: &LakeFile) {
        if file.first_scan() {
            self.files.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Fails when too much was read already.
    pub(crate) fn check(&self) -> Result<(), SqlError> {
        self.add_bytes(0)
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn files(&self) -> u64 {
        self.files.load(Ordering::Relaxed)
    }
}
