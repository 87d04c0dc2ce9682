//! The formats of tables: which one a storage descriptor names, and reading a file of it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use haar_kernel::objects::OpenObject;

use crate::avro;
use crate::compression::Compression;
use crate::csv::{CsvParser, QuotedText};
use crate::error::FormatError;
use crate::grok::{self, Grok};
use crate::grok_rows::GrokParser;
use crate::json::{JsonLines, JsonParser};
use crate::lazy::{Delimited, LazyParser};
use crate::lines::Lines;
use crate::orc;
use crate::parquet_file;
use crate::regex_rows::{RegexParser, RegexText};
use crate::rows::{RowBatches, RowParser, Skipped};
use crate::types::Column;

/// What the Data Catalog says of how a table or partition is stored.
#[derive(Clone, Copy, Debug)]
pub struct Storage<'a> {
    /// `StorageDescriptor.InputFormat`
    pub input_format: Option<&'a str>,
    /// `StorageDescriptor.SerdeInfo.SerializationLibrary`
    pub serde_library: Option<&'a str>,
    /// `StorageDescriptor.SerdeInfo.Parameters`
    pub serde_parameters: &'a BTreeMap<String, String>,
    /// `Table.Parameters`: `skip.header.line.count` and the like. Those of the SerDe win over them.
    pub table_parameters: &'a BTreeMap<String, String>,
}

/// SerDes that Athena has and we do not.
const UNSERVED_SERDES: &[&str] = &[
    "com.amazon.emr.hive.serde.CloudTrailSerde",
    "com.amazon.ionhiveserde.IonHiveSerDe",
    "org.apache.hadoop.hive.serde2.columnar.ColumnarSerDe",
    "org.apache.hadoop.hive.serde2.columnar.LazyBinaryColumnarSerDe",
    "org.apache.hadoop.hive.serde2.lazybinary.LazyBinarySerDe",
];

/// Input formats whose files are not what their SerDe alone says.
const UNSERVED_INPUTS: &[&str] =
    &["SequenceFileInputFormat", "RCFileInputFormat", "SymlinkTextInputFormat", "CloudTrailInputFormat"];

/// The batches of a file, in its order. Reading blocks: run it off the async threads. After an error comes nothing.
pub type Batches = Box<dyn Iterator<Item = Result<RecordBatch, FormatError>> + Send>;

/// A format with its settings.
#[derive(Clone, Debug)]
pub enum TableFormat {
    /// Delimited text: `LazySimpleSerDe`.
    Text(Delimited, Skipped),
    /// Quoted text: `OpenCSVSerde`.
    OpenCsv(QuotedText, Skipped),
    /// JSON lines: Hive's and OpenX's `JsonSerDe`.
    Json(JsonLines, Skipped),
    /// Lines taken apart by a regular expression: `RegexSerDe`.
    Regex(RegexText, Skipped),
    /// Lines taken apart by grok patterns: `GrokSerDe`.
    Grok(Grok, Skipped),
    /// Parquet. Columns are found by name unless `parquet.column.index.access` is set.
    Parquet {
        /// Columns are found by their place.
        by_index: bool,
    },
    /// ORC. Columns are found by place unless `orc.column.index.access` is `false`.
    Orc {
        /// Columns are found by their place.
        by_index: bool,
    },
    /// Avro container files.
    Avro {
        /// `avro.schema.literal`
        schema_literal: Option<String>,
    },
}

impl TableFormat {
    /// The format that a storage descriptor names. Errors are `HIVE_UNSUPPORTED_FORMAT`, `HIVE_SERDE_NOT_FOUND` or
    /// `HIVE_INVALID_METADATA`.
    pub fn of(storage: &Storage<'_>) -> Result<TableFormat, FormatError> {
        let mut properties = storage.table_parameters.clone();
        properties.extend(storage.serde_parameters.iter().map(|(name, value)| (name.clone(), value.clone())));
        let is = |name: &str| properties.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let null_for_invalid = is("use.null.for.invalid.data");
        let skipped = Skipped::of(&properties)?;
        let input_format = storage.input_format.unwrap_or_default();
        if UNSERVED_INPUTS.iter().any(|unserved| input_format.ends_with(unserved)) {
            return Err(FormatError::unsupported_format(format!("Unable to create input format {input_format}")));
        }
        let serde = storage.serde_library.unwrap_or_default();
        match serde {
            "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe" => {
                Ok(TableFormat::Text(Delimited::of(&properties)?, skipped))
            }
            "org.apache.hadoop.hive.serde2.OpenCSVSerde" => {
                Ok(TableFormat::OpenCsv(QuotedText::of(&properties, null_for_invalid)?, skipped))
            }
            "org.apache.hive.hcatalog.data.JsonSerDe" | "org.apache.hadoop.hive.serde2.JsonSerDe" => {
                Ok(TableFormat::Json(JsonLines::of(&properties, false, null_for_invalid)?, skipped))
            }
            "org.openx.data.jsonserde.JsonSerDe" => {
                Ok(TableFormat::Json(JsonLines::of(&properties, true, null_for_invalid)?, skipped))
            }
            "org.apache.hadoop.hive.serde2.RegexSerDe" | "org.apache.hadoop.hive.contrib.serde2.RegexSerDe" => {
                Ok(TableFormat::Regex(RegexText::of(&properties)?, skipped))
            }
            "com.amazonaws.glue.serde.GrokSerDe" => Ok(TableFormat::Grok(grok::of_properties(&properties)?, skipped)),
            "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe" | "parquet.hive.serde.ParquetHiveSerDe" => {
                Ok(TableFormat::Parquet { by_index: is("parquet.column.index.access") })
            }
            "org.apache.hadoop.hive.ql.io.orc.OrcSerde" => {
                let by_name = properties.get("orc.column.index.access");
                let by_name = by_name.is_some_and(|value| value.eq_ignore_ascii_case("false"));
                Ok(TableFormat::Orc { by_index: !by_name })
            }
            "org.apache.hadoop.hive.serde2.avro.AvroSerDe" => {
                Ok(TableFormat::Avro { schema_literal: properties.get("avro.schema.literal").cloned() })
            }
            unserved if UNSERVED_SERDES.contains(&unserved) => {
                Err(FormatError::unsupported_format(format!("The SerDe {unserved} is not supported")))
            }
            serde => Err(FormatError::serde_not_found(format!("deserializer does not exist: {serde}"))),
        }
    }

    /// Whether parts of the file under this key can be read apart.
    pub fn splittable(&self, key: &str) -> bool {
        match self {
            TableFormat::Text(_, skipped)
            | TableFormat::Json(_, skipped)
            | TableFormat::Regex(_, skipped)
            | TableFormat::Grok(_, skipped) => {
                skipped.footer == 0 && skipped.header <= 1 && Compression::of_key(key).is_none()
            }
            // A line break may stand in quotes, and nobody knows who does not read from the beginning.
            TableFormat::OpenCsv(..) => false,
            TableFormat::Parquet { .. } | TableFormat::Orc { .. } => true,
            TableFormat::Avro { .. } => false,
        }
    }

    /// Reads a file, or that part of it whose rows begin in `split`.
    ///
    /// `columns` are all columns of the table that live in files (no partition keys); `projection` says which of them
    /// the batches have, in which order. An empty projection gives batches without columns that have a row count.
    /// Batches have the Arrow layout of [`crate::HiveType::arrow`] and at most `batch_rows` rows.
    pub fn read(
        &self,
        source: Arc<dyn OpenObject>,
        split: Option<Range<u64>>,
        columns: &[Column],
        projection: &[usize],
        batch_rows: usize,
    ) -> Result<Batches, FormatError> {
        let projected: Vec<&Column> = projection.iter().map(|at| &columns[*at]).collect();
        let (parser, delimiter, skipped): (Box<dyn RowParser>, Option<u8>, Skipped) = match self {
            TableFormat::Text(format, skipped) => {
                let parser = LazyParser::new(format.clone(), columns.len(), projection);
                (Box::new(parser), format.line, *skipped)
            }
            TableFormat::OpenCsv(format, skipped) => {
                (Box::new(CsvParser::new(format.clone(), projection)), None, *skipped)
            }
            TableFormat::Json(format, skipped) => {
                (Box::new(JsonParser::new(format.clone(), columns, projection)), None, *skipped)
            }
            TableFormat::Regex(format, skipped) => {
                (Box::new(RegexParser::new(format, columns.len(), projection)), None, *skipped)
            }
            TableFormat::Grok(grok, skipped) => (Box::new(GrokParser::new(grok, columns, projection)), None, *skipped),
            TableFormat::Parquet { by_index } => {
                return parquet_file::read(source, split.as_ref(), columns, projection, *by_index, batch_rows);
            }
            TableFormat::Orc { by_index } => {
                return orc::read(source, split.as_ref(), columns, projection, *by_index, batch_rows);
            }
            TableFormat::Avro { schema_literal } => {
                return avro::read(source, columns, projection, schema_literal.as_deref(), batch_rows);
            }
        };
        let begins_file = split.as_ref().is_none_or(|split| split.start == 0);
        let lines = Lines::open(source, split.as_ref(), delimiter)?;
        Ok(Box::new(RowBatches::new(lines, parser, &projected, skipped, begins_file, batch_rows)?))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;
    use crate::testing::{object, read_rows, table};

    fn refused(input_format: &str, serde: &str) -> String {
        let none = BTreeMap::new();
        let storage = Storage {
            input_format: Some(input_format),
            serde_library: Some(serde),
            serde_parameters: &none,
            table_parameters: &none,
        };
        TableFormat::of(&storage).unwrap_err().to_string()
    }

    #[test]
    fn serdes_that_nobody_has_are_told_from_those_that_we_do_not_serve() {
        assert_eq!(refused("", "x.Y"), "HIVE_SERDE_NOT_FOUND: deserializer does not exist: x.Y");
        assert_eq!(
            refused("", "com.amazon.ionhiveserde.IonHiveSerDe"),
            "HIVE_UNSUPPORTED_FORMAT: The SerDe com.amazon.ionhiveserde.IonHiveSerDe is not supported"
        );
        let sequence = "org.apache.hadoop.mapred.SequenceFileInputFormat";
        assert_eq!(
            refused(sequence, "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"),
            format!("HIVE_UNSUPPORTED_FORMAT: Unable to create input format {sequence}")
        );
    }

    #[test]
    fn properties_of_the_serde_win_over_those_of_the_table() {
        let serde = BTreeMap::from([("field.delim".to_owned(), ";".to_owned())]);
        let of_table = [("field.delim", ","), ("skip.header.line.count", "1")];
        let of_table = of_table.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let storage = Storage {
            input_format: Some("org.apache.hadoop.mapred.TextInputFormat"),
            serde_library: Some("org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"),
            serde_parameters: &serde,
            table_parameters: &of_table,
        };
        let TableFormat::Text(format, skipped) = TableFormat::of(&storage).unwrap() else { panic!("text") };
        assert_eq!((format.separators[0], skipped.header), (b';', 1));
    }

    #[test]
    fn orc_is_found_by_place_and_parquet_by_name() {
        let orc = "org.apache.hadoop.hive.ql.io.orc.OrcSerde";
        assert!(matches!(table(orc, &[]), TableFormat::Orc { by_index: true }));
        assert!(matches!(table(orc, &[("orc.column.index.access", "FALSE")]), TableFormat::Orc { by_index: false }));
        let parquet = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe";
        assert!(matches!(table(parquet, &[]), TableFormat::Parquet { by_index: false }));
    }

    #[test]
    fn counts_of_skipped_lines_must_be_numbers() {
        let properties = BTreeMap::from([("skip.header.line.count".to_owned(), "one".to_owned())]);
        assert_eq!(Skipped::of(&properties).unwrap_err().name, "HIVE_INVALID_METADATA");
    }

    proptest! {
        #[test]
        fn any_bytes_are_rows_of_text(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b",;:\\\n\r1-"[..])], 0..80),
        ) {
            let separators = [("field.delim", ","), ("collection.delim", ";"), ("mapkey.delim", ":"), ("escape.delim", "\\")];
            let types = "a map<int,array<string>>, b struct<x:double,y:array<date>>, c decimal(9,2), d binary, e timestamp";
            let lazy = table("org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe", &separators);
            prop_assert!(read_rows(&lazy, object("t", bytes.clone()), types).is_ok());
            let regex = table("org.apache.hadoop.hive.serde2.RegexSerDe", &[("input.regex", "(.*?),(.*)")]);
            prop_assert!(read_rows(&regex, object("t", bytes.clone()), "a string, b date").is_ok());
            let grok = table("com.amazonaws.glue.serde.GrokSerDe", &[("input.format", "%{INT:a}[,;]%{GREEDYDATA:b}")]);
            prop_assert!(read_rows(&grok, object("t", bytes), "a int, b string").is_ok());
        }
    }
}
