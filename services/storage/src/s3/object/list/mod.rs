//! Lists of a bucket: objects in two forms, and versions.

pub mod objects;
pub mod versions;
pub mod walk;

use haar_platform::aws::s3 as api;

use crate::s3::error::Error;
use crate::s3::model::Checksum;
use crate::s3::url_encoding::encode_key;

/// Keys and common prefixes on a page.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
const PAGE_MAX: i32 = 1000;

/// The size of a page.
fn page_size(asked: Option<i32>) -> Result<i32, Error> {
    let asked = asked.unwrap_or(PAGE_MAX);
    if asked < 0 {
        let message = "Argument maxKeys must be an integer between 0 and 2147483647";
        return Err(Error::argument(message, "maxKeys", asked.to_string()));
    }
    Ok(asked.min(PAGE_MAX))
}

/// An empty delimiter is none.
fn delimiter_of(given: Option<String>) -> Option<String> {
    given.filter(|delimiter| !delimiter.is_empty())
}

/// Nothing is ever restored here, so there is no status to tell.
fn refuse_restore_status(asked: Option<&Vec<api::OptionalObjectAttributes>>) -> Result<(), Error> {
    match asked {
        Some(attributes) if !attributes.is_empty() => {
            Err(Error::not_served("x-amz-optional-object-attributes: RestoreStatus"))
        }
        _ => Ok(()),
    }
}

/// How an answer writes keys: as they are, or URL-encoded.
#[derive(Clone, Copy)]
struct Writing(Option<api::EncodingType>);

impl Writing {
    fn text(self, text: &str) -> String {
        match self.0 {
            Some(api::EncodingType::Url) => encode_key(text),
            None => text.to_owned(),
        }
    }

    fn prefixes(self, prefixes: Vec<String>) -> Vec<api::CommonPrefix> {
        prefixes.into_iter().map(|prefix| api::CommonPrefix { prefix: Some(self.text(&prefix)) }).collect()
    }
}

fn algorithms(checksum: Option<&Checksum>) -> Option<Vec<api::ChecksumAlgorithm>> {
    checksum.map(|checksum| vec![checksum.algorithm.api()])
}
