//! One file per command.

mod clock;
mod completions;
mod data;
mod demo;
mod env;
mod events;
mod iam;
mod logs;
mod reset;
mod status;
mod up;

use crate::cli::{Arguments, Command};
use crate::failure::Failure;

/// Runs one command.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    match arguments.command {
        Command::Up(up) => up::run(&up).await,
        Command::Demo(demo) => demo::run(&demo).await,
        Command::Env(house) => env::run(&house).await,
        Command::Status(status) => status::run(&status).await,
        Command::Clock(clock) => clock::run(&clock).await,
        Command::Logs(logs) => logs::run(&logs).await,
        Command::Events(events) => events::run(&events).await,
        Command::Iam(iam) => iam::run(&iam).await,
        Command::Data(data) => data::run(data).await,
        Command::Reset(house) => reset::run(&house).await,
        Command::Completions { shell } => {
            completions::run(shell);
            Ok(())
        }
    }
}
