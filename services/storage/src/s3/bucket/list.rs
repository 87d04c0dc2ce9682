//! ListBuckets: the buckets of an account, page by page.

use haar_platform::aws::s3::{self as aws, ListBucketsOutput, ListBucketsRequest};
use haar_platform::kernel::Ctx;
use haar_platform::store::{Read, Span};

use crate::s3::S3;
use crate::s3::error::Error;
use crate::s3::model::BY_OWNER;
use crate::s3::object::REQUESTS_WRITE;
use crate::s3::owner;

/// Scope of the paging tokens.
const SCOPE: &str = "s3:ListBuckets";

/// Buckets of one answer, if no page size is asked for.
const PAGE_MAX: usize = 10_000;

/// Buckets in the order of their names.
pub async fn list(ctx: &Ctx, s3: &S3, input: ListBucketsRequest) -> Result<ListBucketsOutput, Error> {
    ctx.meter(REQUESTS_WRITE, 1);
    let size_max = input.max_buckets.map_or(PAGE_MAX, |max| usize::try_from(max).unwrap_or(1));
    let prefix = input.prefix.as_deref().unwrap_or_default();
    let account = ctx.account.as_str();
    let mut span = Span::starting((account,), prefix);
    if let Some(token) = &input.continuation_token {
        let invalid = |_| Error::argument("The continuation token provided is incorrect", "continuation-token", token);
        let after = ctx.page_cursor(SCOPE, token).map_err(invalid)?;
        span = span.after_entry(&(account, after.as_str()), after.as_str());
    }
    let mut buckets = Vec::new();
    let mut more = false;
    s3.store.read(|tx| -> Result<(), Error> {
        for entry in tx.scan_index(BY_OWNER, span) {
            let (_, name, bucket) = entry?;
            if input.bucket_region.as_ref().is_some_and(|region| *region != bucket.region) {
                continue;
            }
            if buckets.len() == size_max {
                more = true;
                break;
            }
            buckets.push(aws::Bucket {
                // Directory buckets only.
                bucket_arn: None,
                name: Some(name),
                creation_date: Some(bucket.created),
                bucket_region: Some(bucket.region),
            });
        }
        Ok(())
    })?;
    let last = buckets.last().and_then(|bucket| bucket.name.as_deref());
    Ok(ListBucketsOutput {
        continuation_token: last.filter(|_| more).map(|name| ctx.page_token(SCOPE, name)),
        buckets: Some(buckets),
        owner: Some(owner::of(account)),
        prefix: input.prefix,
    })
}
