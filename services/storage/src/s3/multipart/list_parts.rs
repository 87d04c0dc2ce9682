//! ListParts: what an upload has so far.

use haar_platform::aws::s3 as aws;
use haar_platform::kernel::Ctx;
use haar_platform::store::{Read, Span, StoreError};

use super::{checksum, find, initiator, page_size};
use crate::s3::S3;
use crate::s3::bucket;
use crate::s3::error::Error;
use crate::s3::lifecycle;
use crate::s3::model::{PARTS, Part};
use crate::s3::object::digest::answer_checksum;
use crate::s3::object::whole_seconds;
use crate::s3::object::{REQUESTS_READ, quoted};
use crate::s3::owner;

/// ListParts.
pub async fn list(ctx: &Ctx, s3: &S3, input: aws::ListPartsRequest) -> Result<aws::ListPartsOutput, Error> {
    ctx.meter(REQUESTS_READ, 1);
    let size = page_size(input.max_parts, "max-parts")?;
    let marker = input.part_number_marker.unwrap_or(0);
    s3.store.read(|tx| {
        let bucket = bucket::find(tx, &input.bucket, input.expected_bucket_owner.as_deref())?;
        let found = find(tx, &bucket, &input.key, &input.upload_id)?;
        let after = u16::try_from(marker.max(0)).unwrap_or(u16::MAX);
        let span = Span::under((bucket.number, found.sequence)).after(&(bucket.number, found.sequence, after));
        let mut parts: Vec<(u16, Part)> = tx
            .scan(PARTS, span)
            .take(size + 1)
            .map(|row| row.map(|((_, _, number), part)| (number, part)))
            .collect::<Result<_, StoreError>>()?;
        let truncated = parts.len() > size;
        parts.truncate(size);
        let last = parts.last().map_or(0, |(number, _)| i32::from(*number));
        let abortion = lifecycle::abortion(tx, &bucket, &input.key, found.upload.initiated)?;
        let (abort_date, abort_rule_id) = abortion.unzip();
        Ok(aws::ListPartsOutput {
            abort_date,
            abort_rule_id,
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(input.upload_id),
            part_number_marker: Some(marker),
            next_part_number_marker: Some(last),
            max_parts: Some(size as i32),
            is_truncated: Some(truncated),
            parts: Some(parts.into_iter().map(|(number, part)| answer(number, part)).collect()),
            initiator: Some(initiator(&found.upload)),
            owner: Some(owner::of(&bucket.owner)),
            storage_class: aws::StorageClass::parse(found.upload.storage_class.as_str()),
            checksum_algorithm: found.upload.checksum.map(|checksum| checksum.algorithm.api()),
            checksum_type: found.upload.checksum.map(checksum::kind),
            ..Default::default()
        })
    })
}

fn answer(number: u16, part: Part) -> aws::Part {
    let mut answer = aws::Part {
        part_number: Some(number.into()),
        last_modified: Some(whole_seconds(part.modified)),
        e_tag: Some(quoted(&part.etag)),
        size: i64::try_from(part.piece.size).ok(),
        ..Default::default()
    };
    if let Some(checksum) = &part.checksum {
        answer_checksum!(answer, checksum);
    }
    answer
}
