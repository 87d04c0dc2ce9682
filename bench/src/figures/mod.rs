//! What is measured: one file per figure, or per pair that shares its preparation.

mod get_parameter;
mod many_parameters;
mod send_message;
mod start;

use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;

use crate::report::Report;

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
}

impl Name {
    /// In the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::value_variants().iter().copied()
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
}

impl Effort {
    /// What the targets are about.
    pub fn full() -> Self {
        Self { starts: 7, turns: 5, lasting: Duration::from_secs(5), parameters: 1_000_000, pages: 2000 }
    }

    /// A minute in all.
    pub fn quick() -> Self {
        Self { starts: 2, turns: 2, lasting: Duration::from_secs(2), parameters: 50_000, pages: 300 }
    }
}

/// Measures one, and writes it down.
pub async fn measure(name: Name, effort: &Effort, report: &mut Report) -> Result<()> {
    match name {
        Name::Start => start::measure(effort, report).await,
        Name::GetParameter => get_parameter::measure(effort, report).await,
        Name::SendMessage => send_message::measure(effort, report).await,
        Name::ManyParameters => many_parameters::measure(effort, report).await,
    }
}

/// The middle one; of an even number the higher of the two.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
