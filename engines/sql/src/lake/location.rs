//! Where files lie: `s3://bucket/prefix`, and what is listed there.

use haar_kernel::{ObjectMeta, Objects, ObjectsError};

use crate::error::SqlError;

/// Objects of one page of a listing.
const PAGE: usize = 1000;

/// Objects of one table that a query may list. Athena has no such quota; a listing must end all the same.
const FILES_MAX: usize = 10_000_000;

/// A place in a bucket.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Location {
    pub(crate) bucket: String,
    /// Ends with `/`, or is empty.
    pub(crate) prefix: String,
}

impl Location {
    /// Reads `s3://bucket/prefix`, which means the same with and without a `/` at its end.
    pub(crate) fn parse(url: &str) -> Result<Self, SqlError> {
        let rest = ["s3://", "s3a://", "s3n://"].iter().find_map(|scheme| url.strip_prefix(scheme));
        let rest = rest.filter(|rest| !rest.is_empty() && !rest.starts_with('/'));
        let rest = rest.ok_or_else(|| {
            SqlError::new("HIVE_METASTORE_ERROR", format!("Table storage descriptor has no usable location: {url}"))
        })?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let mut prefix = prefix.to_owned();
        if !prefix.is_empty() && !prefix.ends_with('/') {
            prefix.push('/');
        }
        Ok(Self { bucket: bucket.to_owned(), prefix })
    }

    /// The files here and below: no folders, nothing empty, nothing hidden (a name that begins with `_` or `.`), and
    /// nothing archived, which Athena passes over.
    pub(crate) fn files(&self, objects: &dyn Objects) -> Result<Vec<ObjectMeta>, SqlError> {
        let mut files = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = objects.list(&self.bucket, &self.prefix, after.as_deref(), PAGE);
            let page = page.map_err(|error| self.unlistable(error))?;
            let whole = page.len() == PAGE;
            after = page.last().map(|last| last.key.clone());
            files.extend(page.into_iter().filter(|meta| meta.size > 0 && meta.readable && !self.hidden(&meta.key)));
            if !whole {
                return Ok(files);
            }
            if files.len() > FILES_MAX {
                return Err(SqlError::new("HIVE_EXCEEDED_PARTITION_LIMIT", "too many files in one location"));
            }
        }
    }

    fn hidden(&self, key: &str) -> bool {
        let below = &key[self.prefix.len()..];
        below.split('/').any(|name| name.starts_with('_') || name.starts_with('.')) || below.ends_with('/')
    }

    fn unlistable(&self, error: ObjectsError) -> SqlError {
        match error {
            ObjectsError::NoSuchBucket(_) => SqlError::new(
                "HIVE_FILESYSTEM_ERROR",
                format!("The specified bucket does not exist (Bucket: {})", self.bucket),
            ),
            other => SqlError::new("HIVE_FILESYSTEM_ERROR", other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use haar_kernel::{MemoryObjects, Timestamp};

    use super::*;

    #[test]
    fn a_location_is_a_bucket_and_a_prefix_that_ends_a_folder() {
        for (url, bucket, prefix) in [
            ("s3://lake", "lake", ""),
            ("s3://lake/", "lake", ""),
            ("s3://lake/a/b", "lake", "a/b/"),
            ("s3a://lake/a/b/", "lake", "a/b/"),
            ("s3n://lake/a//b", "lake", "a//b/"),
        ] {
            let location = Location::parse(url).unwrap();
            assert_eq!((location.bucket.as_str(), location.prefix.as_str()), (bucket, prefix), "{url}");
        }
        for url in ["", "hdfs://x/y", "s3://", "s3:///a", "lake/a"] {
            assert_eq!(Location::parse(url).unwrap_err().name, "HIVE_METASTORE_ERROR", "{url}");
        }
    }

    #[test]
    fn folders_hidden_files_and_empty_ones_are_no_files() {
        let objects = MemoryObjects::default();
        for (key, bytes) in [
            ("t/a.csv", "1"),
            ("t/deep/er/b.csv", "2"),
            ("t/", ""),
            ("t/empty.csv", ""),
            ("t/_SUCCESS", "x"),
            ("t/.hidden", "x"),
            ("t/_temporary/c.csv", "x"),
            ("t/deep/.crc/d.csv", "x"),
            ("t/folder/", "marker"),
            ("tt/e.csv", "x"),
        ] {
            objects.put("lake", key, Timestamp::default(), bytes);
        }
        let files = Location::parse("s3://lake/t").unwrap().files(&objects).unwrap();
        let keys: Vec<&str> = files.iter().map(|meta| meta.key.as_str()).collect();
        assert_eq!(keys, ["t/a.csv", "t/deep/er/b.csv"]);
    }

    #[test]
    fn a_listing_goes_through_all_pages() {
        let objects = MemoryObjects::default();
        for at in 0..PAGE * 2 + 1 {
            objects.put("lake", &format!("t/{at:05}"), Timestamp::default(), "x");
        }
        let files = Location::parse("s3://lake/t/").unwrap().files(&objects).unwrap();
        assert_eq!(files.len(), PAGE * 2 + 1);
    }
}
