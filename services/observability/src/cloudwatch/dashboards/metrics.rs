//! The metrics of a widget: arrays of names, which may say "as before", with how to draw them at the end.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Properties-Metrics-Array-Format.html>

use haar_platform::kernel::serde_json::{Map, Value as Json};

use super::body::{Check, Kind};

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html>
const METRICS_MAX: usize = 500;

/// Namespace, name, and thirty dimensions.
const NAMES_MAX: usize = 2 + 2 * 30;

const SHAPE: &str =
    "Field \"metrics\" has to be an array of array of strings, with an optional metricRenderer object as last element";

/// Checks the metrics of a widget.
pub fn check(check: &mut Check, path: &str, metrics: &[Json]) {
    if metrics.len() > METRICS_MAX {
        check.wrong(path, format!("Should NOT have more than {METRICS_MAX} items"));
    }
    // How many names the metric before has, which `.` and `...` repeat.
    let mut before = None;
    for (index, metric) in metrics.iter().enumerate() {
        let path = format!("{path}/{index}");
        let Json::Array(parts) = metric else {
            check.wrong(&path, "Should be array");
            check.wrong(&path, SHAPE);
            continue;
        };
        if let Some(names) = self::metric(check, &path, parts, before) {
            before = Some(names);
        }
    }
}

/// Checks one; how many names it has, if it is a metric at all.
fn metric(check: &mut Check, path: &str, parts: &[Json], before: Option<usize>) -> Option<usize> {
    let (names, drawing) = match parts.split_last() {
        Some((Json::Object(drawing), names)) => (names, Some(drawing)),
        _ => (parts, None),
    };
    if let Some(drawing) = drawing {
        self::drawing(check, &format!("{path}/{}", names.len()), drawing);
    }
    let mut sound = true;
    for (index, name) in names.iter().enumerate() {
        if !name.is_string() {
            check.wrong(&format!("{path}/{index}"), "Should be string");
            sound = false;
        }
    }
    if !sound {
        check.wrong(path, SHAPE);
        return None;
    }
    if names.is_empty() {
        if !drawing.is_some_and(|drawing| drawing.contains_key("expression")) {
            check.wrong(path, "Should NOT have fewer than 2 items");
        }
        return None;
    }
    if drawing.is_some_and(|drawing| drawing.contains_key("expression")) {
        check.wrong(path, "A metric math expression should not have a namespace, a metric name or dimensions");
        return None;
    }
    let repeats = names.iter().any(|name| matches!(name.as_str(), Some("." | "...")));
    if repeats && before.is_none() {
        check.wrong(path, "The first metric should not repeat the one before it");
        return None;
    }
    let count = match names.iter().position(|name| name == "...") {
        // The rest of the names stands at the end.
        Some(0) => before.unwrap_or_default().max(names.len() - 1),
        Some(place) => {
            check.wrong(&format!("{path}/{place}"), "\"...\" should be the first element");
            return None;
        }
        None => names.len(),
    };
    if count < 2 {
        check.wrong(path, "Should NOT have fewer than 2 items");
        return None;
    }
    if count % 2 == 1 {
        check.wrong(path, "Each dimension name should have a dimension value");
        return None;
    }
    if count > NAMES_MAX {
        check.wrong(path, format!("Should NOT have more than {NAMES_MAX} items"));
    }
    Some(count)
}

fn drawing(check: &mut Check, path: &str, drawing: &Map<String, Json>) {
    check.members(
        path,
        drawing,
        &[],
        &[
            ("accountId", Kind::Text),
            ("color", Kind::Text),
            ("expression", Kind::Text),
            ("id", Kind::Text),
            ("label", Kind::Text),
            ("period", Kind::Integer(1, i64::MAX)),
            ("region", Kind::Text),
            ("stat", Kind::Text),
            ("visible", Kind::Flag),
            ("yAxis", Kind::OneOf(&["left", "right"])),
        ],
    );
    if let Some(period) = drawing.get("period").and_then(Json::as_i64) {
        self::period(check, &format!("{path}/period"), period);
    }
    if let Some(id) = drawing.get("id").and_then(Json::as_str) {
        let rest = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if !id.starts_with(|c: char| c.is_ascii_lowercase()) || !id.bytes().all(rest) {
            check.wrong(&format!("{path}/id"), "Should match pattern \"^[a-z][a-zA-Z0-9_]*$\"");
        }
    }
    color(check, path, drawing);
}

/// Periods that metrics have.
pub fn period(check: &mut Check, path: &str, seconds: i64) {
    if seconds > 0 && !matches!(seconds, 1 | 5 | 10 | 20 | 30) && seconds % 60 != 0 {
        check.wrong(path, "Should be 1, 5, 10, 20, 30 or a multiple of 60");
    }
}

/// `#1f77b4`.
pub fn color(check: &mut Check, path: &str, object: &Map<String, Json>) {
    let Some(color) = object.get("color").and_then(Json::as_str) else { return };
    let digits = color.strip_prefix('#').unwrap_or_default();
    if !matches!(digits.len(), 3 | 6) || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        check.wrong(&format!("{path}/color"), "Should match pattern \"^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$\"");
    }
}
