//! The account and the region whose parameters a call works on, and the names that things have there.

use haar_platform::kernel::access::Resource;
use haar_platform::kernel::{Access, AccountId, Ctx, Region};
use haar_platform::store::Read;

use super::Ssm;
use super::error::Error;
use super::model::{ParameterKey, TAGS};

/// One region of one account.
#[derive(Clone)]
pub struct Place {
    /// Whose parameters.
    pub account: AccountId,
    /// Where.
    pub region: Region,
}

impl Place {
    /// Where a call works.
    pub fn of(ctx: &Ctx) -> Self {
        Self { account: ctx.account.clone(), region: ctx.region.clone() }
    }

    /// Where a stored parameter is.
    pub fn of_key((account, region, _): &ParameterKey) -> Self {
        Self {
            account: AccountId::parse(account).expect("keys are made from accounts"),
            region: Region::parse(region).expect("keys are made from regions"),
        }
    }

    /// The key of a parameter.
    pub fn key<'a>(&'a self, name: &'a str) -> (&'a str, &'a str, &'a str) {
        (self.account.as_str(), self.region.as_str(), name)
    }

    /// The key of everything here.
    pub fn prefix(&self) -> (&str, &str) {
        (self.account.as_str(), self.region.as_str())
    }

    /// A parameter's ARN. `a` and `/a` have the same one, as on AWS.
    pub fn arn(&self, name: &str) -> String {
        let Self { account, region } = self;
        let slash = if name.starts_with('/') { "" } else { "/" };
        format!("arn:aws:ssm:{region}:{account}:parameter{slash}{name}")
    }
}

impl Ssm {
    /// The access of a call to one parameter, with the older form of AWS's condition key for its tags.
    pub fn access<'a>(&self, place: &Place, names: impl IntoIterator<Item = &'a str>) -> Result<Access, Error> {
        let resource = self.resource(place, names)?;
        let mut access = Access::default();
        for (key, value) in &resource.tags {
            access = access.with_key(format!("ssm:resourceTag/{key}"), value.as_str());
        }
        Ok(access.and(resource))
    }

    /// What authorization wants to know of a parameter, whether it exists or not. All its possible names have the
    /// same ARN.
    pub fn resource<'a>(&self, place: &Place, names: impl IntoIterator<Item = &'a str>) -> Result<Resource, Error> {
        let mut resource = Resource { arn: String::new(), action: None, account: None, policy: None, tags: Vec::new() };
        for name in names {
            resource.arn = place.arn(name);
            if let Some(tags) = self.store.read(|tx| tx.get(TAGS, &place.key(name)))? {
                resource.tags = tags.0;
                break;
            }
        }
        Ok(resource)
    }
}
