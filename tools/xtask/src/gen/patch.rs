//! Corrections to a model: `models/patches/<service>.toml`, each with its reason.
//!
//! ```toml
//! [[patch]]
//! reason = "why the model is wrong or says too little"
//! at = "/shapes/QueueAttributeName/enum"    # a JSON pointer
//! remove = true                             # or: value = …
//! ```

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct File {
    patch: Vec<Patch>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patch {
    reason: String,
    at: String,
    #[serde(default)]
    remove: bool,
    value: Option<Value>,
}

/// Applies a service's patches; a service without a file has none.
pub fn apply(path: &Path, model: &mut Value) -> Result<()> {
    if !path.exists() {
        return Ok(());
    }
    let file: File = toml::from_str(&std::fs::read_to_string(path)?)
        .with_context(|| format!("failed to read {}", path.display()))?;
    for patch in file.patch {
        ensure!(!patch.reason.trim().is_empty(), "the patch at {} gives no reason", patch.at);
        one(&patch, model).with_context(|| format!("failed to patch {} ({})", patch.at, path.display()))?;
    }
    Ok(())
}

fn one(patch: &Patch, model: &mut Value) -> Result<()> {
    let (parent, key) = patch.at.rsplit_once('/').context("not a JSON pointer")?;
    let key = key.replace("~1", "/").replace("~0", "~");
    let Some(Value::Object(object)) = model.pointer_mut(parent) else { bail!("there is no object at {parent}") };
    match (&patch.value, patch.remove) {
        (Some(value), false) => {
            object.insert(key, value.clone());
        }
        (None, true) => {
            ensure!(object.shift_remove(&key).is_some(), "there is no {key} to remove: is the patch still needed?");
        }
        _ => bail!("a patch has a value or remove = true"),
    }
    Ok(())
}
