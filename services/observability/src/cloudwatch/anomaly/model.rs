//! Detectors as they are stored.

use haar_platform::aws::cloudwatch::{Dimension, Metric, MetricDataQuery, MetricStat};
use haar_platform::kernel::Timestamp;
use haar_platform::store::{Record, Table};
use haar_telemetry::series::MetricName;
use serde::{Deserialize, Serialize};

use crate::cloudwatch::metrics::math::Series;
use crate::cloudwatch::unit;

/// Account, region, and what the detector is about ([`Subject::key`]).
pub const DETECTORS: Table<(String, String, String), Detector> = Table::new("cloudwatch.anomaly_detectors");

/// One detector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Detector {
    pub id: String,
    pub subject: Subject,
    /// Times whose data is not learnt from: from, and up to.
    pub excluded: Vec<(Timestamp, Timestamp)>,
}

impl Record for Detector {}

/// What a detector is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Subject {
    Metric { namespace: String, name: String, dimensions: Vec<(String, String)>, stat: String },
    Math { queries: Vec<StoredQuery> },
}

/// A query of a metric math detector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredQuery {
    id: String,
    metric: Option<StoredStat>,
    expression: Option<String>,
    label: Option<String>,
    return_data: Option<bool>,
    period: Option<i32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct StoredStat {
    namespace: String,
    name: String,
    dimensions: Vec<(String, String)>,
    period: i32,
    stat: String,
    unit: Option<u8>,
}

impl Subject {
    /// One text for the same subject, whatever the order of its dimensions.
    pub fn key(&self) -> String {
        match self {
            Self::Metric { namespace, name, dimensions, stat } => {
                let mut sorted = dimensions.clone();
                sorted.sort_unstable();
                format!("metric {namespace}\u{1}{name}\u{1}{stat}\u{1}{sorted:?}")
            }
            Self::Math { queries } => format!("math {queries:?}"),
        }
    }

    /// The metrics that it is made of; the partition is left to the caller.
    pub fn metrics(&self) -> Vec<MetricName> {
        let of = |namespace: &String, name: &String, dimensions: &Vec<(String, String)>| MetricName {
            partition: String::new(),
            namespace: namespace.clone(),
            name: name.clone(),
            dimensions: dimensions.clone(),
        };
        match self {
            Self::Metric { namespace, name, dimensions, .. } => vec![of(namespace, name, dimensions)],
            Self::Math { queries } => {
                let metrics = queries.iter().filter_map(|query| query.metric.as_ref());
                metrics.map(|stat| of(&stat.namespace, &stat.name, &stat.dimensions)).collect()
            }
        }
    }
}

/// Queries as they are stored.
pub fn stored(queries: &[MetricDataQuery]) -> Vec<StoredQuery> {
    let stored = queries.iter().map(|query| StoredQuery {
        id: query.id.clone(),
        metric: query.metric_stat.as_ref().map(|stat| StoredStat {
            namespace: stat.metric.namespace.clone().unwrap_or_default(),
            name: stat.metric.metric_name.clone().unwrap_or_default(),
            dimensions: {
                let dimensions = stat.metric.dimensions.iter().flatten();
                dimensions.map(|dimension| (dimension.name.clone(), dimension.value.clone())).collect()
            },
            period: stat.period,
            stat: stat.stat.clone(),
            unit: stat.unit.map(unit::number),
        }),
        expression: query.expression.clone(),
        label: query.label.clone(),
        return_data: query.return_data,
        period: query.period,
    });
    stored.collect()
}

impl From<StoredQuery> for MetricDataQuery {
    fn from(stored: StoredQuery) -> Self {
        let StoredQuery { id, metric, expression, label, return_data, period } = stored;
        let metric_stat = metric.map(|stat| MetricStat {
            metric: Metric {
                namespace: Some(stat.namespace),
                metric_name: Some(stat.name),
                dimensions: {
                    let dimensions = stat.dimensions.into_iter();
                    Some(dimensions.map(|(name, value)| Dimension { name, value }).collect())
                },
            },
            period: stat.period,
            stat: stat.stat,
            unit: stat.unit.map(unit::of),
        });
        Self { id, metric_stat, expression, label, return_data, period, account_id: None }
    }
}

/// What detectors leave out of the past of their metrics.
pub struct Excluded(pub Vec<Detector>);

impl Excluded {
    /// Takes those times out of a history that its detector does not learn from.
    pub fn leave_out(&self, series: &mut Series) {
        let Some(origin) = series.origin.clone() else { return };
        let subject = Subject::Metric {
            namespace: origin.namespace,
            name: origin.name,
            dimensions: origin.dimensions,
            stat: origin.stat,
        };
        let key = subject.key();
        for detector in self.0.iter().filter(|detector| detector.subject.key() == key) {
            series.points.retain(|(time, _)| {
                let time = Timestamp::from_seconds(*time);
                !detector.excluded.iter().any(|(from, to)| time >= *from && time < *to)
            });
        }
    }
}
