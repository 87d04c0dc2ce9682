//! Delimited text of every kind, and what is none.

#![allow(clippy::unwrap_used)]

use super::*;

fn of(csv: Option<Csv>) -> String {
    let Some(csv) = csv else { return "no CSV".into() };
    let fields: Vec<String> = csv.fields.iter().map(|(name, shape)| format!("{name} {}", shape.hive())).collect();
    let quoted = if csv.quoted { " quoted" } else { "" };
    let header = if csv.header { " header" } else { "" };
    format!("{:?}{quoted}{header} {} × {}", csv.delimiter, csv.records, fields.join(", "))
}

#[test]
fn text_tells_its_schema() {
    for (text, expected) in [
        ("id,name\n1,a\n2,b\n", "',' header 2 × id bigint, name string"),
        ("id|name|price\n1|a|1.5\n2|b|\n", "'|' header 2 × id bigint, name string, price double"),
        ("id\tok\n1\ttrue\n", "'\\t' header 1 × id bigint, ok boolean"),
        ("id;n\n1;2\n", "';' header 1 × id bigint, n bigint"),
        ("id\u{1}n\n1\u{1}x\n", "'\\u{1}' header 1 × id bigint, n string"),
        // Without a header, the columns are numbered.
        ("1,a\n2,b\n", "',' 2 × col0 bigint, col1 string"),
        // Where all is text, the first row is no different from the others.
        ("name,city\na,b\n", "',' 2 × col0 string, col1 string"),
        // Columns that widen, and one that is always empty.
        ("a,b,c\n1,1,\n2.5,x,\n", "',' header 2 × a double, b string, c string"),
        // A trailing delimiter.
        ("a,b,\n1,2,\n", "',' header 1 × a bigint, b bigint, col2 string"),
        ("\"id\",\"name\"\n1,\"x, y\"\n2,\"z\n2\"\n", "',' quoted header 2 × id bigint, name string"),
        ("id,day\n1,2024-01-01\n", "',' header 1 × id bigint, day string"),
        // One row, or one column, is not enough.
        ("a,b\n", "no CSV"),
        ("a\nb\nc\n", "no CSV"),
        ("Some text, with a comma.\nAnd some without.\nIt, is, not, a table.\n", "no CSV"),
        ("", "no CSV"),
    ] {
        assert_eq!(of(infer(text.as_bytes(), false, &CsvRule::default())), expected, "{text:?}");
    }
}

#[test]
fn bytes_that_are_no_text_are_no_table() {
    assert_eq!(infer(b"\x89PNG\r\n\x1a\n\0\0,\0\0\n\0,\0", false, &CsvRule::default()), None);
    assert_eq!(infer(b"a,b\n\x02,\x03\n\x04,\x05\n", false, &CsvRule::default()), None);
    assert_eq!(infer(&[0xff, b',', b'a', b'\n', b'b', b',', b'c'], false, &CsvRule::default()), None);
}

#[test]
fn a_few_odd_characters_are_no_matter() {
    let text = format!("id,name\n1,{}\u{5}\u{80}\n", "x".repeat(200));
    assert_eq!(of(infer(text.as_bytes(), false, &CsvRule::default())), "',' header 1 × id bigint, name string");
}

#[test]
fn a_cut_within_a_character_is_no_matter() {
    let text = "id,name\n1,ä\n2,ö".as_bytes();
    let csv = infer(&text[..text.len() - 1], true, &CsvRule::default());
    assert_eq!(of(csv), "',' header 1 × id bigint, name string");
}

#[test]
fn a_rule_of_ones_own_says_what_counts() {
    let rule = |change: fn(&mut CsvRule)| {
        let mut rule = CsvRule::default();
        change(&mut rule);
        rule
    };
    for (rule, text, expected) in [
        (rule(|rule| rule.delimiter = Some('~')), "id~n\n1~2\n", "'~' header 1 × id bigint, n bigint"),
        (rule(|rule| rule.delimiter = Some('~')), "id,n\n1,2\n", "no CSV"),
        (rule(|rule| rule.header = Header::Present), "name,city\na,b\n", "',' header 1 × name string, city string"),
        (rule(|rule| rule.header = Header::Absent), "id,n\n1,2\n", "',' 2 × col0 string, col1 string"),
        (rule(|rule| rule.names = vec!["x".into(), "y".into()]), "1,a\n2,b\n", "',' 2 × x bigint, y string"),
        (rule(|rule| rule.names = vec!["x".into()]), "1,a\n2,b\n", "no CSV"),
        (rule(|rule| rule.single_column = true), "id\n1\n2\n", "',' header 2 × id bigint"),
        (rule(|rule| rule.quote = Some('\'')), "id,n\n1,'a, b'\n", "',' quoted header 1 × id bigint, n string"),
        (
            rule(|rule| rule.types = vec![HiveType::Int, HiveType::Date]),
            "id,day\n1,2024-01-01\n",
            "',' header 1 × id int, day date",
        ),
        (rule(|rule| rule.untrimmed = true), "id,n\n 1,2\n", "',' header 1 × id string, n bigint"),
    ] {
        assert_eq!(of(infer(text.as_bytes(), false, &rule)), expected, "{text:?}");
    }
}
