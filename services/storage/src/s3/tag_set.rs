//! Tags as S3 takes them, of buckets and of objects: the rules, and the header `x-amz-tagging`.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html>

use std::borrow::Cow;

use haar_platform::aws::s3::Tag;
use percent_encoding::percent_decode_str;

use super::error::Error;

/// Tags of a bucket.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/CostAllocTagging.html>
pub const BUCKET_TAGS_MAX: usize = 50;

/// Tags of an object.
pub const OBJECT_TAGS_MAX: usize = 10;

const KEY_CHARACTERS_MAX: usize = 128;
const VALUE_CHARACTERS_MAX: usize = 256;

/// Tags that have been checked, in the order in which they were given.
pub type TagSet = Vec<(String, String)>;

/// Checks the tags of a request. `max` is one of the constants above.
pub fn check(tags: impl IntoIterator<Item = Tag>, max: usize) -> Result<TagSet, Error> {
    let mut set = TagSet::new();
    for Tag { key, value } in tags {
        let key_fits = (1..=KEY_CHARACTERS_MAX).contains(&key.chars().count()) && allowed(&key);
        if !key_fits {
            return Err(Error::InvalidTag("The TagKey you have provided is invalid".into()));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(Error::InvalidTag("System tags cannot be added/updated by requester".into()));
        }
        if value.chars().count() > VALUE_CHARACTERS_MAX || !allowed(&value) {
            return Err(Error::InvalidTag("The TagValue you have provided is invalid".into()));
        }
        if set.iter().any(|(known, _)| *known == key) {
            return Err(Error::InvalidTag("Cannot provide multiple Tags with the same key".into()));
        }
        set.push((key, value));
    }
    if set.len() > max {
        let message = match max {
            OBJECT_TAGS_MAX => "Object tags cannot be greater than 10",
            _ => "Bucket tag count cannot be greater than 50",
        };
        return Err(Error::BadTagCount(message));
    }
    Ok(set)
}

/// Reads `x-amz-tagging`: `key=value&other=`, encoded as in a query. Unchecked: [`check`] does that.
pub fn from_header(header: &str) -> Result<Vec<Tag>, Error> {
    let wrong = || {
        let message = "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters \
                       without tag name duplicates.";
        Error::argument(message, "x-amz-tagging", header)
    };
    let mut tags: Vec<Tag> = Vec::new();
    for pair in header.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let tag = Tag { key: decode(key).ok_or_else(wrong)?, value: decode(value).ok_or_else(wrong)? };
        if tag.key.is_empty() || tags.iter().any(|known| known.key == tag.key) {
            return Err(wrong());
        }
        tags.push(tag);
    }
    Ok(tags)
}

/// As the operations answer them.
pub fn answer(set: TagSet) -> Vec<Tag> {
    set.into_iter().map(|(key, value)| Tag { key, value }).collect()
}

/// Letters, digits and spaces of any script, and a few signs.
fn allowed(text: &str) -> bool {
    text.chars().all(|letter| letter.is_alphanumeric() || letter == ' ' || "_.:/=+-@".contains(letter))
}

/// Decodes one half of a pair of a query: `+` is a space. `None` if it is not UTF-8.
fn decode(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8().ok().map(Cow::into_owned)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn tag(key: &str, value: &str) -> Tag {
        Tag { key: key.into(), value: value.into() }
    }

    fn refusal(tags: &[Tag], max: usize) -> String {
        check(tags.to_vec(), max).unwrap_err().to_string()
    }

    #[test]
    fn tags_keep_their_order() {
        let set = check([tag("b", ""), tag("a", "Größe 1/2")], OBJECT_TAGS_MAX).unwrap();
        assert_eq!(set, [("b".to_owned(), String::new()), ("a".to_owned(), "Größe 1/2".to_owned())]);
    }

    #[test]
    fn each_rule_has_its_words() {
        assert_eq!(refusal(&[tag("", "x")], 10), "The TagKey you have provided is invalid");
        assert_eq!(refusal(&[tag(&"k".repeat(129), "x")], 10), "The TagKey you have provided is invalid");
        assert_eq!(refusal(&[tag("k?", "x")], 10), "The TagKey you have provided is invalid");
        assert_eq!(refusal(&[tag("k", &"v".repeat(257))], 10), "The TagValue you have provided is invalid");
        assert_eq!(refusal(&[tag("k", "<v>")], 10), "The TagValue you have provided is invalid");
        assert_eq!(refusal(&[tag("aws:k", "v")], 10), "System tags cannot be added/updated by requester");
        assert_eq!(refusal(&[tag("k", "1"), tag("k", "2")], 10), "Cannot provide multiple Tags with the same key");
    }

    #[test]
    fn there_are_only_so_many() {
        let eleven: Vec<_> = (0..11).map(|n| tag(&n.to_string(), "")).collect();
        assert_eq!(refusal(&eleven, OBJECT_TAGS_MAX), "Object tags cannot be greater than 10");
        assert_eq!(check(eleven, BUCKET_TAGS_MAX).unwrap().len(), 11);
    }

    #[test]
    fn the_header_is_a_query() {
        let tags = from_header("a=1&b=x%2By+z&c").unwrap();
        let pairs: Vec<_> = tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())).collect();
        assert_eq!(pairs, [("a", "1"), ("b", "x+y z"), ("c", "")]);
        for header in ["a=1&a=2", "=1", "a=%ff"] {
            assert!(from_header(header).is_err(), "{header}");
        }
    }
}
