//! What calls touch, so that the pipeline can authorize them.
//!
//! Glue authorizes a call on a table on the table, its database and the catalog together: each must be allowed. The
//! catalog's one policy goes with all of them.
//! <https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html>

use std::collections::HashMap;
use std::sync::Arc;

use haar_platform::kernel::access::Resource;
use haar_platform::kernel::{Access, Ctx, Fault};
use haar_platform::policy::{Document, Kind, Source, SourceKind};
use haar_platform::store::Read;
use parking_lot::Mutex;

use super::Glue;
use super::error::Error;
use super::model::{POLICIES, TAGS};
use super::name::{DatabaseName, FunctionName, TableName};
use super::place::{self, Place};

/// Compiled policies that are kept; beyond, all are forgotten and compiled again.
const POLICIES_MAX: usize = 1000;

/// Catalog policies by their text, compiled once.
#[derive(Clone, Default)]
pub struct PolicyCache(Arc<Mutex<HashMap<String, Arc<Document>>>>);

impl PolicyCache {
    fn compiled(&self, text: String) -> Option<Arc<Document>> {
        let mut known = self.0.lock();
        if let Some(document) = known.get(&text) {
            return Some(document.clone());
        }
        // What was stored was checked before; a policy that no longer compiles allows nothing.
        let document = Arc::new(Document::parse(&text, Kind::Resource).ok()?);
        if known.len() >= POLICIES_MAX {
            known.clear();
        }
        known.insert(text, document.clone());
        Some(document)
    }
}

/// What a call touches in one catalog, put together piece by piece.
pub struct Touch<'a> {
    glue: &'a Glue,
    place: Place,
    policy: Option<Source>,
    access: Access,
}

impl<'a> Touch<'a> {
    /// The catalog itself, which goes with everything in it.
    pub fn catalog(ctx: &Ctx, glue: &'a Glue, catalog_id: Option<&str>) -> Result<Self, Fault> {
        let mut touch = Self::inside(ctx, glue, catalog_id)?;
        touch.add("catalog".into())?;
        Ok(touch)
    }

    /// Nothing yet.
    pub fn inside(ctx: &Ctx, glue: &'a Glue, catalog_id: Option<&str>) -> Result<Self, Fault> {
        let place = Place::of(ctx, catalog_id)?;
        let policy = glue.store.read(|tx| tx.get(POLICIES, &place.prefix())).map_err(Error::from)?;
        let document = policy.and_then(|policy| glue.policies.compiled(policy.text));
        let policy = document.map(|document| Source {
            id: "GlueResourcePolicy".into(),
            arn: None,
            kind: SourceKind::Resource,
            document,
        });
        Ok(Self { glue, place, policy, access: Access::default() })
    }

    /// And a database.
    pub fn database(mut self, name: &str) -> Result<Self, Fault> {
        self.add(place::database(&DatabaseName::of(name)))?;
        Ok(self)
    }

    /// And a table in a database.
    pub fn table(self, database: &str, name: &str) -> Result<Self, Fault> {
        let mut touch = self.database(database)?;
        touch.add(place::table(&DatabaseName::of(database), &TableName::of(name)))?;
        Ok(touch)
    }

    /// And a function in a database.
    pub fn function(self, database: &str, name: &str) -> Result<Self, Fault> {
        let mut touch = self.database(database)?;
        touch.add(place::function(&DatabaseName::of(database), &FunctionName::of(name)))?;
        Ok(touch)
    }

    /// And a connection.
    pub fn connection(mut self, name: &str) -> Result<Self, Fault> {
        self.add(place::connection(name))?;
        Ok(self)
    }

    /// And anything else, by the resource part of its ARN.
    pub fn resource(mut self, resource: String) -> Result<Self, Fault> {
        self.add(resource)?;
        Ok(self)
    }

    /// All of it.
    pub fn done(self) -> Result<Access, Fault> {
        Ok(self.access)
    }

    fn add(&mut self, resource: String) -> Result<(), Fault> {
        let tags = self.glue.store.read(|tx| tx.get(TAGS, &self.place.key(&resource))).map_err(Error::from)?;
        let touched = Resource::of(&self.place.arn(resource))
            .with_policy(self.policy.clone())
            .with_tags(tags.unwrap_or_default().0);
        self.access = std::mem::take(&mut self.access).and(touched);
        Ok(())
    }
}
