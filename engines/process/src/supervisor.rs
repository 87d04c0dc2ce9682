//! The supervisor of child processes and of their work area.

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

use bytes::Bytes;
use haar_kernel::Clock;
use haar_kernel::tasks::Tasks;
use tokio::sync::oneshot;

use crate::environment::{Environment, StartError};
use crate::package::{Package, Packages, UnpackError};
use crate::runtime::{Runtime, Runtimes, Unavailable};
use crate::sandbox::{self, Isolation, Launch, Sandbox};
use crate::spawn::{Child, SpawnError};
use crate::spec::Spec;

/// Our interface clients, which the interpreters run.
const PYTHON_CLIENT: &str = include_str!("../clients/bootstrap.py");
const NODE_CLIENT: &str = include_str!("../clients/index.mjs");

/// What a supervisor needs from the house.
pub struct Config {
    /// The work area: a folder of its own, emptied when the supervisor opens it.
    pub root: PathBuf,
    /// Log lines carry its time.
    pub clock: Clock,
    /// Runs the Runtime APIs' servers.
    pub tasks: Tasks,
}

/// The supervisor could not start.
#[derive(Debug, thiserror::Error)]
#[error("failed to {what}")]
pub struct OpenError {
    what: &'static str,
    #[source]
    cause: io::Error,
}

/// Starts environments. One per house.
pub struct Supervisor {
    pub(crate) clock: Clock,
    pub(crate) tasks: Tasks,
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) client: PathBuf,
    root: PathBuf,
    scratch: PathBuf,
    scratch_names: AtomicU64,
    packages: Arc<Packages>,
    runtimes: Arc<Runtimes>,
    spawner: mpsc::Sender<Box<dyn FnOnce() + Send>>,
    pub(crate) reaper: mpsc::Sender<OwnedFd>,
}

impl Supervisor {
    /// Takes the work area, and finds out what the kernel permits. Once per house.
    pub fn open(config: Config) -> Result<Arc<Self>, OpenError> {
        Self::open_isolated(config, Isolation::Namespaces)
    }

    /// As [`Supervisor::open`], with that isolation or, where the kernel refuses it, the next weaker one.
    pub fn open_isolated(config: Config, strongest: Isolation) -> Result<Arc<Self>, OpenError> {
        let fail = |what| move |cause| OpenError { what, cause };
        let root = prepare(&config.root).map_err(fail("empty the work area"))?;
        let (spawner, orders) = mpsc::channel::<Box<dyn FnOnce() + Send>>();
        // Children die with the thread that started them, so it is one that lives as long as the supervisor.
        std::thread::Builder::new()
            .name("haar-spawn".to_owned())
            .spawn(move || orders.into_iter().for_each(|order| order()))
            .map_err(fail("start the spawning thread"))?;
        let (reaper, ended) = mpsc::channel::<OwnedFd>();
        std::thread::Builder::new()
            .name("haar-reap".to_owned())
            .spawn(move || ended.into_iter().for_each(|handle| sandbox::reap(&handle)))
            .map_err(fail("start the reaping thread"))?;
        let sandbox = Sandbox::probe(strongest, &root).map_err(fail("prepare a sandbox"))?;
        tracing::info!(isolation = ?sandbox.isolation(), "child processes are isolated");
        Ok(Arc::new(Self {
            clock: config.clock,
            tasks: config.tasks,
            sandbox: Arc::new(sandbox),
            client: root.join("client"),
            scratch: root.join("scratch"),
            scratch_names: AtomicU64::new(0),
            packages: Arc::new(Packages::new(root.join("packages"))),
            root,
            runtimes: Arc::default(),
            spawner,
            reaper,
        }))
    }

    /// What keeps functions from the rest of this machine.
    pub fn isolation(&self) -> Isolation {
        self.sandbox.isolation()
    }

    /// The runtime of that AWS name (`provided.al2023`, `python3.12`, `nodejs22.x`), if this machine has it. A version
    /// is never replaced by another one. What was found is remembered; what was not found is looked for again.
    pub async fn runtime(&self, name: &str) -> Result<Runtime, Unavailable> {
        let (runtimes, wanted) = (self.runtimes.clone(), name.to_owned());
        let found = tokio::task::spawn_blocking(move || runtimes.find(&wanted)).await;
        found.unwrap_or_else(|stopped| Err(Unavailable { runtime: name.to_owned(), reason: stopped.to_string() }))
    }

    /// Unpacks a zip file; `digest` (the SHA-256 of the archive, in any spelling) names it, so that code which is
    /// unpacked already is shared. At most [`crate::ZIP_UNPACKED_MAX`] bytes.
    pub async fn unpack(&self, digest: &str, archive: Bytes) -> Result<Package, UnpackError> {
        let (packages, digest) = (self.packages.clone(), digest.to_owned());
        let unpacked = tokio::task::spawn_blocking(move || packages.unpack(&digest, archive)).await;
        unpacked.unwrap_or_else(|stopped| Err(io::Error::other(stopped).into()))
    }

    /// One tree of several packages, later ones over earlier ones: layers become `/opt`.
    pub async fn stack(&self, layers: &[Package]) -> Result<Package, UnpackError> {
        let (packages, layers) = (self.packages.clone(), layers.to_vec());
        let stacked = tokio::task::spawn_blocking(move || packages.stack(&layers)).await;
        stacked.unwrap_or_else(|stopped| Err(io::Error::other(stopped).into()))
    }

    /// Starts the process and its init phase, and returns at once: the first invocation waits for the rest.
    pub async fn start(self: &Arc<Self>, spec: Spec) -> Result<Environment, StartError> {
        Environment::start(self.clone(), spec).await
    }

    /// On the spawning thread.
    pub(crate) async fn spawn(&self, launch: Launch) -> Result<(Child, Option<Child>), SpawnError> {
        let (tell, told) = oneshot::channel();
        let sandbox = self.sandbox.clone();
        let order = Box::new(move || {
            let folders = launch.folders.clone();
            // Whoever ordered it may have gone: then nobody wants it.
            if let Err(Ok((main, anchor))) = tell.send(sandbox.start(launch)) {
                [Some(main), anchor].into_iter().flatten().for_each(sandbox::end);
            }
            sandbox.prepare(&folders);
        });
        let stopped = || io::Error::other("the spawning thread has ended");
        self.spawner.send(order).map_err(|_| stopped())?;
        told.await.map_err(|_| stopped())?
    }

    /// A new folder for an environment that has no `/tmp` of its own.
    pub(crate) fn make_scratch(&self) -> io::Result<Scratch> {
        let path = self.scratch.join(self.scratch_names.fetch_add(1, Ordering::Relaxed).to_string());
        if self.isolation() != Isolation::Namespaces {
            std::fs::create_dir(&path)?;
        }
        Ok(Scratch(path))
    }
}

/// Removed when it is dropped.
pub(crate) struct Scratch(pub PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        // In namespaces there is none.
        if self.0.exists()
            && let Err(error) = std::fs::remove_dir_all(&self.0)
        {
            tracing::warn!(%error, "failed to remove a function's temporary folder");
        }
    }
}

/// Empties the work area and lays it out; its absolute path.
impl Drop for Supervisor {
    fn drop(&mut self) {
        // Nothing in it outlives the house; what cannot be removed now is removed when the next house opens here.
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

fn prepare(root: &std::path::Path) -> io::Result<PathBuf> {
    match std::fs::remove_dir_all(root) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    for folder in ["root", "packages", "scratch", "client"] {
        std::fs::create_dir_all(root.join(folder))?;
    }
    let root = std::fs::canonicalize(root)?;
    std::fs::write(root.join("client/bootstrap.py"), PYTHON_CLIENT)?;
    std::fs::write(root.join("client/index.mjs"), NODE_CLIENT)?;
    Ok(root)
}
