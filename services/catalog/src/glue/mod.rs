//! The Glue Data Catalog: databases, tables, partitions and what goes with them.
//!
//! <https://docs.aws.amazon.com/glue/latest/dg/start-data-catalog.html>

mod access;
mod classifier;
mod column_data;
mod column_statistics;
mod connection;
mod crawler;
mod database;
mod error;
mod event;
mod expression;
mod function;
mod kept;
mod listing;
mod model;
mod name;
mod partition;
mod pattern;
mod place;
mod quota;
mod resource_policy;
mod search;
mod storage;
mod sweep;
mod table;
mod tag;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use std::sync::Arc;

use haar_platform::Platform;
use haar_platform::aws::glue as aws;
use haar_platform::bus::Bus;
use haar_platform::kernel::{Objects, Service, Waker};
use haar_platform::store::Store;

use self::access::PolicyCache;
use self::crawler::run::Crawls;
pub use self::model::tables;
pub use self::quota::Quotas;

/// What the operations share.
#[derive(Clone)]
struct Glue {
    store: Store,
    bus: Bus,
    quotas: Quotas,
    policies: PolicyCache,
    /// Of the job that sweeps away what belonged to deleted databases and tables.
    sweeper: Waker,
    /// Of the job that builds partition indexes and takes them down.
    indexer: Waker,
    /// What crawlers look at.
    objects: Arc<dyn Objects>,
    crawls: Crawls,
    /// Of the job that begins and stops crawls.
    crawling: Waker,
    /// Of the job that starts crawlers by their schedules.
    scheduler: Waker,
}

/// The Data Catalog with AWS's quotas, whose crawlers look at these objects.
pub fn service(platform: &Platform, objects: Arc<dyn Objects>) -> Service {
    service_with(platform, objects, Quotas::default())
}

/// The Data Catalog with other quotas: tests reach them, measurements do not.
pub fn service_with(platform: &Platform, objects: Arc<dyn Objects>, quotas: Quotas) -> Service {
    let [sweeper, indexer, crawling, scheduler] = std::array::from_fn(|_| Waker::default());
    let state = Glue {
        store: platform.store.clone(),
        bus: platform.bus.clone(),
        quotas,
        policies: PolicyCache::default(),
        sweeper: sweeper.clone(),
        indexer: indexer.clone(),
        objects,
        crawls: Crawls::default(),
        crawling: crawling.clone(),
        scheduler: scheduler.clone(),
    };
    Service::of(&aws::MODEL, state)
        // Databases.
        .op::<aws::CreateDatabase>(database::create_access, database::create)
        .op::<aws::DeleteDatabase>(database::delete_access, database::delete)
        .op::<aws::GetDatabase>(database::get_access, database::get)
        .op::<aws::GetDatabases>(database::list_access, database::list)
        .op::<aws::UpdateDatabase>(database::update_access, database::update)
        // Tables.
        .op::<aws::CreateTable>(table::create_access, table::create)
        .op::<aws::DeleteTable>(table::delete::one_access, table::delete::one)
        .op::<aws::BatchDeleteTable>(table::delete::many_access, table::delete::many)
        .op::<aws::GetTable>(table::get_access, table::get)
        .op::<aws::GetTables>(table::list::access, table::list::list)
        .op::<aws::UpdateTable>(table::update::access, table::update::update)
        .op::<aws::SearchTables>(search::access, search::search)
        .op::<aws::GetTableVersion>(table::version::get_access, table::version::get)
        .op::<aws::GetTableVersions>(table::version::list_access, table::version::list)
        .op::<aws::DeleteTableVersion>(table::version::delete_access, table::version::delete)
        .op::<aws::BatchDeleteTableVersion>(table::version::delete_many_access, table::version::delete_many)
        // Partitions.
        .op::<aws::CreatePartition>(partition::create::one_access, partition::create::one)
        .op::<aws::BatchCreatePartition>(partition::create::many_access, partition::create::many)
        .op::<aws::DeletePartition>(partition::delete::one_access, partition::delete::one)
        .op::<aws::BatchDeletePartition>(partition::delete::many_access, partition::delete::many)
        .op::<aws::GetPartition>(partition::get::one_access, partition::get::one)
        .op::<aws::BatchGetPartition>(partition::get::many_access, partition::get::many)
        .op::<aws::GetPartitions>(partition::list::access, partition::list::list)
        .op::<aws::UpdatePartition>(partition::update::one_access, partition::update::one)
        .op::<aws::BatchUpdatePartition>(partition::update::many_access, partition::update::many)
        .op::<aws::CreatePartitionIndex>(partition::index::create_access, partition::index::create)
        .op::<aws::DeletePartitionIndex>(partition::index::delete_access, partition::index::delete)
        .op::<aws::GetPartitionIndexes>(partition::index::list_access, partition::index::list)
        // Column statistics.
        .op::<aws::GetColumnStatisticsForTable>(column_statistics::get_table_access, column_statistics::get_table)
        .op::<aws::UpdateColumnStatisticsForTable>(
            column_statistics::update_table_access,
            column_statistics::update_table,
        )
        .op::<aws::DeleteColumnStatisticsForTable>(
            column_statistics::delete_table_access,
            column_statistics::delete_table,
        )
        .op::<aws::GetColumnStatisticsForPartition>(
            column_statistics::get_partition_access,
            column_statistics::get_partition,
        )
        .op::<aws::UpdateColumnStatisticsForPartition>(
            column_statistics::update_partition_access,
            column_statistics::update_partition,
        )
        .op::<aws::DeleteColumnStatisticsForPartition>(
            column_statistics::delete_partition_access,
            column_statistics::delete_partition,
        )
        // Functions.
        .op::<aws::CreateUserDefinedFunction>(function::create_access, function::create)
        .op::<aws::DeleteUserDefinedFunction>(function::delete_access, function::delete)
        .op::<aws::GetUserDefinedFunction>(function::get_access, function::get)
        .op::<aws::GetUserDefinedFunctions>(function::list_access, function::list)
        .op::<aws::UpdateUserDefinedFunction>(function::update_access, function::update)
        // Connections.
        .op::<aws::CreateConnection>(connection::create_access, connection::create)
        .op::<aws::DeleteConnection>(connection::delete_access, connection::delete)
        .op::<aws::BatchDeleteConnection>(connection::delete_many_access, connection::delete_many)
        .op::<aws::GetConnection>(connection::get_access, connection::get)
        .op::<aws::GetConnections>(connection::list_access, connection::list)
        .op::<aws::UpdateConnection>(connection::update_access, connection::update)
        // Classifiers.
        .op::<aws::CreateClassifier>(classifier::create_access, classifier::create)
        .op::<aws::DeleteClassifier>(classifier::delete_access, classifier::delete)
        .op::<aws::GetClassifier>(classifier::get_access, classifier::get)
        .op::<aws::GetClassifiers>(classifier::list_access, classifier::list)
        .op::<aws::UpdateClassifier>(classifier::update_access, classifier::update)
        // Crawlers.
        .op::<aws::CreateCrawler>(crawler::create_access, crawler::create)
        .op::<aws::DeleteCrawler>(crawler::delete_access, crawler::delete)
        .op::<aws::GetCrawler>(crawler::get_access, crawler::get)
        .op::<aws::GetCrawlers>(crawler::list_access, crawler::list)
        .op::<aws::BatchGetCrawlers>(crawler::get_many_access, crawler::get_many)
        .op::<aws::ListCrawlers>(crawler::list_names_access, crawler::list_names)
        .op::<aws::UpdateCrawler>(crawler::update_access, crawler::update)
        .op::<aws::StartCrawler>(crawler::run::start_access, crawler::run::start)
        .op::<aws::StopCrawler>(crawler::run::stop_access, crawler::run::stop)
        .op::<aws::ListCrawls>(crawler::history::list_access, crawler::history::list)
        .op::<aws::GetCrawlerMetrics>(crawler::history::metrics_access, crawler::history::metrics)
        .op::<aws::UpdateCrawlerSchedule>(crawler::schedule::update_access, crawler::schedule::update)
        .op::<aws::StartCrawlerSchedule>(crawler::schedule::start_access, crawler::schedule::start)
        .op::<aws::StopCrawlerSchedule>(crawler::schedule::stop_access, crawler::schedule::stop)
        // Tags and policies.
        .op::<aws::TagResource>(tag::add_access, tag::add)
        .op::<aws::UntagResource>(tag::remove_access, tag::remove)
        .op::<aws::GetTags>(tag::get_access, tag::get)
        .op::<aws::PutResourcePolicy>(resource_policy::put_access, resource_policy::put)
        .op::<aws::GetResourcePolicy>(resource_policy::get_access, resource_policy::get)
        .op::<aws::DeleteResourcePolicy>(resource_policy::delete_access, resource_policy::delete)
        // What happens by itself.
        .job("sweep", &sweeper, sweep::sweep)
        .job("partition indexes", &indexer, partition::index::work)
        .job("crawls", &crawling, crawler::run::work)
        .job("crawler schedules", &scheduler, crawler::schedule::work)
        .forget(|glue| glue.crawls.forget())
        .build()
}
