//! A line as OpenCSV reads it, character by character, with its quirks.

use super::{Fields, QuotedText};

/// Where the parser stands in a line.
#[derive(Default)]
pub struct Quirky {
    /// Where the field begins in what has been rewritten.
    begin: usize,
    at: usize,
    in_quotes: bool,
    in_field: bool,
}

impl Quirky {
    /// Finds the fields of a line. When a quote is still open at the end, the last field is lost.
    pub fn run(line: &[u8], format: &QuotedText, fields: &mut Fields) {
        let mut scan = Quirky::default();
        while scan.at < line.len() {
            scan.step(line, format, fields);
            scan.at += 1;
        }
        if !scan.in_quotes {
            fields.add_rewritten(scan.begin);
        }
    }

    fn step(&mut self, line: &[u8], format: &QuotedText, fields: &mut Fields) {
        let byte = line[self.at];
        let next = line.get(self.at + 1).copied();
        if byte == format.escape {
            // It is dropped. A quote or another one behind it is text.
            if (self.in_quotes || self.in_field)
                && let Some(escaped) = next.filter(|next| *next == format.quote || *next == format.escape)
            {
                fields.rewritten.push(escaped);
                self.at += 1;
            }
        } else if byte == format.quote {
            if (self.in_quotes || self.in_field) && next == Some(format.quote) {
                fields.rewritten.push(byte);
                self.at += 1;
            } else {
                self.toggle_quotes(line, format, next, fields);
            }
            self.in_field = !self.in_field;
        } else if byte == format.separator && !self.in_quotes {
            fields.add_rewritten(self.begin);
            self.begin = fields.rewritten.len();
            self.in_field = false;
        } else {
            self.in_field = true;
            let rest = &line[self.at..];
            let plain = match self.in_quotes {
                true => memchr::memchr2(format.quote, format.escape, rest),
                false => memchr::memchr3(format.quote, format.escape, format.separator, rest),
            };
            let length = plain.unwrap_or(rest.len()).max(1);
            fields.rewritten.extend_from_slice(&rest[..length]);
            self.at += length - 1;
        }
    }

    fn toggle_quotes(&mut self, line: &[u8], format: &QuotedText, next: Option<u8>, fields: &mut Fields) {
        let text = &fields.rewritten[self.begin..];
        let blank = text.iter().all(u8::is_ascii_whitespace);
        // A quote within text is text, except among the first three characters of a line.
        let within =
            self.at > 2 && line[self.at - 1] != format.separator && next.is_some_and(|next| next != format.separator);
        if within && blank && !text.is_empty() {
            fields.rewritten.truncate(self.begin);
        } else if within {
            fields.rewritten.push(format.quote);
        }
        self.in_quotes = !self.in_quotes;
    }
}
