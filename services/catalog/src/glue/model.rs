//! What the Data Catalog keeps: records and their tables.
//!
//! Databases and tables have numbers besides their names, and what belongs to them is kept under the number: whoever
//! deletes a database and makes it again never sees an old table, though the old rows are swept away later.

use haar_platform::aws::glue as aws;
use haar_platform::kernel::Timestamp;
use haar_platform::store::{Index, Record, Table as StoreTable, TableInfo};
use serde::{Deserialize, Serialize};

use super::column_data::ColumnStatistics;
use super::crawler::model::{CRAWLERS, CRAWLS};
use super::kept::{Map, kept, kept_by_spelling};
use super::storage::{Column, StorageDescriptor};

/// Account, region, name.
pub type NameKey = (String, String, String);

/// Databases by their folded names.
pub const DATABASES: StoreTable<NameKey, Database> = StoreTable::new("glue.databases");

/// Tables: the database's number, folded name.
pub const TABLES: StoreTable<(u64, String), Table> = StoreTable::new("glue.tables");

/// Earlier versions of tables: the table's number, the version's; the latest lives with its table.
pub const VERSIONS: StoreTable<(u64, u64), Version> = StoreTable::new("glue.versions");

/// Partitions: the table's number, sort key of the values.
pub const PARTITIONS: StoreTable<(u64, String), Partition> = StoreTable::new("glue.partitions");

/// Partition indexes: the table's number, name.
pub const PARTITION_INDEXES: StoreTable<(u64, String), PartitionIndex> =
    StoreTable::new("glue.partition_indexes").indexed(&[&BY_WORK]);

/// Partition indexes that there is something to do for.
pub const BY_WORK: Index<(bool,), (u64, String), PartitionIndex> =
    Index::new("glue.partition_indexes.by_work", |_, index| match index.state {
        IndexState::Creating => vec![(false,)],
        IndexState::Deleting => vec![(true,)],
        IndexState::Active | IndexState::Failed => Vec::new(),
    });

/// Column statistics: the table's number, sort key of the partition's values (empty: of the table), column.
pub const STATISTICS: StoreTable<(u64, String, String), ColumnStatistics> = StoreTable::new("glue.statistics");

/// User-defined functions: the database's number, folded name.
pub const FUNCTIONS: StoreTable<(u64, String), Function> = StoreTable::new("glue.functions");

/// Connections.
pub const CONNECTIONS: StoreTable<NameKey, Connection> = StoreTable::new("glue.connections");

/// Classifiers.
pub const CLASSIFIERS: StoreTable<NameKey, Classifier> = StoreTable::new("glue.classifiers");

/// Tags: account, region, the resource part of the ARN. Apart, because authorization asks for them.
pub const TAGS: StoreTable<NameKey, Tags> = StoreTable::new("glue.tags");

/// The policy of a catalog.
pub const POLICIES: StoreTable<(String, String), Policy> = StoreTable::new("glue.policies");

/// How many there are of what has a quota, by what it is.
pub const COUNTS: StoreTable<String, u64> = StoreTable::new("glue.counts");

/// Numbers of databases, tables and crawlers that are gone, whose rows are to be swept away.
pub const GONE: StoreTable<u64, Gone> = StoreTable::new("glue.gone");

/// The tables of this service, for `haar data check`.
pub fn tables() -> Vec<TableInfo> {
    vec![
        DATABASES.info(),
        TABLES.info(),
        VERSIONS.info(),
        PARTITIONS.info(),
        PARTITION_INDEXES.info(),
        STATISTICS.info(),
        FUNCTIONS.info(),
        CONNECTIONS.info(),
        CLASSIFIERS.info(),
        TAGS.info(),
        POLICIES.info(),
        COUNTS.info(),
        GONE.info(),
        CRAWLERS.info(),
        CRAWLS.info(),
    ]
}

/// A database.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Database {
    /// What its tables and functions are kept under.
    pub number: u64,
    /// When it was made.
    pub created: Timestamp,
    /// As it was sent.
    pub input: DatabaseInput,
}

impl Record for Database {}

kept! {
    /// What a caller says of a database.
    DatabaseInput of aws::DatabaseInput {
        name: String,
        description: Option<String>,
        location_uri: Option<String>,
        parameters: Option<Map>,
        create_table_default_permissions: Option<Vec<PrincipalPermissions>>,
    } refused { target_database, federated_database }
}

kept! {
    /// Lake Formation's defaults for new tables: recorded and echoed.
    PrincipalPermissions of aws::PrincipalPermissions {
        principal: Option<DataLakePrincipal>,
        permissions: Option<Vec<String>>,
    }
}

kept! {
    /// Somebody in Lake Formation's words.
    DataLakePrincipal of aws::DataLakePrincipal { data_lake_principal_identifier: Option<String> }
}

/// A table in its latest version.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Table {
    /// What its versions, partitions and statistics are kept under.
    pub number: u64,
    /// When it was made.
    pub created: Timestamp,
    /// The ARN of who made it.
    pub created_by: String,
    /// The latest version.
    pub version: Version,
}

impl Record for Table {}

/// A version of a table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Version {
    /// From 0.
    pub number: u64,
    /// When it was written.
    pub updated: Timestamp,
    /// As it was sent.
    pub input: TableInput,
}

impl Record for Version {}

kept! {
    /// What a caller says of a table.
    TableInput of aws::TableInput {
        name: String,
        description: Option<String>,
        owner: Option<String>,
        last_access_time: Option<Timestamp>,
        last_analyzed_time: Option<Timestamp>,
        retention: Option<i32>,
        storage_descriptor: Option<StorageDescriptor>,
        partition_keys: Option<Vec<Column>>,
        view_original_text: Option<String>,
        view_expanded_text: Option<String>,
        table_type: Option<String>,
        parameters: Option<Map>,
    } refused { target_table, federated_table, view_definition }
}

/// A partition.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Partition {
    /// When it was made.
    pub created: Timestamp,
    /// As it was sent, with its values.
    pub input: PartitionInput,
}

impl Record for Partition {}

kept! {
    /// What a caller says of a partition.
    PartitionInput of aws::PartitionInput {
        values: Option<Vec<String>>,
        last_access_time: Option<Timestamp>,
        storage_descriptor: Option<StorageDescriptor>,
        parameters: Option<Map>,
        last_analyzed_time: Option<Timestamp>,
    }
}

/// A partition index.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PartitionIndex {
    /// Partition keys and their types, in the index's order.
    pub keys: Vec<(String, String)>,
    /// Where these keys are among the table's.
    pub positions: Vec<u32>,
    /// How far it is.
    pub state: IndexState,
    /// Partitions that could not be indexed, by what is wrong with them.
    pub failures: Vec<BackfillFailure>,
}

/// What is wrong with some partitions of a table that is to be indexed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BackfillFailure {
    /// By AWS's spelling.
    pub code: String,
    /// Values of the partitions.
    pub partitions: Vec<Vec<String>>,
}

impl Record for PartitionIndex {}

/// How far a partition index is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum IndexState {
    /// The partitions that are there are being looked at.
    Creating,
    /// All partitions fit.
    Active,
    /// It is about to be gone.
    Deleting,
    /// Some partitions do not fit.
    Failed,
}

/// A user-defined function.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Function {
    /// When it was made.
    pub created: Timestamp,
    /// As it was sent.
    pub input: FunctionInput,
}

impl Record for Function {}

kept! {
    /// What a caller says of a function.
    FunctionInput of aws::UserDefinedFunctionInput {
        function_name: Option<String>,
        class_name: Option<String>,
        owner_name: Option<String>,
        function_type: Option<String>,
        owner_type: Option<String>,
        resource_uris: Option<Vec<ResourceUri>>,
        artifact_location: Option<String>,
        governance_mode: Option<String>,
    }
}

kept! {
    /// A file that a function needs.
    ResourceUri of aws::ResourceUri {
        resource_type: Option<String>,
        uri: Option<String>,
        last_modified: Option<Timestamp>,
    }
}

/// How to reach a data store.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Connection {
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// The ARN of who changed it last.
    pub updated_by: String,
    /// What it is for.
    pub description: Option<String>,
    /// By AWS's spelling.
    pub kind: String,
    /// Criteria for choosing it.
    pub match_criteria: Option<Vec<String>>,
    /// Properties that are no secrets.
    pub properties: Map,
    /// Passwords, sealed by the vault, by the property's name.
    pub secrets: Vec<(String, Vec<u8>)>,
    /// Properties for Spark only.
    pub spark_properties: Option<Map>,
    /// Properties for Athena only.
    pub athena_properties: Option<Map>,
    /// Properties for Python shells only.
    pub python_properties: Option<Map>,
    /// The network around the data store.
    pub network: Option<PhysicalConnectionRequirements>,
    /// How to prove who one is.
    pub authentication: Option<Authentication>,
}

impl Record for Connection {}

kept! {
    /// The network around a data store.
    PhysicalConnectionRequirements of aws::PhysicalConnectionRequirements {
        subnet_id: Option<String>,
        security_group_id_list: Option<Vec<String>>,
        availability_zone: Option<String>,
    }
}

kept! {
    /// How a connection proves who it is.
    Authentication of aws::AuthenticationConfiguration {
        authentication_type: Option<String>,
        secret_arn: Option<String>,
        kms_key_arn: Option<String>,
    } refused { o_auth2_properties }
}

/// How a crawler recognises a format.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Classifier {
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// From 1.
    pub version: i64,
    /// What it looks for.
    pub rule: Rule,
}

impl Record for Classifier {}

/// What a classifier looks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Rule {
    /// Lines of a pattern.
    Grok { classification: String, grok_pattern: String, custom_patterns: Option<String> },
    /// Elements of a name.
    Xml { classification: String, row_tag: Option<String> },
    /// What a path leads to.
    Json { json_path: String },
    /// Columns between delimiters.
    Csv(CsvRule),
}

/// How a CSV file is written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CsvRule {
    /// Between columns.
    pub delimiter: Option<String>,
    /// Around values.
    pub quote_symbol: Option<String>,
    /// By AWS's spelling.
    pub contains_header: Option<String>,
    /// Names of the columns.
    pub header: Option<Vec<String>>,
    /// Whether spaces around values stay.
    pub disable_value_trimming: Option<bool>,
    /// Whether a file with one column is a CSV file.
    pub allow_single_column: Option<bool>,
    /// Whether `custom_datatypes` counts.
    pub custom_datatype_configured: Option<bool>,
    /// Types of the columns.
    pub custom_datatypes: Option<Vec<String>>,
    /// By AWS's spelling.
    pub serde: Option<String>,
}

/// Keys and values.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Tags(pub Map);

impl Record for Tags {}

/// The policy of a catalog.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Policy {
    /// As it was sent.
    pub text: String,
    /// What the next change can refer to.
    pub hash: String,
    /// When there was first one.
    pub created: Timestamp,
    /// When it was last put.
    pub updated: Timestamp,
}

impl Record for Policy {}

/// What a number of something gone stood for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Gone {
    /// A database: tables and functions are under it.
    Database,
    /// A table: versions, partitions, indexes and statistics are under it.
    Table,
    /// A crawler: its history is under it.
    Crawler,
}

impl Record for Gone {}

kept_by_spelling!(
    aws::Permission,
    aws::FunctionType,
    aws::PrincipalType,
    aws::GovernanceMode,
    aws::ResourceType,
    aws::AuthenticationType,
    aws::ConnectionType,
    aws::CsvHeaderOption,
    aws::CsvSerdeOption,
);
