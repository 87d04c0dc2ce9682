//! Objects, as engines read them: the bytes of a lake, without accounts, policies or HTTP.
//!
//! The storage room offers its objects through [`Objects`]; engines and the rooms that drive them read through it.
//! Whoever reads on somebody's behalf has asked for permission before: nothing here authorizes.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;

use crate::timestamp::Timestamp;

/// What is known of an object without opening it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectMeta {
    /// Without the bucket.
    pub key: String,
    /// In bytes.
    pub size: u64,
    /// Without quotes. Other bytes have another one.
    pub etag: String,
    /// When it was put.
    pub modified: Timestamp,
    /// `false` for objects of an archive class, which cannot be opened.
    pub readable: bool,
}

/// Why objects cannot be listed or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectsError {
    /// There is no such bucket.
    #[error("The specified bucket does not exist: {0}")]
    NoSuchBucket(String),
    /// There is no such object.
    #[error("The specified key does not exist: {0}")]
    NoSuchKey(String),
    /// The object is in an archive class.
    #[error("The operation is not valid for the object's storage class: {0}")]
    Archived(String),
    /// The disk, or what is on it, is broken.
    #[error("failed to read an object: {0}")]
    Broken(String),
}

/// Objects that can be listed and opened.
pub trait Objects: Send + Sync {
    /// Current objects of `bucket` whose keys begin with `prefix` and come behind `after`, in the order of their
    /// keys' bytes, at most `limit`.
    fn list(
        &self,
        bucket: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<ObjectMeta>, ObjectsError>;

    /// One current object.
    fn find(&self, bucket: &str, key: &str) -> Result<ObjectMeta, ObjectsError>;

    /// Opens an object. What is open stays readable when the object is overwritten or deleted.
    fn open<'a>(&'a self, bucket: &'a str, key: &'a str) -> BoxFuture<'a, Result<Arc<dyn OpenObject>, ObjectsError>>;
}

/// An object that is open.
pub trait OpenObject: Send + Sync {
    /// What it is.
    fn meta(&self) -> &ObjectMeta;

    /// The bytes of a range, which lies within the object. Reads from the page cache or the disk: may block.
    fn read_at(&self, range: Range<u64>) -> Result<Bytes, ObjectsError>;
}

/// Objects in memory: for tests of engines, and for what is never kept.
#[derive(Clone, Default)]
pub struct MemoryObjects(Arc<Mutex<Kept>>);

/// By bucket and key.
type Kept = BTreeMap<(String, String), (ObjectMeta, Bytes)>;

impl MemoryObjects {
    /// Puts an object; its ETag is its size and its order of arrival.
    pub fn put(&self, bucket: &str, key: &str, modified: Timestamp, bytes: impl Into<Bytes>) {
        let bytes = bytes.into();
        let mut objects = self.0.lock();
        let meta = ObjectMeta {
            key: key.to_owned(),
            size: bytes.len() as u64,
            etag: format!("{:x}-{:x}", bytes.len(), objects.len()),
            modified,
            readable: true,
        };
        objects.insert((bucket.to_owned(), key.to_owned()), (meta, bytes));
    }
}

impl Objects for MemoryObjects {
    fn list(
        &self,
        bucket: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<ObjectMeta>, ObjectsError> {
        let objects = self.0.lock();
        let from = (bucket.to_owned(), after.unwrap_or(prefix).max(prefix).to_owned());
        let found = objects
            .range(from..)
            .take_while(|((at, key), _)| at == bucket && key.starts_with(prefix))
            .filter(|((_, key), _)| after.is_none_or(|after| key.as_str() > after))
            .take(limit);
        Ok(found.map(|(_, (meta, _))| meta.clone()).collect())
    }

    fn find(&self, bucket: &str, key: &str) -> Result<ObjectMeta, ObjectsError> {
        let objects = self.0.lock();
        let found = objects.get(&(bucket.to_owned(), key.to_owned()));
        found.map(|(meta, _)| meta.clone()).ok_or_else(|| ObjectsError::NoSuchKey(key.to_owned()))
    }

    fn open<'a>(&'a self, bucket: &'a str, key: &'a str) -> BoxFuture<'a, Result<Arc<dyn OpenObject>, ObjectsError>> {
        Box::pin(async move {
            let objects = self.0.lock();
            let found = objects.get(&(bucket.to_owned(), key.to_owned()));
            let (meta, bytes) = found.ok_or_else(|| ObjectsError::NoSuchKey(key.to_owned()))?;
            Ok(Arc::new(InMemory { meta: meta.clone(), bytes: bytes.clone() }) as Arc<dyn OpenObject>)
        })
    }
}

struct InMemory {
    meta: ObjectMeta,
    bytes: Bytes,
}

impl OpenObject for InMemory {
    fn meta(&self) -> &ObjectMeta {
        &self.meta
    }

    fn read_at(&self, range: Range<u64>) -> Result<Bytes, ObjectsError> {
        Ok(self.bytes.slice(range.start as usize..range.end as usize))
    }
}
