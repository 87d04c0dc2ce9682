//! Athena: SQL over the lake.
//!
//! <https://docs.aws.amazon.com/athena/latest/ug/what-is.html>

mod configuration;
mod data_catalog;
mod ddl;
mod error;
mod execution;
mod glue;
mod idempotence;
mod lake;
mod listing;
mod location;
mod metadata;
mod model;
mod named_query;
mod place;
mod prepared_statement;
mod result;
mod reuse;
mod statement;
mod tag;
mod view;
mod workgroup;
mod write;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use haar_platform::Platform;
use haar_platform::aws::athena as aws;
use haar_platform::bus::Bus;
use haar_platform::kernel::{Service, Waker};
use haar_platform::ledger::Ledger;
use haar_platform::store::Store;
use haar_sql::Engine;

use self::execution::scheduler::Scheduler;
use self::execution::{history, retention, run, show, start, stop};
pub use self::model::tables;

/// What the operations share.
#[derive(Clone)]
struct Athena {
    store: Store,
    bus: Bus,
    ledger: Ledger,
    engine: Engine,
    scheduler: Scheduler,
    /// Of the job that lets go of old executions.
    retention: Waker,
    /// Whether executions of an earlier process were looked after.
    recovered: Arc<AtomicBool>,
}

/// Athena over an engine that reads the house's objects.
pub fn service(platform: &Platform, engine: Engine) -> Service {
    let (begin, expire) = (Waker::default(), Waker::default());
    let state = Athena {
        store: platform.store.clone(),
        bus: platform.bus.clone(),
        ledger: platform.ledger.clone(),
        engine,
        scheduler: Scheduler::new(begin.clone()),
        retention: expire.clone(),
        recovered: Arc::default(),
    };
    Service::of(&aws::MODEL, state)
        // Workgroups.
        .op::<aws::CreateWorkGroup>(workgroup::create_access, workgroup::create)
        .op::<aws::GetWorkGroup>(workgroup::get_access, workgroup::get)
        .op::<aws::UpdateWorkGroup>(workgroup::update_access, workgroup::update)
        .op::<aws::DeleteWorkGroup>(workgroup::delete_access, workgroup::delete)
        .op::<aws::ListWorkGroups>(workgroup::list_access, workgroup::list)
        .op::<aws::ListEngineVersions>(workgroup::engine_versions_access, workgroup::engine_versions)
        // Named queries.
        .op::<aws::CreateNamedQuery>(named_query::create_access, named_query::create)
        .op::<aws::GetNamedQuery>(named_query::get_access, named_query::get)
        .op::<aws::BatchGetNamedQuery>(named_query::get_many_access, named_query::get_many)
        .op::<aws::UpdateNamedQuery>(named_query::update_access, named_query::update)
        .op::<aws::DeleteNamedQuery>(named_query::delete_access, named_query::delete)
        .op::<aws::ListNamedQueries>(named_query::list_access, named_query::list)
        // Prepared statements.
        .op::<aws::CreatePreparedStatement>(prepared_statement::create_access, prepared_statement::create)
        .op::<aws::GetPreparedStatement>(prepared_statement::get_access, prepared_statement::get)
        .op::<aws::BatchGetPreparedStatement>(prepared_statement::get_many_access, prepared_statement::get_many)
        .op::<aws::UpdatePreparedStatement>(prepared_statement::update_access, prepared_statement::update)
        .op::<aws::DeletePreparedStatement>(prepared_statement::delete_access, prepared_statement::delete)
        .op::<aws::ListPreparedStatements>(prepared_statement::list_access, prepared_statement::list)
        // Data catalogs, and what is in them.
        .op::<aws::CreateDataCatalog>(data_catalog::create_access, data_catalog::create)
        .op::<aws::GetDataCatalog>(data_catalog::get_access, data_catalog::get)
        .op::<aws::UpdateDataCatalog>(data_catalog::update_access, data_catalog::update)
        .op::<aws::DeleteDataCatalog>(data_catalog::delete_access, data_catalog::delete)
        .op::<aws::ListDataCatalogs>(data_catalog::list_access, data_catalog::list)
        .op::<aws::GetDatabase>(metadata::database_access, metadata::database)
        .op::<aws::ListDatabases>(metadata::databases_access, metadata::databases)
        .op::<aws::GetTableMetadata>(metadata::table_access, metadata::table)
        .op::<aws::ListTableMetadata>(metadata::tables_access, metadata::tables)
        // Executions.
        .op::<aws::StartQueryExecution>(start::access, start::start)
        .op::<aws::StopQueryExecution>(stop::access, stop::stop)
        .op::<aws::GetQueryExecution>(show::get_access, show::get)
        .op::<aws::BatchGetQueryExecution>(history::get_many_access, history::get_many)
        .op::<aws::ListQueryExecutions>(history::list_access, history::list)
        .op::<aws::GetQueryResults>(result::get::access, result::get::get)
        .op::<aws::GetQueryRuntimeStatistics>(show::runtime_access, show::runtime)
        // Tags.
        .op::<aws::TagResource>(tag::add_access, tag::add)
        .op::<aws::UntagResource>(tag::remove_access, tag::remove)
        .op::<aws::ListTagsForResource>(tag::list_access, tag::list)
        // What happens by itself.
        .job("executions", &begin, run::begin_submitted)
        .job("retention", &expire, retention::expire)
        .forget(|athena: &Athena| athena.scheduler.stop_all())
        .build()
}
