//! Partition projection: partitions that are computed from a table's properties, not kept in the catalog.
//!
//! <https://docs.aws.amazon.com/athena/latest/ug/partition-projection.html>

use std::collections::{BTreeMap, HashSet};

use chrono::NaiveDateTime;
use datafusion::common::ScalarValue;
use haar_kernel::Timestamp;

use crate::catalog::LakeTable;
use crate::error::SqlError;
use crate::lake::dates::{Pattern, Unit};
use crate::lake::predicates::Wanted;

/// Values of one key that a query may have to look at, after its predicates narrowed them.
pub(super) const VALUES_MAX: usize = 1_000_000;

/// The projected keys of a table, in their order.
#[derive(Debug)]
pub(super) struct Projection {
    keys: Vec<(String, Domain)>,
    template: Option<String>,
}

/// Which values a key can have.
#[derive(Debug)]
enum Domain {
    Enum(Vec<String>),
    Integer { min: i64, max: i64, interval: i64, digits: usize },
    Date { from: NaiveDateTime, to: NaiveDateTime, pattern: Pattern, interval: i64, unit: Unit },
    Injected,
}

impl Projection {
    /// `None` for tables whose partitions are in the catalog.
    pub(super) fn of(table: &LakeTable, now: Timestamp) -> Result<Option<Self>, SqlError> {
        let enabled = property(&table.parameters, "projection.enabled");
        if table.partition_keys.is_empty()
            || !enabled.is_some_and(|enabled| enabled.trim().eq_ignore_ascii_case("true"))
        {
            return Ok(None);
        }
        let name_of = |key: &crate::catalog::LakeColumn| key.name.to_lowercase();
        let missing: Vec<String> = table
            .partition_keys
            .iter()
            .map(name_of)
            .filter(|key| property(&table.parameters, &format!("projection.{key}.type")).is_none())
            .collect();
        if !missing.is_empty() {
            return Err(invalid(format!(
                "Table {}.{} is configured for partition projection, but the following partition columns are missing projection configuration: [{}]",
                table.name.schema,
                table.name.name,
                missing.join(", ")
            )));
        }
        let keys = table.partition_keys.iter().map(|key| {
            let key = name_of(key);
            let domain = Domain::of(&table.parameters, &key, now)?;
            Ok((key, domain))
        });
        let keys = keys.collect::<Result<Vec<_>, SqlError>>()?;
        let template = property(&table.parameters, "storage.location.template").cloned();
        if let Some(template) = &template {
            for (key, _) in &keys {
                if !template.contains(&format!("${{{key}}}")) {
                    return Err(invalid(format!(
                        "Partition projection storage location template '{template}' is missing partition column '{key}' placeholders"
                    )));
                }
            }
        }
        Ok(Some(Self { keys, template }))
    }

    /// The values of one key that can be what is wanted: as text in paths, and as a date where the key is one.
    pub(super) fn values(&self, at: usize, wanted: &Wanted) -> Result<Vec<(String, Option<NaiveDateTime>)>, SqlError> {
        let (key, domain) = &self.keys[at];
        domain.values(key, wanted)
    }

    /// Where the files of a partition lie.
    pub(super) fn location(&self, table: &str, values: &[String]) -> String {
        if let Some(template) = &self.template {
            let fill = |location: String, ((key, _), value): (&(String, Domain), &String)| {
                location.replace(&format!("${{{key}}}"), value)
            };
            return self.keys.iter().zip(values).fold(template.clone(), fill);
        }
        let mut location = table.trim_end_matches('/').to_owned();
        for ((key, _), value) in self.keys.iter().zip(values) {
            location.push_str(&format!("/{key}={}", super::partitions::escape(value)));
        }
        location
    }
}

impl Domain {
    fn of(parameters: &BTreeMap<String, String>, key: &str, now: Timestamp) -> Result<Self, SqlError> {
        let get = |name: &str| property(parameters, &format!("projection.{key}.{name}"));
        let need = |name: &str| {
            get(name).ok_or_else(|| {
                invalid(format!(
                    "Column '{key}' has invalid projection configuration: projection.{key}.{name} is required"
                ))
            })
        };
        let wrong = |name: &str| {
            let value = get(name).map(String::as_str).unwrap_or_default();
            invalid(format!(
                "Column '{key}' has invalid projection configuration: projection.{key}.{name} is invalid: '{value}'"
            ))
        };
        let interval = match get("interval") {
            Some(text) => text.trim().parse().ok().filter(|interval| *interval > 0).ok_or_else(|| wrong("interval"))?,
            None => 1,
        };
        match need("type")?.trim().to_ascii_lowercase().as_str() {
            "enum" => Ok(Self::Enum(need("values")?.split(',').map(str::to_owned).collect())),
            "injected" => Ok(Self::Injected),
            "integer" => {
                let (min, max) = need("range")?.split_once(',').ok_or_else(|| wrong("range"))?;
                let (min, max) = (min.trim().parse(), max.trim().parse());
                let (Ok(min), Ok(max)) = (min, max) else { return Err(wrong("range")) };
                let digits = match get("digits") {
                    Some(text) => text.trim().parse().map_err(|_| wrong("digits"))?,
                    None => 0,
                };
                if min > max {
                    return Err(wrong("range"));
                }
                Ok(Self::Integer { min, max, interval, digits })
            }
            "date" => {
                let pattern = Pattern::parse(need("format")?).ok_or_else(|| wrong("format"))?;
                let (from, to) = need("range")?.split_once(',').ok_or_else(|| wrong("range"))?;
                let at = |text: &str| moment(text, &pattern, now).ok_or_else(|| wrong("range"));
                let (from, to) = (at(from)?, at(to)?);
                let unit = match get("interval.unit") {
                    Some(unit) => Unit::parse(unit).ok_or_else(|| wrong("interval.unit"))?,
                    // Only dates of whole days or months say by themselves how far it is to the next.
                    None if matches!(pattern.finest, Unit::Days | Unit::Months) => pattern.finest,
                    None => return Err(wrong("interval.unit")),
                };
                if from > to {
                    return Err(wrong("range"));
                }
                Ok(Self::Date { from, to, pattern, interval, unit })
            }
            _ => Err(wrong("type")),
        }
    }

    fn values(&self, key: &str, wanted: &Wanted) -> Result<Vec<(String, Option<NaiveDateTime>)>, SqlError> {
        let plain = |texts: Vec<String>| texts.into_iter().map(|text| (text, None)).collect();
        match self {
            Self::Enum(values) => Ok(plain(values.clone())),
            Self::Injected => {
                let equals = wanted.equals.as_ref().ok_or_else(|| {
                    SqlError::new(
                        "CONSTRAINT_VIOLATION",
                        format!(
                            "For the injected projected partition column {key}, the WHERE clause must contain only static equality conditions, and at least one such condition must be present."
                        ),
                    )
                })?;
                let mut seen = HashSet::new();
                Ok(plain(equals.iter().filter_map(text).filter(|value| seen.insert(value.clone())).collect()))
            }
            Self::Integer { min, max, interval, digits } => {
                let bound = |value: &Option<ScalarValue>| value.as_ref().and_then(integer);
                let spelled = |value: i64| match value < 0 {
                    true => format!("-{:0digits$}", value.unsigned_abs()),
                    false => format!("{value:0digits$}"),
                };
                if let Some(equals) = &wanted.equals {
                    let inside = |value: &i64| (*min..=*max).contains(value) && (value - min) % interval == 0;
                    let values = equals.iter().filter_map(text).filter_map(|text| text.trim().parse().ok());
                    return Ok(plain(values.filter(inside).map(spelled).collect()));
                }
                let low = bound(&wanted.min).map_or(*min, |bound| bound.max(*min));
                // The first step at or behind the bound.
                let first = min + (low - min).div_ceil_by(*interval) * interval;
                let last = bound(&wanted.max).map_or(*max, |bound| bound.min(*max));
                let step = usize::try_from(*interval).unwrap_or(usize::MAX);
                if last >= first && (last - first) / interval >= VALUES_MAX as i64 {
                    return Err(too_many(key));
                }
                Ok(plain((first..=last).step_by(step).map(spelled).collect()))
            }
            Self::Date { from, to, pattern, interval, unit } => {
                let mut values: Vec<(String, Option<NaiveDateTime>)> = Vec::new();
                let add = |at: NaiveDateTime, values: &mut Vec<(String, Option<NaiveDateTime>)>| {
                    let value = pattern.format(at);
                    if values.last().is_none_or(|(last, _)| *last != value) {
                        // As precise as it is written: today at 10:30 is today.
                        values.push((value.clone(), Some(pattern.read(&value).unwrap_or(at))));
                    }
                };
                for step in 0.. {
                    let Some(at) = unit.after(*from, step * interval).filter(|at| at <= to) else { break };
                    add(at, &mut values);
                    if values.len() > VALUES_MAX {
                        return Err(too_many(key));
                    }
                }
                // The range's end is included at the precision of the format: 23:00 today is part of today.
                if *interval == 1 && *unit == pattern.finest {
                    add(*to, &mut values);
                }
                Ok(values)
            }
        }
    }
}

/// Rounding up, for numbers of any sign and positive divisors.
trait DivCeil {
    fn div_ceil_by(self, divisor: Self) -> Self;
}

impl DivCeil for i64 {
    fn div_ceil_by(self, divisor: Self) -> Self {
        self.div_euclid(divisor) + i64::from(self.rem_euclid(divisor) != 0)
    }
}

/// `2020-01-01`, `NOW`, `NOW-3YEARS`, `NOW + 1 MONTH`.
fn moment(text: &str, pattern: &Pattern, now: Timestamp) -> Option<NaiveDateTime> {
    let trimmed = text.trim();
    let Some(offset) = trimmed.strip_prefix("NOW") else { return pattern.read(trimmed) };
    let now = chrono::DateTime::from_timestamp_millis(now.millis())?.naive_utc();
    let offset = offset.trim();
    if offset.is_empty() {
        return Some(now);
    }
    let (sign, rest) = match offset.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, offset.strip_prefix('+')?),
    };
    let rest = rest.trim();
    let digits = rest.find(|c: char| !c.is_ascii_digit())?;
    let count: i64 = rest[..digits].parse().ok()?;
    Unit::parse(&rest[digits..])?.after(now, sign * count)
}

/// A value that a predicate compares with, as text in a path.
fn text(value: &ScalarValue) -> Option<String> {
    match value {
        ScalarValue::Utf8View(Some(text)) | ScalarValue::Utf8(Some(text)) | ScalarValue::LargeUtf8(Some(text)) => {
            Some(text.clone())
        }
        ScalarValue::Date32(Some(days)) => {
            let mut text = String::new();
            crate::render::push_date(i64::from(*days), &mut text);
            Some(text)
        }
        ScalarValue::Boolean(Some(flag)) => Some(flag.to_string()),
        value => integer(value).map(|value| value.to_string()),
    }
}

fn integer(value: &ScalarValue) -> Option<i64> {
    match value {
        ScalarValue::Int8(value) => value.map(i64::from),
        ScalarValue::Int16(value) => value.map(i64::from),
        ScalarValue::Int32(value) => value.map(i64::from),
        ScalarValue::Int64(value) => *value,
        _ => None,
    }
}

/// Glue keeps the case of property names; Athena does not look at it.
fn property<'a>(parameters: &'a BTreeMap<String, String>, name: &str) -> Option<&'a String> {
    let same = |(key, _): &(&String, &String)| key.eq_ignore_ascii_case(name);
    parameters.get(name).or_else(|| parameters.iter().find(same).map(|(_, value)| value))
}

fn invalid(message: String) -> SqlError {
    SqlError::new("INVALID_TABLE_PROPERTY", message)
}

fn too_many(key: &str) -> SqlError {
    SqlError::new(
        "HIVE_EXCEEDED_PARTITION_LIMIT",
        format!("The projected partition column {key} has more than {VALUES_MAX} values that the query could need"),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::catalog::{LakeColumn, RelationName, Storage};

    fn table(keys: &[(&str, &str)], properties: &[(&str, &str)]) -> LakeTable {
        let enabled = ("projection.enabled", "true");
        LakeTable {
            name: RelationName::new("awsdatacatalog", "db", "t"),
            columns: vec![LakeColumn::new("a", "int")],
            partition_keys: keys.iter().map(|(name, hive_type)| LakeColumn::new(name, hive_type)).collect(),
            storage: Storage { location: "s3://lake/t/".to_owned(), ..Storage::default() },
            parameters: std::iter::once(&enabled)
                .chain(properties)
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
        }
    }

    fn projection(properties: &[(&str, &str)]) -> Result<Option<Projection>, SqlError> {
        let now = Timestamp::parse_iso8601("2024-02-29T10:30:00Z").unwrap();
        Projection::of(&table(&[("k", "string")], properties), now)
    }

    fn values(properties: &[(&str, &str)], wanted: &Wanted) -> Result<Vec<String>, SqlError> {
        let values = projection(properties).unwrap().unwrap().values(0, wanted)?;
        Ok(values.into_iter().map(|(text, _)| text).collect())
    }

    #[test]
    fn each_type_has_its_values() {
        type Case = (&'static [(&'static str, &'static str)], &'static [&'static str]);
        let cases: &[Case] = &[
            (&[("projection.k.type", "enum"), ("projection.k.values", "b,a, c")], &["b", "a", " c"]),
            (&[("projection.k.type", "integer"), ("projection.k.range", "8,11")], &["8", "9", "10", "11"]),
            (
                &[("projection.k.type", "integer"), ("projection.k.range", "-1, 1"), ("projection.k.digits", "2")],
                &["-01", "00", "01"],
            ),
            (
                &[("projection.k.type", "integer"), ("projection.k.range", "0,10"), ("projection.k.interval", "4")],
                &["0", "4", "8"],
            ),
            (
                &[
                    ("projection.k.type", "date"),
                    ("projection.k.range", "2024-02-27,NOW"),
                    ("projection.k.format", "yyyy-MM-dd"),
                ],
                &["2024-02-27", "2024-02-28", "2024-02-29"],
            ),
            (
                &[
                    ("projection.k.type", "date"),
                    ("projection.k.range", "NOW-2DAYS,NOW+1DAYS"),
                    ("projection.k.format", "yyyy/MM/dd"),
                    ("projection.k.interval", "1"),
                    ("projection.k.interval.unit", "DAYS"),
                ],
                &["2024/02/27", "2024/02/28", "2024/02/29", "2024/03/01"],
            ),
            (
                &[
                    ("projection.k.type", "date"),
                    ("projection.k.range", "202311,NOW"),
                    ("projection.k.format", "yyyyMM"),
                ],
                &["202311", "202312", "202401", "202402"],
            ),
            (
                &[
                    ("projection.k.type", "date"),
                    ("projection.k.range", "2020-01-01-00,2020-01-01-07"),
                    ("projection.k.format", "yyyy-MM-dd-HH"),
                    ("projection.k.interval", "3"),
                    ("projection.k.interval.unit", "HOURS"),
                ],
                &["2020-01-01-00", "2020-01-01-03", "2020-01-01-06"],
            ),
        ];
        for (properties, wanted) in cases {
            assert_eq!(values(properties, &Wanted::default()).unwrap(), *wanted, "{properties:?}");
        }
    }

    #[test]
    fn wide_ranges_of_integers_are_narrowed_before_they_are_written_out() {
        let wide =
            [("projection.k.type", "integer"), ("projection.k.range", "1,9000000000"), ("projection.k.interval", "5")];
        assert_eq!(values(&wide, &Wanted::default()).unwrap_err().name, "HIVE_EXCEEDED_PARTITION_LIMIT");
        let near =
            Wanted { min: Some(ScalarValue::from(1003_i64)), max: Some(ScalarValue::from(1013_i64)), equals: None };
        assert_eq!(values(&wide, &near).unwrap(), ["1006", "1011"]);
        let exact = Wanted { equals: Some(vec![ScalarValue::from("6"), ScalarValue::from("7")]), ..Wanted::default() };
        assert_eq!(values(&wide, &exact).unwrap(), ["6"]);
    }

    #[test]
    fn injected_values_come_from_the_query_and_must_be_there() {
        let injected = [("projection.k.type", "injected")];
        let error = values(&injected, &Wanted::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "CONSTRAINT_VIOLATION: For the injected projected partition column k, the WHERE clause must contain only static equality conditions, and at least one such condition must be present."
        );
        let given = Wanted { equals: Some(vec!["x".into(), "y".into(), "x".into()]), ..Wanted::default() };
        assert_eq!(values(&injected, &given).unwrap(), ["x", "y"]);
    }

    #[test]
    fn a_template_says_where_files_lie_and_hive_s_folders_are_the_default() {
        let plain = [("projection.k.type", "injected")];
        let plain = projection(&plain).unwrap().unwrap();
        assert_eq!(plain.location("s3://lake/t/", &["a b".to_owned()]), "s3://lake/t/k=a b");
        let placed = [("projection.k.type", "injected"), ("storage.location.template", "s3://other/${k}/x/")];
        let placed = projection(&placed).unwrap().unwrap();
        assert_eq!(placed.location("s3://lake/t/", &["v".to_owned()]), "s3://other/v/x/");
    }

    #[test]
    fn broken_configurations_are_named() {
        for (properties, word) in [
            (&[][..], "missing projection configuration: [k]"),
            (&[("projection.k.type", "magic")], "projection.k.type is invalid: 'magic'"),
            (&[("projection.k.type", "enum")], "projection.k.values is required"),
            (&[("projection.k.type", "integer"), ("projection.k.range", "5,1")], "projection.k.range is invalid"),
            (
                &[("projection.k.type", "date"), ("projection.k.range", "2020,2021"), ("projection.k.format", "yyyy")],
                "interval.unit is invalid",
            ),
            (
                &[("projection.k.type", "injected"), ("storage.location.template", "s3://x/y")],
                "missing partition column 'k'",
            ),
        ] {
            let error = projection(properties).unwrap_err();
            assert_eq!(error.name, "INVALID_TABLE_PROPERTY");
            assert!(error.message.contains(word), "{}", error.message);
        }
    }

    #[test]
    fn tables_without_projection_have_none() {
        let mut plain = table(&[("k", "string")], &[]);
        plain.parameters.insert("projection.enabled".to_owned(), "false".to_owned());
        assert!(Projection::of(&plain, Timestamp::default()).unwrap().is_none());
    }
}
