//! UpdateFunctionConfiguration: other settings for `$LATEST`.

use haar_platform::aws::lambda::{FunctionConfiguration, TracingMode, UpdateFunctionConfigurationRequest};
use haar_platform::kernel::access::Access;
use haar_platform::kernel::{Ctx, Fault};

use super::update_code::check_revision;
use crate::lambda::error::LambdaError;
use crate::lambda::lookup::function_in;
use crate::lambda::model::{FUNCTIONS, Version};
use crate::lambda::name::Reference;
use crate::lambda::run::start;
use crate::lambda::{Lambda, access, configuration, layer};

/// The function, its new layers, and the role if another one is passed.
pub fn access(ctx: &Ctx, lambda: &Lambda, input: &UpdateFunctionConfigurationRequest) -> Result<Access, Fault> {
    let access = access::function(ctx, lambda, &input.function_name, None)?;
    let access = layer::used(ctx, lambda, input.layers.as_deref(), access)?;
    Ok(access::with_role(access, input.role.as_deref()))
}

/// UpdateFunctionConfiguration. What has been answered applies from the next invocation on.
pub async fn update(
    ctx: &Ctx,
    lambda: &Lambda,
    input: UpdateFunctionConfigurationRequest,
) -> Result<FunctionConfiguration, Fault> {
    configuration::refuse_unserved(&input)?;
    let reference = Reference::unqualified(ctx, &input.function_name)?;
    let before = lambda.store.read(|tx| function_in(tx, &reference))?.latest;
    check_revision(&before, input.revision_id.as_deref())?;
    if let Some(runtime) = input.runtime {
        configuration::check_runtime(lambda, runtime).await?;
    }
    if let Some(role) = &input.role {
        configuration::check_role(ctx, role, &reference.name).await?;
    }
    let revision = input.revision_id.clone();
    let changed = change(ctx, lambda, &reference, before.clone(), input)?;
    let place = reference.clone();
    let shown = lambda
        .store
        .write(move |tx| {
            let mut function = function_in(tx, &place)?;
            check_revision(&function.latest, revision.as_deref())?;
            // The code may have changed meanwhile.
            function.latest = Version { code: function.latest.code, ..changed };
            tx.put(FUNCTIONS, &place.key(), &function)?;
            Ok::<_, LambdaError>(function.latest)
        })
        .await?;
    lambda.pool.retire(before.deployment);
    start::prepare_soon(ctx, lambda, &reference, &shown, None);
    Ok(configuration::show(lambda, &reference, &shown)?)
}

fn change(
    ctx: &Ctx,
    lambda: &Lambda,
    reference: &Reference,
    before: Version,
    input: UpdateFunctionConfigurationRequest,
) -> Result<Version, LambdaError> {
    let mut changed = before;
    changed.timeout_seconds = configuration::timeout(input.timeout, changed.timeout_seconds)?;
    changed.memory_mb = configuration::memory(input.memory_size, changed.memory_mb)?;
    changed.ephemeral_mb = configuration::ephemeral(input.ephemeral_storage.as_ref(), changed.ephemeral_mb)?;
    changed.logging = configuration::logging(input.logging_config, changed.logging)?;
    if let Some(runtime) = input.runtime {
        changed.runtime = runtime.as_str().to_owned();
    }
    if let Some(handler) = input.handler {
        changed.handler = handler;
    }
    if let Some(role) = input.role {
        changed.role = role;
    }
    if let Some(description) = input.description {
        changed.description = description;
    }
    if let Some(layers) = &input.layers {
        changed.layers = layer::resolve(ctx, lambda, layers)?;
    }
    if input.environment.is_some() {
        changed.environment = configuration::environment(lambda, reference, input.environment)?;
    }
    if input.dead_letter_config.is_some() {
        changed.dead_letter_arn = configuration::dead_letter(ctx, input.dead_letter_config)?;
    }
    if let Some(mode) = input.tracing_config.and_then(|config| config.mode) {
        changed.traced = mode == TracingMode::Active;
    }
    configuration::renew(&mut changed, ctx);
    Ok(changed)
}
