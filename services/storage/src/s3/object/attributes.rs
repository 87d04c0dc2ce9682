//! GetObjectAttributes: what is known of an object, without the object.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html>

use haar_platform::aws::s3 as api;
use haar_platform::kernel::Ctx;
use haar_platform::store::Read;

use crate::s3::S3;
use crate::s3::bucket;
use crate::s3::error::Error;
use crate::s3::model::{CONTENTS, Content, ContentPart, Versioning};

use super::digest::answer_checksum;
use super::get::find;
use super::properties::refuse_customer_key;
use super::{REQUESTS_READ, whole_seconds};

/// Parts on a page.
const PARTS_MAX: i32 = 1000;

/// `GetObjectAttributes`.
pub async fn get(
    ctx: &Ctx,
    s3: &S3,
    input: api::GetObjectAttributesRequest,
) -> Result<api::GetObjectAttributesOutput, Error> {
    ctx.meter(REQUESTS_READ, 1);
    let customer_key = [&input.sse_customer_algorithm, &input.sse_customer_key, &input.sse_customer_key_md5];
    refuse_customer_key(customer_key.into_iter().any(Option::is_some))?;
    let wants = |attribute| input.object_attributes.contains(&attribute);
    s3.store.read(|tx| {
        let bucket = bucket::find(tx, &input.bucket, input.expected_bucket_owner.as_deref())?;
        let found = find(tx, &bucket, &input.key, input.version_id.as_deref(), "GET")?;
        let object = found.object().ok_or_else(|| Error::NoSuchKey(input.key.clone()))?;
        let mut output = api::GetObjectAttributesOutput {
            last_modified: Some(whole_seconds(found.version.modified)),
            version_id: (bucket.versioning != Versioning::Off).then(|| found.version.id_text()),
            ..Default::default()
        };
        if wants(api::ObjectAttributes::ETag) {
            // Without quotes, unlike everywhere else.
            output.e_tag = Some(object.etag.clone());
        }
        if wants(api::ObjectAttributes::StorageClass) {
            output.storage_class = Some(object.storage_class.api());
        }
        if wants(api::ObjectAttributes::ObjectSize) {
            output.object_size = Some(object.size as i64);
        }
        if let Some(checksum) = object.checksum.as_ref().filter(|_| wants(api::ObjectAttributes::Checksum)) {
            let mut answer = api::Checksum { checksum_type: Some(checksum.kind()), ..Default::default() };
            answer_checksum!(answer, checksum);
            // The number of parts stands beside it here, not behind it.
            if checksum.composite {
                let bare = checksum.value.split('-').next().unwrap_or_default().to_owned();
                answer_checksum!(answer, &crate::s3::model::Checksum { value: bare, ..checksum.clone() });
            }
            output.checksum = Some(answer);
        }
        // A copy of a multipart object shares its pieces, and is no multipart object.
        if wants(api::ObjectAttributes::ObjectParts)
            && object.parts.is_some()
            && let Some(Content::Parts(parts)) = tx.get(CONTENTS, &(bucket.number, found.sequence))?
        {
            let max = input.max_parts.unwrap_or(PARTS_MAX).clamp(0, PARTS_MAX);
            output.object_parts = Some(page(&parts, input.part_number_marker.unwrap_or(0), max));
        }
        Ok(output)
    })
}

/// A page of parts. AWS lists them only when they have checksums, but always says how many there are.
fn page(parts: &[ContentPart], marker: i32, max: i32) -> api::GetObjectAttributesParts {
    let checked = parts.iter().all(|part| part.checksum.is_some());
    let rest: Vec<_> = parts.iter().filter(|part| i32::from(part.number) > marker).collect();
    let page = &rest[..rest.len().min(max as usize)];
    let listed = page.iter().map(|part| {
        let mut answer = api::ObjectPart {
            part_number: Some(part.number.into()),
            size: Some(part.piece.size as i64),
            ..Default::default()
        };
        if let Some(checksum) = &part.checksum {
            answer_checksum!(answer, checksum);
        }
        answer
    });
    api::GetObjectAttributesParts {
        total_parts_count: Some(parts.len() as i32),
        part_number_marker: Some(marker),
        next_part_number_marker: Some(page.last().map_or(marker, |part| part.number.into())),
        max_parts: Some(max),
        is_truncated: Some(page.len() < rest.len()),
        parts: checked.then(|| listed.collect()),
    }
}
