//! The `Range` header: one range of bytes. S3 does not serve several in one answer.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>

use std::ops::Range;

use crate::s3::error::Error;

/// The bytes that a header asks for of an object of `size` bytes. `None` is all of it: what is no single range of
/// bytes is left out of account, as HTTP allows and S3 does.
pub fn resolve(header: &str, size: u64) -> Result<Option<Range<u64>>, Error> {
    let Some(spec) = parse(header) else { return Ok(None) };
    let range = match spec {
        Spec::Last(count) => size.saturating_sub(count)..size,
        Spec::From(first) => first..size,
        Spec::Between(first, last) => first..last.saturating_add(1).min(size),
    };
    if range.start >= range.end {
        return Err(Error::InvalidRange { requested: header.to_owned(), size });
    }
    Ok(Some(range))
}

/// `bytes 0-9/100`.
pub fn content_range(range: &Range<u64>, size: u64) -> String {
    format!("bytes {}-{}/{size}", range.start, range.end.saturating_sub(1))
}

enum Spec {
    /// `-n`
    Last(u64),
    /// `a-`
    From(u64),
    /// `a-b`
    Between(u64, u64),
}

fn parse(header: &str) -> Option<Spec> {
    let (first, last) = header.trim().strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit()).then(|| text.parse::<u64>().ok())?;
    match (first.trim(), last.trim()) {
        ("", last) => Some(Spec::Last(number(last)?)),
        (first, "") => Some(Spec::From(number(first)?)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(Spec::Between(first, last))
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn one_range_of_bytes() {
        assert_eq!(resolve("bytes=0-3", 10).unwrap(), Some(0..4));
        assert_eq!(resolve("bytes=7-", 10).unwrap(), Some(7..10));
        assert_eq!(resolve("bytes=-3", 10).unwrap(), Some(7..10));
        assert_eq!(resolve("bytes=-30", 10).unwrap(), Some(0..10));
        assert_eq!(resolve("bytes=8-100", 10).unwrap(), Some(8..10));
    }

    #[test]
    fn what_lies_behind_the_end_is_refused() {
        for (header, size) in
            [("bytes=10-", 10), ("bytes=10-12", 10), ("bytes=-0", 10), ("bytes=0-", 0), ("bytes=-1", 0)]
        {
            let refused = matches!(resolve(header, size), Err(Error::InvalidRange { .. }));
            assert!(refused, "{header} of {size}");
        }
    }

    #[test]
    fn what_is_no_single_range_is_all_of_it() {
        for header in ["bytes=0-1,3-4", "bytes=4-2", "bytes=", "bytes=-", "bytes=a-b", "lines=0-1", "bytes=+1-2"] {
            assert_eq!(resolve(header, 10).unwrap(), None, "{header}");
        }
    }
}
