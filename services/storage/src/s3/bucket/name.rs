//! The names that a bucket can have.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>

use crate::s3::error::Error;

/// Beginnings that AWS keeps for itself.
const PREFIXES_RESERVED: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];

/// Endings that AWS keeps for access points, other kinds of buckets and namespaces.
const SUFFIXES_RESERVED: [&str; 6] = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3", "-an"];

/// A name that follows the rules for general purpose buckets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketName(String);

impl BucketName {
    /// Checks a name.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let bytes = text.as_bytes();
        let fits = (3..=63).contains(&bytes.len())
            && bytes.iter().all(|&byte| alphanumeric(byte) || byte == b'-' || byte == b'.')
            && bytes.first().is_some_and(|&byte| alphanumeric(byte))
            && bytes.last().is_some_and(|&byte| alphanumeric(byte))
            && !text.contains("..")
            && text.parse::<std::net::Ipv4Addr>().is_err()
            && !PREFIXES_RESERVED.iter().any(|prefix| text.starts_with(prefix))
            && !SUFFIXES_RESERVED.iter().any(|suffix| text.ends_with(suffix));
        if fits { Ok(Self(text.to_owned())) } else { Err(Error::InvalidBucketName(text.to_owned())) }
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_follow_the_rules() {
        let longest = "a".repeat(63);
        for name in ["lake", "a-b.c", "0lake9", "192.168.1", "1.2.3.4.5", "a--b", longest.as_str()] {
            assert!(BucketName::parse(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn names_that_break_a_rule() {
        let too_long = "a".repeat(64);
        let names = [
            "",
            "ab",
            "Lake",
            "la_ke",
            "-lake",
            "lake-",
            ".lake",
            "lake.",
            "la..ke",
            "192.168.5.4",
            "xn--lake",
            "sthree-lake",
            "amzn-s3-demo-bucket",
            "lake-s3alias",
            "lake--ol-s3",
            "lake.mrap",
            "lake--x-s3",
            "lake--table-s3",
            "lake-an",
            "läke",
            "la ke",
            too_long.as_str(),
        ];
        for name in names {
            assert!(matches!(BucketName::parse(name), Err(Error::InvalidBucketName(_))), "{name}");
        }
    }
}
