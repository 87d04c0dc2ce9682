//! `cargo xtask bench`: haar beside what a user would pick instead, in one run.

use std::path::Path;

use anyhow::Result;

use crate::program::{cargo, run, target};
use crate::venv;

/// Builds both in release, makes the environment with moto_server, and runs the benchmarks.
pub fn all(root: &Path) -> Result<()> {
    run(cargo(root).args(["build", "--release", "--package", "haar", "--package", "haar-bench"]))?;
    let bin = venv::with(root, "bench", &root.join("bench/requirements.txt"))?;
    let release = target(root).join("release");
    let mut command = std::process::Command::new(release.join("haar-bench"));
    command.current_dir(root).env("HAAR", release.join("haar")).env("MOTO_SERVER", bin.join("moto_server"));
    run(&mut command)
}
