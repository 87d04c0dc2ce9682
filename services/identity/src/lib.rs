//! The identity room: who may call, and what they may do.
//!
//! [`authority`] answers the front door's questions from what [`iam`] and [`sts`] store.

mod answers;
pub mod authority;
pub mod iam;
pub mod sts;

pub use authority::HouseAuthority;

use std::sync::Arc;

use haar_platform::Platform;
use haar_platform::kernel::Service;
use haar_platform::store::TableInfo;

/// The room, open: its services, and the authority that they share with the front door.
pub struct Identity {
    pub services: Vec<Service>,
    pub authority: Arc<HouseAuthority>,
}

/// Opens the room.
pub fn open(platform: &Platform) -> Identity {
    let authority = HouseAuthority::open(platform);
    let services = vec![iam::service(platform, &authority), sts::service(platform)];
    Identity { services, authority }
}

/// What the room keeps, for `haar data check`.
pub fn tables() -> Vec<TableInfo> {
    let mut tables = iam::tables();
    tables.extend(sts::model::tables());
    tables
}
