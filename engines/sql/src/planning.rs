//! What a dialect works with while it plans: the session, DataFusion's state, and the relations behind names.
//!
//! A dialect offers `plan(&Planning, sql) -> Planned`. It looks up the names of a statement with
//! [`Planning::resolve`], which is where the catalog is asked (asynchronously, once per name and query), and hands
//! DataFusion's planner the table sources that it got.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{LogicalPlan, TableSource};
use futures_util::future::BoxFuture;
use haar_kernel::Timestamp;
use parking_lot::Mutex;

use crate::batch::OutputColumn;
use crate::catalog::{Catalog, Relation, RelationName, View};
use crate::error::SqlError;
use crate::lake::{About, Lake, Meter};
use crate::session::Session;

/// The surroundings of planning one statement.
pub(crate) struct Planning {
    /// Who asks, when, with which parameters.
    pub(crate) session: Arc<Session>,
    /// With the dialect's functions and rules.
    pub(crate) state: SessionState,
    /// Behind [`Planning::resolve`].
    pub(crate) catalog: Arc<dyn Catalog>,
    /// What the query reads is counted here.
    pub(crate) meter: Arc<Meter>,
    lake: Arc<Lake>,
    resolved: Mutex<HashMap<RelationName, Resolved>>,
}

/// What stands behind a name.
#[derive(Clone)]
pub(crate) enum Resolved {
    /// Something that can be scanned. Its schema carries Trino's types (`Type::of(field)`); hidden columns such as
    /// `$path` come last.
    Table(Arc<dyn TableSource>),
    /// A stored query: plan it with its own catalog and schema.
    View(View),
    /// The catalog and the schema are there, the relation is not.
    NoRelation,
    /// The catalog is there, the schema is not.
    NoSchema,
    /// There is no such catalog.
    NoCatalog,
}

/// Which state of a table is meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum TableVersion {
    /// `FOR VERSION AS OF 8954597067493422955`.
    Snapshot(i64),
    /// `FOR VERSION AS OF 'branch or tag'`.
    Reference(String),
    /// `FOR TIMESTAMP AS OF …`.
    At(Timestamp),
}

/// A statement that was planned.
pub(crate) struct Planned {
    /// Not optimized yet.
    pub(crate) plan: LogicalPlan,
    /// Named and typed as Trino does; as many as the plan has.
    pub(crate) columns: Vec<OutputColumn>,
}

impl Planning {
    pub(crate) fn new(session: Arc<Session>, state: SessionState, catalog: Arc<dyn Catalog>, lake: Arc<Lake>) -> Self {
        let meter = Arc::new(Meter::new(session.scan_bytes_max));
        Self { session, state, catalog, meter, lake, resolved: Mutex::default() }
    }

    /// What stands behind a name. Asks the catalog once for each name.
    pub(crate) fn resolve<'a>(&'a self, name: &'a RelationName) -> BoxFuture<'a, Result<Resolved, SqlError>> {
        Box::pin(async move {
            if let Some(known) = self.resolved.lock().get(name) {
                return Ok(known.clone());
            }
            let found = self.look_up(name).await?;
            self.resolved.lock().insert(name.clone(), found.clone());
            Ok(found)
        })
    }

    /// The tables that were resolved so far, those in views too.
    pub(crate) fn tables(&self) -> Vec<RelationName> {
        let resolved = self.resolved.lock();
        let tables = resolved.iter().filter(|(_, resolved)| matches!(resolved, Resolved::Table(_)));
        let mut names: Vec<RelationName> = tables.map(|(name, _)| name.clone()).collect();
        names.sort();
        names
    }

    async fn look_up(&self, name: &RelationName) -> Result<Resolved, SqlError> {
        if name.schema == "information_schema" {
            return self.lake.information_schema(&self.catalog, name).await;
        }
        match self.catalog.relation(name).await? {
            Some(Relation::View(view)) => Ok(Resolved::View(view)),
            Some(Relation::Table(table)) => {
                if let Some(metadata) = table.iceberg_metadata() {
                    return Ok(Resolved::Table(self.lake.iceberg(&table, metadata, None, &self.meter).await?));
                }
                let source = self.lake.table(table, &self.catalog, &self.meter, self.session.now)?;
                Ok(Resolved::Table(source))
            }
            None => self.about_iceberg(name).await,
        }
    }

    /// `"t$snapshots"` and its like, of an Iceberg table.
    async fn about_iceberg(&self, name: &RelationName) -> Result<Resolved, SqlError> {
        if let Some((table, about)) = About::of(&name.name) {
            let of = RelationName { name: table.to_owned(), ..name.clone() };
            if let Some(Relation::Table(table)) = self.catalog.relation(&of).await?
                && let Some(metadata) = table.iceberg_metadata()
            {
                return Ok(Resolved::Table(self.lake.about_iceberg(&table, metadata, about).await?));
            }
        }
        self.what_is_missing(name).await
    }

    /// A table as it was. Only Iceberg's tables remember that.
    pub(crate) fn resolve_at<'a>(
        &'a self,
        name: &'a RelationName,
        version: &'a TableVersion,
    ) -> BoxFuture<'a, Result<Resolved, SqlError>> {
        Box::pin(async move {
            let Some(Relation::Table(table)) = self.catalog.relation(name).await? else {
                return self.resolve(name).await;
            };
            let metadata = table.iceberg_metadata().ok_or_else(|| {
                SqlError::not_supported(format!("Time travel is only supported for Iceberg tables: {name}"))
            })?;
            Ok(Resolved::Table(self.lake.iceberg(&table, metadata, Some(version), &self.meter).await?))
        })
    }

    async fn what_is_missing(&self, name: &RelationName) -> Result<Resolved, SqlError> {
        if !self.catalog.catalogs().await?.contains(&name.catalog) {
            return Ok(Resolved::NoCatalog);
        }
        let schemas = self.catalog.schemas(&name.catalog).await?;
        Ok(if schemas.contains(&name.schema) { Resolved::NoRelation } else { Resolved::NoSchema })
    }
}
