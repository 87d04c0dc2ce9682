//! Objects as engines read them: S3's current versions, without HTTP and policies.

use std::ops::Range;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use haar_platform::Platform;
use haar_platform::kernel::{Bytes, ObjectMeta, Objects, ObjectsError, OpenObject};
use haar_platform::store::{BlobReader, Read, Store, StoreError};

use super::model::{BUCKETS, Bucket, CONTENTS, Content, Object, Piece, Version};
use super::object::list::walk::{Filter, Line, Marker, Walk};
use super::object::store;

/// How often an opening starts over because the object was replaced between its record and its file.
const ATTEMPTS_MAX: usize = 8;

/// The objects of a platform's store.
pub fn objects(platform: &Platform) -> Arc<dyn Objects> {
    Arc::new(StoredObjects { store: platform.store.clone() })
}

struct StoredObjects {
    store: Store,
}

impl Objects for StoredObjects {
    fn list(
        &self,
        bucket: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<ObjectMeta>, ObjectsError> {
        self.store.read(|tx| {
            let bucket = find_bucket(tx, bucket)?;
            let filter = Filter { bucket: bucket.number, prefix, delimiter: None };
            let marker = after.map_or(Marker::Start, Marker::Behind);
            let (lines, _) = Walk::objects(tx, filter, &marker).page(limit).map_err(broken)?;
            Ok(lines.into_iter().filter_map(listed).collect())
        })
    }

    fn find(&self, bucket: &str, key: &str) -> Result<ObjectMeta, ObjectsError> {
        self.store.read(|tx| {
            let bucket = find_bucket(tx, bucket)?;
            let found = store::current(tx, bucket.number, key).map_err(broken)?;
            let meta = found.and_then(|found| described(key, &found.version));
            meta.ok_or_else(|| ObjectsError::NoSuchKey(key.to_owned()))
        })
    }

    fn open<'a>(&'a self, bucket: &'a str, key: &'a str) -> BoxFuture<'a, Result<Arc<dyn OpenObject>, ObjectsError>> {
        Box::pin(async move {
            for attempt in 0.. {
                let (meta, content) = self.content(bucket, key)?;
                match self.opened(content).await {
                    Ok(bytes) => return Ok(Arc::new(Open { meta, bytes }) as Arc<dyn OpenObject>),
                    Err(StoreError::NoSuchBlob(_)) if attempt < ATTEMPTS_MAX => {}
                    Err(error) => return Err(broken(error)),
                }
            }
            Err(ObjectsError::Broken("objects are replaced faster than they are opened".to_owned()))
        })
    }
}

impl StoredObjects {
    fn content(&self, bucket: &str, key: &str) -> Result<(ObjectMeta, Content), ObjectsError> {
        self.store.read(|tx| {
            let bucket = find_bucket(tx, bucket)?;
            let missing = || ObjectsError::NoSuchKey(key.to_owned());
            let found = store::current(tx, bucket.number, key).map_err(broken)?.ok_or_else(missing)?;
            let meta = described(key, &found.version).ok_or_else(missing)?;
            if !meta.readable {
                return Err(ObjectsError::Archived(key.to_owned()));
            }
            let content = tx.get(CONTENTS, &(bucket.number, found.sequence)).map_err(broken)?;
            Ok((meta, content.ok_or_else(missing)?))
        })
    }

    async fn opened(&self, content: Content) -> Result<Source, StoreError> {
        let pieces: Vec<Piece> = match content {
            Content::Inline(inline) => return Ok(Source::Inline(inline.0)),
            Content::Stored(piece) => vec![piece],
            Content::Parts(parts) => parts.iter().map(|part| part.piece).collect(),
        };
        let mut opened = Vec::with_capacity(pieces.len());
        let mut offset = 0;
        for piece in pieces {
            opened.push((offset, piece, self.store.blobs().open(&piece.blob).await?));
            offset += piece.size;
        }
        Ok(Source::Pieces(opened))
    }
}

fn find_bucket(tx: &impl Read, name: &str) -> Result<Bucket, ObjectsError> {
    tx.get(BUCKETS, name).map_err(broken)?.ok_or_else(|| ObjectsError::NoSuchBucket(name.to_owned()))
}

fn listed(line: Line) -> Option<ObjectMeta> {
    match line {
        Line::Version { key, version, .. } => described(&key, &version),
        Line::Prefix(_) => None,
    }
}

fn described(key: &str, version: &Version) -> Option<ObjectMeta> {
    let Object { size, etag, storage_class, .. } = version.object()?;
    Some(ObjectMeta {
        key: key.to_owned(),
        size: *size,
        etag: etag.clone(),
        modified: version.modified,
        readable: !storage_class.archived(),
    })
}

fn broken(error: StoreError) -> ObjectsError {
    ObjectsError::Broken(error.to_string())
}

/// An open object: its blobs stay while it lives.
struct Open {
    meta: ObjectMeta,
    bytes: Source,
}

enum Source {
    Inline(Bytes),
    /// Each with its first byte in the object, in order.
    Pieces(Vec<(u64, Piece, BlobReader)>),
}

impl OpenObject for Open {
    fn meta(&self) -> &ObjectMeta {
        &self.meta
    }

    fn read_at(&self, range: Range<u64>) -> Result<Bytes, ObjectsError> {
        let pieces = match &self.bytes {
            Source::Inline(bytes) => return Ok(bytes.slice(range.start as usize..range.end as usize)),
            Source::Pieces(pieces) => pieces,
        };
        let first = pieces.partition_point(|(offset, piece, _)| offset + piece.size <= range.start);
        let mut read: Vec<Bytes> = Vec::with_capacity(1);
        for (offset, piece, reader) in &pieces[first..] {
            if *offset >= range.end {
                break;
            }
            let from = piece.start + range.start.max(*offset) - offset;
            let to = piece.start + range.end.min(offset + piece.size) - offset;
            read.push(reader.read_at(from..to).map_err(broken)?);
        }
        Ok(match read.len() {
            1 => read.remove(0),
            _ => Bytes::from(read.concat()),
        })
    }
}
