//! One file of a scan: what it is, and opening it for a query, metered.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use haar_kernel::{ObjectMeta, Objects, ObjectsError, OpenObject};

use crate::error::SqlError;
use crate::lake::meter::Meter;

/// A file as it was listed.
#[derive(Debug)]
pub(crate) struct LakeFile {
    pub(crate) bucket: String,
    pub(crate) meta: ObjectMeta,
    /// Whether a scan read of it: several readers may share a file.
    scanned: AtomicBool,
}

impl LakeFile {
    pub(crate) fn new(bucket: String, meta: ObjectMeta) -> Self {
        Self { bucket, meta, scanned: AtomicBool::new(false) }
    }

    /// `true` for the first that asks.
    pub(crate) fn first_scan(&self) -> bool {
        !self.scanned.swap(true, Ordering::Relaxed)
    }

    /// `s3://bucket/key`.
    pub(crate) fn url(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.meta.key)
    }

    /// Opens it, as it was listed: a query that plans with one version does not read another.
    pub(crate) async fn open(&self, objects: &dyn Objects) -> Result<Arc<dyn OpenObject>, SqlError> {
        let open = objects.open(&self.bucket, &self.meta.key).await.map_err(|error| self.unreadable(error))?;
        if open.meta().etag != self.meta.etag {
            let changed = format!("{} was overwritten while the query ran", self.url());
            return Err(SqlError::new("HIVE_CANNOT_OPEN_SPLIT", changed));
        }
        Ok(open)
    }

    pub(crate) fn unreadable(&self, error: ObjectsError) -> SqlError {
        SqlError::new(
            "HIVE_CANNOT_OPEN_SPLIT",
            format!("Error opening Hive split {} (offset=0, length={}): {error}", self.url(), self.meta.size),
        )
    }
}

/// Bucket and key of `s3://bucket/key`.
pub(crate) fn split_url(url: &str) -> Result<(&str, &str), SqlError> {
    let rest = ["s3://", "s3a://", "s3n://"].iter().find_map(|scheme| url.strip_prefix(scheme));
    let parts = rest.and_then(|rest| rest.split_once('/'));
    parts.ok_or_else(|| SqlError::new("HIVE_FILESYSTEM_ERROR", format!("not the URL of an object: {url}")))
}

/// An open file whose reads are counted.
pub(crate) struct Metered {
    pub(crate) open: Arc<dyn OpenObject>,
    pub(crate) meter: Arc<Meter>,
    pub(crate) cancelled: Arc<AtomicBool>,
}

impl OpenObject for Metered {
    fn meta(&self) -> &ObjectMeta {
        self.open.meta()
    }

    fn read_at(&self, range: Range<u64>) -> Result<Bytes, ObjectsError> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(ObjectsError::Broken("the query was stopped".to_owned()));
        }
        let length = range.end - range.start;
        self.meter.add_bytes(length).map_err(|error| ObjectsError::Broken(error.to_string()))?;
        self.open.read_at(range)
    }
}
