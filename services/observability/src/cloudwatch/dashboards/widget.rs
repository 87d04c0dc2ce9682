//! The properties of widgets, by their type.

use haar_platform::kernel::serde_json::{Map, Value as Json};

use super::body::{Check, Kind};
use super::metrics;

type Object = Map<String, Json>;

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Properties-Alarm-Widget-Object.html>
const ALARMS_MAX: usize = 100;

/// Checks the properties of a widget of a known type.
pub fn check(check: &mut Check, path: &str, kind: &str, properties: &Object) {
    match kind {
        "metric" => metric(check, path, properties),
        "text" => text(check, path, properties),
        "log" => log(check, path, properties),
        "alarm" => alarm(check, path, properties),
        "custom" => custom(check, path, properties),
        "explorer" => explorer(check, path, properties),
        // Charts of other sources: AWS publishes no structure for them.
        _ => {}
    }
}

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Properties-Metric-Widget-Object.html>
fn metric(check: &mut Check, path: &str, properties: &Object) {
    let has_alarms = properties.get("annotations").and_then(|it| it.get("alarms")).is_some();
    if !properties.contains_key("metrics") && !has_alarms {
        check.wrong(path, "Should have required property 'metrics'");
    }
    let has_source = properties.contains_key("metrics") && properties.contains_key("region");
    if !has_source && !has_alarms {
        check.wrong(path, "The metric widget should have specified a region and a data source or an alarm annotation");
    }
    if !properties.contains_key("metrics") && !properties.contains_key("annotations") {
        check.wrong(path, "Should have required property 'annotations'");
    }
    check.members(
        path,
        properties,
        &[],
        &[
            ("accountId", Kind::Text),
            ("annotations", Kind::Object),
            ("end", Kind::Text),
            ("labels", Kind::Object),
            ("legend", Kind::Object),
            ("liveData", Kind::Flag),
            ("metrics", Kind::List),
            ("period", Kind::Integer(1, i64::MAX)),
            ("region", Kind::Text),
            ("setPeriodToTimeRange", Kind::Flag),
            ("singleValueFullPrecision", Kind::Flag),
            ("sparkline", Kind::Flag),
            ("stacked", Kind::Flag),
            ("start", Kind::Text),
            ("stat", Kind::Text),
            ("table", Kind::Object),
            ("timezone", Kind::Text),
            ("title", Kind::Text),
            ("trend", Kind::Flag),
            ("view", Kind::OneOf(&["timeSeries", "singleValue", "gauge", "bar", "pie", "table"])),
            ("yAxis", Kind::Object),
        ],
    );
    if let Some(Json::Array(list)) = properties.get("metrics") {
        metrics::check(check, &format!("{path}/metrics"), list);
    }
    if let Some(period) = properties.get("period").and_then(Json::as_i64) {
        metrics::period(check, &format!("{path}/period"), period);
    }
    if let Some(Json::Object(legend)) = properties.get("legend") {
        let positions = Kind::OneOf(&["right", "bottom", "hidden"]);
        check.members(&format!("{path}/legend"), legend, &[], &[("position", positions)]);
    }
    y_axis(check, path, properties);
    annotations(check, path, properties);
}

fn y_axis(check: &mut Check, path: &str, properties: &Object) {
    let path = format!("{path}/yAxis");
    let axes = properties.get("yAxis").and_then(Json::as_object);
    if let Some(axes) = axes {
        check.members(&path, axes, &[], &[("left", Kind::Object), ("right", Kind::Object)]);
    }
    for side in ["left", "right"] {
        let Some(Json::Object(axis)) = axes.and_then(|axes| axes.get(side)) else { continue };
        let path = format!("{path}/{side}");
        let known = [("label", Kind::Text), ("max", Kind::Number), ("min", Kind::Number), ("showUnits", Kind::Flag)];
        check.members(&path, axis, &[], &known);
    }
    if properties.get("view").and_then(Json::as_str) == Some("gauge") {
        let left = axes.and_then(|axes| axes.get("left"));
        for bound in ["min", "max"] {
            if left.and_then(|left| left.get(bound)).is_none() {
                check.wrong(&format!("{path}/left"), format!("Should have required property '{bound}'"));
            }
        }
    }
}

fn annotations(check: &mut Check, path: &str, properties: &Object) {
    let Some(Json::Object(annotations)) = properties.get("annotations") else { return };
    let path = format!("{path}/annotations");
    let known = [("alarms", Kind::List), ("horizontal", Kind::List), ("vertical", Kind::List)];
    check.members(&path, annotations, &[], &known);
    check.each(&format!("{path}/alarms"), annotations.get("alarms"), &Kind::Text);
    if annotations.get("alarms").and_then(Json::as_array).is_some_and(|alarms| alarms.len() != 1) {
        check.wrong(&format!("{path}/alarms"), "Should NOT have more than 1 items");
    }
    for (direction, value) in [("horizontal", Kind::Number), ("vertical", Kind::Text)] {
        let list = annotations.get(direction).and_then(Json::as_array);
        for (index, annotation) in list.into_iter().flatten().enumerate() {
            let path = format!("{path}/{direction}/{index}");
            match annotation {
                Json::Object(one) => annotated(check, &path, one, &value),
                // Two of them are a band.
                Json::Array(band) => {
                    if band.len() != 2 {
                        check.wrong(&path, "Should NOT have fewer than 2 items");
                    }
                    for (index, one) in band.iter().enumerate() {
                        let path = format!("{path}/{index}");
                        match one {
                            Json::Object(one) => annotated(check, &path, one, &value),
                            _ => check.wrong(&path, "Should be object"),
                        }
                    }
                }
                _ => check.wrong(&path, "Should be object"),
            }
        }
    }
}

fn annotated(check: &mut Check, path: &str, annotation: &Object, value: &Kind<'_>) {
    let fill = Kind::OneOf(&["above", "below", "between", "before", "after", "none"]);
    let known = [
        ("color", Kind::Text),
        ("fill", fill),
        ("label", Kind::Text),
        ("value", Kind::Any),
        ("visible", Kind::Flag),
        ("yAxis", Kind::OneOf(&["left", "right"])),
    ];
    check.members(path, annotation, &["value"], &known);
    if let Some(given) = annotation.get("value") {
        check.is(&format!("{path}/value"), given, value);
    }
    metrics::color(check, path, annotation);
}

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Properties-Text-Widget-Object.html>
fn text(check: &mut Check, path: &str, properties: &Object) {
    let background = Kind::OneOf(&["solid", "transparent"]);
    check.members(path, properties, &["markdown"], &[("markdown", Kind::Text), ("background", background)]);
}

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Properties-Log-Widget-Object.html>
fn log(check: &mut Check, path: &str, properties: &Object) {
    check.members(
        path,
        properties,
        &["query", "region"],
        &[
            ("accountId", Kind::Text),
            ("end", Kind::Text),
            ("legend", Kind::Object),
            ("query", Kind::Text),
            ("queryBy", Kind::Text),
            ("queryLanguage", Kind::OneOf(&["CWLI", "PPL", "SQL"])),
            ("logGroupPrefixes", Kind::Any),
            ("region", Kind::Text),
            ("stacked", Kind::Flag),
            ("start", Kind::Text),
            ("timezone", Kind::Text),
            ("title", Kind::Text),
            ("view", Kind::OneOf(&["table", "timeSeries", "bar", "pie"])),
            ("yAxis", Kind::Object),
        ],
    );
}

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Properties-Alarm-Widget-Object.html>
fn alarm(check: &mut Check, path: &str, properties: &Object) {
    let states = Kind::OneOf(&["ALARM", "INSUFFICIENT_DATA", "OK"]);
    let order = Kind::OneOf(&["default", "stateUpdatedTimestamp", "timestamp"]);
    check.members(
        path,
        properties,
        &["alarms"],
        &[("alarms", Kind::List), ("sortBy", order), ("states", Kind::List), ("title", Kind::Text)],
    );
    check.each(&format!("{path}/alarms"), properties.get("alarms"), &Kind::Text);
    check.each(&format!("{path}/states"), properties.get("states"), &states);
    match properties.get("alarms").and_then(Json::as_array).map(Vec::len) {
        Some(0) => check.wrong(&format!("{path}/alarms"), "Should NOT have fewer than 1 items"),
        Some(count) if count > ALARMS_MAX => {
            check.wrong(&format!("{path}/alarms"), format!("Should NOT have more than {ALARMS_MAX} items"));
        }
        _ => {}
    }
}

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Properties-Custom-Widget-Object.html>
fn custom(check: &mut Check, path: &str, properties: &Object) {
    check.members(
        path,
        properties,
        &["endpoint"],
        &[("endpoint", Kind::Text), ("params", Kind::Any), ("title", Kind::Text), ("updateOn", Kind::Object)],
    );
    if let Some(Json::Object(update)) = properties.get("updateOn") {
        let known = [("refresh", Kind::Flag), ("resize", Kind::Flag), ("timeRange", Kind::Flag)];
        check.members(&format!("{path}/updateOn"), update, &[], &known);
    }
}

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Properties-Metric-Explorer-Object.html>
fn explorer(check: &mut Check, path: &str, properties: &Object) {
    check.members(
        path,
        properties,
        &["labels", "metrics"],
        &[
            ("aggregateBy", Kind::Object),
            ("labels", Kind::List),
            ("metrics", Kind::List),
            ("period", Kind::Integer(1, i64::MAX)),
            ("region", Kind::Text),
            ("splitBy", Kind::Text),
            ("title", Kind::Text),
            ("widgetOptions", Kind::Object),
        ],
    );
    check.each(&format!("{path}/labels"), properties.get("labels"), &Kind::Object);
    check.each(&format!("{path}/metrics"), properties.get("metrics"), &Kind::Object);
}
