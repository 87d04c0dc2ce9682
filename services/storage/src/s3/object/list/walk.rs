//! The walk through a bucket in key order: versions of a key are passed in one step, and so is everything under a
//! common prefix. A page costs what is on it, however large the bucket.

use haar_platform::store::{Read, Scan, Span, StoreError};

use crate::s3::model::{BucketNumber, Newest, VERSIONS, Version, VersionKey};

/// What is listed.
pub struct Filter<'a> {
    pub bucket: BucketNumber,
    pub prefix: &'a str,
    pub delimiter: Option<&'a str>,
}

/// Where a page begins: behind all that is not greater than a key or common prefix, or behind one version of a key.
pub enum Marker<'a> {
    Start,
    Behind(&'a str),
    BehindVersion(&'a str, u64),
}

/// One line of a list.
pub enum Line {
    /// A version, and whether it is its key's newest.
    Version { key: String, version: Version, newest: bool },
    /// A common prefix.
    Prefix(String),
}

impl Line {
    /// The key or the common prefix: what the next page begins behind.
    pub fn name(&self) -> &str {
        match self {
            Self::Version { key, .. } => key,
            Self::Prefix(prefix) => prefix,
        }
    }
}

/// Lines of a list, read as they are asked for.
pub struct Walk<'a, T> {
    tx: &'a T,
    filter: Filter<'a>,
    scan: Option<Scan<'a, VersionKey, Version>>,
    /// The key of the row before, whose further rows are its older versions.
    last: Option<String>,
    versions: bool,
}

impl<'a, T: Read> Walk<'a, T> {
    /// The objects that a GET would find.
    pub fn objects(tx: &'a T, filter: Filter<'a>, marker: &Marker<'_>) -> Self {
        Self::new(tx, filter, marker, false)
    }

    /// All versions and delete markers.
    pub fn versions(tx: &'a T, filter: Filter<'a>, marker: &Marker<'_>) -> Self {
        Self::new(tx, filter, marker, true)
    }

    fn new(tx: &'a T, filter: Filter<'a>, marker: &Marker<'_>, versions: bool) -> Self {
        let mut walk = Self { tx, filter, scan: None, last: None, versions };
        match marker {
            Marker::Start => walk.scan = Some(tx.scan(VERSIONS, walk.span())),
            Marker::Behind(key) => match walk.common_prefix(key) {
                // A common prefix is listed once: with the first page that reaches it.
                Some(prefix) => walk.pass_prefix(&prefix),
                None => walk.pass_key(key),
            },
            Marker::BehindVersion(key, sequence) => match walk.common_prefix(key) {
                Some(prefix) => walk.pass_prefix(&prefix),
                None => {
                    let span = walk.span().after(&(walk.filter.bucket, *key, Newest(*sequence)));
                    walk.scan = Some(tx.scan(VERSIONS, span));
                    walk.last = Some((*key).to_owned());
                }
            },
        }
        walk
    }

    /// The next lines, at most `max`, and whether there are more.
    pub fn page(mut self, max: usize) -> Result<(Vec<Line>, bool), StoreError> {
        let mut lines = Vec::new();
        if max == 0 {
            // A page of nothing says that nothing is left: it has no line to go on from.
            return Ok((lines, false));
        }
        while let Some(line) = self.next_line()? {
            if lines.len() == max {
                return Ok((lines, true));
            }
            lines.push(line);
        }
        Ok((lines, false))
    }

    fn next_line(&mut self) -> Result<Option<Line>, StoreError> {
        loop {
            let Some(row) = self.scan.as_mut().and_then(Iterator::next) else { return Ok(None) };
            let ((_, key, _), version) = row?;
            let newest = self.last.as_ref() != Some(&key);
            if !newest && !self.versions {
                self.pass_key(&key);
                continue;
            }
            if self.versions || version.object().is_some() {
                if let Some(prefix) = self.common_prefix(&key) {
                    self.pass_prefix(&prefix);
                    return Ok(Some(Line::Prefix(prefix)));
                }
                self.last = Some(key.clone());
                return Ok(Some(Line::Version { key, version, newest }));
            }
            self.last = Some(key);
        }
    }

    /// The part of a key up to the first delimiter behind the prefix.
    fn common_prefix(&self, key: &str) -> Option<String> {
        let delimiter = self.filter.delimiter?;
        let rest = key.strip_prefix(self.filter.prefix)?;
        let end = rest.find(delimiter)? + delimiter.len();
        Some(key[..self.filter.prefix.len() + end].to_owned())
    }

    fn span(&self) -> Span<VersionKey> {
        Span::starting((self.filter.bucket,), self.filter.prefix)
    }

    /// Goes on behind the last version of a key: sequence numbers begin with 1.
    fn pass_key(&mut self, key: &str) {
        let span = self.span().from(&(self.filter.bucket, key, Newest(0)));
        self.scan = Some(self.tx.scan(VERSIONS, span));
    }

    /// Goes on behind all that starts so.
    fn pass_prefix(&mut self, prefix: &str) {
        self.scan = successor(prefix).map(|next| {
            let span = self.span().from(&(self.filter.bucket, next, Newest(u64::MAX)));
            self.tx.scan(VERSIONS, span)
        });
        self.last = None;
    }
}

/// The least text that is greater than all texts that start with `prefix`. The order of UTF-8 is that of characters.
pub fn successor(prefix: &str) -> Option<String> {
    let mut text = prefix.to_owned();
    while let Some(last) = text.pop() {
        let next = match last {
            // Surrogates are no characters.
            '\u{D7FF}' => Some('\u{E000}'),
            char::MAX => None,
            last => char::from_u32(u32::from(last) + 1),
        };
        if let Some(next) = next {
            text.push(next);
            return Some(text);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_successor_is_the_next_text_that_does_not_start_so() {
        assert_eq!(successor("a/").as_deref(), Some("a0"));
        assert_eq!(successor("a\u{D7FF}").as_deref(), Some("a\u{E000}"));
        assert_eq!(successor("a\u{10FFFF}").as_deref(), Some("b"));
        assert_eq!(successor("\u{10FFFF}"), None);
    }
}
