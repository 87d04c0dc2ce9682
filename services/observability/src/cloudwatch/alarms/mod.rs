//! Alarms: metrics and expressions that are watched, rules over other alarms, and what is done when a state changes.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html>
//!
//! ```text
//!   put           PutMetricAlarm
//!   composite     PutCompositeAlarm, and `rule` its language
//!   describe      DescribeAlarms, DescribeAlarmsForMetric
//!   change        DeleteAlarms, SetAlarmState, EnableAlarmActions, DisableAlarmActions
//!   evaluation    the job that evaluates, with `verdict` (M of N, missing data) and `reason` (AWS's words)
//!   state         a change of state and what follows from it
//!   notification  what topics, functions and the bus are told; `region` what regions are called
//!   action        which actions there are, and the outbox that performs them
//!   history       what happened
//!   tags          of alarms and dashboards
//! ```

pub mod action;
pub mod change;
pub mod composite;
pub mod describe;
pub mod evaluation;
pub mod history;
mod model;
mod notification;
pub mod put;
mod reason;
mod region;
mod rule;
mod setting;
mod state;
pub mod tags;
mod verdict;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use haar_platform::store::TableInfo;

pub use evaluation::Agenda;

/// Alarms and their history.
pub fn tables() -> Vec<TableInfo> {
    vec![model::ALARMS.info(), model::HISTORY.info()]
}
