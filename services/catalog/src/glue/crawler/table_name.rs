//! The names that crawlers give to tables.
//!
//! <https://docs.aws.amazon.com/glue/latest/dg/crawler-running.html>

use ring::digest;

/// Characters of a name that a crawler makes.
const NAME_CHARS_MAX: usize = 128;

/// Characters of the hash behind a name that is taken.
const HASH_CHARS: usize = 32;

/// The name of a table: of the last folder of its location (`s3://bucket/sales/`), or of the bucket.
pub fn of(prefix: &str, location: &str) -> String {
    let path = location.strip_prefix("s3://").unwrap_or(location).trim_end_matches('/');
    let last = path.rsplit('/').next().unwrap_or(path);
    let name = format!("{prefix}{last}").to_lowercase();
    let clean = name.chars().map(|char| if char.is_alphanumeric() { char } else { '_' });
    clean.take(NAME_CHARS_MAX).collect()
}

/// The name of a table whose own name belongs to another: with a hash of its location.
pub fn with_hash(name: &str, location: &str) -> String {
    let hash = digest::digest(&digest::SHA256, location.as_bytes());
    let hash: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).take(HASH_CHARS / 2).collect();
    let name: String = name.chars().take(NAME_CHARS_MAX - HASH_CHARS - 1).collect();
    format!("{name}_{hash}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_of_the_last_folder() {
        for (prefix, location, name) in [
            ("", "s3://bucket/Raw/Sales-2024/", "sales_2024"),
            ("raw_", "s3://bucket/year=2017/", "raw_year_2017"),
            ("", "s3://my.bucket/", "my_bucket"),
            ("", "s3://bucket/folder/file.csv", "file_csv"),
        ] {
            assert_eq!(of(prefix, location), name);
        }
        assert_eq!(of("", &format!("s3://b/{}/", "x".repeat(200))).len(), 128);
    }

    #[test]
    fn a_taken_name_gets_a_hash_of_the_location() {
        let one = with_hash("t", "s3://a/t/");
        assert_eq!(one.len(), 34);
        assert_ne!(one, with_hash("t", "s3://b/t/"));
        assert_eq!(with_hash(&"x".repeat(128), "s3://a/t/").len(), 128);
    }
}
