//! Alarms and their history as they are stored.

use haar_platform::aws::cloudwatch as aws;
use haar_platform::aws::cloudwatch::{StandardUnit, StateValue};
use haar_platform::kernel::{Arn, Timestamp};
use haar_platform::store::{Index, Record, Table};
use serde::{Deserialize, Serialize};

pub use super::setting::{Comparison, LowSamples, Missing};
use crate::cloudwatch::anomaly::StoredQuery;
use crate::cloudwatch::place::Place;
use crate::cloudwatch::unit;

/// Account, region and name.
pub type AlarmKey = (String, String, String);

/// Every alarm.
pub const ALARMS: Table<AlarmKey, Alarm> =
    Table::new("cloudwatch.alarms").indexed(&[&PARENTS, &SUPPRESSIBLE, &SUPPRESSED]);

/// Composite alarms by the alarms that their rules name: account, region, name of the child.
pub const PARENTS: Index<AlarmKey, AlarmKey, Alarm> =
    Index::new("cloudwatch.alarms.parents", |(account, region, _), alarm| {
        let children = alarm.children().iter();
        children.map(|child| (account.clone(), region.clone(), child.clone())).collect()
    });

/// Composite alarms by the alarm that suppresses their actions: account, region, name of the suppressor.
pub const SUPPRESSIBLE: Index<AlarmKey, AlarmKey, Alarm> =
    Index::new("cloudwatch.alarms.suppressible", |(account, region, _), alarm| {
        let suppressor = alarm.suppressor().into_iter();
        suppressor.map(|suppressor| (account.clone(), region.clone(), suppressor.name.clone())).collect()
    });

/// Alarms whose actions wait, by the millisecond in which that ends.
pub const SUPPRESSED: Index<i64, AlarmKey, Alarm> = Index::new("cloudwatch.alarms.suppressed", |_, alarm| {
    let until = alarm.state.suppressed.and_then(|suppressed| suppressed.until);
    until.into_iter().map(Timestamp::millis).collect()
});

/// Account, region, milliseconds since 1970, and a number that tells items of the same moment apart.
pub type ItemKey = (String, String, i64, u64);

/// What happened to alarms.
pub const HISTORY: Table<ItemKey, Item> =
    Table::new("cloudwatch.alarm_history").indexed(&[&HISTORY_BY_ALARM, &HISTORY_BY_TIME]);

/// Account, region, name of the alarm, and milliseconds since 1970.
pub type AlarmTime = (String, String, String, i64);

/// The history of each alarm.
pub const HISTORY_BY_ALARM: Index<AlarmTime, ItemKey, Item> =
    Index::new("cloudwatch.alarm_history.by_alarm", |(account, region, time, _), item| {
        vec![(account.clone(), region.clone(), item.alarm.clone(), *time)]
    });

/// In the order in which items expire.
pub const HISTORY_BY_TIME: Index<i64, ItemKey, Item> =
    Index::new("cloudwatch.alarm_history.by_time", |(_, _, time, _), _| vec![*time]);

/// One alarm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    pub name: String,
    pub description: Option<String>,
    pub watch: Watch,
    pub actions: Actions,
    pub tags: Vec<(String, String)>,
    /// When it was put.
    pub configured: Timestamp,
    pub state: State,
}

impl Record for Alarm {}

/// What to do when the state changes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Actions {
    pub enabled: bool,
    pub ok: Vec<String>,
    pub alarm: Vec<String>,
    pub insufficient_data: Vec<String>,
}

impl Actions {
    /// Those of a change to `value`.
    pub fn of(&self, value: Value) -> &[String] {
        match value {
            Value::Ok => &self.ok,
            Value::Alarm => &self.alarm,
            Value::InsufficientData => &self.insufficient_data,
        }
    }
}

/// What an alarm looks at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Watch {
    Metric(MetricWatch),
    Composite(CompositeWatch),
}

/// A metric, or what an expression comes to, and when it is wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricWatch {
    pub source: Source,
    pub evaluation_periods: u32,
    pub datapoints_to_alarm: Option<u32>,
    pub comparison: Comparison,
    pub threshold: Threshold,
    /// As it was given.
    pub missing: Option<Missing>,
    /// As it was given.
    pub low_samples: Option<LowSamples>,
}

/// Where the datapoints come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Source {
    Single {
        namespace: String,
        name: String,
        dimensions: Vec<(String, String)>,
        period: i32,
        /// `Average`, `p99`.
        stat: String,
        /// Whether it came as `ExtendedStatistic`.
        extended: bool,
        unit: Option<u8>,
    },
    Math {
        queries: Vec<StoredQuery>,
    },
}

/// What datapoints are compared with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Threshold {
    Static(f64),
    /// The id of the query that comes to a band.
    Band(String),
}

/// A rule over the states of other alarms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompositeWatch {
    /// As it was given.
    pub rule: String,
    /// The names in it, each once.
    pub children: Vec<String>,
    pub suppressor: Option<Suppressor>,
}

/// The alarm during whose ALARM a composite alarm does nothing.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm.html>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Suppressor {
    /// As it was given: a name or an ARN.
    pub given: String,
    pub name: String,
    /// How long actions wait for the suppressor to go into ALARM.
    pub wait_seconds: u32,
    /// How long actions wait after the suppressor has left ALARM.
    pub extension_seconds: u32,
}

/// Why actions are not performed, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Suppressed {
    pub by: SuppressedBy,
    /// `None` while the suppressor is in ALARM.
    pub until: Option<Timestamp>,
}

/// What keeps actions back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SuppressedBy {
    WaitPeriod,
    ExtensionPeriod,
    Alarm,
}

impl From<SuppressedBy> for aws::ActionsSuppressedBy {
    fn from(by: SuppressedBy) -> Self {
        match by {
            SuppressedBy::WaitPeriod => Self::WaitPeriod,
            SuppressedBy::ExtensionPeriod => Self::ExtensionPeriod,
            SuppressedBy::Alarm => Self::Alarm,
        }
    }
}

impl SuppressedBy {
    /// In AWS's words.
    pub fn reason(self) -> String {
        format!("Actions suppressed by {}", aws::ActionsSuppressedBy::from(self).as_str())
    }
}

/// The state of an alarm, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    pub value: Value,
    pub reason: String,
    /// JSON.
    pub reason_data: Option<String>,
    /// When the value or the reason was last set.
    pub updated: Timestamp,
    /// When the value last changed.
    pub transitioned: Timestamp,
    /// Whether the actions of the last change are kept back.
    pub suppressed: Option<Suppressed>,
}

/// The three states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Value {
    Ok,
    Alarm,
    InsufficientData,
}

impl Value {
    /// As AWS writes it.
    pub fn as_str(self) -> &'static str {
        StateValue::from(self).as_str()
    }
}

impl From<StateValue> for Value {
    fn from(value: StateValue) -> Self {
        match value {
            StateValue::Ok => Self::Ok,
            StateValue::Alarm => Self::Alarm,
            StateValue::InsufficientData => Self::InsufficientData,
        }
    }
}

impl From<Value> for StateValue {
    fn from(value: Value) -> Self {
        match value {
            Value::Ok => Self::Ok,
            Value::Alarm => Self::Alarm,
            Value::InsufficientData => Self::InsufficientData,
        }
    }
}

impl MetricWatch {
    /// N.
    pub fn periods(&self) -> usize {
        self.evaluation_periods as usize
    }

    /// M.
    pub fn to_alarm(&self) -> usize {
        self.datapoints_to_alarm.unwrap_or(self.evaluation_periods) as usize
    }

    /// What periods without data count as.
    pub fn missing(&self) -> Missing {
        self.missing.unwrap_or_default()
    }
}

impl Source {
    /// As queries of GetMetricData. A single metric is `m1`, and `samples` is the number of its samples.
    pub fn queries(&self) -> Vec<aws::MetricDataQuery> {
        match self {
            Self::Math { queries } => queries.iter().cloned().map(Into::into).collect(),
            Self::Single { namespace, name, dimensions, period, stat, unit, .. } => {
                let metric = aws::Metric {
                    namespace: Some(namespace.clone()),
                    metric_name: Some(name.clone()),
                    dimensions: Some(dimensions_of(dimensions)),
                };
                let query = |id: &str, stat: &str| aws::MetricDataQuery {
                    id: id.into(),
                    metric_stat: Some(aws::MetricStat {
                        metric: metric.clone(),
                        period: *period,
                        stat: stat.into(),
                        unit: unit.map(unit::of),
                    }),
                    ..Default::default()
                };
                vec![query("m1", stat), query("samples", "SampleCount")]
            }
        }
    }

    /// The unit of a single metric's data.
    pub fn unit(&self) -> Option<StandardUnit> {
        match self {
            Self::Single { unit, .. } => unit.map(unit::of),
            Self::Math { .. } => None,
        }
    }
}

/// Dimensions as answers have them.
pub fn dimensions_of(dimensions: &[(String, String)]) -> Vec<aws::Dimension> {
    dimensions.iter().map(|(name, value)| aws::Dimension { name: name.clone(), value: value.clone() }).collect()
}

impl Alarm {
    /// The names in a composite alarm's rule.
    pub fn children(&self) -> &[String] {
        match &self.watch {
            Watch::Composite(composite) => &composite.children,
            Watch::Metric(_) => &[],
        }
    }

    /// What suppresses a composite alarm's actions.
    pub fn suppressor(&self) -> Option<&Suppressor> {
        match &self.watch {
            Watch::Composite(composite) => composite.suppressor.as_ref(),
            Watch::Metric(_) => None,
        }
    }

    /// Its type as AWS names it.
    pub fn kind(&self) -> aws::AlarmType {
        match self.watch {
            Watch::Metric(_) => aws::AlarmType::MetricAlarm,
            Watch::Composite(_) => aws::AlarmType::CompositeAlarm,
        }
    }
}

/// The ARN of an alarm.
pub fn arn(place: &Place, name: &str) -> Arn {
    Arn::new("cloudwatch", &place.region, &place.account, format!("alarm:{name}"))
}

/// The key of an alarm.
pub fn key(place: &Place, name: &str) -> AlarmKey {
    (place.account.to_string(), place.region.to_string(), name.to_owned())
}

/// Something that happened to an alarm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    pub alarm: String,
    pub composite: bool,
    pub kind: ItemKind,
    pub summary: String,
    /// JSON.
    pub data: String,
}

impl Record for Item {}

/// What it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ItemKind {
    ConfigurationUpdate,
    StateUpdate,
    Action,
}

impl From<ItemKind> for aws::HistoryItemType {
    fn from(kind: ItemKind) -> Self {
        match kind {
            ItemKind::ConfigurationUpdate => Self::ConfigurationUpdate,
            ItemKind::StateUpdate => Self::StateUpdate,
            ItemKind::Action => Self::Action,
        }
    }
}
