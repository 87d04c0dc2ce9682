//! Uploads that were completed lately: who asks to complete one again, because the first answer was lost, gets the
//! first answer.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html>

use std::time::Duration;

use haar_platform::kernel::Timestamp;
use haar_platform::store::{Index, Read, Record, Span, StoreError, Table, Tx};
use serde::{Deserialize, Serialize};

use crate::s3::model::{Bucket, BucketNumber, Checksum, Encryption, VersionId};

/// How long the answer is remembered.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);

/// Forgotten with each new one: more than one, so that the table shrinks again.
const FORGOTTEN_MAX: usize = 4;

/// By bucket and the upload's sequence number.
pub const COMPLETED: Table<(BucketNumber, u64), Completed> = Table::new("s3.completed").indexed(&[&BY_TIME]);

/// In the order in which they are forgotten.
const BY_TIME: Index<i64, (BucketNumber, u64), Completed> =
    Index::new("s3.completed.by_time", |_, completed| vec![completed.at.millis()]);

/// What the answer said.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Completed {
    pub id: VersionId,
    pub at: Timestamp,
    pub key: String,
    pub etag: String,
    pub checksum: Option<Checksum>,
    pub encryption: Encryption,
    /// Told where the bucket has versions.
    pub version_id: Option<String>,
}

impl Record for Completed {}

/// Remembers an answer, and forgets some that are old.
pub fn remember(tx: &mut Tx, bucket: &Bucket, sequence: u64, completed: &Completed) -> Result<(), StoreError> {
    let old = Span::between((), ..=(completed.at - REMEMBERED).millis());
    let old: Vec<_> = tx.scan_index_keys(BY_TIME, old).take(FORGOTTEN_MAX).collect::<Result<_, _>>()?;
    for (_, key) in &old {
        tx.delete(COMPLETED, key)?;
    }
    tx.put(COMPLETED, &(bucket.number, sequence), completed)
}

/// The answer to the completion of an upload, if it was given lately.
pub fn recall(
    read: &impl Read,
    bucket: &Bucket,
    key: &str,
    upload_id: &str,
    now: Timestamp,
) -> Result<Option<Completed>, StoreError> {
    let Some(id) = VersionId::parse(upload_id) else { return Ok(None) };
    let completed = read.get(COMPLETED, &(bucket.number, id.sequence()))?;
    Ok(completed.filter(|completed| completed.id == id && completed.key == key && now - completed.at < REMEMBERED))
}
