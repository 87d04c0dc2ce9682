//! Why an alarm is in its state, in AWS's words and as its JSON.

use haar_platform::kernel::Timestamp;
use haar_platform::kernel::serde_json::{Map, Value as Json, json};

use super::model::{Comparison, MetricWatch, Missing, Source, Threshold, Value};
use super::verdict::Verdict;

/// Of an alarm that was never evaluated.
pub const INITIAL: &str = "Unchecked: Initial alarm creation";

/// A datapoint that was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Seen {
    /// Seconds since 1970.
    pub time: i64,
    pub value: Option<f64>,
    /// Lower and upper bound.
    pub bounds: Option<(f64, f64)>,
    pub samples: Option<f64>,
}

/// `2026-01-01T00:00:00.000+0000`.
pub fn date(time: Timestamp) -> String {
    time.format("%Y-%m-%dT%H:%M:%S.%3f+0000")
}

/// A number as Java prints it, which AWS's texts show: `11.0`, `1.0E7`.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || (1e-3..1e7).contains(&size) {
        return format!("{value:?}");
    }
    let text = format!("{value:E}");
    match text.split_once('E') {
        Some((mantissa, exponent)) if !mantissa.contains('.') => format!("{mantissa}.0E{exponent}"),
        _ => text,
    }
}

/// `Threshold Crossed: …`, `Insufficient Data: …`.
pub fn text(watch: &MetricWatch, value: Value, verdict: &Verdict, seen: &[Seen]) -> String {
    let Verdict { considered, filled, .. } = verdict;
    if value == Value::InsufficientData {
        let were = if *filled == 1 { "datapoint was" } else { "datapoints were" };
        return format!("Insufficient Data: {filled} {were} unknown.");
    }
    let treated = match watch.missing() {
        Missing::Breaching => Some("Breaching"),
        Missing::NotBreaching => Some("NonBreaching"),
        Missing::Unknown | Missing::Ignore => None,
    };
    let missing = |treated: &str| {
        let were = if *filled == 1 { "datapoint was" } else { "datapoints were" };
        format!("{filled} missing {were} treated as [{treated}]")
    };
    if considered.is_empty() {
        let periods = if *filled == 1 { "period" } else { "periods" };
        let missing = missing(treated.unwrap_or("Missing"));
        return format!("Threshold Crossed: no datapoints were received for {filled} {periods} and {missing}.");
    }
    // Those that speak for the state: the breaching ones of an alarm, otherwise those that do not breach.
    let speaks = |seen: &&Seen| match (seen.value, seen.bounds) {
        (Some(value_seen), Some(bounds)) => watch.comparison.is_breached(value_seen, bounds) == (value == Value::Alarm),
        _ => false,
    };
    let witnesses: Vec<&Seen> = considered.iter().map(|place| &seen[*place]).filter(speaks).collect();
    let points: Vec<String> = witnesses.iter().map(|seen| point(seen)).collect();
    let (count, total) = (witnesses.len(), watch.periods());
    let verb = if count == 1 { "was" } else { "were" };
    let negated = if value == Value::Alarm { "" } else { "not " };
    let compared = compared(watch.comparison, &watch.threshold, &witnesses);
    let filled_in = match treated {
        Some(treated) if *filled > 0 => format!(" and {}", missing(treated)),
        _ => String::new(),
    };
    let (needed, transition) = match value {
        Value::Alarm => (watch.to_alarm(), "OK -> ALARM"),
        _ => (watch.periods() - watch.to_alarm() + 1, "ALARM -> OK"),
    };
    let minimum = if needed == 1 { "datapoint" } else { "datapoints" };
    let crossed = if watch.comparison.needs_band() { "Thresholds Crossed" } else { "Threshold Crossed" };
    format!(
        "{crossed}: {count} out of the last {total} datapoints [{}] {verb} {negated}{compared}{filled_in} (minimum \
         {needed} {minimum} for {transition} transition).",
        points.join(", ")
    )
}

fn point(seen: &Seen) -> String {
    let time = Timestamp::from_seconds(seen.time).format("%d/%m/%y %H:%M:%S");
    format!("{} ({time})", number(seen.value.unwrap_or_default()))
}

fn compared(comparison: Comparison, threshold: &Threshold, witnesses: &[&Seen]) -> String {
    let bounds = |of: fn((f64, f64)) -> f64| {
        let bounds = witnesses.iter().filter_map(|seen| seen.bounds);
        bounds.map(|bounds| number(of(bounds))).collect::<Vec<_>>().join(", ")
    };
    let lower = || format!("less than the lower thresholds [{}]", bounds(|(lower, _)| lower));
    let upper = || format!("greater than the upper thresholds [{}]", bounds(|(_, upper)| upper));
    let fixed = match threshold {
        Threshold::Static(value) => format!("({})", number(*value)),
        Threshold::Band(_) => String::new(),
    };
    match comparison {
        Comparison::GreaterOrEqual => format!("greater than or equal to the threshold {fixed}"),
        Comparison::Greater => format!("greater than the threshold {fixed}"),
        Comparison::Less => format!("less than the threshold {fixed}"),
        Comparison::LessOrEqual => format!("less than or equal to the threshold {fixed}"),
        Comparison::Outside => format!("{} or {}", lower(), upper()),
        Comparison::BelowBand => lower(),
        Comparison::AboveBand => upper(),
    }
}

/// The same for programs.
pub fn data(watch: &MetricWatch, period: i64, verdict: &Verdict, seen: &[Seen], now: Timestamp) -> String {
    let places = &verdict.considered;
    let mut data = Map::new();
    data.insert("version".into(), "1.0".into());
    data.insert("queryDate".into(), date(now).into());
    let oldest = places.last().map(|place| seen[*place].time);
    if let Some(start) = oldest {
        data.insert("startDate".into(), date(Timestamp::from_seconds(start)).into());
    }
    if let Source::Single { stat, .. } = &watch.source {
        data.insert("statistic".into(), stat.clone().into());
        if let Some(unit) = watch.source.unit() {
            data.insert("unit".into(), unit.as_str().into());
        }
    }
    data.insert("period".into(), period.into());
    let recent: Vec<Json> = places.iter().rev().filter_map(|place| seen[*place].value).map(Json::from).collect();
    data.insert("recentDatapoints".into(), recent.into());
    match &watch.threshold {
        Threshold::Static(value) => drop(data.insert("threshold".into(), (*value).into())),
        Threshold::Band(_) => {
            let bounds = |of: fn((f64, f64)) -> f64| -> Vec<Json> {
                places.iter().rev().filter_map(|place| seen[*place].bounds).map(|bounds| of(bounds).into()).collect()
            };
            data.insert("recentLowerThresholds".into(), bounds(|(lower, _)| lower).into());
            data.insert("recentUpperThresholds".into(), bounds(|(_, upper)| upper).into());
        }
    }
    let evaluated: Vec<Json> = if places.is_empty() {
        seen.iter().take(watch.periods()).map(evaluated).collect()
    } else {
        places.iter().map(|place| evaluated(&seen[*place])).collect()
    };
    data.insert("evaluatedDatapoints".into(), evaluated.into());
    Json::Object(data).to_string()
}

fn evaluated(seen: &Seen) -> Json {
    let mut point = json!({"timestamp": date(Timestamp::from_seconds(seen.time))});
    let mut set = |name: &str, value: Option<f64>| {
        if let Some(value) = value {
            point[name] = value.into();
        }
    };
    set("sampleCount", seen.samples);
    set("value", seen.value);
    if let Some((lower, upper)) = seen.bounds.filter(|(lower, upper)| lower != upper) {
        set("lowerThreshold", Some(lower));
        set("upperThreshold", Some(upper));
    }
    point
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_javas() {
        for (value, expected) in [
            (11.0, "11.0"),
            (0.0, "0.0"),
            (-2.5, "-2.5"),
            (0.001, "0.001"),
            (0.0001, "1.0E-4"),
            (12_345_678.0, "1.2345678E7"),
            (1e7, "1.0E7"),
        ] {
            assert_eq!(number(value), expected);
        }
    }
}
