//! The header `x-amz-copy-source`: which object, and which of its versions.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>

use percent_encoding::percent_decode_str;

use super::error::Error;

/// Where a copy is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopySource {
    /// The bucket's name.
    pub bucket: String,
    /// The object's key, decoded.
    pub key: String,
    /// As it was given.
    pub version_id: Option<String>,
}

impl CopySource {
    /// Reads `bucket/key`, with or without a slash in front, percent-encoded, `?versionId=…` behind it if need be. An
    /// ARN of an access point is refused: there are none.
    pub fn parse(header: &str) -> Result<Self, Error> {
        let wrong = |message: &str| Error::argument(message, "x-amz-copy-source", header);
        if header.starts_with("arn:") {
            return Err(Error::not_served("access points as x-amz-copy-source"));
        }
        // The key may hold a question mark of its own, percent-encoded or not: only this one separates.
        let (path, version_id) = match header.rsplit_once("?versionId=") {
            Some((path, version_id)) => (path, Some(version_id.to_owned())),
            None => (header, None),
        };
        let path = percent_decode_str(path).decode_utf8().map_err(|_| wrong("Invalid copy source encoding."))?;
        let (bucket, key) = path
            .strip_prefix('/')
            .unwrap_or(&path)
            .split_once('/')
            .filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty())
            .ok_or_else(|| wrong("Invalid copy source object key"))?;
        Ok(Self { bucket: bucket.to_owned(), key: key.to_owned(), version_id })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn source(bucket: &str, key: &str, version_id: Option<&str>) -> CopySource {
        CopySource { bucket: bucket.into(), key: key.into(), version_id: version_id.map(str::to_owned) }
    }

    #[test]
    fn a_slash_in_front_is_optional() {
        assert_eq!(CopySource::parse("lake/a/b.txt").unwrap(), source("lake", "a/b.txt", None));
        assert_eq!(CopySource::parse("/lake/a/b.txt").unwrap(), source("lake", "a/b.txt", None));
    }

    #[test]
    fn keys_are_percent_decoded_and_keep_their_plus() {
        assert_eq!(CopySource::parse("lake/a%20b+c%3Fd").unwrap(), source("lake", "a b+c?d", None));
        assert_eq!(CopySource::parse("lake%2Fkey").unwrap(), source("lake", "key", None));
    }

    #[test]
    fn a_version_is_named_behind_the_key() {
        assert_eq!(CopySource::parse("lake/key?versionId=abc").unwrap(), source("lake", "key", Some("abc")));
        assert_eq!(CopySource::parse("lake/what%3F?versionId=null").unwrap(), source("lake", "what?", Some("null")));
    }

    #[test]
    fn what_names_no_object_is_refused() {
        for header in ["", "/", "lake", "lake/", "/lake/", "//key", "lake/%ff"] {
            assert!(matches!(CopySource::parse(header), Err(Error::InvalidArgument { .. })), "{header:?}");
        }
    }
}
