//! Rows as a result's CSV has them: every value in double quotes, nothing at all for NULL, `\n` at the end of a row.

use haar_sql::Batch;

use crate::athena::model::ResultColumn;

/// Appends the row of names.
pub fn push_header(columns: &[ResultColumn], out: &mut String) {
    for (index, column) in columns.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push('"');
        let start = out.len();
        out.push_str(&column.name);
        double_quotes(out, start);
        out.push('"');
    }
    out.push('\n');
}

/// Appends one row of a batch.
pub fn push_row(batch: &Batch, row: usize, out: &mut String) {
    for column in 0..batch.columns() {
        if column > 0 {
            out.push(',');
        }
        let before = out.len();
        out.push('"');
        if batch.push_text(column, row, out) {
            double_quotes(out, before + 1);
            out.push('"');
        } else {
            out.truncate(before);
        }
    }
    out.push('\n');
}

/// Doubles the quotes of what was appended. Few values have any.
fn double_quotes(out: &mut String, start: usize) {
    if out[start..].contains('"') {
        let doubled = out[start..].replace('"', "\"\"");
        out.truncate(start);
        out.push_str(&doubled);
    }
}

/// One row of a result, and the bytes that it took.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// `None` is NULL.
    pub values: Vec<Option<String>>,
    /// With its line end.
    pub length: usize,
}

/// Reads the row at the beginning of `bytes`; `None` when it does not end in them.
pub fn read_row(bytes: &[u8]) -> Option<Row> {
    let mut values = Vec::new();
    let mut at = 0;
    loop {
        let value = if bytes.get(at)? == &b'"' {
            let (value, end) = read_quoted(bytes, at + 1)?;
            at = end;
            Some(value)
        } else {
            None
        };
        values.push(value);
        // Nobody else writes these files; what somebody put behind a closing quote is passed over.
        at += bytes[at..].iter().position(|byte| matches!(byte, b',' | b'\n'))?;
        if bytes[at] == b'\n' {
            return Some(Row { values, length: at + 1 });
        }
        at += 1;
    }
}

/// The value behind an opening quote, and where it ends behind the closing one.
fn read_quoted(bytes: &[u8], start: usize) -> Option<(String, usize)> {
    let mut value = Vec::new();
    let mut at = start;
    loop {
        let quote = at + bytes[at..].iter().position(|byte| *byte == b'"')?;
        value.extend_from_slice(&bytes[at..quote]);
        match bytes.get(quote + 1)? {
            b'"' => {
                value.push(b'"');
                at = quote + 2;
            }
            _ => return Some((String::from_utf8_lossy(&value).into_owned(), quote + 1)),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::athena::result::columns::of_text;

    #[test]
    fn names_are_quoted() {
        let mut out = String::new();
        push_header(&[of_text("a"), of_text("b\"c")], &mut out);
        assert_eq!(out, "\"a\",\"b\"\"c\"\n");
    }

    #[test]
    fn null_and_empty_are_told_apart() {
        let row = read_row(b"\"\",,\"a\"\"b,\nc\"\nrest").unwrap();
        assert_eq!(row.values, [Some(String::new()), None, Some("a\"b,\nc".into())]);
        assert_eq!(row.length, 14);
        assert_eq!(read_row(b"\n").unwrap().values, [None]);
        assert_eq!(read_row(b",\n").unwrap().values, [None, None]);
    }

    #[test]
    fn a_row_without_an_end_is_none() {
        assert_eq!(read_row(b"\"a\",\"b"), None);
        assert_eq!(read_row(b"\"a\",\"b\""), None);
        assert_eq!(read_row(b"\"a\","), None);
        assert_eq!(read_row(b""), None);
    }
}
