//! GrokSerDe: lines taken apart by grok patterns.

use crate::column::Builder;
use crate::error::FormatError;
use crate::grok::Grok;
use crate::lines::Lines;
use crate::regex_rows::append_or_null;
use crate::rows::RowParser;
use crate::types::Column;

/// Takes lines apart. A column has the text of the field with its name; when no field has the name of any column,
/// columns have the fields in their order. A line that does not match is a row of NULLs.
pub struct GrokParser {
    grok: Grok,
    /// The field of every column of the batch.
    fields: Vec<Option<usize>>,
}

impl GrokParser {
    /// A parser for these columns of the file.
    pub fn new(grok: &Grok, columns: &[Column], projection: &[usize]) -> GrokParser {
        let find =
            |column: &Column| grok.fields().iter().position(|field| field.name.eq_ignore_ascii_case(&column.name));
        let named = columns.iter().any(|column| find(column).is_some());
        let field = |at: &usize| if named { find(&columns[*at]) } else { Some(*at) };
        GrokParser { grok: grok.clone(), fields: projection.iter().map(field).collect() }
    }
}

impl RowParser for GrokParser {
    fn parse(&mut self, lines: &mut Lines, columns: &mut [Builder]) -> Result<(), FormatError> {
        if columns.is_empty() {
            return Ok(());
        }
        let line = String::from_utf8_lossy(lines.line());
        let texts = self.grok.captures(&line)?.unwrap_or_default();
        for (column, field) in columns.iter_mut().zip(&self.fields) {
            append_or_null(column, field.and_then(|field| texts.get(field).copied().flatten()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use crate::testing::{object, read_rows, table};

    #[test]
    fn columns_are_found_by_name_or_else_by_place() {
        let format = [
            ("input.format", "%{TIMESTAMP_ISO8601:Time} %{KIND:kind} %{GREEDYDATA:rest}"),
            ("input.grokCustomPatterns", "KIND [A-Z]\\d"),
        ];
        let format = table("com.amazonaws.glue.serde.GrokSerDe", &format);
        let log = || object("t.log", "2020-01-01 00:00:00 K7 some text\nnothing\n");
        let named = read_rows(&format, log(), "kind string, time timestamp").unwrap();
        assert_eq!(named, ["K7|2020-01-01T00:00:00", "NULL|NULL"]);
        let placed = read_rows(&format, log(), "a timestamp, b string, c int").unwrap();
        assert_eq!(placed, ["2020-01-01T00:00:00|K7|NULL", "NULL|NULL|NULL"]);
    }
}
