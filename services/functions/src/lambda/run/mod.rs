//! One invocation, from the room that it needs to the logs that it leaves.
//!
//! ```text
//!   run        takes room, an environment, and brings the invocation to its end
//!   pool       environments that wait for their next invocation, and what starts them
//!   start      variables, credentials and code of a new environment
//!   report     the lines that Lambda writes around those of the function
//!   shipping   brings lines to CloudWatch Logs, behind the answer
//!   observed   what is measured and metered
//! ```

pub mod observed;
pub mod pool;
pub mod report;
pub mod shipping;
pub mod start;

use std::time::Duration;

use haar_platform::kernel::serde_json::json;
use haar_platform::kernel::{AccountId, Bytes, Caller, Ctx, Region, ids};
use haar_process::{Answer, Init, InitPhase, InitStatus, Invocation, Outcome, StartError};
use std::sync::Arc;

use self::observed::Observed;
use self::pool::Warm;
use self::report::Happened;
use super::Lambda;
use super::error::LambdaError;
use super::lookup::Found;
use super::name::Reference;

/// The tail of the log that an answer carries.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>
const TAIL_BYTES_MAX: usize = 4096;

/// An invocation to be run.
pub struct Order {
    /// As it was invoked.
    pub reference: Reference,
    pub found: Found,
    pub request_id: String,
    pub payload: Bytes,
    /// JSON.
    pub client_context: Option<String>,
}

/// An invocation that was run.
pub struct Ran {
    pub payload: Bytes,
    /// AWS's name of what went wrong in the function.
    pub error_type: Option<String>,
    pub executed_version: String,
    /// The last lines of the log.
    pub tail: String,
    pub observed: Observed,
}

/// A context in the account and region of a function, for what Lambda itself does there.
pub fn inside(ctx: &Ctx, reference: &Reference) -> Result<Ctx, LambdaError> {
    let account = AccountId::parse(&reference.account);
    let (Some(account), Some(region)) = (account, Region::parse(&reference.region)) else {
        return Err(reference.not_found());
    };
    Ok(ctx.elsewhere(Arc::new(Caller::service("lambda", &account)), region))
}

/// Runs an invocation to its end, also when nobody waits for it any more.
pub async fn run_detached(ctx: &Ctx, lambda: &Lambda, order: Order) -> Result<Ran, LambdaError> {
    let inner = inside(ctx, &order.reference)?;
    let (answer, answered) = tokio::sync::oneshot::channel();
    let lambda = lambda.clone();
    ctx.house.tasks.spawn_forever("lambda invocation", async move {
        let ran = run(&inner, &lambda, order).await;
        if let Err(Ok(ran)) = answer.send(ran) {
            // The caller has gone: what was measured is noted without it.
            ran.observed.note(&inner).await;
        }
    });
    answered.await.unwrap_or_else(|_| Err(LambdaError::Broken("the invocation panicked".into())))
}

/// Runs an invocation. `ctx` is of the function's account and region.
pub async fn run(ctx: &Ctx, lambda: &Lambda, order: Order) -> Result<Ran, LambdaError> {
    let Order { reference, found, request_id, payload, client_context } = order;
    let key = reference.owned_key();
    let entered = lambda.capacity.enter(&lambda.store, &key, found.reserved_concurrency)?;
    let permit = match entered {
        Ok(permit) => permit,
        Err(reason) => {
            observed::throttled(ctx, &reference).await;
            return Err(LambdaError::TooManyRequests(reason));
        }
    };
    let version = &found.version;
    let started = ctx.now();
    let (mut warm, outcome) = match take(ctx, lambda, &reference, &found).await? {
        Ok(mut warm) => {
            let invocation = Invocation {
                request_id: request_id.clone(),
                payload,
                timeout: Duration::from_secs(u64::from(version.timeout_seconds)),
                invoked_function_arn: reference.qualified_arn().to_string(),
                trace_id: Some(trace_id(ctx)),
                client_context,
                cognito_identity: None,
            };
            let outcome = warm.environment.invoke(invocation).await;
            (Some(warm), outcome)
        }
        // No process: AWS tells the caller as of a function that failed.
        Err(error) => (None, unstarted(&request_id, &error)),
    };
    let observed = Observed::of(&reference, &found, &outcome, &permit);
    let happened = Happened {
        request_id: &request_id,
        version: &version.label(),
        runtime: &version.runtime,
        memory_mb: version.memory_mb,
        started,
        ended: ctx.now(),
        outcome: &outcome,
    };
    let lines = report::lines(&version.logging, &happened);
    let tail = report::tail(&lines, TAIL_BYTES_MAX);
    if let Some(warm) = &warm {
        let group = version.logging.group.clone();
        lambda.shipping.push(ctx, &warm.kit.caller, group, warm.stream.clone(), lines);
    }
    let reusable = outcome.reusable;
    if let Some(warm) = warm.take().filter(|_| reusable) {
        lambda.pool.put_back(version.deployment, warm, ctx.now());
    }
    drop(permit);
    let error_type = outcome.answer.error_type().map(str::to_owned);
    let payload = outcome.answer.payload().clone();
    Ok(Ran { payload, error_type, executed_version: version.label(), tail, observed })
}

/// A warm environment, or a new one; the inner error is the function's own.
async fn take(
    ctx: &Ctx,
    lambda: &Lambda,
    reference: &Reference,
    found: &Found,
) -> Result<Result<Warm, StartError>, LambdaError> {
    if let Some(warm) = lambda.pool.take(found.version.deployment, ctx.now()) {
        return Ok(Ok(warm));
    }
    match start::start(ctx, lambda, reference, &found.version).await? {
        Err(StartError::Spawn(cause)) => {
            Err(LambdaError::Broken(format!("failed to start the process of a function: {cause}")))
        }
        started => Ok(started),
    }
}

fn unstarted(request_id: &str, error: &StartError) -> Outcome {
    let error_type = "Runtime.InvalidEntrypoint";
    let message = format!("RequestId: {request_id} Error: {error}");
    let payload = json!({"errorType": error_type, "errorMessage": message}).to_string();
    Outcome {
        answer: Answer::FunctionError { payload: payload.into(), error_type: error_type.into() },
        logs: Vec::new(),
        duration: Duration::ZERO,
        inits: vec![Init {
            duration: Duration::ZERO,
            phase: InitPhase::Init,
            status: InitStatus::Error(error_type.into()),
        }],
        memory_used_bytes: 0,
        reusable: false,
    }
}

/// `X-Amzn-Trace-Id`; nothing samples it here.
fn trace_id(ctx: &Ctx) -> String {
    format!("Root=1-{:08x}-{};Parent={};Sampled=0", ctx.now().seconds(), ids::hex(24), ids::hex(16))
}
