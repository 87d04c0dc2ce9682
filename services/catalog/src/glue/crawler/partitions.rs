//! Writing partitions: new ones are always made; changed and vanished ones follow the crawler's policies.

use std::collections::BTreeMap;

use haar_formats::infer::Schema;
use haar_formats::{Column, HiveType};
use haar_platform::aws::glue as aws;
use haar_platform::store::{Read, Span};

use super::super::kept::Kept;
use super::super::model::{PARTITIONS, PartitionInput, Table};
use super::change::{Update, forget_run};
use super::definition::{self, Author, DEPRECATED_BY_CRAWLER};
use super::folder::Kind;
use super::model::Tally;
use super::output::{Delete, Located, Output, broken};
use super::walk::Ended;

/// Partitions in one call that makes or changes them.
const BATCH: usize = 100;

/// Partitions in one call that deletes them.
const DELETE_BATCH: usize = 25;

/// Brings the partitions of a table to what was found.
pub async fn write(
    output: &Output<'_>,
    name: &str,
    table: &Table,
    found: &Located,
    tally: &mut Tally,
) -> Result<(), Ended> {
    // A table that may not change can have other keys: what was found is then no partition of it.
    let keys = table.version.input.partition_keys.iter().flatten();
    if found.table.keys.is_empty() || !keys.map(|key| &key.name).eq(&found.table.keys) {
        return Ok(());
    }
    let mut wanted: BTreeMap<&[String], _> =
        found.table.partitions.iter().map(|partition| (partition.values.as_slice(), partition)).collect();
    let (mut changed, mut gone) = (Vec::new(), Vec::new());
    let read = output.glue.store.snapshot();
    for row in read.scan(PARTITIONS, Span::under((table.number,))) {
        let before = row.map_err(broken)?.1.input;
        let values = before.values.clone().unwrap_or_default();
        match wanted.remove(values.as_slice()) {
            Some(partition) => {
                let after = describe(output, table, found, &partition.path, &partition.kind, &values);
                let may_change = output.update == Update::InDatabase || output.configuration.inherit;
                if may_change && !is_same(&before, &after) {
                    changed.push(after);
                }
            }
            None if is_below(&before, found) => gone.push(before),
            None => {}
        }
    }
    drop(read);
    // An incremental crawl leaves out what is too different from the table.
    let schema = schema_of(table);
    let fits = |kind: &Kind| !output.is_incremental || schema.is_similar(&kind.schema);
    let new = wanted
        .into_iter()
        .filter(|(_, partition)| fits(&partition.kind))
        .map(|(values, partition)| describe(output, table, found, &partition.path, &partition.kind, values));
    let new: Vec<PartitionInput> = new.collect();
    create(output, name, &new, tally).await?;
    update(output, name, changed, tally).await?;
    forget(output, name, gone, tally).await
}

/// The columns of a table that is there.
fn schema_of(table: &Table) -> Schema {
    let storage = table.version.input.storage_descriptor.as_ref();
    let columns = storage.and_then(|storage| storage.columns.as_deref()).unwrap_or_default();
    let known = columns.iter().map(|column| {
        // A type that nobody can read is compared as text.
        let hive_type = HiveType::parse(column.r#type.as_deref().unwrap_or_default()).unwrap_or(HiveType::String);
        Column::new(column.name.clone(), hive_type)
    });
    Schema::of_columns(&known.collect::<Vec<_>>())
}

/// A partition as this crawler describes it; or as its table is described, with its own figures.
fn describe(
    output: &Output<'_>,
    table: &Table,
    found: &Located,
    path: &str,
    kind: &Kind,
    values: &[String],
) -> PartitionInput {
    let author = Author { exclusions: found.exclusions.clone(), ..output.author.clone() };
    let location = format!("{}{path}", found.root);
    let own = definition::storage(&author, kind, &location, &found.table.keys);
    let storage = match &table.version.input.storage_descriptor {
        Some(storage) if output.configuration.inherit => aws::StorageDescriptor {
            location: Some(location),
            parameters: own.parameters,
            ..Kept::show(storage.clone())
        },
        _ => own,
    };
    Kept::keep(aws::PartitionInput {
        values: Some(values.to_vec()),
        storage_descriptor: Some(storage),
        parameters: Some(definition::parameters_of(&author, kind)),
        ..Default::default()
    })
}

async fn create(output: &Output<'_>, table: &str, new: &[PartitionInput], tally: &mut Tally) -> Result<(), Ended> {
    for batch in new.chunks(BATCH) {
        output.check_stop()?;
        let request = aws::BatchCreatePartitionRequest {
            database_name: output.database.clone(),
            table_name: table.to_owned(),
            partition_input_list: batch.iter().cloned().map(Kept::show).collect(),
            ..Default::default()
        };
        let answer = output.call::<aws::BatchCreatePartition>(request).await?;
        let refused: Vec<Vec<String>> =
            answer.errors.into_iter().flatten().filter_map(|error| error.partition_values).collect();
        for values in batch.iter().filter_map(|partition| partition.values.as_ref()) {
            if !refused.contains(values) {
                tally.partitions.create(spelled(table, values));
            }
        }
    }
    Ok(())
}

async fn update(
    output: &Output<'_>,
    table: &str,
    changed: Vec<PartitionInput>,
    tally: &mut Tally,
) -> Result<(), Ended> {
    for batch in changed.chunks(BATCH) {
        output.check_stop()?;
        let entries = batch.iter().cloned().map(|partition| aws::BatchUpdatePartitionRequestEntry {
            partition_value_list: partition.values.clone().unwrap_or_default(),
            partition_input: Kept::show(partition),
        });
        let request = aws::BatchUpdatePartitionRequest {
            database_name: output.database.clone(),
            table_name: table.to_owned(),
            entries: entries.collect(),
            ..Default::default()
        };
        output.call::<aws::BatchUpdatePartition>(request).await?;
        for values in batch.iter().filter_map(|partition| partition.values.as_ref()) {
            tally.partitions.update(spelled(table, values));
        }
    }
    Ok(())
}

/// Partitions whose data are gone.
async fn forget(output: &Output<'_>, table: &str, gone: Vec<PartitionInput>, tally: &mut Tally) -> Result<(), Ended> {
    match output.delete {
        Delete::Log => Ok(()),
        Delete::Deprecate => {
            let now = output.ctx.now().millis().to_string();
            let marked = gone.into_iter().filter_map(|mut partition| {
                let parameters = partition.parameters.get_or_insert_default();
                let before = parameters.insert(DEPRECATED_BY_CRAWLER.into(), now.clone());
                before.is_none().then_some(partition)
            });
            update(output, table, marked.collect(), tally).await
        }
        Delete::FromDatabase => {
            for batch in gone.chunks(DELETE_BATCH) {
                output.check_stop()?;
                let values = batch.iter().map(|partition| partition.values.clone().unwrap_or_default());
                let request = aws::BatchDeletePartitionRequest {
                    database_name: output.database.clone(),
                    table_name: table.to_owned(),
                    partitions_to_delete: values.clone().map(|values| aws::PartitionValueList { values }).collect(),
                    ..Default::default()
                };
                output.call::<aws::BatchDeletePartition>(request).await?;
                values.for_each(|values| tally.partitions.delete(spelled(table, &values)));
            }
            Ok(())
        }
    }
}

/// Whether a partition lies below the target that was crawled: of others nothing is known.
fn is_below(partition: &PartitionInput, found: &Located) -> bool {
    let location = partition.storage_descriptor.as_ref().and_then(|storage| storage.location.as_deref());
    location.is_some_and(|location| location.starts_with(&found.root))
}

fn is_same(one: &PartitionInput, other: &PartitionInput) -> bool {
    let without_run = |partition: &PartitionInput| {
        let mut partition = partition.clone();
        partition.parameters.iter_mut().for_each(forget_run);
        if let Some(storage) = &mut partition.storage_descriptor {
            storage.parameters.iter_mut().for_each(forget_run);
        }
        partition
    };
    without_run(one) == without_run(other)
}

fn spelled(table: &str, values: &[String]) -> String {
    format!("{table}({})", values.join(","))
}
