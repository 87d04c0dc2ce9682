//! Tests of the formats that bring their own schema: ORC, Avro and Parquet, written here by their own libraries.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use arrow::array::types::Int32Type;
use arrow::array::{
    ArrayRef, BooleanArray, Decimal128Array, Float32Array, Int8Array, Int32Array, Int64Array, ListArray, MapArray,
    StringArray, StructArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field};
use arrow::record_batch::RecordBatch;
use proptest::prelude::*;

use crate::format::TableFormat;
use crate::testing::{columns, object, read_rows, show, table};

const ORC: &str = "org.apache.hadoop.hive.ql.io.orc.OrcSerde";
const AVRO: &str = "org.apache.hadoop.hive.serde2.avro.AvroSerDe";
const PARQUET: &str = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe";

fn flat() -> RecordBatch {
    let columns: [(&str, ArrayRef); 5] = [
        ("Id", Arc::new(Int32Array::from(vec![1, 2, 3]))),
        ("name", Arc::new(StringArray::from(vec![Some("eins"), None, Some("drei  ")]))),
        ("ok", Arc::new(BooleanArray::from(vec![Some(true), Some(false), None]))),
        ("small", Arc::new(Int8Array::from(vec![1, -1, 127]))),
        ("at", Arc::new(TimestampMicrosecondArray::from(vec![0, 1_500_000, -62_135_596_800_000_000]))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true))).unwrap()
}

fn nested() -> RecordBatch {
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![Some(1), None]), None]);
    let structure = StructArray::from(vec![
        (Arc::new(Field::new("X", DataType::Float32, true)), Arc::new(Float32Array::from(vec![0.5, 1.5])) as ArrayRef),
        (Arc::new(Field::new("y", DataType::Int32, true)), Arc::new(Int32Array::from(vec![7, 8])) as ArrayRef),
    ]);
    let map = MapArray::new_from_strings(["a", "b"].into_iter(), &Int64Array::from(vec![1, 2]), &[0, 1, 2]).unwrap();
    let decimal = Decimal128Array::from(vec![12_345, -5]).with_precision_and_scale(9, 2).unwrap();
    let columns: [(&str, ArrayRef); 4] =
        [("l", Arc::new(list)), ("s", Arc::new(structure)), ("m", Arc::new(map)), ("d", Arc::new(decimal))];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true))).unwrap()
}

fn orc(batch: &RecordBatch) -> Vec<u8> {
    let mut file = Vec::new();
    let builder = orc_rust::ArrowWriterBuilder::new(&mut file, batch.schema());
    let mut writer = builder.with_compression(orc_rust::compression::CompressionType::Zstd).try_build().unwrap();
    writer.write(batch).unwrap();
    writer.flush_stripe().unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    file
}

fn avro(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = arrow_avro::writer::AvroWriter::new(Vec::new(), batch.schema().as_ref().clone()).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
    writer.into_inner()
}

fn parquet(batch: &RecordBatch) -> Vec<u8> {
    let mut writer = parquet::arrow::ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.flush().unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

fn by_name() -> [(TableFormat, Vec<u8>); 3] {
    let orc_by_name = table(ORC, &[("orc.column.index.access", "false")]);
    [(orc_by_name, orc(&flat())), (table(AVRO, &[]), avro(&flat())), (table(PARQUET, &[]), parquet(&flat()))]
}

#[test]
fn columns_are_found_by_name_and_missing_ones_are_null() {
    for (format, file) in by_name() {
        let rows = read_rows(
            &format,
            object("f", file),
            "ok boolean, gone array<int>, ID bigint, name varchar(3), at timestamp",
        );
        let expected = [
            "true|NULL|1|ein|1970-01-01T00:00:00",
            "false|NULL|2|NULL|1970-01-01T00:00:01.500",
            "NULL|NULL|3|dre|0001-01-01T00:00:00",
        ];
        assert_eq!(rows.unwrap()[..3], expected, "{format:?}");
    }
}

#[test]
fn orc_finds_columns_by_place_unless_told_otherwise() {
    let rows = read_rows(&table(ORC, &[]), object("f.orc", orc(&flat())), "x int, y string, z boolean").unwrap();
    assert_eq!(rows[..3], ["1|eins|true", "2|NULL|false", "3|drei  |NULL"]);
    let format = table(PARQUET, &[("parquet.column.index.access", "true")]);
    let rows = read_rows(&format, object("f", parquet(&flat())), "x bigint, y char(9)").unwrap();
    assert_eq!(rows[2], "3|drei");
}

#[test]
fn nested_types_have_the_tables_layout() {
    let types = "m map<string,int>, s struct<y:bigint,x:float,z:string>, l array<bigint>, d decimal(10,3)";
    let expected = ["{a: 1}|{y: 7, x: 0.5, z: NULL}|[1, NULL]|123.450", "{b: 2}|{y: 8, x: 1.5, z: NULL}|NULL|-0.050"];
    for (format, file) in [(table(AVRO, &[]), avro(&nested())), (table(PARQUET, &[]), parquet(&nested()))] {
        assert_eq!(read_rows(&format, object("f", file), types).unwrap()[..2], expected);
    }
}

#[test]
fn types_that_do_not_go_together_are_bad_data_in_the_formats_words() {
    let of = |serde, file| read_rows(&table(serde, &[]), object("k", file), "id string").unwrap_err();
    let expected =
        "HIVE_BAD_DATA: Malformed ORC file. Cannot read SQL type varchar from ORC stream .id of type INT [k]";
    assert_eq!(of(ORC, orc(&flat())), expected);
    let expected = "HIVE_BAD_DATA: Field id's type INT32 in parquet file k is incompatible with type varchar defined in \
                    table schema";
    assert_eq!(of(PARQUET, parquet(&flat())), expected);
    let narrow = read_rows(&table(PARQUET, &[]), object("k", parquet(&nested())), "m map<string,tinyint>");
    assert!(narrow.is_ok());
}

#[test]
fn questions_that_only_count_read_no_columns() {
    for (format, file) in by_name() {
        let rows = if matches!(format, TableFormat::Avro { .. }) { 3 } else { 6 };
        let batches = format.read(object("f", file), None, &columns("id int"), &[], 2).unwrap();
        assert_eq!(batches.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), rows);
    }
}

#[test]
fn stripes_and_row_groups_belong_to_the_split_they_begin_in() {
    for (serde, file) in [(ORC, orc(&flat())), (PARQUET, parquet(&flat()))] {
        let format = table(serde, &[]);
        assert!(format.splittable("any"));
        let (source, columns) = (object("f", file), columns("id int"));
        let size = source.meta().size;
        let read = |split| {
            let batches = format.read(source.clone(), Some(split), &columns, &[0], 9).unwrap();
            batches.flat_map(|batch| show(&batch.unwrap())).collect::<Vec<_>>()
        };
        for cut in [1, size / 3, size / 2, size - 1] {
            let mut both = read(0..cut);
            both.extend(read(cut..size));
            assert_eq!(both, ["1", "2", "3", "1", "2", "3"], "{serde} cut at {cut} of {size}");
        }
        assert_eq!(read(0..10).len(), 3);
    }
}

#[test]
fn an_avro_literal_brings_defaults() {
    let literal = r#"{"type":"record","name":"r","fields":[{"name":"Id","type":["null","int"]},
        {"name":"more","type":"string","default":"new"}]}"#;
    let format = table(AVRO, &[("avro.schema.literal", literal)]);
    let rows = read_rows(&format, object("f.avro", avro(&flat())), "id int, more string").unwrap();
    assert_eq!(rows, ["1|new", "2|new", "3|new"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn broken_files_are_errors_and_no_panics(at in 0.0..1.0, with in any::<u8>(), cut in 0.0..1.0) {
        let files = [(ORC, orc(&flat())), (AVRO, avro(&nested())), (PARQUET, parquet(&nested()))];
        for (serde, mut file) in files {
            let length = file.len() as f64;
            file[(at * length) as usize] = with;
            let types = "a int, m map<string,bigint>, d decimal(9,2)";
            let _ = read_rows(&table(serde, &[]), object("f", file.clone()), types);
            file.truncate((cut * length) as usize);
            let _ = read_rows(&table(serde, &[]), object("f", file), types);
        }
    }

    #[test]
    fn any_bytes_are_errors_and_no_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for serde in [ORC, AVRO, PARQUET] {
            let _ = read_rows(&table(serde, &[]), object("f", bytes.clone()), "a int");
        }
    }
}
