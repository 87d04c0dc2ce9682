//! CreateFunction: code, role and runtime are checked before anything is kept.

use haar_platform::aws::lambda::{
    CreateFunctionRequest, FunctionConfiguration, PackageType, TracingMode, UpdateFunctionConfigurationRequest,
};
use haar_platform::kernel::access::{Access, Resource};
use haar_platform::kernel::{Ctx, Fault, ids};
use haar_platform::store::Read;

use crate::lambda::error::LambdaError;
use crate::lambda::model::{FUNCTIONS, Function, Version};
use crate::lambda::name::Reference;
use crate::lambda::run::start;
use crate::lambda::{Lambda, access, code, configuration, layer, tag, version};

/// Characters of a function's name.
const NAME_CHARS_MAX: usize = 64;

/// Seconds, and megabytes, of functions that say nothing.
const TIMEOUT_SECONDS: u32 = 3;
const MEMORY_MB: u32 = 128;
const EPHEMERAL_MB: u32 = 512;

/// The new function's ARN, its layers, and the role that is passed.
pub fn access(ctx: &Ctx, lambda: &Lambda, input: &CreateFunctionRequest) -> Result<Access, Fault> {
    let reference = Reference::unqualified(ctx, &input.function_name)?;
    let tags = input.tags.iter().flatten().map(|(key, value)| (key.as_str(), value.as_str()));
    let access = Access::default().and(Resource::of(&reference.arn())).with_request_tags(tags);
    let access = layer::used(ctx, lambda, input.layers.as_deref(), access)?;
    Ok(access::with_role(access, Some(&input.role)))
}

/// CreateFunction. The function is active when the answer is given: its code was unpacked and its runtime found.
pub async fn create(ctx: &Ctx, lambda: &Lambda, input: CreateFunctionRequest) -> Result<FunctionConfiguration, Fault> {
    let reference = Reference::unqualified(ctx, &input.function_name)?;
    check_name(&reference)?;
    refuse(&input)?;
    let (Some(runtime), Some(handler)) = (input.runtime, input.handler.clone()) else {
        return Err(LambdaError::invalid(
            "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
        )
        .into());
    };
    if lambda.store.read(|tx| tx.contains(FUNCTIONS, &reference.key())).map_err(LambdaError::from)? {
        return Err(exists(&reference).into());
    }
    configuration::check_runtime(lambda, runtime).await?;
    configuration::check_role(ctx, &input.role, &reference.name).await?;
    let tags = input.tags.unwrap_or_default();
    tag::check(&tags)?;
    let layers = layer::resolve(ctx, lambda, input.layers.as_deref().unwrap_or_default())?;
    let logging = configuration::logging(input.logging_config, configuration::default_logging(&reference.name))?;
    let environment = configuration::environment(lambda, &reference, input.environment)?;
    let timeout_seconds = configuration::timeout(input.timeout, TIMEOUT_SECONDS)?;
    let memory_mb = configuration::memory(input.memory_size, MEMORY_MB)?;
    let ephemeral_mb = configuration::ephemeral(input.ephemeral_storage.as_ref(), EPHEMERAL_MB)?;
    let architecture = configuration::architecture(input.architectures.as_deref())?;
    let dead_letter_arn = configuration::dead_letter(ctx, input.dead_letter_config)?;
    let taken = code::take(ctx, lambda, code::Source::of_function(input.code)?).await?;
    let latest = Version {
        number: 0,
        description: input.description.unwrap_or_default(),
        runtime: runtime.as_str().to_owned(),
        handler,
        role: input.role,
        timeout_seconds,
        memory_mb,
        ephemeral_mb,
        environment,
        layers,
        code: taken.code.clone(),
        architecture,
        logging,
        traced: input.tracing_config.is_some_and(|config| config.mode == Some(TracingMode::Active)),
        dead_letter_arn,
        revision: ids::uuid(),
        modified: ctx.now(),
        deployment: u64::from_be_bytes(ids::random()),
    };
    let publish = input.publish.unwrap_or_default();
    let now = ctx.now();
    let place = reference.clone();
    let shown = lambda
        .store
        .write(move |tx| {
            if tx.contains(FUNCTIONS, &place.key())? {
                return Err(exists(&place));
            }
            let mut function = Function { latest, last_published: 0, reserved_concurrency: None, tags };
            let mut shown = function.latest.clone();
            if publish {
                shown = version::publish_in(tx, &place, &mut function, None, now)?;
            }
            tx.put(FUNCTIONS, &place.key(), &function)?;
            Ok(shown)
        })
        .await?;
    start::prepare_soon(ctx, lambda, &reference, &shown, Some(taken));
    Ok(configuration::show(lambda, &reference, &shown)?)
}

fn exists(reference: &Reference) -> LambdaError {
    LambdaError::ResourceConflict(format!("Function already exist: {}", reference.name))
}

fn check_name(reference: &Reference) -> Result<(), LambdaError> {
    if reference.name.chars().count() > NAME_CHARS_MAX {
        return Err(LambdaError::invalid(format!(
            "1 validation error detected: Value '{}' at 'functionName' failed to satisfy constraint: Member must have \
             length less than or equal to {NAME_CHARS_MAX}",
            reference.name
        )));
    }
    Ok(())
}

fn refuse(input: &CreateFunctionRequest) -> Result<(), Fault> {
    if input.package_type == Some(PackageType::Image) {
        return Err(Fault::not_served("lambda functions from container images (PackageType Image)"));
    }
    if input.code_signing_config_arn.as_ref().is_some_and(|arn| !arn.is_empty()) {
        return Err(Fault::not_served("lambda code signing (CodeSigningConfigArn)"));
    }
    if input.publish_to.is_some() {
        return Err(Fault::not_served("lambda PublishTo"));
    }
    if input.tenancy_config.is_some() {
        return Err(Fault::not_served("lambda tenant isolation (TenancyConfig)"));
    }
    configuration::refuse_unserved(&UpdateFunctionConfigurationRequest {
        vpc_config: input.vpc_config.clone(),
        kms_key_arn: input.kms_key_arn.clone(),
        file_system_configs: input.file_system_configs.clone(),
        image_config: input.image_config.clone(),
        snap_start: input.snap_start.clone(),
        capacity_provider_config: input.capacity_provider_config.clone(),
        durable_config: input.durable_config.clone(),
        runtime_config: input.runtime_config.clone(),
        accelerator_config: input.accelerator_config.clone(),
        ..Default::default()
    })
}
