//! The command line: what can be asked, and how it reads in `--help`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// An AWS data platform on one machine, in one binary.
#[derive(Debug, Parser)]
#[command(name = "haar", version, about, propagate_version = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the house: every service on one port, until Ctrl-C.
    Up(Up),
    /// Start a house, walk through what it can do, and print what happened.
    Demo(Demo),
    /// Print what a shell must export: eval "$(haar env)".
    Env(Endpoint),
    /// Say whether a house answers, and what is in it.
    Status(Status),
    /// Show or move the house's clock.
    Clock(Clock),
    /// Show the calls that the house has recorded, and what happened by itself, newest last.
    Logs(Logs),
    /// Show the events that services and callers have put on the bus, newest last.
    Events(Events),
    /// Work with policies.
    Iam(Iam),
    /// Look after the data directory.
    Data(Data),
    /// Empty all state of a running house.
    Reset(Endpoint),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// `haar up`. Every flag has a variable, and a line in haar.toml of the same name.
#[derive(Clone, Debug, Default, Args)]
pub struct Up {
    /// Where every API listens [default: 127.0.0.1:4566].
    #[arg(long, value_name = "HOST:PORT", env = "HAAR_LISTEN")]
    pub listen: Option<String>,
    /// Where everything is kept [default: ~/.local/share/haar].
    #[arg(long, value_name = "DIR", env = "HAAR_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// Keep everything in memory and nothing on disk.
    #[arg(long, env = "HAAR_EPHEMERAL")]
    pub ephemeral: bool,
    /// Check signatures, or take every caller for root.
    #[arg(long, value_enum, env = "HAAR_AUTH")]
    pub auth: Option<Auth>,
    /// How strictly IAM policies are taken.
    #[arg(long, value_enum, env = "HAAR_IAM")]
    pub iam: Option<IamMode>,
    /// The account of the default credentials [default: 000000000000].
    #[arg(long, value_name = "ID", env = "HAAR_ACCOUNT")]
    pub account: Option<String>,
    /// The region of calls that name none [default: us-east-1].
    #[arg(long, env = "HAAR_REGION")]
    pub region: Option<String>,
    /// What goes to standard error: error, warn, info, debug, or a filter like haar_events=debug [default: info].
    #[arg(long, value_name = "FILTER", env = "HAAR_LOG")]
    pub log: Option<String>,
    /// Logs as JSON lines.
    #[arg(long, env = "HAAR_LOG_JSON")]
    pub log_json: bool,
    /// The file with these settings [default: haar.toml here, if there is one].
    #[arg(long, value_name = "FILE", env = "HAAR_CONFIG")]
    pub config: Option<PathBuf>,
}

/// `--auth`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Auth {
    /// Signatures are verified.
    #[default]
    On,
    /// Nothing is verified; a 12-digit access key id names its account.
    Off,
}

/// `--iam`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IamMode {
    /// As on AWS.
    #[default]
    Enforce,
    /// Deny nothing, record what would have been denied.
    Observe,
    /// Do not look at policies.
    Off,
}

/// `haar demo`.
#[derive(Clone, Debug, Args)]
pub struct Demo {
    /// Leave the house open afterwards, to look around in.
    #[arg(long)]
    pub keep: bool,
}

/// Which house to talk to.
#[derive(Clone, Debug, Args)]
pub struct Endpoint {
    /// Where the house listens.
    #[arg(long, value_name = "URL", env = "HAAR_ENDPOINT", default_value = "http://127.0.0.1:4566")]
    pub endpoint: String,
}

/// `haar status`.
#[derive(Clone, Debug, Args)]
pub struct Status {
    /// Which house.
    #[command(flatten)]
    pub house: Endpoint,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

/// `haar clock`.
#[derive(Clone, Debug, Args)]
pub struct Clock {
    /// Which house.
    #[command(flatten)]
    pub house: Endpoint,
    /// What to do with it; without this, show it.
    #[command(subcommand)]
    pub action: Option<ClockAction>,
}

/// `haar clock …`.
#[derive(Clone, Debug, Subcommand)]
pub enum ClockAction {
    /// Move time forward; everything that falls due runs, in order.
    Advance {
        /// How far: 90s, 15m, 24h, 7d.
        by: String,
    },
}

/// `haar logs`.
#[derive(Clone, Debug, Args)]
pub struct Logs {
    /// Which house.
    #[command(flatten)]
    pub house: Endpoint,
    /// Only this service, as `haar status` names it: s3, lambda, events.
    #[arg(long)]
    pub service: Option<String>,
    /// At most this many.
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
    /// As JSON lines.
    #[arg(long)]
    pub json: bool,
    /// As an access log: one line of plain fields per call.
    #[arg(long, conflicts_with = "json")]
    pub access_log: bool,
}

/// `haar events`.
#[derive(Clone, Debug, Args)]
pub struct Events {
    /// Which house.
    #[command(flatten)]
    pub house: Endpoint,
    /// At most this many.
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
}

/// `haar iam`.
#[derive(Clone, Debug, Args)]
pub struct Iam {
    /// What to do.
    #[command(subcommand)]
    pub action: IamAction,
}

/// `haar iam …`.
#[derive(Clone, Debug, Subcommand)]
pub enum IamAction {
    /// Print the least policy that allows what a principal has called.
    Suggest {
        /// Which house.
        #[command(flatten)]
        house: Endpoint,
        /// Only calls of this user, role or session: an ARN, or a part of one.
        #[arg(long, value_name = "ARN")]
        principal: Option<String>,
    },
}

/// `haar data`.
#[derive(Clone, Debug, Args)]
pub struct Data {
    /// What to do.
    #[command(subcommand)]
    pub action: DataAction,
}

/// `haar data …`.
#[derive(Clone, Debug, Subcommand)]
pub enum DataAction {
    /// Verify everything that is stored, and say what is wrong. The house must be down.
    Check {
        /// Where it is kept [default: ~/.local/share/haar].
        #[arg(long, value_name = "DIR", env = "HAAR_DATA_DIR")]
        data_dir: Option<PathBuf>,
    },
}
