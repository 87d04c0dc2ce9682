//! MSCK REPAIR TABLE: partitions that lie in S3 as `key=value/` and that the catalog does not know yet.

use std::collections::BTreeSet;

use haar_platform::aws::s3;

use super::{Answer, partition};
use crate::athena::execution::run::Execution;
use crate::athena::location::Location;
use crate::athena::model::Failure;
use crate::athena::statement::Name;

/// Folders that one repair looks into.
const FOLDERS_MAX: usize = 200_000;

/// MSCK REPAIR TABLE. Partitions whose data is gone are told of, and stay: Athena removes none.
pub async fn repair(execution: &Execution, name: &Name) -> Result<Answer, Failure> {
    let name = execution.resolve(name)?;
    let table = execution.table(&name).await?;
    let keys: Vec<String> = table.partition_keys.iter().flatten().map(|key| key.name.clone()).collect();
    let root = table.storage_descriptor.as_ref().and_then(|storage| storage.location.as_deref());
    let Some(root) = root.and_then(Location::parse).map(Location::folder) else {
        return Err(Failure::of_task("MetaException(message:the table has no location in S3)"));
    };
    if keys.is_empty() {
        return Ok(Answer::nothing());
    }
    let found = folders(execution, &root, &keys).await?;
    let known: BTreeSet<Vec<String>> = execution
        .partitions(&name, None)
        .await
        .map_err(|fault| Failure::of_call(&fault))?
        .into_iter()
        .filter_map(|partition| partition.values)
        .collect();
    let shown = |values: &Vec<String>| format!("{}:{}", name.name, partition::path(&table, values));
    let missing: Vec<(Vec<String>, Location)> =
        found.iter().filter(|(values, _)| !known.contains(values)).cloned().collect();
    let present: BTreeSet<&Vec<String>> = found.iter().map(|(values, _)| values).collect();
    let gone: Vec<&Vec<String>> = known.iter().filter(|values| !present.contains(values)).collect();
    let inputs = missing.iter().map(|(values, location)| {
        partition::input(&table, values.clone(), Some(location.to_string().trim_end_matches('/').to_owned()))
    });
    partition::create(execution, &name, inputs.collect(), true).await?;
    let mut lines = Vec::new();
    if !missing.is_empty() {
        let listed: Vec<String> = missing.iter().map(|(values, _)| shown(values)).collect();
        lines.push(format!("Partitions not in metastore:\t{}", listed.join("\t")));
    }
    if !gone.is_empty() {
        let listed: Vec<String> = gone.into_iter().map(shown).collect();
        lines.push(format!("Partitions missing from filesystem:\t{}", listed.join("\t")));
    }
    lines.extend(missing.iter().map(|(values, _)| format!("Repair: Added partition to metastore {}", shown(values))));
    Ok(Answer::column("result", lines))
}

/// Every folder `key=value/…` below the root that names all keys, with its values.
async fn folders(
    execution: &Execution,
    root: &Location,
    keys: &[String],
) -> Result<Vec<(Vec<String>, Location)>, Failure> {
    let mut level: Vec<(Vec<String>, Location)> = vec![(Vec::new(), root.clone())];
    for key in keys {
        let mut next = Vec::new();
        for (values, folder) in level {
            for name in children(execution, &folder).await? {
                let Some((found, value)) = name.split_once('=') else { continue };
                if partition::unescape(found).eq_ignore_ascii_case(key) {
                    let mut values = values.clone();
                    values.push(partition::unescape(value));
                    next.push((values, folder.join(&name).folder()));
                }
            }
            if next.len() > FOLDERS_MAX {
                return Err(Failure::user(format!("haar repairs tables of {FOLDERS_MAX} partitions at most")));
            }
        }
        level = next;
    }
    Ok(level)
}

/// Names of the folders in a folder.
async fn children(execution: &Execution, folder: &Location) -> Result<Vec<String>, Failure> {
    let (mut names, mut continuation_token) = (Vec::new(), None);
    loop {
        let request = s3::ListObjectsV2Request {
            bucket: folder.bucket.clone(),
            prefix: Some(folder.key.clone()).filter(|prefix| !prefix.is_empty()),
            delimiter: Some("/".to_owned()),
            continuation_token,
            ..Default::default()
        };
        let answer = execution.call::<s3::ListObjectsV2>(request).await.map_err(|fault| match fault.code.as_ref() {
            "AccessDenied" => Failure::denied(format!("Permission denied on S3 path: {folder}")),
            _ => Failure::of_call(&fault),
        })?;
        for prefix in answer.common_prefixes.unwrap_or_default().into_iter().filter_map(|common| common.prefix) {
            let name = prefix.strip_prefix(&folder.key).unwrap_or(&prefix).trim_end_matches('/');
            names.push(name.to_owned());
        }
        continuation_token = answer.next_continuation_token;
        if continuation_token.is_none() {
            return Ok(names);
        }
    }
}
