//! Lifecycle rules: what a bucket's owner lets happen to old objects.

use haar_platform::kernel::Timestamp;
use serde::{Deserialize, Serialize};

use super::StorageClass;

/// A lifecycle rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LifecycleRule {
    pub id: String,
    pub enabled: bool,
    /// Which objects.
    pub filter: LifecycleFilter,
    /// Of current versions.
    pub expiration: Option<Expiration>,
    /// Of current versions.
    pub transitions: Vec<(When, StorageClass)>,
    pub noncurrent_expiration: Option<Noncurrent>,
    pub noncurrent_transitions: Vec<(Noncurrent, StorageClass)>,
    /// Days after which an upload that is not completed goes.
    pub abort_upload_days: Option<i32>,
}

/// Which objects a lifecycle rule is for: all that is given must be true of them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LifecycleFilter {
    /// How it was written, so that it is answered the same way.
    pub form: FilterForm,
    pub prefix: Option<String>,
    pub tags: Vec<(String, String)>,
    /// Larger than so many bytes.
    pub size_over: Option<i64>,
    /// Smaller than so many bytes.
    pub size_under: Option<i64>,
}

/// The ways to write a lifecycle rule's filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum FilterForm {
    /// `<Filter>` with at most one condition.
    #[default]
    Filter,
    /// `<Filter><And>`.
    And,
    /// `<Prefix>` in the rule itself.
    Prefix,
}

/// When something happens to a current version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum When {
    /// Days after it was made.
    Days(i32),
    /// On a date.
    Date(Timestamp),
}

/// What expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Expiration {
    /// Current versions.
    At(When),
    /// Delete markers under which nothing is left.
    LoneDeleteMarkers,
}

/// Noncurrent versions after some days, but for the newest few.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noncurrent {
    /// Since it became noncurrent.
    pub days: Option<i32>,
    /// How many noncurrent versions stay in any case.
    pub newer_kept: Option<i32>,
}
