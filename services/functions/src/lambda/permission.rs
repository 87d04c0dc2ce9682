//! Who else may invoke: AddPermission, RemovePermission, GetPolicy.

use haar_platform::aws::lambda::{
    AddPermissionRequest, AddPermissionResponse, FunctionUrlAuthType, GetPolicyRequest, GetPolicyResponse,
    RemovePermissionRequest,
};
use haar_platform::kernel::access::Access;
use haar_platform::kernel::{Ctx, Fault};
use haar_platform::store::{Read, Tx};

use super::error::LambdaError;
use super::lookup::described;
use super::model::{LATEST, POLICIES, Policy};
use super::name::Reference;
use super::{Lambda, access, policy};

/// The function, and whom it is opened to.
pub fn add_access(ctx: &Ctx, lambda: &Lambda, input: &AddPermissionRequest) -> Result<Access, Fault> {
    let access = access::function(ctx, lambda, &input.function_name, input.qualifier.as_deref())?;
    let access = access.with_key("lambda:Principal", &input.principal);
    Ok(match input.function_url_auth_type {
        Some(kind) => access.with_key("lambda:FunctionUrlAuthType", kind.as_str()),
        None => access,
    })
}

/// AddPermission.
pub async fn add(
    ctx: &Ctx,
    lambda: &Lambda,
    input: AddPermissionRequest,
) -> Result<AddPermissionResponse, LambdaError> {
    let reference = policed(ctx, &input.function_name, input.qualifier.as_deref())?;
    if input.function_url_auth_type.is_some() && input.action != "lambda:InvokeFunctionUrl" {
        return Err(LambdaError::invalid("FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action"));
    }
    let text = policy::statement(
        &input.statement_id,
        &input.principal,
        &input.action,
        &reference.qualified_arn().to_string(),
        &[
            ("StringEquals", "AWS:SourceAccount", input.source_account),
            ("StringEquals", "lambda:EventSourceToken", input.event_source_token),
            ("StringEquals", "aws:PrincipalOrgID", input.principal_org_id),
            ("StringEquals", "lambda:FunctionUrlAuthType", input.function_url_auth_type.map(kind)),
            ("Bool", "lambda:InvokedViaFunctionUrl", input.invoked_via_function_url.map(|via| via.to_string())),
            ("ArnLike", "AWS:SourceArn", input.source_arn),
        ],
    );
    let statement = text.clone();
    lambda
        .store
        .write(move |tx| {
            change(tx, &reference, input.revision_id.as_deref(), |policy| policy.add(input.statement_id, text))
        })
        .await?;
    Ok(AddPermissionResponse { statement: Some(statement) })
}

fn kind(kind: FunctionUrlAuthType) -> String {
    kind.as_str().to_owned()
}

/// RemovePermission.
pub async fn remove(ctx: &Ctx, lambda: &Lambda, input: RemovePermissionRequest) -> Result<(), LambdaError> {
    let reference = policed(ctx, &input.function_name, input.qualifier.as_deref())?;
    lambda
        .store
        .write(move |tx| {
            change(tx, &reference, input.revision_id.as_deref(), |policy| policy.remove(&input.statement_id))
        })
        .await
}

/// What policies can hang on: functions, published versions, aliases.
fn policed(ctx: &Ctx, name: &str, qualifier: Option<&str>) -> Result<Reference, LambdaError> {
    let reference = Reference::parse(ctx, name, qualifier)?;
    if reference.qualifier.as_deref() == Some(LATEST) {
        return Err(LambdaError::invalid("We currently do not support adding policies for $LATEST."));
    }
    Ok(reference)
}

fn change(
    tx: &mut Tx,
    reference: &Reference,
    revision: Option<&str>,
    change: impl FnOnce(&mut Policy) -> Result<(), LambdaError>,
) -> Result<(), LambdaError> {
    described(tx, reference)?;
    let key = reference.qualified_key();
    let mut policy = tx.get(POLICIES, &key)?.unwrap_or_default();
    policy.check_revision(revision)?;
    change(&mut policy)?;
    if policy.statements.is_empty() {
        tx.delete(POLICIES, &key)?;
    } else {
        tx.put(POLICIES, &key, &policy)?;
    }
    Ok(())
}

/// GetPolicy.
pub async fn get(ctx: &Ctx, lambda: &Lambda, input: GetPolicyRequest) -> Result<GetPolicyResponse, LambdaError> {
    let reference = Reference::parse(ctx, &input.function_name, input.qualifier.as_deref())?;
    let policy = lambda.store.read(|tx| {
        described(tx, &reference)?;
        Ok::<_, LambdaError>(tx.get(POLICIES, &reference.qualified_key())?)
    })?;
    let policy = policy.ok_or_else(LambdaError::no_such_resource)?;
    Ok(GetPolicyResponse { policy: Some(policy::document(&policy)), revision_id: Some(policy.revision) })
}
