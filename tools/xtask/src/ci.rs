//! `cargo xtask ci`: what CI checks before it runs the tests.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::program::{cargo, run};

/// What `gen` makes.
const GENERATED: &[&str] = &["platform/aws/src/generated", "COMPATIBILITY.md"];

/// Formatting, lints, and generated files that are what `gen` would make.
pub fn check(root: &Path) -> Result<()> {
    run(cargo(root).args(["fmt", "--all", "--check"]))?;
    run(cargo(root).args(["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]))?;
    crate::r#gen::run(root, false)?;
    crate::compat::run(root)?;
    run(Command::new("git").current_dir(root).args(["diff", "--exit-code", "--stat", "--"]).args(GENERATED))
        .context("generated files are not what `cargo xtask gen` makes: run it and commit what it changes")
}
