//! Starting a process: `clone`, the steps between it and `exec`, and `exec`. The one file with unsafe code.
//!
//! `std::process::Command` forks when there is anything to do between fork and exec, and forking copies the page
//! tables of the whole house. This does what `posix_spawn` does: the child borrows our memory while the calling thread
//! stands still (`CLONE_VM | CLONE_VFORK`), runs a list of prepared system calls and becomes the program.
//!
//! The calling thread must outlive the child: the kernel's "die with your parent" means the parent's thread.
#![expect(unsafe_code, reason = "clone, system calls in the child before exec, and Landlock have no safe interface")]

use std::cell::Cell;
use std::ffi::{CString, c_char, c_int, c_void};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::path::{Path, PathBuf};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// Room for the child's few frames; pages that it does not touch cost nothing.
const STACK_WORDS: usize = 8 * 1024;

/// What the child does before it becomes the program, in order. Each is one system call or two, and allocates nothing.
pub(crate) enum Step {
    /// Writes a file of /proc.
    Write {
        path: CString,
        text: Vec<u8>,
    },
    /// A session of its own.
    Session,
    /// SIGKILL when our thread ends.
    DieWithParent,
    /// The kernel reaps its children; survives exec.
    IgnoreChildren,
    NoNewPrivileges,
    Limit {
        resource: libc::__rlimit_resource_t,
        value: u64,
    },
    Mount {
        source: CString,
        target: CString,
        kind: CString,
        flags: libc::c_ulong,
        data: CString,
    },
    /// This tree of mounts, read-only.
    ReadOnly(CString),
    /// This folder becomes `/`.
    EnterRoot(CString),
    Directory(CString),
    /// Makes a folder, unless it is there.
    MakeFolder(CString),
    /// A Landlock ruleset.
    Restrict(OwnedFd),
    /// Standard input; standard output and error. Every other descriptor closes at exec.
    Descriptors {
        input: OwnedFd,
        output: OwnedFd,
    },
}

/// A process to start.
pub(crate) struct Plan {
    /// `CLONE_NEW…`.
    pub namespaces: c_int,
    /// The namespaces of this process are entered first; our child all the same.
    pub join: Option<OwnedFd>,
    pub steps: Vec<Step>,
    pub program: CString,
    pub arguments: Vec<CString>,
    /// `NAME=value`.
    pub variables: Vec<CString>,
}

/// A started process, not yet waited for.
#[derive(Debug)]
pub(crate) struct Child {
    pub pid: Pid,
    pub handle: OwnedFd,
}

/// Why there is no process.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SpawnError {
    /// The program could not be executed.
    #[error("failed to execute the program")]
    Exec(#[source] io::Error),
    /// Something before that.
    #[error("failed to prepare a process")]
    Prepare(#[from] io::Error),
}

/// The page that parent and child share while the parent stands still.
struct Shared<'a> {
    plan: &'a Plan,
    arguments: Vec<*const c_char>,
    variables: Vec<*const c_char>,
    stack: Vec<u128>,
    /// The child that was started by way of [`join`].
    pid: Cell<c_int>,
    errno: Cell<c_int>,
    /// The child came as far as exec.
    prepared: Cell<bool>,
}

/// Starts it. Blocks until the program runs, well below a millisecond.
pub(crate) fn spawn(plan: &Plan) -> Result<Child, SpawnError> {
    let pointers = |strings: &[CString]| {
        strings.iter().map(|string| string.as_ptr()).chain([std::ptr::null()]).collect::<Vec<_>>()
    };
    let shared = Shared {
        plan,
        arguments: pointers(&plan.arguments),
        variables: pointers(&plan.variables),
        stack: vec![0; STACK_WORDS],
        pid: Cell::new(0),
        errno: Cell::new(0),
        prepared: Cell::new(false),
    };
    let mut stack = vec![0_u128; STACK_WORDS];
    let entry = if plan.join.is_some() { join } else { become_program };
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD | plan.namespaces;
    let argument = (&raw const shared).cast_mut().cast::<c_void>();
    // SAFETY: the signal sets are plain memory that the calls fill. The stack is ours, aligned, and outlives the child's
    // use of it, because CLONE_VFORK holds this thread until the child has execed or ended; so does `shared`. Signals
    // are blocked meanwhile, so no handler of ours runs in the child. The child calls only what is async-signal-safe.
    let pid = unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        let mut before: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before);
        let top = stack.as_mut_ptr().add(STACK_WORDS).cast::<c_void>();
        let pid = libc::clone(entry, top, flags, argument);
        let failure = io::Error::last_os_error();
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, std::ptr::null_mut());
        if pid < 0 {
            return Err(failure.into());
        }
        pid
    };
    if plan.join.is_some() {
        reap(pid);
    }
    let pid = if plan.join.is_some() { shared.pid.get() } else { pid };
    if shared.errno.get() != 0 {
        reap(pid);
        let error = io::Error::from_raw_os_error(shared.errno.get());
        return Err(if shared.prepared.get() { SpawnError::Exec(error) } else { error.into() });
    }
    let pid = Pid::from_raw(pid).ok_or_else(|| io::Error::other("the kernel named no process"))?;
    // Nobody else waits for our child, so its number still means it.
    let handle = pidfd_open(pid, PidfdFlags::NONBLOCK).map_err(io::Error::from)?;
    Ok(Child { pid, handle })
}

/// The handle, as the runtime watches it.
pub(crate) fn watch(handle: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an OwnedFd means the same descriptor until it is dropped, and the AsyncFd owns it.
    let watched = unsafe { AsyncFd::register_with_interest(handle, Interest::READABLE) };
    watched.map_err(io::Error::from)
}

fn reap(pid: c_int) {
    if let Some(pid) = Pid::from_raw(pid) {
        // Nothing to do about a child that is not there.
        let _ = rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::empty());
    }
}

/// In a first child: enters the namespaces, starts the real one there as its sibling, and ends.
extern "C" fn join(argument: *mut c_void) -> c_int {
    // SAFETY: `spawn` passes its `Shared`, which lives until this child has ended. Only system calls follow. The second
    // stack belongs to the second child alone, for which this one stands still.
    unsafe {
        let shared = &*argument.cast::<Shared<'_>>();
        let wanted = libc::CLONE_NEWUSER | libc::CLONE_NEWNS | libc::CLONE_NEWPID;
        let target = shared.plan.join.as_ref().map_or(-1, AsRawFd::as_raw_fd);
        if libc::setns(target, wanted) != 0 {
            shared.errno.set(errno());
            libc::_exit(127);
        }
        let top = shared.stack.as_ptr().add(STACK_WORDS).cast_mut().cast::<c_void>();
        let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PARENT | libc::SIGCHLD;
        let pid = libc::clone(become_program, top, flags, argument);
        if pid < 0 {
            shared.errno.set(errno());
        }
        shared.pid.set(pid);
        libc::_exit(0)
    }
}

/// In the child: the steps, then the program.
extern "C" fn become_program(argument: *mut c_void) -> c_int {
    // SAFETY: as in `join`. Handlers are reset while all signals are blocked, and the mask is opened only then.
    unsafe {
        let shared = &*argument.cast::<Shared<'_>>();
        for signal in 1..=64 {
            libc::signal(signal, libc::SIG_DFL);
        }
        for step in &shared.plan.steps {
            if run(step) != 0 {
                shared.errno.set(errno());
                libc::_exit(127);
            }
        }
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
        shared.prepared.set(true);
        libc::execve(shared.plan.program.as_ptr(), shared.arguments.as_ptr(), shared.variables.as_ptr());
        shared.errno.set(errno());
        libc::_exit(127)
    }
}

fn errno() -> c_int {
    // SAFETY: the calling thread's own errno, which the child shares while that thread stands still.
    unsafe { *libc::__errno_location() }
}

/// Zero, or the system call's failure with errno set.
///
/// # Safety
/// Only in a child between clone and exec: it changes the calling process.
unsafe fn run(step: &Step) -> c_int {
    // SAFETY: every pointer comes from a CString or buffer of the plan, which outlives the child's use of it.
    unsafe {
        match step {
            Step::Write { path, text } => {
                let file = libc::open(path.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC);
                if file < 0 {
                    return -1;
                }
                let written = libc::write(file, text.as_ptr().cast(), text.len());
                libc::close(file);
                if usize::try_from(written) == Ok(text.len()) { 0 } else { -1 }
            }
            Step::Session => c_int::from(libc::setsid() < 0),
            Step::DieWithParent => libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0),
            Step::IgnoreChildren => c_int::from(libc::signal(libc::SIGCHLD, libc::SIG_IGN) == libc::SIG_ERR),
            Step::NoNewPrivileges => libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
            Step::Limit { resource, value } => {
                let limit = libc::rlimit { rlim_cur: *value, rlim_max: *value };
                libc::setrlimit(*resource, &raw const limit)
            }
            Step::Mount { source, target, kind, flags, data } => {
                libc::mount(source.as_ptr(), target.as_ptr(), kind.as_ptr(), *flags, data.as_ptr().cast())
            }
            Step::ReadOnly(target) => {
                let mut wanted: libc::mount_attr = std::mem::zeroed();
                wanted.attr_set = libc::MOUNT_ATTR_RDONLY;
                let done = libc::syscall(
                    libc::SYS_mount_setattr,
                    libc::AT_FDCWD,
                    target.as_ptr(),
                    libc::AT_RECURSIVE,
                    &raw const wanted,
                    size_of::<libc::mount_attr>(),
                );
                c_int::from(done != 0)
            }
            Step::EnterRoot(root) => {
                // The old root is stacked below the new one and taken away: pivot_root(2), "pivot_root(".", ".")".
                let here = c".".as_ptr();
                if libc::chdir(root.as_ptr()) != 0 || libc::syscall(libc::SYS_pivot_root, here, here) != 0 {
                    return -1;
                }
                if libc::umount2(here, libc::MNT_DETACH) != 0 {
                    return -1;
                }
                libc::chdir(c"/".as_ptr())
            }
            Step::Directory(path) => libc::chdir(path.as_ptr()),
            Step::MakeFolder(path) => match libc::mkdir(path.as_ptr(), 0o755) {
                0 => 0,
                _ => c_int::from(*libc::__errno_location() != libc::EEXIST),
            },
            Step::Restrict(rules) => {
                c_int::from(libc::syscall(libc::SYS_landlock_restrict_self, rules.as_raw_fd(), 0) != 0)
            }
            Step::Descriptors { input, output } => {
                let copies = [(input, 0), (output, 1), (output, 2)];
                if copies.iter().any(|(from, to)| libc::dup2(from.as_raw_fd(), *to) < 0) {
                    return -1;
                }
                // Ours close at exec already; this is for what a library may have opened without saying so.
                libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC);
                0
            }
        }
    }
}

/// What Landlock lets a process open.
pub(crate) struct Rules {
    /// Folders to read and execute from.
    pub read: Vec<PathBuf>,
    /// Folders whose devices may be read and written.
    pub devices: Vec<PathBuf>,
    /// Folders to do anything in.
    pub write: Vec<PathBuf>,
}

/// The layouts of `linux/landlock.h`.
#[repr(C)]
struct RulesetAttributes {
    handled_access: u64,
}

#[repr(C, packed)]
struct PathBeneath {
    allowed_access: u64,
    parent: RawFd,
}

const EXECUTE: u64 = 1;
const WRITE_FILE: u64 = 1 << 1;
const READ_FILE: u64 = 1 << 2;
const READ_DIRECTORY: u64 = 1 << 3;
const IOCTL_DEVICE: u64 = 1 << 15;

/// A ruleset for [`Step::Restrict`]; fails where the kernel has no Landlock.
pub(crate) fn landlock(rules: &Rules) -> io::Result<OwnedFd> {
    // SAFETY: plain system calls on memory and descriptors that live through them; the kernel's answer is a new
    // descriptor that nobody else owns.
    unsafe {
        let none = std::ptr::null::<RulesetAttributes>();
        let version = libc::syscall(libc::SYS_landlock_create_ruleset, none, 0_usize, 1_u32);
        // Each version of the kernel's interface knows more rights: landlock(7).
        let handled: u64 = match version {
            ..=0 => return Err(io::Error::last_os_error()),
            1 => (1 << 13) - 1,
            2 => (1 << 14) - 1,
            3 | 4 => (1 << 15) - 1,
            _ => (1 << 16) - 1,
        };
        let attributes = RulesetAttributes { handled_access: handled };
        let size = size_of::<RulesetAttributes>();
        let made = libc::syscall(libc::SYS_landlock_create_ruleset, &raw const attributes, size, 0_u32);
        let made = RawFd::try_from(made).map_err(io::Error::other)?;
        if made < 0 {
            return Err(io::Error::last_os_error());
        }
        let ruleset = OwnedFd::from_raw_fd(made);
        let allow = |folder: &Path, access: u64| -> io::Result<()> {
            let Ok(opened) = std::fs::File::open(folder) else {
                return Ok(()); // A system folder that this machine does not have.
            };
            let rule = PathBeneath { allowed_access: access & handled, parent: opened.as_raw_fd() };
            match libc::syscall(libc::SYS_landlock_add_rule, ruleset.as_raw_fd(), 1, &raw const rule, 0_u32) {
                0 => Ok(()),
                _ => Err(io::Error::last_os_error()),
            }
        };
        let read = EXECUTE | READ_FILE | READ_DIRECTORY;
        rules.read.iter().try_for_each(|folder| allow(folder, read))?;
        let devices = READ_FILE | READ_DIRECTORY | WRITE_FILE | IOCTL_DEVICE;
        rules.devices.iter().try_for_each(|folder| allow(folder, devices))?;
        rules.write.iter().try_for_each(|folder| allow(folder, handled))?;
        Ok(ruleset)
    }
}
