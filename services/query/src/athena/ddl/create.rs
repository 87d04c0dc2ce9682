//! CREATE EXTERNAL TABLE: Hive's clauses become Glue's storage descriptor.

use std::collections::{BTreeMap, BTreeSet};

use haar_platform::aws::glue as aws;

use super::Answer;
use crate::athena::execution::run::Execution;
use crate::athena::location::Location;
use crate::athena::model::Failure;
use crate::athena::statement::{Column, CreateTable, RowFormat, StoredAs};

/// The SerDe of delimited text.
pub const LAZY_SIMPLE: &str = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe";

/// The classes of a file format: input, output, SerDe.
pub struct Classes {
    pub input: &'static str,
    pub output: &'static str,
    pub serde: &'static str,
}

/// Of the names that `STORED AS` knows.
pub fn classes(format: &str) -> Option<Classes> {
    let (input, output, serde) = match format {
        "TEXTFILE" => (
            "org.apache.hadoop.mapred.TextInputFormat",
            "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
            LAZY_SIMPLE,
        ),
        "JSONFILE" | "JSON" => (
            "org.apache.hadoop.mapred.TextInputFormat",
            "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
            "org.openx.data.jsonserde.JsonSerDe",
        ),
        "PARQUET" => (
            "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
            "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
            "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
        ),
        "ORC" => (
            "org.apache.hadoop.hive.ql.io.orc.OrcInputFormat",
            "org.apache.hadoop.hive.ql.io.orc.OrcOutputFormat",
            "org.apache.hadoop.hive.ql.io.orc.OrcSerde",
        ),
        "AVRO" => (
            "org.apache.hadoop.hive.ql.io.avro.AvroContainerInputFormat",
            "org.apache.hadoop.hive.ql.io.avro.AvroContainerOutputFormat",
            "org.apache.hadoop.hive.serde2.avro.AvroSerDe",
        ),
        "SEQUENCEFILE" => (
            "org.apache.hadoop.mapred.SequenceFileInputFormat",
            "org.apache.hadoop.hive.ql.io.HiveSequenceFileOutputFormat",
            LAZY_SIMPLE,
        ),
        "RCFILE" => (
            "org.apache.hadoop.hive.ql.io.RCFileInputFormat",
            "org.apache.hadoop.hive.ql.io.RCFileOutputFormat",
            "org.apache.hadoop.hive.serde2.columnar.LazyBinaryColumnarSerDe",
        ),
        "ION" => (
            "com.amazon.ionhiveserde.formats.IonInputFormat",
            "com.amazon.ionhiveserde.formats.IonOutputFormat",
            "com.amazon.ionhiveserde.IonHiveSerDe",
        ),
        _ => return None,
    };
    Some(Classes { input, output, serde })
}

/// CREATE EXTERNAL TABLE.
pub async fn create(execution: &Execution, table: CreateTable) -> Result<Answer, Failure> {
    let name = execution.resolve(&table.name)?;
    check(&table)?;
    execution.check_database(&name.database).await?;
    let if_not_exists = table.if_not_exists;
    let input = input(execution, name.name.clone(), table)?;
    let request = aws::CreateTableRequest {
        database_name: name.database.clone(),
        table_input: Some(input),
        ..Default::default()
    };
    match execution.call::<aws::CreateTable>(request).await {
        Ok(_) => Ok(Answer::nothing()),
        Err(fault) if fault.name == "AlreadyExistsException" && if_not_exists => Ok(Answer::nothing()),
        Err(fault) if fault.name == "AlreadyExistsException" => {
            Err(Failure::of_task(format_args!("AlreadyExistsException(message:Table {} already exists)", name.name)))
        }
        Err(fault) => Err(Failure::of_call(&fault)),
    }
}

fn check(table: &CreateTable) -> Result<(), Failure> {
    if !table.external {
        return Err(Failure::semantic("Only external tables can be created: use CREATE EXTERNAL TABLE"));
    }
    match table.location.as_deref() {
        None => {
            return Err(Failure::user("No location was specified for table. An S3 location must be specified"));
        }
        Some(location) if Location::parse(location).is_none() => {
            let scheme = location.split_once("://").map_or("null", |(scheme, _)| scheme);
            return Err(Failure::of_task(format_args!(
                "MetaException(message:Got exception: java.io.IOException No FileSystem for scheme: {scheme})"
            )));
        }
        Some(_) => {}
    }
    let mut names = BTreeSet::new();
    for column in &table.columns {
        if !names.insert(&column.name) {
            return Err(Failure::semantic(format_args!("[Error 10036]: Duplicate column name: {}", column.name)));
        }
    }
    for column in &table.partitioned_by {
        if column.kind.is_empty() {
            return Err(Failure::semantic(format_args!("Partition column {} has no type", column.name)));
        }
        if !names.insert(&column.name) {
            return Err(Failure::semantic("[Error 10035]: Column repeated in partitioning columns"));
        }
    }
    let has_own_serde = matches!(table.serde, Some(RowFormat::Serde { .. }));
    if table.columns.is_empty() && !has_own_serde {
        return Err(Failure::semantic(
            "[Error 10043]: Either list of columns or a custom serializer should be specified",
        ));
    }
    Ok(())
}

fn input(execution: &Execution, name: String, table: CreateTable) -> Result<aws::TableInput, Failure> {
    let mut parameters = BTreeMap::from([
        ("EXTERNAL".to_owned(), "TRUE".to_owned()),
        ("transient_lastDdlTime".to_owned(), execution.ctx.now().seconds().to_string()),
    ]);
    if let Some(comment) = &table.comment {
        parameters.insert("comment".to_owned(), comment.clone());
    }
    parameters.extend(table.properties.clone());
    let description = table.comment.clone();
    let partition_keys = Some(columns(table.partitioned_by.clone()));
    Ok(aws::TableInput {
        name,
        description,
        owner: Some("hadoop".to_owned()),
        retention: Some(0),
        storage_descriptor: Some(storage(table)?),
        partition_keys,
        table_type: Some("EXTERNAL_TABLE".to_owned()),
        parameters: Some(parameters),
        ..Default::default()
    })
}

/// Columns as Glue keeps them.
pub fn columns(columns: Vec<Column>) -> Vec<aws::Column> {
    let columns = columns.into_iter();
    columns
        .map(|column| aws::Column {
            name: column.name,
            r#type: Some(column.kind),
            comment: column.comment,
            ..Default::default()
        })
        .collect()
}

fn storage(table: CreateTable) -> Result<aws::StorageDescriptor, Failure> {
    let (input, output, default_serde) = match table.stored_as {
        Some(StoredAs::Classes { input, output }) => (input, output, LAZY_SIMPLE.to_owned()),
        other => {
            let format = match other {
                Some(StoredAs::Format(format)) => format,
                _ => "TEXTFILE".to_owned(),
            };
            let Some(classes) = classes(&format) else {
                return Err(Failure::semantic(format_args!(
                    "Unrecognized file format in STORED AS clause: '{format}'"
                )));
            };
            (classes.input.to_owned(), classes.output.to_owned(), classes.serde.to_owned())
        }
    };
    let (library, mut properties) = match table.serde {
        Some(RowFormat::Serde { library, properties }) => (library, properties),
        Some(RowFormat::Delimited(properties)) => (default_serde, properties),
        None => (default_serde, BTreeMap::new()),
    };
    properties.entry("serialization.format".to_owned()).or_insert_with(|| "1".to_owned());
    let sort_columns = table.sorted_by.into_iter();
    Ok(aws::StorageDescriptor {
        columns: Some(columns(table.columns)),
        location: table.location,
        input_format: Some(input),
        output_format: Some(output),
        compressed: Some(false),
        number_of_buckets: Some(table.buckets.unwrap_or(-1)),
        serde_info: Some(aws::SerDeInfo {
            name: None,
            serialization_library: Some(library),
            parameters: Some(properties),
        }),
        bucket_columns: Some(table.clustered_by),
        sort_columns: Some(
            sort_columns.map(|(column, ascends)| aws::Order { column, sort_order: i32::from(ascends) }).collect(),
        ),
        parameters: Some(BTreeMap::new()),
        stored_as_sub_directories: Some(false),
        ..Default::default()
    })
}
