//! Versions in the store: which is current, how one is added, how one goes. All of it inside the caller's transaction.

use haar_platform::kernel::Timestamp;
use haar_platform::store::{Read, Span, StoreError, Tx};

use crate::s3::error::Error;
use crate::s3::model::{
    Bucket, BucketNumber, CONTENTS, Content, Newest, Object, SEQUENCES, State, VERSIONS, Version, VersionId, Versioning,
};

/// A version and its place in the order of its bucket.
#[derive(Clone, Debug)]
pub struct Found {
    pub sequence: u64,
    pub version: Version,
}

impl Found {
    /// The object, if it is one.
    pub fn object(&self) -> Option<&Object> {
        self.version.object()
    }
}

/// What a deletion came to.
#[derive(Clone, Debug)]
pub struct Removed {
    /// The version that went, if one did.
    pub gone: Option<Found>,
    /// The delete marker that was made, if one was.
    pub marker: Option<Found>,
}

/// Gives out a bucket's next sequence number.
pub fn next_sequence(tx: &mut Tx, bucket: BucketNumber) -> Result<u64, StoreError> {
    let next = tx.get(SEQUENCES, &bucket)?.unwrap_or(0) + 1;
    tx.put(SEQUENCES, &bucket, &next)?;
    Ok(next)
}

/// The newest version of a key: an object, or the delete marker that hides it.
pub fn current(tx: &impl Read, bucket: BucketNumber, key: &str) -> Result<Option<Found>, StoreError> {
    let first = tx.scan(VERSIONS, Span::under((bucket, key))).next().transpose()?;
    Ok(first.map(|((_, _, Newest(sequence)), version)| Found { sequence, version }))
}

/// A version by its id (`null` included), or the current one. Delete markers are found too.
pub fn find(tx: &impl Read, bucket: BucketNumber, key: &str, version_id: Option<&str>) -> Result<Option<Found>, Error> {
    let Some(version_id) = version_id else { return Ok(current(tx, bucket, key)?) };
    if version_id == "null" {
        return Ok(null_version(tx, bucket, key)?);
    }
    let invalid = || Error::argument("Invalid version id specified", "versionId", version_id);
    let id = VersionId::parse(version_id).ok_or_else(invalid)?;
    let sequence = id.sequence();
    let version = tx.get(VERSIONS, &(bucket, key, Newest(sequence)))?;
    Ok(version.filter(|version| version.id.as_ref() == Some(&id)).map(|version| Found { sequence, version }))
}

fn null_version(tx: &impl Read, bucket: BucketNumber, key: &str) -> Result<Option<Found>, StoreError> {
    let Some(current) = current(tx, bucket, key)? else { return Ok(None) };
    if current.version.id.is_none() {
        return Ok(Some(current));
    }
    let Some(sequence) = current.version.null_below else { return Ok(None) };
    let version = tx.get(VERSIONS, &(bucket, key, Newest(sequence)))?;
    Ok(version.map(|version| Found { sequence, version }))
}

/// Adds an object as the newest version of its key, as the bucket's versioning says: beside the others, or in place
/// of the null version. Whatever else names the content's blobs (parts of an upload) must go after this, not before:
/// a blob that nobody names is gone.
pub fn commit_version(
    tx: &mut Tx,
    bucket: &Bucket,
    key: &str,
    object: Object,
    content: &Content,
    now: Timestamp,
) -> Result<Found, StoreError> {
    let sequence = next_sequence(tx, bucket.number)?;
    // Before the null version goes: a copy onto itself shares its blobs.
    tx.put(CONTENTS, &(bucket.number, sequence), content)?;
    add(tx, bucket, key, sequence, State::Object(Box::new(object)), now)
}

/// DELETE without a version: a delete marker where there is versioning, the end of the object where there is none.
pub fn remove_current(tx: &mut Tx, bucket: &Bucket, key: &str, now: Timestamp) -> Result<Removed, StoreError> {
    if bucket.versioning == Versioning::Off {
        let gone = current(tx, bucket.number, key)?;
        if let Some(gone) = &gone {
            erase(tx, bucket.number, key, gone.sequence)?;
        }
        return Ok(Removed { gone, marker: None });
    }
    let gone = match bucket.versioning {
        Versioning::Suspended => null_version(tx, bucket.number, key)?,
        _ => None,
    };
    let sequence = next_sequence(tx, bucket.number)?;
    let marker = add(tx, bucket, key, sequence, State::DeleteMarker, now)?;
    Ok(Removed { gone, marker: Some(marker) })
}

/// DELETE of one version, for good. One that is not there is no error.
pub fn remove_version(tx: &mut Tx, bucket: &Bucket, key: &str, version_id: &str) -> Result<Removed, Error> {
    let gone = find(tx, bucket.number, key, Some(version_id))?;
    if let Some(gone) = &gone {
        erase(tx, bucket.number, key, gone.sequence)?;
    }
    Ok(Removed { gone, marker: None })
}

/// Writes a version again after its tags, class or headers changed; its bytes stay.
pub fn rewrite(tx: &mut Tx, bucket: BucketNumber, key: &str, found: &Found) -> Result<(), StoreError> {
    tx.put(VERSIONS, &(bucket, key, Newest(found.sequence)), &found.version)
}

/// Removes a version's record and bytes.
pub fn erase(tx: &mut Tx, bucket: BucketNumber, key: &str, sequence: u64) -> Result<(), StoreError> {
    tx.delete(VERSIONS, &(bucket, key, Newest(sequence)))?;
    tx.delete(CONTENTS, &(bucket, sequence))?;
    Ok(())
}

fn add(
    tx: &mut Tx,
    bucket: &Bucket,
    key: &str,
    sequence: u64,
    state: State,
    now: Timestamp,
) -> Result<Found, StoreError> {
    let below = current(tx, bucket.number, key)?;
    let null = below.and_then(|below| match below.version.id {
        None => Some(below.sequence),
        Some(_) => below.version.null_below,
    });
    let (id, null_below) = match bucket.versioning {
        Versioning::Enabled => (Some(VersionId::new(sequence)), null),
        Versioning::Off | Versioning::Suspended => {
            if let Some(null) = null {
                erase(tx, bucket.number, key, null)?;
            }
            (None, None)
        }
    };
    let version = Version { id, null_below, modified: now, state };
    tx.put(VERSIONS, &(bucket.number, key, Newest(sequence)), &version)?;
    Ok(Found { sequence, version })
}
