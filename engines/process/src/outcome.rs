//! What came of an invocation.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use haar_kernel::Timestamp;

/// An invocation that ended, one way or another.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What the caller is answered.
    pub answer: Answer,
    /// What the process wrote on stdout and stderr since the last outcome, in order; the first has the init phase's.
    pub logs: Vec<LogLine>,
    /// Of the invoke phase, without a successful init phase.
    pub duration: Duration,
    /// The init phases that this invocation waited for, oldest first; empty for a warm one. `INIT_REPORT` lines and
    /// `Init Duration` come from here.
    pub inits: Vec<Init>,
    /// The most that the process tree has used since the environment started.
    pub memory_used_bytes: u64,
    /// Whether the environment can take another invocation; otherwise drop it.
    pub reusable: bool,
}

impl Outcome {
    /// The `Init Duration` of the REPORT line: of an init phase that succeeded before the invoke phase.
    pub fn init_duration(&self) -> Option<Duration> {
        let init = self.inits.iter().find(|init| init.phase == InitPhase::Init)?;
        (init.status == InitStatus::Success).then_some(init.duration)
    }

    /// What AWS bills: the init phase and the invoke phase, rounded up to the millisecond.
    pub fn billed_duration(&self) -> Duration {
        let whole = self.duration + self.init_duration().unwrap_or_default();
        Duration::from_millis(u64::try_from(whole.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX))
    }
}

/// What the caller is answered. Every payload is JSON that can be sent as it is; the errors' have `errorMessage` and
/// `errorType` in AWS's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The function's response, as it gave it.
    Responded {
        /// Not necessarily JSON: the function decides.
        payload: Bytes,
        /// `Content-Type` of the response: `application/vnd.awslambda.http-integration-response` when it was streamed
        /// with a prelude (status and headers as JSON, then eight zero bytes, then the body).
        content_type: Option<String>,
    },
    /// The function reported an error, or its response was refused (`Function.ResponseSizeTooLarge`).
    FunctionError {
        /// `errorMessage`, `errorType`, `stackTrace` as the runtime wrote them.
        payload: Bytes,
        /// `Lambda-Runtime-Function-Error-Type`, or the payload's `errorType`, or `Unhandled`.
        error_type: String,
    },
    /// The timeout passed: the process was killed.
    TimedOut {
        /// `Sandbox.Timedout`: `RequestId: … Error: Task timed out after 3.00 seconds`.
        payload: Bytes,
    },
    /// The process ended, or was killed for its memory.
    Crashed {
        /// `RequestId: … Error: Runtime exited with error: exit status 1`.
        payload: Bytes,
        /// `Runtime.ExitError`, or `Runtime.OutOfMemory`.
        error_type: String,
        /// How.
        exit: Exit,
    },
}

impl Answer {
    /// The bytes for the caller.
    pub fn payload(&self) -> &Bytes {
        match self {
            Self::Responded { payload, .. }
            | Self::FunctionError { payload, .. }
            | Self::TimedOut { payload }
            | Self::Crashed { payload, .. } => payload,
        }
    }

    /// `None` for a response; otherwise AWS's name of what went wrong (`Sandbox.Timedout`, `Runtime.ExitError`,
    /// `ValueError`, …). The `FunctionError` header says `Unhandled` for all of them.
    pub fn error_type(&self) -> Option<&str> {
        match self {
            Self::Responded { .. } => None,
            Self::FunctionError { error_type, .. } | Self::Crashed { error_type, .. } => Some(error_type),
            Self::TimedOut { .. } => Some("Sandbox.Timedout"),
        }
    }
}

/// How a process ended; `Display` is AWS's wording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// By itself.
    Status(i32),
    /// By a signal.
    Signal(i32),
}

impl fmt::Display for Exit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(out, "exit status {status}"),
            Self::Signal(signal) => match signal_name(*signal) {
                Some(name) => write!(out, "signal: {name}"),
                None => write!(out, "signal: signal {signal}"),
            },
        }
    }
}

/// Go's names, which AWS's messages have.
fn signal_name(signal: i32) -> Option<&'static str> {
    Some(match signal {
        1 => "hangup",
        2 => "interrupt",
        3 => "quit",
        4 => "illegal instruction",
        5 => "trace/breakpoint trap",
        6 => "aborted",
        7 => "bus error",
        8 => "floating point exception",
        9 => "killed",
        10 => "user defined signal 1",
        11 => "segmentation fault",
        12 => "user defined signal 2",
        13 => "broken pipe",
        14 => "alarm clock",
        15 => "terminated",
        _ => return None,
    })
}

/// One run of the function's initialisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Init {
    /// From the start of the process to its first request for an event, or to its end.
    pub duration: Duration,
    /// Before the first invocation, or again within it.
    pub phase: InitPhase,
    /// How it ended.
    pub status: InitStatus,
}

/// When an initialisation ran; the words of `INIT_REPORT` lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitPhase {
    /// `Phase: init`.
    Init,
    /// `Phase: invoke`: again, within the first invocation and its timeout.
    Invoke,
}

/// How an initialisation ended; the words of `INIT_REPORT` lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InitStatus {
    /// The runtime asked for its first event.
    Success,
    /// `Status: error Error Type: …`.
    Error(String),
    /// `Status: timeout`.
    TimedOut,
}

/// A line that the process wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When it was read, on the house's clock.
    pub time: Timestamp,
    /// Without its line break; lines beyond 256 KiB are cut into several.
    pub text: String,
}
