//! Places in S3, as Athena's users write them: `s3://bucket/prefix/`.

use super::error::Error;

/// A bucket, and a key or the beginning of keys in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The bucket.
    pub bucket: String,
    /// Without a slash at its beginning; may be empty.
    pub key: String,
}

impl Location {
    /// Reads `s3://bucket/key`; Hive's spellings `s3a://` and `s3n://` mean the same.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        if !matches!(scheme, "s3" | "s3a" | "s3n") {
            return None;
        }
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        (!bucket.is_empty()).then(|| Self { bucket: bucket.to_owned(), key: key.trim_start_matches('/').to_owned() })
    }

    /// The same as a folder: its key ends with a slash, or is empty.
    pub fn folder(mut self) -> Self {
        if !self.key.is_empty() && !self.key.ends_with('/') {
            self.key.push('/');
        }
        self
    }

    /// A place below this folder.
    pub fn join(&self, name: &str) -> Self {
        let folder = self.clone().folder();
        Self { bucket: folder.bucket, key: folder.key + name }
    }
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

/// Refuses an output location that is none. An empty one says nothing, and is no error.
pub fn check_output(location: &str) -> Result<(), Error> {
    if location.is_empty() || (location.starts_with("s3://") && Location::parse(location).is_some()) {
        return Ok(());
    }
    Err(Error::invalid("outputLocation is not a valid S3 path."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_ends_with_a_slash_and_only_one() {
        let at = |text: &str| Location::parse(text).map(|location| location.join("f").to_string());
        assert_eq!(at("s3://b").as_deref(), Some("s3://b/f"));
        assert_eq!(at("s3://b/").as_deref(), Some("s3://b/f"));
        assert_eq!(at("s3a://b/p").as_deref(), Some("s3://b/p/f"));
        assert_eq!(at("s3://b/p/").as_deref(), Some("s3://b/p/f"));
        assert_eq!(at("http://b/p/"), None);
        assert_eq!(at("s3:///p"), None);
    }
}
