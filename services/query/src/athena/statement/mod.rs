//! Statements: what a query's text asks for.
//!
//! Athena speaks two languages. Data definition is Hive's, read here in full ([`hive`]). Everything else is Trino's: of
//! statements around a query (CTAS, INSERT, UNLOAD, PREPARE, …) the frame is read here ([`trino`]), and the query
//! inside is the engine's, which gets it at its place in the text, so that its errors name the right line and column.

mod cursor;
mod hive;
mod token;
mod trino;
mod types;

use std::collections::BTreeMap;
use std::ops::Range;

use self::cursor::Cursor;
use self::token::{Kind, split};

/// What a text asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// Rows: all that the engine reads alone.
    Query,
    /// `CREATE DATABASE`.
    CreateDatabase(CreateDatabase),
    /// `DROP DATABASE`.
    DropDatabase { name: String, if_exists: bool, cascade: bool },
    /// `ALTER DATABASE … SET DBPROPERTIES` and `SET LOCATION`.
    AlterDatabase { name: String, properties: BTreeMap<String, String>, location: Option<String> },
    /// `CREATE EXTERNAL TABLE`.
    CreateTable(Box<CreateTable>),
    /// `DROP TABLE`.
    DropTable { name: Name, if_exists: bool },
    /// `DROP VIEW`.
    DropView { name: Name, if_exists: bool },
    /// `ALTER TABLE`.
    AlterTable { name: Name, change: Box<Change> },
    /// `MSCK REPAIR TABLE`.
    RepairTable(Name),
    /// `SHOW …`.
    Show(Show),
    /// `DESCRIBE`.
    Describe { name: Name, detail: Detail, column: Option<String>, partition: Option<Spec> },
    /// `CREATE VIEW`.
    CreateView { name: Name, or_replace: bool, query: Range<usize> },
    /// `CREATE TABLE … AS`.
    CreateTableAs(Box<CreateTableAs>),
    /// `INSERT INTO`.
    Insert { name: Name, columns: Vec<String>, query: Range<usize> },
    /// `UNLOAD`.
    Unload { query: Range<usize>, location: String, properties: Properties },
    /// `PREPARE`.
    Prepare { name: String, query: Range<usize> },
    /// `EXECUTE`.
    Execute { name: String, parameters: Vec<String> },
    /// `DEALLOCATE PREPARE`.
    Deallocate { name: String },
    /// `EXPLAIN`.
    Explain { options: ExplainOptions, query: Range<usize> },
    /// A statement of AWS's that is not served: its name.
    Unserved(&'static str),
}

/// `[[catalog.]database.]table`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name {
    pub catalog: Option<String>,
    pub database: Option<String>,
    pub name: String,
}

/// Names and values of `TBLPROPERTIES`, `WITH (…)` and their like.
pub type Properties = BTreeMap<String, Value>;

/// A value in `WITH (…)`.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Text(String),
    Number(String),
    Boolean(bool),
    List(Vec<String>),
}

/// `(year='2020', month>'03')`: partition keys with what they are compared with.
pub type Spec = Vec<(String, Comparison, String)>;

/// How `DROP PARTITION` compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// `CREATE DATABASE`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreateDatabase {
    pub name: String,
    pub if_not_exists: bool,
    pub comment: Option<String>,
    pub location: Option<String>,
    pub properties: BTreeMap<String, String>,
}

/// A column of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Column {
    pub name: String,
    /// In Hive's spelling.
    pub kind: String,
    pub comment: Option<String>,
}

/// `CREATE EXTERNAL TABLE`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreateTable {
    pub name: Name,
    pub external: bool,
    pub if_not_exists: bool,
    pub columns: Vec<Column>,
    pub comment: Option<String>,
    pub partitioned_by: Vec<Column>,
    pub clustered_by: Vec<String>,
    /// Columns, and whether they ascend.
    pub sorted_by: Vec<(String, bool)>,
    pub buckets: Option<i32>,
    pub serde: Option<RowFormat>,
    /// `STORED AS` with a name, or with two classes.
    pub stored_as: Option<StoredAs>,
    pub location: Option<String>,
    pub properties: BTreeMap<String, String>,
}

/// `ROW FORMAT`.
#[derive(Clone, Debug, PartialEq)]
pub enum RowFormat {
    /// `DELIMITED …`, as the properties of the SerDe that they become.
    Delimited(BTreeMap<String, String>),
    /// `SERDE '…' WITH SERDEPROPERTIES (…)`.
    Serde { library: String, properties: BTreeMap<String, String> },
}

/// `STORED AS`.
#[derive(Clone, Debug, PartialEq)]
pub enum StoredAs {
    /// `PARQUET`.
    Format(String),
    /// `INPUTFORMAT '…' OUTPUTFORMAT '…'`.
    Classes { input: String, output: String },
}

/// What `ALTER TABLE` does.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    AddPartitions { if_not_exists: bool, partitions: Vec<(Spec, Option<String>)> },
    DropPartitions { if_exists: bool, partitions: Vec<Spec> },
    RenamePartition { from: Spec, to: Spec },
    AddColumns { partition: Option<Spec>, columns: Vec<Column> },
    ReplaceColumns { partition: Option<Spec>, columns: Vec<Column> },
    SetColumn { from: String, to: Column },
    SetLocation { partition: Option<Spec>, location: String },
    SetProperties(BTreeMap<String, String>),
    UnsetProperties(Vec<String>),
    SetSerde { library: Option<String>, properties: BTreeMap<String, String> },
}

/// What `SHOW` shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Show {
    Databases { like: Option<String> },
    Tables { database: Option<String>, like: Option<String> },
    Views { database: Option<String>, like: Option<String> },
    Columns { name: Name },
    Partitions { name: Name, partition: Option<Spec> },
    Properties { name: Name, property: Option<String> },
    CreateTable { name: Name },
    CreateView { name: Name },
}

/// How much `DESCRIBE` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    Columns,
    Extended,
    Formatted,
}

/// `CREATE TABLE … AS`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreateTableAs {
    pub name: Name,
    pub if_not_exists: bool,
    pub comment: Option<String>,
    pub properties: Properties,
    pub query: Range<usize>,
    pub with_data: bool,
}

/// `EXPLAIN (…) [ANALYZE [VERBOSE]]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExplainOptions {
    pub analyze: bool,
    pub verbose: bool,
    /// `LOGICAL`, in capitals.
    pub kind: Option<String>,
    /// `TEXT`, in capitals.
    pub format: Option<String>,
}

/// Why a text is no statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// Nobody starts it: the request is refused with this message.
    Refused(String),
    /// Hive reads it when it runs, and fails: `FAILED: ParseException line 1:…`.
    Fails(String),
}

/// Reads a text.
pub fn parse(text: &str) -> Result<Statement, ParseError> {
    let tokens = split(text, false);
    if let Some(position) = tokens.iter().position(|token| token.text == ";" && token.kind == Kind::Symbol)
        && tokens[position + 1..].iter().any(|token| token.kind != Kind::End && token.text != ";")
    {
        return Err(ParseError::Refused(format!("Only one sql statement is allowed. Got: {text}")));
    }
    let words: Vec<String> = tokens
        .iter()
        .take(5)
        .map(|token| if token.kind == Kind::Word { token.text.to_ascii_uppercase() } else { token.text.to_owned() })
        .collect();
    let word = |index: usize| words.get(index).map_or("", String::as_str);
    let hive = || Cursor::hive(text);
    let trino = || Cursor::trino(text);
    match (word(0), word(1), word(2)) {
        ("SELECT" | "WITH" | "VALUES" | "(" | "TABLE", ..) => Ok(Statement::Query),
        ("CREATE", "DATABASE" | "SCHEMA", _) => hive::create_database(hive()),
        ("DROP", "DATABASE" | "SCHEMA", _) => hive::drop_database(hive()),
        ("ALTER", "DATABASE" | "SCHEMA", _) => hive::alter_database(hive()),
        ("CREATE", "EXTERNAL", "TABLE") => hive::create_table(hive()),
        ("CREATE", "TABLE", _) if trino::is_create_table_as(trino()) => trino::create_table_as(trino()),
        ("CREATE", "TABLE", _) => hive::create_table(hive()),
        ("CREATE", "VIEW", _) | ("CREATE", "OR", "REPLACE") if word(1) == "VIEW" || word(3) == "VIEW" => {
            trino::create_view(trino())
        }
        ("DROP", "TABLE", _) => hive::drop_table(hive()),
        ("DROP", "VIEW", _) => hive::drop_view(hive()),
        ("ALTER", "TABLE", _) => hive::alter_table(hive()),
        ("MSCK", ..) => hive::repair_table(hive()),
        ("SHOW", "FUNCTIONS" | "CATALOGS" | "SESSION" | "STATS", _) => {
            Err(ParseError::Refused("Queries of this type are not supported".to_owned()))
        }
        ("SHOW", ..) => hive::show(hive()),
        ("DESCRIBE", "INPUT" | "OUTPUT", _) => {
            Err(ParseError::Refused("Queries of this type are not supported".to_owned()))
        }
        ("DESCRIBE" | "DESC", ..) => hive::describe(hive()),
        ("INSERT", ..) => trino::insert(trino()),
        ("UNLOAD", ..) => trino::unload(trino()),
        ("PREPARE", ..) => trino::prepare(trino()),
        ("EXECUTE", ..) => trino::execute(trino()),
        ("DEALLOCATE", ..) => trino::deallocate(trino()),
        ("EXPLAIN", ..) => trino::explain(trino()),
        ("UPDATE", ..) => Ok(Statement::Unserved("athena statements UPDATE on Iceberg tables")),
        ("DELETE", ..) => Ok(Statement::Unserved("athena statements DELETE on Iceberg tables")),
        ("MERGE", ..) => Ok(Statement::Unserved("athena statements MERGE on Iceberg tables")),
        ("OPTIMIZE", ..) => Ok(Statement::Unserved("athena statements OPTIMIZE on Iceberg tables")),
        ("VACUUM", ..) => Ok(Statement::Unserved("athena statements VACUUM on Iceberg tables")),
        ("ALTER", "VIEW", "DIALECT") => Ok(Statement::Unserved("athena statements ALTER VIEW DIALECT")),
        ("USING", "EXTERNAL", "FUNCTION") => {
            Ok(Statement::Unserved("athena functions in Lambda (USING EXTERNAL FUNCTION)"))
        }
        (
            "CREATE" | "ALTER" | "DROP" | "GRANT" | "REVOKE" | "CALL" | "USE" | "SET" | "RESET" | "ANALYZE" | "REFRESH"
            | "TRUNCATE" | "START" | "COMMIT" | "ROLLBACK" | "COMMENT" | "DENY",
            ..,
        ) => Err(ParseError::Refused("Queries of this type are not supported".to_owned())),
        _ => Err(trino().mismatched(STATEMENTS)),
    }
}

/// What Trino expects at the beginning of a statement.
const STATEMENTS: &[&str] = &[
    "'ALTER'",
    "'ANALYZE'",
    "'CALL'",
    "'COMMENT'",
    "'COMMIT'",
    "'CREATE'",
    "'DEALLOCATE'",
    "'DELETE'",
    "'DENY'",
    "'DESC'",
    "'DESCRIBE'",
    "'DROP'",
    "'EXECUTE'",
    "'EXPLAIN'",
    "'GRANT'",
    "'INSERT'",
    "'MERGE'",
    "'PREPARE'",
    "'REFRESH'",
    "'RESET'",
    "'REVOKE'",
    "'ROLLBACK'",
    "'SET'",
    "'SHOW'",
    "'START'",
    "'TRUNCATE'",
    "'UNLOAD'",
    "'UPDATE'",
    "'USE'",
    "<query>",
];

/// The text with everything outside `query` made blank: the query alone, at its place.
pub fn alone(text: &str, query: &Range<usize>) -> String {
    let blank = |text: &str| -> String {
        text.chars().map(|next| if matches!(next, '\n' | '\r') { next } else { ' ' }).collect()
    };
    // What follows the query needs no place.
    blank(&text[..query.start]) + &text[query.clone()]
}

/// The text without the semicolon at its end.
pub fn without_end(text: &str) -> &str {
    let end = split(text, false)
        .iter()
        .rev()
        .find(|token| token.kind != Kind::End && token.text != ";")
        .map(token::Token::end);
    &text[..end.unwrap_or(text.len())]
}

impl Statement {
    /// The query in the statement, at its place in the text, if there is one.
    pub fn query(&self, text: &str) -> Option<String> {
        match self {
            Self::Query => Some(without_end(text).to_owned()),
            Self::CreateView { query, .. } | Self::Insert { query, .. } | Self::Unload { query, .. } => {
                Some(alone(text, query))
            }
            Self::CreateTableAs(create) => Some(alone(text, &create.query)),
            _ => None,
        }
    }

    /// AWS's names for the kind of statement: `StatementType` and `SubstatementType`.
    pub fn kind(&self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Query => ("DML", Some("SELECT")),
            Self::CreateDatabase(_) => ("DDL", Some("CREATE_DATABASE")),
            Self::DropDatabase { .. } => ("DDL", Some("DROP_DATABASE")),
            Self::AlterDatabase { .. } => ("DDL", Some("ALTER_DATABASE")),
            Self::CreateTable(_) => ("DDL", Some("CREATE_TABLE")),
            Self::DropTable { .. } => ("DDL", Some("DROP_TABLE")),
            Self::DropView { .. } => ("DDL", Some("DROP_VIEW")),
            Self::AlterTable { change, .. } => ("DDL", Some(change.kind())),
            Self::RepairTable(_) => ("DDL", Some("MSCK_REPAIR_TABLE")),
            Self::Show(show) => ("UTILITY", Some(show.kind())),
            Self::Describe { .. } => ("UTILITY", Some("DESCRIBE_TABLE")),
            Self::CreateView { .. } => ("DDL", Some("CREATE_VIEW")),
            Self::CreateTableAs(_) => ("DDL", Some("CREATE_TABLE_AS_SELECT")),
            Self::Insert { .. } => ("DML", Some("INSERT")),
            Self::Unload { .. } => ("DML", Some("UNLOAD")),
            Self::Prepare { .. } => ("UTILITY", Some("PREPARE")),
            Self::Execute { .. } => ("DML", Some("EXECUTE")),
            Self::Deallocate { .. } => ("UTILITY", Some("DEALLOCATE")),
            Self::Explain { options, .. } if options.analyze => ("UTILITY", Some("EXPLAIN_ANALYZE")),
            Self::Explain { .. } => ("UTILITY", Some("EXPLAIN")),
            Self::Unserved(_) => ("DML", None),
        }
    }
}

impl Change {
    fn kind(&self) -> &'static str {
        match self {
            Self::AddPartitions { .. } => "ALTER_TABLE_ADD_PARTITION",
            Self::DropPartitions { .. } => "ALTER_TABLE_DROP_PARTITION",
            Self::RenamePartition { .. } => "ALTER_TABLE_RENAME_PARTITION",
            Self::AddColumns { .. } => "ALTER_TABLE_ADD_COLUMN",
            Self::ReplaceColumns { .. } => "ALTER_TABLE_REPLACE_COLUMN",
            Self::SetColumn { .. } => "ALTER_TABLE_CHANGE_COLUMN",
            Self::SetLocation { .. } => "ALTER_TABLE_SET_LOCATION",
            Self::SetProperties(_) | Self::UnsetProperties(_) => "ALTER_TABLE_SET_TBLPROPERTIES",
            Self::SetSerde { .. } => "ALTER_TABLE_SET_SERDE",
        }
    }
}

impl Show {
    fn kind(&self) -> &'static str {
        match self {
            Self::Databases { .. } => "SHOW_DATABASES",
            Self::Tables { .. } => "SHOW_TABLES",
            Self::Views { .. } => "SHOW_VIEWS",
            Self::Columns { .. } => "SHOW_COLUMNS",
            Self::Partitions { .. } => "SHOW_PARTITIONS",
            Self::Properties { .. } => "SHOW_TBLPROPERTIES",
            Self::CreateTable { .. } => "SHOW_CREATE_TABLE",
            Self::CreateView { .. } => "SHOW_CREATE_VIEW",
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
