//! The account and region that a call works in, the ARNs that things have there, and what a call touches of them.

use haar_platform::kernel::access::Resource;
use haar_platform::kernel::{Access, AccountId, Arn, Ctx, Fault, Region};
use haar_platform::store::{Read, Store};

use super::error::Error;
use super::model::TAGS;

/// One account's Athena in one region.
#[derive(Clone, Debug)]
pub struct Place {
    /// Whose.
    pub account: AccountId,
    /// Where.
    pub region: Region,
}

impl Place {
    /// Of a call.
    pub fn of(ctx: &Ctx) -> Self {
        Self { account: ctx.account.clone(), region: ctx.region.clone() }
    }

    /// The beginning of the keys of everything here.
    pub fn prefix(&self) -> (&str, &str) {
        (self.account.as_str(), self.region.as_str())
    }

    /// The key of something here by its name.
    pub fn key<'a>(&'a self, name: &'a str) -> (&'a str, &'a str, &'a str) {
        (self.account.as_str(), self.region.as_str(), name)
    }

    /// The ARN of something here.
    pub fn arn(&self, resource: impl Into<String>) -> Arn {
        Arn::new("athena", &self.region, &self.account, resource)
    }
}

/// The resource part of a workgroup's ARN.
pub fn workgroup(name: &str) -> String {
    format!("workgroup/{name}")
}

/// The resource part of a data catalog's ARN.
pub fn data_catalog(name: &str) -> String {
    format!("datacatalog/{name}")
}

/// A call that touches one resource, with the resource's tags.
pub fn touch(ctx: &Ctx, store: &Store, resource: String) -> Result<Access, Fault> {
    touch_all(ctx, store, [resource])
}

/// A call that touches several resources.
pub fn touch_all(ctx: &Ctx, store: &Store, resources: impl IntoIterator<Item = String>) -> Result<Access, Fault> {
    let place = Place::of(ctx);
    let mut access = Access::default();
    for resource in resources {
        let tags = store.read(|tx| tx.get(TAGS, &place.key(&resource))).map_err(Error::from)?;
        access = access.and(Resource::of(&place.arn(resource)).with_tags(tags.unwrap_or_default().0));
    }
    Ok(access)
}
