//! Developer commands: `cargo xtask gen | test | ci | compat | bench`.

mod r#gen;

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
    /// Make platform/aws from models/; with --botocore, first models/ from the pinned botocore wheel.
    Gen {
        /// Download the pinned wheel and strip its models again.
        #[arg(long)]
        botocore: bool,
    },
}

fn main() -> Result<()> {
    let root = root()?;
    match Arguments::parse().command {
        Command::Gen { botocore } => r#gen::run(&root, botocore),
    }
}

/// The project's folder: two above this crate's.
fn root() -> Result<PathBuf> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.ancestors()
        .nth(2)
        .map(PathBuf::from)
        .context("xtask lives in tools/xtask")
}
