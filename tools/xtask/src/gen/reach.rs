//! Which shapes the served operations reach.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::served::Service;

/// Shape names in order, with their index.
pub struct Reached {
    /// Index by name; indices follow the order of names.
    pub ids: BTreeMap<String, usize>,
}

/// Walks inputs, outputs and errors of the served operations.
pub fn from(model: &Value, service: &Service) -> Result<Reached> {
    let shapes = model["shapes"].as_object().context("the model has no shapes")?;
    let mut seen = BTreeSet::new();
    let mut pending: Vec<String> = Vec::new();
    for name in &service.operations {
        let operation = &model["operations"][name];
        ensure!(operation.is_object(), "{} has no operation {name}", service.name);
        let errors = operation["errors"].as_array().into_iter().flatten();
        let ends = [&operation["input"], &operation["output"]].into_iter().chain(errors);
        pending.extend(ends.filter_map(|end| end["shape"].as_str()).map(str::to_owned));
    }
    // Errors that the model lists for no operation but a patch added, common to all operations.
    pending.extend(
        shapes.iter().filter(|(_, shape)| shape["common"].as_bool() == Some(true)).map(|(name, _)| name.clone()),
    );
    while let Some(name) = pending.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let shape = shapes.get(&name).with_context(|| format!("the model has no shape {name}"))?;
        let members = shape["members"].as_object().into_iter().flat_map(|members| members.values());
        let inner = [&shape["member"], &shape["key"], &shape["value"]].into_iter().chain(members);
        pending.extend(inner.filter_map(|member| member["shape"].as_str()).map(str::to_owned));
    }
    ensure!(seen.len() < usize::from(u16::MAX), "too many shapes for a ShapeId");
    let ids = seen.into_iter().enumerate().map(|(index, name)| (name, index)).collect();
    Ok(Reached { ids })
}
