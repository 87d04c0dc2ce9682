//! UploadPart: a part comes from the caller, over the one that had its number.

use haar_platform::aws::s3 as aws;
use haar_platform::kernel::{Ctx, Timestamp};

use super::{find, part_number};
use crate::s3::S3;
use crate::s3::bucket;
use crate::s3::error::Error;
use crate::s3::model::{ChecksumAlgorithm, Encryption, PARTS, Part, Upload};
use crate::s3::object::digest::{answer_checksum, given_checksums};
use crate::s3::object::properties::refuse_customer_key;
use crate::s3::object::receive::{self, Announced, Received};
use crate::s3::object::{REQUESTS_WRITE, quoted};

/// UploadPart.
pub async fn upload(ctx: &Ctx, s3: &S3, input: aws::UploadPartRequest) -> Result<aws::UploadPartOutput, Error> {
    ctx.meter(REQUESTS_WRITE, 1);
    let customer_key = [&input.sse_customer_algorithm, &input.sse_customer_key, &input.sse_customer_key_md5];
    refuse_customer_key(customer_key.iter().any(|header| header.is_some()))?;
    let number = part_number(input.part_number)?;
    if input.content_length.is_none() && input.body.length().is_none() {
        return Err(Error::MissingContentLength);
    }
    let announced = Announced::of(input.content_md5.as_deref(), input.checksum_algorithm, given_checksums!(input))?;
    let place = Place {
        bucket: input.bucket,
        expected_bucket_owner: input.expected_bucket_owner,
        key: input.key,
        upload_id: input.upload_id,
        number,
    };
    // Nothing is received for an upload that is not there.
    let upload = place.upload(s3)?;
    refuse_other_algorithm(&upload, announced.algorithm())?;
    let announced = announced.or_by(upload.checksum.map(|checksum| checksum.algorithm));
    let received = receive::part(&s3.store, input.body, announced).await?;
    refuse_other_algorithm(&upload, Some(received.checksum.algorithm))?;
    let part = place.keep(s3, received, ctx.now()).await?;

    let mut output = aws::UploadPartOutput { e_tag: Some(quoted(&part.etag)), ..Default::default() };
    if let Some(checksum) = &part.checksum {
        answer_checksum!(output, checksum);
    }
    let encryption = answer_encryption(&upload.encryption);
    output.server_side_encryption = encryption.algorithm;
    output.ssekms_key_id = encryption.key_id;
    output.bucket_key_enabled = encryption.bucket_key;
    Ok(output)
}

/// An upload that was begun with a checksum takes no parts with another.
fn refuse_other_algorithm(upload: &Upload, named: Option<ChecksumAlgorithm>) -> Result<(), Error> {
    match (upload.checksum, named) {
        (Some(asked), Some(named)) if asked.algorithm != named => Err(Error::InvalidRequest(format!(
            "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {}",
            asked.algorithm.as_str().to_ascii_lowercase(),
            named.as_str().to_ascii_lowercase()
        ))),
        _ => Ok(()),
    }
}

/// Where a part belongs.
pub struct Place {
    pub bucket: String,
    pub expected_bucket_owner: Option<String>,
    pub key: String,
    pub upload_id: String,
    pub number: u16,
}

impl Place {
    /// The upload, which must be under way.
    pub fn upload(&self, s3: &S3) -> Result<Upload, Error> {
        s3.store.read(|tx| {
            let bucket = bucket::find(tx, &self.bucket, self.expected_bucket_owner.as_deref())?;
            Ok(find(tx, &bucket, &self.key, &self.upload_id)?.upload)
        })
    }

    /// Writes down what came, if the upload is still under way.
    pub async fn keep(self, s3: &S3, received: Received, now: Timestamp) -> Result<Part, Error> {
        let piece = received.piece().expect("parts are received as blobs");
        let etag = received.md5.clone();
        let part = Part { modified: now, etag, piece, checksum: Some(received.checksum.clone()) };
        let record = part.clone();
        s3.store
            .write(move |tx| {
                let bucket = bucket::find(tx, &self.bucket, self.expected_bucket_owner.as_deref())?;
                let found = find(tx, &bucket, &self.key, &self.upload_id)?;
                tx.put(PARTS, &(bucket.number, found.sequence, self.number), &record)?;
                Ok::<_, Error>(())
            })
            .await?;
        // Until here it held the file.
        drop(received);
        Ok(part)
    }
}

/// What answers say of an upload's encryption.
pub struct EncryptionAnswer {
    pub algorithm: Option<aws::ServerSideEncryption>,
    pub key_id: Option<String>,
    pub bucket_key: Option<bool>,
}

/// In the words of the answers.
pub fn answer_encryption(encryption: &Encryption) -> EncryptionAnswer {
    let kms = encryption.kms();
    EncryptionAnswer {
        algorithm: Some(encryption.algorithm()),
        key_id: kms.and_then(|kms| kms.key_id.clone()),
        bucket_key: kms.and_then(|kms| kms.bucket_key),
    }
}
