//! UploadPartCopy: a part comes from an object, or from a range of it.

use std::ops::Range;

use haar_platform::aws::s3 as aws;
use haar_platform::kernel::Ctx;
use haar_platform::store::{Read, StoreError};

use super::part::{Place, answer_encryption};
use super::part_number;
use crate::s3::S3;
use crate::s3::bucket;
use crate::s3::copy_source::CopySource;
use crate::s3::error::Error;
use crate::s3::model::{CONTENTS, Content, Versioning};
use crate::s3::object::condition::ReadConditions;
use crate::s3::object::digest::answer_checksum;
use crate::s3::object::properties::refuse_customer_key;
use crate::s3::object::receive::{self, Announced, BODY_BYTES_MAX};
use crate::s3::object::whole_seconds;
use crate::s3::object::{REQUESTS_WRITE, content, copy, quoted};

/// How often a copy starts over because its source was replaced between its record and its file.
const ATTEMPTS_MAX: usize = 8;

/// What is copied.
struct Source {
    content: Content,
    range: Range<u64>,
    /// Told where the source's bucket has versions.
    version_id: Option<String>,
}

/// UploadPartCopy.
pub async fn upload(ctx: &Ctx, s3: &S3, input: aws::UploadPartCopyRequest) -> Result<aws::UploadPartCopyOutput, Error> {
    ctx.meter(REQUESTS_WRITE, 1);
    let customer_key = [
        &input.sse_customer_algorithm,
        &input.sse_customer_key,
        &input.sse_customer_key_md5,
        &input.copy_source_sse_customer_algorithm,
        &input.copy_source_sse_customer_key,
        &input.copy_source_sse_customer_key_md5,
    ];
    refuse_customer_key(customer_key.iter().any(|header| header.is_some()))?;
    let number = part_number(input.part_number)?;
    let from = CopySource::parse(&input.copy_source)?;
    let wanted = input.copy_source_range.as_deref().map(parse_range).transpose()?;
    let conditions = ReadConditions {
        if_match: input.copy_source_if_match,
        if_none_match: input.copy_source_if_none_match,
        if_modified_since: input.copy_source_if_modified_since,
        if_unmodified_since: input.copy_source_if_unmodified_since,
    };
    let source_owner = input.expected_source_bucket_owner;
    let place = Place {
        bucket: input.bucket,
        expected_bucket_owner: input.expected_bucket_owner,
        key: input.key,
        upload_id: input.upload_id,
        number,
    };
    let upload = place.upload(s3)?;
    let mut attempt = 0;
    let (source, body) = loop {
        let source = s3.store.read(|tx| find(tx, &from, source_owner.as_deref(), &conditions, wanted.as_ref()))?;
        match content::body(&s3.store, &source.content, source.range.clone()).await {
            Ok(body) => break (source, body),
            Err(StoreError::NoSuchBlob(_)) if attempt < ATTEMPTS_MAX => attempt += 1,
            Err(failure) => return Err(failure.into()),
        }
    };
    let announced = Announced::of(None, None, Vec::new())?;
    let announced = announced.or_by(upload.checksum.map(|checksum| checksum.algorithm));
    let received = receive::part(&s3.store, body, announced).await?;
    let part = place.keep(s3, received, ctx.now()).await?;

    let mut result = aws::CopyPartResult {
        e_tag: Some(quoted(&part.etag)),
        last_modified: Some(whole_seconds(part.modified)),
        ..Default::default()
    };
    if let Some(checksum) = part.checksum.as_ref().filter(|_| upload.checksum.is_some()) {
        answer_checksum!(result, checksum);
    }
    let encryption = answer_encryption(&upload.encryption);
    Ok(aws::UploadPartCopyOutput {
        copy_source_version_id: source.version_id,
        copy_part_result: Some(result),
        server_side_encryption: encryption.algorithm,
        ssekms_key_id: encryption.key_id,
        bucket_key_enabled: encryption.bucket_key,
        ..Default::default()
    })
}

fn find(
    read: &impl Read,
    from: &CopySource,
    expected_owner: Option<&str>,
    conditions: &ReadConditions,
    wanted: Option<&Range<u64>>,
) -> Result<Source, Error> {
    let bucket = bucket::find(read, &from.bucket, expected_owner)?;
    let found = copy::source(read, &bucket, from)?;
    let object = found.object().ok_or_else(|| Error::NoSuchKey(from.key.clone()))?;
    copy::check_source(conditions, object, &found.version)?;
    let range = wanted.cloned().unwrap_or(0..object.size);
    if range.end > object.size {
        let message = format!("Range specified is not valid for source object of size: {}", object.size);
        let given = format!("bytes={}-{}", range.start, range.end - 1);
        return Err(Error::argument(message, "x-amz-copy-source-range", given));
    }
    let size = range.end - range.start;
    if size > BODY_BYTES_MAX {
        return Err(Error::InvalidRequest(format!(
            "The specified copy source is larger than the maximum allowable size for a copy source: {BODY_BYTES_MAX}"
        )));
    }
    let content = read.get(CONTENTS, &(bucket.number, found.sequence))?;
    let content = content.ok_or_else(|| Error::NoSuchKey(from.key.clone()))?;
    let version_id = (bucket.versioning != Versioning::Off).then(|| found.version.id_text());
    Ok(Source { content, range, version_id })
}

/// Reads `bytes=first-last`: unlike elsewhere both ends must be there.
fn parse_range(header: &str) -> Result<Range<u64>, Error> {
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok())?;
    let parse = || {
        let (first, last) = header.strip_prefix("bytes=")?.split_once('-')?;
        let (first, last) = (number(first)?, number(last)?);
        (first <= last && last < u64::MAX).then(|| first..last + 1)
    };
    parse().ok_or_else(|| {
        let message = "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last \
                       are the zero-based offsets of the first and last bytes to copy";
        Error::argument(message, "x-amz-copy-source-range", header)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_both_ends() {
        assert_eq!(parse_range("bytes=0-9").ok(), Some(0..10));
        for header in ["bytes=0-", "bytes=-9", "0-9", "bytes=9-0", "bytes=a-b", "bytes=0-9,20-29", "bytes=+1-2"] {
            assert!(parse_range(header).is_err(), "{header}");
        }
    }
}
