//! Inference: what an object of the lake holds, told from its beginning (or its footer), as Glue's crawlers tell it.
//!
//! ```text
//!   sample    the first megabyte, decoded
//!   csv       delimited text: delimiter, quotes, header
//!   json      objects or an array; json_path leads classifiers to records
//!   log       lines that grok patterns take apart
//!   columnar  footers of Parquet and ORC files
//!   avro      headers of Avro files
//!   shape     a type that widens as values are seen
//!   schema    columns, merged and compared
//! ```
//!
//! <https://docs.aws.amazon.com/glue/latest/dg/add-classifier.html>

mod avro;
mod columnar;
mod csv;
mod json;
mod json_path;
mod log;
mod sample;
mod schema;
mod shape;

use std::sync::Arc;

use haar_kernel::objects::OpenObject;

pub use self::csv::{CsvRule, Header};
pub use self::json_path::JsonPath;
pub use self::log::Pattern;
pub use self::sample::SAMPLE_BYTES;
use self::sample::Sample;
pub use self::schema::Schema;
use crate::compression::Compression;
use crate::error::FormatError;
use crate::guard::guarded;

/// How a classifier of one's own recognises text.
#[derive(Clone, Debug)]
pub enum Classifier {
    /// Records at a path in JSON; the path as it was written goes with the table.
    Json {
        /// To be followed.
        path: JsonPath,
        /// As it was written.
        written: String,
    },
    /// Delimited text.
    Csv {
        /// What counts.
        rule: CsvRule,
        /// The SerDe to read it with; otherwise quotes decide.
        serde: Option<CsvSerde>,
    },
    /// Lines that a grok pattern takes apart.
    Grok(Pattern),
}

/// The SerDes that read delimited text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CsvSerde {
    /// `LazySimpleSerDe`: types, no quotes.
    LazySimple,
    /// `OpenCSVSerde`: quotes, all text.
    OpenCsv,
}

/// What an object holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// What objects have in common that can be one table.
    pub layout: Layout,
    /// Columns.
    pub schema: Schema,
    /// Whether values stand in quotes (delimited text).
    pub quoted: bool,
    /// The schema in Avro's own language.
    pub avro_schema: Option<String>,
    /// How many rows there are; an estimate where only the beginning was looked at.
    pub records: u64,
}

/// How data are written: what objects must share to be read as one table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Layout {
    /// `json`, `csv`, … or the name that a classifier gives.
    pub classification: String,
    /// Of the whole object.
    pub compression: Option<Compression>,
    /// With what a reader must know.
    pub format: Format,
}

/// A format that a crawler recognises, with what a reader must know of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// JSON; the path to the records where a classifier gave one.
    Json {
        /// As it was written.
        path: Option<String>,
    },
    /// Delimited text.
    Csv {
        /// Between columns.
        delimiter: char,
        /// Around values, where a classifier says so.
        quote: Option<char>,
        /// Whether the first row names the columns.
        header: bool,
        /// What reads it.
        serde: CsvSerde,
    },
    /// Lines that a grok pattern takes apart.
    Grok {
        /// As it was written.
        pattern: String,
        /// Further patterns.
        custom: Option<String>,
    },
    /// Parquet.
    Parquet,
    /// ORC.
    Orc,
    /// Avro.
    Avro,
    /// Nobody knows.
    Unknown,
}

/// Tells what an object holds. The classifiers are asked first, in their order. What cannot be read as what it seems to
/// be is unknown; errors are those of the disk. Blocks: run it off the async threads.
pub fn look(object: &Arc<dyn OpenObject>, classifiers: &[Classifier]) -> Result<Found, FormatError> {
    let found = guarded("lake", &object.meta().key, || {
        let magic = Sample::magic(object.as_ref())?;
        if magic.starts_with(b"PAR1") {
            let described = columnar::parquet(object.as_ref())?;
            Ok(Found::described("parquet", Format::Parquet, described))
        } else if magic.starts_with(b"ORC") {
            Ok(Found::described("orc", Format::Orc, columnar::orc(object.clone())?))
        } else if magic.starts_with(avro::MAGIC) {
            let avro = avro::read(object.clone())?;
            let found = Found::described("avro", Format::Avro, (avro.schema, avro.records));
            Ok(Found { avro_schema: Some(avro.literal), ..found })
        } else {
            Ok(text(&Sample::take(object)?, classifiers))
        }
    });
    match found {
        Err(error) if error.name != UNREADABLE => Ok(Found::unknown(None)),
        found => found,
    }
}

/// The name of the error for objects that cannot be read at all, whatever is in them.
const UNREADABLE: &str = "HIVE_CANNOT_OPEN_SPLIT";

fn text(sample: &Sample, classifiers: &[Classifier]) -> Found {
    let own = classifiers.iter().find_map(|classifier| classifier.look(sample));
    let known = own
        .or_else(|| look_for_json(sample))
        .or_else(|| log::built_in().iter().find_map(|pattern| look_for_log(sample, pattern)))
        .or_else(|| look_for_csv(sample, &CsvRule::default(), None));
    let mut found = known.unwrap_or_else(|| Found::unknown(sample.compression));
    found.records = sample.scale(found.records);
    found
}

impl Classifier {
    fn look(&self, sample: &Sample) -> Option<Found> {
        match self {
            Classifier::Json { path, written } => {
                let json = json::infer_at(path, &sample.bytes, sample.cut)?;
                Some(Found::json(sample, json, Some(written.clone())))
            }
            Classifier::Csv { rule, serde } => look_for_csv(sample, rule, *serde),
            Classifier::Grok(pattern) => look_for_log(sample, pattern),
        }
    }
}

fn look_for_log(sample: &Sample, pattern: &Pattern) -> Option<Found> {
    let log = pattern.infer(&sample.bytes, sample.cut)?;
    let format = Format::Grok { pattern: pattern.pattern.clone(), custom: pattern.custom.clone() };
    let classification = pattern.classification.clone();
    let layout = Layout { classification, compression: sample.compression, format };
    Some(Found { layout, schema: Schema::of(log.fields), quoted: false, avro_schema: None, records: log.records })
}

fn look_for_json(sample: &Sample) -> Option<Found> {
    Some(Found::json(sample, json::infer(&sample.bytes, sample.cut)?, None))
}

fn look_for_csv(sample: &Sample, rule: &CsvRule, serde: Option<CsvSerde>) -> Option<Found> {
    let csv = csv::infer(&sample.bytes, sample.cut, rule)?;
    // Without a word from anybody it is LazySimpleSerDe, quotes or not: so says AWS of its classifier.
    let by_quotes = if rule.quote.is_some() { CsvSerde::OpenCsv } else { CsvSerde::LazySimple };
    let serde = serde.unwrap_or(by_quotes);
    let schema = Schema::of(csv.fields);
    let schema = if serde == CsvSerde::OpenCsv && rule.types.is_empty() { schema.as_text() } else { schema };
    let format = Format::Csv { delimiter: csv.delimiter, quote: rule.quote, header: csv.header, serde };
    let layout = Layout { classification: "csv".into(), compression: sample.compression, format };
    Some(Found { layout, schema, quoted: csv.quoted, avro_schema: None, records: csv.records })
}

impl Found {
    fn json(sample: &Sample, json: json::Json, path: Option<String>) -> Found {
        let format = Format::Json { path };
        let layout = Layout { classification: "json".into(), compression: sample.compression, format };
        let schema = Schema::of(json.fields);
        Found { layout, schema, quoted: false, avro_schema: None, records: json.records }
    }

    fn described(classification: &str, format: Format, (schema, records): columnar::Described) -> Found {
        let layout = Layout { classification: classification.into(), compression: None, format };
        Found { layout, schema, quoted: false, avro_schema: None, records }
    }

    fn unknown(compression: Option<Compression>) -> Found {
        let layout = Layout { classification: "UNKNOWN".into(), compression, format: Format::Unknown };
        Found { layout, schema: Schema::default(), quoted: false, avro_schema: None, records: 0 }
    }
}

#[cfg(test)]
mod tests;
