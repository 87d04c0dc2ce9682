//! What can go wrong in the store of logs.

use haar_store::StoreError;

/// A failure of the store of logs: none of them is a caller's fault.
#[derive(Debug, thiserror::Error)]
pub enum LogsError {
    /// The store beneath failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A segment does not read or was not written.
    #[error("failed to read or write a segment of logs: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// Columns that do not fit each other.
    #[error("failed to build columns of logs: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
    /// zstd refused.
    #[error("failed to compress or decompress a batch of logs: {0}")]
    Compression(std::io::Error),
    /// Stored bytes are not what was written.
    #[error("stored logs are damaged: {0}")]
    Damaged(&'static str),
    /// The work was dropped, because the house closes, or it panicked.
    #[error("work on logs was cut off: {0}")]
    Interrupted(String),
}

impl LogsError {
    pub(super) fn compression(cause: std::io::Error) -> Self {
        Self::Compression(cause)
    }
}
