//! CopyObject: a new version with the bytes of another. The bytes are shared, not copied.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>

use haar_platform::aws::s3 as api;
use haar_platform::aws::s3::errors;
use haar_platform::kernel::{Body, Ctx, Fault};
use haar_platform::store::{Digest as _, Read, StoreError};

use crate::s3::S3;
use crate::s3::bucket;
use crate::s3::copy_source::CopySource;
use crate::s3::error::Error;
use crate::s3::event::{Happening, Scene};
use crate::s3::lifecycle;
use crate::s3::model::{Bucket, CONTENTS, Checksum, ChecksumAlgorithm, Content, Headers, Object, Version, Versioning};

use super::condition::{ReadConditions, WriteConditions};
use super::digest::{Digests, answer_checksum, hex};
use super::get::find;
use super::properties::{Properties, asked, check_key, refuse_customer_key};
use super::store::Found;
use super::{REQUESTS_WRITE, content, quoted, store, whole_seconds};

/// The largest object that one copy takes: 5 GiB.
const SOURCE_BYTES_MAX: u64 = 5 << 30;

/// How often a copy starts over because its source was replaced on the way.
const ATTEMPTS_MAX: usize = 8;

/// `CopyObject`.
pub async fn copy(ctx: &Ctx, s3: &S3, mut input: api::CopyObjectRequest) -> Result<api::CopyObjectOutput, Error> {
    ctx.meter(REQUESTS_WRITE, 1);
    let order = Order::of(&mut input)?;
    for _ in 0..ATTEMPTS_MAX {
        let seen = s3.store.read(|tx| order.look(tx))?;
        let digest = match order.digest(s3, &seen).await {
            Err(Error::Store(StoreError::NoSuchBlob(_))) => continue,
            other => other?,
        };
        let scene = Scene::of(ctx, &s3.bus, &order.bucket);
        let (order, now) = (order.clone(), ctx.now());
        let done = s3
            .store
            .write(move |tx| {
                let seen_again = order.look(tx)?;
                if seen_again.found.sequence != seen.found.sequence {
                    return Ok(None);
                }
                let Seen { target, found, content, source_version_id } = seen_again;
                let object = order.object(tx, &target, &found, digest)?;
                let found = store::commit_version(tx, &target, &order.key, object, &content, now)?;
                scene.tell(tx, &target, &order.key, &found.version, Happening::Copied)?;
                let expiration = lifecycle::expiration(tx, &target, &order.key, &found.version)?;
                let output = answer(&target, &found.version, source_version_id);
                Ok::<_, Error>(Some(api::CopyObjectOutput { expiration, ..output }))
            })
            .await?;
        if let Some(output) = done {
            return Ok(output);
        }
    }
    Err(Error::OperationAborted)
}

/// What is to be copied where, and as what.
#[derive(Clone)]
struct Order {
    source: CopySource,
    source_owner: Option<String>,
    source_conditions: ReadConditions,
    bucket: String,
    owner: Option<String>,
    key: String,
    conditions: WriteConditions,
    properties: Properties,
    replaces_metadata: bool,
    replaces_tags: bool,
    /// Whether the copy differs from its source in what may be copied onto itself.
    changes: bool,
    algorithm: Option<ChecksumAlgorithm>,
}

/// The source as it is.
struct Seen {
    target: Bucket,
    found: Found,
    content: Content,
    source_version_id: Option<String>,
}

/// What the copy's bytes come to, where that is not what the source says.
type Digest = Option<(String, Checksum)>;

impl Order {
    fn of(input: &mut api::CopyObjectRequest) -> Result<Self, Error> {
        refuse_customer_key(
            input.copy_source_sse_customer_algorithm.is_some()
                || input.copy_source_sse_customer_key.is_some()
                || input.copy_source_sse_customer_key_md5.is_some(),
        )?;
        let replaces_metadata = input.metadata_directive == Some(api::MetadataDirective::Replace);
        let changes = replaces_metadata
            || input.storage_class.is_some()
            || input.website_redirect_location.is_some()
            || input.server_side_encryption.is_some();
        let properties = asked!(input).check()?;
        check_key(&input.key)?;
        Ok(Self {
            source: CopySource::parse(&input.copy_source)?,
            source_owner: input.expected_source_bucket_owner.take(),
            source_conditions: ReadConditions {
                if_match: input.copy_source_if_match.take(),
                if_none_match: input.copy_source_if_none_match.take(),
                if_modified_since: input.copy_source_if_modified_since,
                if_unmodified_since: input.copy_source_if_unmodified_since,
            },
            bucket: std::mem::take(&mut input.bucket),
            owner: input.expected_bucket_owner.take(),
            key: std::mem::take(&mut input.key),
            conditions: WriteConditions::of(input.if_match.take(), input.if_none_match.take())?,
            properties,
            replaces_metadata,
            replaces_tags: input.tagging_directive == Some(api::TaggingDirective::Replace),
            changes,
            algorithm: input.checksum_algorithm.map(ChecksumAlgorithm::chosen).transpose()?,
        })
    }

    /// Finds the source, and refuses what cannot be copied.
    fn look(&self, tx: &impl Read) -> Result<Seen, Error> {
        let target = bucket::find(tx, &self.bucket, self.owner.as_deref())?;
        let source_bucket = bucket::find(tx, &self.source.bucket, self.source_owner.as_deref())?;
        let found = source(tx, &source_bucket, &self.source)?;
        let object = found.object().ok_or_else(|| Error::NoSuchKey(self.source.key.clone()))?;
        check_source(&self.source_conditions, object, &found.version)?;
        if object.size > SOURCE_BYTES_MAX {
            let message = format!(
                "The specified copy source is larger than the maximum allowable size for a copy source: \
                 {SOURCE_BYTES_MAX}"
            );
            return Err(Error::InvalidRequest(message));
        }
        let onto_itself =
            target.number == source_bucket.number && self.key == self.source.key && self.source.version_id.is_none();
        if onto_itself && !self.changes {
            let message = "This copy request is illegal because it is trying to copy an object to itself without \
                           changing the object's metadata, storage class, website redirect location or encryption \
                           attributes.";
            return Err(Error::InvalidRequest(message.into()));
        }
        self.properties.acl.check(tx, target.number)?;
        self.conditions.check_current(tx, target.number, &self.key)?;
        let content = tx.get(CONTENTS, &(source_bucket.number, found.sequence))?;
        let content = content.ok_or_else(|| Error::NoSuchKey(self.source.key.clone()))?;
        let source_version_id = (source_bucket.versioning != Versioning::Off).then(|| found.version.id_text());
        Ok(Seen { target, found, content, source_version_id })
    }

    /// Reads the bytes where the copy's ETag or checksum is not the source's: of a multipart object, whose are made
    /// of its parts', and for another algorithm.
    async fn digest(&self, s3: &S3, seen: &Seen) -> Result<Digest, Error> {
        let Some(object) = seen.found.object() else { return Ok(None) };
        let recorded = object.checksum.as_ref().map(|checksum| checksum.algorithm);
        let algorithm = self.algorithm.or(recorded).unwrap_or(ChecksumAlgorithm::DEFAULT);
        if recorded == Some(algorithm) && object.parts.is_none() {
            return Ok(None);
        }
        let mut body: Body = content::body(&s3.store, &seen.content, 0..object.size).await?;
        let mut digests = Digests::new(Some(algorithm));
        while let Some(bytes) = body.next().await {
            digests.update(&bytes.map_err(Fault::internal)?);
        }
        Ok(digests.finish(algorithm).map(|(md5, checksum)| (hex(&md5), checksum)))
    }

    fn object(&self, tx: &impl Read, target: &Bucket, found: &Found, digest: Digest) -> Result<Object, Error> {
        let source = found.object().ok_or_else(|| Error::NoSuchKey(self.source.key.clone()))?;
        let properties = self.properties.clone();
        let encryption = match properties.encryption {
            Some(encryption) => encryption,
            None => bucket::encryption::of(tx, target)?,
        };
        let (headers, metadata) = if self.replaces_metadata {
            (properties.headers, properties.metadata)
        } else {
            // A redirect is never copied.
            let website_redirect_location = properties.headers.website_redirect_location;
            (Headers { website_redirect_location, ..source.headers.clone() }, source.metadata.clone())
        };
        let (etag, checksum) = match digest {
            Some((etag, checksum)) => (etag, Some(checksum)),
            None => (source.etag.clone(), source.checksum.clone()),
        };
        Ok(Object {
            size: source.size,
            etag,
            storage_class: properties.storage_class,
            encryption,
            checksum,
            parts: None,
            headers,
            metadata,
            tags: if self.replaces_tags { properties.tags } else { source.tags.clone() },
        })
    }
}

/// The object that a copy (of an object, or into a part) is made from.
pub fn source(tx: &impl Read, bucket: &Bucket, source: &CopySource) -> Result<Found, Error> {
    let found = find(tx, bucket, &source.key, source.version_id.as_deref(), "PUT").map_err(|error| match error {
        Error::Fault(fault) if fault.code == "MethodNotAllowed" => {
            let message = "The source of a copy request may not specifically refer to a delete marker by version id.";
            Error::InvalidRequest(message.into())
        }
        other => other,
    })?;
    if found.object().is_some_and(|object| object.storage_class.archived()) {
        let message = "The source object of the COPY action is not in the active tier.";
        return Err(Error::Fault(Fault::of(&errors::OBJECT_NOT_IN_ACTIVE_TIER_ERROR, message)));
    }
    Ok(found)
}

/// The conditions on a copy's source: whatever does not hold, the copy failed.
pub fn check_source(conditions: &ReadConditions, object: &Object, version: &Version) -> Result<(), Error> {
    conditions.check(object, version.modified).map_err(|error| match error {
        Error::PreconditionFailed("If-Match") => Error::PreconditionFailed("x-amz-copy-source-If-Match"),
        Error::PreconditionFailed(_) => Error::PreconditionFailed("x-amz-copy-source-If-Unmodified-Since"),
        Error::NotModified if conditions.if_none_match.is_some() => {
            Error::PreconditionFailed("x-amz-copy-source-If-None-Match")
        }
        Error::NotModified => Error::PreconditionFailed("x-amz-copy-source-If-Modified-Since"),
        other => other,
    })
}

fn answer(target: &Bucket, version: &Version, source_version_id: Option<String>) -> api::CopyObjectOutput {
    let mut result = api::CopyObjectResult::default();
    let mut output = api::CopyObjectOutput {
        copy_source_version_id: source_version_id,
        version_id: (target.versioning == Versioning::Enabled).then(|| version.id_text()),
        ..Default::default()
    };
    if let Some(object) = version.object() {
        result.e_tag = Some(quoted(&object.etag));
        result.last_modified = Some(whole_seconds(version.modified));
        if let Some(checksum) = &object.checksum {
            answer_checksum!(result, checksum);
            result.checksum_type = Some(checksum.kind());
        }
        output.server_side_encryption = Some(object.encryption.algorithm());
        if let Some(kms) = object.encryption.kms() {
            output.ssekms_key_id.clone_from(&kms.key_id);
            output.ssekms_encryption_context.clone_from(&kms.context);
            output.bucket_key_enabled = kms.bucket_key;
        }
    }
    output.copy_object_result = Some(result);
    output
}
