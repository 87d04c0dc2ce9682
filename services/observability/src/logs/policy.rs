//! Resource policies: what lets other services write into log groups.

use std::collections::HashMap;
use std::sync::Arc;

use haar_platform::aws::logs as aws;
use haar_platform::kernel::access::Access;
use haar_platform::kernel::serde_json::{Value, json};
use haar_platform::kernel::{Ctx, Fault};
use haar_platform::policy::{Document, Kind, Source, SourceKind};
use haar_platform::store::{Read, Span, Store, StoreError};
use parking_lot::Mutex;

use super::Logs;
use super::error::LogsError;
use super::model::{RESOURCE_POLICIES, ResourcePolicy};

/// Policies of an account in a region.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>
const POLICIES_MAX: usize = 10;

/// Characters of a policy.
const DOCUMENT_MAX: usize = 5120;

/// Page size when none is given.
const PAGE: usize = 50;

/// By account and region; `None` where there is no policy.
type Known = HashMap<(String, String), Option<Arc<Document>>>;

/// An account's policies in a region, as one.
#[derive(Default)]
pub struct PolicyCache(Mutex<Known>);

impl PolicyCache {
    /// What the policies of an account in a region say together.
    pub fn of(&self, store: &Store, account: &str, region: &str) -> Result<Option<Source>, StoreError> {
        let key = (account.to_owned(), region.to_owned());
        let known = self.0.lock().get(&key).cloned();
        let document = match known {
            Some(document) => document,
            None => {
                let document = store.read(|tx| compile(tx, account, region))?;
                self.0.lock().insert(key, document.clone());
                document
            }
        };
        let source = |document| Source { id: "LogsPolicy".into(), arn: None, kind: SourceKind::Resource, document };
        Ok(document.map(source))
    }

    /// A policy changed.
    pub fn forget(&self) {
        self.0.lock().clear();
    }
}

/// One document of all statements.
fn compile(tx: &impl Read, account: &str, region: &str) -> Result<Option<Arc<Document>>, StoreError> {
    let mut statements = Vec::new();
    for found in tx.scan(RESOURCE_POLICIES, Span::under((account, region))) {
        let (_, policy) = found?;
        let parsed: Value = haar_platform::kernel::serde_json::from_str(&policy.document).unwrap_or_default();
        match parsed.get("Statement") {
            Some(Value::Array(several)) => statements.extend(several.iter().cloned()),
            Some(one) => statements.push(one.clone()),
            None => {}
        }
    }
    if statements.is_empty() {
        return Ok(None);
    }
    // Statement ids are unique in a policy, and two policies may use the same.
    for statement in &mut statements {
        if let Value::Object(members) = statement {
            members.remove("Sid");
        }
    }
    let text = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    // What was stored was checked before; a policy that no longer compiles allows nothing.
    Ok(Document::parse(&text, Kind::Resource).ok().map(Arc::new))
}

pub fn access(_: &Ctx) -> Result<Access, Fault> {
    Ok(Access::all())
}

pub async fn put(
    ctx: &Ctx,
    logs: &Logs,
    input: aws::PutResourcePolicyRequest,
) -> Result<aws::PutResourcePolicyResponse, Fault> {
    if input.resource_arn.is_some() || input.expected_revision_id.is_some() {
        return Err(Fault::not_served("resource policies of a single log group"));
    }
    let name = input.policy_name.ok_or_else(|| LogsError::invalid("policyName must be specified."))?;
    let document = input.policy_document.ok_or_else(|| LogsError::invalid("policyDocument must be specified."))?;
    if document.chars().count() > DOCUMENT_MAX {
        return Err(LogsError::LimitExceeded("Resource limit exceeded.".into()).into());
    }
    if let Err(cause) = Document::parse(&document, Kind::Resource) {
        return Err(LogsError::invalid(format!("Invalid resource policy: {cause}")).into());
    }
    let updated_ms = ctx.now().millis();
    let (account, region) = (ctx.account.to_string(), ctx.region.to_string());
    let policy = ResourcePolicy { document, updated_ms };
    let answer = described(&name, &policy);
    logs.store
        .write(move |tx| {
            let key = (account.clone(), region.clone(), name);
            let others = tx.count_in(RESOURCE_POLICIES, Span::under((account, region)))? as usize;
            if others >= POLICIES_MAX && !tx.contains(RESOURCE_POLICIES, &key)? {
                return Err(LogsError::LimitExceeded("Resource limit exceeded.".into()));
            }
            Ok(tx.put(RESOURCE_POLICIES, &key, &policy)?)
        })
        .await?;
    logs.policies.forget();
    Ok(aws::PutResourcePolicyResponse { resource_policy: Some(answer), revision_id: None })
}

pub async fn describe(
    ctx: &Ctx,
    logs: &Logs,
    input: aws::DescribeResourcePoliciesRequest,
) -> Result<aws::DescribeResourcePoliciesResponse, Fault> {
    if input.resource_arn.is_some() || input.policy_scope == Some(aws::PolicyScope::Resource) {
        return Err(Fault::not_served("resource policies of a single log group"));
    }
    let cursor = super::cursor(ctx, "DescribeResourcePolicies", input.next_token.as_deref())?;
    let size = input.limit.map_or(PAGE, |limit| usize::try_from(limit).unwrap_or(PAGE));
    let (account, region) = (ctx.account.as_str(), ctx.region.as_str());
    let mut span = Span::under((account, region));
    if let Some(name) = cursor {
        span = span.after(&(account, region, name.as_str()));
    }
    let found: Vec<_> = logs
        .store
        .read(|tx| tx.scan(RESOURCE_POLICIES, span).take(size + 1).collect::<Result<_, _>>())
        .map_err(LogsError::from)?;
    let named: Vec<_> = found.into_iter().map(|((.., name), policy)| (name, policy)).collect();
    let (page, next) = haar_platform::kernel::paging::cut(named, size, |(name, _)| name.clone());
    Ok(aws::DescribeResourcePoliciesResponse {
        resource_policies: Some(page.iter().map(|(name, policy)| described(name, policy)).collect()),
        next_token: next.map(|cursor| ctx.page_token("DescribeResourcePolicies", &cursor)),
    })
}

pub async fn delete(ctx: &Ctx, logs: &Logs, input: aws::DeleteResourcePolicyRequest) -> Result<(), Fault> {
    if input.resource_arn.is_some() || input.expected_revision_id.is_some() {
        return Err(Fault::not_served("resource policies of a single log group"));
    }
    let name = input.policy_name.ok_or_else(|| LogsError::invalid("policyName must be specified."))?;
    let key = (ctx.account.to_string(), ctx.region.to_string(), name);
    logs.store
        .write(move |tx| match tx.delete(RESOURCE_POLICIES, &key)? {
            Some(_) => Ok(()),
            None => Err(LogsError::ResourceNotFound(format!("Policy with name [{}] does not exist", key.2))),
        })
        .await?;
    logs.policies.forget();
    Ok(())
}

fn described(name: &str, policy: &ResourcePolicy) -> aws::ResourcePolicy {
    aws::ResourcePolicy {
        policy_name: Some(name.to_owned()),
        policy_document: Some(policy.document.clone()),
        last_updated_time: Some(policy.updated_ms),
        policy_scope: Some(aws::PolicyScope::Account),
        ..Default::default()
    }
}
