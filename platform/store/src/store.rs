//! The store: opening it, reading, writing, and what stands beside the tables.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use parking_lot::{Mutex, RwLock, RwLockWriteGuard};
use redb::{ReadableTableMetadata, TableHandle};
use tokio::sync::{mpsc, oneshot};

use crate::blob::{BlobStore, Blobs};
use crate::check::{CheckReport, examine};
use crate::database::Engine;
use crate::directory::Directory;
use crate::error::StoreError;
use crate::log::{Log, LogOptions};
use crate::read::ReadTx;
use crate::snapshot::Snapshot;
use crate::table::TableInfo;
use crate::transaction::Tx;
use crate::vault::Vault;
use crate::writer::{Command, Counters, QUEUE_MAX, Transaction, Writer, panic_message};

/// Where the data is, and how much memory reading it may take.
#[derive(Clone, Debug)]
pub struct Config {
    /// `None` keeps everything in memory: no file is touched, and the end of the process is the end
    /// of the data. All else is the same.
    pub data_dir: Option<PathBuf>,
    /// Bound of the page cache. Idle memory grows to it.
    pub cache_bytes: usize,
}

impl Config {
    /// 16 MiB keep the upper levels of a table of a million records in memory.
    pub const CACHE_BYTES: usize = 16 << 20;

    pub fn at(data_dir: impl Into<PathBuf>) -> Self {
        Self { data_dir: Some(data_dir.into()), cache_bytes: Self::CACHE_BYTES }
    }

    pub fn in_memory() -> Self {
        Self { data_dir: None, cache_bytes: Self::CACHE_BYTES }
    }
}

/// A handle of the store; clones are the same store. See the crate's documentation.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    queue: mpsc::Sender<Command>,
    published: Arc<Published>,
    blobs: Arc<Blobs>,
    vault: Arc<Vault>,
    logs: Mutex<HashMap<String, Log>>,
    logs_root: Option<PathBuf>,
    counters: Arc<Counters>,
}

/// The snapshot that reads get: the last commit's.
pub(crate) struct Published(RwLock<Arc<Snapshot>>);

impl Published {
    pub(crate) fn read(&self) -> ReadTx {
        ReadTx { snapshot: self.0.read().clone() }
    }

    pub(crate) fn set(&self, snapshot: Arc<Snapshot>) {
        let before = std::mem::replace(&mut *self.0.write(), snapshot);
        // Outside the lock: ending a snapshot frees its tables.
        drop(before);
    }

    /// Keeps readers waiting until the guard goes, with `snapshot` in place of the current one.
    pub(crate) fn lock_for(&self, snapshot: Arc<Snapshot>) -> RwLockWriteGuard<'_, Arc<Snapshot>> {
        let mut door = self.0.write();
        *door = snapshot;
        door
    }
}

impl Store {
    /// Opens the data directory, or makes it; repairs what a crash left, refuses what it does not
    /// understand. Blocks: call it at startup, or off the async threads.
    pub fn open(config: Config) -> Result<Self, StoreError> {
        let (engine, blobs, vault, directory) = match &config.data_dir {
            None => (Engine::in_memory(config.cache_bytes)?, Blobs::in_memory(), Vault::in_memory()?, None),
            Some(data_dir) => {
                let directory = Directory::open(data_dir)?;
                let vault = Vault::load(&directory.vault_key(), directory.fresh)?;
                if directory.fresh {
                    directory.mark()?;
                }
                let engine = Engine::on_disk(&directory.state(), config.cache_bytes)?;
                directory.sync()?;
                (engine, Blobs::on_disk(directory.blobs())?, vault, Some(directory))
            }
        };
        let published = Arc::new(Published(RwLock::new(engine.snapshot()?)));
        let blobs = Arc::new(blobs);
        blobs.clone().reclaim(published.clone())?;

        let (queue, commands) = mpsc::channel(QUEUE_MAX);
        let inner = Inner {
            queue,
            published,
            blobs,
            vault: Arc::new(vault),
            logs: Mutex::default(),
            logs_root: directory.as_ref().map(Directory::logs),
            counters: Arc::default(),
        };
        let writer = Writer {
            engine,
            published: inner.published.clone(),
            blobs: inner.blobs.clone(),
            counters: inner.counters.clone(),
            directory,
        };
        std::thread::Builder::new()
            .name("haar-store".to_owned())
            .spawn(move || writer.run(commands))
            .map_err(StoreError::io("start the writer's thread"))?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Reads one snapshot of the committed state. Never waits for writers.
    pub fn read<T>(&self, query: impl FnOnce(&ReadTx) -> T) -> T {
        query(&self.snapshot())
    }

    /// The committed state as of now, for a read that does not fit in a closure.
    pub fn snapshot(&self) -> ReadTx {
        self.inner.published.read()
    }

    /// Runs a transaction and returns when it is durable. An error or a panic of the closure undoes
    /// its writes, and only its own. The closure runs once, on the writer's thread, while nobody else
    /// writes: decide in it, but compute and wait outside. If the caller stops waiting, the
    /// transaction still happens.
    pub async fn write<F, T, E>(&self, closure: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Transaction::new(closure, reply));
        self.inner.queue.send(Command::Write(job)).await.map_err(|_| StoreError::Closed)?;
        answer.await.unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }

    pub fn blobs(&self) -> BlobStore {
        BlobStore { blobs: self.inner.blobs.clone(), published: self.inner.published.clone() }
    }

    /// Whether nothing is kept on disk.
    pub fn is_in_memory(&self) -> bool {
        self.inner.logs_root.is_none()
    }

    pub fn vault(&self) -> &Vault {
        &self.inner.vault
    }

    /// The log of this name; the first to ask sets its options. Opening reads its last segment.
    pub fn log(&self, name: &str, options: LogOptions) -> Result<Log, StoreError> {
        let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.');
        if !name.starts_with(|first: char| first.is_ascii_lowercase()) || !name.bytes().all(plain) {
            return Err(StoreError::BadLogName(name.to_owned()));
        }
        let mut logs = self.inner.logs.lock();
        if let Some(log) = logs.get(name) {
            return Ok(log.clone());
        }
        let log = match &self.inner.logs_root {
            None => Log::in_memory(name, options),
            Some(root) => Log::on_disk(name, root.join(name), options)?,
        };
        logs.insert(name.to_owned(), log.clone());
        Ok(log)
    }

    /// Empties all tables, all blobs and all logs. The vault keeps its key. Transactions queued
    /// before it are gone with the rest, those queued behind it see an empty store.
    pub async fn wipe(&self) -> Result<(), StoreError> {
        self.command(|reply| Command::Wipe { reply }).await?;
        let store = self.clone();
        off_thread(move || store.all_logs()?.iter().try_for_each(Log::clear)).await
    }

    /// Verifies everything: the database file, each record and index entry of the given tables, the
    /// blobs and their links, the logs. Stops the world while the database file is verified.
    pub async fn check(&self, tables: Vec<TableInfo>) -> Result<CheckReport, StoreError> {
        self.inner.blobs.reclaimed().await;
        let sound = self.command(|reply| Command::Verify { reply }).await?;
        let store = self.clone();
        off_thread(move || {
            let mut report = CheckReport::default();
            if !sound {
                report.problems.push("the database file was damaged and had to be repaired".to_owned());
            }
            examine(&store, &tables, &mut report)?;
            Ok(report)
        })
        .await
    }

    /// Figures for a person or a metric. Walks the tables: not for every request.
    pub async fn stats(&self) -> Result<Stats, StoreError> {
        let store = self.clone();
        off_thread(move || {
            let now = store.snapshot();
            let transaction = now.snapshot.transaction()?;
            let mut tables = Vec::new();
            for handle in transaction.list_tables().map_err(StoreError::database("list the tables"))? {
                let name = handle.name().to_owned();
                let table = transaction.open_untyped_table(handle).map_err(StoreError::database("open a table"))?;
                let rows = table.len().map_err(StoreError::database("count a table"))?;
                let bytes = table.stats().map_err(StoreError::database("measure a table"))?.stored_bytes();
                tables.push(TableStats { name, rows, bytes });
            }
            let counters = &store.inner.counters;
            Ok(Stats {
                tables,
                transactions: counters.transactions.load(Ordering::Relaxed),
                commits: counters.commits.load(Ordering::Relaxed),
            })
        })
        .await
    }

    /// Finishes what is queued, makes everything durable and lets go of the data directory. Later
    /// reads and writes answer [`StoreError::Closed`].
    pub async fn close(&self) -> Result<(), StoreError> {
        let logs: Vec<_> = self.inner.logs.lock().values().cloned().collect();
        off_thread(move || logs.iter().try_for_each(Log::flush)).await?;
        self.command(|reply| Command::Close { reply }).await
    }

    pub(crate) fn raw_blobs(&self) -> &Blobs {
        &self.inner.blobs
    }

    /// Every log there is, also those that nobody asked for since the start.
    pub(crate) fn all_logs(&self) -> Result<Vec<Log>, StoreError> {
        if let Some(root) = self.inner.logs_root.as_deref().filter(|root| root.exists()) {
            for entry in std::fs::read_dir(root).map_err(StoreError::io("list the logs"))? {
                let name = entry.map_err(StoreError::io("list the logs"))?.file_name();
                let known = self.inner.logs.lock().contains_key(&*name.to_string_lossy());
                if !known {
                    self.log(&name.to_string_lossy(), LogOptions::default())?;
                }
            }
        }
        Ok(self.inner.logs.lock().values().cloned().collect())
    }

    async fn command<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Command,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.inner.queue.send(command(reply)).await.map_err(|_| StoreError::Closed)?;
        answer.await.unwrap_or(Err(StoreError::Closed))
    }
}

/// What the store holds and has done since it was opened.
#[derive(Clone, Debug)]
pub struct Stats {
    pub tables: Vec<TableStats>,
    pub transactions: u64,
    /// Durable commits: fewer than transactions, because waiting transactions share one.
    pub commits: u64,
}

#[derive(Clone, Debug)]
pub struct TableStats {
    /// A table or an index.
    pub name: String,
    pub rows: u64,
    /// Keys and values, without the database's own overhead.
    pub bytes: u64,
}

/// Runs file work where it may block.
pub(crate) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(failure) if failure.is_panic() => Err(StoreError::Panicked(panic_message(&*failure.into_panic()))),
        Err(_) => Err(StoreError::Closed),
    }
}
