//! SNS: topics, who is subscribed to them, and what they are told.
//!
//! ```text
//!   topic, settings, permission, tags                   the control plane of topics
//!   subscription, subscription_settings, protocol,      that of subscriptions
//!   subscription_attributes, token
//!   publish, content, fanout, filter                    from a publisher to the outstanding deliveries
//!   dispatch, agenda, delivery_policy, failure          from there to the endpoints, in order and again
//!   notification, signature, signed, webhook, mail      what endpoints get, and how
//!   pages                                               the certificate, and the outbox of e-mail
//!   live        what follows from the tables and is kept in memory
//!   upkeep      what happens by itself
//! ```

mod access;
mod address;
mod agenda;
mod content;
mod delivery_policy;
mod dispatch;
mod error;
mod failure;
mod fanout;
mod filter;
mod live;
mod mail;
mod measures;
mod model;
mod notification;
mod pages;
mod permission;
mod protocol;
mod publish;
mod settings;
mod signature;
mod signed;
mod subscription;
mod subscription_attributes;
mod subscription_settings;
mod tags;
#[cfg(test)]
mod tests;
mod token;
mod topic;
mod upkeep;
mod webhook;

use std::sync::Arc;

use haar_platform::Platform;
use haar_platform::aws::sns as aws;
use haar_platform::kernel::{Access, Ctx, Service};
use haar_platform::store::{Read, Span, Store, StoreError};

use self::access::PolicyCache;
use self::address::TopicAddress;
use self::error::SnsError;
use self::fanout::Fanout;
use self::live::Live;
pub use self::model::tables;
use self::model::{MESSAGES, TOPICS, Topic};

/// Bytes that AWS bills as one request.
/// <https://aws.amazon.com/sns/pricing/>
const BILLED_BYTES: usize = 64 * 1024;

/// Requests, one for each 64 KiB that a call carries.
const REQUESTS: &str = "sns-requests";

/// The state of the service.
struct Sns {
    store: Store,
    live: Arc<Live>,
    policies: PolicyCache,
}

impl Sns {
    fn open(platform: &Platform) -> Self {
        let newest = platform.store.read(newest_message);
        let newest = newest.unwrap_or_else(|cause| {
            // A store that does not read fails every call, and says so there.
            tracing::error!(%cause, "failed to find the newest message");
            None
        });
        let live = Arc::new(Live::new(newest.unwrap_or(0) + 1));
        Self { live, store: platform.store.clone(), policies: PolicyCache::default() }
    }

    /// A topic, if it exists.
    fn find(&self, address: &TopicAddress) -> Result<Option<Topic>, StoreError> {
        self.store.read(|tx| tx.get(TOPICS, &address.key()))
    }

    /// A topic that must exist, with its subscribers.
    fn fanout(&self, address: &TopicAddress) -> Result<Arc<Fanout>, SnsError> {
        let found = self.live.fanout(address, || self.store.read(|tx| Fanout::read(tx, address)))?;
        found.ok_or(SnsError::NotFound("Topic"))
    }
}

/// The number of the newest message that somebody has still to get.
fn newest_message(tx: &impl Read) -> Result<Option<u64>, StoreError> {
    Ok(tx.scan_back(MESSAGES, Span::all()).next().transpose()?.map(|(number, _)| number))
}

/// A topic that must exist, inside a transaction or a snapshot.
fn topic_in(tx: &impl Read, address: &TopicAddress) -> Result<Topic, SnsError> {
    tx.get(TOPICS, &address.key())?.ok_or(SnsError::NotFound("Topic"))
}

/// Meters a call that carries so many bytes.
fn meter(ctx: &Ctx, bytes: usize) {
    ctx.meter(REQUESTS, bytes.div_ceil(BILLED_BYTES).max(1) as u64);
}

/// The service over a platform's store.
pub fn service(platform: &Platform) -> Service {
    let sns = Sns::open(platform);
    let live = sns.live.clone();
    Service::of(&aws::MODEL, sns)
        // Topics.
        .op::<aws::CreateTopic>(topic::create_access, topic::create)
        .op::<aws::DeleteTopic>(|ctx, sns, input| topic::access(ctx, sns, &input.topic_arn), topic::delete)
        .op::<aws::ListTopics>(topic::list_access, topic::list)
        .op::<aws::GetTopicAttributes>(
            |ctx, sns, input| topic::access(ctx, sns, &input.topic_arn),
            topic::get_attributes,
        )
        .op::<aws::SetTopicAttributes>(
            |ctx, sns, input| topic::access(ctx, sns, &input.topic_arn),
            topic::set_attribute,
        )
        .op::<aws::AddPermission>(|ctx, sns, input| topic::access(ctx, sns, &input.topic_arn), permission::add)
        .op::<aws::RemovePermission>(|ctx, sns, input| topic::access(ctx, sns, &input.topic_arn), permission::remove)
        .op::<aws::ListTagsForResource>(tags::list_access, tags::list)
        .op::<aws::TagResource>(tags::tag_access, tags::tag)
        .op::<aws::UntagResource>(tags::untag_access, tags::untag)
        // Subscriptions.
        .op::<aws::Subscribe>(subscription::subscribe_access, subscription::subscribe)
        .op::<aws::ConfirmSubscription>(subscription::confirm_access, subscription::confirm)
        .op::<aws::Unsubscribe>(subscription::unsubscribe_access, subscription::unsubscribe)
        .op::<aws::ListSubscriptions>(|_, _, _| Ok(Access::all()), subscription_attributes::list)
        .op::<aws::ListSubscriptionsByTopic>(
            |ctx, sns, input| topic::access(ctx, sns, &input.topic_arn),
            subscription_attributes::list_by_topic,
        )
        .op::<aws::GetSubscriptionAttributes>(|_, _, _| Ok(Access::all()), subscription_attributes::get)
        .op::<aws::SetSubscriptionAttributes>(|_, _, _| Ok(Access::all()), subscription_attributes::set)
        // Messages. A batch needs the permission of its single action.
        .op::<aws::Publish>(publish::access, publish::publish)
        .op::<aws::PublishBatch>(
            |ctx, sns, input| Ok(topic::access(ctx, sns, &input.topic_arn)?.as_action("sns:Publish")),
            publish::publish_batch,
        )
        // What happens by itself.
        .job("deliveries", &live.dispatch, dispatch::run)
        .job("upkeep", &live.upkeep.waker, upkeep::run)
        .forget(|sns| sns.live.forget())
        // What others deliver, and pages.
        .target(publish::serves, publish::receive)
        .web(pages::serves, pages::answer)
        .build()
}
