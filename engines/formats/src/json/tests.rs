//! What the two SerDes read, and what they refuse.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use crate::testing::{columns, object, read_rows, show, table};

const HIVE: &str = "org.apache.hive.hcatalog.data.JsonSerDe";
const OPENX: &str = "org.openx.data.jsonserde.JsonSerDe";

fn rows(serde: &str, properties: &[(&str, &str)], columns: &str, text: &str) -> Result<Vec<String>, String> {
    read_rows(&table(serde, properties), object("t.json", text.to_owned()), columns)
}

fn hive(columns: &str, text: &str) -> Result<Vec<String>, String> {
    rows(HIVE, &[], columns, text)
}

fn openx(columns: &str, text: &str) -> Result<Vec<String>, String> {
    rows(OPENX, &[], columns, text)
}

#[test]
fn both_find_columns_without_regard_to_case_and_leave_nulls() {
    let text = "{\"A\":1,\"other\":{\"a\":[1,\"}\"]},\"b\":\"x\\u00e9\\n\\ud83d\\ude00\"}\n{\"b\":null}\n{}";
    for serde in [HIVE, OPENX] {
        let found = rows(serde, &[], "a int, b string", text).unwrap();
        assert_eq!(found, ["1|xé\n😀", "NULL|NULL", "NULL|NULL"], "{serde}");
    }
}

#[test]
fn both_read_nested_types() {
    let text = r#"{"a":[1,null],"m":{"k":[true],"l":null},"s":{"X":1.5,"z":0,"y":{"d":"2020-01-01"}}}"#;
    for serde in [HIVE, OPENX] {
        let found =
            rows(serde, &[], "a array<int>, m map<string,array<boolean>>, s struct<x:double,y:struct<d:date>>", text);
        assert_eq!(found.unwrap(), ["[1, NULL]|{k: [true], l: NULL}|{x: 1.5, y: {d: 2020-01-01}}"], "{serde}");
    }
}

#[test]
fn hive_wants_numbers_to_be_numbers_and_takes_any_value_for_text() {
    let text = r#"{"a":1.9,"b":false,"c":12.50,"d":"12.345","t":"1970-01-01 00:00:01"}"#;
    let found = hive("a int, b string, c string, d decimal(5,2), t timestamp", text).unwrap();
    assert_eq!(found, ["1|false|12.50|12.35|1970-01-01T00:00:01"]);
    let refused = hive("a int", r#"{"a":"1"}"#).unwrap_err();
    let expected = "HIVE_BAD_DATA: Error Parsing a column in the table: Current token (VALUE_STRING) not numeric, \
                    can not use numeric value accessors";
    assert_eq!(refused, expected);
    for (columns, text) in [
        ("a string", r#"{"a":{}}"#),
        ("a array<int>", r#"{"a":1}"#),
        ("a struct<b:int>", r#"{"a":[]}"#),
        ("a tinyint", r#"{"a":300}"#),
        ("a date", r#"{"a":"soon"}"#),
        ("a map<int,int>", r#"{"a":{"x":1}}"#),
    ] {
        assert!(hive(columns, text).unwrap_err().starts_with("HIVE_BAD_DATA"), "{text}");
    }
}

#[test]
fn hive_refuses_lines_that_are_no_objects() {
    let pretty = hive("a int", "{\n\"a\":1\n}").unwrap_err();
    assert_eq!(
        pretty,
        "HIVE_CURSOR_ERROR: JsonParseException: Unexpected end-of-input: expected close marker for OBJECT"
    );
    for text in
        ["", "[1]", "{\"a\":1,}", "{a:1}", "{\"a\":01}", "{\"a\":tru}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{\"a"]
    {
        let text = format!("{text}\n");
        assert!(hive("a int, b int", &text).unwrap_err().starts_with("HIVE_CURSOR_ERROR"), "{text}");
    }
}

#[test]
fn hive_finds_internal_names_by_their_place() {
    assert_eq!(hive("a int, b int", r#"{"_col1":2,"_col0":1}"#).unwrap(), ["1|2"]);
}

#[test]
fn openx_is_lenient_about_grammar() {
    let text =
        "{name:\"Mercury\",distance:0.39}\n{'name'='Venus';distance=>0x10}// end\n  [\"Earth\", 1.00, 7]\nno json\n";
    let found = openx("name string, distance double", text);
    // A hexadecimal number is an integer and no double.
    assert!(found.unwrap_err().contains("For input string: \"0x10\""));
    let found = openx("name string, distance string", text).unwrap();
    assert_eq!(found, ["Mercury|0.39", "Venus|16", "Earth|1.00", "NULL|NULL"]);
    assert_eq!(openx("a array<int>", "{\"a\":[,1;,2,]}").unwrap(), ["[NULL, 1, NULL, 2, NULL]"]);
}

#[test]
fn openx_renders_what_shall_be_text() {
    let text = r#"{"a":{ "b" : [1, 2.50, 1e3, "x\"</p>", null, TRUE] , "c":{}},"d":017,"e":1E-9,"f":"  "}"#;
    let found = openx("a string, d string, e string, f string", text).unwrap();
    assert_eq!(found, [r#"{"b":[1,2.50,1E+3,"x\"<\/p>",null,true],"c":{}}|15|1E-9|  "#]);
    assert_eq!(openx("a varchar(2)", r#"{"a":"äöü"}"#).unwrap(), ["äö"]);
}

#[test]
fn openx_makes_arrays_of_single_values_and_nulls_of_blank_ones() {
    let text = r#"{"a":7,"m":" ","s":""}"#;
    let found = openx("a array<int>, m map<string,int>, s struct<x:int>", text).unwrap();
    assert_eq!(found, ["[7]|NULL|{x: NULL}"]);
    assert_eq!(openx("a array<int>", r#"{"a":""}"#).unwrap(), ["NULL"]);
    assert_eq!(openx("s struct<x:int,y:int>", r#"{"s":[1,2,3]}"#).unwrap(), ["{x: 1, y: 2}"]);
    for (columns, text) in
        [("m map<string,int>", r#"{"m":1}"#), ("s struct<x:int>", r#"{"s":1}"#), ("a int", r#"{"a":[]}"#)]
    {
        assert!(openx(columns, text).unwrap_err().starts_with("HIVE_BAD_DATA"), "{text}");
    }
}

#[test]
fn openx_refuses_bad_values_unless_nulls_are_asked_for() {
    let text = r#"{"a":"x","b":"2","c":"1.25"}"#;
    let columns = "a int, b bigint, c decimal(3,1)";
    let refused = openx(columns, text).unwrap_err();
    assert_eq!(refused, "HIVE_BAD_DATA: Error Parsing a column in the table: For input string: \"x\"");
    assert_eq!(rows(OPENX, &[("use.null.for.invalid.data", "TRUE")], columns, text).unwrap(), ["NULL|2|1.3"]);
}

#[test]
fn openx_refuses_malformed_lines_unless_they_are_to_be_ignored() {
    let text = "{\n{\"a\":1}\n";
    let refused = openx("a int", text).unwrap_err();
    let expected = "HIVE_CURSOR_ERROR: Row is not a valid JSON Object - JSONException: A JSONObject text must end \
                    with '}' at 1 [character 2 line 1]";
    assert_eq!(refused, expected);
    assert_eq!(rows(OPENX, &[("ignore.malformed.json", "true")], "a int", text).unwrap(), ["NULL", "1"]);
    let twice = openx("url string", r#"{"URL":"a","Url":"b"}"#).unwrap_err();
    assert_eq!(twice, "HIVE_CURSOR_ERROR: Row is not a valid JSON Object - JSONException: Duplicate key \"url\"");
}

#[test]
fn openx_maps_names() {
    let mapping = [("mapping.ts", "time"), ("mapping.who", "User")];
    assert_eq!(rows(OPENX, &mapping, "ts int, who string", r#"{"Time":1,"user":"x"}"#).unwrap(), ["1|x"]);
    let sensitive = [("case.insensitive", "false"), ("mapping.who", "User")];
    assert_eq!(rows(OPENX, &sensitive, "who string, b int", r#"{"user":"x","User":"y","B":1}"#).unwrap(), ["y|NULL"]);
    let dots = [("dots.in.keys", "true")];
    assert_eq!(rows(OPENX, &dots, "a_b int, s struct<c_d:int>", r#"{"a.b":1,"s":{"c.d":2}}"#).unwrap(), ["1|{c_d: 2}"]);
}

#[test]
fn only_projected_columns_are_read() {
    let columns = columns("a int, b int, c int");
    let format = table(OPENX, &[]);
    assert!(format.splittable("t.json") && !format.splittable("t.json.zst"));
    let text = "{\"a\":{},\"b\":2,\"c\":3}\n";
    let batches = format.read(object("t.json", text), None, &columns, &[2, 1], 9).unwrap();
    assert_eq!(batches.flat_map(|batch| show(&batch.unwrap())).collect::<Vec<_>>(), ["3|2"]);
}

#[test]
fn nesting_is_bounded() {
    let text = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(openx("a string", &text).is_err());
    assert!(hive("a array<int>", &text).is_err());
    assert!(hive("b int", &text).is_ok());
}

proptest! {
    #[test]
    fn any_text_is_rows_or_an_error(text in r#"[\[\]{}:,;="'a\\u01.# tn-]{0,80}"#, tail in any::<Vec<u8>>()) {
        let bytes = [text.as_bytes(), &tail].concat();
        let columns = "a int, b string, c array<map<string,double>>, d struct<a:string,b:decimal(4,2)>, t timestamp";
        for serde in [HIVE, OPENX] {
            let _ = read_rows(&table(serde, &[]), object("t.json", bytes.clone()), columns);
        }
    }
}
