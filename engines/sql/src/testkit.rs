//! A small engine for tests of this crate: objects in memory, tables that tests describe.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use haar_kernel::{MemoryObjects, Objects, Timestamp};
use parking_lot::Mutex;

use crate::catalog::{Catalog, LakeColumn, LakePartition, LakeTable, PartitionFilter, Relation, RelationName, Storage};
use crate::engine::{Config, Engine};
use crate::error::SqlError;
use crate::query::Query;
use crate::session::{Dialect, Session};
use crate::write::{Sink, Sinks};

/// An engine with its own spill directory.
pub(crate) struct TestHouse {
    pub(crate) engine: Engine,
    pub(crate) objects: MemoryObjects,
    pub(crate) catalog: Arc<TestCatalog>,
    spill: tempfile::TempDir,
}

impl TestHouse {
    pub(crate) fn open() -> Self {
        Self::with_memory(256 << 20)
    }

    pub(crate) fn with_memory(memory_bytes: u64) -> Self {
        let objects = MemoryObjects::default();
        let spill = tempfile::tempdir().unwrap();
        let config = Config { memory_bytes, spill_dir: Some(spill.path().to_owned()), threads: 2 };
        let engine = Engine::open(config, Arc::new(objects.clone())).unwrap();
        Self { engine, objects, catalog: Arc::default(), spill }
    }

    /// Files that are left in the spill directory.
    pub(crate) fn spilled_files(&self) -> usize {
        fn count(folder: &std::path::Path) -> usize {
            let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            entries.map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
        }
        count(self.spill.path())
    }

    pub(crate) fn session(&self) -> Session {
        let now = Timestamp::parse_iso8601("2024-02-03T04:05:06.789Z").unwrap();
        Session::new("awsdatacatalog", Some("db"), "tester", now, "q-1")
    }

    pub(crate) async fn query(&self, sql: &str) -> Result<Query, SqlError> {
        let catalog: Arc<dyn Catalog> = self.catalog.clone();
        self.engine.query(Dialect::Trino, sql, self.session(), catalog).await
    }

    /// Rows as Athena writes them, sorted.
    pub(crate) async fn rows(&self, sql: &str) -> Result<Vec<String>, SqlError> {
        let mut query = self.query(sql).await?;
        let mut rows = Vec::new();
        while let Some(batch) = query.next().await {
            let batch = batch?;
            for row in 0..batch.rows() {
                let values = (0..batch.columns()).map(|column| batch.text(column, row).unwrap_or("NULL".to_owned()));
                rows.push(values.collect::<Vec<_>>().join("|"));
            }
        }
        rows.sort();
        Ok(rows)
    }
}

/// Tables and partitions of the schema `db`.
#[derive(Default)]
pub(crate) struct TestCatalog {
    tables: Mutex<BTreeMap<RelationName, LakeTable>>,
    partitions: Mutex<BTreeMap<RelationName, Vec<LakePartition>>>,
}

impl TestCatalog {
    /// A table over `s3://lake/<name>/`; `serde` is the last part of its class.
    pub(crate) fn add(&self, name: &str, serde: &str, columns: &[(&str, &str)], keys: &[(&str, &str)]) {
        let name = RelationName::new("awsdatacatalog", "db", name);
        let of = |columns: &[(&str, &str)]| columns.iter().map(|(name, of)| LakeColumn::new(name, of)).collect();
        let storage = Storage {
            location: format!("s3://lake/{}/", name.name),
            serde_library: Some(format!("org.apache.hadoop.hive.{serde}")),
            ..Storage::default()
        };
        let table = LakeTable {
            name: name.clone(),
            columns: of(columns),
            partition_keys: of(keys),
            storage,
            parameters: BTreeMap::new(),
        };
        self.tables.lock().insert(name, table);
    }

    /// Says what stands between the fields of a text table.
    pub(crate) fn delimit(&self, table: &str, delimiter: &str) {
        let name = RelationName::new("awsdatacatalog", "db", table);
        if let Some(table) = self.tables.lock().get_mut(&name) {
            table.storage.serde_parameters.insert("field.delim".to_owned(), delimiter.to_owned());
        }
    }

    pub(crate) fn add_partition(&self, table: &str, values: &[&str], folder: &str) {
        let name = RelationName::new("awsdatacatalog", "db", table);
        let storage = self.tables.lock()[&name].storage.clone();
        self.partitions.lock().entry(name).or_default().push(LakePartition {
            values: values.iter().map(|value| (*value).to_owned()).collect(),
            storage: Storage { location: format!("s3://lake/{folder}"), ..storage },
        });
    }
}

impl Catalog for TestCatalog {
    fn catalogs(&self) -> BoxFuture<'_, Result<Vec<String>, SqlError>> {
        Box::pin(async { Ok(vec!["awsdatacatalog".to_owned()]) })
    }

    fn schemas<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<String>, SqlError>> {
        Box::pin(async { Ok(vec!["db".to_owned()]) })
    }

    fn relations<'a>(&'a self, _: &'a str, _: &'a str) -> BoxFuture<'a, Result<Vec<(String, Relation)>, SqlError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn relation<'a>(&'a self, name: &'a RelationName) -> BoxFuture<'a, Result<Option<Relation>, SqlError>> {
        let found = self.tables.lock().get(name).cloned().map(Relation::Table);
        Box::pin(async { Ok(found) })
    }

    fn partitions<'a>(
        &'a self,
        table: &'a LakeTable,
        _: Option<&'a PartitionFilter>,
    ) -> BoxFuture<'a, Result<Vec<LakePartition>, SqlError>> {
        let partitions = self.partitions.lock().get(&table.name).cloned().unwrap_or_default();
        Box::pin(async { Ok(partitions) })
    }
}

/// Files below a folder of the lake, which appear when they are finished.
pub(crate) struct TestSinks {
    pub(crate) objects: MemoryObjects,
    pub(crate) folder: &'static str,
}

impl Sinks for TestSinks {
    fn create<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Box<dyn Sink>, SqlError>> {
        let key = format!("{}{key}", self.folder);
        let file = TestSink { objects: self.objects.clone(), key, bytes: BytesMut::new() };
        Box::pin(async { Ok(Box::new(file) as Box<dyn Sink>) })
    }
}

struct TestSink {
    objects: MemoryObjects,
    key: String,
    bytes: BytesMut,
}

impl Sink for TestSink {
    fn write(&mut self, bytes: Bytes) -> BoxFuture<'_, Result<(), SqlError>> {
        self.bytes.extend_from_slice(&bytes);
        Box::pin(async { Ok(()) })
    }

    fn finish(self: Box<Self>) -> BoxFuture<'static, Result<(), SqlError>> {
        self.objects.put("lake", &self.key, Timestamp::default(), self.bytes.freeze());
        Box::pin(async { Ok(()) })
    }
}

/// The keys of all objects in the lake.
pub(crate) fn keys(objects: &MemoryObjects) -> Vec<String> {
    objects.list("lake", "", None, usize::MAX).unwrap().into_iter().map(|meta| meta.key).collect()
}
