//! What Lambda stores.
//!
//! A function is its unpublished version (`$LATEST`) and what belongs to all its versions. Every change of code or
//! configuration gives the version a new *deployment*, a random number: environments belong to a deployment, so that
//! none outlives the settings that it was started with.

use std::collections::BTreeMap;

use haar_platform::kernel::Timestamp;
use haar_platform::store::{BlobId, Index, Record, Table, TableInfo};
use serde::{Deserialize, Serialize};

/// Account, region, name: of a function or of a layer.
pub type NameKey = (String, String, String);

/// Account, region, function, and a qualifier: `$LATEST`, a number or an alias; empty for the function itself.
pub type QualifiedKey = (String, String, String, String);

/// Account, region, name, number.
pub type NumberedKey = (String, String, String, u64);

/// Account, region, UUID.
pub type MappingKey = (String, String, String);

pub const FUNCTIONS: Table<NameKey, Function> =
    Table::new("lambda.functions").blobs(|function| function.latest.blobs());

/// What was published.
pub const VERSIONS: Table<NumberedKey, Version> = Table::new("lambda.versions").blobs(Version::blobs);

pub const ALIASES: Table<QualifiedKey, Alias> = Table::new("lambda.aliases");

pub const POLICIES: Table<QualifiedKey, Policy> = Table::new("lambda.policies");

pub const EVENT_CONFIGS: Table<QualifiedKey, EventConfig> = Table::new("lambda.event_configs");

pub const URLS: Table<QualifiedKey, Url> = Table::new("lambda.urls").indexed(&[&BY_URL_ID]);

/// By the first label of the URL's host.
pub const BY_URL_ID: Index<String, QualifiedKey, Url> =
    Index::new("lambda.urls.by_url_id", |_, url| vec![url.id.clone()]);

pub const LAYERS: Table<NameKey, Layer> = Table::new("lambda.layers");

pub const LAYER_VERSIONS: Table<NumberedKey, LayerVersion> =
    Table::new("lambda.layer_versions").blobs(|version| vec![version.code.blob]);

pub const MAPPINGS: Table<MappingKey, Mapping> = Table::new("lambda.mappings");

/// Asynchronous invocations that are not done, by request id.
pub const EVENTS: Table<String, QueuedEvent> = Table::new("lambda.events").indexed(&[&BY_DUE, &BY_FUNCTION]);

/// In the order of their next attempts.
pub const BY_DUE: Index<(i64, i64), String, QueuedEvent> =
    Index::new("lambda.events.by_due", |_, event| vec![(event.due.millis(), event.received.millis())]);

/// By the function that they are for.
pub const BY_FUNCTION: Index<NameKey, String, QueuedEvent> =
    Index::new("lambda.events.by_function", |_, event| vec![event.function.clone()]);

/// All tables, for the check of a data directory.
pub fn tables() -> Vec<TableInfo> {
    vec![
        FUNCTIONS.info(),
        VERSIONS.info(),
        ALIASES.info(),
        POLICIES.info(),
        EVENT_CONFIGS.info(),
        URLS.info(),
        LAYERS.info(),
        LAYER_VERSIONS.info(),
        MAPPINGS.info(),
        EVENTS.info(),
    ]
}

/// A function.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Function {
    /// `$LATEST`.
    pub latest: Version,
    /// The number of the last version that was published; numbers are not used twice.
    pub last_published: u64,
    /// How many environments may run at once, if that is limited.
    pub reserved_concurrency: Option<u32>,
    pub tags: BTreeMap<String, String>,
}

/// Code and configuration.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Version {
    /// 0 is `$LATEST`.
    pub number: u64,
    pub description: String,
    pub runtime: String,
    pub handler: String,
    pub role: String,
    pub timeout_seconds: u32,
    pub memory_mb: u32,
    pub ephemeral_mb: u32,
    /// Sealed by the vault: a JSON object of strings.
    pub environment: Option<Vec<u8>>,
    pub layers: Vec<LayerUse>,
    pub code: Code,
    pub architecture: String,
    pub logging: Logging,
    pub traced: bool,
    pub dead_letter_arn: Option<String>,
    /// Of the version's record: a UUID, new with each change.
    pub revision: String,
    pub modified: Timestamp,
    /// New whenever environments must be.
    pub deployment: u64,
}

/// A zip file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Code {
    pub blob: BlobId,
    pub size_bytes: u64,
    /// In base64, as `CodeSha256`.
    pub sha256: String,
}

/// A layer as a version uses it; the layer itself may be gone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LayerUse {
    pub arn: String,
    pub code: Code,
}

/// Where logs go, and how they are written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Logging {
    pub json: bool,
    /// JSON only.
    pub application_level: Option<String>,
    /// JSON only.
    pub system_level: Option<String>,
    pub group: String,
}

/// A name for a version, or for two of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Alias {
    /// Version number; 0 is `$LATEST`.
    pub version: u64,
    pub description: String,
    /// Another version, and the share of invocations that go there.
    pub additional: Option<(u64, f64)>,
    pub revision: String,
}

/// A resource policy: statements as JSON, in the order in which they were added.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Policy {
    pub revision: String,
    /// Statement id and text.
    pub statements: Vec<(String, String)>,
}

/// How asynchronous invocations end.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct EventConfig {
    pub retries_max: Option<u32>,
    pub age_seconds_max: Option<u32>,
    pub on_success: Option<String>,
    pub on_failure: Option<String>,
    pub modified: Timestamp,
}

/// A function's own address.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Url {
    pub id: String,
    /// Callers must sign.
    pub signed: bool,
    pub cors: Option<Cors>,
    pub created: Timestamp,
    pub modified: Timestamp,
}

/// Which pages of other origins may call.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cors {
    pub credentials: Option<bool>,
    pub headers: Option<Vec<String>>,
    pub methods: Option<Vec<String>>,
    pub origins: Option<Vec<String>>,
    pub exposed: Option<Vec<String>>,
    pub age_seconds_max: Option<i32>,
}

/// A layer.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Layer {
    /// Numbers are not used twice.
    pub last_version: u64,
}

/// A version of a layer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LayerVersion {
    pub code: Code,
    pub description: String,
    pub architectures: Vec<String>,
    pub runtimes: Vec<String>,
    pub license: Option<String>,
    pub created: Timestamp,
    pub policy: Policy,
}

/// A queue that feeds a function.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Mapping {
    pub queue_arn: String,
    /// The function, and the qualifier by which it is invoked.
    pub function: NameKey,
    pub qualifier: Option<String>,
    pub enabled: bool,
    pub batch_size: u32,
    pub window_seconds: u32,
    /// Patterns; a message that matches none of them is dropped.
    pub filters: Vec<String>,
    pub reports_failures: bool,
    pub concurrency_max: Option<u32>,
    pub metrics: Vec<String>,
    pub tags: BTreeMap<String, String>,
    pub modified: Timestamp,
    /// New with each change: a poller knows by it that its settings are old.
    pub generation: u64,
}

/// An asynchronous invocation that is not done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct QueuedEvent {
    pub function: NameKey,
    /// As it was invoked.
    pub qualifier: Option<String>,
    pub payload: Vec<u8>,
    pub client_context: Option<String>,
    pub received: Timestamp,
    /// The next attempt.
    pub due: Timestamp,
    /// Invocations so far, of which each ended in an error.
    pub attempts: u32,
    /// Attempts in a row for which there was no room.
    pub throttles: u32,
}

impl Record for Function {}
impl Record for Version {}
impl Record for Alias {}
impl Record for Policy {}
impl Record for EventConfig {}
impl Record for Url {}
impl Record for Layer {}
impl Record for LayerVersion {}
impl Record for Mapping {}
impl Record for QueuedEvent {}

impl Version {
    /// `$LATEST` or a number, as AWS writes it.
    pub fn label(&self) -> String {
        version_label(self.number)
    }

    fn blobs(&self) -> Vec<BlobId> {
        let layers = self.layers.iter().map(|layer| layer.code.blob);
        std::iter::once(self.code.blob).chain(layers).collect()
    }
}

/// What `$LATEST` is called.
pub const LATEST: &str = "$LATEST";

/// `$LATEST` for 0, and the number for others.
pub fn version_label(number: u64) -> String {
    if number == 0 { LATEST.to_owned() } else { number.to_string() }
}
