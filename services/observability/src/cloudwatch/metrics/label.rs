//! What a result is called, and the dynamic parts of such a label.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/graph-dynamic-labels.html>

use haar_platform::kernel::Timestamp;

use super::math::{Origin, Series};
use super::query::{Kind, Query};
use super::window::Window;
use crate::cloudwatch::place::Place;

/// AWS makes out so many dynamic parts of a label.
const PARTS_MAX: usize = 6;

/// The label of a query that is one series: its own, or the metric's name, or the query's id.
pub fn of_one(query: &Query, series: &Series) -> String {
    let default = match &query.kind {
        Kind::Metric(_) => &series.label,
        Kind::Expression(_) => &query.id,
    };
    match &query.label {
        Some(label) => label.replace("${LABEL}", default),
        None => default.clone(),
    }
}

/// The labels of a query that is an array: those of its series, behind the query's own if that has no dynamic parts.
pub fn of_many(query: &Query, all: Vec<Series>) -> Vec<Series> {
    let labelled = all.into_iter().map(|series| {
        let label = match &query.label {
            None => series.label.clone(),
            Some(label) if label.contains("${") => label.replace("${LABEL}", &series.label),
            Some(label) => format!("{label} {}", series.label),
        };
        Series { label, ..series }
    });
    labelled.collect()
}

/// Labels for what a search found: what is not the same for all of them.
pub fn tell_apart(all: &mut [Series]) {
    let origins: Vec<Origin> = all.iter().filter_map(|series| series.origin.as_deref().cloned()).collect();
    let same = |part: &dyn Fn(&Origin) -> String| origins.windows(2).all(|pair| part(&pair[0]) == part(&pair[1]));
    let same_namespace = same(&|origin| origin.namespace.clone());
    let same_name = same(&|origin| origin.name.clone());
    for series in all.iter_mut() {
        let Some(origin) = series.origin.as_deref() else { continue };
        let mut parts = Vec::new();
        if !same_namespace {
            parts.push(origin.namespace.as_str());
        }
        for (name, value) in &origin.dimensions {
            let of = |other: &Origin| other.dimensions.iter().find(|(known, _)| known == name).map(|(_, v)| v.clone());
            if origins.iter().any(|other| of(other).as_deref() != Some(value)) {
                parts.push(value);
            }
        }
        if !same_name || parts.is_empty() {
            parts.push(&origin.name);
        }
        series.label = parts.join(" ");
    }
}

/// Puts the values of dynamic parts in their places. What is no such part stays as it is.
pub fn make_out(series: &mut Series, place: &Place, window: Window) {
    let mut made = String::new();
    let mut rest = series.label.as_str();
    let mut parts = 0;
    while let Some(begin) = rest.find("${") {
        let Some(length) = rest[begin..].find('}') else { break };
        made.push_str(&rest[..begin]);
        let whole = &rest[begin..=begin + length];
        let value = (parts < PARTS_MAX).then(|| part(&whole[2..whole.len() - 1], series, place, window)).flatten();
        parts += usize::from(value.is_some());
        made.push_str(value.as_deref().unwrap_or(whole));
        rest = &rest[begin + length + 1..];
    }
    made.push_str(rest);
    series.label = made;
}

/// The value of one part.
fn part(name: &str, series: &Series, place: &Place, window: Window) -> Option<String> {
    if let Some(property) = name.strip_prefix("PROP('").and_then(|rest| rest.strip_suffix("')")) {
        return property_of(property, series, place);
    }
    let points = &series.points;
    let lowest = || points.iter().copied().reduce(|one, other| if other.1 < one.1 { other } else { one });
    let highest = || points.iter().copied().reduce(|one, other| if other.1 > one.1 { other } else { one });
    let (first, last) = (points.first().copied(), points.last().copied());
    let sum = || series.values().sum::<f64>();
    let value = |point: Option<(i64, f64)>| Some(point.map_or("--".into(), |(_, value)| number(value)));
    let time = |point: Option<(i64, f64)>| Some(point.map_or("--".into(), |(time, _)| moment(time, window.zone)));
    let relative = |point: Option<(i64, f64)>| Some(point.map_or("--".into(), |(time, _)| ago(window.now - time)));
    let range = |one: Option<String>, other: Option<String>| Some(format!("{} - {}", one?, other?));
    match name {
        "AVG" if points.is_empty() => Some("--".into()),
        "AVG" => Some(number(sum() / points.len() as f64)),
        "SUM" => Some(number(sum())),
        "DATAPOINT_COUNT" => Some(points.len().to_string()),
        "FIRST" => value(first),
        "FIRST_TIME" => time(first),
        "FIRST_TIME_RELATIVE" => relative(first),
        "LAST" => value(last),
        "LAST_TIME" => time(last),
        "LAST_TIME_RELATIVE" => relative(last),
        "MAX" => value(highest()),
        "MAX_TIME" => time(highest()),
        "MAX_TIME_RELATIVE" => relative(highest()),
        "MIN" => value(lowest()),
        "MIN_TIME" => time(lowest()),
        "MIN_TIME_RELATIVE" => relative(lowest()),
        "FIRST_LAST_RANGE" => range(value(first), value(last)),
        "FIRST_LAST_TIME_RANGE" => range(time(first), time(last)),
        "FIRST_LAST_TIME_RANGE_RELATIVE" => range(relative(first), relative(last)),
        "MIN_MAX_RANGE" => range(value(lowest()), value(highest())),
        "MIN_MAX_TIME_RANGE" => range(time(lowest()), time(highest())),
        "MIN_MAX_TIME_RANGE_RELATIVE" => range(relative(lowest()), relative(highest())),
        _ => None,
    }
}

fn property_of(name: &str, series: &Series, place: &Place) -> Option<String> {
    let known = match name {
        "AccountId" | "AccountLabel" => return Some(place.account.to_string()),
        "Region" => return Some(place.region.to_string()),
        "Period" => return Some(series.period.to_string()),
        _ => series.origin.as_deref()?,
    };
    Some(match name {
        "MetricName" => known.name.clone(),
        "Namespace" => known.namespace.clone(),
        "Stat" => known.stat.clone(),
        _ => {
            let wanted = name.strip_prefix("Dim.")?;
            // A dimension that one of the series does not have is not undefined, but nothing.
            let value = known.dimensions.iter().find(|(known, _)| known == wanted);
            value.map(|(_, value)| value.clone()).unwrap_or_default()
        }
    })
}

/// With three decimals at most.
fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn moment(time: i64, zone: i64) -> String {
    let text = Timestamp::from_seconds(time + zone).format("%Y-%m-%d %H:%M:%S");
    let (sign, minutes) = (if zone < 0 { '-' } else { '+' }, zone.abs() / 60);
    if zone == 0 { format!("{text} UTC") } else { format!("{text} UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60) }
}

/// `2d3h15m ago`, by whole minutes.
fn ago(seconds: i64) -> String {
    let (before, minutes) = (seconds >= 0, seconds.abs() / 60);
    let mut text = String::new();
    for (unit, count) in [("d", minutes / 1440), ("h", minutes / 60 % 24), ("m", minutes % 60)] {
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
        }
    }
    match (text.is_empty(), before) {
        (true, _) => "now".into(),
        (false, true) => format!("{text} ago"),
        (false, false) => format!("in {text}"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use haar_platform::kernel::{AccountId, Region};

    use super::*;

    fn made_out(label: &str, points: &[(i64, f64)]) -> String {
        let place =
            Place { account: AccountId::parse("123456789012").unwrap(), region: Region::parse("eu-west-1").unwrap() };
        let origin = Origin {
            namespace: "CWAgent".into(),
            name: "disk_used_percent".into(),
            dimensions: vec![("InstanceId".into(), "i-1".into()), ("exe".into(), "java".into())],
            stat: "p99".into(),
        };
        let mut series =
            Series { label: label.into(), period: 300, points: points.to_vec(), origin: Some(Box::new(origin)) };
        make_out(&mut series, &place, Window { from: 0, to: 7200, now: 7200, zone: 0 });
        series.label
    }

    #[test]
    fn dynamic_parts_are_made_out() {
        let points = [(0, 1.5), (300, 4.0), (3600, 0.25)];
        for (label, expected) in [
            (
                "${PROP('Dim.exe')} - ${PROP('Dim.InstanceId')} - ${PROP('MetricName')}",
                "java - i-1 - disk_used_percent",
            ),
            ("[${PROP('Dim.none')}]", "[]"),
            (
                "${PROP('Region')} ${PROP('AccountId')} ${PROP('Period')} ${PROP('Stat')}",
                "eu-west-1 123456789012 300 p99",
            ),
            ("max ${MAX} avg ${AVG} last ${LAST} sum ${SUM}", "max 4 avg 1.917 last 0.25 sum 5.75"),
            ("${MIN} ${MIN_TIME} ${MIN_TIME_RELATIVE}", "0.25 1970-01-01 01:00:00 UTC 1h ago"),
            ("${FIRST_TIME_RELATIVE} ${MIN_MAX_RANGE} ${DATAPOINT_COUNT}", "2h ago 0.25 - 4 3"),
            ("${NOSUCH} ${MAX", "${NOSUCH} ${MAX"),
            ("plain", "plain"),
        ] {
            assert_eq!(made_out(label, &points), expected);
        }
        assert_eq!(made_out("${AVG} ${MAX} ${LAST_TIME}", &[]), "-- -- --");
        assert_eq!(moment(0, -5400), "1969-12-31 22:30:00 UTC-01:30");
    }

    #[test]
    fn what_a_search_found_is_told_apart_by_what_differs() {
        let series = |name: &str, host: &str| Series {
            origin: Some(Box::new(Origin {
                namespace: "App".into(),
                name: name.into(),
                dimensions: vec![("Host".into(), host.into()), ("Zone".into(), "z".into())],
                stat: "Sum".into(),
            })),
            ..Series::default()
        };
        let labels = |mut all: Vec<Series>| {
            tell_apart(&mut all);
            all.into_iter().map(|series| series.label).collect::<Vec<_>>()
        };
        assert_eq!(labels(vec![series("cpu", "a"), series("cpu", "b")]), ["a", "b"]);
        assert_eq!(labels(vec![series("cpu", "a"), series("ram", "b")]), ["a cpu", "b ram"]);
        assert_eq!(labels(vec![series("cpu", "a")]), ["cpu"]);
    }
}
