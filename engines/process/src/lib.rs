//! Child processes, in a sandbox, with limits: what functions run in.
//!
//! ```text
//!   Supervisor ── unpack(zip) ──▶ Package (shared, removed with its last holder)
//!       │
//!       └─ start(Spec) ──▶ Environment ── invoke(Invocation) ──▶ Outcome
//!                              │   ▲
//!                       Runtime API (an HTTP server on loopback, one per environment)
//!                              ▼   │
//!                          the child process: bootstrap, or an interpreter with our interface client
//! ```
//!
//! A [`Supervisor`] owns a work area on disk, finds interpreters ([`Supervisor::runtime`]), unpacks code
//! ([`Supervisor::unpack`], [`Supervisor::stack`]) and starts [`Environment`]s. An environment is one child process
//! that speaks the [Lambda Runtime API](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html); it runs one
//! [`Invocation`] at a time and is killed, with everything that it started, when it is dropped.
//!
//! # Isolation: what it is
//!
//! [`Supervisor::isolation`] says which of the first two applies on this machine.
//!
//! - **Namespaces**, where the kernel lets an ordinary user make them: the process sees a root of its own, with the
//!   system's folders, the interpreter, `/var/task` and `/opt` read-only and a private `/tmp` in memory whose size is
//!   the function's ephemeral storage. Home directories and haar's data are not there. It has no capabilities, and a
//!   process namespace of its own: when its first process dies, or haar does, the kernel kills all the others.
//! - **Landlock**, where namespaces are refused: system folders, interpreter, code and layers may be read, one folder
//!   of its own (`TMPDIR`) may be written, and nothing else may be opened. Code lies where `LAMBDA_TASK_ROOT` says.
//!   Only the size of each file is limited, not their sum; a grandchild that leaves the session can outlive `kill -9`
//!   of haar.
//! - **Always**: an environment of exactly the given variables, no inherited descriptors, `no_new_privs`, a session of
//!   its own, limits on descriptors, processes, file size and core dumps, and the memory of the whole process tree
//!   measured against the function's size ten times a second; who is above it is killed.
//!
//! # Isolation: what it is not
//!
//! The network is the machine's: a function reaches whatever haar's user reaches, and any process on this machine that
//! finds the port can speak to an environment's Runtime API. The kernel is shared, CPU time is not limited, no
//! seccomp filter and no cgroup is used, and memory can be above the limit for the tenth of a second between two
//! measurements. When haar runs as root, functions read what root owns in the system's folders. This keeps functions
//! from trampling on each other and on haar; it is no boundary against an attacker, as AWS's virtual machines are.
//!
//! # What differs from AWS
//!
//! `boto3` and the AWS SDK for JavaScript are there only if the interpreter's installation, the code or a layer has
//! them. External extensions in layers are refused ([`StartError::Extension`]). A streamed response is gathered whole,
//! at most 20 MiB.
#![allow(
    clippy::disallowed_methods,
    reason = "the home of child processes: their commands, their work area, and the machine's time that they live by"
)]

mod environment;
mod exchange;
mod launch;
mod logs;
mod memory;
mod outcome;
mod package;
mod process;
mod runtime;
mod runtime_api;
mod sandbox;
mod spawn;
mod spec;
mod supervisor;

pub use environment::{Environment, StartError};
pub use outcome::{Answer, Exit, Init, InitPhase, InitStatus, LogLine, Outcome};
pub use package::{Package, UnpackError, ZIP_UNPACKED_MAX};
pub use runtime::{Runtime, Unavailable};
pub use sandbox::Isolation;
pub use spec::{Invocation, Spec};
pub use supervisor::{Config, OpenError, Supervisor};
