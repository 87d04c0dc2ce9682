//! CloudWatch: metrics that come in and from our own services, read back as statistics and expressions.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/WhatIsCloudWatch.html>

mod alarms;
mod anomaly;
mod dashboards;
mod error;
mod measures;
mod metrics;
mod place;
mod unit;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use haar_platform::Platform;
use haar_platform::aws::cloudwatch as aws;
use haar_platform::bus::Bus;
use haar_platform::kernel::{Clock, Service, Waker};
use haar_platform::ledger::Ledger;
use haar_platform::store::{Store, TableInfo};
use haar_telemetry::series::{self, SeriesStore};

/// What the operations share.
#[derive(Clone)]
struct CloudWatch {
    store: Store,
    bus: Bus,
    ledger: Ledger,
    clock: Clock,
    series: SeriesStore,
    /// Where reading the ledger has come to.
    reading: measures::Reading,
    /// Of the job that moves points into columns.
    upkeep: Waker,
    /// Which alarms are evaluated when.
    agenda: alarms::Agenda,
    /// Of the job that drops old history.
    expiry: Waker,
}

impl CloudWatch {
    fn open(platform: &Platform) -> Self {
        // Startup: there is nobody yet to answer to, and no CloudWatch without its series.
        let series =
            SeriesStore::open(&platform.store).unwrap_or_else(|cause| panic!("failed to open series: {cause}"));
        Self {
            store: platform.store.clone(),
            bus: platform.bus.clone(),
            ledger: platform.ledger.clone(),
            clock: platform.house.clock.clone(),
            series,
            reading: measures::Reading::default(),
            upkeep: Waker::default(),
            agenda: alarms::Agenda::default(),
            expiry: Waker::default(),
        }
    }
}

/// CloudWatch.
pub fn service(platform: &Platform) -> Service {
    let state = CloudWatch::open(platform);
    alarms::action::open(platform);
    let (agenda, expiry) = (state.agenda.waker.clone(), state.expiry.clone());
    let (upkeep, reading) = (state.upkeep.clone(), state.reading.waker(&platform.ledger));
    Service::of(&aws::MODEL, state)
        // Metrics.
        .op::<aws::PutMetricData>(metrics::put::access, metrics::put::put)
        .op::<aws::ListMetrics>(metrics::list::access, metrics::list::list)
        .op::<aws::GetMetricStatistics>(metrics::statistics::access, metrics::statistics::get)
        .op::<aws::GetMetricData>(metrics::data::access, metrics::data::get)
        // Anomaly detectors.
        .op::<aws::PutAnomalyDetector>(anomaly::access, anomaly::put)
        .op::<aws::DescribeAnomalyDetectors>(anomaly::describe_access, anomaly::describe)
        .op::<aws::DeleteAnomalyDetector>(anomaly::delete_access, anomaly::delete)
        // Alarms.
        .op::<aws::PutMetricAlarm>(alarms::put::access, alarms::put::put)
        .op::<aws::PutCompositeAlarm>(alarms::composite::access, alarms::composite::put)
        .op::<aws::DescribeAlarms>(alarms::describe::access, alarms::describe::describe)
        .op::<aws::DescribeAlarmsForMetric>(alarms::describe::for_metric_access, alarms::describe::for_metric)
        .op::<aws::DescribeAlarmHistory>(alarms::history::access, alarms::history::describe)
        .op::<aws::DeleteAlarms>(alarms::change::delete_access, alarms::change::delete)
        .op::<aws::SetAlarmState>(alarms::change::set_access, alarms::change::set)
        .op::<aws::EnableAlarmActions>(alarms::change::enable_access, alarms::change::enable)
        .op::<aws::DisableAlarmActions>(alarms::change::disable_access, alarms::change::disable)
        // Dashboards.
        .op::<aws::PutDashboard>(dashboards::put_access, dashboards::put)
        .op::<aws::GetDashboard>(dashboards::get_access, dashboards::get)
        .op::<aws::ListDashboards>(dashboards::list_access, dashboards::list)
        .op::<aws::DeleteDashboards>(dashboards::delete_access, dashboards::delete)
        // Tags.
        .op::<aws::TagResource>(alarms::tags::tag_access, alarms::tags::tag)
        .op::<aws::UntagResource>(alarms::tags::untag_access, alarms::tags::untag)
        .op::<aws::ListTagsForResource>(alarms::tags::list_access, alarms::tags::list)
        // What happens by itself.
        .job("alarms", &agenda, alarms::evaluation::evaluate)
        .job("alarm history", &expiry, alarms::history::expire)
        .job("series", &upkeep, metrics::upkeep)
        .job("measures", &reading, measures::read)
        .forget(|state| {
            state.series.forget();
            state.agenda.forget();
        })
        .build()
}

/// The tables of this service, for `haar data check`.
pub fn tables() -> Vec<TableInfo> {
    let mut tables = series::tables();
    tables.extend(alarms::tables());
    tables.extend(dashboards::tables());
    tables.extend([measures::POSITIONS.info(), anomaly::DETECTORS.info()]);
    tables
}
