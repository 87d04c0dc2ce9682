//! When a schedule fires: its expression in its zone, between start and end, somewhere in its window.
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>

use std::time::Duration;

use haar_platform::aws::scheduler::{FlexibleTimeWindow, FlexibleTimeWindowMode};
use haar_platform::kernel::{Timestamp, ids};
use haar_platform::schedule::{Schedule as Expression, Zone};

use super::error::SchedulerError;
use super::model::{Due, Timing};

/// How far in the past a start may lie.
const START_PAST_MAX: Duration = Duration::from_secs(5 * 60);

/// A timing as it is asked for.
pub struct Asked {
    pub expression: String,
    pub zone: Option<String>,
    pub start: Option<Timestamp>,
    pub end: Option<Timestamp>,
    pub window: FlexibleTimeWindow,
}

impl Timing {
    /// Reads a timing. `before` is what the schedule had: a rate that stays the same goes on as it ran.
    pub fn parse(asked: Asked, before: Option<&Self>, now: Timestamp) -> Result<Self, SchedulerError> {
        let Asked { expression, zone, start, end, window } = asked;
        if Expression::parse(&expression).is_none() {
            return Err(SchedulerError::validation(format!("Invalid Schedule Expression {expression}.")));
        }
        if let Some(zone) = zone.as_deref().filter(|zone| Zone::parse(zone).is_none()) {
            return Err(SchedulerError::validation(format!("Invalid Schedule Expression Timezone {zone}.")));
        }
        let same_start = before.is_some_and(|before| before.start == start);
        if start.is_some_and(|start| start + START_PAST_MAX < now) && !same_start {
            let message = "The StartDate you specify cannot be earlier than 5 minutes ago.";
            return Err(SchedulerError::validation(message));
        }
        if end.is_some_and(|end| end < now) {
            return Err(SchedulerError::validation("The EndDate you specify cannot be in the past."));
        }
        if let (Some(start), Some(end)) = (start, end)
            && start >= end
        {
            return Err(SchedulerError::validation("The StartDate you specify must come before the EndDate."));
        }
        let goes_on = before.filter(|before| before.expression == expression && same_start);
        let anchor = goes_on.map_or(now, |before| before.anchor);
        Ok(Self { expression, zone, start, end, window_minutes: window_minutes(&window)?, anchor })
    }

    /// The next time behind `after` that is not over at `now`; what was missed meanwhile is left out.
    pub fn next(&self, after: Timestamp, now: Timestamp) -> Option<Due> {
        let mut scheduled = self.scheduled_after(after)?;
        if scheduled + self.window() < now {
            scheduled = self.scheduled_after(now)?;
        }
        Some(Due { scheduled, fires_at: (scheduled + self.somewhere()).max(now) })
    }

    /// The first time of a schedule that was made or changed at `now`: a rate without a start begins at once.
    pub fn first(&self, now: Timestamp) -> Option<Due> {
        let is_rate = matches!(Expression::parse(&self.expression), Some(Expression::Rate(_)));
        let at_once = is_rate && self.start.is_none();
        self.next(if at_once { Timestamp::from_millis(now.millis() - 1) } else { now }, now)
    }

    fn scheduled_after(&self, after: Timestamp) -> Option<Timestamp> {
        // What is stored was checked.
        let expression = Expression::parse(&self.expression)?;
        let zone = self.zone.as_deref().and_then(Zone::parse).unwrap_or(Zone::UTC);
        let once = matches!(expression, Expression::At(_));
        let anchor = self.start.unwrap_or(self.anchor);
        let after = match self.start.filter(|_| !once) {
            Some(start) => after.max(Timestamp::from_millis(start.millis() - 1)),
            None => after,
        };
        // Start and end mean nothing to a schedule that fires once.
        expression.after(after, anchor, &zone).filter(|due| once || self.end.is_none_or(|end| *due <= end))
    }

    fn window(&self) -> Duration {
        Duration::from_secs(60 * u64::from(self.window_minutes.unwrap_or(0)))
    }

    /// A moment of the window, each as likely as the others.
    fn somewhere(&self) -> Duration {
        let millis = self.window().as_millis() as u64;
        let random = u64::from_be_bytes(ids::random());
        Duration::from_millis(if millis == 0 { 0 } else { random % millis })
    }
}

fn window_minutes(window: &FlexibleTimeWindow) -> Result<Option<u32>, SchedulerError> {
    let refuse = |message: &str| Err(SchedulerError::validation(message));
    match (window.mode, window.maximum_window_in_minutes) {
        (FlexibleTimeWindowMode::Off, None) => Ok(None),
        (FlexibleTimeWindowMode::Off, Some(_)) => {
            refuse("MaximumWindowInMinutes must not be provided when FlexibleTimeWindow Mode is set to OFF.")
        }
        (FlexibleTimeWindowMode::Flexible, Some(minutes)) => Ok(Some(minutes.unsigned_abs())),
        (FlexibleTimeWindowMode::Flexible, None) => {
            refuse("MaximumWindowInMinutes must be provided when FlexibleTimeWindow Mode is set to FLEXIBLE.")
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_iso8601(text).unwrap()
    }

    fn timing(expression: &str, zone: Option<&str>) -> Timing {
        Timing {
            expression: expression.into(),
            zone: zone.map(str::to_owned),
            start: None,
            end: None,
            window_minutes: None,
            anchor: at("2026-01-01T00:00:30Z"),
        }
    }

    fn times(timing: &Timing, from: &str, count: usize) -> Vec<String> {
        let first = timing.first(at(from));
        let next = |due: &Due| timing.next(due.scheduled, due.fires_at);
        std::iter::successors(first, next).take(count).map(|due| due.scheduled.iso8601()).collect()
    }

    #[test]
    fn a_rate_begins_at_once_or_at_its_start() {
        let mut rate = timing("rate(1 hour)", None);
        let wanted = ["2026-01-01T00:00:30Z", "2026-01-01T01:00:30Z"];
        assert_eq!(times(&rate, "2026-01-01T00:00:30Z", 2), wanted);
        rate.start = Some(at("2026-01-02T00:00:00Z"));
        rate.end = Some(at("2026-01-02T01:30:00Z"));
        let wanted = ["2026-01-02T00:00:00Z", "2026-01-02T01:00:00Z"];
        assert_eq!(times(&rate, "2026-01-01T00:00:30Z", 9), wanted);
    }

    #[test]
    fn daylight_saving_leaves_out_and_does_not_repeat() {
        let daily = timing("cron(30 2 * * ? *)", Some("Europe/Berlin"));
        let wanted = ["2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z"];
        assert_eq!(times(&daily, "2026-03-28T00:00:00Z", 2), wanted);
        let wanted = ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"];
        assert_eq!(times(&daily, "2026-10-24T12:00:00Z", 2), wanted);
    }

    #[test]
    fn once_is_once_and_in_its_zone() {
        let once = timing("at(2026-07-01T09:00:00)", Some("America/New_York"));
        assert_eq!(times(&once, "2026-01-01T00:00:00Z", 2), ["2026-07-01T13:00:00Z"]);
        assert_eq!(once.first(at("2026-08-01T00:00:00Z")), None);
    }

    #[test]
    fn what_was_missed_is_left_out() {
        let hourly = timing("cron(0 * * * ? *)", None);
        let next = hourly.next(at("2026-01-01T05:00:00Z"), at("2026-01-03T07:30:00Z")).unwrap();
        assert_eq!(next.scheduled.iso8601(), "2026-01-03T08:00:00Z");
    }

    #[test]
    fn a_window_begins_at_the_scheduled_time() {
        let flexible = Timing { window_minutes: Some(15), ..timing("cron(0 * * * ? *)", None) };
        for _ in 0..50 {
            let due = flexible.first(at("2026-01-01T00:30:00Z")).unwrap();
            assert_eq!(due.scheduled.iso8601(), "2026-01-01T01:00:00Z");
            assert!(due.fires_at - due.scheduled < Duration::from_secs(900));
        }
    }
}
