//! `haar up`: the house, open until it is told to close.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::env::exports;
use crate::cli::Up;
use crate::failure::Failure;
use crate::logs;
use crate::settings::Settings;
use crate::wiring::OpenHouse;

/// Exit status after a second signal, as shells know an interrupted program.
const INTERRUPTED: i32 = 130;

/// Opens the house; returns after it was closed in good order.
pub async fn run(up: &Up) -> Result<(), Failure> {
    let settings = Settings::of(up)?;
    logs::start(&settings.log, settings.log_json);
    let mut signals = Signals::listen()?;
    let house = OpenHouse::open(&settings).await?;
    eprintln!("# haar is up. In another shell:\n{}", exports(house.endpoint(), &settings.region));
    // The one line on standard output: scripts wait for it.
    println!("ready {}", house.endpoint());
    signals.next().await;
    tracing::info!("closing; another signal ends at once");
    tokio::select! {
        closed = house.close() => closed,
        () = signals.next() => std::process::exit(INTERRUPTED),
    }
}

/// Ctrl-C and SIGTERM.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// From now on they no longer end the process by themselves.
    pub fn listen() -> Result<Self, Failure> {
        let listen = |kind| signal(kind).map_err(|error| Failure::new("failed to listen for signals").because(error));
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    /// The next one.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
