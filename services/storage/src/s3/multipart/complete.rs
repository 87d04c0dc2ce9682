//! CompleteMultipartUpload: the parts become an object.

use haar_platform::aws::s3 as aws;
use haar_platform::kernel::{Bytes, Ctx, Timestamp};
use haar_platform::store::{Read, Tx};
use md5::{Digest, Md5};

use super::completed::{self, Completed};
use super::{Found, checksum, find, part, remove};
use crate::s3::S3;
use crate::s3::bucket;
use crate::s3::error::Error;
use crate::s3::event::{Happening, Scene};
use crate::s3::lifecycle;
use crate::s3::model::{Bucket, Checksum, Content, ContentPart, Object, PARTS, Part, Upload, Versioning};
use crate::s3::object::condition::WriteConditions;
use crate::s3::object::digest::{answer_checksum, given_checksums, hex};
use crate::s3::object::properties::refuse_customer_key;
use crate::s3::object::{REQUESTS_WRITE, quoted, store};
use crate::s3::url_encoding::encode_name;

/// All parts but the last have at least so many bytes.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>
const PART_BYTES_MIN: u64 = 5 << 20;

/// A part as the caller lists it.
struct Listed {
    number: u16,
    /// Without quotes.
    etag: String,
    checksums: Vec<(aws::ChecksumAlgorithm, String)>,
}

/// What the caller says of the whole.
struct Whole {
    checksums: Vec<(aws::ChecksumAlgorithm, String)>,
    kind: Option<aws::ChecksumType>,
    size: Option<i64>,
}

/// CompleteMultipartUpload.
pub async fn complete(
    ctx: &Ctx,
    s3: &S3,
    mut input: aws::CompleteMultipartUploadRequest,
) -> Result<aws::CompleteMultipartUploadOutput, Error> {
    ctx.meter(REQUESTS_WRITE, 1);
    let customer_key = [&input.sse_customer_algorithm, &input.sse_customer_key, &input.sse_customer_key_md5];
    refuse_customer_key(customer_key.iter().any(|header| header.is_some()))?;
    let listed = listed(input.multipart_upload.take(), &input.upload_id)?;
    let whole = Whole { checksums: given_checksums!(input), kind: input.checksum_type, size: input.mpu_object_size };
    let conditions = WriteConditions::of(input.if_match.take(), input.if_none_match.take())?;
    let location = location(ctx, &input.bucket, &input.key);
    let scene = Scene::of(ctx, &s3.bus, &input.bucket);
    let now = ctx.now();
    s3.store
        .write(move |tx| {
            let bucket = bucket::find(tx, &input.bucket, input.expected_bucket_owner.as_deref())?;
            let done = match find(tx, &bucket, &input.key, &input.upload_id) {
                Ok(found) => {
                    conditions.check_current(tx, bucket.number, &input.key)?;
                    publish(tx, &bucket, &input.key, found, &listed, &whole, &scene, now)?
                }
                Err(missing) => completed::recall(tx, &bucket, &input.key, &input.upload_id, now)?.ok_or(missing)?,
            };
            let expiration = match store::current(tx, bucket.number, &input.key)? {
                Some(current) => lifecycle::expiration(tx, &bucket, &input.key, &current.version)?,
                None => None,
            };
            let mut output = answer(done);
            output.location = Some(location);
            output.bucket = Some(input.bucket);
            output.key = Some(input.key);
            output.expiration = expiration;
            Ok(output)
        })
        .await
}

/// Makes the object, and forgets the upload.
#[expect(clippy::too_many_arguments, reason = "what the caller said, and what the store knows")]
fn publish(
    tx: &mut Tx,
    bucket: &Bucket,
    key: &str,
    found: Found,
    listed: &[Listed],
    whole: &Whole,
    scene: &Scene,
    now: Timestamp,
) -> Result<Completed, Error> {
    let Found { sequence, upload } = found;
    let mut parts = Vec::with_capacity(listed.len());
    for listed in listed {
        let part = tx.get(PARTS, &(bucket.number, sequence, listed.number))?;
        parts.push((listed.number, accept(part, listed, &upload)?));
    }
    refuse_small(&parts)?;
    let records: Vec<&Part> = parts.iter().map(|(_, part)| part).collect();
    let checksum = checksum::of_object(upload.checksum, &records);
    let size = records.iter().map(|part| part.piece.size).sum();
    whole.compare(&upload, checksum.as_ref(), size)?;
    let etag = etag(&records);
    let content = Content::Parts(
        parts
            .iter()
            .map(|(number, part)| ContentPart { number: *number, piece: part.piece, checksum: part.checksum.clone() })
            .collect(),
    );
    let object = Object {
        size,
        etag: etag.clone(),
        storage_class: upload.storage_class,
        encryption: upload.encryption.clone(),
        checksum: checksum.clone(),
        parts: u16::try_from(parts.len()).ok(),
        headers: upload.headers,
        metadata: upload.metadata,
        tags: upload.tags,
    };
    // A multipart object is as old as its upload.
    // <https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html>
    let version = store::commit_version(tx, bucket, key, object, &content, upload.initiated)?.version;
    // After the object has taken over the parts' blobs.
    remove(tx, bucket.number, key, sequence)?;
    scene.tell(tx, bucket, key, &version, Happening::Completed)?;
    let completed = Completed {
        id: upload.id,
        at: now,
        key: key.to_owned(),
        etag,
        checksum,
        encryption: upload.encryption,
        version_id: (bucket.versioning == Versioning::Enabled).then(|| version.id_text()),
    };
    completed::remember(tx, bucket, sequence, &completed)?;
    Ok(completed)
}

/// The parts that the caller lists, in ascending order.
fn listed(upload: Option<aws::CompletedMultipartUpload>, upload_id: &str) -> Result<Vec<Listed>, Error> {
    let parts = upload.and_then(|upload| upload.parts).unwrap_or_default();
    if parts.is_empty() {
        return Err(Error::MalformedXml);
    }
    let mut listed: Vec<Listed> = Vec::with_capacity(parts.len());
    for part in parts {
        let (Some(number), Some(etag)) = (part.part_number, &part.e_tag) else {
            return Err(Error::MalformedXml);
        };
        let number = super::part_number(number)?;
        if listed.last().is_some_and(|last| last.number >= number) {
            return Err(Error::InvalidPartOrder(upload_id.to_owned()));
        }
        let etag = etag.trim_matches('"').to_owned();
        listed.push(Listed { number, etag, checksums: given_checksums!(part) });
    }
    Ok(listed)
}

/// The part that is meant, if it is there and is what the caller thinks.
fn accept(part: Option<Part>, listed: &Listed, upload: &Upload) -> Result<Part, Error> {
    let number = listed.number;
    let invalid = || Error::InvalidPart {
        upload_id: upload.id.to_string(),
        part_number: number.into(),
        etag: listed.etag.clone(),
    };
    let part = part.filter(|part| part.etag == listed.etag).ok_or_else(invalid)?;
    for (algorithm, value) in &listed.checksums {
        let same = |checksum: &Checksum| checksum.algorithm.api() == *algorithm && checksum.value == *value;
        if !part.checksum.as_ref().is_some_and(same) {
            return Err(invalid());
        }
    }
    if let Some(asked) = upload.checksum.filter(|asked| asked.composite)
        && listed.checksums.is_empty()
    {
        return Err(Error::InvalidRequest(format!(
            "The upload was created using a {} checksum. The complete request must include the checksum for each \
             part. It was missing for part {number} in the request.",
            asked.algorithm.as_str().to_ascii_lowercase()
        )));
    }
    Ok(part)
}

fn refuse_small(parts: &[(u16, Part)]) -> Result<(), Error> {
    let (_, all_but_last) = parts.split_last().map_or((None, parts), |(last, rest)| (Some(last), rest));
    match all_but_last.iter().find(|(_, part)| part.piece.size < PART_BYTES_MIN) {
        Some((number, part)) => Err(Error::EntityTooSmall {
            size: part.piece.size,
            min: PART_BYTES_MIN,
            part_number: (*number).into(),
            etag: part.etag.clone(),
        }),
        None => Ok(()),
    }
}

impl Whole {
    /// Whether the object is what the caller thinks.
    fn compare(&self, upload: &Upload, checksum: Option<&Checksum>, size: u64) -> Result<(), Error> {
        let kind = upload.checksum.map_or(aws::ChecksumType::FullObject, checksum::kind);
        if self.kind.is_some_and(|given| given != kind) {
            return Err(Error::InvalidRequest(format!(
                "The upload was created using the {kind} checksum mode. The complete request must use the same \
                 checksum mode."
            )));
        }
        if let Some(given) = self.size.filter(|given| u64::try_from(*given) != Ok(size)) {
            return Err(Error::InvalidRequest(format!(
                "The provided 'x-amz-mp-object-size' header value {given} does not match what was computed: {size}"
            )));
        }
        for (algorithm, value) in &self.checksums {
            let same = |checksum: &Checksum| {
                // Of a composite checksum the number of parts may be left out.
                let bare = checksum.value.split('-').next().unwrap_or_default();
                checksum.algorithm.api() == *algorithm && (checksum.value == *value || bare == value)
            };
            if !checksum.is_some_and(same) {
                return Err(Error::BadChecksum(algorithm.as_str().to_owned()));
            }
        }
        Ok(())
    }
}

/// The MD5 of the parts' MD5s, and how many they are.
fn etag(parts: &[&Part]) -> String {
    let mut digest = Md5::new();
    for part in parts {
        digest.update(unhex(&part.etag));
    }
    format!("{}-{}", hex(&digest.finalize()), parts.len())
}

fn unhex(text: &str) -> Bytes {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or_default() as u8;
    text.as_bytes().chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

/// Where the object is, from where the caller is.
fn location(ctx: &Ctx, bucket: &str, key: &str) -> String {
    let endpoint = ctx.origin.endpoint.trim_end_matches('/');
    format!("{endpoint}/{bucket}/{}", encode_name(key))
}

fn answer(completed: Completed) -> aws::CompleteMultipartUploadOutput {
    let mut output = aws::CompleteMultipartUploadOutput {
        e_tag: Some(quoted(&completed.etag)),
        version_id: completed.version_id,
        ..Default::default()
    };
    if let Some(checksum) = &completed.checksum {
        answer_checksum!(output, checksum);
        output.checksum_type = Some(checksum.kind());
    }
    let encryption = part::answer_encryption(&completed.encryption);
    output.server_side_encryption = encryption.algorithm;
    output.ssekms_key_id = encryption.key_id;
    output.bucket_key_enabled = encryption.bucket_key;
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_read_back() {
        assert_eq!(hex(&unhex("00ff1a")), "00ff1a");
    }
}
