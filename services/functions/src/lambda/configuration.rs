//! A function's configuration: read from calls, checked as AWS does, and shown.

use std::collections::BTreeMap;

use haar_platform::aws::lambda::{
    ApplicationLogLevel, Architecture, DeadLetterConfig, Environment, EnvironmentResponse, EphemeralStorage,
    FunctionConfiguration, LastUpdateStatus, Layer, LogFormat, LoggingConfig, PackageType, Runtime, SnapStart,
    SnapStartApplyOn, SnapStartOptimizationStatus, SnapStartResponse, State, SystemLogLevel, TracingConfigResponse,
    TracingMode, UpdateFunctionConfigurationRequest, VpcConfig, VpcConfigResponse,
};
use haar_platform::kernel::serde_json;
use haar_platform::kernel::{Arn, Ctx, Fault, ids};

use super::Lambda;
use super::error::LambdaError;
use super::model::{Logging, Version};
use super::name::Reference;
use super::role;

/// Seconds that a function may run.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const TIMEOUT_SECONDS_MAX: i32 = 900;

/// Megabytes of a function, and of its `/tmp`.
const MEGABYTES_MAX: i32 = 10_240;

/// Bytes of all variables together.
const VARIABLES_BYTES_MAX: usize = 4096;

/// Layers of a function.
pub const LAYERS_MAX: usize = 5;

/// Variables that Lambda sets itself.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>
const RESERVED: &[&str] = &[
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECRET_KEY",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
];

/// What both CreateFunction and UpdateFunctionConfiguration may say and haar does not honour, by name.
pub fn refuse_unserved(input: &UpdateFunctionConfigurationRequest) -> Result<(), Fault> {
    let has_network = |vpc: &VpcConfig| {
        vpc.subnet_ids.as_ref().is_some_and(|ids| !ids.is_empty())
            || vpc.security_group_ids.as_ref().is_some_and(|ids| !ids.is_empty())
    };
    let snap = |snap: &SnapStart| snap.apply_on == Some(SnapStartApplyOn::PublishedVersions);
    let asked = [
        (input.vpc_config.as_ref().is_some_and(has_network), "lambda functions in a network (VpcConfig)"),
        (
            input.kms_key_arn.as_ref().is_some_and(|arn| !arn.is_empty()),
            "lambda variables under a key of KMS (KMSKeyArn)",
        ),
        (
            input.file_system_configs.as_ref().is_some_and(|all| !all.is_empty()),
            "lambda file systems (FileSystemConfigs)",
        ),
        (input.image_config.is_some(), "lambda functions from container images (ImageConfig)"),
        (input.snap_start.as_ref().is_some_and(snap), "lambda SnapStart"),
        (input.capacity_provider_config.is_some(), "lambda capacity providers (CapacityProviderConfig)"),
        (input.durable_config.is_some(), "durable lambda functions (DurableConfig)"),
        (input.runtime_config.is_some(), "lambda RuntimeConfig"),
        (input.accelerator_config.is_some(), "lambda accelerators (AcceleratorConfig)"),
    ];
    match asked.iter().find(|(asked, _)| *asked) {
        Some((_, name)) => Err(Fault::not_served(name)),
        None => Ok(()),
    }
}

/// Seconds that are allowed.
pub fn timeout(seconds: Option<i32>, default: u32) -> Result<u32, LambdaError> {
    bounded("timeout", seconds, TIMEOUT_SECONDS_MAX, default)
}

/// Megabytes that are allowed.
pub fn memory(megabytes: Option<i32>, default: u32) -> Result<u32, LambdaError> {
    bounded("memorySize", megabytes, MEGABYTES_MAX, default)
}

/// Megabytes of `/tmp` that are allowed.
pub fn ephemeral(storage: Option<&EphemeralStorage>, default: u32) -> Result<u32, LambdaError> {
    bounded("ephemeralStorage.size", storage.map(|storage| storage.size), MEGABYTES_MAX, default)
}

// The model allows more, for functions on managed instances.
fn bounded(name: &str, asked: Option<i32>, max: i32, default: u32) -> Result<u32, LambdaError> {
    match asked {
        Some(value) if value > max => Err(LambdaError::invalid(format!(
            "Value '{value}' at '{name}' failed to satisfy constraint: Member must have value less than or equal to \
             {max}"
        ))),
        Some(value) => Ok(value.unsigned_abs()),
        None => Ok(default),
    }
}

/// The one architecture of a function: this machine's, because processes run on it.
pub fn architecture(asked: Option<&[Architecture]>) -> Result<String, LambdaError> {
    let own = match std::env::consts::ARCH {
        "aarch64" => Architecture::Arm64,
        _ => Architecture::X8664,
    };
    match asked {
        None | Some([]) => Ok(own.as_str().to_owned()),
        Some([one]) if *one == own => Ok(own.as_str().to_owned()),
        Some([other]) => Err(LambdaError::invalid(format!(
            "The architecture {other} cannot run on this machine: its processor is {own}."
        ))),
        Some(_) => Err(LambdaError::invalid("Functions have exactly one architecture.")),
    }
}

/// Variables that users may set, sealed.
pub fn environment(
    lambda: &Lambda,
    reference: &Reference,
    asked: Option<Environment>,
) -> Result<Option<Vec<u8>>, LambdaError> {
    let variables = asked.and_then(|environment| environment.variables).unwrap_or_default();
    let reserved: Vec<_> = variables.keys().filter(|name| RESERVED.contains(&name.as_str())).cloned().collect();
    if !reserved.is_empty() {
        return Err(LambdaError::invalid(format!(
            "Lambda was unable to configure your environment variables because the environment variables you have \
             provided contains reserved keys that are currently not supported for modification. Reserved keys used in \
             this request: {}",
            reserved.join(", ")
        )));
    }
    if variables.is_empty() {
        return Ok(None);
    }
    let text = serde_json::json!(variables).to_string();
    if text.len() > VARIABLES_BYTES_MAX {
        return Err(LambdaError::invalid(format!(
            "Lambda was unable to configure your environment variables because the environment variables you have \
             provided exceeded the 4KB limit. String measured: {text}"
        )));
    }
    Ok(Some(lambda.store.vault().seal(seal_scope(reference).as_bytes(), text.as_bytes())?))
}

/// The variables of a version.
pub fn variables(
    lambda: &Lambda,
    reference: &Reference,
    version: &Version,
) -> Result<BTreeMap<String, String>, LambdaError> {
    let Some(sealed) = &version.environment else { return Ok(BTreeMap::new()) };
    let plain = lambda.store.vault().open(seal_scope(reference).as_bytes(), sealed)?;
    serde_json::from_slice(&plain).map_err(|cause| LambdaError::Broken(format!("failed to read variables: {cause}")))
}

fn seal_scope(reference: &Reference) -> String {
    format!("lambda environment {}", reference.arn())
}

/// Where logs go, from what is asked and what was before.
pub fn logging(asked: Option<LoggingConfig>, before: Logging) -> Result<Logging, LambdaError> {
    let Some(asked) = asked else { return Ok(before) };
    let json = asked.log_format.map_or(before.json, |format| format == LogFormat::Json);
    if !json && (asked.application_log_level.is_some() || asked.system_log_level.is_some()) {
        return Err(LambdaError::invalid(
            "Application and system log levels can only be set when the log format is JSON.",
        ));
    }
    let level = |asked: Option<&'static str>, before: Option<String>| {
        json.then(|| asked.map(str::to_owned).or(before).unwrap_or_else(|| "INFO".to_owned()))
    };
    Ok(Logging {
        json,
        application_level: level(
            asked.application_log_level.map(ApplicationLogLevel::as_str),
            before.application_level,
        ),
        system_level: level(asked.system_log_level.map(SystemLogLevel::as_str), before.system_level),
        group: asked.log_group.unwrap_or(before.group),
    })
}

/// Logs of a function about which nothing was said.
pub fn default_logging(name: &str) -> Logging {
    Logging { json: false, application_level: None, system_level: None, group: format!("/aws/lambda/{name}") }
}

/// The queue or topic for events that could not be handled.
pub fn dead_letter(ctx: &Ctx, asked: Option<DeadLetterConfig>) -> Result<Option<String>, LambdaError> {
    let Some(target) = asked.and_then(|config| config.target_arn).filter(|arn| !arn.is_empty()) else {
        return Ok(None);
    };
    let arn = target.parse::<Arn>().ok().filter(|arn| matches!(arn.service.as_str(), "sqs" | "sns"));
    match arn {
        Some(arn) if ctx.serves_target(&arn) => Ok(Some(target)),
        _ => Err(LambdaError::invalid(format!(
            "The provided dead letter target {target} is invalid: it must be an SQS queue or an SNS topic."
        ))),
    }
}

/// Whether Lambda may assume the role, found out by doing it.
pub async fn check_role(ctx: &Ctx, role_arn: &str, function: &str) -> Result<(), LambdaError> {
    match role::assume(ctx, role_arn, function).await {
        Ok(_) => Ok(()),
        Err(fault) if fault.status < 500 => {
            Err(LambdaError::invalid("The role defined for the function cannot be assumed by Lambda."))
        }
        Err(fault) => Err(fault.into()),
    }
}

/// Whether a runtime can run here.
pub async fn check_runtime(lambda: &Lambda, runtime: Runtime) -> Result<(), LambdaError> {
    let found = lambda.supervisor.runtime(runtime.as_str()).await;
    found.map(|_| ()).map_err(|missing| LambdaError::invalid(missing.to_string()))
}

/// What GetFunctionConfiguration and others answer.
pub fn show(lambda: &Lambda, reference: &Reference, version: &Version) -> Result<FunctionConfiguration, LambdaError> {
    let label = version.label();
    let arn = match &reference.qualifier {
        None if version.number == 0 => reference.arn(),
        _ => reference.arn_of(reference.qualifier.as_deref().unwrap_or(&label)),
    };
    let variables = variables(lambda, reference, version)?;
    let layers = version.layers.iter().map(|layer| Layer {
        arn: Some(layer.arn.clone()),
        code_size: Some(layer.code.size_bytes.cast_signed()),
        ..Default::default()
    });
    let layers: Vec<_> = layers.collect();
    Ok(FunctionConfiguration {
        function_name: Some(reference.name.clone()),
        function_arn: Some(arn.to_string()),
        runtime: Runtime::parse(&version.runtime),
        role: Some(version.role.clone()),
        handler: Some(version.handler.clone()),
        code_size: Some(version.code.size_bytes.cast_signed()),
        description: Some(version.description.clone()),
        timeout: Some(version.timeout_seconds.cast_signed()),
        memory_size: Some(version.memory_mb.cast_signed()),
        last_modified: Some(version.modified.format("%Y-%m-%dT%H:%M:%S.%3f+0000")),
        code_sha256: Some(version.code.sha256.clone()),
        version: Some(label),
        vpc_config: Some(VpcConfigResponse {
            subnet_ids: Some(Vec::new()),
            security_group_ids: Some(Vec::new()),
            ..Default::default()
        }),
        dead_letter_config: version
            .dead_letter_arn
            .clone()
            .map(|target_arn| DeadLetterConfig { target_arn: Some(target_arn) }),
        environment: (!variables.is_empty()).then_some(EnvironmentResponse { variables: Some(variables), error: None }),
        tracing_config: Some(TracingConfigResponse {
            mode: Some(if version.traced { TracingMode::Active } else { TracingMode::PassThrough }),
        }),
        revision_id: Some(version.revision.clone()),
        layers: (!layers.is_empty()).then_some(layers),
        state: Some(State::Active),
        last_update_status: Some(LastUpdateStatus::Successful),
        package_type: Some(PackageType::Zip),
        architectures: Architecture::parse(&version.architecture).map(|one| vec![one]),
        ephemeral_storage: Some(EphemeralStorage { size: version.ephemeral_mb.cast_signed() }),
        snap_start: Some(SnapStartResponse {
            apply_on: Some(SnapStartApplyOn::None),
            optimization_status: Some(SnapStartOptimizationStatus::Off),
        }),
        logging_config: Some(LoggingConfig {
            log_format: Some(if version.logging.json { LogFormat::Json } else { LogFormat::Text }),
            application_log_level: version.logging.application_level.as_deref().and_then(ApplicationLogLevel::parse),
            system_log_level: version.logging.system_level.as_deref().and_then(SystemLogLevel::parse),
            log_group: Some(version.logging.group.clone()),
        }),
        ..Default::default()
    })
}

/// A version that changed: a new revision, and new environments.
pub fn renew(version: &mut Version, ctx: &Ctx) {
    version.revision = ids::uuid();
    version.deployment = u64::from_be_bytes(ids::random());
    version.modified = ctx.now();
}
