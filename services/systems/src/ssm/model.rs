//! What Parameter Store keeps: records, their tables, and the words that they are made of.

use haar_platform::aws::ssm as api;
use haar_platform::kernel::Timestamp;
use haar_platform::store::{Index, Record, Table};
use serde::{Deserialize, Serialize};

use super::policy::Policy;

/// Versions of a parameter that are kept.
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-versions.html>
pub const VERSIONS_MAX: i64 = 100;

/// Account, region, name.
pub type ParameterKey = (String, String, String);

/// Every parameter with its latest version, so that the common read is one lookup.
pub const PARAMETERS: Table<ParameterKey, Parameter> = Table::new("ssm.parameters").indexed(&[&BY_PARENT, &BY_DUE]);

/// Parameters of one level of a hierarchy: account, region, and the path above the name (`/a/b` of `/a/b/c`, `/` of
/// `/a` and of `a`). A level is listed without looking at what lies below it.
pub const BY_PARENT: Index<ParameterKey, ParameterKey, Parameter> =
    Index::new("ssm.parameters.by_parent", |(account, region, name), _| {
        vec![(account.clone(), region.clone(), parent(name).to_owned())]
    });

/// Parameters whose next policy action is due at that millisecond.
pub const BY_DUE: Index<i64, ParameterKey, Parameter> = Index::new("ssm.parameters.by_due", |_, parameter| {
    parameter.latest.next_due().map(Timestamp::millis).into_iter().collect()
});

/// Earlier versions; the latest lives with its parameter.
pub const HISTORY: Table<(String, String, String, i64), Version> = Table::new("ssm.history");

/// Tags, apart from the parameter because authorization asks for them on every call.
pub const TAGS: Table<ParameterKey, Tags> = Table::new("ssm.tags");

/// How many parameters of each tier an account has in a region.
pub const COUNTS: Table<(String, String), Counts> = Table::new("ssm.counts");

/// A parameter as a whole.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Parameter {
    /// What is read without a selector.
    pub latest: Version,
    /// Each label is on one version.
    pub labels: Vec<(String, i64)>,
}

impl Record for Parameter {}

impl Parameter {
    /// The number of the oldest version that is kept. Versions go in order, so all after it are there.
    pub fn oldest(&self) -> i64 {
        (self.latest.number - VERSIONS_MAX + 1).max(1)
    }

    /// The version that a label is on.
    pub fn labelled(&self, label: &str) -> Option<i64> {
        let found = self.labels.iter().find(|(known, _)| known == label);
        found.map(|(_, number)| *number)
    }
}

/// One version of a parameter.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Version {
    /// From 1.
    pub number: i64,
    /// What the value is.
    pub kind: Kind,
    /// The value.
    pub value: Value,
    /// `text` unless said otherwise.
    pub data_type: DataType,
    /// Where it is stored, and what it costs.
    pub tier: Tier,
    /// When it was written.
    pub modified_at: Timestamp,
    /// The ARN of who wrote it.
    pub modified_by: String,
    /// Free text.
    pub description: Option<String>,
    /// The key that encrypts it: SecureString only.
    pub key_id: Option<String>,
    /// A regular expression that values must match.
    pub allowed_pattern: Option<String>,
    /// What happens to it by itself.
    pub policies: Vec<Policy>,
}

impl Record for Version {}

impl Version {
    /// When the next policy acts.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.policies.iter().filter_map(Policy::due).min()
    }
}

/// A value at rest.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Value {
    /// String and StringList.
    Plain(String),
    /// SecureString, sealed by the vault.
    Sealed(Vec<u8>),
}

/// The types of parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Text.
    String,
    /// Texts with commas between them.
    StringList,
    /// Text that is encrypted at rest.
    SecureString,
}

impl From<api::ParameterType> for Kind {
    fn from(kind: api::ParameterType) -> Self {
        match kind {
            api::ParameterType::String => Self::String,
            api::ParameterType::StringList => Self::StringList,
            api::ParameterType::SecureString => Self::SecureString,
        }
    }
}

impl From<Kind> for api::ParameterType {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::String => Self::String,
            Kind::StringList => Self::StringList,
            Kind::SecureString => Self::SecureString,
        }
    }
}

impl Kind {
    /// AWS's spelling.
    pub fn as_str(self) -> &'static str {
        api::ParameterType::from(self).as_str()
    }
}

/// The tiers that a parameter can be in. `Intelligent-Tiering` is a wish that comes to one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tier {
    /// Values to 4 KB, free.
    Standard,
    /// Values to 8 KB, policies, paid for.
    Advanced,
}

impl From<Tier> for api::ParameterTier {
    fn from(tier: Tier) -> Self {
        match tier {
            Tier::Standard => Self::Standard,
            Tier::Advanced => Self::Advanced,
        }
    }
}

impl Tier {
    /// AWS's spelling.
    pub fn as_str(self) -> &'static str {
        api::ParameterTier::from(self).as_str()
    }
}

/// What a value is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DataType {
    /// Anything.
    Text,
    /// The id of an Amazon Machine Image.
    Ec2Image,
    /// How an Automation reaches a webhook.
    SsmIntegration,
}

impl DataType {
    /// By AWS's spelling.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "text" => Some(Self::Text),
            "aws:ec2:image" => Some(Self::Ec2Image),
            "aws:ssm:integration" => Some(Self::SsmIntegration),
            _ => None,
        }
    }

    /// AWS's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Ec2Image => "aws:ec2:image",
            Self::SsmIntegration => "aws:ssm:integration",
        }
    }
}

/// Keys and values, sorted by key.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Tags(pub Vec<(String, String)>);

impl Record for Tags {}

/// Parameters by tier.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Standard ones.
    pub standard: u64,
    /// Advanced ones.
    pub advanced: u64,
}

impl Record for Counts {}

impl Counts {
    /// The figure of a tier.
    pub fn of(&mut self, tier: Tier) -> &mut u64 {
        match tier {
            Tier::Standard => &mut self.standard,
            Tier::Advanced => &mut self.advanced,
        }
    }
}

/// The path above a name. Names without a slash are on the level of `/`, as on AWS.
pub fn parent(name: &str) -> &str {
    match name.rfind('/') {
        None | Some(0) => "/",
        Some(slash) => &name[..slash],
    }
}
