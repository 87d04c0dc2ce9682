//! Multipart uploads: an object that comes in parts, in any order and several at a time.
//!
//! ```text
//!   create, abort            an upload begins, or is given up
//!   part, part_copy          parts come, from the caller or from other objects
//!   complete, completed      the object appears; what is remembered for those who ask twice
//!   list, list_parts         what is under way
//!   checksum                 the checksum of an object out of those of its parts
//! ```
//!
//! A completed object is a list of the blobs of its parts: they are never copied together.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html>

pub mod abort;
mod checksum;
pub mod complete;
pub mod completed;
pub mod create;
pub mod list;
pub mod list_parts;
pub mod part;
pub mod part_copy;

use haar_platform::aws::s3::Initiator;
use haar_platform::store::{Read, Span, StoreError, Tx};

use super::error::Error;
use super::model::{Bucket, PARTS, UPLOADS, Upload, VersionId};

/// Parts have numbers from 1 to this.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>
const PART_NUMBER_MAX: i32 = 10_000;

/// What a page of a list holds at most.
const PAGE_MAX: i32 = 1000;

/// An upload under way, and its sequence number.
struct Found {
    sequence: u64,
    upload: Upload,
}

/// An upload under way, by its id: `NoSuchUpload` if it is not, or is of another key.
fn find(read: &impl Read, bucket: &Bucket, key: &str, upload_id: &str) -> Result<Found, Error> {
    let none = || Error::NoSuchUpload(upload_id.to_owned());
    let id = VersionId::parse(upload_id).ok_or_else(none)?;
    let sequence = id.sequence();
    let upload = read.get(UPLOADS, &(bucket.number, key, sequence))?;
    let upload = upload.filter(|upload| upload.id == id).ok_or_else(none)?;
    Ok(Found { sequence, upload })
}

/// Forgets an upload and its parts; the blobs that an object has taken over stay.
pub fn remove(tx: &mut Tx, bucket_number: u64, key: &str, sequence: u64) -> Result<(), StoreError> {
    tx.delete(UPLOADS, &(bucket_number, key, sequence))?;
    let parts: Vec<_> = tx.scan_keys(PARTS, Span::under((bucket_number, sequence))).collect::<Result<_, _>>()?;
    for part in &parts {
        tx.delete(PARTS, part)?;
    }
    Ok(())
}

/// A part's number, if it can be one.
fn part_number(number: i32) -> Result<u16, Error> {
    let fits = (1..=PART_NUMBER_MAX).contains(&number).then(|| u16::try_from(number).ok()).flatten();
    fits.ok_or_else(|| {
        let message = "Part number must be an integer between 1 and 10000, inclusive";
        Error::argument(message, "partNumber", number.to_string())
    })
}

/// The size of a page, as asked for.
fn page_size(asked: Option<i32>, name: &str) -> Result<usize, Error> {
    let size = asked.unwrap_or(PAGE_MAX).min(PAGE_MAX);
    usize::try_from(size).map_err(|_| {
        let message = format!("Argument {name} must be an integer between 0 and 2147483647");
        Error::argument(message, name, asked.unwrap_or_default().to_string())
    })
}

/// Who began an upload. S3 gives the ARN as the id, and the name that the ARN ends with beside it.
fn initiator(upload: &Upload) -> Initiator {
    let name = upload.initiator.rsplit(['/', ':']).next().unwrap_or_default().to_owned();
    Initiator { id: Some(upload.initiator.clone()), display_name: Some(name) }
}
