//! Pinned Python environments, made at first use under the target folder and made anew when their pins change.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::program::{run, target};

/// The `bin` folder of an environment with the packages of a requirements file.
pub fn with(root: &Path, name: &str, requirements: &Path) -> Result<PathBuf> {
    let folder = target(root).join("python").join(name);
    let pins =
        std::fs::read_to_string(requirements).with_context(|| format!("failed to read {}", requirements.display()))?;
    // An environment does not bear being moved: its programs name their interpreter by its path.
    let pins = format!("# {}\n{pins}", folder.display());
    let stamp = folder.join("requirements.installed");
    let bin = folder.join("bin");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == pins) {
        return Ok(bin);
    }
    let python = Command::new("python3")
        .arg("--version")
        .output()
        .context("python3 is not installed: the tests with real clients need Python 3.11")?;
    eprintln!("making a Python environment for {name} ({})", String::from_utf8_lossy(&python.stdout).trim());
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    run(Command::new(bin.join("python")).args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(requirements))?;
    std::fs::write(&stamp, pins)?;
    Ok(bin)
}
