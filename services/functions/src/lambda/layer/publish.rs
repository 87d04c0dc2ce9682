//! PublishLayerVersion and DeleteLayerVersion.

use haar_platform::aws::lambda::{
    Architecture, DeleteLayerVersionRequest, PublishLayerVersionRequest, PublishLayerVersionResponse, Runtime,
};
use haar_platform::kernel::{Ctx, Fault};
use haar_platform::store::Read;

use super::read::{content, created_date, parsed};
use super::{Place, number};
use crate::lambda::error::LambdaError;
use crate::lambda::model::{LAYER_VERSIONS, LAYERS, LayerVersion, Policy};
use crate::lambda::{Lambda, code};

/// PublishLayerVersion: each is a new version, also of the same content.
pub async fn publish(
    ctx: &Ctx,
    lambda: &Lambda,
    input: PublishLayerVersionRequest,
) -> Result<PublishLayerVersionResponse, Fault> {
    let place = Place::parse(ctx, &input.layer_name)?;
    if place.account != ctx.account.as_str() {
        return Err(LambdaError::invalid("Layers are published in the caller's own account.").into());
    }
    let taken = code::take(ctx, lambda, code::Source::of_layer(input.content)?).await?;
    let names = |all: Option<Vec<Architecture>>| -> Vec<String> {
        all.unwrap_or_default().into_iter().map(|one| one.as_str().to_owned()).collect()
    };
    let version = LayerVersion {
        code: taken.code.clone(),
        description: input.description.unwrap_or_default(),
        architectures: names(input.compatible_architectures),
        runtimes: input.compatible_runtimes.unwrap_or_default().into_iter().map(|one| one.to_string()).collect(),
        license: input.license_info,
        created: ctx.now(),
        policy: Policy::default(),
    };
    let (key, stored) = (place.clone(), version.clone());
    let number = lambda
        .store
        .write(move |tx| {
            let (account, region, name) = key.key();
            let mut layer = tx.get(LAYERS, &(account, region, name))?.unwrap_or_default();
            layer.last_version += 1;
            tx.put(LAYERS, &(account, region, name), &layer)?;
            tx.put(LAYER_VERSIONS, &(account, region, name, layer.last_version), &stored)?;
            Ok::<_, LambdaError>(layer.last_version)
        })
        .await?;
    drop(taken);
    Ok(PublishLayerVersionResponse {
        content: Some(content(ctx, &version)),
        layer_arn: Some(place.arn().to_string()),
        layer_version_arn: Some(place.arn_of(number).to_string()),
        description: Some(version.description.clone()),
        created_date: Some(created_date(&version)),
        version: Some(number.cast_signed()),
        compatible_architectures: parsed(&version.architectures, Architecture::parse),
        compatible_runtimes: parsed(&version.runtimes, Runtime::parse),
        license_info: version.license,
    })
}

/// DeleteLayerVersion. Functions that use the version keep it; deleting what is not there succeeds.
pub async fn delete(ctx: &Ctx, lambda: &Lambda, input: DeleteLayerVersionRequest) -> Result<(), LambdaError> {
    let place = Place::parse(ctx, &input.layer_name)?;
    lambda
        .store
        .write(move |tx| {
            let (account, region, name) = place.key();
            tx.delete(LAYER_VERSIONS, &(account, region, name, number(input.version_number)))?;
            Ok(())
        })
        .await
}
