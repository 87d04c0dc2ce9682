//! A crawler's own classifiers, as inference asks them.

use std::sync::Arc;

use haar_formats::HiveType;
use haar_formats::infer::{Classifier, CsvRule, CsvSerde, Header, JsonPath, Pattern};
use haar_platform::store::Read;

use super::super::Glue;
use super::super::model::{CLASSIFIERS, CsvRule as KeptCsv, Rule};
use super::super::place::Place;
use super::model::CrawlerInput;
use super::output::broken;
use super::walk::Ended;

/// The classifiers that a crawler names, in its order.
pub fn classifiers(glue: &Glue, place: &Place, input: &CrawlerInput) -> Result<Arc<Vec<Classifier>>, Ended> {
    let read = glue.store.snapshot();
    let mut classifiers = Vec::new();
    for name in input.classifiers.iter().flatten() {
        let kept = read.get(CLASSIFIERS, &place.key(name)).map_err(broken)?;
        let kept = kept.ok_or_else(|| Ended::Failed(format!("Classifier {name} not found.")))?;
        classifiers.push(classifier(kept.rule).map_err(|why| Ended::Failed(format!("Classifier {name}: {why}")))?);
    }
    Ok(Arc::new(classifiers))
}

fn classifier(rule: Rule) -> Result<Classifier, String> {
    match rule {
        Rule::Json { json_path } => match JsonPath::parse(&json_path) {
            Some(path) => Ok(Classifier::Json { path, written: json_path }),
            None => Err(format!("the JSON path {json_path} is not valid.")),
        },
        Rule::Csv(csv) => Ok(csv_classifier(csv)),
        Rule::Grok { classification, grok_pattern, custom_patterns } => {
            Pattern::compile(&classification, &grok_pattern, custom_patterns.as_deref())
                .map(Classifier::Grok)
                .map_err(|error| error.message)
        }
        Rule::Xml { .. } => Err("XML classifiers are not served.".into()),
    }
}

fn csv_classifier(csv: KeptCsv) -> Classifier {
    let symbol = |text: Option<String>| text.and_then(|text| unescaped(&text));
    let types = csv.custom_datatypes.filter(|_| csv.custom_datatype_configured == Some(true)).unwrap_or_default();
    Classifier::Csv {
        rule: CsvRule {
            delimiter: symbol(csv.delimiter),
            quote: symbol(csv.quote_symbol),
            header: match csv.contains_header.as_deref() {
                Some("PRESENT") => Header::Present,
                Some("ABSENT") => Header::Absent,
                _ => Header::Unknown,
            },
            names: csv.header.unwrap_or_default(),
            untrimmed: csv.disable_value_trimming == Some(true),
            single_column: csv.allow_single_column == Some(true),
            types: types.iter().map(|name| data_type(name)).collect(),
        },
        serde: match csv.serde.as_deref() {
            Some("OpenCSVSerDe") => Some(CsvSerde::OpenCsv),
            Some("LazySimpleSerDe") => Some(CsvSerde::LazySimple),
            _ => None,
        },
    }
}

/// A symbol: one character, or what stands for one that is hard to write.
fn unescaped(text: &str) -> Option<char> {
    match text {
        r"\t" => Some('\t'),
        r"\u0001" | r"\001" => Some('\u{1}'),
        text => text.chars().next(),
    }
}

/// The names that classifiers have for types.
fn data_type(name: &str) -> HiveType {
    match name.to_ascii_uppercase().as_str() {
        "BINARY" => HiveType::Binary,
        "BOOLEAN" => HiveType::Boolean,
        "DATE" => HiveType::Date,
        "DECIMAL" => HiveType::Decimal(10, 0),
        "DOUBLE" => HiveType::Double,
        "FLOAT" => HiveType::Float,
        "INT" => HiveType::Int,
        "LONG" => HiveType::Bigint,
        "SHORT" => HiveType::Smallint,
        "TIMESTAMP" => HiveType::Timestamp,
        _ => HiveType::String,
    }
}
