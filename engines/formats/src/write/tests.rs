//! What is written is what Hive writes, and it comes back.

#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::sync::{Arc, Mutex};

use arrow::record_batch::RecordBatch;
use proptest::prelude::*;

use super::Sink;
use crate::compression::Compression;
use crate::format::TableFormat;
use crate::testing::{columns, object, read_rows, show, table};

const LAZY: &str = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe";
const CSV: &str = "org.apache.hadoop.hive.serde2.OpenCSVSerde";
const HIVE: &str = "org.apache.hadoop.hive.serde2.JsonSerDe";
const OPENX: &str = "org.openx.data.jsonserde.JsonSerDe";
const ORC: &str = "org.apache.hadoop.hive.ql.io.orc.OrcSerde";
const AVRO: &str = "org.apache.hadoop.hive.serde2.avro.AvroSerDe";

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

const FLAT: &str = "b boolean, t tinyint, i int, g bigint, f float, x double, s string, d date, a timestamp";
const NESTED: &str =
    "l array<int>, m map<string,array<string>>, r struct<k:int,v:struct<w:string>>, n decimal(6,2), z binary";

/// Rows made by reading JSON.
fn rows(types: &str, text: &str) -> Vec<RecordBatch> {
    let columns = columns(types);
    let all: Vec<usize> = (0..columns.len()).collect();
    let source = object("t.json", text.to_owned());
    table(OPENX, &[]).read(source, None, &columns, &all, 99).unwrap().map(Result::unwrap).collect()
}

fn flat() -> Vec<RecordBatch> {
    let text = r#"{"b":true,"t":-1,"i":2,"g":3,"f":0.1,"x":1e10,"s":"a,\"b\"\\\u0001","d":"2020-02-29","a":"2020-01-01 00:00:00.5"}
{}
"#;
    rows(FLAT, text)
}

fn nested() -> Vec<RecordBatch> {
    rows(NESTED, r#"{"l":[1,null],"m":{"k":["a","b"],"e":[]},"r":{"k":1,"v":{"w":"x"}},"n":-0.5,"z":"aGk="}"#)
}

fn write(format: &TableFormat, types: &str, compression: Option<Compression>, batches: &[RecordBatch]) -> Vec<u8> {
    let written = Written::default();
    let sink: Sink = Box::new(written.clone());
    let mut writer = format.writer(&columns(types), compression, sink).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.finish().unwrap();
    written.0.lock().unwrap().clone()
}

fn text(format: &TableFormat, types: &str, batches: &[RecordBatch]) -> String {
    String::from_utf8(write(format, types, None, batches)).unwrap()
}

#[test]
fn delimited_text_has_hives_words() {
    let format = table(LAZY, &[("field.delim", ","), ("escape.delim", "\\")]);
    let lines = text(&format, FLAT, &flat());
    let first = "true,-1,2,3,0.1,1.0E10,a\\,\"b\"\\\\\\\u{1},2020-02-29,2020-01-01 00:00:00.5\n";
    // The byte 1 is no separator of this table.
    let first = first.replace("\\\u{1}", "\u{1}");
    assert_eq!(lines, first + &["\\N"; 9].join(",") + "\n");
    let lines = text(&table(LAZY, &[]), NESTED, &nested());
    assert_eq!(lines, "1\u{2}\\N\u{1}k\u{3}a\u{4}b\u{2}e\u{3}\u{1}1\u{2}x\u{1}-0.50\u{1}aGk=\n");
}

#[test]
fn quoted_text_quotes_everything_but_null() {
    let lines = text(&table(CSV, &[]), FLAT, &flat());
    let numbers = "\"18321\",\"1577836800500\"";
    assert_eq!(
        lines,
        format!("\"true\",\"-1\",\"2\",\"3\",\"0.1\",\"1.0E10\",\"a,\"\"b\"\"\\\u{1}\",{numbers}\n,,,,,,,,\n")
    );
}

#[test]
fn json_is_an_object_a_line() {
    let lines = text(&table(OPENX, &[]), FLAT, &flat());
    let first = r#"{"b":true,"t":-1,"i":2,"g":3,"f":0.1,"x":1.0E10,"s":"a,\"b\"\\\u0001","d":"2020-02-29","a":"2020-01-01T00:00:00.5Z"}"#;
    assert_eq!(lines, format!("{first}\n{{}}\n"));
    let lines = text(&table(HIVE, &[]), NESTED, &nested());
    let expected = r#"{"l":[1,null],"m":{"k":["a","b"],"e":[]},"r":{"k":1,"v":{"w":"x"}},"n":-0.50,"z":"hi"}"#;
    assert_eq!(lines, format!("{expected}\n"));
}

#[test]
fn everything_comes_back_in_every_codec() {
    let codecs = [
        None,
        Some(Compression::Gzip),
        Some(Compression::Bzip2),
        Some(Compression::Zstd),
        Some(Compression::Snappy),
        Some(Compression::Deflate),
        Some(Compression::Lz4),
    ];
    let escaped = [("escape.delim", "\\")];
    for (serde, properties) in [(LAZY, &escaped[..]), (HIVE, &[]), (OPENX, &[]), (ORC, &[]), (AVRO, &[])] {
        for codec in codecs {
            let inside = serde == ORC || serde == AVRO;
            if inside
                && (codec == Some(Compression::Bzip2) && serde == ORC
                    || codec == Some(Compression::Lz4) && serde == AVRO)
            {
                continue;
            }
            let format = table(serde, properties);
            let key = format!("f{}", codec.filter(|_| !inside).map_or("", Compression::ending));
            let back = read_rows(&format, object(&key, write(&format, FLAT, codec, &flat())), FLAT).unwrap();
            assert_eq!(back, flat().iter().flat_map(show).collect::<Vec<_>>(), "{serde} {codec:?}");
        }
    }
}

#[test]
fn nested_values_come_back() {
    let types = NESTED.replace(", z binary", "");
    let batches: Vec<_> = nested().iter().map(|batch| batch.project(&[0, 1, 2, 3]).unwrap()).collect();
    for serde in [LAZY, HIVE, OPENX, ORC, AVRO] {
        let format = table(serde, &[]);
        let back = read_rows(&format, object("f", write(&format, &types, None, &batches)), &types).unwrap();
        assert_eq!(back, batches.iter().flat_map(show).collect::<Vec<_>>(), "{serde}");
    }
}

#[test]
fn what_cannot_be_written_is_refused_by_name() {
    let refused = |serde: &str, properties: &[(&str, &str)], types: &str, codec| {
        let format = table(serde, properties);
        format.writer(&columns(types), codec, Box::new(std::io::sink())).err().unwrap().to_string()
    };
    assert_eq!(
        refused(ORC, &[], "a int", Some(Compression::Bzip2)),
        "NOT_SUPPORTED: ORC files cannot be compressed with BZIP2"
    );
    assert!(refused(AVRO, &[], "a int", Some(Compression::Lz4)).starts_with("NOT_SUPPORTED"));
    assert!(
        refused("com.amazonaws.glue.serde.GrokSerDe", &[("input.format", "%{INT:a}")], "a int", None)
            .starts_with("NOT")
    );
}

#[test]
fn orc_has_every_type_and_nulls_at_every_depth() {
    let types = "b boolean, t tinyint, h smallint, n decimal(38,10), v varchar(9), c char(3), d date, a timestamp, \
                 x array<struct<k:bigint,m:map<string,decimal(5,1)>>>, y binary";
    let text = r#"{"b":true,"t":-128,"h":7,"n":-12345678901234567890.5,"v":"ä","c":"ab","d":"0001-01-01","a":"1969-01-01 00:00:00.001","x":[{"k":1,"m":{"p":1.5,"q":null}},null,{"m":{}}],"y":"AAE="}
{"x":[]}
{"b":false,"t":1,"h":-7,"n":0,"v":"","c":"","d":"9999-12-31","a":"2200-01-01 00:00:00","x":[{"k":null,"m":null}],"y":""}
"#;
    let batches = rows(types, text);
    let shown: Vec<_> = batches.iter().flat_map(show).collect();
    let format = table(ORC, &[]);
    let back =
        read_rows(&format, object("f", write(&format, types, Some(Compression::Snappy), &batches)), types).unwrap();
    assert_eq!(back, shown);
}

proptest! {
    #[test]
    fn orc_keeps_runs_and_literals(
        parts in prop::collection::vec((any::<i64>(), -200i64..200, 1usize..200, any::<bool>()), 1..8),
    ) {
        let mut lines = String::new();
        for (begin, step, count, there) in parts {
            for at in 0..count as i64 {
                let value = begin.wrapping_add(step.wrapping_mul(at));
                let (small, even) = (value as i8 / 64, value % 2 == 0);
                let line = format!("{{\"g\":{value},\"t\":{small},\"b\":{even}}}\n");
                lines.push_str(if there || at % 3 == 0 { &line } else { "{}\n" });
            }
        }
        let types = "g bigint, t tinyint, b boolean";
        let batches = rows(types, &lines);
        let shown: Vec<_> = batches.iter().flat_map(show).collect();
        let format = table(ORC, &[]);
        let back = read_rows(&format, object("f", write(&format, types, None, &batches)), types).unwrap();
        prop_assert_eq!(back, shown);
    }

    #[test]
    fn any_text_comes_back(texts in prop::collection::vec("[^\n\r\u{feff}]{0,20}", 1..5)) {
        let lines = texts.iter().map(|text| serde_json::json!({"a": text, "b": [text]}).to_string() + "\n");
        let types = "a string, b array<string>";
        let batches = rows(types, &lines.collect::<String>());
        let shown: Vec<_> = batches.iter().flat_map(show).collect();
        for (serde, properties) in [(LAZY, &[("escape.delim", "|")][..]), (HIVE, &[]), (OPENX, &[])] {
            let format = table(serde, properties);
            let back = read_rows(&format, object("f", write(&format, types, None, &batches)), types).unwrap();
            // An empty array and an array of one empty text are the same delimited text.
            if serde != LAZY || texts.iter().all(|text| !text.is_empty()) {
                prop_assert_eq!(&back, &shown, "{}", serde);
            }
        }
    }
}
