//! What `WITH (…)` says of the files that are to be written, or what a table says of its own.

use std::collections::BTreeMap;

use haar_platform::aws::glue as aws;
use haar_sql::{Bucketing, Compression, Target, WriteFormat, WriteSpec};

use crate::athena::ddl::create::{LAZY_SIMPLE, classes};
use crate::athena::model::Failure;
use crate::athena::statement::{Properties, Value};

/// Of the text that CTAS and UNLOAD write, where nobody says otherwise.
const FIELD_DELIMITER: char = '\u{1}';

/// The SerDe that reads the JSON which CTAS writes.
const JSON_SERDE: &str = "org.apache.hive.hcatalog.data.JsonSerDe";

/// How files are written.
#[derive(Clone, Debug)]
pub struct Options {
    /// As `format = '…'` names it, in capitals.
    format: String,
    /// As it was named, in capitals.
    compression: Option<String>,
    compression_level: Option<i32>,
    field_delimiter: char,
    pub partitioned_by: Vec<String>,
    bucketed_by: Option<Bucketing>,
    pub external_location: Option<String>,
}

impl Options {
    /// Of CTAS: Parquet where nothing else is said.
    pub fn of_table(properties: &Properties) -> Result<Self, Failure> {
        let mut options = Self::empty("PARQUET");
        let (mut bucketed_by, mut bucket_count) = (Vec::new(), None);
        for (name, value) in properties {
            match name.as_str() {
                "external_location" => options.external_location = Some(text(name, value)?),
                "table_type" if text(name, value)?.eq_ignore_ascii_case("hive") => {}
                "is_external" if *value == Value::Boolean(true) => {}
                "bucketed_by" => bucketed_by = list(name, value)?,
                "bucket_count" => bucket_count = Some(number(name, value)?),
                "parquet_compression" | "orc_compression" => options.compression = Some(capitals(name, value)?),
                _ => options.set(name, value)?,
            }
        }
        options.bucketed_by = match (bucketed_by.is_empty(), bucket_count) {
            (true, None) => None,
            (false, Some(count)) if count > 0 => {
                Some(Bucketing { columns: bucketed_by, count: u32::try_from(count).unwrap_or(u32::MAX) })
            }
            _ => {
                return Err(invalid(
                    "bucketed_by and bucket_count must be specified together, and bucket_count must be greater than zero",
                ));
            }
        };
        options.checked()
    }

    /// Of UNLOAD: the format must be said.
    pub fn of_unload(properties: &Properties) -> Result<Self, Failure> {
        if !properties.contains_key("format") {
            return Err(invalid("The format property must be specified for UNLOAD"));
        }
        let mut options = Self::empty("PARQUET");
        for (name, value) in properties {
            options.set(name, value)?;
        }
        options.checked()
    }

    /// Of a table that rows are inserted into.
    pub fn of_insert(table: &aws::Table) -> Result<Self, Failure> {
        let parameters = table.parameters.clone().unwrap_or_default();
        let parameter = |name: &str| parameters.get(name).map(String::as_str);
        if parameter("table_type").is_some_and(|kind| kind.eq_ignore_ascii_case("iceberg")) {
            return Err(unsupported("haar does not write Iceberg tables"));
        }
        if table.table_type.as_deref() == Some("VIRTUAL_VIEW") {
            return Err(unsupported("Inserting into views is not supported"));
        }
        let storage = table.storage_descriptor.clone().unwrap_or_default();
        if storage.bucket_columns.is_some_and(|columns| !columns.is_empty()) {
            return Err(unsupported("INSERT INTO bucketed tables is not supported"));
        }
        let serde = storage.serde_info.unwrap_or_default();
        let library = serde.serialization_library.unwrap_or_default();
        let serde_parameters = serde.parameters.unwrap_or_default();
        let mut options = match library.rsplit('.').next().unwrap_or_default() {
            "ParquetHiveSerDe" => Self::empty("PARQUET"),
            "OrcSerde" => Self::empty("ORC"),
            "AvroSerDe" => Self::empty("AVRO"),
            "JsonSerDe" => Self::empty("JSON"),
            "LazySimpleSerDe" => Self::empty("TEXTFILE"),
            _ => return Err(unsupported(&format!("Cannot write to tables of the SerDe {library}"))),
        };
        let delimiter = serde_parameters.get("field.delim").or(serde_parameters.get("serialization.format"));
        match delimiter.map(|text| text.chars().collect::<Vec<_>>()).as_deref() {
            // The default of the property is the number of the character.
            Some(['1']) | None => {}
            Some([delimiter]) => options.field_delimiter = *delimiter,
            Some(_) => return Err(unsupported("delimiters of several characters cannot be written")),
        }
        let own = match options.format.as_str() {
            "PARQUET" => parameter("parquet.compression").or(parameter("parquet.compress")),
            "ORC" => parameter("orc.compress").or(parameter("orc.compression")),
            _ => None,
        };
        let compression = own.or(parameter("write.compression")).or(parameter("compression"));
        options.compression = compression.map(str::to_ascii_uppercase);
        options.partitioned_by = table.partition_keys.iter().flatten().map(|key| key.name.clone()).collect();
        options.checked()
    }

    fn empty(format: &str) -> Self {
        Self {
            format: format.to_owned(),
            compression: None,
            compression_level: None,
            field_delimiter: FIELD_DELIMITER,
            partitioned_by: Vec::new(),
            bucketed_by: None,
            external_location: None,
        }
    }

    fn set(&mut self, name: &str, value: &Value) -> Result<(), Failure> {
        match name {
            "format" => self.format = capitals(name, value)?,
            "write_compression" | "compression" => self.compression = Some(capitals(name, value)?),
            "compression_level" => self.compression_level = Some(number(name, value)?),
            "partitioned_by" => {
                self.partitioned_by = list(name, value)?.iter().map(|name| name.to_lowercase()).collect();
            }
            "field_delimiter" => {
                let delimiter = text(name, value)?;
                let mut chars = delimiter.chars();
                self.field_delimiter = match (chars.next(), chars.next()) {
                    (Some(delimiter), None) => delimiter,
                    _ => return Err(invalid("field_delimiter must be one character")),
                };
            }
            _ => {
                return Err(Failure::user(format!(
                    "INVALID_TABLE_PROPERTY: Catalog 'awsdatacatalog' table property '{name}' does not exist"
                )));
            }
        }
        Ok(())
    }

    /// The format and the compression must be known ones.
    fn checked(self) -> Result<Self, Failure> {
        self.write_format()?;
        self.write_compression()?;
        Ok(self)
    }

    fn write_format(&self) -> Result<WriteFormat, Failure> {
        Ok(match self.format.as_str() {
            "PARQUET" => WriteFormat::Parquet,
            "ORC" => WriteFormat::Orc,
            "AVRO" => WriteFormat::Avro,
            "JSON" => WriteFormat::Json,
            "TEXTFILE" | "CSV" => WriteFormat::Text { field_delimiter: self.field_delimiter },
            other => {
                return Err(invalid(&format!(
                    "Invalid value [{other}]. Valid values: [ORC, PARQUET, AVRO, JSON, TEXTFILE]"
                )));
            }
        })
    }

    fn write_compression(&self) -> Result<Option<Compression>, Failure> {
        let Some(name) = self.compression.as_deref() else { return Ok(None) };
        Ok(Some(match name {
            "NONE" | "UNCOMPRESSED" => Compression::None,
            "GZIP" => Compression::Gzip,
            "SNAPPY" => Compression::Snappy,
            "ZLIB" => Compression::Zlib,
            "ZSTD" => Compression::Zstd(self.compression_level),
            "LZ4" => Compression::Lz4,
            "BZIP2" => Compression::Bzip2,
            "DEFLATE" => Compression::Deflate,
            other => return Err(invalid(&format!("Unsupported compression: {other}"))),
        }))
    }

    /// For the engine.
    pub fn spec(&self, target: Option<Target>) -> WriteSpec {
        WriteSpec {
            format: self.write_format().expect("it was checked"),
            compression: self.write_compression().expect("it was checked"),
            partitioned_by: self.partitioned_by.clone(),
            bucketed_by: self.bucketed_by.clone(),
            target,
            single_file: false,
        }
    }

    /// What a new table's parameters say of its files.
    pub fn table_parameters(&self) -> BTreeMap<String, String> {
        let compression = self.compression.clone();
        match self.format.as_str() {
            "PARQUET" => {
                BTreeMap::from([("parquet.compression".to_owned(), compression.unwrap_or_else(|| "GZIP".to_owned()))])
            }
            "ORC" => BTreeMap::from([("orc.compress".to_owned(), compression.unwrap_or_else(|| "ZLIB".to_owned()))]),
            _ => compression.map(|name| ("write.compression".to_owned(), name)).into_iter().collect(),
        }
    }

    /// A new table's storage, without place and columns.
    pub fn storage(&self) -> aws::StorageDescriptor {
        let format = if self.format == "CSV" { "TEXTFILE" } else { self.format.as_str() };
        let known = classes(format).expect("every format that is written has classes");
        let library = if format == "JSON" { JSON_SERDE } else { known.serde };
        let mut parameters = BTreeMap::from([("serialization.format".to_owned(), "1".to_owned())]);
        if library == LAZY_SIMPLE && self.field_delimiter != FIELD_DELIMITER {
            parameters.insert("field.delim".to_owned(), self.field_delimiter.to_string());
            parameters.insert("serialization.format".to_owned(), self.field_delimiter.to_string());
        }
        let bucketing = self.bucketed_by.clone();
        aws::StorageDescriptor {
            input_format: Some(known.input.to_owned()),
            output_format: Some(known.output.to_owned()),
            compressed: Some(false),
            number_of_buckets: Some(
                bucketing.as_ref().map_or(-1, |bucketing| i32::try_from(bucketing.count).unwrap_or(i32::MAX)),
            ),
            serde_info: Some(aws::SerDeInfo {
                name: None,
                serialization_library: Some(library.to_owned()),
                parameters: Some(parameters),
            }),
            bucket_columns: Some(bucketing.map(|bucketing| bucketing.columns).unwrap_or_default()),
            sort_columns: Some(Vec::new()),
            parameters: Some(BTreeMap::new()),
            stored_as_sub_directories: Some(false),
            ..Default::default()
        }
    }
}

fn invalid(message: &str) -> Failure {
    Failure::user(format!("INVALID_TABLE_PROPERTY: {message}"))
}

fn unsupported(message: &str) -> Failure {
    Failure::user(format!("NOT_SUPPORTED: {message}"))
}

fn text(name: &str, value: &Value) -> Result<String, Failure> {
    match value {
        Value::Text(text) => Ok(text.clone()),
        _ => Err(invalid(&format!("Invalid value for table property '{name}': it must be a varchar"))),
    }
}

fn capitals(name: &str, value: &Value) -> Result<String, Failure> {
    Ok(text(name, value)?.to_ascii_uppercase())
}

fn number(name: &str, value: &Value) -> Result<i32, Failure> {
    match value {
        Value::Number(number) => number.parse().ok(),
        _ => None,
    }
    .ok_or_else(|| invalid(&format!("Invalid value for table property '{name}': it must be an integer")))
}

fn list(name: &str, value: &Value) -> Result<Vec<String>, Failure> {
    match value {
        Value::List(items) => Ok(items.clone()),
        _ => Err(invalid(&format!("Invalid value for table property '{name}': it must be an array(varchar)"))),
    }
}
