//! What a result's columns are, in the words of the API.

use haar_platform::aws::athena as aws;
use haar_sql::OutputColumn;
use haar_sql::types::Type;

use crate::athena::model::ResultColumn;

/// Columns of a query.
pub fn of_query(columns: &[OutputColumn]) -> Vec<ResultColumn> {
    columns.iter().map(|column| of_type(&column.name, &column.data_type)).collect()
}

/// Names, precisions and scales as Athena's API gives them for Trino's types.
fn of_type(name: &str, data_type: &Type) -> ResultColumn {
    let (kind, precision, scale) = match data_type {
        Type::Boolean => ("boolean", 0, 0),
        Type::Tinyint => ("tinyint", 3, 0),
        Type::Smallint => ("smallint", 5, 0),
        Type::Integer => ("integer", 10, 0),
        Type::Bigint => ("bigint", 19, 0),
        Type::Real => ("float", 17, 0),
        Type::Double => ("double", 17, 0),
        Type::Decimal(precision, scale) => ("decimal", i32::from(*precision), i32::from(*scale)),
        Type::Varchar(length) => ("varchar", length.map_or(i32::MAX, signed), 0),
        Type::Char(length) => ("char", signed(*length), 0),
        Type::Varbinary => ("varbinary", 1 << 30, 0),
        Type::Date => ("date", 0, 0),
        Type::Time(_) => ("time", 3, 0),
        Type::TimeTz(_) => ("time with time zone", 3, 0),
        Type::Timestamp(_) => ("timestamp", 3, 0),
        Type::TimestampTz(_) => ("timestamp with time zone", 3, 0),
        Type::IntervalDayToSecond => ("interval day to second", 0, 0),
        Type::IntervalYearToMonth => ("interval year to month", 0, 0),
        Type::Json => ("json", 0, 0),
        Type::Uuid => ("uuid", 0, 0),
        Type::IpAddress => ("ipaddress", 0, 0),
        Type::Array(_) => ("array", 0, 0),
        Type::Map(..) => ("map", 0, 0),
        Type::Row(_) => ("row", 0, 0),
        Type::HyperLogLog => ("HyperLogLog", 0, 0),
        Type::TDigest => ("tdigest", 0, 0),
        Type::Unknown => ("unknown", 0, 0),
    };
    let case_sensitive = matches!(data_type, Type::Varchar(_) | Type::Char(_));
    ResultColumn { name: name.to_owned(), kind: kind.to_owned(), precision, scale, case_sensitive }
}

fn signed(length: u32) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}

/// A column of a text that Hive answers.
pub fn of_text(name: &str) -> ResultColumn {
    ResultColumn { name: name.to_owned(), kind: "string".to_owned(), precision: 0, scale: 0, case_sensitive: false }
}

/// The column of statements that write: how many rows.
pub fn of_rows() -> ResultColumn {
    of_type("rows", &Type::Bigint)
}

/// As GetQueryResults shows them.
pub fn show(column: ResultColumn) -> aws::ColumnInfo {
    aws::ColumnInfo {
        catalog_name: Some("hive".to_owned()),
        schema_name: Some(String::new()),
        table_name: Some(String::new()),
        label: Some(column.name.clone()),
        name: column.name,
        r#type: column.kind,
        precision: Some(column.precision),
        scale: Some(column.scale),
        nullable: Some(aws::ColumnNullable::Unknown),
        case_sensitive: Some(column.case_sensitive),
    }
}
