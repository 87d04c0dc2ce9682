//! What calls of SNS touch, so that the pipeline can authorize them.

use std::collections::HashMap;
use std::sync::Arc;

use haar_platform::kernel::access::{Access, Resource};
use haar_platform::kernel::{Ctx, Fault};
use haar_platform::policy::{Document, Kind, Principal, Source, SourceKind};
use parking_lot::Mutex;

use super::Sns;
use super::address::TopicAddress;
use super::error::SnsError;

/// Compiled policies that are kept; beyond, all are forgotten and compiled again.
const POLICIES_MAX: usize = 1000;

/// The condition key by which a default policy knows its own account.
const SOURCE_OWNER: &str = "aws:SourceOwner";

/// Topic policies by their text, compiled once.
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

/// The topic behind an ARN, which its policy can open to others.
pub fn topic(ctx: &Ctx, sns: &Sns, arn: &str) -> Result<Access, Fault> {
    Ok(to(ctx, sns, &TopicAddress::parse(ctx, "TopicArn", arn)?)?)
}

/// A topic by its coordinates.
pub fn to(ctx: &Ctx, sns: &Sns, address: &TopicAddress) -> Result<Access, SnsError> {
    let mut resource = Resource::of(&address.arn());
    if let Some(found) = sns.find(address)? {
        let document = sns.policies.compiled(&found.settings.policy(address));
        resource.policy = document.map(|document| Source {
            id: "TopicPolicy".into(),
            arn: None,
            kind: SourceKind::Resource,
            document,
        });
        resource = resource.with_tags(found.tags);
    }
    let access = Access::default().and(resource);
    Ok(match owner_of_source(ctx) {
        Some(owner) => access.with_key(SOURCE_OWNER, owner),
        None => access,
    })
}

/// Whose call it is, as default policies ask. They let CloudWatch's alarms in, and no other service: "default access
/// policy" of <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html>.
fn owner_of_source(ctx: &Ctx) -> Option<String> {
    match &ctx.caller.principal {
        Principal::Anonymous => None,
        Principal::Service { name } if name != "cloudwatch.amazonaws.com" => None,
        _ => Some(ctx.account.to_string()),
    }
}
