//! The JSON in a crawler's `Configuration`: how tables are grouped and written.
//!
//! <https://docs.aws.amazon.com/glue/latest/dg/crawler-configuration.html#crawler-configure-changes-api>

use serde_json::Value;

/// What a crawler's configuration says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// Partitions are described as their tables are (`InheritFromTable`).
    pub inherit: bool,
    /// Tables get new columns, and keep what they have (`MergeNewColumns`).
    pub merge: bool,
    /// More tables than that fail the crawl (`TableThreshold`).
    pub table_threshold: Option<usize>,
    /// Objects of one format are one table, however their schemas differ (`CombineCompatibleSchemas`).
    pub combine: bool,
    /// The level of the folders that are tables; the bucket is level 1 (`TableLevelConfiguration`).
    pub table_level: Option<usize>,
    /// New tables with partitions get an index (`CreatePartitionIndex`).
    pub index: bool,
}

impl Default for Configuration {
    fn default() -> Self {
        Self { inherit: false, merge: false, table_threshold: None, combine: false, table_level: None, index: true }
    }
}

impl Configuration {
    /// Reads the JSON; what is wrong with it, in a sentence.
    pub fn parse(text: Option<&str>) -> Result<Configuration, String> {
        let mut configuration = Configuration::default();
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else { return Ok(configuration) };
        let json: Value = serde_json::from_str(text).map_err(|_| invalid("it is no JSON"))?;
        let members = json.as_object().ok_or_else(|| invalid("it is no object"))?;
        let version = members.get("Version").ok_or_else(|| invalid("Version is missing"))?;
        if version.as_f64() != Some(1.0) && version.as_str() != Some("1.0") {
            return Err(invalid("Version must be 1.0"));
        }
        for (name, value) in members {
            match name.as_str() {
                "Version" => {}
                "CrawlerOutput" => configuration.read_output(value)?,
                "Grouping" => configuration.read_grouping(value)?,
                "CreatePartitionIndex" => {
                    configuration.index = flag(value).ok_or_else(|| invalid("CreatePartitionIndex is no boolean"))?;
                }
                other => return Err(unknown(other)),
            }
        }
        Ok(configuration)
    }

    fn read_output(&mut self, output: &Value) -> Result<(), String> {
        for (name, value) in output.as_object().ok_or_else(|| invalid("CrawlerOutput is no object"))? {
            for (member, value) in value.as_object().ok_or_else(|| invalid("CrawlerOutput is no object of objects"))? {
                match (name.as_str(), member.as_str(), value.as_str()) {
                    ("Partitions", "AddOrUpdateBehavior", Some("InheritFromTable")) => self.inherit = true,
                    ("Tables", "AddOrUpdateBehavior", Some("MergeNewColumns")) => self.merge = true,
                    ("Tables", "TableThreshold", _) => {
                        let threshold =
                            positive(value).ok_or_else(|| invalid("TableThreshold is no positive number"))?;
                        self.table_threshold = Some(threshold);
                    }
                    _ => return Err(unknown(&format!("CrawlerOutput.{name}.{member} = {value}"))),
                }
            }
        }
        Ok(())
    }

    fn read_grouping(&mut self, grouping: &Value) -> Result<(), String> {
        for (name, value) in grouping.as_object().ok_or_else(|| invalid("Grouping is no object"))? {
            match (name.as_str(), value.as_str()) {
                ("TableGroupingPolicy", Some("CombineCompatibleSchemas")) => self.combine = true,
                ("TableLevelConfiguration", _) => {
                    let level =
                        positive(value).ok_or_else(|| invalid("TableLevelConfiguration is no positive number"))?;
                    self.table_level = Some(level);
                }
                _ => return Err(unknown(&format!("Grouping.{name} = {value}"))),
            }
        }
        Ok(())
    }
}

fn flag(value: &Value) -> Option<bool> {
    value.as_bool().or_else(|| value.as_str()?.parse().ok())
}

fn positive(value: &Value) -> Option<usize> {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
    usize::try_from(number).ok().filter(|number| *number > 0)
}

fn invalid(why: &str) -> String {
    format!("Invalid Crawler Configuration: {why}.")
}

fn unknown(what: &str) -> String {
    format!("Invalid Crawler Configuration: {what} is not supported.")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_option_is_read() {
        let text = r#"{"Version": 1.0, "CreatePartitionIndex": false,
            "CrawlerOutput": {"Partitions": {"AddOrUpdateBehavior": "InheritFromTable"},
                              "Tables": {"AddOrUpdateBehavior": "MergeNewColumns", "TableThreshold": 3}},
            "Grouping": {"TableGroupingPolicy": "CombineCompatibleSchemas", "TableLevelConfiguration": "2"}}"#;
        let expected = Configuration {
            inherit: true,
            merge: true,
            table_threshold: Some(3),
            combine: true,
            table_level: Some(2),
            index: false,
        };
        assert_eq!(Configuration::parse(Some(text)), Ok(expected));
        assert_eq!(Configuration::parse(None), Ok(Configuration::default()));
        assert_eq!(Configuration::parse(Some("")), Ok(Configuration::default()));
    }

    #[test]
    fn what_nobody_honours_is_refused() {
        for text in [
            "{",
            "[]",
            "{}",
            r#"{"Version": 2}"#,
            r#"{"Version": 1.0, "Sampling": {}}"#,
            r#"{"Version": 1.0, "CrawlerOutput": {"Tables": {"AddOrUpdateBehavior": "Nothing"}}}"#,
            r#"{"Version": 1.0, "Grouping": {"TableLevelConfiguration": 0}}"#,
        ] {
            assert!(Configuration::parse(Some(text)).unwrap_err().starts_with("Invalid Crawler Configuration: "));
        }
    }
}
