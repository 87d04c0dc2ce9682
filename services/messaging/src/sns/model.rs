//! What SNS stores.
//!
//! Deliveries hang on the *number* of their subscription, a random one, and on the number of their message, which
//! grows: what an endpoint has still to get, in the order in which it was published, is one stretch of an index.

use std::collections::BTreeMap;

use haar_platform::kernel::Timestamp;
use haar_platform::store::{Index, Record, Table, TableInfo};
use serde::{Deserialize, Serialize};

use super::settings::TopicSettings;
use super::subscription_settings::SubscriptionSettings;

/// Account, region, name.
pub type TopicKey = (String, String, String);

/// Account, region and name of the topic, id.
pub type SubscriptionKey = (String, String, String, String);

pub const TOPICS: Table<TopicKey, Topic> = Table::new("sns.topics");

/// By number of the topic.
pub const COUNTERS: Table<u64, Counter> = Table::new("sns.counters");

pub const SUBSCRIPTIONS: Table<SubscriptionKey, Subscription> =
    Table::new("sns.subscriptions").indexed(&[&BY_OWNER, &BY_ENDPOINT, &BY_NUMBER, &BY_PENDING_END]);

/// Subscriptions of an account in a region, wherever their topics are: owner, region of the topic, its ARN, id.
pub const BY_OWNER: Index<(String, String, String, String), SubscriptionKey, Subscription> =
    Index::new("sns.subscriptions.by_owner", |(account, region, name, id), subscription| {
        vec![(subscription.owner.clone(), region.clone(), format!("{account}:{name}"), id.clone())]
    });

/// What a topic, protocol and endpoint are subscribed by: there is one at most.
pub const BY_ENDPOINT: Index<(String, String, String, String, String), SubscriptionKey, Subscription> =
    Index::new("sns.subscriptions.by_endpoint", |(account, region, name, _), subscription| {
        let protocol = subscription.protocol.as_str().to_owned();
        vec![(account.clone(), region.clone(), name.clone(), protocol, subscription.endpoint.clone())]
    });

pub const BY_NUMBER: Index<u64, SubscriptionKey, Subscription> =
    Index::new("sns.subscriptions.by_number", |_, subscription| vec![subscription.number]);

/// Unconfirmed subscriptions, by when they are dropped.
pub const BY_PENDING_END: Index<i64, SubscriptionKey, Subscription> =
    Index::new("sns.subscriptions.by_pending_end", |_, subscription| match &subscription.state {
        State::Pending { until } => vec![until.millis()],
        State::Confirmed { .. } => Vec::new(),
    });

/// Messages that somebody has still to get, by number.
pub const MESSAGES: Table<u64, Message> = Table::new("sns.messages");

/// Number of the message, number of the subscription.
pub type DeliveryKey = (u64, u64);

/// What is still to be delivered.
pub const DELIVERIES: Table<DeliveryKey, Delivery> = Table::new("sns.deliveries");

/// Number of the topic, scope (a group, or empty for the whole topic), deduplication id.
pub const DEDUPLICATIONS: Table<(u64, String, String), Deduplication> =
    Table::new("sns.deduplications").indexed(&[&DEDUPLICATIONS_BY_EXPIRY]);

pub const DEDUPLICATIONS_BY_EXPIRY: Index<i64, (u64, String, String), Deduplication> =
    Index::new("sns.deduplications.by_expiry", |_, record| vec![record.expires.millis()]);

/// E-mail that was sent: number, newest last.
pub const OUTBOX: Table<u64, Mail> = Table::new("sns.outbox");

/// The key that messages are signed with; there is one, under nothing.
pub const SIGNING: Table<u64, SigningKey> = Table::new("sns.signing");

/// Every table, for `haar data check`.
pub fn tables() -> Vec<TableInfo> {
    vec![
        TOPICS.info(),
        COUNTERS.info(),
        SUBSCRIPTIONS.info(),
        MESSAGES.info(),
        DELIVERIES.info(),
        DEDUPLICATIONS.info(),
        OUTBOX.info(),
        SIGNING.info(),
    ]
}

/// A topic.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Topic {
    pub number: u64,
    pub created: Timestamp,
    pub settings: TopicSettings,
    pub tags: BTreeMap<String, String>,
}

impl Record for Topic {}

/// What changes with messages and subscriptions: apart from the topic's record, which rarely changes.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Counter {
    pub next_sequence: u64,
    pub subscriptions_deleted: u64,
}

impl Record for Counter {}

/// How an endpoint is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Protocol {
    Sqs,
    Lambda,
    Http,
    Https,
    Email,
    EmailJson,
}

/// A subscription.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subscription {
    pub number: u64,
    pub owner: String,
    /// Who subscribed, as an ARN.
    pub principal: String,
    pub protocol: Protocol,
    pub endpoint: String,
    pub created: Timestamp,
    pub state: State,
    pub settings: SubscriptionSettings,
}

impl Record for Subscription {}

/// Whether the endpoint wants what it is subscribed to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum State {
    Pending {
        until: Timestamp,
    },
    Confirmed {
        /// By a signed call.
        authenticated: bool,
        /// Only its owner and the topic's may end it.
        authenticate_on_unsubscribe: bool,
    },
}

/// A message that was published, or one of our own about a subscription.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Of the topic: account, region, name.
    pub topic: (String, String, String),
    /// The topic's `DisplayName`, for e-mail.
    pub display_name: String,
    pub kind: Kind,
    pub message_id: String,
    pub published: Timestamp,
    pub subject: Option<String>,
    pub body: Body,
    /// Sorted by name.
    pub attributes: Vec<(String, Attribute)>,
    pub place: Option<Place>,
    /// A label of a message of a standard topic, which queues get to see.
    pub group_label: Option<String>,
    /// 1 or 2, as the topic wants it.
    pub signature_version: u8,
    /// `http://localhost:4566`: where the links of a message lead.
    pub house: String,
}

impl Record for Message {}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Kind {
    Notification,
    SubscriptionConfirmation {
        token: String,
    },
    /// The subscription is gone: the message says itself where to.
    UnsubscribeConfirmation {
        token: String,
        subscription_arn: String,
        protocol: Protocol,
        endpoint: String,
    },
}

/// What a publisher wrote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Body {
    Same(String),
    /// With `MessageStructure=json`: by protocol, `default` for all others.
    ByProtocol(BTreeMap<String, String>),
}

/// The value of a message attribute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attribute {
    pub data_type: String,
    pub value: AttributeValue,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum AttributeValue {
    Text(String),
    Binary(Vec<u8>),
}

/// Where a message stands in a FIFO topic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    pub group: String,
    pub deduplication_id: String,
    pub sequence: u64,
}

/// A delivery that has not ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    pub address: SubscriptionKey,
    /// Attempts that failed.
    pub attempts: u32,
    /// When the first attempt was made.
    pub since: Timestamp,
    pub due: Timestamp,
}

impl Record for Delivery {}

/// A message that was published less than five minutes ago.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Deduplication {
    pub expires: Timestamp,
    pub message_id: String,
    pub sequence: u64,
}

impl Record for Deduplication {}

/// An e-mail that AWS would have sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Mail {
    pub sent: Timestamp,
    pub from: String,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub topic_arn: String,
    pub message_id: String,
    /// The link that confirms a subscription.
    pub confirm_url: Option<String>,
    pub unsubscribe_url: Option<String>,
}

impl Record for Mail {}

/// Sealed in the vault.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SigningKey {
    /// Hex; a part of the certificate's URL.
    pub id: String,
    pub sealed_key: Vec<u8>,
    pub certificate_pem: String,
}

impl Record for SigningKey {}
