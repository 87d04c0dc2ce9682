//! `cargo xtask bench`: haar beside what a user would pick instead (moto_server) and beside the limits of what a
//! server can do (bare hyper, nginx, dd), in one run on one machine. Prints a table; a missed target is exit status 1.

mod echo;
mod figures;
mod load;
mod report;
mod requests;
mod server;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use figures::{Effort, Name, Set};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(about = "haar beside what a user would pick instead", subcommand_negates_reqs = true)]
struct Arguments {
    /// Short runs: to see that it works, not to believe the figures.
    #[arg(long)]
    quick: bool,
    /// Only the figures of this set.
    #[arg(value_enum)]
    set: Option<Set>,
    /// Only these figures.
    #[arg(long, value_enum, value_name = "NAME")]
    only: Vec<Name>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// The bare hyper server, for the benchmark's own use.
    #[command(hide = true)]
    Echo {
        /// Length of the body that it answers.
        bytes: usize,
    },
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        if let Some(Command::Echo { bytes }) = arguments.command {
            echo::serve(bytes).await?;
            return Ok(ExitCode::SUCCESS);
        }
        let effort = if arguments.quick { Effort::quick() } else { Effort::full() };
        let mut report = report::Report::begin()?;
        let asked = |name: &Name| {
            arguments.set.is_none_or(|set| name.set() == set)
                && (arguments.only.is_empty() || arguments.only.contains(name))
        };
        for name in Name::all().filter(asked) {
            eprintln!("measuring {name:?}");
            // One that does not come about must not cost the others.
            if let Err(error) = figures::measure(name, &effort, &mut report).await {
                report.fail(format!("{name:?} did not come about: {error:#}"));
            }
        }
        report.print();
        Ok(if report.all_met() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}
