//! The embedded metric format: metrics that applications write into their log events.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use haar_platform::aws::cloudwatch::StandardUnit;
use haar_platform::kernel::serde_json::{self, Map, Value};
use memchr::memmem;

use super::model::Metric;
use super::tally::Tally;

/// Metrics of one directive.
const METRICS_MAX: usize = 100;

/// Dimensions of one set.
const DIMENSIONS_MAX: usize = 30;

/// Values of one metric in one event.
const VALUES_MAX: usize = 100;

/// Why an event gave no metrics: it is a log line all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// It says that it has metrics, and is no JSON object.
    Parsing,
    /// It does not keep to the format.
    Validation,
}

/// Adds the metrics of an event to a tally. Most events have none, and cost one search for a word.
pub fn extract(message: &str, tally: &mut Tally) -> Result<(), Rejected> {
    if memmem::find(message.as_bytes(), b"\"_aws\"").is_none()
        || memmem::find(message.as_bytes(), b"\"CloudWatchMetrics\"").is_none()
    {
        return Ok(());
    }
    let Ok(Value::Object(root)) = serde_json::from_str(message) else { return Err(Rejected::Parsing) };
    let Some(metadata) = root.get("_aws") else { return Ok(()) };
    let time_ms = metadata.get("Timestamp").and_then(Value::as_i64).ok_or(Rejected::Validation)?;
    let directives = metadata.get("CloudWatchMetrics").and_then(Value::as_array).ok_or(Rejected::Validation)?;
    // All or nothing: a directive that does not keep to the format spoils the event.
    let mut found = Vec::new();
    for directive in directives {
        collect(&root, directive, time_ms, &mut found).ok_or(Rejected::Validation)?;
    }
    found.into_iter().for_each(|(metric, value)| tally.add(metric, value, 1.0));
    Ok(())
}

fn collect(root: &Map<String, Value>, directive: &Value, time_ms: i64, found: &mut Vec<(Metric, f64)>) -> Option<()> {
    let namespace = directive.get("Namespace")?.as_str().filter(|namespace| !namespace.is_empty())?;
    let metrics = directive.get("Metrics")?.as_array().filter(|metrics| metrics.len() <= METRICS_MAX)?;
    let sets = dimension_sets(root, directive.get("Dimensions"))?;
    for definition in metrics {
        let name = definition.get("Name")?.as_str()?;
        let unit = match definition.get("Unit") {
            None => None,
            Some(unit) => Some(StandardUnit::parse(unit.as_str()?)?.as_str().to_owned()),
        };
        let resolution = match definition.get("StorageResolution") {
            None => None,
            Some(resolution) => Some(i32::try_from(resolution.as_i64()?).ok().filter(|one| matches!(one, 1 | 60))?),
        };
        let values = match root.get(name)? {
            Value::Array(values) if values.len() <= VALUES_MAX => {
                values.iter().map(Value::as_f64).collect::<Option<Vec<_>>>()?
            }
            value => vec![value.as_f64()?],
        };
        for dimensions in &sets {
            let metric = Metric {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
                dimensions: dimensions.clone(),
                unit: unit.clone(),
                resolution,
                time_ms,
            };
            found.extend(values.iter().map(|value| (metric.clone(), *value)));
        }
    }
    Some(())
}

/// Each set with the values that the event has for it; without sets, one that is empty.
fn dimension_sets(root: &Map<String, Value>, sets: Option<&Value>) -> Option<Vec<Vec<(String, String)>>> {
    let sets = match sets {
        None => return Some(vec![Vec::new()]),
        Some(sets) => sets.as_array()?,
    };
    let mut found = Vec::with_capacity(sets.len());
    for set in sets {
        let names = set.as_array().filter(|names| names.len() <= DIMENSIONS_MAX)?;
        let mut dimensions = Vec::with_capacity(names.len());
        for name in names {
            let name = name.as_str()?;
            dimensions.push((name.to_owned(), root.get(name)?.as_str()?.to_owned()));
        }
        dimensions.sort();
        found.push(dimensions);
    }
    if found.is_empty() {
        found.push(Vec::new());
    }
    Some(found)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Name, number of dimensions, values with their counts.
    type Seen = (String, usize, Vec<(f64, f64)>);

    fn data(message: &str) -> Result<Vec<Seen>, Rejected> {
        let mut tally = Tally::default();
        extract(message, &mut tally)?;
        let data = tally.into_data().into_iter();
        Ok(data.map(|datum| (datum.metric.name, datum.metric.dimensions.len(), datum.values)).collect())
    }

    #[test]
    fn metrics_are_taken_for_each_set_of_dimensions() {
        let message = r#"{"_aws":{"Timestamp":5,"CloudWatchMetrics":[{"Namespace":"n","Dimensions":[["a"],["a","b"]],
            "Metrics":[{"Name":"time","Unit":"Milliseconds","StorageResolution":1}]}]},"a":"1","b":"2","time":[3,3,4]}"#;
        let values = vec![(3.0, 2.0), (4.0, 1.0)];
        assert_eq!(data(message).unwrap(), [("time".to_owned(), 1, values.clone()), ("time".to_owned(), 2, values)]);
    }

    #[test]
    fn a_log_line_is_a_log_line() {
        assert_eq!(data("plain").unwrap(), []);
        assert_eq!(data(r#"{"_aws": 1}"#).unwrap(), []);
        assert_eq!(data(r#"not json "_aws" "CloudWatchMetrics""#), Err(Rejected::Parsing));
        let missing = r#"{"_aws":{"Timestamp":5,"CloudWatchMetrics":[{"Namespace":"n","Metrics":[{"Name":"x"}]}]}}"#;
        assert_eq!(data(missing), Err(Rejected::Validation));
        assert_eq!(data(r#"{"_aws":{"CloudWatchMetrics":[]}}"#), Err(Rejected::Validation));
    }
}
