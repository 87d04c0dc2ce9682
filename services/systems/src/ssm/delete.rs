//! Deleting parameters, with their history, labels and tags.

use haar_platform::aws::ssm::{
    DeleteParameterRequest, DeleteParameterResult, DeleteParametersRequest, DeleteParametersResult,
};
use haar_platform::kernel::{Access, Ctx, Fault, Timestamp};
use haar_platform::store::{Read, Span, Tx};

use super::Ssm;
use super::error::Error;
use super::event::{Change, Scene};
use super::model::{COUNTS, HISTORY, PARAMETERS, TAGS};
use super::name::Reference;
use super::place::Place;

/// The parameter by its name.
pub fn one_access(ctx: &Ctx, ssm: &Ssm, input: &DeleteParameterRequest) -> Result<Access, Fault> {
    let place = Place::of(ctx);
    let name = Reference::parse_name(&place, &input.name)?;
    Ok(ssm.access(&place, [name])?)
}

/// DeleteParameter.
pub async fn one(ctx: &Ctx, ssm: &Ssm, input: DeleteParameterRequest) -> Result<DeleteParameterResult, Fault> {
    let (_, missing) = delete_all(ctx, ssm, vec![input.name]).await?;
    if missing.is_empty() { Ok(DeleteParameterResult {}) } else { Err(Error::ParameterNotFound.into()) }
}

/// The parameters by their names.
pub fn many_access(ctx: &Ctx, ssm: &Ssm, input: &DeleteParametersRequest) -> Result<Access, Fault> {
    let place = Place::of(ctx);
    let mut access = Access::default();
    for name in &input.names {
        let name = Reference::parse_name(&place, name)?;
        access = access.and(ssm.resource(&place, [name])?);
    }
    Ok(access)
}

/// DeleteParameters: those that exist are deleted, the others are named.
pub async fn many(ctx: &Ctx, ssm: &Ssm, input: DeleteParametersRequest) -> Result<DeleteParametersResult, Fault> {
    let (deleted, missing) = delete_all(ctx, ssm, input.names).await?;
    Ok(DeleteParametersResult { deleted_parameters: Some(deleted), invalid_parameters: Some(missing) })
}

async fn delete_all(ctx: &Ctx, ssm: &Ssm, names: Vec<String>) -> Result<(Vec<String>, Vec<String>), Error> {
    let (place, now, writer) = (Place::of(ctx), ctx.now(), ssm.clone());
    ssm.store
        .write(move |tx| {
            let (mut deleted, mut missing) = (Vec::new(), Vec::new());
            for name in names {
                if delete(&writer, tx, &place, name.trim(), now)? {
                    deleted.push(name);
                } else if !deleted.contains(&name) {
                    missing.push(name);
                }
            }
            Ok((deleted, missing))
        })
        .await
}

/// Deletes one parameter and all that belongs to it; false if there is none.
pub fn delete(ssm: &Ssm, tx: &mut Tx, place: &Place, name: &str, now: Timestamp) -> Result<bool, Error> {
    let Some(parameter) = tx.delete(PARAMETERS, &place.key(name))? else {
        return Ok(false);
    };
    let earlier: Result<Vec<_>, _> = tx.scan_keys(HISTORY, Span::under(place.key(name))).collect();
    for key in earlier? {
        tx.delete(HISTORY, &key)?;
    }
    tx.delete(TAGS, &place.key(name))?;
    let version = &parameter.latest;
    let mut counts = tx.get(COUNTS, &place.prefix())?.unwrap_or_default();
    *counts.of(version.tier) -= 1;
    tx.put(COUNTS, &place.prefix(), &counts)?;
    let scene = Scene { place, now, name, version };
    scene.changed(&ssm.bus, tx, Change::Delete)?;
    Ok(true)
}
