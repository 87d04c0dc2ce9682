//! A new environment: the role's credentials, the variables that AWS documents, code and layers unpacked.

use std::sync::Arc;
use std::time::Duration;

use haar_platform::kernel::{Ctx, ids};
use haar_process::{Environment, Package, Spec, StartError};

use super::pool::{Kit, Warm};
use crate::lambda::code::Taken;
use crate::lambda::error::LambdaError;
use crate::lambda::model::Version;
use crate::lambda::name::Reference;
use crate::lambda::{Lambda, code, configuration, role};

/// Environments get no new work when their credentials have less than this: a function may run for fifteen minutes.
const CREDENTIALS_LEFT: Duration = Duration::from_secs(15 * 60);

/// Where SDKs send their calls: to us, unless the function's own variables say otherwise.
const ENDPOINT_VARIABLE: &str = "AWS_ENDPOINT_URL";

/// Starts an environment of a version. The inner error is the function's own: it has no bootstrap.
pub async fn start(
    ctx: &Ctx,
    lambda: &Lambda,
    reference: &Reference,
    version: &Version,
) -> Result<Result<Warm, StartError>, LambdaError> {
    let kit = match lambda.pool.kit(version.deployment, ctx.now()) {
        Some(kit) => kit,
        None => {
            let kit = Arc::new(prepare(ctx, lambda, reference, version).await?);
            lambda.pool.keep(version.deployment, kit.clone(), ctx.now());
            kit
        }
    };
    let stream = format!("{}/[{}]{}", ctx.now().format("%Y/%m/%d"), version.label(), ids::hex(32));
    let mut variables = kit.variables.clone();
    variables.push(("AWS_LAMBDA_LOG_STREAM_NAME".into(), stream.clone()));
    // Not of the kit: events that outlived the last house may be run before the sockets of this one are open.
    if !variables.iter().any(|(name, _)| name == ENDPOINT_VARIABLE) {
        variables.push((ENDPOINT_VARIABLE.into(), ctx.house.endpoint().to_owned()));
    }
    let megabytes = |count: u32| u64::from(count) * 1024 * 1024;
    let spec = Spec {
        runtime: kit.runtime.clone(),
        code: kit.code.clone(),
        layers: kit.layers.clone(),
        handler: version.handler.clone(),
        variables,
        memory_bytes: megabytes(version.memory_mb),
        ephemeral_bytes: megabytes(version.ephemeral_mb),
        init_timeout: Spec::INIT_TIMEOUT,
        function_arn: reference.arn().to_string(),
    };
    let started: Result<Environment, StartError> = lambda.supervisor.start(spec).await;
    Ok(started.map(|environment| Warm { environment, kit, stream }))
}

/// Prepares what the first environment of a deployment will need, behind the answer to the call that made it: so that
/// nobody waits for code to be unpacked and for the role. `taken` keeps unpacked code until then.
pub fn prepare_soon(ctx: &Ctx, lambda: &Lambda, reference: &Reference, version: &Version, taken: Option<Taken>) {
    let Ok(own) = super::inside(ctx, reference) else { return };
    let (lambda, reference, version) = (lambda.clone(), reference.clone(), version.clone());
    ctx.house.tasks.spawn_forever("lambda preparation", async move {
        match prepare(&own, &lambda, &reference, &version).await {
            Ok(kit) => lambda.pool.keep(version.deployment, Arc::new(kit), own.now()),
            // The first invocation tries again, and tells its caller.
            Err(error) => tracing::debug!(%error, function = reference.name, "a function could not be prepared"),
        }
        drop(taken);
    });
}

/// What all environments of a deployment have in common.
async fn prepare(ctx: &Ctx, lambda: &Lambda, reference: &Reference, version: &Version) -> Result<Kit, LambdaError> {
    let runtime = lambda.supervisor.runtime(&version.runtime).await;
    let runtime = runtime.map_err(|missing| LambdaError::InvalidRuntime(missing.to_string()))?;
    let package = code::unpack(lambda, &version.code).await?;
    let layers = stack(lambda, version).await?;
    let session = role::assume(ctx, &version.role, &reference.name).await.map_err(|fault| {
        let role = &version.role;
        match fault.status {
            ..500 => LambdaError::AccessDenied(format!("Lambda was unable to assume the function's role {role}.")),
            _ => fault.into(),
        }
    })?;
    let mut variables = fixed(ctx, reference, version);
    if let Some(credentials) = &session.credentials {
        variables.push(("AWS_ACCESS_KEY_ID".into(), credentials.access_key_id.clone()));
        variables.push(("AWS_SECRET_ACCESS_KEY".into(), credentials.secret_access_key.clone()));
        variables.push(("AWS_SESSION_TOKEN".into(), credentials.session_token.clone()));
    }
    variables.extend(configuration::variables(lambda, reference, version)?);
    let ends = session.credentials.map(|credentials| {
        let left = i64::try_from(CREDENTIALS_LEFT.as_millis()).unwrap_or_default();
        haar_platform::kernel::Timestamp::from_millis(credentials.expiration.millis() - left)
    });
    Ok(Kit { runtime, code: package, layers, variables, caller: session.caller, ends })
}

async fn stack(lambda: &Lambda, version: &Version) -> Result<Option<Package>, LambdaError> {
    let mut packages = Vec::new();
    for layer in &version.layers {
        packages.push(code::unpack(lambda, &layer.code).await?);
    }
    if packages.is_empty() {
        return Ok(None);
    }
    Ok(Some(lambda.supervisor.stack(&packages).await?))
}

/// What Lambda sets for every function.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>
fn fixed(ctx: &Ctx, reference: &Reference, version: &Version) -> Vec<(String, String)> {
    let logging = &version.logging;
    let mut variables = vec![
        ("AWS_REGION", ctx.region.to_string()),
        ("AWS_DEFAULT_REGION", ctx.region.to_string()),
        ("AWS_LAMBDA_FUNCTION_NAME", reference.name.clone()),
        ("AWS_LAMBDA_FUNCTION_VERSION", version.label()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", version.memory_mb.to_string()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", logging.group.clone()),
    ];
    if !version.runtime.starts_with("provided") {
        variables.push(("AWS_EXECUTION_ENV", format!("AWS_Lambda_{}", version.runtime)));
    }
    if logging.json {
        variables.push(("AWS_LAMBDA_LOG_FORMAT", "JSON".to_owned()));
        variables.extend(logging.application_level.clone().map(|level| ("AWS_LAMBDA_LOG_LEVEL", level)));
    } else {
        variables.push(("AWS_LAMBDA_LOG_FORMAT", "Text".to_owned()));
    }
    variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
