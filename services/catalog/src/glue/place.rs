//! The catalog that a call works on, and the names that things have in it.

use haar_platform::kernel::{AccountId, Arn, Ctx, Region};

use super::error::Error;
use super::name::{DatabaseName, FunctionName, TableName};

/// Requests to the Data Catalog, which AWS bills beyond the first million a month.
pub const REQUESTS: &str = "glue-catalog-requests";

/// Databases, tables, table versions, partitions and partition indexes that came to be stored.
pub const OBJECTS: &str = "glue-catalog-objects";

/// One account's catalog in one region.
#[derive(Clone, Debug)]
pub struct Place {
    /// Whose.
    pub account: AccountId,
    /// Where.
    pub region: Region,
}

impl Place {
    /// The catalog that a request names; without a name the caller's own. A catalog's id is its account's.
    pub fn of(ctx: &Ctx, catalog_id: Option<&str>) -> Result<Self, Error> {
        let account = match catalog_id {
            None => ctx.account.clone(),
            Some(id) => AccountId::parse(id).ok_or_else(|| Error::catalog_not_found(id))?,
        };
        Ok(Self { account, region: ctx.region.clone() })
    }

    /// The same, at the beginning of an operation that AWS bills as a request to the catalog.
    pub fn enter(ctx: &Ctx, catalog_id: Option<&str>) -> Result<Self, Error> {
        ctx.meter(REQUESTS, 1);
        Self::of(ctx, catalog_id)
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
        Arn::new("glue", &self.region, &self.account, resource)
    }
}

/// The resource part of a database's ARN.
pub fn database(name: &DatabaseName) -> String {
    format!("database/{name}")
}

/// The resource part of a table's ARN.
pub fn table(database: &DatabaseName, name: &TableName) -> String {
    format!("table/{database}/{name}")
}

/// The resource part of a function's ARN.
pub fn function(database: &DatabaseName, name: &FunctionName) -> String {
    format!("userDefinedFunction/{database}/{name}")
}

/// The resource part of a connection's ARN.
pub fn connection(name: &str) -> String {
    format!("connection/{name}")
}
