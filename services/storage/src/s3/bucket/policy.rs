//! The bucket policy: what S3 takes, and keeps as it was written.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html>

use haar_platform::aws::s3::*;
use haar_platform::kernel::Ctx;
use haar_platform::policy::{Document, Kind, Malformed, NamedPrincipal};
use serde::Deserialize;

use super::condition_key::is_known_key;
use super::policy_action::{Level, level};
use super::{by_owner, find, public, public_access_block};
use crate::s3::S3;
use crate::s3::error::Error;
use crate::s3::model::{CONFIGURATIONS, Configuration, ConfigurationKind};
use crate::s3::object::{REQUESTS_READ, REQUESTS_WRITE};

/// A policy's size.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/add-bucket-policy.html>
const POLICY_BYTES_MAX: usize = 20 * 1024;

const KIND: ConfigurationKind = ConfigurationKind::Policy;

/// Sets the policy. Block Public Access may forbid one that opens the bucket to the public.
pub async fn set(ctx: &Ctx, s3: &S3, input: PutBucketPolicyRequest) -> Result<(), Error> {
    ctx.meter(REQUESTS_WRITE, 1);
    let PutBucketPolicyRequest { bucket: name, policy, expected_bucket_owner, .. } = input;
    let known = s3.store.read(|tx| find(tx, &name, expected_bucket_owner.as_deref()))?;
    by_owner(&ctx.account, &known, "PUT")?;
    check(&policy, &name)?;
    let public = public::is_public(&policy);
    s3.store
        .write(move |tx| {
            let bucket = find(tx, &name, expected_bucket_owner.as_deref())?;
            if public && public_access_block::of(tx, &bucket)?.block_public_policy {
                return Err(Error::AccessDenied);
            }
            super::put(tx, &bucket, KIND, &Configuration::Policy(policy))?;
            Ok(())
        })
        .await
}

/// The policy as it was written.
pub async fn get(ctx: &Ctx, s3: &S3, input: GetBucketPolicyRequest) -> Result<GetBucketPolicyOutput, Error> {
    ctx.meter(REQUESTS_READ, 1);
    let policy = s3.store.read(|tx| {
        let bucket = find(tx, &input.bucket, input.expected_bucket_owner.as_deref())?;
        by_owner(&ctx.account, &bucket, "GET")?;
        Ok::<_, Error>(super::configuration(tx, &bucket, KIND)?)
    })?;
    match policy {
        Some(Configuration::Policy(text)) => Ok(GetBucketPolicyOutput { policy: Some(text) }),
        _ => Err(Error::NoSuchBucketPolicy(input.bucket)),
    }
}

/// Removes the policy.
pub async fn delete(ctx: &Ctx, s3: &S3, input: DeleteBucketPolicyRequest) -> Result<(), Error> {
    let account = ctx.account.clone();
    s3.store
        .write(move |tx| {
            let bucket = find(tx, &input.bucket, input.expected_bucket_owner.as_deref())?;
            by_owner(&account, &bucket, "DELETE")?;
            tx.delete(CONFIGURATIONS, &(bucket.number, KIND.as_str()))?;
            Ok(())
        })
        .await
}

/// Whether the policy opens the bucket to the public.
pub async fn status(
    ctx: &Ctx,
    s3: &S3,
    input: GetBucketPolicyStatusRequest,
) -> Result<GetBucketPolicyStatusOutput, Error> {
    match super::get(ctx, s3, &input.bucket, input.expected_bucket_owner.as_deref(), KIND)? {
        Some(Configuration::Policy(text)) => {
            let is_public = Some(public::is_public(&text));
            Ok(GetBucketPolicyStatusOutput { policy_status: Some(PolicyStatus { is_public }) })
        }
        _ => Err(Error::NoSuchBucketPolicy(input.bucket)),
    }
}

/// What the checks below look at, of a document that the policy language has found well-formed.
#[derive(Deserialize)]
struct Outline {
    #[serde(rename = "Statement")]
    statement: OneOrMany<OutlineStatement>,
}

#[derive(Deserialize)]
struct OutlineStatement {
    #[serde(rename = "Action")]
    action: Option<OneOrMany<String>>,
    #[serde(rename = "NotAction")]
    not_action: Option<OneOrMany<String>>,
    #[serde(rename = "Resource")]
    resource: Option<OneOrMany<String>>,
    #[serde(rename = "NotResource")]
    not_resource: Option<OneOrMany<String>>,
}

/// The policy language lets one thing stand for a list of one.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    pub(super) fn as_slice(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

fn check(text: &str, bucket: &str) -> Result<(), Error> {
    if text.len() > POLICY_BYTES_MAX {
        return Err(Error::InvalidRequest("Policy exceeds the maximum allowed document size.".into()));
    }
    if !text.trim_start().starts_with('{') {
        return Err(malformed("Policies must be valid JSON and the first byte must be '{'"));
    }
    let outline: Result<Outline, _> = serde_json::from_str(text);
    if let Ok(outline) = &outline {
        for statement in outline.statement.as_slice() {
            check_statement(statement, bucket)?;
        }
    }
    let document = Document::parse(text, Kind::Resource).map_err(|reason| malformed(words(&reason)))?;
    if document.principals().any(|principal| matches!(principal, NamedPrincipal::CanonicalUser(_))) {
        return Err(Error::not_served("principals by canonical user id (CanonicalUser) in bucket policies"));
    }
    if !document.context_keys().into_iter().all(is_known_key) {
        return Err(malformed("Policy has an invalid condition key"));
    }
    // What the language accepts has this outline; should they ever disagree, nothing unchecked comes in.
    outline.map(|_| ()).map_err(|_| malformed("Policies must be valid JSON and the first byte must be '{'"))
}

/// Names before the grammar, as S3 looks at them.
fn check_statement(statement: &OutlineStatement, bucket: &str) -> Result<(), Error> {
    let strings = |list: &Option<OneOrMany<String>>| list.as_ref().map(|list| list.as_slice().to_vec());
    let actions = strings(&statement.action).or_else(|| strings(&statement.not_action)).unwrap_or_default();
    let resources = strings(&statement.resource).or_else(|| strings(&statement.not_resource)).unwrap_or_default();
    let mut levels = Vec::with_capacity(actions.len());
    for action in &actions {
        levels.push(level(action).ok_or_else(|| malformed("Policy has invalid action"))?);
    }
    let mut on_bucket = false;
    let mut on_objects = false;
    for resource in &resources {
        match resource.strip_prefix("arn:aws:s3:::").and_then(|path| path.strip_prefix(bucket)) {
            Some("") => on_bucket = true,
            Some(key) if key.starts_with('/') => on_objects = true,
            // `bucket*` covers the bucket and what is in it.
            Some("*") => (on_bucket, on_objects) = (true, true),
            _ => return Err(malformed("Policy has invalid resource")),
        }
    }
    let applies = |level: &Level| match level {
        Level::Bucket => on_bucket,
        Level::Object => on_objects,
        Level::Both => on_bucket || on_objects,
    };
    // What a statement leaves out applies to all the rest.
    if statement.action.is_some() && !resources.is_empty() && !levels.iter().all(applies) {
        return Err(malformed("Action does not apply to any resource(s) in statement"));
    }
    Ok(())
}

fn malformed(message: &str) -> Error {
    Error::MalformedPolicy(message.to_owned())
}

/// The policy language's reasons in S3's words, where S3 has its own.
fn words(reason: &Malformed) -> &'static str {
    match reason {
        Malformed::Syntax | Malformed::Legacy | Malformed::Version => "Invalid policy syntax.",
        Malformed::DuplicateSid => "Policy has statements with duplicate Sids",
        Malformed::NoActions => "Missing required field Action",
        Malformed::NoResources | Malformed::MissingField("Resource") => "Missing required field Resource",
        Malformed::MissingField("Principal") | Malformed::UnwantedPrincipal => "Missing required field Principal",
        Malformed::Principal { .. } => "Invalid principal in policy",
        Malformed::NoVendor | Malformed::Colons | Malformed::Vendor(_) | Malformed::TrustAction => {
            "Policy has invalid action"
        }
        _ => "Policy has invalid resource",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        match check(text, "lake") {
            Ok(()) => String::new(),
            Err(error) => error.to_string(),
        }
    }

    fn statement(rest: &str) -> String {
        format!(r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow",{rest}}}]}}"#)
    }

    #[test]
    fn resources_lie_in_the_bucket() {
        let of =
            |resource: &str| refusal(&statement(&format!(r#""Principal":"*","Action":"s3:*","Resource":{resource}"#)));
        for resource in [
            r#""arn:aws:s3:::lake""#,
            r#"["arn:aws:s3:::lake","arn:aws:s3:::lake/*"]"#,
            r#""arn:aws:s3:::lake/home/${aws:username}/*""#,
            r#""arn:aws:s3:::lake*""#,
        ] {
            assert_eq!(of(resource), "", "{resource}");
        }
        for resource in [
            r#""*""#,
            r#""arn:aws:s3:::*""#,
            r#""arn:aws:s3:::lak*""#,
            r#""arn:aws:s3:::lakeside""#,
            r#"["arn:aws:s3:::lake","arn:aws:s3:::sea/*"]"#,
            r#""arn:aws:sqs:::lake""#,
        ] {
            assert_eq!(of(resource), "Policy has invalid resource", "{resource}");
        }
    }

    #[test]
    fn actions_are_those_of_s3_and_fit_a_resource() {
        let of = |action: &str, resource: &str| {
            refusal(&statement(&format!(
                r#""Principal":"*","Action":{action},"Resource":"arn:aws:s3:::lake{resource}""#
            )))
        };
        assert_eq!(of(r#""s3:GetObject""#, "/*"), "");
        assert_eq!(of(r#""s3:Get*""#, ""), "");
        assert_eq!(of(r#""*""#, "/*"), "");
        assert_eq!(of(r#""s3:ListBucket""#, ""), "");
        assert_eq!(of(r#""s3:listbucket""#, ""), "");
        assert_eq!(of(r#""s3:Fly""#, "/*"), "Policy has invalid action");
        assert_eq!(of(r#""sqs:SendMessage""#, "/*"), "Policy has invalid action");
        let unfit = "Action does not apply to any resource(s) in statement";
        assert_eq!(of(r#""s3:GetObject""#, ""), unfit);
        assert_eq!(of(r#""s3:ListBucket""#, "/*"), unfit);
        assert_eq!(of(r#"["s3:GetObject","s3:ListBucket"]"#, "/*"), unfit);
    }

    #[test]
    fn condition_keys_are_those_of_s3_or_of_all_services() {
        let of = |key: &str| {
            refusal(&statement(&format!(
                r#""Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::lake/*",
                   "Condition":{{"StringEquals":{{"{key}":"x"}}}}"#
            )))
        };
        assert_eq!(of("s3:ExistingObjectTag/team"), "");
        assert_eq!(of("aws:SourceVpc"), "");
        assert_eq!(of("s3:prefixes"), "Policy has an invalid condition key");
        assert_eq!(of("sqs:prefix"), "Policy has an invalid condition key");
    }

    #[test]
    fn principals_whom_nobody_could_be_are_refused_by_name() {
        let text = statement(
            r#""Principal":{"CanonicalUser":"79a5"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::lake/*""#,
        );
        assert!(refusal(&text).contains("CanonicalUser"));
    }

    #[test]
    fn what_the_language_refuses_has_words_of_its_own() {
        assert_eq!(refusal("no"), "Policies must be valid JSON and the first byte must be '{'");
        assert_eq!(
            refusal(&statement(r#""Action":"s3:GetObject","Resource":"arn:aws:s3:::lake/*""#)),
            "Missing required field Principal"
        );
        assert_eq!(
            refusal(&statement(r#""Principal":"*","Action":"s3:GetObject""#)),
            "Missing required field Resource"
        );
        assert_eq!(
            refusal(&statement(r#""Principal":"*","Resource":"arn:aws:s3:::lake/*""#)),
            "Missing required field Action"
        );
        assert_eq!(
            refusal(&statement(r#""Principal":{"AWS":"me"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::lake/*""#)),
            "Invalid principal in policy"
        );
    }
}
