//! Rows of delimited text, with quotes around values that may hold anything.

use std::borrow::Cow;

/// The values of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<'a>(pub Vec<Cell<'a>>);

impl Row<'_> {
    /// Whether nothing is on the line.
    pub fn is_blank(&self) -> bool {
        matches!(self.0.as_slice(), [cell] if cell.text.trim().is_empty() && !cell.quoted)
    }
}

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell<'a> {
    /// Without the quotes.
    pub text: Cow<'a, str>,
    /// Whether it stood in quotes.
    pub quoted: bool,
}

/// The rows of a text, without blank lines. Where the text is `cut`, its last row is left out: who knows how it goes
/// on.
pub fn rows(text: &str, delimiter: char, quote: char, cut: bool) -> impl Iterator<Item = Row<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            if rest.is_empty() {
                return None;
            }
            let (row, after) = take_row(rest, delimiter, quote, cut)?;
            if cut && after.is_none() {
                return None;
            }
            rest = after.unwrap_or_default();
            if !row.is_blank() {
                return Some(row);
            }
        }
    })
}

/// The first row, and what comes after its end, if the text does not end with it. No row at all where the text was cut
/// inside of quotes: what looks like lines behind them is one value.
fn take_row(text: &str, delimiter: char, quote: char, cut: bool) -> Option<(Row<'_>, Option<&str>)> {
    let mut cells = Vec::new();
    let mut rest = text;
    loop {
        let quoted = rest.trim_start_matches(' ').strip_prefix(quote);
        let (cell, after) = match quoted.map(|inside| take_quoted(inside, delimiter, quote)) {
            Some(Quoted::Value(cell, after)) => (cell, after),
            Some(Quoted::Open) if cut => return None,
            // The first quote was a character like others.
            Some(Quoted::Open | Quoted::Stray) | None => take_plain(rest, delimiter),
        };
        cells.push(cell);
        match after.strip_prefix(delimiter) {
            Some(next) => rest = next,
            None => {
                let end = after.strip_prefix("\r\n").or_else(|| after.strip_prefix(['\n', '\r']));
                return Some((Row(cells), end));
            }
        }
    }
}

fn take_plain(text: &str, delimiter: char) -> (Cell<'_>, &str) {
    let end = text.find([delimiter, '\n', '\r']).unwrap_or(text.len());
    let (value, after) = text.split_at(end);
    (Cell { text: value.into(), quoted: false }, after)
}

/// What a quote begins.
enum Quoted<'a> {
    /// A value, and what comes after it.
    Value(Cell<'a>, &'a str),
    /// A value that does not end here.
    Open,
    /// Nothing: text goes on behind the quote that should end the value.
    Stray,
}

/// A value up to the quote that ends it.
fn take_quoted(inside: &str, delimiter: char, quote: char) -> Quoted<'_> {
    let mut at = 0;
    loop {
        let Some(found) = inside[at..].find(quote) else { return Quoted::Open };
        at += found;
        let after = &inside[at + quote.len_utf8()..];
        if after.starts_with(quote) {
            at += 2 * quote.len_utf8();
            continue;
        }
        let tail = after.trim_start_matches(' ');
        if !(tail.is_empty() || tail.starts_with([delimiter, '\n', '\r'])) {
            return Quoted::Stray;
        }
        let text = match inside[..at].contains(quote) {
            true => inside[..at].replace(&format!("{quote}{quote}"), &quote.to_string()).into(),
            false => Cow::Borrowed(&inside[..at]),
        };
        return Quoted::Value(Cell { text, quoted: true }, tail);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_delimiters_line_ends_and_quotes() {
        for (text, expected) in [
            ("a,b\n1,2\n", vec![vec!["a", "b"], vec!["1", "2"]]),
            ("a,b\r\n1,2", vec![vec!["a", "b"], vec!["1", "2"]]),
            ("a,b\r1,2\r", vec![vec!["a", "b"], vec!["1", "2"]]),
            ("\"x, y\",\"two\nlines\"\n1,\n", vec![vec!["x, y", "two\nlines"], vec!["1", ""]]),
            ("\"say \"\"hi\"\"\",b", vec![vec!["say \"hi\"", "b"]]),
            ("5\" nail,b\n\"open,c\n", vec![vec!["5\" nail", "b"], vec!["\"open", "c"]]),
            ("a, \"b\" ,c", vec![vec!["a", "b", "c"]]),
            ("\n\na,b\n\n", vec![vec!["a", "b"]]),
            ("ä;ö\n", vec![vec!["ä;ö"]]),
        ] {
            let found: Vec<Row<'_>> = rows(text, ',', '"', false).collect();
            let found: Vec<Vec<&str>> =
                found.iter().map(|row| row.0.iter().map(|cell| &*cell.text).collect()).collect();
            assert_eq!(found, expected, "{text:?}");
        }
    }

    #[test]
    fn the_row_that_was_cut_is_left_out() {
        assert_eq!(rows("a,b\n1,2\n3,", ',', '"', true).count(), 2);
        assert_eq!(rows("a,b\n1,2\n", ',', '"', true).count(), 2);
        assert_eq!(rows("a,b\n1,\"x\ny, z\n3,4\n", ',', '"', true).count(), 1);
    }
}
