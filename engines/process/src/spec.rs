//! What an environment is started with, and what one invocation brings.

use std::time::Duration;

use bytes::Bytes;

use crate::package::Package;
use crate::runtime::Runtime;

/// An environment to start. Everything that is the same for all its invocations.
#[derive(Clone, Debug)]
pub struct Spec {
    /// From [`crate::Supervisor::runtime`].
    pub runtime: Runtime,
    /// The function's code: `/var/task`, or wherever `LAMBDA_TASK_ROOT` says where there are no namespaces.
    pub code: Package,
    /// The layers, from [`crate::Supervisor::stack`]: `/opt`, or wherever `PATH` and its like say.
    pub layers: Option<Package>,
    /// `module.function`; `_HANDLER` for a `bootstrap`.
    pub handler: String,
    /// `AWS_*`, `LAMBDA_*` and the user's own. This crate adds `AWS_LAMBDA_RUNTIME_API`, `_HANDLER`,
    /// `LAMBDA_TASK_ROOT`, `LAMBDA_RUNTIME_DIR`, `TZ`, `LANG`, `PATH`, `LD_LIBRARY_PATH`, and the interpreter's module
    /// path; a variable given here wins over those of them that AWS lets users set (`TZ`, `LANG`, `PATH`,
    /// `LD_LIBRARY_PATH`, `PYTHONPATH`, `NODE_PATH`). Nothing comes from haar's own environment.
    pub variables: Vec<(String, String)>,
    /// Of the whole process tree; who is above it is killed.
    pub memory_bytes: u64,
    /// The size of `/tmp`.
    pub ephemeral_bytes: u64,
    /// How long the init phase may take before it is run again within the first invocation; AWS: ten seconds.
    pub init_timeout: Duration,
    /// Names the function in haar's own logs.
    pub function_arn: String,
}

impl Spec {
    /// What AWS gives the init phase of functions on demand.
    pub const INIT_TIMEOUT: Duration = Duration::from_secs(10);
}

/// One event for an environment.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The `x-amzn-RequestId` of the invocation, a UUID.
    pub request_id: String,
    /// The event as JSON.
    pub payload: Bytes,
    /// The function's timeout, in the machine's time: a process really runs, however the clock is moved.
    pub timeout: Duration,
    /// With the version or alias that was named.
    pub invoked_function_arn: String,
    /// `X-Amzn-Trace-Id`: `Root=1-…;Parent=…;Sampled=0`.
    pub trace_id: Option<String>,
    /// Decoded from `X-Amz-Client-Context`: JSON.
    pub client_context: Option<String>,
    /// JSON of `cognitoIdentityId` and `cognitoIdentityPoolId`.
    pub cognito_identity: Option<String>,
}
