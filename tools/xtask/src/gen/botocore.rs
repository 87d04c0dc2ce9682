//! From the pinned botocore wheel to `models/<service>.json`: the model without prose, examples and endpoint rules.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use flate2::read::GzDecoder;
use serde_json::Value;

use super::Served;

/// Keys that carry prose or client-side matters, anywhere in a model.
const DROPPED: &[&str] = &[
    "clientContextParams",
    "contextParam",
    "deprecatedMessage",
    "deprecatedSince",
    "documentation",
    "documentationUrl",
    "endpoint",
    "endpointdiscovery",
    "examples",
    "operationContextParams",
    "staticContextParams",
];

/// Writes one stripped model per served service.
pub fn strip(models: &Path, served: &Served) -> Result<()> {
    let wheel = download(&served.botocore.version, &served.botocore.sha256)?;
    let mut archive = zip::ZipArchive::new(std::fs::File::open(&wheel)?)?;
    for service in &served.services {
        let name = format!("botocore/data/{}/service-2.json.gz", service.model);
        let mut text = String::new();
        let entry = archive.by_name(&name).with_context(|| format!("the wheel has no {name}"))?;
        GzDecoder::new(entry).read_to_string(&mut text)?;
        let mut model: Value = serde_json::from_str(&text)?;
        drop_prose(&mut model, false);
        let mut stripped = serde_json::to_string_pretty(&model)?;
        stripped.push('\n');
        std::fs::write(models.join(format!("{}.json", service.name)), stripped)?;
    }
    Ok(())
}

/// `named` says that the keys of this object are AWS's names (of shapes, members, operations), not the format's.
fn drop_prose(value: &mut Value, named: bool) {
    match value {
        Value::Object(object) => {
            if !named {
                object.retain(|key, _| !DROPPED.contains(&key.as_str()));
            }
            for (key, inner) in object.iter_mut() {
                let holds_names = !named && matches!(key.as_str(), "shapes" | "members" | "operations");
                drop_prose(inner, holds_names);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| drop_prose(item, false)),
        _ => {}
    }
}

fn download(version: &str, sha256: &str) -> Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("haar-botocore-{version}"));
    let wheel = folder.join(format!("botocore-{version}-py3-none-any.whl"));
    if !wheel.exists() {
        let status = Command::new("python3")
            .args(["-m", "pip", "download", "--quiet", "--no-deps", "--dest"])
            .arg(&folder)
            .arg(format!("botocore=={version}"))
            .status()
            .context("failed to run python3 -m pip")?;
        ensure!(status.success(), "pip could not download botocore {version}");
    }
    let digest = ring::digest::digest(&ring::digest::SHA256, &std::fs::read(&wheel)?);
    let found: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    ensure!(found == sha256, "{} has SHA-256 {found}, but served.toml pins {sha256}", wheel.display());
    Ok(wheel)
}
