//! The policy of a catalog: whom else it lets in, and whom it keeps out.
//!
//! <https://docs.aws.amazon.com/glue/latest/dg/security_iam_resource-based-policy-examples.html>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use haar_platform::aws::glue as aws;
use haar_platform::kernel::{Access, Ctx, Fault};
use haar_platform::policy::{Document, Kind};
use haar_platform::store::Read;
use ring::digest::{SHA256, digest};

use super::Glue;
use super::access::Touch;
use super::error::Error;
use super::model::{POLICIES, Policy};
use super::place::Place;

/// Bytes of a policy.
const POLICY_MAX: usize = 10 * 1024;

/// Bytes of a policy's hash.
const HASH_BYTES: usize = 16;

/// The catalog.
pub fn put_access(ctx: &Ctx, glue: &Glue, _: &aws::PutResourcePolicyRequest) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, None)?.done()
}

/// PutResourcePolicy. `EnableHybrid` lets the policy stand beside grants of Lake Formation, of which there are none.
pub async fn put(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::PutResourcePolicyRequest,
) -> Result<aws::PutResourcePolicyResponse, Error> {
    let place = Place::enter(ctx, None)?;
    refuse_resource(input.resource_arn.as_deref())?;
    if input.policy_in_json.len() > POLICY_MAX {
        return Err(Error::invalid(format!("Policy size must be smaller than {POLICY_MAX} bytes.")));
    }
    Document::parse(&input.policy_in_json, Kind::Resource)
        .map_err(|malformed| Error::invalid(malformed.to_string()))?;
    let (now, condition) = (ctx.now(), input.policy_exists_condition);
    let hash = hash(&input.policy_in_json);
    let answered = hash.clone();
    glue.store
        .write(move |tx| {
            let before = tx.get(POLICIES, &place.prefix())?;
            match (&before, condition) {
                (Some(_), Some(aws::ExistCondition::NotExist)) => {
                    return Err(Error::ConditionCheckFailure("Policy already exists.".into()));
                }
                (None, Some(aws::ExistCondition::MustExist)) => {
                    return Err(Error::ConditionCheckFailure("Policy does not exist.".into()));
                }
                _ => {}
            }
            check_hash(before.as_ref(), input.policy_hash_condition.as_deref())?;
            let created = before.map_or(now, |before| before.created);
            let policy = Policy { text: input.policy_in_json, hash, created, updated: now };
            tx.put(POLICIES, &place.prefix(), &policy)?;
            Ok(())
        })
        .await?;
    Ok(aws::PutResourcePolicyResponse { policy_hash: Some(answered) })
}

/// The catalog.
pub fn get_access(ctx: &Ctx, glue: &Glue, _: &aws::GetResourcePolicyRequest) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, None)?.done()
}

/// GetResourcePolicy.
pub async fn get(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::GetResourcePolicyRequest,
) -> Result<aws::GetResourcePolicyResponse, Error> {
    let place = Place::enter(ctx, None)?;
    refuse_other(&place, input.resource_arn.as_deref())?;
    let policy = glue.store.read(|tx| tx.get(POLICIES, &place.prefix()))?.ok_or_else(not_found)?;
    Ok(aws::GetResourcePolicyResponse {
        policy_in_json: Some(policy.text),
        policy_hash: Some(policy.hash),
        create_time: Some(policy.created),
        update_time: Some(policy.updated),
    })
}

/// The catalog.
pub fn delete_access(ctx: &Ctx, glue: &Glue, _: &aws::DeleteResourcePolicyRequest) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, None)?.done()
}

/// DeleteResourcePolicy.
pub async fn delete(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::DeleteResourcePolicyRequest,
) -> Result<aws::DeleteResourcePolicyResponse, Error> {
    let place = Place::enter(ctx, None)?;
    refuse_other(&place, input.resource_arn.as_deref())?;
    glue.store
        .write(move |tx| {
            let policy = tx.get(POLICIES, &place.prefix())?.ok_or_else(not_found)?;
            check_hash(Some(&policy), input.policy_hash_condition.as_deref())?;
            tx.delete(POLICIES, &place.prefix())?;
            Ok::<_, Error>(())
        })
        .await?;
    Ok(aws::DeleteResourcePolicyResponse {})
}

fn refuse_resource(arn: Option<&str>) -> Result<(), Error> {
    match arn {
        Some(_) => Err(Error::invalid("Glue resource level policy is not currently supported")),
        None => Ok(()),
    }
}

/// The catalog is the one resource that has a policy.
fn refuse_other(place: &Place, arn: Option<&str>) -> Result<(), Error> {
    refuse_resource(arn.filter(|arn| *arn != place.arn("catalog").to_string()))
}

fn check_hash(policy: Option<&Policy>, condition: Option<&str>) -> Result<(), Error> {
    match condition {
        Some(hash) if policy.is_none_or(|policy| policy.hash != hash) => {
            Err(Error::ConditionCheckFailure("Policy hash condition is not satisfied.".into()))
        }
        _ => Ok(()),
    }
}

fn not_found() -> Error {
    Error::EntityNotFound("Policy not found".into())
}

fn hash(text: &str) -> String {
    STANDARD.encode(&digest(&SHA256, text.as_bytes()).as_ref()[..HASH_BYTES])
}
