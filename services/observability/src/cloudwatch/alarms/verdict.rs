//! From datapoints to a state: M out of N, and what to make of missing data.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html>

use super::model::{Missing, Value};

/// Datapoints that are looked at beyond the evaluation periods: real ones among them take the place of missing ones.
/// AWS says only that there are some; its examples have two.
pub const EXTRA_PERIODS: usize = 2;

/// A datapoint of the evaluation range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Datapoint {
    Missing,
    Good,
    Breaching,
}

/// When an alarm is raised.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// N: evaluation periods.
    pub periods: usize,
    /// M: datapoints to alarm.
    pub to_alarm: usize,
    pub missing: Missing,
}

/// What was looked at and what it comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// `None` keeps the state as it is.
    pub value: Option<Value>,
    /// Places of the real datapoints that counted, newest first.
    pub considered: Vec<usize>,
    /// Missing datapoints that were filled in.
    pub filled: usize,
}

/// Judges the datapoints of an evaluation range, newest first.
pub fn judge(range: &[Datapoint], rule: Rule) -> Verdict {
    let real = range.iter().enumerate().filter(|(_, point)| **point != Datapoint::Missing);
    let considered: Vec<usize> = real.map(|(place, _)| place).take(rule.periods).collect();
    let filled = rule.periods - considered.len();
    let value = value(range, rule, &considered, filled);
    Verdict { value, considered, filled }
}

fn value(range: &[Datapoint], rule: Rule, considered: &[usize], filled: usize) -> Option<Value> {
    let breaching = considered.iter().filter(|place| range[**place] == Datapoint::Breaching).count();
    let good = considered.len() - breaching;
    let assumed = if rule.missing == Missing::Breaching { filled } else { 0 };
    if breaching + assumed >= rule.to_alarm {
        return Some(Value::Alarm);
    }
    match rule.missing {
        _ if good > 0 => Some(Value::Ok),
        Missing::Breaching | Missing::NotBreaching => Some(Value::Ok),
        Missing::Ignore => None,
        Missing::Unknown => match considered.last() {
            None => Some(Value::InsufficientData),
            // Only breaching datapoints, but too few of them. If the oldest is so old that, had nothing been missing
            // since, there would be enough, that is an alarm; otherwise the next datapoint may still be good.
            Some(oldest) if oldest + 1 >= rule.to_alarm => Some(Value::Alarm),
            Some(_) => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `0 - X`: oldest first, as AWS writes them.
    fn range(text: &str) -> Vec<Datapoint> {
        let points = text.split(' ').map(|point| match point {
            "0" => Datapoint::Good,
            "X" => Datapoint::Breaching,
            _ => Datapoint::Missing,
        });
        points.rev().collect()
    }

    const ALARM: Option<Value> = Some(Value::Alarm);
    const OK: Option<Value> = Some(Value::Ok);
    const UNKNOWN: Option<Value> = Some(Value::InsufficientData);
    const KEPT: Option<Value> = None;

    /// Datapoints, how many had to be filled in, and the states by treatment: missing, ignore, breaching, notBreaching.
    type Row = (&'static str, usize, [Option<Value>; 4]);

    fn assert_table(to_alarm: usize, table: &[Row]) {
        let treatments = [Missing::Unknown, Missing::Ignore, Missing::Breaching, Missing::NotBreaching];
        for (text, filled, expected) in table {
            for (missing, expected) in treatments.into_iter().zip(expected) {
                let verdict = judge(&range(text), Rule { periods: 3, to_alarm, missing });
                assert_eq!((verdict.value, verdict.filled), (*expected, *filled), "{text} {missing:?}");
            }
        }
    }

    #[test]
    fn three_out_of_three_as_documented() {
        assert_table(
            3,
            &[
                ("0 - X - X", 0, [OK, OK, OK, OK]),
                ("- - - - 0", 2, [OK, OK, OK, OK]),
                ("- - - - -", 3, [UNKNOWN, KEPT, ALARM, OK]),
                ("0 X X - X", 0, [ALARM, ALARM, ALARM, ALARM]),
                ("- - X - -", 2, [ALARM, KEPT, ALARM, OK]),
            ],
        );
    }

    #[test]
    fn two_out_of_three_as_documented() {
        assert_table(
            2,
            &[
                ("0 - X - X", 0, [ALARM, ALARM, ALARM, ALARM]),
                ("0 0 X 0 X", 0, [ALARM, ALARM, ALARM, ALARM]),
                ("0 - X - -", 1, [OK, OK, ALARM, OK]),
                ("- - - - 0", 2, [OK, OK, ALARM, OK]),
                ("- - - X -", 2, [ALARM, KEPT, ALARM, OK]),
            ],
        );
    }

    #[test]
    fn a_fresh_breach_waits_for_the_next_datapoint() {
        for text in ["- - - - X", "- - - X -"] {
            let verdict = judge(&range(text), Rule { periods: 3, to_alarm: 3, missing: Missing::Unknown });
            assert_eq!(verdict.value, KEPT, "{text}");
        }
    }

    #[test]
    fn one_out_of_one_follows_the_newest_datapoint() {
        let rule = Rule { periods: 1, to_alarm: 1, missing: Missing::Unknown };
        assert_eq!(judge(&range("X 0 -"), rule).value, OK);
        assert_eq!(judge(&range("0 X -"), rule).value, ALARM);
        assert_eq!(judge(&range("- - -"), rule).value, UNKNOWN);
    }
}
