//! OpenCSVSerde: quoted text.
//!
//! A record that is well-formed by RFC 4180 is read as that: its fields may hold line breaks, which Athena's OpenCSV
//! SerDe "does not support". Any other line is read with the quirks of the parser that Hive took, as in Athena. In both
//! the escape is dropped and what stands behind it is text.

mod quirky;
mod well_formed;

use std::collections::BTreeMap;
use std::ops::Range;

use crate::column::Builder;
use crate::column::pattern::TimestampFormats;
use crate::column::text::{BadValue, Rules, append};
use crate::error::FormatError;
use crate::lines::Lines;
use crate::rows::RowParser;
use quirky::Quirky;
use well_formed::{Progress, WellFormed};

/// A field that is still open after so many bytes never closes.
const RECORD_BYTES_MAX: usize = 4 << 20;

/// After so many fields that never closed, the file is one whose quotes mean nothing.
const UNCLOSED_MAX: usize = 64;

/// `separatorChar`, `quoteChar` and `escapeChar`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotedText {
    pub separator: u8,
    pub quote: u8,
    pub escape: u8,
    /// What is written before quotes and itself.
    pub write_escape: u8,
    /// `use.null.for.invalid.data`: values that are bad are NULL and no error.
    pub null_for_invalid: bool,
}

impl QuotedText {
    /// Reads the SerDe's properties.
    pub fn of(properties: &BTreeMap<String, String>, null_for_invalid: bool) -> Result<QuotedText, FormatError> {
        let byte = |name: &str, default: u8| match properties.get(name).map(|value| value.as_bytes()) {
            None | Some([]) => Ok(default),
            Some([byte, ..]) if byte.is_ascii() => Ok(*byte),
            Some(_) => Err(FormatError::unsupported_format(format!("{name} of more than one byte is not supported"))),
        };
        let (separator, quote) = (byte("separatorChar", b',')?, byte("quoteChar", b'"')?);
        // The writer's default is the quote, and Hive's reader takes that for its own default.
        let write_escape = byte("escapeChar", b'"')?;
        let escape = if write_escape == b'"' { b'\\' } else { write_escape };
        let invalid = |what: &str| Err(FormatError::invalid_metadata(what));
        if separator == 0 {
            return invalid("Separator cannot be the null character (ASCII 0)");
        } else if separator == quote {
            return invalid("Separator and quote character cannot be the same");
        } else if separator == escape {
            return invalid("Separator and escape character cannot be the same");
        } else if quote == escape && quote != 0 {
            return invalid("Quote and escape character cannot be the same");
        }
        Ok(QuotedText { separator, quote, escape, write_escape, null_for_invalid })
    }
}

/// Takes lines apart.
pub struct CsvParser {
    format: QuotedText,
    /// For every column of the batch: which field, which column.
    wanted: Vec<(usize, usize)>,
    fields: Fields,
    unclosed: usize,
}

impl CsvParser {
    /// A parser for these columns.
    pub fn new(format: QuotedText, projection: &[usize]) -> CsvParser {
        let wanted = projection.iter().enumerate().map(|(target, field)| (*field, target)).collect();
        CsvParser { format, wanted, fields: Fields::default(), unclosed: 0 }
    }

    /// Finds the fields of the record that begins on this line, and takes the lines that belong to it.
    fn find_fields(&mut self, lines: &mut Lines) -> Result<(), FormatError> {
        let first_length = lines.line().len();
        let mut scan = WellFormed::default();
        self.fields.clear();
        loop {
            match scan.run(lines.line(), &self.format, &mut self.fields) {
                Progress::Ended => return Ok(()),
                Progress::Broken => break,
                Progress::Open if self.unclosed >= UNCLOSED_MAX => break,
                Progress::Open => {
                    if lines.line().len() > RECORD_BYTES_MAX || !lines.extend()? {
                        self.unclosed += 1;
                        break;
                    }
                }
            }
        }
        lines.shorten(first_length);
        self.fields.clear();
        Quirky::run(lines.line(), &self.format, &mut self.fields);
        Ok(())
    }
}

impl RowParser for CsvParser {
    fn parse(&mut self, lines: &mut Lines, columns: &mut [Builder]) -> Result<(), FormatError> {
        self.find_fields(lines)?;
        let line = lines.line();
        for (field, target) in &self.wanted {
            let column = &mut columns[*target];
            // An empty line is a row of NULLs.
            let Some(bytes) = self.fields.get(*field, line).filter(|_| !line.is_empty()) else {
                column.null();
                continue;
            };
            if let Builder::Text(to) = column {
                to.append_bytes(bytes);
                continue;
            }
            let text = String::from_utf8_lossy(bytes);
            if let Err(BadValue(why)) = append(column, &text, Rules::OpenCsv, &TimestampFormats::default()) {
                if !self.format.null_for_invalid {
                    let message = format!("Error parsing field value '{text}' for field {field}: {why}");
                    return Err(FormatError::bad_data(message));
                }
                column.null();
            }
        }
        Ok(())
    }
}

/// The fields of a record.
#[derive(Default)]
pub struct Fields {
    fields: Vec<Field>,
    /// The text of fields that had to be rewritten.
    rewritten: Vec<u8>,
}

enum Field {
    Line(Range<usize>),
    Rewritten(Range<usize>),
}

impl Fields {
    fn clear(&mut self) {
        self.fields.clear();
        self.rewritten.clear();
    }

    fn get<'a>(&'a self, at: usize, line: &'a [u8]) -> Option<&'a [u8]> {
        self.fields.get(at).map(|field| match field {
            Field::Line(range) => &line[range.clone()],
            Field::Rewritten(range) => &self.rewritten[range.clone()],
        })
    }

    /// Adds a field that stands in the line as it is.
    fn add(&mut self, range: Range<usize>) {
        self.fields.push(Field::Line(range));
    }

    /// Adds what has been rewritten since `begin`.
    fn add_rewritten(&mut self, begin: usize) {
        self.fields.push(Field::Rewritten(begin..self.rewritten.len()));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;
    use crate::testing::{object, read_rows, table};

    fn rows(properties: &[(&str, &str)], columns: &str, text: &str) -> Result<Vec<String>, String> {
        let format = table("org.apache.hadoop.hive.serde2.OpenCSVSerde", properties);
        read_rows(&format, object("t.csv", text.to_owned()), columns)
    }

    fn fields(text: &str) -> String {
        rows(&[], "a string, b string, c string", text).unwrap().join("\n")
    }

    #[test]
    fn quotes_hold_separators_and_doubled_quotes() {
        assert_eq!(fields("1,\"x, y\",\"say \"\"hi\"\"\""), r#"1|x, y|say "hi""#);
        assert_eq!(fields("\"\",,\"\""), "||");
        assert_eq!(fields("a"), "a|NULL|NULL");
        assert_eq!(fields("a,b,c,d"), "a|b|c");
        assert_eq!(fields("a, \"b\",\"c\""), "a|b|c");
        assert_eq!(fields("a,b,"), "a|b|");
        assert_eq!(fields("a,\"b\"\"\","), "a|b\"|");
        assert_eq!(fields("\n"), "NULL|NULL|NULL");
    }

    #[test]
    fn quotes_within_a_field_are_text() {
        assert_eq!(fields("abc,d\"e\"f,g"), "abc|d\"e\"f|g");
    }

    #[test]
    fn the_escape_is_dropped_and_quotes_behind_it_are_text() {
        assert_eq!(fields(r#""a\"b",c\d,"e\\f""#), r#"a"b|cd|e\f"#);
        let none = [("escapeChar", "\0")];
        assert_eq!(rows(&none, "a string, b string", "\"a\\\",b\\c").unwrap(), [r"a\|b\c"]);
    }

    #[test]
    fn a_quote_goes_on_over_line_breaks() {
        assert_eq!(fields("1,\"a\nb\r\n\n\"\"c\",2\n3,4,5\n"), "1|a\nb\r\n\n\"c|2\n3|4|5");
    }

    #[test]
    fn well_formed_records_win_over_escapes_before_their_quotes() {
        assert_eq!(fields("1,\"C:\\\",\"say \\\"\"hi\\\"\"\"\n2,b,c"), "1|C:|say \"hi\"\n2|b|c");
        assert_eq!(fields(r#""say \"hi\", ok",x"#), "say \"hi\", ok|x|NULL");
        assert_eq!(fields("\"a\\\"\",2,3\n\"b\\\"\",4,5"), "a\"|2|3\nb\"|4|5");
    }

    #[test]
    fn a_quote_that_never_closes_costs_only_its_own_line() {
        assert_eq!(fields("1,\"a,b\n2,c,d\n3,e,f"), "1|NULL|NULL\n2|c|d\n3|e|f");
        assert_eq!(fields("1,5\" disk,b\n2,c,d\n"), "1|NULL|NULL\n2|c|d");
    }

    #[test]
    fn separator_and_quote_are_the_tables() {
        let properties = [("separatorChar", ";"), ("quoteChar", "'")];
        assert_eq!(rows(&properties, "a string, b int", "'x;y';7").unwrap(), ["x;y|7"]);
        let same = [("separatorChar", "'"), ("quoteChar", "'")].map(|(name, value)| (name.into(), value.into()));
        assert_eq!(QuotedText::of(&same.into(), false).unwrap_err().name, "HIVE_INVALID_METADATA");
    }

    #[test]
    fn dates_are_days_and_timestamps_milliseconds() {
        let found = rows(&[], "d date, t timestamp, b boolean, n double", "1,1500,TRUE,1e3").unwrap();
        assert_eq!(found, ["1970-01-02|1970-01-01T00:00:01.500|true|1000.0"]);
    }

    #[test]
    fn a_bad_value_is_an_error_unless_nulls_are_asked_for() {
        let error = rows(&[], "a string, b int", "x,\ny,1").unwrap_err();
        assert_eq!(error, "HIVE_BAD_DATA: Error parsing field value '' for field 1: For input string: \"\"");
        let nulls = [("use.null.for.invalid.data", "true")];
        assert_eq!(rows(&nulls, "a string, b int", "x,\ny,1").unwrap(), ["x|NULL", "y|1"]);
    }

    proptest! {
        #[test]
        fn what_a_writer_of_the_standard_wrote_is_read(texts in prop::collection::vec("[ab,\"\n\r]{0,8}", 2..9)) {
            let quote = |text: &String| format!("\"{}\"", text.replace('"', "\"\""));
            let lines = texts.chunks(2).map(|pair| pair.iter().map(quote).collect::<Vec<_>>().join(",") + "\n");
            let text: String = lines.collect();
            let shown = texts.chunks(2).map(|pair| format!("{}|{}", pair[0], pair.get(1).map_or("NULL", String::as_str)));
            prop_assert_eq!(rows(&[], "a string, b string", &text).unwrap(), shown.collect::<Vec<_>>());
        }

        #[test]
        fn any_bytes_are_rows(bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b",\"\\\n "[..])], 0..60)) {
            let format = table("org.apache.hadoop.hive.serde2.OpenCSVSerde", &[]);
            prop_assert!(read_rows(&format, object("t.csv", bytes), "a string, b string").is_ok());
        }
    }
}
