//! A running process with all that it started: its end, its memory, and killing it whole.

use std::collections::HashSet;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::mpsc;

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, pidfd_send_signal, waitid,
};
use tokio::io::unix::AsyncFd;

use crate::memory;
use crate::outcome::Exit;
use crate::spawn::{self, Child};

/// Dropping it kills it.
pub(crate) struct Process {
    main: Watched,
    /// The first process of its namespaces, where it has some: when that one ends, the kernel kills the others.
    anchor: Option<Watched>,
    measured_peak: u64,
    /// Nothing of it runs any more.
    ended: bool,
    reaper: mpsc::Sender<OwnedFd>,
}

struct Watched {
    pid: Pid,
    handle: AsyncFd<OwnedFd>,
    exit: Option<Exit>,
}

impl Watched {
    fn new(child: Child) -> io::Result<Self> {
        Ok(Self { pid: child.pid, handle: spawn::watch(child.handle)?, exit: None })
    }

    /// Waits for its end, and reaps it. May be dropped and called again.
    async fn exited(&mut self) -> Exit {
        loop {
            if let Some(exit) = self.look() {
                return exit;
            }
            match self.handle.readable().await {
                Ok(mut ready) => ready.clear_ready(),
                Err(error) => tracing::warn!(%error, "failed to watch a child process"),
            }
        }
    }

    /// Reaps it, if it has ended.
    fn look(&mut self) -> Option<Exit> {
        if self.exit.is_none() {
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
            match waitid(WaitId::PidFd(self.handle.get_ref().as_fd()), options) {
                Ok(status) => {
                    self.exit = status.map(|status| match status.terminating_signal() {
                        Some(signal) => Exit::Signal(signal),
                        None => Exit::Status(status.exit_status().unwrap_or(0)),
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "failed to wait for a child process");
                    self.exit = Some(Exit::Signal(9));
                }
            }
        }
        self.exit
    }

    fn kill(&self) {
        if self.exit.is_none() {
            // It may have ended meanwhile.
            let _ = pidfd_send_signal(self.handle.get_ref(), Signal::KILL);
        }
    }
}

impl Process {
    pub(crate) fn new(main: Child, anchor: Option<Child>, reaper: mpsc::Sender<OwnedFd>) -> io::Result<Self> {
        Ok(Self {
            main: Watched::new(main)?,
            anchor: anchor.map(Watched::new).transpose()?,
            measured_peak: 0,
            ended: false,
            reaper,
        })
    }

    /// Waits for the main process's end.
    pub(crate) async fn exited(&mut self) -> Exit {
        self.main.exited().await
    }

    /// Whether the main process runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.main.look().is_none()
    }

    /// Kills all of it, and returns when nothing of it runs any more.
    pub(crate) async fn end(&mut self) -> Exit {
        self.kill();
        let exit = self.main.exited().await;
        if let Some(anchor) = &mut self.anchor {
            anchor.exited().await;
        }
        self.ended = true;
        exit
    }

    fn kill(&self) {
        match &self.anchor {
            Some(anchor) => anchor.kill(),
            None => {
                let tree = memory::tree(self.main.pid);
                // The group first, so that fewer are left to fork meanwhile; each may have ended by now.
                let _ = kill_process_group(self.main.pid, Signal::KILL);
                for pid in tree.into_iter().filter(|pid| *pid != self.main.pid) {
                    let _ = kill_process(pid, Signal::KILL);
                }
            }
        }
        self.main.kill();
    }

    /// Resident bytes of the main process and its descendants.
    pub(crate) fn measure(&mut self) -> u64 {
        let mut tree = memory::tree(self.main.pid);
        if let Some(anchor) = &self.anchor {
            // Orphans become its children.
            tree.extend(memory::tree(anchor.pid).into_iter().filter(|pid| *pid != anchor.pid));
        }
        let mut counted = HashSet::new();
        let resident = tree.into_iter().filter(|pid| counted.insert(*pid)).filter_map(memory::resident).sum();
        self.measured_peak = self.measured_peak.max(resident);
        resident
    }

    /// The most that was measured, and the most that the main process alone has had at any time.
    pub(crate) fn memory_peak(&self) -> u64 {
        let alone = if self.main.exit.is_none() { memory::peak(self.main.pid) } else { None };
        self.measured_peak.max(alone.unwrap_or(0))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.ended {
            self.kill();
        }
        // The main process first: the anchor's end waits for it.
        for watched in [Some(&self.main), self.anchor.as_ref()].into_iter().flatten() {
            if watched.exit.is_none()
                && let Ok(handle) = watched.handle.get_ref().try_clone()
            {
                // Without a supervisor there is no reaper; then the house is ending, and init reaps.
                let _ = self.reaper.send(handle);
            }
        }
    }
}
