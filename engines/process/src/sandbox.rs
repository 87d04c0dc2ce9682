//! What a process sees of the machine: namespaces where the kernel permits them, Landlock where not.

use std::collections::HashMap;
use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::process::{Resource, WaitId, WaitIdOptions, getegid, geteuid, getrlimit, waitid};

use parking_lot::Mutex;

use crate::spawn::{self, Child, Plan, Rules, SpawnError, Step};

/// What keeps a function from the rest of the machine; the crate's page says what each means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// A root, a `/tmp` and processes of its own.
    Namespaces,
    /// The machine's root, and a list of what may be opened.
    Landlock,
    /// The machine's root, and the permissions of haar's user.
    LimitsOnly,
}

/// AWS: file descriptors, and processes and threads.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const DESCRIPTORS_MAX: u64 = 1024;
const PROCESSES_MAX: u64 = 1024;
/// Writable private memory, a backstop for what is allocated between two measurements: far enough above the limit that
/// the stacks and reserves of interpreters do not meet it.
const DATA_SPARE: u64 = 2 * 1024 * 1024 * 1024;
/// What a function running as root outside is inside: nobody.
const NOBODY: u32 = 65534;
/// What of the machine's root is to be seen; symbolic links among them stay links.
const SYSTEM: [&str; 9] = ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/etc", "/nix", "/sys"];

/// A process to start, whatever the isolation.
pub(crate) struct Launch {
    pub program: PathBuf,
    pub arguments: Vec<String>,
    pub variables: Vec<(String, String)>,
    pub code: PathBuf,
    pub layers: Option<PathBuf>,
    /// Our interface client.
    pub client: PathBuf,
    /// What the interpreter needs.
    pub folders: Vec<PathBuf>,
    /// `/tmp`, where there are no namespaces.
    pub scratch: PathBuf,
    pub memory_bytes: u64,
    pub ephemeral_bytes: u64,
    pub output: OwnedFd,
}

/// Where a process finds its folders.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    pub task: PathBuf,
    pub layers: PathBuf,
    pub client: PathBuf,
    pub temporary: PathBuf,
}

/// Starts processes in the isolation that was found to work.
pub(crate) struct Sandbox {
    isolation: Isolation,
    /// Empty folders to mount on; the mounts themselves are in each environment's namespace.
    root: PathBuf,
    /// A /proc of its namespace; where an outer container hides parts of /proc the kernel refuses that.
    own_proc: bool,
    /// What an anchor runs.
    sleep: PathBuf,
    /// Where packages lie; each namespace sees those of its function alone.
    packages: PathBuf,
    client: PathBuf,
    /// Anchors with everything mounted but the function's own, one for each set of folders that was used: most of what
    /// a cold start would wait for.
    spares: Mutex<HashMap<Vec<PathBuf>, Child>>,
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.spares.get_mut().drain().for_each(|(_, spare)| end(spare));
    }
}

impl Sandbox {
    /// Tries what there is, from `strongest` on, in a work area that is laid out.
    pub(crate) fn probe(strongest: Isolation, area: &Path) -> io::Result<Self> {
        let make = |isolation, own_proc, sleep| Self {
            isolation,
            root: area.join("root"),
            own_proc,
            sleep,
            packages: area.join("packages"),
            client: area.join("client"),
            spares: Mutex::default(),
        };
        let sleep = ["/usr/bin/sleep", "/bin/sleep"].into_iter().map(PathBuf::from).find(|program| program.is_file());
        if let Some(sleep) = sleep.filter(|_| strongest == Isolation::Namespaces) {
            for own_proc in [true, false] {
                let sandbox = make(Isolation::Namespaces, own_proc, sleep.clone());
                match sandbox
                    .make_root()
                    .map_err(SpawnError::from)
                    .and_then(|()| sandbox.try_out(&area.join("packages")))
                {
                    Ok(()) => return Ok(sandbox),
                    Err(error) => tracing::debug!(%error, own_proc, "namespaces refused"),
                }
            }
        }
        let rules = Rules { read: Vec::new(), devices: Vec::new(), write: Vec::new() };
        let isolation = match spawn::landlock(&rules) {
            Ok(_) if strongest != Isolation::LimitsOnly => Isolation::Landlock,
            _ => Isolation::LimitsOnly,
        };
        Ok(make(isolation, false, PathBuf::new()))
    }

    pub(crate) fn isolation(&self) -> Isolation {
        self.isolation
    }

    pub(crate) fn places(&self, code: &Path, layers: Option<&Path>, client: &Path, scratch: &Path) -> Places {
        if self.isolation == Isolation::Namespaces {
            let [task, layers, client, temporary] = ["/var/task", "/opt", "/var/runtime", "/tmp"].map(PathBuf::from);
            return Places { task, layers, client, temporary };
        }
        let layers = layers.unwrap_or(Path::new("/opt"));
        Places { task: code.into(), layers: layers.into(), client: client.into(), temporary: scratch.into() }
    }

    /// The main process, and the anchor of its namespaces. Blocking, on a thread that lives as long as they may.
    pub(crate) fn start(&self, launch: Launch) -> Result<(Child, Option<Child>), SpawnError> {
        if self.isolation != Isolation::Namespaces {
            return Ok((spawn::spawn(&self.bare(launch)?)?, None));
        }
        let folders = self.extra_folders(&launch.folders);
        let spare = self.spares.lock().remove(&folders);
        let anchor = match spare.filter(is_alive) {
            Some(spare) => spare,
            None => spawn::spawn(&self.anchor(&folders)?)?,
        };
        let plan = self.inside(launch, &anchor).map_err(SpawnError::from);
        match plan.and_then(|plan| spawn::spawn(&plan)) {
            Ok(main) => Ok((main, Some(anchor))),
            Err(error) => {
                end(anchor);
                Err(error)
            }
        }
    }

    /// Makes a spare anchor for the next process with these folders. On the same thread as [`Sandbox::start`].
    pub(crate) fn prepare(&self, folders: &[PathBuf]) {
        if self.isolation != Isolation::Namespaces {
            return;
        }
        let folders = self.extra_folders(folders);
        if self.spares.lock().contains_key(&folders) {
            return;
        }
        match self.anchor(&folders).map_err(SpawnError::from).and_then(|plan| spawn::spawn(&plan)) {
            Ok(spare) => drop(self.spares.lock().insert(folders, spare)),
            // The next start makes its own, or says why it cannot.
            Err(error) => tracing::debug!(%error, "no spare namespaces"),
        }
    }

    /// The folders to mount on.
    fn make_root(&self) -> io::Result<()> {
        for folder in ["dev", "mnt/packages", "proc", "tmp", "opt", "var/task", "var/runtime", "var/lang"] {
            std::fs::create_dir_all(self.root.join(folder))?;
        }
        for folder in SYSTEM.map(Path::new) {
            let inside = self.root_of(folder);
            match std::fs::symlink_metadata(folder) {
                Ok(there) if there.is_symlink() && inside.symlink_metadata().is_err() => {
                    std::os::unix::fs::symlink(std::fs::read_link(folder)?, inside)?;
                }
                Ok(there) if there.is_dir() => std::fs::create_dir_all(inside)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn root_of(&self, path: &Path) -> PathBuf {
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// Runs a program that does nothing, the whole way.
    fn try_out(&self, code: &Path) -> Result<(), SpawnError> {
        let launch = Launch {
            program: self.sleep.clone(),
            arguments: vec!["0".to_owned()],
            variables: Vec::new(),
            code: code.into(),
            layers: None,
            client: self.client.clone(),
            folders: Vec::new(),
            scratch: code.into(),
            memory_bytes: DATA_SPARE,
            ephemeral_bytes: 1024 * 1024,
            output: std::fs::OpenOptions::new().write(true).open("/dev/null")?.into(),
        };
        let (main, anchor) = self.start(launch)?;
        let status = waitid(WaitId::PidFd(blocking(&main.handle)?.as_fd()), WaitIdOptions::EXITED);
        anchor.into_iter().for_each(end);
        match status.map_err(io::Error::from)?.and_then(|status| status.exit_status()) {
            Some(0) => Ok(()),
            _ => Err(io::Error::other("a process in namespaces did not run").into()),
        }
    }

    /// What is beyond `/usr` and its like: the interpreter, and where names are resolved.
    fn extra_folders(&self, folders: &[PathBuf]) -> Vec<PathBuf> {
        let resolver = std::fs::canonicalize("/etc/resolv.conf").ok().and_then(|file| Some(file.parent()?.to_owned()));
        let mut extra: Vec<PathBuf> = folders
            .iter()
            .cloned()
            .chain(resolver)
            .filter(|folder| folder.parent().is_some() && !SYSTEM.iter().any(|system| folder.starts_with(system)))
            .collect();
        extra.sort();
        // A folder within another one is there already.
        extra.dedup_by(|inner, outer| inner.starts_with(&*outer));
        extra
    }

    /// The first process of new namespaces: mounts the root, and sleeps. The kernel reaps orphans for it.
    fn anchor(&self, folders: &[PathBuf]) -> io::Result<Plan> {
        let root = text(&self.root)?;
        let mut steps = identity()?;
        steps.extend([
            Step::DieWithParent,
            Step::IgnoreChildren,
            Step::Session,
            mount("", Path::new("/"), "", libc::MS_REC | libc::MS_PRIVATE, "")?,
            bind(&self.root, &self.root)?,
        ]);
        for folder in SYSTEM.map(Path::new) {
            if self.root_of(folder).symlink_metadata().is_ok_and(|inside| inside.is_dir()) {
                steps.push(bind(folder, &self.root_of(folder))?);
            }
        }
        for folder in folders {
            std::fs::create_dir_all(self.root_of(folder))?;
            steps.push(bind(folder, &self.root_of(folder))?);
        }
        for (index, folder) in hidden(folders) {
            let aside = self.root_of(&aside(index));
            std::fs::create_dir_all(&aside)?;
            steps.push(bind(folder, &aside)?);
        }
        steps.push(bind(Path::new("/dev"), &self.root.join("dev"))?);
        steps.push(match self.own_proc {
            true => {
                let safe = libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;
                mount("proc", &self.root.join("proc"), "proc", safe, "")?
            }
            false => bind(Path::new("/proc"), &self.root.join("proc"))?,
        });
        steps.push(bind(&self.packages, &self.root.join("mnt/packages"))?);
        steps.push(bind(&self.client, &self.root.join("var/runtime"))?);
        steps.push(Step::ReadOnly(root.clone()));
        steps.push(Step::EnterRoot(root));
        steps.push(Step::NoNewPrivileges);
        let null = || std::fs::OpenOptions::new().read(true).write(true).open("/dev/null");
        steps.push(Step::Descriptors { input: null()?.into(), output: null()?.into() });
        let namespaces = libc::CLONE_NEWUSER | libc::CLONE_NEWNS | libc::CLONE_NEWPID;
        let arguments = vec![text(&self.sleep)?, CString::from(c"2147483647")];
        Ok(Plan { namespaces, join: None, steps, program: text(&self.sleep)?, arguments, variables: Vec::new() })
    }

    /// The function's process, in the anchor's namespaces.
    fn inside(&self, launch: Launch, anchor: &Child) -> io::Result<Plan> {
        // Read-only as what they are taken from.
        let package = |path: &Path| Path::new("/mnt/packages").join(path.strip_prefix(&self.packages).unwrap_or(path));
        let mut steps = vec![Step::DieWithParent, Step::Session];
        steps.push(bind(&package(&launch.code), Path::new("/var/task"))?);
        if let Some(layers) = &launch.layers {
            steps.push(bind(&package(layers), Path::new("/opt"))?);
        }
        let size = format!("size={},mode=1777", launch.ephemeral_bytes);
        steps.push(mount("tmpfs", Path::new("/tmp"), "tmpfs", libc::MS_NOSUID | libc::MS_NODEV, &size)?);
        for (index, folder) in hidden(&self.extra_folders(&launch.folders)) {
            let mut above: Vec<&Path> = folder.ancestors().take_while(|above| *above != Path::new(TEMPORARY)).collect();
            above.reverse();
            for folder in above {
                steps.push(Step::MakeFolder(text(folder)?));
            }
            steps.push(bind(&aside(index), folder)?);
        }
        // Covers the packages of others. After exec nobody here may take it away.
        steps.push(mount("tmpfs", Path::new("/mnt"), "tmpfs", libc::MS_RDONLY, "size=4k")?);
        steps.push(Step::Directory(CString::from(c"/var/task")));
        steps.extend(limits(&launch));
        // Counted in the namespace, that is, for this environment.
        steps.push(limit(Resource::Nproc, libc::RLIMIT_NPROC, PROCESSES_MAX));
        steps.push(Step::NoNewPrivileges);
        program(launch, steps, Some(anchor.handle.try_clone()?))
    }

    /// The function's process on the machine's root. No limit on processes: it would count all of this user's.
    fn bare(&self, launch: Launch) -> io::Result<Plan> {
        let mut steps = vec![Step::DieWithParent, Step::Session, Step::Directory(text(&launch.code)?)];
        steps.extend(limits(&launch));
        steps.push(Step::NoNewPrivileges);
        if self.isolation == Isolation::Landlock {
            let mut read: Vec<PathBuf> = SYSTEM.iter().map(PathBuf::from).collect();
            read.push("/proc".into());
            read.extend(self.extra_folders(&launch.folders));
            read.extend([launch.code.clone(), launch.client.clone()]);
            read.extend(launch.layers.clone());
            let rules = Rules { read, devices: vec!["/dev".into()], write: vec![launch.scratch.clone()] };
            steps.push(Step::Restrict(spawn::landlock(&rules)?));
        }
        program(launch, steps, None)
    }
}

/// Where a function's own files go.
const TEMPORARY: &str = "/tmp";

/// Folders that the function's own `/tmp` would hide: an interpreter may live there.
fn hidden(folders: &[PathBuf]) -> impl Iterator<Item = (usize, &PathBuf)> {
    folders.iter().enumerate().filter(|(_, folder)| folder.starts_with(TEMPORARY))
}

/// Where such a folder is kept until `/tmp` is there.
fn aside(index: usize) -> PathBuf {
    Path::new("/mnt/folders").join(index.to_string())
}

fn program(launch: Launch, mut steps: Vec<Step>, join: Option<OwnedFd>) -> io::Result<Plan> {
    let input = std::fs::File::open("/dev/null")?.into();
    steps.push(Step::Descriptors { input, output: launch.output });
    let program = text(&launch.program)?;
    let mut arguments = vec![program.clone()];
    for argument in launch.arguments {
        arguments.push(CString::new(argument)?);
    }
    let variables = launch.variables.into_iter().map(|(name, value)| CString::new(format!("{name}={value}")));
    let variables = variables.collect::<Result<Vec<_>, _>>()?;
    Ok(Plan { namespaces: 0, join, steps, program, arguments, variables })
}

/// Who the process is inside: itself, but nobody when it is root outside, so that it keeps no capability over exec.
fn identity() -> io::Result<Vec<Step>> {
    let map = |outside: u32| format!("{} {outside} 1", if outside == 0 { NOBODY } else { outside });
    let write = |file: &str, text: String| -> io::Result<Step> {
        Ok(Step::Write { path: CString::new(format!("/proc/self/{file}"))?, text: text.into_bytes() })
    };
    Ok(vec![
        write("setgroups", "deny".to_owned())?,
        write("uid_map", map(geteuid().as_raw()))?,
        write("gid_map", map(getegid().as_raw()))?,
    ])
}

fn limits(launch: &Launch) -> Vec<Step> {
    let data = launch.memory_bytes.saturating_mul(2).saturating_add(DATA_SPARE);
    vec![
        limit(Resource::Nofile, libc::RLIMIT_NOFILE, DESCRIPTORS_MAX),
        limit(Resource::Core, libc::RLIMIT_CORE, 0),
        limit(Resource::Fsize, libc::RLIMIT_FSIZE, launch.ephemeral_bytes),
        limit(Resource::Data, libc::RLIMIT_DATA, data),
    ]
}

/// At most what haar itself may: an ordinary user cannot raise it.
fn limit(known: Resource, resource: libc::__rlimit_resource_t, value: u64) -> Step {
    let value = getrlimit(known).maximum.map_or(value, |maximum| maximum.min(value));
    Step::Limit { resource, value }
}

fn bind(from: &Path, to: &Path) -> io::Result<Step> {
    let flags = libc::MS_BIND | libc::MS_REC;
    Ok(Step::Mount {
        source: text(from)?,
        target: text(to)?,
        kind: CString::default(),
        flags,
        data: CString::default(),
    })
}

fn mount(source: &str, target: &Path, kind: &str, flags: libc::c_ulong, data: &str) -> io::Result<Step> {
    let (source, kind, data) = (CString::new(source)?, CString::new(kind)?, CString::new(data)?);
    Ok(Step::Mount { source, target: text(target)?, kind, flags, data })
}

fn text(path: &Path) -> io::Result<CString> {
    use std::os::unix::ffi::OsStrExt;
    Ok(CString::new(path.as_os_str().as_bytes())?)
}

/// A handle that can be waited for without a loop.
fn blocking(handle: &OwnedFd) -> io::Result<OwnedFd> {
    let handle = handle.try_clone()?;
    rustix::fs::fcntl_setfl(&handle, rustix::fs::OFlags::empty())?;
    Ok(handle)
}

fn is_alive(child: &Child) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
    matches!(waitid(WaitId::PidFd(child.handle.as_fd()), options), Ok(None))
}

/// Kills and reaps.
pub(crate) fn end(child: Child) {
    // It may have ended already.
    let _ = rustix::process::pidfd_send_signal(&child.handle, rustix::process::Signal::KILL);
    reap(&child.handle);
}

/// Blocks until it has ended.
pub(crate) fn reap(handle: &OwnedFd) {
    let reaped = blocking(handle)
        .and_then(|handle| waitid(WaitId::PidFd(handle.as_fd()), WaitIdOptions::EXITED).map_err(io::Error::from));
    if let Err(error) = reaped {
        tracing::warn!(%error, "failed to reap a child process");
    }
}
