//! One execution environment: a child process and the invocations that it runs, one after another.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::{mpsc, oneshot};

use crate::exchange::{Event, Exchange, Said};
use crate::launch;
use crate::logs::Output;
use crate::outcome::{Answer, Exit, Init, InitPhase, InitStatus, LogLine, Outcome};
use crate::process::Process;
use crate::runtime_api::{RuntimeApi, error_payload};
use crate::spawn::SpawnError;
use crate::spec::{Invocation, Spec};
use crate::supervisor::{Scratch, Supervisor};

/// Between two measurements of the memory of a process that runs an invocation.
const MEMORY_EVERY: Duration = Duration::from_millis(100);

/// A child process that waits for invocations. Dropping it kills the process and all that it started.
pub struct Environment {
    supervisor: Arc<Supervisor>,
    spec: Spec,
    /// None after its process has gone.
    run: Option<Run>,
    memory_peak: u64,
}

/// Why no process could be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// AWS: `Runtime.InvalidEntrypoint`.
    #[error("Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]")]
    NoBootstrap,
    /// AWS: `Runtime.InvalidEntrypoint`; a program for another machine, or one whose interpreter is not there.
    #[error("fork/exec {}: {cause}", program.display())]
    Exec {
        /// As the function would name it.
        program: PathBuf,
        /// The kernel's reason.
        cause: io::Error,
    },
    /// The machine: no process, descriptor or folder could be had.
    #[error("failed to prepare a process")]
    Spawn(#[source] io::Error),
    /// External extensions are processes of their own, which this crate does not run.
    #[error("haar runs no external extensions, and a layer brings {0}")]
    Extension(String),
}

impl StartError {
    /// AWS's name, for `errorType`.
    pub fn error_type(&self) -> &'static str {
        match self {
            Self::NoBootstrap | Self::Exec { .. } => "Runtime.InvalidEntrypoint",
            Self::Spawn(_) => "Runtime.Unknown",
            Self::Extension(_) => "Extension.LaunchError",
        }
    }

    fn answer(&self, request_id: &str) -> Answer {
        let payload = error_payload(self.error_type(), &format!("RequestId: {request_id} Error: {self}"));
        Answer::FunctionError { payload, error_type: self.error_type().to_owned() }
    }
}

/// One life of the process.
struct Run {
    process: Process,
    exchange: Arc<Exchange>,
    ear: mpsc::UnboundedReceiver<Said>,
    output: Arc<Output>,
    started: Instant,
    /// Whether its init phase is over, and an outcome has said so.
    initialised: bool,
    /// Ends the tasks that serve it.
    _stop: oneshot::Sender<()>,
    _scratch: Scratch,
}

/// What a run was waiting for.
enum Heard {
    Said(Said),
    Exited(Exit),
    Late,
    OutOfMemory,
}

impl Environment {
    pub(crate) async fn start(supervisor: Arc<Supervisor>, spec: Spec) -> Result<Self, StartError> {
        let run = Run::start(&supervisor, &spec).await?;
        tracing::debug!(function = spec.function_arn, "environment started");
        Ok(Self { supervisor, spec, run: Some(run), memory_peak: 0 })
    }

    /// Runs one invocation and waits for what comes of it. Dropping the future kills the process.
    pub async fn invoke(&mut self, invocation: Invocation) -> Outcome {
        let mut inits = Vec::new();
        let mut logs = Vec::new();
        // In our hand: who drops this future drops the process.
        let mut run = self.run.take();
        if let Some(first) = run.as_mut().filter(|run| !run.initialised) {
            let limit = first.started + self.spec.init_timeout;
            let (init, failed) = first.initialise(limit, self.spec.memory_bytes, InitPhase::Init).await;
            inits.push(init);
            if failed.is_some() {
                logs.extend(first.end(&mut self.memory_peak).await);
                run = None;
            }
        }
        let begun = Instant::now();
        let deadline = begun + invocation.timeout;
        let answer = match self.ready(run, deadline, &mut inits).await {
            Ok(mut run) => {
                let answer = run.answer(&invocation, deadline, self.spec.memory_bytes).await;
                self.memory_peak = self.memory_peak.max(run.process.memory_peak());
                // What a process wrote before it answered is read before the caller is answered.
                match answer {
                    Ok(answer) => {
                        logs.extend(run.output.take());
                        self.run = Some(run);
                        answer
                    }
                    Err(heard) => {
                        logs.extend(run.end(&mut self.memory_peak).await);
                        heard.answer(&invocation)
                    }
                }
            }
            Err(NotReady::Start(error)) => error.answer(&invocation.request_id),
            Err(NotReady::Init(mut run, heard)) => {
                logs.extend(run.end(&mut self.memory_peak).await);
                heard.answer(&invocation)
            }
        };
        Outcome {
            answer,
            logs,
            duration: begun.elapsed(),
            inits,
            memory_used_bytes: self.memory_peak,
            reusable: self.run.is_some(),
        }
    }

    /// A run that has initialised: this one, or a new one within the invocation's time.
    async fn ready(&self, run: Option<Run>, deadline: Instant, inits: &mut Vec<Init>) -> Result<Run, NotReady> {
        if let Some(run) = run {
            return Ok(run);
        }
        let mut run = Run::start(&self.supervisor, &self.spec).await.map_err(NotReady::Start)?;
        let (init, failed) = run.initialise(deadline, self.spec.memory_bytes, InitPhase::Invoke).await;
        inits.push(init);
        match failed {
            Some(heard) => Err(NotReady::Init(Box::new(run), heard)),
            None => Ok(run),
        }
    }

    /// Whether the process still lives: one that ended while it was idle cannot be used again.
    pub fn is_alive(&mut self) -> bool {
        self.run.as_mut().is_some_and(|run| run.process.is_alive())
    }

    /// Kills the process, as AWS does to environments without extensions, and returns what it wrote since the last
    /// outcome. Nothing of it runs when this returns.
    pub async fn retire(mut self) -> Vec<LogLine> {
        match self.run.take() {
            Some(mut run) => run.end(&mut self.memory_peak).await,
            None => Vec::new(),
        }
    }
}

/// Why an invocation found no run.
enum NotReady {
    Start(StartError),
    Init(Box<Run>, Heard),
}

impl Run {
    async fn start(supervisor: &Arc<Supervisor>, spec: &Spec) -> Result<Self, StartError> {
        let program = launch::program(&supervisor.sandbox, spec)?;
        let scratch = supervisor.make_scratch().map_err(StartError::Spawn)?;
        let api = RuntimeApi::bind().map_err(StartError::Spawn)?;
        let (reader, writer) = io::pipe().map_err(StartError::Spawn)?;
        let launch = launch::compose(supervisor, spec, &program, &scratch.0, api.address(), writer.into());
        let started = Instant::now();
        let (main, anchor) = supervisor.spawn(launch).await.map_err(|error| match error {
            SpawnError::Exec(cause) => StartError::Exec { program: program.shown.clone(), cause },
            SpawnError::Prepare(cause) => StartError::Spawn(cause),
        })?;
        let process = Process::new(main, anchor, supervisor.reaper.clone()).map_err(StartError::Spawn)?;
        let output =
            Arc::new(Output::new(reader.into(), supervisor.clock.clone(), program.framed).map_err(StartError::Spawn)?);
        let (exchange, ear) = Exchange::new();
        let (stop, mut stopped) = oneshot::channel::<()>();
        supervisor.tasks.spawn_forever("function environment", {
            let (exchange, output) = (exchange.clone(), output.clone());
            async move {
                let serve = async { tokio::join!(api.serve(exchange), output.read_on()) };
                tokio::select! {
                    _ = &mut stopped => {}
                    _ = serve => {}
                }
            }
        });
        Ok(Self { process, exchange, ear, output, started, initialised: false, _stop: stop, _scratch: scratch })
    }

    /// Waits for the end of the init phase; what was heard instead, when it failed.
    async fn initialise(&mut self, limit: Instant, memory: u64, phase: InitPhase) -> (Init, Option<Heard>) {
        self.initialised = true;
        let heard = self.listen(limit, memory).await;
        let now = match &heard {
            Heard::Said(Said::Ready(at)) => *at,
            _ => Instant::now(),
        };
        let status = match &heard {
            Heard::Said(Said::Ready(_)) => InitStatus::Success,
            Heard::Late => InitStatus::TimedOut,
            Heard::OutOfMemory => InitStatus::Error(OUT_OF_MEMORY.to_owned()),
            Heard::Said(Said::InitError { error_type, .. } | Said::Error { error_type, .. }) => {
                InitStatus::Error(error_type.clone())
            }
            Heard::Exited(_) | Heard::Said(Said::Response { .. }) => InitStatus::Error(EXIT_ERROR.to_owned()),
        };
        let failed = (status != InitStatus::Success).then_some(heard);
        (Init { duration: now.saturating_duration_since(self.started), phase, status }, failed)
    }

    /// Hands the event over and waits for the answer, or for what came instead.
    async fn answer(&mut self, invocation: &Invocation, deadline: Instant, memory: u64) -> Result<Answer, Heard> {
        self.exchange.offer(Event {
            request_id: invocation.request_id.clone(),
            payload: invocation.payload.clone(),
            deadline_ms: machine_millis(deadline),
            function_arn: invocation.invoked_function_arn.clone(),
            trace_id: invocation.trace_id.clone(),
            client_context: invocation.client_context.clone(),
            cognito_identity: invocation.cognito_identity.clone(),
        });
        match self.listen(deadline, memory).await {
            Heard::Said(Said::Response { payload, content_type }) => Ok(Answer::Responded { payload, content_type }),
            Heard::Said(Said::Error { payload, error_type }) => Ok(Answer::FunctionError { payload, error_type }),
            other => Err(other),
        }
    }

    async fn listen(&mut self, deadline: Instant, memory: u64) -> Heard {
        let late = tokio::time::sleep_until(deadline.into());
        tokio::pin!(late);
        let mut measure = tokio::time::interval_at((Instant::now() + MEMORY_EVERY).into(), MEMORY_EVERY);
        measure.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                // What it said before it ended counts.
                biased;
                Some(said) = self.ear.recv() => return Heard::Said(said),
                exit = self.process.exited() => return Heard::Exited(exit),
                () = &mut late => return Heard::Late,
                _ = measure.tick() => {
                    if self.process.measure() > memory {
                        return Heard::OutOfMemory;
                    }
                }
            }
        }
    }

    /// Kills all of it; what it had written.
    async fn end(&mut self, memory_peak: &mut u64) -> Vec<LogLine> {
        *memory_peak = (*memory_peak).max(self.process.memory_peak());
        self.process.end().await;
        self.output.take()
    }
}

const EXIT_ERROR: &str = "Runtime.ExitError";
const OUT_OF_MEMORY: &str = "Runtime.OutOfMemory";

impl Heard {
    /// AWS's words for an invocation that ended without the function's answer.
    fn answer(self, invocation: &Invocation) -> Answer {
        let id = &invocation.request_id;
        let crashed = |error_type: &str, exit: Exit| {
            let reason = match exit {
                Exit::Status(0) => "Runtime exited without providing a reason".to_owned(),
                exit => format!("Runtime exited with error: {exit}"),
            };
            let payload = error_payload(error_type, &format!("RequestId: {id} Error: {reason}"));
            Answer::Crashed { payload, error_type: error_type.to_owned(), exit }
        };
        match self {
            Self::Late => {
                let seconds = invocation.timeout.as_secs_f64();
                let message = format!("RequestId: {id} Error: Task timed out after {seconds:.2} seconds");
                Answer::TimedOut { payload: error_payload("Sandbox.Timedout", &message) }
            }
            Self::OutOfMemory => crashed(OUT_OF_MEMORY, Exit::Signal(9)),
            Self::Exited(exit) => crashed(EXIT_ERROR, exit),
            Self::Said(Said::InitError { payload, error_type } | Said::Error { payload, error_type }) => {
                Answer::FunctionError { payload, error_type }
            }
            // The exchange lets neither pass at another time.
            Self::Said(Said::Ready(_) | Said::Response { .. }) => crashed(EXIT_ERROR, Exit::Status(0)),
        }
    }
}

/// What the process will see on its own clock at that moment: the machine's, however the house's was moved.
fn machine_millis(at: Instant) -> i64 {
    let left = at.saturating_duration_since(Instant::now());
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + left;
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
