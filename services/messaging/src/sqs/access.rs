//! What calls of SQS touch, so that the pipeline can authorize them.

use std::collections::HashMap;
use std::sync::Arc;

use haar_platform::kernel::access::{Access, Resource};
use haar_platform::kernel::{Ctx, Fault};
use haar_platform::policy::{Document, Kind, Source, SourceKind};
use parking_lot::Mutex;

use super::Sqs;
use super::address::Address;
use super::error::SqsError;
use super::model::Queue;

/// Compiled policies that are kept; beyond, all are forgotten and compiled again.
const POLICIES_MAX: usize = 1000;

/// Queue policies by their text, compiled once.
#[derive(Default)]
pub struct PolicyCache(Mutex<HashMap<String, Arc<Document>>>);

impl PolicyCache {
    fn compiled(&self, text: &str) -> Option<Arc<Document>> {
        let mut known = self.0.lock();
        if let Some(document) = known.get(text) {
            return Some(document.clone());
        }
        // What was stored was checked before; a policy that no longer compiles allows nothing.
        let document = Arc::new(Document::parse(text, Kind::Resource).ok()?);
        if known.len() >= POLICIES_MAX {
            known.clear();
        }
        known.insert(text.to_owned(), document.clone());
        Some(document)
    }
}

/// The queue behind a URL, which its policy can open to other accounts.
pub fn shared(ctx: &Ctx, sqs: &Sqs, url: &str) -> Result<Access, Fault> {
    let address = Address::from_url(ctx, url)?;
    Ok(Access::default().and(resource(sqs, &address, true)?))
}

/// The queue behind a URL, for an action that no policy opens to other accounts.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-customer-managed-policy-examples.html>
pub fn own(ctx: &Ctx, sqs: &Sqs, url: &str) -> Result<Access, Fault> {
    let address = Address::from_url(ctx, url)?;
    let is_own = address.account == ctx.account.as_str();
    Ok(Access::default().and(resource(sqs, &address, is_own)?))
}

/// A queue by its coordinates.
pub fn to(sqs: &Sqs, address: &Address, shared: bool) -> Result<Access, Fault> {
    Ok(Access::default().and(resource(sqs, address, shared)?))
}

fn resource(sqs: &Sqs, address: &Address, shared: bool) -> Result<Resource, SqsError> {
    let mut resource = Resource::of(&address.arn());
    let Some(queue) = sqs.find(address)? else { return Ok(resource) };
    let Queue { settings, tags, .. } = queue;
    if shared {
        let document = settings.policy.as_deref().and_then(|text| sqs.policies.compiled(text));
        resource.policy = document.map(|document| Source {
            id: "SQSQueuePolicy".into(),
            arn: None,
            kind: SourceKind::Resource,
            document,
        });
    }
    Ok(resource.with_tags(tags))
}
