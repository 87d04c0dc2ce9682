//! A record as RFC 4180 has it: a quote stands only around a whole field, or twice inside one.

use super::{Fields, QuotedText};

/// How far a record has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// All fields have been found.
    Ended,
    /// A quote is open: the record goes on on the next line, if there is one.
    Open,
    /// It is not well-formed.
    Broken,
}

/// Where the parser stands. It goes on when the record has grown.
#[derive(Default)]
pub struct WellFormed {
    /// Where the field begins.
    begin: usize,
    /// How far quotes have been looked for in a field that is open.
    searched: Option<usize>,
    /// Whether the open field has quotes that stand twice.
    doubled: bool,
}

impl WellFormed {
    /// Reads on to the end of what there is.
    pub fn run(&mut self, record: &[u8], format: &QuotedText, fields: &mut Fields) -> Progress {
        loop {
            let rest = &record[self.begin..];
            let end = if self.searched.is_some() || rest.first() == Some(&format.quote) {
                match self.find_close(record, format) {
                    Ok(close) => {
                        let content = self.begin + 1..close;
                        let escaped = memchr::memchr(format.escape, &record[content.clone()]).is_some();
                        match self.doubled || escaped {
                            true => rewrite(&record[content], format, fields),
                            false => fields.add(content),
                        }
                        (self.searched, self.doubled) = (None, false);
                        close + 1
                    }
                    Err(progress) => return progress,
                }
            } else {
                let first = memchr::memchr3(format.separator, format.quote, format.escape, rest);
                let (length, escaped) = match first {
                    Some(at) if rest[at] == format.escape => {
                        let after = memchr::memchr2(format.separator, format.quote, &rest[at..]);
                        (after.map_or(rest.len(), |after| at + after), true)
                    }
                    first => (first.unwrap_or(rest.len()), false),
                };
                if rest.get(length) == Some(&format.quote) {
                    return Progress::Broken;
                }
                let content = self.begin..self.begin + length;
                match escaped {
                    true => rewrite(&record[content.clone()], format, fields),
                    false => fields.add(content.clone()),
                }
                content.end
            };
            if end >= record.len() {
                return Progress::Ended;
            }
            self.begin = end + 1;
        }
    }

    /// Where the quote closes that is open.
    fn find_close(&mut self, record: &[u8], format: &QuotedText) -> Result<usize, Progress> {
        let mut from = self.searched.unwrap_or(self.begin + 1);
        while let Some(found) = memchr::memchr(format.quote, &record[from..]) {
            let at = from + found;
            match record.get(at + 1) {
                None => return Ok(at),
                Some(next) if *next == format.separator => return Ok(at),
                Some(next) if *next == format.quote => {
                    self.doubled = true;
                    from = at + 2;
                }
                Some(_) => return Err(Progress::Broken),
            }
        }
        self.searched = Some(record.len());
        Err(Progress::Open)
    }
}

/// Adds a field without its escapes, and with one quote where there were two.
fn rewrite(content: &[u8], format: &QuotedText, fields: &mut Fields) {
    let begin = fields.rewritten.len();
    let mut rest = content;
    while let Some(at) = memchr::memchr2(format.quote, format.escape, rest) {
        fields.rewritten.extend_from_slice(&rest[..at]);
        let next = rest.get(at + 1).copied();
        let keeps = match rest[at] == format.escape {
            true => next.filter(|next| *next == format.escape),
            false => next,
        };
        fields.rewritten.extend(keeps);
        rest = &rest[at + 1 + usize::from(keeps.is_some())..];
    }
    fields.rewritten.extend_from_slice(rest);
    fields.add_rewritten(begin);
}
