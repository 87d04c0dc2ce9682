//! The memory of a process and of its descendants, from /proc.

use rustix::process::Pid;

/// A tree that grows while it is walked ends somewhere.
const TREE_MAX: usize = 4096;

/// The process and its descendants.
pub(crate) fn tree(root: Pid) -> Vec<Pid> {
    let mut found = vec![root];
    let mut next = 0;
    while let Some(pid) = found.get(next).copied()
        && found.len() < TREE_MAX
    {
        next += 1;
        let Ok(threads) = std::fs::read_dir(format!("/proc/{}/task", pid.as_raw_nonzero())) else { continue };
        for thread in threads.flatten() {
            let children = std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            found.extend(children.split_ascii_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?)));
        }
    }
    found
}

/// Resident bytes; `None` when it has ended.
pub(crate) fn resident(pid: Pid) -> Option<u64> {
    status(pid, "VmRSS:")
}

/// The highest resident bytes so far; `None` when it has ended.
pub(crate) fn peak(pid: Pid) -> Option<u64> {
    status(pid, "VmHWM:")
}

fn status(pid: Pid, field: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    Some(line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()? * 1024)
}
