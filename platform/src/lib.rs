//! The ground floor, assembled: what a service is built on.
//!
//! A room depends on this crate alone (and on the engine that it drives), and builds its services from one
//! [`Platform`].

pub mod role;

use std::sync::Arc;

pub use haar_aws as aws;
pub use haar_bus as bus;
pub use haar_kernel as kernel;
pub use haar_ledger as ledger;
pub use haar_pattern as pattern;
pub use haar_policy as policy;
pub use haar_schedule as schedule;
pub use haar_store as store;

use haar_bus::Bus;
use haar_kernel::House;
use haar_ledger::Ledger;
use haar_store::Store;

/// What every service is given at start.
#[derive(Clone)]
pub struct Platform {
    /// Clock, paging, tasks, the default account and region.
    pub house: Arc<House>,
    /// Tables, blobs, logs, the vault.
    pub store: Store,
    /// Events.
    pub bus: Bus,
    /// What happened.
    pub ledger: Ledger,
}

impl Platform {
    /// Puts the ground floor together over an open store.
    pub fn assemble(house: Arc<House>, store: Store) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let ledger = Ledger::open(&store, &house)?;
        let bus = Bus::open(&store, &house)?;
        Ok(Self { house, store, bus, ledger })
    }
}
