//! `cargo xtask gen`: from AWS's service models to `platform/aws/src/generated`.
//!
//! ```text
//! botocore wheel ──strip──▶ models/<service>.json ──patch──▶ reach ──▶ emit ──▶ platform/aws/src/generated/<service>.rs
//!       (only with --botocore)         models/patches/<service>.toml    models/served.toml
//! ```
//!
//! The stripped models are committed, so that the common path (name an operation in `served.toml`, run `gen`)
//! needs no download, and running it twice changes nothing.

mod botocore;
mod emit;
mod names;
mod patch;
mod reach;
mod served;

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

pub use served::Served;

/// Makes `platform/aws` anew; with `from_botocore`, first the stripped models.
pub fn run(root: &Path, from_botocore: bool) -> Result<()> {
    let models = root.join("models");
    let served = Served::read(&models.join("served.toml"))?;
    if from_botocore {
        botocore::strip(&models, &served)?;
    }
    let target = root.join("platform/aws/src/generated");
    std::fs::create_dir_all(&target)?;
    let mut written = Vec::new();
    for service in &served.services {
        let mut model = read_model(&models, &service.name)?;
        patch::apply(&models.join("patches").join(format!("{}.toml", service.name)), &mut model)?;
        let reached = reach::from(&model, service)?;
        let source =
            emit::service(service, &model, &reached).with_context(|| format!("failed to emit {}", service.name))?;
        let path = target.join(format!("{}.rs", service.name));
        std::fs::write(&path, source)?;
        written.push(path);
    }
    let index = target.join("mod.rs");
    std::fs::write(&index, emit::index(&served)?)?;
    written.push(index);
    let status =
        Command::new("rustfmt").args(["--edition", "2024"]).args(&written).status().context("failed to run rustfmt")?;
    anyhow::ensure!(status.success(), "rustfmt failed");
    Ok(())
}

/// A stripped model, as committed.
pub fn read_model(models: &Path, service: &str) -> Result<serde_json::Value> {
    let path = models.join(format!("{service}.json"));
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("failed to read {}: run `cargo xtask gen --botocore`", path.display()))?;
    Ok(serde_json::from_str(&text)?)
}
