//! The programs that are compared, as child processes: started, measured from outside, killed.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// Nothing here takes longer than this to start.
const START_MAX: Duration = Duration::from_secs(120);

/// How often a program is asked whether it answers by now.
pub const ASK_EVERY: Duration = Duration::from_millis(1);

/// One program, running.
pub struct Server {
    child: Child,
    /// `127.0.0.1:4566`
    pub address: String,
    /// When it was started.
    pub started: Instant,
}

/// Where haar keeps its data.
#[derive(Clone, Copy)]
pub enum Data<'a> {
    InMemory,
    At(&'a Path),
}

impl Server {
    /// `haar up`, from the variable HAAR or beside this program.
    pub async fn haar(data: Data<'_>) -> Result<Self> {
        let mut command = Command::new(haar_program()?);
        command.args(["up", "--listen", "127.0.0.1:0", "--log", "warn"]);
        match data {
            Data::InMemory => command.arg("--ephemeral"),
            Data::At(folder) => command.arg("--data-dir").arg(folder),
        };
        Self::with_ready_line(command).await
    }

    /// This program as a bare hyper server.
    pub async fn echo(bytes: usize) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["echo", &bytes.to_string()]);
        Self::with_ready_line(command).await
    }

    /// moto_server, from the variable MOTO_SERVER. It does not say when it is ready: ask it.
    pub async fn moto() -> Result<Self> {
        let program = std::env::var_os("MOTO_SERVER").context("MOTO_SERVER does not say where moto_server is")?;
        let address = free_address()?;
        let port = address.rsplit(':').next().unwrap_or_default();
        let mut command = Command::new(program);
        command.args(["--host", "127.0.0.1", "--port", port]).stdout(Stdio::null());
        let (child, started) = start(command)?;
        let server = Self { child, address, started };
        server.until_it_listens().await?;
        Ok(server)
    }

    /// nginx, from the PATH, that serves the files of a folder with as many workers as there are cores.
    pub async fn nginx(folder: &Path) -> Result<Self> {
        let address = free_address()?;
        let place = folder.display();
        let configuration = format!(
            "daemon off; worker_processes auto; pid {place}/nginx.pid; error_log stderr crit;\n\
             events {{ worker_connections 4096; }}\n\
             http {{ access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests 100000000;\n\
             open_file_cache max=10000; server {{ listen {address}; root {place}; }} }}\n"
        );
        let file = folder.join("nginx.conf");
        std::fs::write(&file, configuration)?;
        // Its workers become nobody, who must be able to read the files.
        std::fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
        let mut command = Command::new("nginx");
        command.arg("-p").arg(folder).arg("-c").arg(&file).stdout(Stdio::null());
        let (child, started) = start(command).context("nginx is not installed: apt-get install nginx-light")?;
        let server = Self { child, address, started };
        server.until_it_listens().await?;
        Ok(server)
    }

    async fn until_it_listens(&self) -> Result<()> {
        while TcpStream::connect(&self.address).await.is_err() {
            self.check_patience()?;
            tokio::time::sleep(ASK_EVERY).await;
        }
        Ok(())
    }

    async fn with_ready_line(mut command: Command) -> Result<Self> {
        command.stdout(Stdio::piped());
        let (mut child, started) = start(command)?;
        let output = child.stdout.take().context("the output is piped")?;
        let line = BufReader::new(output).lines().next_line().await?.context("it ended before it was ready")?;
        let address = line.strip_prefix("ready http://").with_context(|| format!("not a ready line: {line}"))?;
        Ok(Self { child, address: address.to_owned(), started })
    }

    /// Resident memory now, in bytes.
    pub fn resident_bytes(&self) -> Result<u64> {
        self.status_bytes("VmRSS:")
    }

    /// The most memory that was ever resident, in bytes.
    pub fn resident_bytes_max(&self) -> Result<u64> {
        self.status_bytes("VmHWM:")
    }

    fn status_bytes(&self, name: &str) -> Result<u64> {
        let id = self.child.id().context("it has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("no {name}"))?;
        let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kilobytes * 1024)
    }

    /// Fails once it has had all the time that it may take to start.
    pub fn check_patience(&self) -> Result<()> {
        if self.started.elapsed() > START_MAX {
            bail!("nothing answers at {}", self.address);
        }
        Ok(())
    }

    /// `kill -9`, and waits until it is gone.
    pub async fn kill(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }

    /// SIGTERM, and waits until it has closed in good order.
    pub async fn close(mut self) -> Result<()> {
        let id = self.child.id().context("it has ended")?;
        let process = i32::try_from(id).ok().and_then(rustix::process::Pid::from_raw).context("a process id")?;
        rustix::process::kill_process(process, rustix::process::Signal::TERM)?;
        let status = self.child.wait().await?;
        anyhow::ensure!(status.success(), "it ended badly: {status}");
        Ok(())
    }
}

fn start(mut command: Command) -> Result<(Child, Instant)> {
    let program = command.as_std().get_program().to_owned();
    command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let started = Instant::now();
    let child = command.spawn().with_context(|| format!("failed to start {}", program.display()))?;
    Ok((child, started))
}

fn haar_program() -> Result<PathBuf> {
    match std::env::var_os("HAAR") {
        Some(path) => Ok(path.into()),
        None => Ok(std::env::current_exe()?.with_file_name("haar")),
    }
}

/// A port that was free a moment ago.
fn free_address() -> Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}
