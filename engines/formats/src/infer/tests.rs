//! Objects of every format and compression tell what they hold.

#![allow(clippy::unwrap_used)]

use std::io::Write;

use arrow::array::{ArrayRef, Int32Array, ListArray, RecordBatch, StringArray, TimestampMillisecondArray};
use arrow::datatypes::Int64Type;

use super::*;
use crate::testing::object;

/// Classification, compression and columns; then rows.
fn told(key: &str, bytes: Vec<u8>) -> String {
    show(&look(&object(key, bytes), &[]).unwrap())
}

fn show(found: &Found) -> String {
    let columns = found.schema.columns().into_iter();
    let columns: Vec<String> = columns.map(|column| format!("{} {}", column.name, column.hive_type)).collect();
    let compression = found.layout.compression.map(|codec| format!(" {codec:?}")).unwrap_or_default();
    format!("{}{compression} {} × {}", found.layout.classification, found.records, columns.join(", "))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn batch() -> RecordBatch {
    let ids: ArrayRef = Arc::new(Int32Array::from(vec![1, 2, 3]));
    let names: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "c"]));
    let times: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![1, 2, 3]));
    let lists: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>(vec![Some(vec![Some(1)]); 3]));
    RecordBatch::try_from_iter([("Id", ids), ("name", names), ("at", times), ("list", lists)]).unwrap()
}

#[test]
fn files_with_schemas_tell_them() {
    let columns = "id int, name string, at timestamp, list array<bigint>";
    let mut writer = parquet::arrow::ArrowWriter::try_new(Vec::new(), batch().schema(), None).unwrap();
    writer.write(&batch()).unwrap();
    assert_eq!(told("a", writer.into_inner().unwrap()), format!("parquet 3 × {columns}"));

    let mut orc = Vec::new();
    let builder = orc_rust::ArrowWriterBuilder::new(&mut orc, batch().project(&[0, 1]).unwrap().schema());
    let mut writer = builder.try_build().unwrap();
    writer.write(&batch().project(&[0, 1]).unwrap()).unwrap();
    writer.close().unwrap();
    assert_eq!(told("a", orc), "orc 3 × id int, name string");

    let mut avro = arrow_avro::writer::AvroWriter::new(Vec::new(), batch().schema().as_ref().clone()).unwrap();
    avro.write(&batch()).unwrap();
    avro.finish().unwrap();
    assert_eq!(told("a", avro.into_inner()), format!("avro 3 × {columns}"));
}

#[test]
fn whole_objects_are_decoded() {
    let text = b"{\"a\": 1}\n{\"a\": 2.5}\n";
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
    bzip2.write_all(text).unwrap();
    let mut snappy = snap::write::FrameEncoder::new(Vec::new());
    snappy.write_all(text).unwrap();
    for (key, bytes, expected) in [
        ("a.json", text.to_vec(), "json 2 × a double"),
        ("a.json.gz", gzip(text), "json Gzip 2 × a double"),
        ("a", gzip(text), "json Gzip 2 × a double"),
        ("a.json.bz2", bzip2.finish().unwrap(), "json Bzip2 2 × a double"),
        ("a.json.zst", zstd::encode_all(text.as_slice(), 0).unwrap(), "json Zstd 2 × a double"),
        ("a.json.snappy", snappy.into_inner().unwrap(), "json Snappy 2 × a double"),
    ] {
        assert_eq!(told(key, bytes), expected, "{key}");
    }
}

#[test]
fn what_nobody_recognises_is_unknown() {
    for (key, bytes) in [
        ("a.png", b"\x89PNG\r\n\x1a\n\0\0\0".to_vec()),
        ("a.txt", b"one line\nand another\n".to_vec()),
        ("a.parquet", b"PAR1 and nothing behind it PAR1".to_vec()),
        ("a.gz", [gzip(b"{\"a\": 1}")[..12].to_vec(), vec![0xff; 20]].concat()),
        ("a.snappy", b"no snappy at all".to_vec()),
    ] {
        assert!(told(key, bytes).starts_with("UNKNOWN"), "{key}");
    }
}

#[test]
fn rows_of_large_objects_are_estimated() {
    let rows = 200_000;
    let text: String = (0..rows).map(|row| format!("{row:07},x{:06}\n", row % 1000)).collect();
    for bytes in [text.clone().into_bytes(), gzip(text.as_bytes())] {
        let found = look(&object("a", bytes), &[]).unwrap();
        assert!(found.records.abs_diff(rows) < rows / 10, "{} rows", found.records);
    }
}

#[test]
fn a_marked_text_is_read_behind_its_mark() {
    assert_eq!(told("a", b"\xef\xbb\xbf{\"a\": 1}".to_vec()), "json 1 × a int");
    assert_eq!(told("a", b"\xef\xbb\xbfid,n\n1,2\n".to_vec()), "csv 1 × id bigint, n bigint");
}

#[test]
fn classifiers_come_first() {
    let path = Classifier::Json { path: JsonPath::parse("$[*]").unwrap(), written: "$[*]".into() };
    let quotes = CsvRule { quote: Some('"'), ..Default::default() };
    let quotes = Classifier::Csv { rule: quotes, serde: None };
    let classifiers = [path, quotes];
    let array = look(&object("a", b"[{\"a\": 1}]".to_vec()), &classifiers).unwrap();
    assert_eq!(show(&array), "json 1 × a int");
    assert_eq!(array.layout.format, Format::Json { path: Some("$[*]".into()) });
    let csv = look(&object("a", b"id,n\n1,\"a\"\n".to_vec()), &classifiers).unwrap();
    assert_eq!(show(&csv), "csv 1 × id string, n string");
    let expected = Format::Csv { delimiter: ',', quote: Some('"'), header: true, serde: CsvSerde::OpenCsv };
    assert_eq!(csv.layout.format, expected);
}
