//! What is measured: a folder per set, in it one file per figure, or per pair that shares its preparation.

mod events;
mod house;
mod lake;

use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;

use crate::report::Report;

/// Figures that are measured together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Set {
    /// Start, small reads and writes, many rows: beside moto_server and bare hyper.
    House,
    /// Objects, queries, crawls: beside nginx, dd and DuckDB.
    Lake,
    /// Functions, patterns, logs, metrics: beside bare processes and DuckDB.
    Events,
}

/// The figures, by the name that `--only` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Name {
    /// From exec to answering on all services, and idle memory.
    Start,
    /// Requests per second of a small read.
    GetParameter,
    /// Requests per second of a durable write.
    SendMessage,
    /// Page cost and start time with a million parameters.
    ManyParameters,
    /// Small objects read per second.
    SmallObjects,
    /// Bytes per second of large objects.
    LargeObjects,
    /// Bytes per second of a durable write.
    PutObject,
    /// Page cost with a million keys.
    ManyKeys,
    /// Memory while large objects move.
    Memory,
    /// SQL over Parquet, alone and in a crowd.
    Tpch,
    /// A crawl of many objects beside one of few.
    Crawl,
    /// Functions: warm, cold, and many at once.
    Invoke,
    /// Matching an event against many rules.
    Patterns,
    /// Durable log events.
    LogIngest,
    /// A query over logs.
    Insights,
    /// A month of many metrics.
    Metrics,
}

impl Name {
    /// In the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::value_variants().iter().copied()
    }

    /// What it is measured with.
    pub fn set(self) -> Set {
        match self {
            Self::Start | Self::GetParameter | Self::SendMessage | Self::ManyParameters => Set::House,
            Self::SmallObjects | Self::LargeObjects | Self::PutObject | Self::ManyKeys | Self::Memory => Set::Lake,
            Self::Tpch | Self::Crawl => Set::Lake,
            Self::Invoke | Self::Patterns | Self::LogIngest | Self::Insights | Self::Metrics => Set::Events,
        }
    }
}

/// How much trouble is taken.
pub struct Effort {
    /// Starts of each program, after one that is not counted.
    pub starts: usize,
    /// Turns of each server, one after the other.
    pub turns: usize,
    /// How long each turn counts.
    pub lasting: Duration,
    /// What "many parameters" means.
    pub parameters: usize,
    /// Pages read in a row.
    pub pages: usize,
    /// What "many keys" means.
    pub objects: usize,
    /// What "large objects" means, where memory is measured.
    pub large_bytes: u64,
    /// TPC-H's scale factor.
    pub scale: f64,
    /// Objects of the larger crawl.
    pub crawled: usize,
    /// Messages of the logs that are queried.
    pub log_bytes: u64,
    /// Days of metrics, and how many metrics.
    pub days: u32,
    /// See `days`.
    pub metrics: usize,
}

impl Effort {
    /// What the targets are about.
    pub fn full() -> Self {
        Self {
            starts: 7,
            turns: 5,
            lasting: Duration::from_secs(5),
            parameters: 1_000_000,
            pages: 2000,
            objects: 1_000_000,
            large_bytes: 1 << 30,
            scale: 1.0,
            crawled: 10_000,
            log_bytes: 1_000_000_000,
            days: 30,
            metrics: 500,
        }
    }

    /// A minute in all.
    pub fn quick() -> Self {
        Self {
            starts: 2,
            turns: 2,
            lasting: Duration::from_secs(2),
            parameters: 50_000,
            pages: 300,
            objects: 50_000,
            large_bytes: 1 << 26,
            scale: 0.1,
            crawled: 1000,
            log_bytes: 50_000_000,
            days: 3,
            metrics: 50,
        }
    }
}

/// Measures one, and writes it down.
pub async fn measure(name: Name, effort: &Effort, report: &mut Report) -> Result<()> {
    match name {
        Name::Start => house::start::measure(effort, report).await,
        Name::GetParameter => house::get_parameter::measure(effort, report).await,
        Name::SendMessage => house::send_message::measure(effort, report).await,
        Name::ManyParameters => house::many_parameters::measure(effort, report).await,
        Name::SmallObjects => lake::get_object::small(effort, report).await,
        Name::LargeObjects => lake::get_object::large(effort, report).await,
        Name::PutObject => lake::put_object::measure(effort, report).await,
        Name::ManyKeys => lake::list_objects::measure(effort, report).await,
        Name::Memory => lake::memory::measure(effort, report).await,
        Name::Tpch => lake::tpch::measure(effort, report).await,
        Name::Crawl => lake::crawl::measure(effort, report).await,
        Name::Invoke => events::invoke::measure(effort, report).await,
        Name::Patterns => events::patterns::measure(effort, report).await,
        Name::LogIngest => events::log_ingest::measure(effort, report).await,
        Name::Insights => events::insights::measure(effort, report).await,
        Name::Metrics => events::metrics::measure(effort, report).await,
    }
}

/// The middle one; of an even number the higher of the two.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
