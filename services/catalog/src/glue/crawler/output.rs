//! Writing what was found to the catalog: tables and partitions come, change and go, by the crawler's policies.
//!
//! Changes are calls of Glue's own operations by the crawler's role: they are authorized, told of and recorded like
//! anybody's.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use haar_platform::aws::glue as aws;
use haar_platform::kernel::{Caller, Ctx, Fault, Op};
use haar_platform::store::{Read, Span};

use super::super::Glue;
use super::super::kept::Kept;
use super::super::model::{DATABASES, TABLES, Table, TableInput};
use super::super::name::{DatabaseName, TableName};
use super::super::place::Place;
use super::change::{self, Update};
use super::configuration::Configuration;
use super::definition::{self, Author, DEPRECATED_BY_CRAWLER, PARTITION_FILTERING, UPDATED_BY_CRAWLER};
use super::grouping::FoundTable;
use super::model::Tally;
use super::partitions;
use super::run::Stop;
use super::table_name;
use super::walk::Ended;

/// The name of the index that crawlers make for a table with partitions.
const INDEX: &str = "crawler_partition_index";

/// Keys that an index can have.
const INDEX_KEYS_MAX: usize = 8;

/// What becomes of tables and partitions whose data are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delete {
    /// They stay.
    Log,
    /// They go.
    FromDatabase,
    /// They are marked.
    Deprecate,
}

/// Writes to one database.
pub struct Output<'a> {
    /// The crawl.
    pub ctx: &'a Ctx,
    /// The catalog.
    pub glue: &'a Glue,
    /// Whose.
    pub place: Place,
    /// The database.
    pub database: String,
    /// Who changes.
    pub role: Arc<Caller>,
    /// The crawler and the crawl.
    pub author: Author,
    /// Before the names of tables.
    pub prefix: String,
    /// The crawler's policies.
    pub update: Update,
    /// The crawler's policies.
    pub delete: Delete,
    /// Whether only new folders were looked at.
    pub is_incremental: bool,
    /// The crawler's configuration.
    pub configuration: Configuration,
    /// Whether somebody has stopped the crawl.
    pub stop: Stop,
}

/// A found table with its place in the lake.
pub struct Located {
    /// `s3://bucket/sales/`.
    pub location: String,
    /// The target's location, which partitions' paths begin behind.
    pub root: String,
    /// Exclude patterns of the target, as locations.
    pub exclusions: Vec<String>,
    /// What was found.
    pub table: FoundTable,
}

/// The tables of a database, as a crawler looks for them.
#[derive(Default)]
pub struct Known {
    tables: BTreeMap<String, Table>,
    by_location: HashMap<String, String>,
}

impl Known {
    /// Those that a crawler has written.
    pub fn of_crawler<'a>(&'a self, crawler: &'a str) -> impl Iterator<Item = &'a Table> {
        self.tables.values().filter(move |table| is_of_crawler(&table.version.input, crawler))
    }

    /// Of tables in one place, the crawler's own comes before those of others.
    fn add(&mut self, name: String, table: Table, crawler: &str) {
        if let Some(location) = location(&table.version.input) {
            let place = folder(location);
            if is_of_crawler(&table.version.input, crawler) || !self.by_location.contains_key(&place) {
                self.by_location.insert(place, name.clone());
            }
        }
        self.tables.insert(name, table);
    }
}

impl Output<'_> {
    /// The same, for another database.
    pub fn again(&self) -> Output<'_> {
        Output {
            ctx: self.ctx,
            glue: self.glue,
            place: self.place.clone(),
            database: self.database.clone(),
            role: self.role.clone(),
            author: self.author.clone(),
            prefix: self.prefix.clone(),
            update: self.update,
            delete: self.delete,
            is_incremental: self.is_incremental,
            configuration: self.configuration,
            stop: self.stop.clone(),
        }
    }

    /// Makes the database if there is none.
    pub async fn ensure_database(&self) -> Result<(), Ended> {
        let name = DatabaseName::of(&self.database);
        if self.glue.store.read(|tx| tx.contains(DATABASES, &self.place.key(name.as_str()))).map_err(broken)? {
            return Ok(());
        }
        let database_input = aws::DatabaseInput { name: self.database.clone(), ..Default::default() };
        self.call::<aws::CreateDatabase>(aws::CreateDatabaseRequest { database_input, ..Default::default() }).await?;
        Ok(())
    }

    /// The tables that are there.
    pub fn known(&self) -> Result<Known, Ended> {
        let name = DatabaseName::of(&self.database);
        let read = self.glue.store.snapshot();
        let mut known = Known::default();
        let Some(database) = read.get(DATABASES, &self.place.key(name.as_str())).map_err(broken)? else {
            return Ok(known);
        };
        for row in read.scan(TABLES, Span::under((database.number,))) {
            let ((_, name), table) = row.map_err(broken)?;
            known.add(name, table, &self.author.crawler);
        }
        Ok(known)
    }

    /// A table as it is now.
    pub fn find(&self, name: &str) -> Result<Option<Table>, Ended> {
        let database = DatabaseName::of(&self.database);
        let read = self.glue.store.snapshot();
        let Some(database) = read.get(DATABASES, &self.place.key(database.as_str())).map_err(broken)? else {
            return Ok(None);
        };
        read.get(TABLES, &(database.number, TableName::of(name).as_str())).map_err(broken)
    }

    /// Writes a table and its partitions; its name.
    pub async fn write(&self, found: &Located, known: &mut Known, tally: &mut Tally) -> Result<String, Ended> {
        self.check_stop()?;
        let existing = known.by_location.get(&folder(&found.location)).cloned();
        let name = existing.clone().unwrap_or_else(|| {
            let name = table_name::of(&self.prefix, &found.location);
            if known.tables.contains_key(&name) { table_name::with_hash(&name, &found.location) } else { name }
        });
        let wanted = self.describe(&name, found);
        match existing.and_then(|name| known.tables.get(&name)) {
            None => {
                self.create(&wanted).await?;
                tally.tables.create(name.clone());
            }
            Some(table) => {
                let before = table.version.input.clone();
                if let Some(wanted) = change::wanted(self.update, &before, wanted, self.ctx.now()) {
                    self.replace(&before, wanted).await?;
                    tally.tables.update(name.clone());
                }
            }
        }
        // What was written just now is what partitions are compared with.
        if let Some(table) = self.find(&name)? {
            partitions::write(self, &name, &table, found, tally).await?;
            known.add(name.clone(), table, &self.author.crawler);
        }
        Ok(name)
    }

    /// Writes what has become of a table that a catalog target names.
    pub async fn refresh(&self, name: &str, found: &Located, tally: &mut Tally) -> Result<(), Ended> {
        self.check_stop()?;
        let Some(table) = self.find(name)? else { return Ok(()) };
        let before = table.version.input.clone();
        let mut wanted = self.describe(name, found);
        wanted.description.clone_from(&before.description);
        if let Some(wanted) = change::wanted(self.update, &before, wanted, self.ctx.now()) {
            self.replace(&before, wanted).await?;
            tally.tables.update(name);
        }
        let Some(table) = self.find(name)? else { return Ok(()) };
        partitions::write(self, name, &table, found, tally).await
    }

    /// Tables of this crawler below the targets that were not found again.
    pub async fn forget(&self, roots: &[String], found: &BTreeSet<String>, tally: &mut Tally) -> Result<(), Ended> {
        if self.delete == Delete::Log {
            return Ok(());
        }
        for (name, table) in self.known()?.tables {
            self.check_stop()?;
            let input = table.version.input;
            let parameter = |key: &str| input.parameters.as_ref().and_then(|parameters| parameters.get(key));
            let is_own = is_of_crawler(&input, &self.author.crawler);
            let is_below =
                location(&input).is_some_and(|at| roots.iter().any(|root| folder(at).starts_with(root.as_str())));
            if found.contains(&name) || !is_own || !is_below {
                continue;
            }
            match self.delete {
                Delete::FromDatabase => {
                    let request = aws::DeleteTableRequest {
                        database_name: self.database.clone(),
                        name: name.clone(),
                        ..Default::default()
                    };
                    self.call::<aws::DeleteTable>(request).await?;
                    tally.tables.delete(name);
                }
                Delete::Deprecate if parameter(DEPRECATED_BY_CRAWLER).is_none() => {
                    self.update_table(change::deprecated(input, self.ctx.now())).await?;
                    tally.tables.update(name);
                }
                Delete::Deprecate | Delete::Log => {}
            }
        }
        Ok(())
    }

    /// A table as this crawler describes it.
    fn describe(&self, name: &str, found: &Located) -> TableInput {
        let author = Author { exclusions: found.exclusions.clone(), ..self.author.clone() };
        let kind = &found.table.kind;
        let keys = found.table.keys.iter();
        let keys: Vec<aws::Column> = keys
            .map(|key| aws::Column { name: key.clone(), r#type: Some("string".into()), ..Default::default() })
            .collect();
        let mut parameters = definition::parameters_of(&author, kind);
        if !keys.is_empty() && self.configuration.index {
            parameters.insert(PARTITION_FILTERING.into(), "true".into());
        }
        let storage = definition::storage(&author, kind, &found.location, &found.table.keys);
        Kept::keep(aws::TableInput {
            name: name.to_owned(),
            owner: Some("owner".into()),
            retention: Some(0),
            storage_descriptor: Some(storage),
            partition_keys: Some(keys),
            table_type: Some("EXTERNAL_TABLE".into()),
            parameters: Some(parameters),
            ..Default::default()
        })
    }

    async fn create(&self, wanted: &TableInput) -> Result<(), Ended> {
        let keys = wanted.partition_keys.as_deref().unwrap_or_default();
        let index = (self.configuration.index && !keys.is_empty()).then(|| aws::PartitionIndex {
            keys: keys.iter().take(INDEX_KEYS_MAX).map(|key| key.name.clone()).collect(),
            index_name: INDEX.into(),
        });
        let request = aws::CreateTableRequest {
            database_name: self.database.clone(),
            table_input: Some(Kept::show(wanted.clone())),
            partition_indexes: index.map(|index| vec![index]),
            ..Default::default()
        };
        self.call::<aws::CreateTable>(request).await?;
        Ok(())
    }

    /// A table with other partition keys is another table, which comes in place of the one that was there.
    async fn replace(&self, before: &TableInput, wanted: TableInput) -> Result<(), Ended> {
        let names = |input: &TableInput| -> Vec<String> {
            input.partition_keys.iter().flatten().map(|key| key.name.clone()).collect()
        };
        if names(before) == names(&wanted) {
            return self.update_table(wanted).await;
        }
        let request = aws::DeleteTableRequest {
            database_name: self.database.clone(),
            name: wanted.name.clone(),
            ..Default::default()
        };
        self.call::<aws::DeleteTable>(request).await?;
        self.create(&wanted).await
    }

    async fn update_table(&self, wanted: TableInput) -> Result<(), Ended> {
        let request = aws::UpdateTableRequest {
            database_name: self.database.clone(),
            table_input: Some(Kept::show(wanted)),
            ..Default::default()
        };
        self.call::<aws::UpdateTable>(request).await?;
        Ok(())
    }

    /// Calls an operation as the crawler's role.
    pub async fn call<O: Op>(&self, input: O::Input) -> Result<O::Output, Ended> {
        self.ctx.call_as::<O>(self.role.clone(), input).await.map_err(|fault| refused(&fault))
    }

    /// Ends the crawl if somebody has stopped it.
    pub fn check_stop(&self) -> Result<(), Ended> {
        if self.stop.is_asked() { Err(Ended::Stopped) } else { Ok(()) }
    }
}

fn is_of_crawler(input: &TableInput, crawler: &str) -> bool {
    let parameters = input.parameters.as_ref();
    parameters.and_then(|parameters| parameters.get(UPDATED_BY_CRAWLER)).is_some_and(|name| name == crawler)
}

fn location(input: &TableInput) -> Option<&str> {
    input.storage_descriptor.as_ref()?.location.as_deref()
}

/// A location with a slash at its end.
fn folder(location: &str) -> String {
    format!("{}/", location.trim_end_matches('/'))
}

/// A refusal of the catalog, as the crawl reports it.
fn refused(fault: &Fault) -> Ended {
    match fault.status {
        500.. => Ended::Failed("Internal Service Exception".into()),
        _ => Ended::Failed(fault.message.clone()),
    }
}

/// The store is broken.
pub fn broken(error: impl std::fmt::Display) -> Ended {
    tracing::error!(%error, "failed to read the catalog");
    Ended::Failed("Internal Service Exception".into())
}
