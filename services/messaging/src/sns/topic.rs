//! Topics come, are found, and go.

use haar_platform::aws::sns::{
    CreateTopicInput, CreateTopicResponse, DeleteTopicInput, GetTopicAttributesInput, GetTopicAttributesResponse,
    ListTopicsInput, ListTopicsResponse, SetTopicAttributesInput, Topic as ListedTopic,
};
use haar_platform::kernel::paging::cut;
use haar_platform::kernel::{Access, Ctx, Fault, ids};
use haar_platform::store::{Read, Span};

use super::address::{FIFO_SUFFIX, TopicAddress, check_name};
use super::error::SnsError;
use super::model::{COUNTERS, Counter, SUBSCRIPTIONS, State, TOPICS, Topic};
use super::settings::{TopicSettings, flag};
use super::{Sns, access, meter, tags, topic_in};

/// Topics on a page.
const PAGE: usize = 100;

/// A new topic's ARN; creating is decided on the name and the tags.
pub fn create_access(ctx: &Ctx, _: &Sns, input: &CreateTopicInput) -> Result<Access, Fault> {
    let tags = input.tags.iter().flatten().map(|tag| (tag.key.as_str(), tag.value.as_str()));
    Ok(Access::to(&TopicAddress::of(ctx, &input.name).arn()).with_request_tags(tags))
}

/// CreateTopic: gives the topic that is there if it has the attributes and tags that are asked for.
pub async fn create(ctx: &Ctx, sns: &Sns, input: CreateTopicInput) -> Result<CreateTopicResponse, SnsError> {
    meter(ctx, 0);
    if input.data_protection_policy.is_some_and(|policy| !policy.is_empty()) {
        return Err(SnsError::NotServed("data protection policies of SNS topics (DataProtectionPolicy)".into()));
    }
    let attributes = input.attributes.unwrap_or_default();
    let fifo = attributes.get("FifoTopic").map(|value| flag("FifoTopic", value)).transpose()?.unwrap_or(false);
    check_name(&input.name, fifo)?;
    let mut settings = TopicSettings::new(fifo);
    settings.apply_all(&attributes)?;
    let tags = input.tags.map(tags::parse).transpose()?;

    let address = TopicAddress::of(ctx, &input.name);
    let arn = address.arn().to_string();
    let (now, number) = (ctx.now(), u64::from_be_bytes(ids::random()));
    sns.store
        .write(move |tx| {
            if let Some(existing) = tx.get(TOPICS, &address.key())? {
                let mut wanted = existing.settings.clone();
                wanted.apply_all(&attributes)?;
                if wanted != existing.settings {
                    return Err(SnsError::because("Attributes", "Topic already exists with different attributes"));
                }
                if tags.is_some_and(|tags| !tags.is_empty() && tags != existing.tags) {
                    return Err(SnsError::because("Tags", "Topic already exists with different tags"));
                }
                return Ok(());
            }
            let topic = Topic { number, created: now, settings, tags: tags.unwrap_or_default() };
            tx.put(TOPICS, &address.key(), &topic)?;
            Ok(tx.put(COUNTERS, &number, &Counter::default())?)
        })
        .await?;
    Ok(CreateTopicResponse { topic_arn: Some(arn) })
}

/// DeleteTopic: a topic that is not there does no harm. Its subscriptions go with it.
pub async fn delete(ctx: &Ctx, sns: &Sns, input: DeleteTopicInput) -> Result<(), SnsError> {
    meter(ctx, 0);
    let address = TopicAddress::parse(ctx, "TopicArn", &input.topic_arn)?;
    let live = sns.live.clone();
    sns.store
        .write(move |tx| {
            let Some(topic) = tx.delete(TOPICS, &address.key())? else { return Ok(()) };
            tx.delete(COUNTERS, &topic.number)?;
            let keys: Vec<_> = tx.scan_keys(SUBSCRIPTIONS, Span::under(address.key())).collect::<Result<_, _>>()?;
            for key in &keys {
                tx.delete(SUBSCRIPTIONS, key)?;
            }
            live.changes(tx, &address);
            Ok(())
        })
        .await
}

/// No topic in particular.
pub fn list_access(_: &Ctx, _: &Sns, _: &ListTopicsInput) -> Result<Access, Fault> {
    Ok(Access::all())
}

/// ListTopics.
pub async fn list(ctx: &Ctx, sns: &Sns, input: ListTopicsInput) -> Result<ListTopicsResponse, SnsError> {
    meter(ctx, 0);
    let place = (ctx.account.as_str(), ctx.region.as_str());
    let mut span = Span::under(place);
    if let Some(token) = input.next_token.filter(|token| !token.is_empty()) {
        let last = ctx.page_cursor("ListTopics", &token).map_err(|_| SnsError::invalid("NextToken"))?;
        span = span.after(&(place.0, place.1, last.as_str()));
    }
    let names = sns.store.read(|tx| {
        tx.scan_keys(TOPICS, span).take(PAGE + 1).map(|key| key.map(|(_, _, name)| name)).collect::<Result<Vec<_>, _>>()
    })?;
    let (names, last) = cut(names, PAGE, String::clone);
    let topics =
        names.iter().map(|name| ListedTopic { topic_arn: Some(TopicAddress::of(ctx, name).arn().to_string()) });
    Ok(ListTopicsResponse {
        topics: Some(topics.collect()),
        next_token: last.map(|last| ctx.page_token("ListTopics", &last)),
    })
}

/// GetTopicAttributes.
pub async fn get_attributes(
    ctx: &Ctx,
    sns: &Sns,
    input: GetTopicAttributesInput,
) -> Result<GetTopicAttributesResponse, SnsError> {
    meter(ctx, 0);
    let address = TopicAddress::parse(ctx, "TopicArn", &input.topic_arn)?;
    let (topic, counter, confirmed, pending) = sns.store.read(|tx| {
        let topic = topic_in(tx, &address)?;
        let counter = tx.get(COUNTERS, &topic.number)?.unwrap_or_default();
        let (mut confirmed, mut pending) = (0, 0);
        for subscription in tx.scan(SUBSCRIPTIONS, Span::under(address.key())) {
            match subscription?.1.state {
                State::Confirmed { .. } => confirmed += 1,
                State::Pending { .. } => pending += 1,
            }
        }
        Ok::<_, SnsError>((topic, counter, confirmed, pending))
    })?;
    let mut shown = topic.settings.describe(&address);
    shown.insert("TopicArn", address.arn().to_string());
    shown.insert("Owner", address.account.clone());
    let count = |count: u64| count.to_string();
    shown.insert("SubscriptionsConfirmed", count(confirmed));
    shown.insert("SubscriptionsPending", count(pending));
    shown.insert("SubscriptionsDeleted", count(counter.subscriptions_deleted));
    let shown = shown.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Ok(GetTopicAttributesResponse { attributes: Some(shown) })
}

/// SetTopicAttributes.
pub async fn set_attribute(ctx: &Ctx, sns: &Sns, input: SetTopicAttributesInput) -> Result<(), SnsError> {
    meter(ctx, 0);
    let address = TopicAddress::parse(ctx, "TopicArn", &input.topic_arn)?;
    let live = sns.live.clone();
    sns.store
        .write(move |tx| {
            let mut topic = topic_in(tx, &address)?;
            if !topic.settings.apply(&input.attribute_name, &input.attribute_value.unwrap_or_default())? {
                return Err(SnsError::invalid("AttributeName"));
            }
            live.changes(tx, &address);
            Ok(tx.put(TOPICS, &address.key(), &topic)?)
        })
        .await
}

/// Whether a topic's name says that it is FIFO.
pub fn is_fifo(address: &TopicAddress) -> bool {
    address.name.ends_with(FIFO_SUFFIX)
}

/// The topic of a call that names it.
pub fn access(ctx: &Ctx, sns: &Sns, arn: &str) -> Result<Access, Fault> {
    access::topic(ctx, sns, arn)
}
