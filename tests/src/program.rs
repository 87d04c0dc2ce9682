//! The real `haar` program as a child process: started, watched, signalled, killed.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

use crate::patience::await_patiently;

/// One `haar up`.
pub struct Program {
    child: Child,
    /// What it has written to standard error so far; shown when the test fails.
    log: Arc<Mutex<String>>,
    output: Lines<BufReader<ChildStdout>>,
    endpoint: String,
}

impl Program {
    /// `haar up --listen 127.0.0.1:0` and these arguments; returns when it is ready.
    pub async fn up<I: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = I>) -> Self {
        let mut command = haar();
        command.args(["up", "--listen", "127.0.0.1:0"]).args(arguments);
        Self::start(command).await
    }

    /// In memory.
    pub async fn ephemeral() -> Self {
        Self::up(["--ephemeral"]).await
    }

    /// Over a data directory.
    pub async fn at(folder: &Path) -> Self {
        Self::up([Path::new("--data-dir"), folder]).await
    }

    /// A prepared `haar up`; returns when it is ready.
    pub async fn start(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("haar starts");
        let log = Arc::<Mutex<String>>::default();
        tokio::spawn(keep(child.stderr.take().expect("it is piped"), log.clone()));
        let mut output = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let line = await_patiently("the ready line", output.next_line()).await.expect("text");
        let line = line.expect("haar ended before it was ready");
        let endpoint = line.strip_prefix("ready ").expect("the first line says where it is ready").to_owned();
        Self { child, log, output, endpoint }
    }

    /// `http://127.0.0.1:40001`
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// `127.0.0.1:40001`
    pub fn address(&self) -> &str {
        self.endpoint.trim_start_matches("http://")
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id().expect("it was not waited for")
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.id()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(id, signal).expect("it still runs");
    }

    /// `kill -9`, and waits until it is gone.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("it still runs");
    }

    /// Waits for its end; what it wrote to standard output after the ready line comes with it.
    pub async fn end(mut self) -> (ExitStatus, String) {
        let mut rest = String::new();
        let output = self.output.get_mut();
        await_patiently("the end of the output", output.read_to_string(&mut rest)).await.expect("text");
        let status = await_patiently("the end of haar", self.child.wait()).await.expect("a child");
        (status, rest)
    }

    /// SIGTERM, and waits for an end in good order.
    pub async fn close(self) {
        self.signal(Signal::TERM);
        let (status, _) = self.end().await;
        assert!(status.success(), "haar ended badly: {status}");
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_none()
    }

    /// The most memory that was ever resident, in bytes.
    pub fn resident_bytes_max(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).expect("it still runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a line for it");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("haar at {} said:\n{}", self.endpoint, self.log.lock().expect("nobody panics while writing"));
        }
    }
}

async fn keep(from: ChildStderr, log: Arc<Mutex<String>>) {
    let mut lines = BufReader::new(from).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let mut log = log.lock().expect("nobody panics while reading");
        log.push_str(&line);
        log.push('\n');
    }
}

/// Runs `haar` with these arguments to its end.
pub async fn run<I: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = I>) -> Output {
    let running = haar().args(arguments).kill_on_drop(true).output();
    await_patiently("the end of a command", running).await.expect("haar starts")
}

/// `haar`, not started yet, with no settings from the environment.
pub fn haar() -> Command {
    let mut command = Command::new(path());
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HAAR_")) {
        command.env_remove(name);
    }
    command.env("HAAR_LOG", "warn").stdin(Stdio::null());
    command
}

/// From the variable HAAR, or where cargo puts it beside the tests (`target/debug/deps/house-…`).
fn path() -> PathBuf {
    let path = std::env::var_os("HAAR").map(PathBuf::from).unwrap_or_else(|| {
        let test = std::env::current_exe().expect("a program has a path");
        test.ancestors().nth(2).expect("two folders up").join("haar")
    });
    assert!(path.exists(), "{} is not there: `cargo build -p haar` makes it", path.display());
    path
}
