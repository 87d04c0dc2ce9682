//! `cargo xtask bench`: haar beside what a user would pick instead, in one run.

use std::path::Path;

use anyhow::Result;

use crate::program::{cargo, run, target};
use crate::venv;

/// Builds both in release, makes the environment with moto_server and DuckDB, and runs the benchmarks.
pub fn run_all(root: &Path, arguments: &[String]) -> Result<()> {
    run(cargo(root).args([
        "build",
        "--release",
        "--package",
        "haar",
        "--package",
        "haar-bench",
        "--package",
        "haar-echo-function",
    ]))?;
    let bin = venv::with(root, "bench", &root.join("bench/requirements.txt"))?;
    let release = target(root).join("release");
    let mut command = std::process::Command::new(release.join("haar-bench"));
    command
        .args(arguments)
        .current_dir(root)
        .env("HAAR", release.join("haar"))
        .env("ECHO_FUNCTION", release.join("bootstrap"))
        .env("MOTO_SERVER", bin.join("moto_server"))
        .env("BENCH_PYTHON", &bin);
    run(&mut command)
}
