//! What calls touch, so that the pipeline can authorize them: ARNs, the bucket's policy, condition keys.
//!
//! One function for each operation, named after it. Actions, resources and condition keys are those of
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html>.

mod bucket;
mod multipart;
mod object;

use std::collections::HashMap;
use std::sync::Arc;

use haar_platform::kernel::access::{Access, Resource};
use haar_platform::kernel::{Ctx, Fault};
use haar_platform::policy::{Document, Kind, Principal, Source, SourceKind};
use haar_platform::store::{Read, StoreError};
use parking_lot::Mutex;

pub use self::bucket::*;
pub use self::multipart::*;
pub use self::object::*;
use super::S3;
use super::bucket::public;
use super::error::Error;
use super::model::{BUCKETS, Bucket, CONFIGURATIONS, Configuration, ConfigurationKind};
use super::object::store::{self, Found};
use super::tag_set::TagSet;

/// Whether the call makes an object, or only some of its parts: policies that demand conditional writes look at it.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html>
const CREATES: &str = "s3:ObjectCreationOperation";

/// Compiled policies that are kept; beyond, all are forgotten and compiled again.
const POLICIES_MAX: usize = 1000;

/// Bucket policies by their text, compiled once.
#[derive(Clone, Default)]
pub struct PolicyCache(Arc<Mutex<HashMap<String, Compiled>>>);

/// A bucket policy, ready to be weighed.
#[derive(Clone)]
struct Compiled {
    document: Arc<Document>,
    public: bool,
}

impl PolicyCache {
    fn compiled(&self, text: &str) -> Option<Compiled> {
        let mut known = self.0.lock();
        if let Some(compiled) = known.get(text) {
            return Some(compiled.clone());
        }
        // What was stored was checked before; a policy that no longer compiles allows nothing.
        let document = Arc::new(Document::parse(text, Kind::Resource).ok()?);
        let compiled = Compiled { document, public: public::is_public(text) };
        if known.len() >= POLICIES_MAX {
            known.clear();
        }
        known.insert(text.to_owned(), compiled.clone());
        Some(compiled)
    }
}

/// A bucket and what applies to it, looked up once for a call.
struct Target {
    name: String,
    /// `None` when there is no such bucket: the operation says so.
    bucket: Option<Bucket>,
    policy: Option<Source>,
}

impl Target {
    fn find(ctx: &Ctx, s3: &S3, name: &str) -> Result<Self, StoreError> {
        s3.store.read(|tx| {
            let Some(bucket) = tx.get(BUCKETS, name)? else {
                return Ok(Self { name: name.to_owned(), bucket: None, policy: None });
            };
            let policy = match tx.get(CONFIGURATIONS, &(bucket.number, ConfigurationKind::Policy.as_str()))? {
                Some(Configuration::Policy(text)) => s3.policies.compiled(&text),
                _ => None,
            };
            let restricted = match &policy {
                Some(compiled) if compiled.public && !belongs(ctx, &bucket) => restricts_public(tx, &bucket)?,
                _ => false,
            };
            let policy = policy.filter(|_| !restricted).map(|compiled| Source {
                id: "BucketPolicy".into(),
                arn: None,
                kind: SourceKind::Resource,
                document: compiled.document,
            });
            Ok(Self { name: name.to_owned(), bucket: Some(bucket), policy })
        })
    }

    fn is_unquestioned(&self, ctx: &Ctx) -> bool {
        let own = self.bucket.as_ref().is_none_or(|bucket| bucket.owner == ctx.account.as_str());
        ctx.caller.is_root() && own && self.policy.is_none()
    }

    /// The bucket itself.
    fn resource(&self) -> Resource {
        self.with_arn(format!("arn:aws:s3:::{}", self.name))
    }

    /// An object in it.
    fn object(&self, key: &str) -> Resource {
        self.with_arn(format!("arn:aws:s3:::{}/{key}", self.name))
    }

    fn with_arn(&self, arn: String) -> Resource {
        Resource {
            arn,
            action: None,
            account: self.bucket.as_ref().map(|bucket| bucket.owner.clone()),
            policy: self.policy.clone(),
            tags: Vec::new(),
        }
    }

    /// The object that is there now, for `s3:ExistingObjectTag/…`: only where a policy could ask for it.
    fn existing(&self, ctx: &Ctx, s3: &S3, key: &str, version_id: Option<&str>) -> Result<Existing, StoreError> {
        let Some(bucket) = &self.bucket else { return Ok(Existing::Unasked) };
        if self.is_unquestioned(ctx) {
            return Ok(Existing::Unasked);
        }
        let found = s3.store.read(|tx| match store::find(tx, bucket.number, key, version_id) {
            // What cannot be found has no tags; the operation says why.
            Err(Error::Store(cause)) => Err(cause),
            found => Ok(found.ok().flatten()),
        })?;
        let object = found.as_ref().and_then(Found::object);
        Ok(object.map_or(Existing::Nothing, |object| Existing::Object(object.tags.clone())))
    }

    /// What reading an object touches. That there is none is told only to those who may list the bucket: to the others
    /// it is as forbidden as the list.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>
    fn read(&self, access: Access, existing: Existing, version_id: Option<&str>) -> Access {
        match existing {
            Existing::Nothing if version_id.is_none() => access.and(self.resource().for_action("s3:ListBucket")),
            Existing::Object(tags) => access.with_existing_tags(tags),
            Existing::Nothing | Existing::Unasked => access,
        }
    }
}

/// What is there under a key.
enum Existing {
    /// No policy could ask.
    Unasked,
    /// No object, or a delete marker.
    Nothing,
    /// An object with these tags.
    Object(TagSet),
}

/// Whether no policy has a say in what the caller does in a bucket: the owner's root user, where there is none.
pub fn is_unquestioned(ctx: &Ctx, s3: &S3, name: &str) -> Result<bool, StoreError> {
    Ok(Target::find(ctx, s3, name)?.is_unquestioned(ctx))
}

/// Whether the caller is of the bucket's account, or a service of AWS: Block Public Access never stops those.
fn belongs(ctx: &Ctx, bucket: &Bucket) -> bool {
    match &ctx.caller.principal {
        Principal::Service { .. } => true,
        principal => principal.account() == Some(bucket.owner.as_str()),
    }
}

fn restricts_public(tx: &impl Read, bucket: &Bucket) -> Result<bool, StoreError> {
    let key = (bucket.number, ConfigurationKind::PublicAccessBlock.as_str());
    Ok(match tx.get(CONFIGURATIONS, &key)? {
        Some(Configuration::PublicAccessBlock(block)) => block.restrict_public_buckets,
        _ => false,
    })
}

/// An action on a bucket.
fn on_bucket(ctx: &Ctx, s3: &S3, name: &str, action: &'static str) -> Result<Access, Fault> {
    let target = Target::find(ctx, s3, name)?;
    Ok(Access::default().and(target.resource()).as_action(action).with_call_keys(ctx))
}

/// An action on an object that does not depend on what is there now.
fn on_object(ctx: &Ctx, s3: &S3, name: &str, key: &str, action: &'static str) -> Result<Access, Fault> {
    let target = Target::find(ctx, s3, name)?;
    Ok(Access::default().and(target.object(key)).as_action(action).with_call_keys(ctx))
}

/// Condition keys of S3 that many operations have.
trait Keys: Sized {
    /// A key whose value the request may leave out.
    fn with_optional(self, key: &str, value: Option<impl ToString>) -> Self;

    /// `s3:ResourceAccount` and `s3:signatureversion`.
    fn with_call_keys(self, ctx: &Ctx) -> Self;

    /// `s3:x-amz-acl` and those of grants.
    fn with_grants(self, grants: Grants<'_>) -> Self;

    /// `s3:RequestObjectTag/…` and `s3:RequestObjectTagKeys`.
    fn with_object_tags<'a>(self, tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self;

    /// `s3:ExistingObjectTag/…`.
    fn with_existing_tags(self, tags: TagSet) -> Self;
}

/// The headers of a request that set an ACL.
#[derive(Default)]
struct Grants<'a> {
    acl: Option<&'static str>,
    full_control: Option<&'a str>,
    read: Option<&'a str>,
    read_acp: Option<&'a str>,
    write: Option<&'a str>,
    write_acp: Option<&'a str>,
}

impl Grants<'_> {
    fn are_given(&self) -> bool {
        let headers = [self.acl, self.full_control, self.read, self.read_acp, self.write, self.write_acp];
        headers.iter().any(Option::is_some)
    }
}

impl Keys for Access {
    fn with_optional(self, key: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with_key(key, value.to_string()),
            None => self,
        }
    }

    fn with_call_keys(self, ctx: &Ctx) -> Self {
        let owner = self.resources.first().and_then(|resource| resource.account.clone());
        let signed = ctx.caller.principal != Principal::Anonymous;
        self.with_optional("s3:ResourceAccount", owner)
            .with_optional("s3:signatureversion", signed.then_some("AWS4-HMAC-SHA256"))
    }

    fn with_grants(self, grants: Grants<'_>) -> Self {
        self.with_optional("s3:x-amz-acl", grants.acl)
            .with_optional("s3:x-amz-grant-full-control", grants.full_control)
            .with_optional("s3:x-amz-grant-read", grants.read)
            .with_optional("s3:x-amz-grant-read-acp", grants.read_acp)
            .with_optional("s3:x-amz-grant-write", grants.write)
            .with_optional("s3:x-amz-grant-write-acp", grants.write_acp)
    }

    fn with_object_tags<'a>(mut self, tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut names = Vec::new();
        for (key, value) in tags {
            self = self.with_key(format!("s3:RequestObjectTag/{key}"), value);
            names.push(key.to_owned());
        }
        if !names.is_empty() {
            self.keys.push(("s3:RequestObjectTagKeys".into(), names));
        }
        self
    }

    fn with_existing_tags(self, tags: TagSet) -> Self {
        tags.into_iter()
            .fold(self, |access, (key, value)| access.with_key(format!("s3:ExistingObjectTag/{key}"), value))
    }
}
