//! Developer commands: `cargo xtask gen | test | ci | compat | bench`.

mod bench;
mod ci;
mod compat;
mod r#gen;
mod program;
mod test;
mod venv;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Developer commands of haar")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make platform/aws and COMPATIBILITY.md from models/; with --botocore, first models/ from the pinned wheel.
    Gen {
        /// Download the pinned wheel and strip its models again.
        #[arg(long)]
        botocore: bool,
    },
    /// Set up what the tests need, and run them all.
    Test {
        /// Only the Rust tests.
        #[arg(long)]
        rust: bool,
        /// Only the tests with real clients.
        #[arg(long, conflicts_with = "rust")]
        clients: bool,
    },
    /// What CI checks before the tests: formatting, lints, generated files.
    Ci,
    /// Make COMPATIBILITY.md from models/.
    Compat,
    /// Run the side-by-side benchmarks: release build, beside what a user would pick instead.
    Bench {
        /// `house` or `lake`, `--quick`, `--only NAME`: handed on to the benchmarks.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> Result<()> {
    let root = root()?;
    match Arguments::parse().command {
        Command::Gen { botocore } => {
            r#gen::run(&root, botocore)?;
            compat::run(&root)
        }
        Command::Test { rust, clients } => test::all(&root, !clients, !rust),
        Command::Ci => ci::check(&root),
        Command::Compat => compat::run(&root),
        Command::Bench { arguments } => bench::run_all(&root, &arguments),
    }
}

/// The project's folder: two above this crate's.
fn root() -> Result<PathBuf> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).map(PathBuf::from).context("xtask lives in tools/xtask")
}
