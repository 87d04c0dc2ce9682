//! What calls of Lambda touch, so that the pipeline can authorize them.

use std::collections::HashMap;
use std::sync::Arc;

use haar_platform::kernel::access::{Access, Resource};
use haar_platform::kernel::{Arn, Ctx, Fault};
use haar_platform::policy::{Document, Kind, Source, SourceKind};
use haar_platform::store::Read;
use parking_lot::Mutex;

use super::Lambda;
use super::error::LambdaError;
use super::model::{FUNCTIONS, POLICIES, Policy};
use super::name::Reference;
use super::policy;

/// Compiled policies that are kept; beyond, all are forgotten and compiled again.
const POLICIES_MAX: usize = 1000;

/// Resource policies by their revisions, compiled once.
#[derive(Default)]
pub struct PolicyCache(Mutex<HashMap<String, Arc<Document>>>);

impl PolicyCache {
    /// The policy in the form in which it is evaluated.
    pub fn source(&self, stored: &Policy) -> Option<Source> {
        let mut known = self.0.lock();
        let document = match known.get(&stored.revision) {
            Some(document) => document.clone(),
            None => {
                // Statements were made by us; a policy that does not compile allows nothing.
                let document = Arc::new(Document::parse(&policy::document(stored), Kind::Resource).ok()?);
                if known.len() >= POLICIES_MAX {
                    known.clear();
                }
                known.insert(stored.revision.clone(), document.clone());
                document
            }
        };
        Some(Source { id: "LambdaResourcePolicy".into(), arn: None, kind: SourceKind::Resource, document })
    }
}

/// A function as a whole, or one of its versions and aliases if the call names one.
pub fn function(ctx: &Ctx, lambda: &Lambda, name: &str, qualifier: Option<&str>) -> Result<Access, Fault> {
    let reference = Reference::parse(ctx, name, qualifier)?;
    Ok(Access::default().and(resource(lambda, &reference)?))
}

/// A function's resource, with the policy of the qualifier that is named and the function's tags.
pub fn resource(lambda: &Lambda, reference: &Reference) -> Result<Resource, Fault> {
    let resource = Resource::of(&reference.qualified_arn());
    let found = lambda.store.read(|tx| {
        let Some(function) = tx.get(FUNCTIONS, &reference.key())? else { return Ok(None) };
        let (account, region, name, qualifier) = &reference.qualified_key();
        let key = (account.as_str(), region.as_str(), name.as_str(), qualifier.as_str());
        Ok::<_, haar_platform::store::StoreError>(Some((function.tags, tx.get(POLICIES, &key)?)))
    });
    let Some((tags, stored)) = found.map_err(LambdaError::from)? else { return Ok(resource) };
    let policy = stored.and_then(|stored| lambda.policies.source(&stored));
    Ok(resource.with_policy(policy).with_tags(tags))
}

/// The role that a call passes on to functions.
pub fn passing(role: &str) -> Option<(Resource, (&'static str, &'static str))> {
    let arn: Arn = role.parse().ok()?;
    Some((Resource::of(&arn).for_action("iam:PassRole"), ("iam:PassedToService", "lambda.amazonaws.com")))
}

/// With the permission to pass a role, if one is given.
pub fn with_role(access: Access, role: Option<&str>) -> Access {
    match role.and_then(passing) {
        Some((resource, (key, value))) => access.and(resource).with_key(key, value),
        None => access,
    }
}
