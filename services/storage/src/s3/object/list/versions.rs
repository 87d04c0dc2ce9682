//! ListObjectVersions: everything that a bucket keeps, delete markers too.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html>

use haar_platform::aws::s3 as api;
use haar_platform::kernel::Ctx;
use haar_platform::store::Read;

use crate::s3::S3;
use crate::s3::bucket;
use crate::s3::error::Error;
use crate::s3::model::{Bucket, Version};
use crate::s3::object::{REQUESTS_WRITE, quoted, store, whole_seconds};
use crate::s3::owner;

use super::walk::{Filter, Line, Marker, Walk};
use super::{Writing, algorithms, delimiter_of, page_size, refuse_restore_status};

/// `ListObjectVersions`.
pub async fn list(
    ctx: &Ctx,
    s3: &S3,
    input: api::ListObjectVersionsRequest,
) -> Result<api::ListObjectVersionsOutput, Error> {
    ctx.meter(REQUESTS_WRITE, 1);
    refuse_restore_status(input.optional_object_attributes.as_ref())?;
    let max = page_size(input.max_keys)?;
    let prefix = input.prefix.unwrap_or_default();
    let delimiter = delimiter_of(input.delimiter);
    let key_marker = input.key_marker.unwrap_or_default();
    let version_id_marker = input.version_id_marker.filter(|marker| !marker.is_empty());
    if let (Some(marker), true) = (&version_id_marker, key_marker.is_empty()) {
        let message = "A version-id marker cannot be specified without a key marker.";
        return Err(Error::argument(message, "version-id-marker", marker));
    }
    let (bucket, lines, truncated) = s3.store.read(|tx| {
        let bucket = bucket::find(tx, &input.bucket, input.expected_bucket_owner.as_deref())?;
        let filter = Filter { bucket: bucket.number, prefix: &prefix, delimiter: delimiter.as_deref() };
        let marker = marker(tx, &bucket, &key_marker, version_id_marker.as_deref())?;
        let (lines, truncated) = Walk::versions(tx, filter, &marker).page(max as usize)?;
        Ok::<_, Error>((bucket, lines, truncated))
    })?;

    let writing = Writing(input.encoding_type);
    let owner = owner::of(&bucket.owner);
    let (next_key_marker, next_version_id_marker) = match lines.last().filter(|_| truncated) {
        Some(line @ Line::Version { version, .. }) => (Some(writing.text(line.name())), Some(version.id_text())),
        Some(line @ Line::Prefix(_)) => (Some(writing.text(line.name())), None),
        None => (None, None),
    };
    let (mut versions, mut markers, mut prefixes) = (Vec::new(), Vec::new(), Vec::new());
    for line in lines {
        match line {
            Line::Prefix(prefix) => prefixes.push(prefix),
            Line::Version { key, version, newest } => {
                let key = writing.text(&key);
                match answer(&key, &version, newest, &owner) {
                    Some(answer) => versions.push(answer),
                    None => markers.push(api::DeleteMarkerEntry {
                        owner: Some(owner.clone()),
                        key: Some(key),
                        version_id: Some(version.id_text()),
                        is_latest: Some(newest),
                        last_modified: Some(whole_seconds(version.modified)),
                    }),
                }
            }
        }
    }
    Ok(api::ListObjectVersionsOutput {
        is_truncated: Some(truncated),
        key_marker: Some(writing.text(&key_marker)),
        version_id_marker: Some(version_id_marker.unwrap_or_default()),
        next_key_marker,
        next_version_id_marker,
        versions: Some(versions),
        delete_markers: Some(markers),
        name: Some(input.bucket),
        prefix: Some(writing.text(&prefix)),
        delimiter: delimiter.as_deref().map(|delimiter| writing.text(delimiter)),
        max_keys: Some(max),
        common_prefixes: Some(writing.prefixes(prefixes)),
        encoding_type: input.encoding_type,
        request_charged: None,
    })
}

/// Behind a version of the key, if one is named; it need not be there any more, for its name tells its place.
fn marker<'a>(tx: &impl Read, bucket: &Bucket, key: &'a str, version_id: Option<&str>) -> Result<Marker<'a>, Error> {
    if key.is_empty() {
        return Ok(Marker::Start);
    }
    let sequence = match version_id {
        None => None,
        Some("null") => store::find(tx, bucket.number, key, version_id)?.map(|found| found.sequence),
        Some(text) => {
            let id = crate::s3::model::VersionId::parse(text);
            let invalid = || Error::argument("Invalid version id specified", "version-id-marker", text);
            Some(id.ok_or_else(invalid)?.sequence())
        }
    };
    Ok(match sequence {
        Some(sequence) => Marker::BehindVersion(key, sequence),
        None => Marker::Behind(key),
    })
}

fn answer(key: &str, version: &Version, newest: bool, owner: &api::Owner) -> Option<api::ObjectVersion> {
    let object = version.object()?;
    Some(api::ObjectVersion {
        e_tag: Some(quoted(&object.etag)),
        checksum_algorithm: algorithms(object.checksum.as_ref()),
        checksum_type: object.checksum.as_ref().map(|checksum| checksum.kind()),
        size: Some(object.size as i64),
        storage_class: api::ObjectVersionStorageClass::parse(object.storage_class.as_str()),
        key: Some(key.to_owned()),
        version_id: Some(version.id_text()),
        is_latest: Some(newest),
        last_modified: Some(whole_seconds(version.modified)),
        owner: Some(owner.clone()),
        restore_status: None,
    })
}
