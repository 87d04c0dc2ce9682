//! DESCRIBE: columns in Hive's fixed-width table.

use haar_platform::aws::glue as aws;

use super::{Answer, is_view, partition};
use crate::athena::execution::run::Execution;
use crate::athena::model::Failure;
use crate::athena::statement::{Detail, Name, Spec};
use crate::athena::view;

const COLUMNS: [&str; 3] = ["col_name", "data_type", "comment"];

/// What Hive writes where there is nothing to write.
const BLANK: &str = "\t \t ";

/// DESCRIBE [EXTENDED | FORMATTED].
pub async fn describe(
    execution: &Execution,
    name: &Name,
    detail: Detail,
    column: Option<String>,
    spec: Option<Spec>,
) -> Result<Answer, Failure> {
    let name = execution.resolve(name)?;
    let table = execution.table(&name).await?;
    if is_view(&table) {
        return Ok(Answer { columns: COLUMNS.to_vec(), lines: of_view(&table) });
    }
    if let Some(spec) = &spec
        && partition::matching(execution, &name, &table, spec).await?.is_empty()
    {
        return Err(Failure::semantic("[Error 10006]: Partition not found"));
    }
    let columns = table.storage_descriptor.as_ref().and_then(|storage| storage.columns.clone()).unwrap_or_default();
    let keys = table.partition_keys.clone().unwrap_or_default();
    if let Some(wanted) = column {
        let found = columns.iter().chain(&keys).find(|column| column.name == wanted);
        let Some(found) = found else {
            return Err(Failure::of_task(format_args!("cannot find field {wanted} from [0:{}]", table.name)));
        };
        return Ok(Answer { columns: COLUMNS.to_vec(), lines: vec![line(found)] });
    }
    let mut lines = Vec::new();
    if detail == Detail::Formatted {
        lines.extend([heading(), BLANK.to_owned()]);
        lines.extend(columns.iter().map(line));
    } else {
        lines.extend(columns.iter().chain(&keys).map(line));
    }
    if !keys.is_empty() {
        lines.extend([BLANK.to_owned(), format!("# Partition Information{BLANK}"), heading(), BLANK.to_owned()]);
        lines.extend(keys.iter().map(line));
    }
    match detail {
        Detail::Columns => {}
        Detail::Formatted => lines.extend(information(&name.database, &table)),
        Detail::Extended => lines
            .extend([BLANK.to_owned(), format!("Detailed Table Information\t{}\t", extended(&name.database, &table))]),
    }
    Ok(Answer { columns: COLUMNS.to_vec(), lines })
}

fn heading() -> String {
    padded("# col_name", "data_type", "comment")
}

fn line(column: &aws::Column) -> String {
    padded(&column.name, column.r#type.as_deref().unwrap_or_default(), column.comment.as_deref().unwrap_or_default())
}

fn padded(name: &str, kind: &str, comment: &str) -> String {
    format!("{name:<20}\t{kind:<20}\t{comment:<20}")
}

/// Columns of a view have Trino's types.
fn of_view(table: &aws::Table) -> Vec<String> {
    let view = view::decode(table.view_original_text.as_deref().unwrap_or_default());
    let columns = view.map(|view| view.columns).unwrap_or_default();
    columns.into_iter().map(|column| padded(&column.name, &column.trino_type, "")).collect()
}

/// `DESCRIBE FORMATTED`'s second half.
fn information(database: &str, table: &aws::Table) -> Vec<String> {
    let storage = table.storage_descriptor.clone().unwrap_or_default();
    let serde = storage.serde_info.unwrap_or_default();
    let flag = |value: Option<bool>| if value == Some(true) { "Yes" } else { "No" };
    let list = |items: Vec<String>| format!("[{}]", items.join(", "));
    let time = |time: Option<haar_platform::kernel::Timestamp>| {
        time.map_or("UNKNOWN".to_owned(), |time| time.format("%a %b %d %H:%M:%S UTC %Y"))
    };
    let fact = |name: &str, value: &str| format!("{name:<20}\t{value:<20}\t ");
    let parameter = |(name, value): (&String, &String)| format!("\t{name:<20}\t{value:<20}");
    let sorted = storage.sort_columns.unwrap_or_default().into_iter();
    let sorted = sorted.map(|order| format!("Order(col:{}, order:{})", order.column, order.sort_order)).collect();
    let mut lines = vec![
        BLANK.to_owned(),
        format!("# Detailed Table Information{BLANK}"),
        fact("Database:", database),
        fact("Owner:", table.owner.as_deref().unwrap_or_default()),
        fact("CreateTime:", &time(table.create_time)),
        fact("LastAccessTime:", &time(table.last_access_time)),
        fact("Protect Mode:", "None"),
        fact("Retention:", &table.retention.unwrap_or_default().to_string()),
        fact("Location:", storage.location.as_deref().unwrap_or_default()),
        fact("Table Type:", table.table_type.as_deref().unwrap_or_default()),
        format!("Table Parameters:{BLANK}"),
    ];
    lines.extend(table.parameters.iter().flatten().map(parameter));
    lines.extend([
        BLANK.to_owned(),
        format!("# Storage Information{BLANK}"),
        fact("SerDe Library:", serde.serialization_library.as_deref().unwrap_or_default()),
        fact("InputFormat:", storage.input_format.as_deref().unwrap_or_default()),
        fact("OutputFormat:", storage.output_format.as_deref().unwrap_or_default()),
        fact("Compressed:", flag(storage.compressed)),
        fact("Num Buckets:", &storage.number_of_buckets.unwrap_or(-1).to_string()),
        fact("Bucket Columns:", &list(storage.bucket_columns.unwrap_or_default())),
        fact("Sort Columns:", &list(sorted)),
        format!("Storage Desc Params:{BLANK}"),
    ]);
    lines.extend(serde.parameters.iter().flatten().map(parameter));
    lines
}

/// `DESCRIBE EXTENDED`'s last line: what Hive's own record of the table would say.
fn extended(database: &str, table: &aws::Table) -> String {
    let storage = table.storage_descriptor.clone().unwrap_or_default();
    let serde = storage.serde_info.unwrap_or_default();
    let columns = |columns: &[aws::Column]| -> String {
        let shown = columns.iter().map(|column| {
            let comment = column.comment.as_deref().unwrap_or("null");
            format!(
                "FieldSchema(name:{}, type:{}, comment:{comment})",
                column.name,
                column.r#type.as_deref().unwrap_or_default()
            )
        });
        shown.collect::<Vec<_>>().join(", ")
    };
    let map = |map: &std::collections::BTreeMap<String, String>| -> String {
        map.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", ")
    };
    format!(
        "Table(tableName:{}, dbName:{database}, owner:{}, createTime:{}, retention:{}, sd:StorageDescriptor(cols:[{}], \
         location:{}, inputFormat:{}, outputFormat:{}, compressed:{}, numBuckets:{}, serdeInfo:SerDeInfo(name:null, \
         serializationLib:{}, parameters:{{{}}})), partitionKeys:[{}], parameters:{{{}}}, tableType:{})",
        table.name,
        table.owner.as_deref().unwrap_or_default(),
        table.create_time.map_or(0, haar_platform::kernel::Timestamp::seconds),
        table.retention.unwrap_or_default(),
        columns(storage.columns.as_deref().unwrap_or_default()),
        storage.location.as_deref().unwrap_or("null"),
        storage.input_format.as_deref().unwrap_or("null"),
        storage.output_format.as_deref().unwrap_or("null"),
        storage.compressed.unwrap_or(false),
        storage.number_of_buckets.unwrap_or(-1),
        serde.serialization_library.as_deref().unwrap_or("null"),
        map(&serde.parameters.unwrap_or_default()),
        columns(table.partition_keys.as_deref().unwrap_or_default()),
        map(&table.parameters.clone().unwrap_or_default()),
        table.table_type.as_deref().unwrap_or_default(),
    )
}
