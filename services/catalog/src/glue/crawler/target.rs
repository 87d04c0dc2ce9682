//! What a crawl looks at: paths of objects, from the crawler's S3 targets or from the tables of its catalog targets.

use haar_platform::kernel::Objects;

use super::super::error::Error;
use super::exclusion::Exclusion;
use super::model::S3Target;

/// Objects of each folder that a sample can have at most.
const SAMPLE_MAX: i32 = 249;

/// Exclude patterns of a target.
const EXCLUSIONS_MAX: usize = 100;

/// A path to crawl.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where.
    pub bucket: String,
    /// What keys begin with: empty, or with a slash at its end unless it is one object's key.
    pub prefix: String,
    /// What is left out.
    pub exclusions: Vec<Exclusion>,
    /// The same as they are written down: as locations.
    pub exclusion_locations: Vec<String>,
    /// Objects to look at in each folder; otherwise all.
    pub sample_size: Option<usize>,
}

impl Target {
    /// Reads a target's path, patterns and sample size.
    pub fn parse(target: &S3Target) -> Result<Target, Error> {
        let path = target.path.as_deref().unwrap_or_default();
        let (bucket, prefix) =
            split(path).ok_or_else(|| Error::invalid(format!("The S3 path {path:?} of a target is not valid.")))?;
        let prefix = if prefix.is_empty() || prefix.ends_with('/') { prefix.to_owned() } else { format!("{prefix}/") };
        let sample_size = match target.sample_size {
            None => None,
            Some(size) if (1..=SAMPLE_MAX).contains(&size) => Some(size as usize),
            Some(_) => return Err(Error::invalid(format!("SampleSize must be between 1 and {SAMPLE_MAX}."))),
        };
        let written = target.exclusions.as_deref().unwrap_or_default();
        if written.len() > EXCLUSIONS_MAX {
            return Err(Error::invalid(format!("A target can have {EXCLUSIONS_MAX} exclusions at most.")));
        }
        let exclusions = written.iter().map(|glob| {
            Exclusion::parse(glob).ok_or_else(|| Error::invalid(format!("The exclude pattern {glob:?} is not valid.")))
        });
        Ok(Target {
            exclusions: exclusions.collect::<Result<_, _>>()?,
            exclusion_locations: written.iter().map(|glob| format!("s3://{bucket}/{prefix}{glob}")).collect(),
            bucket: bucket.to_owned(),
            prefix,
            sample_size,
        })
    }

    /// The data of a table.
    pub fn of_location(location: &str) -> Option<Target> {
        let target = S3Target { path: Some(location.to_owned()), ..Default::default() };
        Target::parse(&target).ok()
    }

    /// A path may also be the key of one object.
    pub fn or_object(mut self, objects: &dyn Objects) -> Target {
        let key = self.prefix.trim_end_matches('/');
        if !key.is_empty() && objects.find(&self.bucket, key).is_ok() {
            self.prefix = key.to_owned();
        }
        self
    }

    /// Whether it is a folder or a bucket, and not one object.
    pub fn is_folder(&self) -> bool {
        self.prefix.is_empty() || self.prefix.ends_with('/')
    }

    /// `s3://bucket/prefix/`.
    pub fn location(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.prefix)
    }

    /// How many names the path has, the bucket's among them.
    pub fn depth(&self) -> usize {
        1 + self.prefix.split('/').filter(|name| !name.is_empty()).count()
    }

    /// Whether a path behind the target's is left out.
    pub fn excludes(&self, path: &str) -> bool {
        self.exclusions.iter().any(|exclusion| exclusion.fits(path))
    }
}

/// Bucket and prefix of `s3://bucket/prefix`; the scheme may be missing.
fn split(path: &str) -> Option<(&str, &str)> {
    let rest = match path.split_once("://") {
        Some(("s3" | "s3a" | "s3n", rest)) => rest,
        Some(_) => return None,
        None => path,
    };
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let known = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || ".-_".contains(char);
    (bucket.len() >= 3 && bucket.chars().all(known)).then_some((bucket, prefix))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn paths_name_a_bucket_and_perhaps_a_folder() {
        for (path, location, depth) in [
            ("s3://bucket", "s3://bucket/", 1),
            ("s3://bucket/", "s3://bucket/", 1),
            ("s3://bucket/a/b", "s3://bucket/a/b/", 3),
            ("bucket/a/", "s3://bucket/a/", 2),
        ] {
            let target = Target::of_location(path).unwrap();
            assert_eq!((target.location().as_str(), target.depth()), (location, depth));
        }
        for path in ["", "s3://", "s3:///a", "http://bucket/a", "s3://Bucket/a", "s3://b"] {
            assert!(Target::of_location(path).is_none(), "{path}");
        }
    }
}
