//! Hive's data definition language, as far as Athena has it.
//!
//! <https://docs.aws.amazon.com/athena/latest/ug/ddl-sql-reference.html>

use std::collections::BTreeMap;

use super::cursor::Cursor;
use super::token::Kind;
use super::{
    Change, Column, Comparison, CreateDatabase, CreateTable, Detail, ParseError, RowFormat, Show, Spec, Statement,
    StoredAs, types,
};

/// `CREATE DATABASE [IF NOT EXISTS] name [COMMENT '…'] [LOCATION '…'] [WITH DBPROPERTIES (…)]`.
pub fn create_database(mut cursor: Cursor<'_>) -> Result<Statement, ParseError> {
    const RULE: &str = "create database statement";
    cursor.bump();
    cursor.bump();
    let mut database = CreateDatabase { if_not_exists: cursor.take(&["if", "not", "exists"]), ..Default::default() };
    database.name = cursor.name(RULE)?;
    loop {
        if cursor.take(&["comment"]) {
            database.comment = Some(cursor.text(RULE)?);
        } else if cursor.take(&["location"]) {
            database.location = Some(cursor.text(RULE)?);
        } else if cursor.take(&["with", "dbproperties"]) {
            database.properties = properties(&mut cursor, RULE)?;
        } else {
            break;
        }
    }
    cursor.end()?;
    Ok(Statement::CreateDatabase(database))
}

/// `('name'='value', …)`.
fn properties(cursor: &mut Cursor<'_>, rule: &str) -> Result<BTreeMap<String, String>, ParseError> {
    let entries = cursor.list(rule, |cursor| {
        let name = cursor.text(rule)?;
        cursor.expect_symbol("=", rule)?;
        Ok((name, cursor.text(rule)?))
    })?;
    Ok(entries.into_iter().collect())
}

/// `DROP DATABASE [IF EXISTS] name [RESTRICT | CASCADE]`.
pub fn drop_database(mut cursor: Cursor<'_>) -> Result<Statement, ParseError> {
    const RULE: &str = "drop database statement";
    cursor.bump();
    cursor.bump();
    let if_exists = cursor.take(&["if", "exists"]);
    let name = cursor.name(RULE)?;
    let cascade = cursor.take(&["cascade"]);
    if !cascade {
        cursor.take(&["restrict"]);
    }
    cursor.end()?;
    Ok(Statement::DropDatabase { name, if_exists, cascade })
}

/// `ALTER DATABASE name SET DBPROPERTIES (…)` and `SET LOCATION '…'`.
pub fn alter_database(mut cursor: Cursor<'_>) -> Result<Statement, ParseError> {
    const RULE: &str = "alter database statement";
    cursor.bump();
    cursor.bump();
    let name = cursor.name(RULE)?;
    cursor.expect(&["set"], RULE)?;
    let (mut set, mut location) = (BTreeMap::new(), None);
    if cursor.take(&["location"]) {
        location = Some(cursor.text(RULE)?);
    } else {
        cursor.expect(&["dbproperties"], RULE)?;
        set = properties(&mut cursor, RULE)?;
    }
    cursor.end()?;
    Ok(Statement::AlterDatabase { name, properties: set, location })
}

/// `CREATE [EXTERNAL] TABLE [IF NOT EXISTS] name (columns) …`.
pub fn create_table(mut cursor: Cursor<'_>) -> Result<Statement, ParseError> {
    const RULE: &str = "create table statement";
    cursor.bump();
    let mut table = CreateTable { external: cursor.take(&["external"]), ..Default::default() };
    cursor.expect(&["table"], RULE)?;
    table.if_not_exists = cursor.take(&["if", "not", "exists"]);
    table.name = cursor.qualified_name(RULE)?;
    if cursor.peek().text == "(" {
        table.columns = cursor.list("column specification", column)?;
    }
    loop {
        if cursor.take(&["comment"]) {
            table.comment = Some(cursor.text(RULE)?);
        } else if cursor.take(&["partitioned", "by"]) {
            table.partitioned_by = cursor.list("column specification", partition_column)?;
        } else if cursor.take(&["clustered", "by"]) {
            clustered(&mut cursor, &mut table)?;
        } else if cursor.take(&["row", "format"]) {
            table.serde = Some(row_format(&mut cursor)?);
        } else if cursor.take(&["with", "serdeproperties"]) {
            let added = properties(&mut cursor, RULE)?;
            match &mut table.serde {
                Some(RowFormat::Serde { properties, .. } | RowFormat::Delimited(properties)) => {
                    properties.extend(added)
                }
                None => table.serde = Some(RowFormat::Delimited(added)),
            }
        } else if cursor.take(&["stored", "as"]) {
            table.stored_as = Some(stored_as(&mut cursor)?);
        } else if cursor.take(&["location"]) {
            table.location = Some(cursor.text("table location specification")?);
        } else if cursor.take(&["tblproperties"]) {
            table.properties = properties(&mut cursor, "table properties")?;
        } else {
            break;
        }
    }
    cursor.end()?;
    Ok(Statement::CreateTable(Box::new(table)))
}

fn column(cursor: &mut Cursor<'_>) -> Result<Column, ParseError> {
    let name = cursor.name("column specification")?;
    let kind = types::read(cursor)?;
    let comment = if cursor.take(&["comment"]) { Some(cursor.text("column specification")?) } else { None };
    Ok(Column { name, kind, comment })
}

/// Iceberg's partition columns have no type: their tables are refused later, by name.
fn partition_column(cursor: &mut Cursor<'_>) -> Result<Column, ParseError> {
    let next = cursor.ahead(1);
    if next.kind == Kind::Symbol && matches!(next.text, "," | ")") {
        return Ok(Column { name: cursor.name("column specification")?, ..Default::default() });
    }
    if next.kind == Kind::Symbol && next.text == "(" {
        let name = cursor.name("column specification")?;
        cursor.parenthesized("column specification")?;
        return Ok(Column { name, ..Default::default() });
    }
    column(cursor)
}

/// `CLUSTERED BY (a, b) [SORTED BY (c ASC)] INTO n BUCKETS`.
fn clustered(cursor: &mut Cursor<'_>, table: &mut CreateTable) -> Result<(), ParseError> {
    const RULE: &str = "table buckets specification";
    table.clustered_by = cursor.list(RULE, |cursor| cursor.name(RULE))?;
    if cursor.take(&["sorted", "by"]) {
        table.sorted_by = cursor.list(RULE, |cursor| {
            let name = cursor.name(RULE)?;
            let descends = cursor.take(&["desc"]);
            if !descends {
                cursor.take(&["asc"]);
            }
            Ok((name, !descends))
        })?;
    }
    cursor.expect(&["into"], RULE)?;
    let count = cursor.bump();
    table.buckets = count.text.parse().ok();
    if table.buckets.is_none() {
        return Err(cursor.unrecognized(RULE));
    }
    cursor.expect(&["buckets"], RULE)
}

fn row_format(cursor: &mut Cursor<'_>) -> Result<RowFormat, ParseError> {
    const RULE: &str = "table row format specification";
    if cursor.take(&["serde"]) {
        let library = cursor.text(RULE)?;
        let properties =
            if cursor.take(&["with", "serdeproperties"]) { properties(cursor, RULE)? } else { BTreeMap::new() };
        return Ok(RowFormat::Serde { library, properties });
    }
    cursor.expect(&["delimited"], RULE)?;
    let mut properties = BTreeMap::new();
    let mut set = |name: &str, value: String| properties.insert(name.to_owned(), value);
    loop {
        if cursor.take(&["fields", "terminated", "by"]) {
            let delimiter = cursor.text(RULE)?;
            set("serialization.format", delimiter.clone());
            set("field.delim", delimiter);
            if cursor.take(&["escaped", "by"]) {
                set("escape.delim", cursor.text(RULE)?);
            }
        } else if cursor.take(&["escaped", "by"]) {
            set("escape.delim", cursor.text(RULE)?);
        } else if cursor.take(&["collection", "items", "terminated", "by"]) {
            // Hive's own spelling of the word, which every reader of its tables knows.
            set("colelction.delim", cursor.text(RULE)?);
        } else if cursor.take(&["map", "keys", "terminated", "by"]) {
            set("mapkey.delim", cursor.text(RULE)?);
        } else if cursor.take(&["lines", "terminated", "by"]) {
            set("line.delim", cursor.text(RULE)?);
        } else if cursor.take(&["null", "defined", "as"]) {
            set("serialization.null.format", cursor.text(RULE)?);
        } else {
            return Ok(RowFormat::Delimited(properties));
        }
    }
}

fn stored_as(cursor: &mut Cursor<'_>) -> Result<StoredAs, ParseError> {
    const RULE: &str = "table file format specification";
    if cursor.take(&["inputformat"]) {
        let input = cursor.text(RULE)?;
        cursor.expect(&["outputformat"], RULE)?;
        return Ok(StoredAs::Classes { input, output: cursor.text(RULE)? });
    }
    Ok(StoredAs::Format(cursor.name(RULE)?.to_ascii_uppercase()))
}

/// `DROP TABLE [IF EXISTS] name [PURGE]`.
pub fn drop_table(mut cursor: Cursor<'_>) -> Result<Statement, ParseError> {
    cursor.bump();
    cursor.bump();
    let if_exists = cursor.take(&["if", "exists"]);
    let name = cursor.qualified_name("drop table statement")?;
    cursor.take(&["purge"]);
    cursor.end()?;
    Ok(Statement::DropTable { name, if_exists })
}

/// `DROP VIEW [IF EXISTS] name`. Athena lets this one be quoted either way.
pub fn drop_view(mut cursor: Cursor<'_>) -> Result<Statement, ParseError> {
    cursor.bump();
    cursor.bump();
    let if_exists = cursor.take(&["if", "exists"]);
    let name = either_name(&mut cursor, "drop view statement")?;
    cursor.end()?;
    Ok(Statement::DropView { name, if_exists })
}

/// A qualified name whose parts may be in double quotes, which are texts in Hive's language.
fn either_name(cursor: &mut Cursor<'_>, rule: &str) -> Result<super::Name, ParseError> {
    let mut parts = Vec::new();
    loop {
        parts.push(match cursor.peek().kind {
            Kind::DoubleQuoted => cursor.text(rule)?.to_lowercase(),
            _ => cursor.name(rule)?,
        });
        if !cursor.take_symbol(".") {
            break;
        }
    }
    let name = parts.pop().unwrap_or_default();
    Ok(super::Name { name, database: parts.pop(), catalog: parts.pop() })
}

/// `ALTER TABLE name …`.
pub fn alter_table(mut cursor: Cursor<'_>) -> Result<Statement, ParseError> {
    const RULE: &str = "alter table statement";
    cursor.bump();
    cursor.bump();
    let name = cursor.qualified_name(RULE)?;
    let partition = if cursor.take(&["partition"]) { Some(spec(&mut cursor)?) } else { None };
    let change = match partition {
        None => change(&mut cursor)?,
        Some(from) if cursor.take(&["rename", "to", "partition"]) => {
            Change::RenamePartition { from, to: spec(&mut cursor)? }
        }
        Some(partition) => partition_change(&mut cursor, partition)?,
    };
    cursor.end()?;
    Ok(Statement::AlterTable { name, change: Box::new(change) })
}

fn change(cursor: &mut Cursor<'_>) -> Result<Change, ParseError> {
    const RULE: &str = "alter table statement";
    if cursor.take(&["add", "columns"]) {
        return Ok(Change::AddColumns { partition: None, columns: cursor.list("column specification", column)? });
    }
    if cursor.take(&["replace", "columns"]) {
        return Ok(Change::ReplaceColumns { partition: None, columns: cursor.list("column specification", column)? });
    }
    if cursor.take(&["change"]) {
        cursor.take(&["column"]);
        let from = cursor.name(RULE)?;
        return Ok(Change::SetColumn { from, to: column(cursor)? });
    }
    if cursor.take(&["add"]) {
        let if_not_exists = cursor.take(&["if", "not", "exists"]);
        let mut partitions = Vec::new();
        while cursor.take(&["partition"]) {
            let spec = spec(cursor)?;
            let location = if cursor.take(&["location"]) { Some(cursor.text("partition location")?) } else { None };
            partitions.push((spec, location));
        }
        if partitions.is_empty() {
            return Err(cursor.unrecognized("add partition statement"));
        }
        return Ok(Change::AddPartitions { if_not_exists, partitions });
    }
    if cursor.take(&["drop"]) {
        let if_exists = cursor.take(&["if", "exists"]);
        let mut partitions = Vec::new();
        loop {
            cursor.expect(&["partition"], "drop partition statement")?;
            partitions.push(spec(cursor)?);
            if !cursor.take_symbol(",") {
                break;
            }
        }
        cursor.take(&["purge"]);
        return Ok(Change::DropPartitions { if_exists, partitions });
    }
    if cursor.take(&["set", "location"]) {
        return Ok(Change::SetLocation { partition: None, location: cursor.text(RULE)? });
    }
    if cursor.take(&["set", "tblproperties"]) {
        return Ok(Change::SetProperties(properties(cursor, RULE)?));
    }
    if cursor.take(&["unset", "tblproperties"]) {
        cursor.take(&["if", "exists"]);
        return Ok(Change::UnsetProperties(cursor.list(RULE, |cursor| cursor.text(RULE))?));
    }
    if cursor.take(&["set", "serdeproperties"]) {
        return Ok(Change::SetSerde { library: None, properties: properties(cursor, RULE)? });
    }
    if cursor.take(&["set", "serde"]) {
        let library = Some(cursor.text(RULE)?);
        let properties =
            if cursor.take(&["with", "serdeproperties"]) { properties(cursor, RULE)? } else { BTreeMap::new() };
        return Ok(Change::SetSerde { library, properties });
    }
    Err(cursor.unrecognized(RULE))
}

fn partition_change(cursor: &mut Cursor<'_>, partition: Spec) -> Result<Change, ParseError> {
    const RULE: &str = "alter table partition statement";
    let partition = Some(partition);
    if cursor.take(&["set", "location"]) {
        return Ok(Change::SetLocation { partition, location: cursor.text(RULE)? });
    }
    if cursor.take(&["add", "columns"]) {
        return Ok(Change::AddColumns { partition, columns: cursor.list("column specification", column)? });
    }
    if cursor.take(&["replace", "columns"]) {
        return Ok(Change::ReplaceColumns { partition, columns: cursor.list("column specification", column)? });
    }
    Err(cursor.unrecognized(RULE))
}

/// `(year='2020', month>'03')`; a key alone stands for all its values.
fn spec(cursor: &mut Cursor<'_>) -> Result<Spec, ParseError> {
    const RULE: &str = "partition specification";
    cursor.list(RULE, |cursor| {
        let key = cursor.name(RULE)?;
        let comparison = comparison(cursor).ok_or_else(|| cursor.unrecognized(RULE))?;
        let token = cursor.peek();
        let value = match token.kind {
            Kind::Number | Kind::Word => {
                cursor.bump();
                // `DATE '2020-01-01'` says the same as the text.
                if token.is("date") && cursor.peek().kind == Kind::Text {
                    cursor.text(RULE)?
                } else {
                    token.text.to_owned()
                }
            }
            Kind::Symbol if token.text == "-" => {
                cursor.bump();
                format!("-{}", cursor.bump().text)
            }
            _ => cursor.text(RULE)?,
        };
        Ok((key, comparison, value))
    })
}

fn comparison(cursor: &mut Cursor<'_>) -> Option<Comparison> {
    if cursor.take_symbol("=") {
        return Some(Comparison::Equal);
    }
    if cursor.take_symbol("!") {
        return cursor.take_symbol("=").then_some(Comparison::NotEqual);
    }
    if cursor.take_symbol("<") {
        return Some(match () {
            () if cursor.take_symbol("=") => Comparison::LessOrEqual,
            () if cursor.take_symbol(">") => Comparison::NotEqual,
            () => Comparison::Less,
        });
    }
    if cursor.take_symbol(">") {
        return Some(if cursor.take_symbol("=") { Comparison::GreaterOrEqual } else { Comparison::Greater });
    }
    None
}

/// `MSCK REPAIR TABLE name`.
pub fn repair_table(mut cursor: Cursor<'_>) -> Result<Statement, ParseError> {
    const RULE: &str = "metastore check statement";
    cursor.expect(&["msck", "repair", "table"], RULE)?;
    let name = cursor.qualified_name(RULE)?;
    cursor.end()?;
    Ok(Statement::RepairTable(name))
}

/// `SHOW …`.
pub fn show(mut cursor: Cursor<'_>) -> Result<Statement, ParseError> {
    const RULE: &str = "show statement";
    cursor.bump();
    let show = if cursor.take(&["databases"]) || cursor.take(&["schemas"]) {
        Show::Databases { like: like(&mut cursor)? }
    } else if cursor.take(&["tables"]) {
        let database = in_database(&mut cursor)?;
        Show::Tables { database, like: like(&mut cursor)? }
    } else if cursor.take(&["views"]) {
        let database = in_database(&mut cursor)?;
        Show::Views { database, like: like(&mut cursor)? }
    } else if cursor.take(&["columns"]) {
        if !cursor.take(&["in"]) {
            cursor.expect(&["from"], RULE)?;
        }
        let mut name = either_name(&mut cursor, RULE)?;
        if let Some(database) = in_database(&mut cursor)? {
            name.database = Some(database);
        }
        Show::Columns { name }
    } else if cursor.take(&["partitions"]) {
        let name = either_name(&mut cursor, RULE)?;
        let partition = if cursor.take(&["partition"]) { Some(spec(&mut cursor)?) } else { None };
        Show::Partitions { name, partition }
    } else if cursor.take(&["tblproperties"]) {
        let name = cursor.qualified_name(RULE)?;
        let property = if cursor.take_symbol("(") {
            let property = cursor.text(RULE)?;
            cursor.expect_symbol(")", RULE)?;
            Some(property)
        } else {
            None
        };
        Show::Properties { name, property }
    } else if cursor.take(&["create", "table"]) {
        Show::CreateTable { name: either_name(&mut cursor, RULE)? }
    } else if cursor.take(&["create", "view"]) {
        Show::CreateView { name: either_name(&mut cursor, RULE)? }
    } else {
        return Err(cursor.unrecognized("ddl statement"));
    };
    cursor.end()?;
    Ok(Statement::Show(show))
}

fn in_database(cursor: &mut Cursor<'_>) -> Result<Option<String>, ParseError> {
    if cursor.take(&["in"]) || cursor.take(&["from"]) {
        return Ok(Some(either_name(cursor, "show statement")?.name));
    }
    Ok(None)
}

fn like(cursor: &mut Cursor<'_>) -> Result<Option<String>, ParseError> {
    let has_word = cursor.take(&["like"]);
    if has_word || matches!(cursor.peek().kind, Kind::Text | Kind::DoubleQuoted) {
        return cursor.text("show statement").map(Some);
    }
    Ok(None)
}

/// `DESCRIBE [EXTENDED | FORMATTED] name [PARTITION (…)] [column]`; `DESCRIBE VIEW name` too.
pub fn describe(mut cursor: Cursor<'_>) -> Result<Statement, ParseError> {
    const RULE: &str = "describe statement";
    cursor.bump();
    cursor.take(&["view"]);
    cursor.take(&["table"]);
    let detail = match () {
        () if cursor.take(&["extended"]) => Detail::Extended,
        () if cursor.take(&["formatted"]) => Detail::Formatted,
        () => Detail::Columns,
    };
    let name = either_name(&mut cursor, RULE)?;
    let partition = if cursor.take(&["partition"]) { Some(spec(&mut cursor)?) } else { None };
    let column = if cursor.is_at_end() { None } else { Some(cursor.name(RULE)?) };
    cursor.end()?;
    Ok(Statement::Describe { name, detail, column, partition })
}
