//! What the engine asks of a catalog: which relations there are, and what a table of the lake looks like.
//!
//! The facts are those that Glue keeps, as text; the engine gives them meaning. A room implements [`Catalog`] over
//! its own tables or over calls; the engine asks before it plans, and caches nothing beyond one query.

use std::collections::BTreeMap;
use std::fmt;

use futures_util::future::BoxFuture;

use crate::error::SqlError;

/// The catalog of a query: everything that it may name. Authorization happens behind this trait.
pub trait Catalog: Send + Sync {
    /// Names of the data catalogs: `awsdatacatalog` and what else was registered. In lower case.
    fn catalogs(&self) -> BoxFuture<'_, Result<Vec<String>, SqlError>>;

    /// Names of the schemas (databases) of a catalog, sorted, without `information_schema`.
    fn schemas<'a>(&'a self, catalog: &'a str) -> BoxFuture<'a, Result<Vec<String>, SqlError>>;

    /// Every relation of a schema, for `information_schema`, sorted by name. Empty for a schema that is not there.
    fn relations<'a>(
        &'a self,
        catalog: &'a str,
        schema: &'a str,
    ) -> BoxFuture<'a, Result<Vec<(String, Relation)>, SqlError>>;

    /// One relation; `None` when there is no such table, schema or catalog (the engine then asks which).
    fn relation<'a>(&'a self, name: &'a RelationName) -> BoxFuture<'a, Result<Option<Relation>, SqlError>>;

    /// The partitions of a table. With a filter, partitions that it rules out may be left out; the engine evaluates
    /// its predicates exactly afterwards, so that a catalog may as well answer with too many. Never called for
    /// tables with partition projection.
    fn partitions<'a>(
        &'a self,
        table: &'a LakeTable,
        filter: Option<&'a PartitionFilter>,
    ) -> BoxFuture<'a, Result<Vec<LakePartition>, SqlError>>;
}

/// The full name of a relation, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelationName {
    /// `awsdatacatalog`.
    pub catalog: String,
    /// Glue's database.
    pub schema: String,
    /// Of the table or view.
    pub name: String,
}

impl RelationName {
    /// From three words of any case.
    pub fn new(catalog: &str, schema: &str, name: &str) -> Self {
        Self { catalog: catalog.to_lowercase(), schema: schema.to_lowercase(), name: name.to_lowercase() }
    }
}

/// `awsdatacatalog.db.t`, as Trino's messages write it.
impl fmt::Display for RelationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.catalog, self.schema, self.name)
    }
}

/// What a name can stand for.
#[derive(Clone, Debug)]
pub enum Relation {
    /// Files.
    Table(LakeTable),
    /// A stored query.
    View(View),
}

/// A table of the lake, as Glue describes it.
#[derive(Clone, Debug)]
pub struct LakeTable {
    /// The table's full name.
    pub name: RelationName,
    /// Without the partition keys.
    pub columns: Vec<LakeColumn>,
    /// In the order of the directories.
    pub partition_keys: Vec<LakeColumn>,
    /// Where its files lie and how they read; partitions may differ.
    pub storage: Storage,
    /// The table's properties: `projection.*`, `skip.header.line.count`, `table_type`, `metadata_location`, ….
    pub parameters: BTreeMap<String, String>,
}

/// A column, as Glue describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LakeColumn {
    /// In lower case, as Glue keeps it.
    pub name: String,
    /// `array<struct<a:int,b:string>>`: Hive's spelling.
    pub hive_type: String,
    /// What people wrote about it.
    pub comment: Option<String>,
}

impl LakeColumn {
    /// A column without a comment.
    pub fn new(name: &str, hive_type: &str) -> Self {
        Self { name: name.to_owned(), hive_type: hive_type.to_owned(), comment: None }
    }
}

/// Glue's storage descriptor, as far as reading needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Storage {
    /// `s3://bucket/prefix/`; `s3a://` and `s3n://` are the same.
    pub location: String,
    /// Hadoop's class name.
    pub input_format: Option<String>,
    /// The SerDe's class name.
    pub serde_library: Option<String>,
    /// The SerDe's properties.
    pub serde_parameters: BTreeMap<String, String>,
}

/// One partition, as Glue keeps it.
#[derive(Clone, Debug)]
pub struct LakePartition {
    /// One for each partition key, as text; `__HIVE_DEFAULT_PARTITION__` is NULL.
    pub values: Vec<String>,
    /// Where its files lie and how they read.
    pub storage: Storage,
}

/// Which partitions a query can need: an expression in the language of `glue:GetPartitions`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionFilter(pub(crate) String);

impl PartitionFilter {
    /// `(year = '2020') AND (month IN ('01', '02'))`.
    pub fn expression(&self) -> &str {
        &self.0
    }
}

/// A stored query.
#[derive(Clone, Debug)]
pub struct View {
    /// The query's text, in Trino's dialect.
    pub sql: String,
    /// What the view's columns are called and which types they had when it was made, in Trino's spelling.
    pub columns: Vec<ViewColumn>,
    /// Where unqualified names in the query are looked for.
    pub catalog: Option<String>,
    /// Where unqualified names in the query are looked for.
    pub schema: Option<String>,
}

/// A column of a view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewColumn {
    /// As it was spelled.
    pub name: String,
    /// In Trino's spelling: `array(row(a bigint))`.
    pub trino_type: String,
}
