//! How crawlers describe tables and partitions: formats, SerDes and parameters.
//!
//! <https://docs.aws.amazon.com/glue/latest/dg/table-properties-crawler.html>

use std::collections::BTreeMap;

use haar_formats::compression::Compression;
use haar_formats::infer::{CsvSerde, Format};
use haar_platform::aws::glue as aws;

use super::folder::Kind;

/// The parameter that names the crawl that wrote a table last.
pub const CRAWL_RUN_ID: &str = "CRAWL_RUN_ID";

/// The parameter that names the crawler that a table is from.
pub const UPDATED_BY_CRAWLER: &str = "UPDATED_BY_CRAWLER";

/// The parameter of what a crawler no longer finds: when it noticed.
pub const DEPRECATED_BY_CRAWLER: &str = "DEPRECATED_BY_CRAWLER";

/// The parameter by which Athena asks the catalog for partitions that fit.
pub const PARTITION_FILTERING: &str = "partition_filtering.enabled";

const TEXT_INPUT: &str = "org.apache.hadoop.mapred.TextInputFormat";
const TEXT_OUTPUT: &str = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat";

/// Who describes: what goes into every table of a crawl.
#[derive(Clone, Debug)]
pub struct Author {
    /// The crawler's name.
    pub crawler: String,
    /// The crawl's id.
    pub crawl: String,
    /// Exclude patterns of the target, as locations.
    pub exclusions: Vec<String>,
}

type Map = BTreeMap<String, String>;

/// Where and how a kind of data is stored. What is a partition key is no column as well.
pub fn storage(author: &Author, kind: &Kind, location: &str, keys: &[String]) -> aws::StorageDescriptor {
    let Serialization { input, output, library, parameters } = serialization(kind);
    let columns = kind.schema.columns().into_iter().filter(|column| !keys.contains(&column.name));
    let columns = columns.map(|column| aws::Column {
        name: column.name,
        r#type: Some(column.hive_type.to_string()),
        ..Default::default()
    });
    aws::StorageDescriptor {
        columns: Some(columns.collect()),
        location: Some(location.to_owned()),
        input_format: input.map(str::to_owned),
        output_format: output.map(str::to_owned),
        compressed: Some(kind.layout.compression.is_some()),
        number_of_buckets: Some(-1),
        serde_info: Some(aws::SerDeInfo {
            serialization_library: library.map(str::to_owned),
            parameters: Some(parameters),
            ..Default::default()
        }),
        bucket_columns: Some(Vec::new()),
        sort_columns: Some(Vec::new()),
        parameters: Some(parameters_of(author, kind)),
        stored_as_sub_directories: Some(false),
        ..Default::default()
    }
}

/// The parameters of a table, a partition, and the storage of both.
pub fn parameters_of(author: &Author, kind: &Kind) -> Map {
    let count = kind.count;
    let mut parameters = map([
        (CRAWL_RUN_ID, author.crawl.clone()),
        ("CrawlerSchemaDeserializerVersion", "1.0".into()),
        ("CrawlerSchemaSerializerVersion", "1.0".into()),
        (UPDATED_BY_CRAWLER, author.crawler.clone()),
        ("averageRecordSize", (count.bytes / count.records.max(1)).to_string()),
        ("classification", kind.layout.classification.clone()),
        ("compressionType", compression_type(kind.layout.compression).into()),
        ("objectCount", count.objects.to_string()),
        ("recordCount", count.records.to_string()),
        ("sizeKey", count.bytes.to_string()),
        ("typeOfData", "file".into()),
    ]);
    match &kind.layout.format {
        Format::Csv { delimiter, header, quote, .. } => {
            let quoted = quote.is_some() || kind.quoted;
            parameters.extend(map([
                ("areColumnsQuoted", quoted.to_string()),
                ("columnsOrdered", "true".into()),
                ("delimiter", delimiter.to_string()),
            ]));
            if *header {
                parameters.insert("skip.header.line.count".into(), "1".into());
            }
        }
        Format::Json { path: Some(path) } => {
            parameters.insert("jsonPath".into(), path.clone());
        }
        _ => {}
    }
    if let Some(schema) = &kind.avro_schema {
        parameters.insert("avro.schema.literal".into(), schema.clone());
    }
    if !author.exclusions.is_empty() {
        let list = serde_json::Value::from(author.exclusions.clone());
        parameters.insert("exclusions".into(), list.to_string());
    }
    parameters
}

struct Serialization {
    input: Option<&'static str>,
    output: Option<&'static str>,
    library: Option<&'static str>,
    parameters: Map,
}

fn serialization(kind: &Kind) -> Serialization {
    let text = |library, parameters| Serialization {
        input: Some(TEXT_INPUT),
        output: Some(TEXT_OUTPUT),
        library: Some(library),
        parameters,
    };
    let columnar = |input, output, library, parameters| Serialization {
        input: Some(input),
        output: Some(output),
        library: Some(library),
        parameters,
    };
    match &kind.layout.format {
        Format::Json { .. } => text("org.openx.data.jsonserde.JsonSerDe", map([("paths", kind.schema.paths())])),
        Format::Csv { delimiter, serde: CsvSerde::LazySimple, .. } => {
            text("org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe", map([("field.delim", delimiter.to_string())]))
        }
        Format::Csv { delimiter, quote, serde: CsvSerde::OpenCsv, .. } => text(
            "org.apache.hadoop.hive.serde2.OpenCSVSerde",
            map([("quoteChar", quote.unwrap_or('"').to_string()), ("separatorChar", delimiter.to_string())]),
        ),
        Format::Grok { pattern, custom } => {
            let mut parameters = map([("input.format", pattern.clone())]);
            parameters.extend(custom.iter().map(|custom| ("input.grokCustomPatterns".into(), custom.clone())));
            text("com.amazonaws.glue.serde.GrokSerDe", parameters)
        }
        Format::Parquet => columnar(
            "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
            "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
            "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
            map([("serialization.format", "1".into())]),
        ),
        Format::Orc => columnar(
            "org.apache.hadoop.hive.ql.io.orc.OrcInputFormat",
            "org.apache.hadoop.hive.ql.io.orc.OrcOutputFormat",
            "org.apache.hadoop.hive.ql.io.orc.OrcSerde",
            Map::new(),
        ),
        Format::Avro => columnar(
            "org.apache.hadoop.hive.ql.io.avro.AvroContainerInputFormat",
            "org.apache.hadoop.hive.ql.io.avro.AvroContainerOutputFormat",
            "org.apache.hadoop.hive.serde2.avro.AvroSerDe",
            map([
                ("avro.schema.literal", kind.avro_schema.clone().unwrap_or_default()),
                ("serialization.format", "1".into()),
            ]),
        ),
        Format::Unknown => Serialization { input: None, output: None, library: None, parameters: Map::new() },
    }
}

/// The names that crawlers have for codecs.
fn compression_type(compression: Option<Compression>) -> &'static str {
    match compression {
        None => "none",
        Some(Compression::Gzip) => "gzip",
        Some(Compression::Bzip2) => "bzip2",
        Some(Compression::Zstd) => "zstd",
        Some(Compression::Snappy) => "snappy",
        Some(Compression::Deflate) => "deflate",
        Some(Compression::Lz4) => "lz4",
    }
}

fn map<const N: usize>(entries: [(&str, String); N]) -> Map {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}
