//! Session tags: those passed with a call, and those that come down a chain of roles.

use haar_platform::aws::sts::Tag;

use super::error::Error;
use super::model::Session;

/// The tags of a new session.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct SessionTags {
    pub tags: Vec<(String, String)>,
    pub transitive_keys: Vec<String>,
}

impl SessionTags {
    /// Joins what the call passes with what the calling session hands down. Keys are compared without case. See
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html>.
    pub fn join(passed: &[Tag], transitive_keys: &[String], calling: Option<&Session>) -> Result<Self, Error> {
        for (index, tag) in passed.iter().enumerate() {
            if passed[..index].iter().any(|other| other.key.eq_ignore_ascii_case(&tag.key)) {
                return Err(Error::InvalidParameterValue(
                    "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
                ));
            }
            if tag.key.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:")) {
                return Err(Error::InvalidParameterValue("System tags cannot be added/updated by requester"));
            }
        }
        let inherited = calling.map(inherited_from).unwrap_or_default();
        let is_passed = |key: &String| passed.iter().any(|tag| tag.key.eq_ignore_ascii_case(key));
        if inherited.transitive_keys.iter().any(is_passed) {
            return Err(Error::InvalidParameterValue(
                "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key \
                 from the calling session.",
            ));
        }
        if !transitive_keys.iter().all(is_passed) {
            return Err(Error::InvalidParameterValue(
                "The specified transitive tag key must be included in the requested tags.",
            ));
        }
        let mut joined = inherited;
        joined.tags.extend(passed.iter().map(|tag| (tag.key.clone(), tag.value.clone())));
        joined.transitive_keys.extend_from_slice(transitive_keys);
        Ok(joined)
    }
}

fn inherited_from(session: &Session) -> SessionTags {
    let is_transitive = |key: &str| session.transitive_tag_keys.iter().any(|known| known.eq_ignore_ascii_case(key));
    SessionTags {
        tags: session.tags.iter().filter(|(key, _)| is_transitive(key)).cloned().collect(),
        transitive_keys: session.transitive_tag_keys.clone(),
    }
}
