//! ListObjects and ListObjectsV2: the same list, with a marker or with a token.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>

use haar_platform::aws::s3 as api;
use haar_platform::kernel::Ctx;

use crate::s3::S3;
use crate::s3::bucket;
use crate::s3::error::Error;
use crate::s3::model::Version;
use crate::s3::object::{REQUESTS_WRITE, quoted, whole_seconds};
use crate::s3::owner;

use super::walk::{Filter, Line, Marker, Walk};
use super::{Writing, algorithms, delimiter_of, page_size, refuse_restore_status};

/// `ListObjectsV2`.
pub async fn list_v2(ctx: &Ctx, s3: &S3, input: api::ListObjectsV2Request) -> Result<api::ListObjectsV2Output, Error> {
    ctx.meter(REQUESTS_WRITE, 1);
    refuse_restore_status(input.optional_object_attributes.as_ref())?;
    let scope = format!("s3:ListObjectsV2 {}", input.bucket);
    let cursor = match &input.continuation_token {
        Some(token) => Some(ctx.page_cursor(&scope, token).map_err(|_| {
            Error::argument("The continuation token provided is incorrect", "continuation-token", token)
        })?),
        None => input.start_after.clone(),
    };
    let query = Query {
        bucket: &input.bucket,
        owner: input.expected_bucket_owner.as_deref(),
        prefix: input.prefix.clone().unwrap_or_default(),
        delimiter: delimiter_of(input.delimiter.clone()),
        marker: cursor,
        max: page_size(input.max_keys)?,
        writing: Writing(input.encoding_type),
        tells_owner: input.fetch_owner == Some(true),
    };
    let page = query.run(s3)?;
    let write = |text: &String| query.writing.text(text);
    Ok(api::ListObjectsV2Output {
        is_truncated: Some(page.next.is_some()),
        key_count: Some((page.contents.len() + page.prefixes.len()) as i32),
        contents: Some(page.contents),
        name: Some(input.bucket.clone()),
        prefix: Some(write(&query.prefix)),
        delimiter: query.delimiter.as_ref().map(write),
        max_keys: Some(query.max),
        common_prefixes: Some(query.writing.prefixes(page.prefixes)),
        encoding_type: input.encoding_type,
        continuation_token: input.continuation_token,
        next_continuation_token: page.next.map(|cursor| ctx.page_token(&scope, &cursor)),
        start_after: input.start_after.as_ref().map(write),
        request_charged: None,
    })
}

/// `ListObjects`.
pub async fn list(ctx: &Ctx, s3: &S3, input: api::ListObjectsRequest) -> Result<api::ListObjectsOutput, Error> {
    ctx.meter(REQUESTS_WRITE, 1);
    refuse_restore_status(input.optional_object_attributes.as_ref())?;
    let query = Query {
        bucket: &input.bucket,
        owner: input.expected_bucket_owner.as_deref(),
        prefix: input.prefix.clone().unwrap_or_default(),
        delimiter: delimiter_of(input.delimiter.clone()),
        marker: input.marker.clone(),
        max: page_size(input.max_keys)?,
        writing: Writing(input.encoding_type),
        tells_owner: true,
    };
    let page = query.run(s3)?;
    let write = |text: &String| query.writing.text(text);
    Ok(api::ListObjectsOutput {
        is_truncated: Some(page.next.is_some()),
        marker: Some(write(&input.marker.unwrap_or_default())),
        // Without a delimiter the last key is the marker, and the caller has it.
        next_marker: page.next.filter(|_| query.delimiter.is_some()).as_ref().map(write),
        contents: Some(page.contents),
        name: Some(input.bucket.clone()),
        prefix: Some(write(&query.prefix)),
        delimiter: query.delimiter.as_ref().map(write),
        max_keys: Some(query.max),
        common_prefixes: Some(query.writing.prefixes(page.prefixes)),
        encoding_type: input.encoding_type,
        request_charged: None,
    })
}

/// What both forms ask.
struct Query<'a> {
    bucket: &'a str,
    owner: Option<&'a str>,
    prefix: String,
    delimiter: Option<String>,
    /// Only what is greater is listed.
    marker: Option<String>,
    max: i32,
    writing: Writing,
    tells_owner: bool,
}

struct Page {
    contents: Vec<api::Object>,
    prefixes: Vec<String>,
    /// The last key or common prefix of a page that is not the last.
    next: Option<String>,
}

impl Query<'_> {
    fn run(&self, s3: &S3) -> Result<Page, Error> {
        let (bucket, lines, truncated) = s3.store.read(|tx| {
            let bucket = bucket::find(tx, self.bucket, self.owner)?;
            let filter = Filter { bucket: bucket.number, prefix: &self.prefix, delimiter: self.delimiter.as_deref() };
            let marker = match self.marker.as_deref() {
                None | Some("") => Marker::Start,
                Some(marker) => Marker::Behind(marker),
            };
            let (lines, truncated) = Walk::objects(tx, filter, &marker).page(self.max as usize)?;
            Ok::<_, Error>((bucket, lines, truncated))
        })?;
        let next = lines.last().filter(|_| truncated).map(|line| line.name().to_owned());
        let owner = self.tells_owner.then(|| owner::of(&bucket.owner));
        let (mut contents, mut prefixes) = (Vec::new(), Vec::new());
        for line in lines {
            match line {
                Line::Prefix(prefix) => prefixes.push(prefix),
                Line::Version { key, version, .. } => {
                    contents.extend(answer(self.writing.text(&key), &version, owner.clone()));
                }
            }
        }
        Ok(Page { contents, prefixes, next })
    }
}

fn answer(key: String, version: &Version, owner: Option<api::Owner>) -> Option<api::Object> {
    let object = version.object()?;
    Some(api::Object {
        key: Some(key),
        last_modified: Some(whole_seconds(version.modified)),
        e_tag: Some(quoted(&object.etag)),
        checksum_algorithm: algorithms(object.checksum.as_ref()),
        checksum_type: object.checksum.as_ref().map(|checksum| checksum.kind()),
        size: Some(object.size as i64),
        storage_class: api::ObjectStorageClass::parse(object.storage_class.as_str()),
        owner,
        restore_status: None,
    })
}
