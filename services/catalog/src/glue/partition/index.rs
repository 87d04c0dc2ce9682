//! Partition indexes: which there are, and whether the partitions fit them.
//!
//! Partitions lie in the order of their values whether or not there is an index (`list.rs`), so an index adds no second
//! order. What it does is what its states say: while it is CREATING every partition is checked against the types of its
//! keys, as AWS's backfill does, and it becomes ACTIVE or, with the partitions that do not fit, FAILED.
//! <https://docs.aws.amazon.com/glue/latest/dg/partition-indexes.html>

use haar_platform::aws::glue as aws;
use haar_platform::kernel::{Access, Ctx, Fault, Next};
use haar_platform::store::{Read, Span};

use super::super::Glue;
use super::super::access::Touch;
use super::super::error::Error;
use super::super::expression::{HIVE_NULL, KeyType};
use super::super::listing;
use super::super::model::{
    BY_WORK, BackfillFailure, IndexState, PARTITION_INDEXES, PARTITIONS, PartitionIndex, TableInput,
};
use super::super::place::OBJECTS;
use super::super::table::TableRef;

/// Indexes of a table.
const INDEXES_MAX: usize = 3;

/// Characters that values in an index cannot have.
/// <https://docs.aws.amazon.com/glue/latest/webapi/API_BackfillError.html>
const UNSUPPORTED: [char; 3] = ['\0', '\u{1}', '\u{2}'];

/// Partitions that a failed index names for each code.
const FAILURES_MAX: usize = 100;

/// The table, its database and the catalog.
pub fn create_access(ctx: &Ctx, glue: &Glue, input: &aws::CreatePartitionIndexRequest) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.table(&input.database_name, &input.table_name)?.done()
}

/// CreatePartitionIndex: the job looks at the partitions that are there.
pub async fn create(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::CreatePartitionIndexRequest,
) -> Result<aws::CreatePartitionIndexResponse, Error> {
    let at = TableRef::enter(ctx, input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let indexer = glue.indexer.clone();
    glue.store
        .write(move |tx| {
            let (_, table) = at.find(tx)?;
            let name = input.partition_index.index_name.clone();
            let index = parse(&table.version.input, input.partition_index, IndexState::Creating)?;
            let others: Vec<_> = tx.scan(PARTITION_INDEXES, Span::under((table.number,))).collect::<Result<_, _>>()?;
            check_beside(&name, &index, others.iter().map(|((_, name), index)| (name.as_str(), index)))?;
            tx.put(PARTITION_INDEXES, &(table.number, name.as_str()), &index)?;
            tx.on_commit(move || indexer.wake());
            Ok::<_, Error>(())
        })
        .await?;
    ctx.meter(OBJECTS, 1);
    Ok(aws::CreatePartitionIndexResponse {})
}

/// The indexes that a table is made with: they are active at once, since there is nothing to look at.
pub fn for_new_table(
    table: &TableInput,
    sent: Vec<aws::PartitionIndex>,
) -> Result<Vec<(String, PartitionIndex)>, Error> {
    let mut indexes: Vec<(String, PartitionIndex)> = Vec::new();
    for index in sent {
        let name = index.index_name.clone();
        let index = parse(table, index, IndexState::Active)?;
        check_beside(&name, &index, indexes.iter().map(|(name, index)| (name.as_str(), index)))?;
        indexes.push((name, index));
    }
    Ok(indexes)
}

/// The table, its database and the catalog.
pub fn delete_access(ctx: &Ctx, glue: &Glue, input: &aws::DeletePartitionIndexRequest) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.table(&input.database_name, &input.table_name)?.done()
}

/// DeletePartitionIndex: the job takes it down.
pub async fn delete(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::DeletePartitionIndexRequest,
) -> Result<aws::DeletePartitionIndexResponse, Error> {
    let at = TableRef::enter(ctx, input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let indexer = glue.indexer.clone();
    glue.store
        .write(move |tx| {
            let (_, table) = at.find(tx)?;
            let key = (table.number, input.index_name.as_str());
            let missing =
                || Error::EntityNotFound(format!("Index with the given indexName : {} does not exist", key.1));
            let mut index = tx.get(PARTITION_INDEXES, &key)?.ok_or_else(missing)?;
            match index.state {
                IndexState::Creating => {
                    return Err(Error::Conflict(format!("Index {} is in CREATING state.", input.index_name)));
                }
                IndexState::Deleting => return Ok(()),
                IndexState::Active | IndexState::Failed => {}
            }
            index.state = IndexState::Deleting;
            tx.put(PARTITION_INDEXES, &key, &index)?;
            tx.on_commit(move || indexer.wake());
            Ok(())
        })
        .await?;
    Ok(aws::DeletePartitionIndexResponse {})
}

/// The table, its database and the catalog.
pub fn list_access(ctx: &Ctx, glue: &Glue, input: &aws::GetPartitionIndexesRequest) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.table(&input.database_name, &input.table_name)?.done()
}

/// GetPartitionIndexes: there are few, so there is one page.
pub async fn list(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::GetPartitionIndexesRequest,
) -> Result<aws::GetPartitionIndexesResponse, Error> {
    let at = TableRef::enter(ctx, input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let after = listing::cursor(ctx, &at.scope("GetPartitionIndexes"), input.next_token)?;
    let read = glue.store.snapshot();
    let (_, table) = at.find(&read)?;
    let mut descriptors = Vec::new();
    for row in read.scan(PARTITION_INDEXES, Span::under((table.number,)).after(&(table.number, after.as_str()))) {
        let ((_, name), index) = row?;
        descriptors.push(show(name, index));
    }
    Ok(aws::GetPartitionIndexesResponse { partition_index_descriptor_list: Some(descriptors), next_token: None })
}

/// Looks at the partitions of indexes that are being created, and removes those that are being deleted.
pub async fn work(_: &Ctx, glue: &Glue) -> Result<Next, Error> {
    loop {
        let due = glue.store.read(|tx| tx.scan_index(BY_WORK, Span::all()).next().transpose())?;
        let Some((_, key, mut index)) = due else { return Ok(Next::WhenWoken) };
        let outcome = match index.state {
            IndexState::Creating => {
                index.failures = backfill(glue, key.0, &index)?;
                index.state = if index.failures.is_empty() { IndexState::Active } else { IndexState::Failed };
                Some(index)
            }
            _ => None,
        };
        glue.store
            .write(move |tx| {
                // The table may have been swept away meanwhile.
                if tx.contains(PARTITION_INDEXES, &key)? {
                    match outcome {
                        Some(index) => tx.put(PARTITION_INDEXES, &key, &index)?,
                        None => tx.delete(PARTITION_INDEXES, &key).map(drop)?,
                    }
                }
                Ok::<_, Error>(())
            })
            .await?;
    }
}

/// The partitions that do not fit, by what is wrong with them.
fn backfill(glue: &Glue, table: u64, index: &PartitionIndex) -> Result<Vec<BackfillFailure>, Error> {
    let mut failures: Vec<BackfillFailure> = Vec::new();
    let kinds: Vec<_> = index.keys.iter().map(|(_, kind)| KeyType::parse(kind)).collect();
    let read = glue.store.snapshot();
    for row in read.scan(PARTITIONS, Span::under((table,))) {
        let (_, partition) = row?;
        let values = partition.input.values.unwrap_or_default();
        let Some(code) = failure(index, &kinds, &values) else { continue };
        match failures.iter_mut().find(|failure| failure.code == code.as_str()) {
            Some(failure) if failure.partitions.len() < FAILURES_MAX => failure.partitions.push(values),
            Some(_) => {}
            None => failures.push(BackfillFailure { code: code.as_str().to_owned(), partitions: vec![values] }),
        }
    }
    Ok(failures)
}

fn failure(index: &PartitionIndex, kinds: &[Option<KeyType>], values: &[String]) -> Option<aws::BackfillErrorCode> {
    for (position, kind) in index.positions.iter().map(|position| *position as usize).zip(kinds) {
        let Some(value) = values.get(position) else {
            return Some(aws::BackfillErrorCode::MissingPartitionValueError);
        };
        if value.contains(UNSUPPORTED) {
            return Some(aws::BackfillErrorCode::UnsupportedPartitionCharacterError);
        }
        if value != HIVE_NULL && kind.is_none_or(|kind| kind.read(value).is_err()) {
            return Some(aws::BackfillErrorCode::InvalidPartitionTypeDataError);
        }
    }
    None
}

fn parse(table: &TableInput, sent: aws::PartitionIndex, state: IndexState) -> Result<PartitionIndex, Error> {
    let partition_keys = table.partition_keys.as_deref().unwrap_or_default();
    let mut index = PartitionIndex { keys: Vec::new(), positions: Vec::new(), state, failures: Vec::new() };
    for name in sent.keys {
        let position = partition_keys.iter().position(|key| key.name.eq_ignore_ascii_case(&name));
        let position = position.ok_or_else(|| {
            Error::invalid(format!("The key {name} in the index {} is not a partition key.", sent.index_name))
        })?;
        let key = &partition_keys[position];
        let kind = key.r#type.clone().unwrap_or_else(|| "string".into());
        if index.positions.contains(&(position as u32)) {
            return Err(Error::invalid(format!("The key {name} is repeated in the index {}.", sent.index_name)));
        }
        if !matches!(KeyType::parse(&kind), Some(KeyType::Text | KeyType::Integer | KeyType::Date)) {
            return Err(Error::invalid(format!("The type {kind} of the key {name} is not supported in an index.")));
        }
        index.keys.push((key.name.clone(), kind));
        index.positions.push(position as u32);
    }
    Ok(index)
}

fn check_beside<'a>(
    name: &str,
    index: &PartitionIndex,
    others: impl Iterator<Item = (&'a str, &'a PartitionIndex)>,
) -> Result<(), Error> {
    let mut count = 0;
    for (other_name, other) in others {
        if other_name == name {
            return Err(Error::AlreadyExists(format!("Index with the given indexName : {name}")));
        }
        if other.positions == index.positions {
            return Err(Error::AlreadyExists("Index with the given keys".into()));
        }
        count += 1;
    }
    if count >= INDEXES_MAX {
        return Err(Error::ResourceNumberLimitExceeded("partition indexes"));
    }
    Ok(())
}

fn show(name: String, index: PartitionIndex) -> aws::PartitionIndexDescriptor {
    let failures = index.failures.into_iter().map(|failure| aws::BackfillError {
        code: aws::BackfillErrorCode::parse(&failure.code),
        partitions: Some(failure.partitions.into_iter().map(|values| aws::PartitionValueList { values }).collect()),
    });
    let failures: Vec<_> = failures.collect();
    aws::PartitionIndexDescriptor {
        index_name: name,
        keys: index.keys.into_iter().map(|(name, r#type)| aws::KeySchemaElement { name, r#type }).collect(),
        index_status: match index.state {
            IndexState::Creating => aws::PartitionIndexStatus::Creating,
            IndexState::Active => aws::PartitionIndexStatus::Active,
            IndexState::Deleting => aws::PartitionIndexStatus::Deleting,
            IndexState::Failed => aws::PartitionIndexStatus::Failed,
        },
        backfill_errors: (!failures.is_empty()).then_some(failures),
    }
}
