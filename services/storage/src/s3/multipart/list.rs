//! ListMultipartUploads: the uploads under way in a bucket, by key and then by age.

use haar_platform::aws::s3 as aws;
use haar_platform::kernel::Ctx;
use haar_platform::store::{Read, Span};

use super::{checksum, initiator, page_size};
use crate::s3::S3;
use crate::s3::bucket;
use crate::s3::error::Error;
use crate::s3::model::{Bucket, UPLOADS, Upload, VersionId};
use crate::s3::object::REQUESTS_WRITE;
use crate::s3::object::list::walk::successor;
use crate::s3::object::whole_seconds;
use crate::s3::owner;
use crate::s3::url_encoding::encode_key;

type Place = (u64, String, u64);

/// What a page is made of, in order.
enum Item {
    Upload(String, Box<Upload>),
    /// Keys that start so, up to and with the delimiter.
    Prefix(String),
}

/// ListMultipartUploads.
pub async fn list(
    ctx: &Ctx,
    s3: &S3,
    input: aws::ListMultipartUploadsRequest,
) -> Result<aws::ListMultipartUploadsOutput, Error> {
    ctx.meter(REQUESTS_WRITE, 1);
    let size = page_size(input.max_uploads, "max-uploads")?;
    s3.store.read(|tx| {
        let bucket = bucket::find(tx, &input.bucket, input.expected_bucket_owner.as_deref())?;
        let mut items = page(tx, &bucket, &input, size + 1)?;
        // Of an empty page nothing can be said to follow.
        let truncated = size > 0 && items.len() > size;
        items.truncate(size);
        let encode = |text: String| match input.encoding_type {
            Some(_) => encode_key(&text),
            None => text,
        };
        let mut output = aws::ListMultipartUploadsOutput {
            key_marker: Some(encode(input.key_marker.clone().unwrap_or_default())),
            upload_id_marker: Some(input.upload_id_marker.clone().unwrap_or_default()),
            prefix: Some(encode(input.prefix.clone().unwrap_or_default())),
            delimiter: input.delimiter.clone().map(encode),
            max_uploads: Some(size as i32),
            is_truncated: Some(truncated),
            encoding_type: input.encoding_type,
            ..Default::default()
        };
        if truncated {
            match items.last() {
                Some(Item::Upload(key, upload)) => {
                    output.next_key_marker = Some(encode(key.clone()));
                    output.next_upload_id_marker = Some(upload.id.to_string());
                }
                Some(Item::Prefix(prefix)) => output.next_key_marker = Some(encode(prefix.clone())),
                None => {}
            }
        }
        let (mut uploads, mut prefixes) = (Vec::new(), Vec::new());
        for item in items {
            match item {
                Item::Upload(key, upload) => uploads.push(answer(&bucket, encode(key), &upload)),
                Item::Prefix(prefix) => prefixes.push(aws::CommonPrefix { prefix: Some(encode(prefix)) }),
            }
        }
        output.uploads = Some(uploads);
        output.common_prefixes = Some(prefixes);
        output.bucket = Some(input.bucket);
        Ok(output)
    })
}

/// Up to `count_max` items behind the markers.
fn page(
    read: &impl Read,
    bucket: &Bucket,
    input: &aws::ListMultipartUploadsRequest,
    count_max: usize,
) -> Result<Vec<Item>, Error> {
    let prefix = input.prefix.as_deref().unwrap_or_default();
    let delimiter = input.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty());
    let marker = input.key_marker.as_deref().filter(|marker| !marker.is_empty());
    let all: Span<Place> = Span::starting((bucket.number,), prefix);
    let mut rest = match (marker, input.upload_id_marker.as_deref().filter(|id| !id.is_empty())) {
        (None, _) => all.clone(),
        (Some(marker), None) => all.clone().after(&(bucket.number, marker, u64::MAX)),
        (Some(marker), Some(id)) => {
            let wrong = || Error::argument("Invalid uploadId marker", "upload-id-marker", id);
            let sequence = VersionId::parse(id).ok_or_else(wrong)?.sequence();
            all.clone().after(&(bucket.number, marker, sequence))
        }
    };
    let mut items = Vec::new();
    // Each turn begins behind a common prefix, so that what it stands for is not walked through.
    'turns: loop {
        for row in read.scan(UPLOADS, rest) {
            if items.len() == count_max {
                return Ok(items);
            }
            let ((_, key, _), upload) = row?;
            let cut = delimiter.and_then(|delimiter| {
                let behind = &key[prefix.len()..];
                behind.find(delimiter).map(|at| prefix.len() + at + delimiter.len())
            });
            let Some(cut) = cut else {
                items.push(Item::Upload(key, Box::new(upload)));
                continue;
            };
            let common = &key[..cut];
            // A page that ended with a common prefix goes on behind it.
            if marker.is_none_or(|marker| common > marker) {
                items.push(Item::Prefix(common.to_owned()));
            }
            let Some(next) = successor(common) else { return Ok(items) };
            rest = all.clone().from(&(bucket.number, next.as_str(), 0u64));
            continue 'turns;
        }
        return Ok(items);
    }
}

fn answer(bucket: &Bucket, key: String, upload: &Upload) -> aws::MultipartUpload {
    aws::MultipartUpload {
        upload_id: Some(upload.id.to_string()),
        key: Some(key),
        initiated: Some(whole_seconds(upload.initiated)),
        storage_class: aws::StorageClass::parse(upload.storage_class.as_str()),
        owner: Some(owner::of(&bucket.owner)),
        initiator: Some(initiator(upload)),
        checksum_algorithm: upload.checksum.map(|checksum| checksum.algorithm.api()),
        checksum_type: upload.checksum.map(checksum::kind),
        version_id: None,
    }
}
