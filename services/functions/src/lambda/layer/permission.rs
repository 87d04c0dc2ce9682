//! Who else may use a version of a layer.

use haar_platform::aws::lambda::{
    AddLayerVersionPermissionRequest, AddLayerVersionPermissionResponse, GetLayerVersionPolicyRequest,
    GetLayerVersionPolicyResponse, RemoveLayerVersionPermissionRequest,
};
use haar_platform::kernel::Ctx;
use haar_platform::store::Tx;

use super::{Place, number, version_in};
use crate::lambda::Lambda;
use crate::lambda::error::LambdaError;
use crate::lambda::model::{LAYER_VERSIONS, Policy};
use crate::lambda::policy;

/// AddLayerVersionPermission.
pub async fn add(
    ctx: &Ctx,
    lambda: &Lambda,
    input: AddLayerVersionPermissionRequest,
) -> Result<AddLayerVersionPermissionResponse, LambdaError> {
    let place = Place::parse(ctx, &input.layer_name)?;
    let number = number(input.version_number);
    let conditions = [("StringEquals", "aws:PrincipalOrgID", input.organization_id)];
    let arn = place.arn_of(number).to_string();
    let text = policy::statement(&input.statement_id, &input.principal, &input.action, &arn, &conditions);
    let statement = text.clone();
    let revision = lambda
        .store
        .write(move |tx| {
            change(tx, &place, number, input.revision_id.as_deref(), |policy| policy.add(input.statement_id, text))
        })
        .await?;
    Ok(AddLayerVersionPermissionResponse { statement: Some(statement), revision_id: Some(revision) })
}

/// RemoveLayerVersionPermission.
pub async fn remove(ctx: &Ctx, lambda: &Lambda, input: RemoveLayerVersionPermissionRequest) -> Result<(), LambdaError> {
    let place = Place::parse(ctx, &input.layer_name)?;
    let number = number(input.version_number);
    lambda
        .store
        .write(move |tx| {
            change(tx, &place, number, input.revision_id.as_deref(), |policy| policy.remove(&input.statement_id))
        })
        .await?;
    Ok(())
}

fn change(
    tx: &mut Tx,
    place: &Place,
    number: u64,
    revision: Option<&str>,
    change: impl FnOnce(&mut Policy) -> Result<(), LambdaError>,
) -> Result<String, LambdaError> {
    let mut version = version_in(tx, place, number)?.ok_or_else(|| {
        LambdaError::ResourceNotFound(format!("Layer version {} does not exist.", place.arn_of(number)))
    })?;
    version.policy.check_revision(revision)?;
    change(&mut version.policy)?;
    let (account, region, name) = place.key();
    tx.put(LAYER_VERSIONS, &(account, region, name, number), &version)?;
    Ok(version.policy.revision)
}

/// GetLayerVersionPolicy.
pub async fn get(
    ctx: &Ctx,
    lambda: &Lambda,
    input: GetLayerVersionPolicyRequest,
) -> Result<GetLayerVersionPolicyResponse, LambdaError> {
    let place = Place::parse(ctx, &input.layer_name)?;
    let version = lambda.store.read(|tx| version_in(tx, &place, number(input.version_number)))?;
    let policy = version.map(|version| version.policy).filter(|policy| !policy.statements.is_empty());
    let policy = policy
        .ok_or_else(|| LambdaError::ResourceNotFound("No policy is associated with the given resource.".into()))?;
    Ok(GetLayerVersionPolicyResponse { policy: Some(policy::document(&policy)), revision_id: Some(policy.revision) })
}
