//! What is kept of crawlers, and of their crawls.

use haar_platform::aws::glue as aws;
use haar_platform::kernel::Timestamp;
use haar_platform::store::{Index, Record, Table as StoreTable};
use serde::{Deserialize, Serialize};

use super::super::kept::{kept, kept_by_spelling};
use super::super::model::NameKey;

/// Crawlers.
pub const CRAWLERS: StoreTable<NameKey, Crawler> = StoreTable::new("glue.crawlers").indexed(&[&BY_DUE, &CRAWLING]);

/// Crawlers whose schedule runs, by when they are due.
pub const BY_DUE: Index<(i64,), NameKey, Crawler> =
    Index::new("glue.crawlers.by_due", |_, crawler| crawler.due().map(|due| (due.millis(),)).into_iter().collect());

/// Crawlers that are not READY.
pub const CRAWLING: Index<(bool,), NameKey, Crawler> =
    Index::new("glue.crawlers.crawling", |_, crawler| crawler.crawl.iter().map(|crawl| (crawl.stopping,)).collect());

/// Crawls: the crawler's number, when it began, its id.
pub const CRAWLS: StoreTable<(u64, i64, String), Crawl> = StoreTable::new("glue.crawls");

/// A crawler.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Crawler {
    /// What its crawls are kept under.
    pub number: u64,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// From 1; changes of the schedule count as well.
    pub version: i64,
    /// As it was sent.
    pub input: CrawlerInput,
    /// When it crawls by itself.
    pub schedule: Option<Schedule>,
    /// The crawl under way.
    pub crawl: Option<CrawlUnderWay>,
    /// The last crawl that ended.
    pub last: Option<LastCrawl>,
}

impl Record for Crawler {}

impl Crawler {
    /// When the schedule wants it to crawl next.
    pub fn due(&self) -> Option<Timestamp> {
        self.schedule.as_ref().filter(|schedule| schedule.running)?.due
    }
}

/// What a caller says of a crawler.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CrawlerInput {
    /// By its name or its ARN.
    pub role: String,
    /// Where to look.
    pub targets: CrawlerTargets,
    /// Where tables are written to.
    pub database_name: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// Names, in the order in which they are asked.
    pub classifiers: Option<Vec<String>>,
    /// Before the names of tables.
    pub table_prefix: Option<String>,
    /// What becomes of tables that have changed or gone.
    pub schema_change_policy: Option<SchemaChangePolicy>,
    /// Whether to look at everything again.
    pub recrawl_policy: Option<RecrawlPolicy>,
    /// Recorded and echoed: always disabled.
    pub lineage_configuration: Option<LineageConfiguration>,
    /// Recorded and echoed: always without its credentials.
    pub lake_formation_configuration: Option<LakeFormationConfiguration>,
    /// JSON, as it was written.
    pub configuration: Option<String>,
}

kept! {
    /// Where a crawler looks.
    CrawlerTargets of aws::CrawlerTargets {
        s3_targets: Option<Vec<S3Target>>,
        catalog_targets: Option<Vec<CatalogTarget>>,
    } refused { jdbc_targets, mongo_db_targets, dynamo_db_targets, delta_targets, iceberg_targets, hudi_targets }
}

kept! {
    /// Objects under a path.
    S3Target of aws::S3Target {
        path: Option<String>,
        exclusions: Option<Vec<String>>,
        sample_size: Option<i32>,
    } refused { connection_name, event_queue_arn, dlq_event_queue_arn }
}

kept! {
    /// The data of tables that are there.
    CatalogTarget of aws::CatalogTarget {
        database_name: String,
        tables: Vec<String>,
    } refused { connection_name, event_queue_arn, dlq_event_queue_arn }
}

kept! {
    /// What becomes of tables that have changed or gone.
    SchemaChangePolicy of aws::SchemaChangePolicy {
        update_behavior: Option<String>,
        delete_behavior: Option<String>,
    }
}

kept! {
    /// Whether to look at everything again.
    RecrawlPolicy of aws::RecrawlPolicy { recrawl_behavior: Option<String> }
}

kept! {
    /// Whether to tell where data come from.
    LineageConfiguration of aws::LineageConfiguration { crawler_lineage_settings: Option<String> }
}

kept! {
    /// Whose permission to read with.
    LakeFormationConfiguration of aws::LakeFormationConfiguration {
        use_lake_formation_credentials: Option<bool>,
        account_id: Option<String>,
    }
}

kept_by_spelling!(aws::RecrawlBehavior, aws::UpdateBehavior, aws::DeleteBehavior, aws::CrawlerLineageSettings);

/// When a crawler crawls by itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Schedule {
    /// `cron(…)`.
    pub expression: String,
    /// Whether it counts: SCHEDULED, not NOT_SCHEDULED.
    pub running: bool,
    /// The next time; none when there will be no more.
    pub due: Option<Timestamp>,
}

/// A crawl that has not ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CrawlUnderWay {
    /// Its id.
    pub id: String,
    /// When it began.
    pub started: Timestamp,
    /// Whether somebody has stopped it.
    pub stopping: bool,
    /// The opening of the house that it runs in: a crawl of another opening runs no longer.
    pub opening: u64,
}

/// The last crawl.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LastCrawl {
    /// Its id: the prefix of its messages.
    pub id: String,
    /// When it began.
    pub started: Timestamp,
    /// How it ended.
    pub end: End,
}

/// How a crawl ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// It looked at everything.
    Completed,
    /// It could not; why.
    Failed(String),
    /// Somebody stopped it.
    Stopped,
}

/// A crawl, in a crawler's history.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Crawl {
    /// When it ended, and how; none while it is under way.
    pub end: Option<(Timestamp, End)>,
    /// What it changed.
    pub tally: Tally,
}

impl Record for Crawl {}

/// What a crawl changed in the catalog.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Tables.
    pub tables: Changes,
    /// Partitions.
    pub partitions: Changes,
}

/// How many came, changed and went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// Came.
    pub created: u64,
    /// Changed; tables that were marked as deprecated are among them.
    pub updated: u64,
    /// Went.
    pub deleted: u64,
    /// Names of a few of them: the operation (`ADD`, `UPDATE`, `DELETE`), the name.
    pub names: Vec<(String, String)>,
}

/// Names that the summary of a crawl carries for each of tables and partitions.
const NAMES_MAX: usize = 100;

impl Changes {
    /// One came.
    pub fn create(&mut self, name: impl Into<String>) {
        self.created += 1;
        self.name("ADD", name.into());
    }

    /// One changed.
    pub fn update(&mut self, name: impl Into<String>) {
        self.updated += 1;
        self.name("UPDATE", name.into());
    }

    /// One went.
    pub fn delete(&mut self, name: impl Into<String>) {
        self.deleted += 1;
        self.name("DELETE", name.into());
    }

    fn name(&mut self, operation: &str, name: String) {
        if self.names.len() < NAMES_MAX {
            self.names.push((operation.to_owned(), name));
        }
    }
}
