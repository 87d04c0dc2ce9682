//! `models/served.toml`: the services and operations that haar serves.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

/// The file.
pub struct Served {
    /// By name.
    pub services: Vec<Service>,
    /// The botocore release that the models come from.
    pub botocore: Botocore,
}

/// A pinned release.
#[derive(Deserialize)]
pub struct Botocore {
    /// As PyPI knows it.
    pub version: String,
    /// Of the wheel.
    pub sha256: String,
}

/// One service.
pub struct Service {
    /// Our name for it, and IAM's action prefix.
    pub name: String,
    /// Folder in botocore's data: `sqs/2012-11-05`.
    pub model: String,
    /// `validation-exception`, `validation-error` or `parameter`.
    pub violations: String,
    /// Served operations.
    pub operations: Vec<String>,
    /// Operations whose requests may weigh more than the front door lets in otherwise, with the bytes.
    pub request_bytes_max: BTreeMap<String, u32>,
    /// Where we differ from AWS, in sentences for COMPATIBILITY.md.
    pub gaps: Vec<String>,
}

#[derive(Deserialize)]
struct File {
    botocore: Botocore,
    service: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    model: String,
    violations: String,
    operations: Vec<String>,
    #[serde(default)]
    request_bytes_max: BTreeMap<String, u32>,
    #[serde(default)]
    gaps: Vec<String>,
}

impl Served {
    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))?;
        let file: File = toml::from_str(&text).with_context(|| format!("failed to read {}", path.display()))?;
        let services = file.service.into_iter().map(|(name, entry)| Service {
            name,
            model: entry.model,
            violations: entry.violations,
            operations: entry.operations,
            request_bytes_max: entry.request_bytes_max,
            gaps: entry.gaps,
        });
        Ok(Self { services: services.collect(), botocore: file.botocore })
    }
}
