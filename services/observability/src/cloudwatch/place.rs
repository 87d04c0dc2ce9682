//! The account and the region that a call works on.

use haar_platform::kernel::{AccountId, Ctx, Region};

/// One region of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Whose.
    pub account: AccountId,
    /// Where.
    pub region: Region,
}

impl Place {
    /// Where a call works.
    pub fn of(ctx: &Ctx) -> Self {
        Self { account: ctx.account.clone(), region: ctx.region.clone() }
    }

    /// The first components of every key here.
    pub fn prefix(&self) -> (&str, &str) {
        (self.account.as_str(), self.region.as_str())
    }

    /// What the series know of it.
    pub fn partition(&self) -> String {
        partition(&self.account, &self.region)
    }
}

/// The partition of the series of an account's region.
pub fn partition(account: &str, region: &str) -> String {
    format!("{account}/{region}")
}
