//! Subscriptions, listed, and their attributes, read and changed.

use std::collections::BTreeMap;

use haar_platform::aws::sns::{
    GetSubscriptionAttributesInput, GetSubscriptionAttributesResponse, ListSubscriptionsByTopicInput,
    ListSubscriptionsByTopicResponse, ListSubscriptionsInput, ListSubscriptionsResponse,
    SetSubscriptionAttributesInput, Subscription as Listed,
};
use haar_platform::kernel::Ctx;
use haar_platform::kernel::paging::cut;
use haar_platform::store::{Read, Span};

use super::address::{SubscriptionAddress, TopicAddress};
use super::error::SnsError;
use super::model::{BY_OWNER, SUBSCRIPTIONS, State, Subscription, SubscriptionKey, TOPICS};
use super::{Sns, meter, topic_in};

/// Subscriptions on a page.
const PAGE: usize = 100;

/// Only the owners of a subscription and of its topic see it.
fn check_owner(ctx: &Ctx, address: &SubscriptionAddress, subscription: &Subscription) -> Result<(), SnsError> {
    let account = ctx.account.as_str();
    if account == subscription.owner || account == address.topic.account {
        return Ok(());
    }
    Err(SnsError::AuthorizationError("Not authorized to see this subscription"))
}

/// GetSubscriptionAttributes.
pub async fn get(
    ctx: &Ctx,
    sns: &Sns,
    input: GetSubscriptionAttributesInput,
) -> Result<GetSubscriptionAttributesResponse, SnsError> {
    meter(ctx, 0);
    let address = SubscriptionAddress::parse(ctx, &input.subscription_arn)?;
    let (subscription, topic) = sns.store.read(|tx| {
        let subscription = tx.get(SUBSCRIPTIONS, &address.key())?.ok_or(SnsError::NotFound("Subscription"))?;
        let topic = tx.get(TOPICS, &address.topic.key())?.ok_or(SnsError::NotFound("Topic"))?;
        Ok::<_, SnsError>((subscription, topic))
    })?;
    check_owner(ctx, &address, &subscription)?;
    let mut shown = subscription.settings.describe(subscription.protocol, &topic.settings);
    let (pending, authenticated) = match subscription.state {
        State::Pending { .. } => (true, false),
        State::Confirmed { authenticated, .. } => (false, authenticated),
    };
    shown.insert("SubscriptionArn", address.arn());
    shown.insert("TopicArn", address.topic.arn().to_string());
    shown.insert("Owner", subscription.owner);
    shown.insert("Protocol", subscription.protocol.as_str().to_owned());
    shown.insert("Endpoint", subscription.endpoint);
    shown.insert("PendingConfirmation", pending.to_string());
    shown.insert("ConfirmationWasAuthenticated", authenticated.to_string());
    shown.insert("SubscriptionPrincipal", subscription.principal);
    let shown = shown.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Ok(GetSubscriptionAttributesResponse { attributes: Some(shown) })
}

/// SetSubscriptionAttributes.
pub async fn set(ctx: &Ctx, sns: &Sns, input: SetSubscriptionAttributesInput) -> Result<(), SnsError> {
    meter(ctx, 0);
    let address = SubscriptionAddress::parse(ctx, &input.subscription_arn)?;
    let attributes = BTreeMap::from([(input.attribute_name, input.attribute_value.unwrap_or_default())]);
    let (live, own) = (sns.live.clone(), ctx.elsewhere(ctx.caller.clone(), ctx.region.clone()));
    sns.store
        .write(move |tx| {
            let known = tx.get(SUBSCRIPTIONS, &address.key())?;
            let mut subscription = known.ok_or(SnsError::NotFound("Subscription"))?;
            check_owner(&own, &address, &subscription)?;
            subscription.settings.apply(subscription.protocol, &attributes)?;
            tx.put(SUBSCRIPTIONS, &address.key(), &subscription)?;
            live.changes(tx, &address.topic);
            Ok(())
        })
        .await
}

/// ListSubscriptions: those of the caller's account, wherever their topics are.
pub async fn list(ctx: &Ctx, sns: &Sns, input: ListSubscriptionsInput) -> Result<ListSubscriptionsResponse, SnsError> {
    meter(ctx, 0);
    let mut span = Span::under((ctx.account.as_str(), ctx.region.as_str()));
    if let Some(token) = input.next_token.filter(|token| !token.is_empty()) {
        let last = ctx.page_cursor("ListSubscriptions", &token).map_err(|_| SnsError::invalid("NextToken"))?;
        let invalid = || SnsError::invalid("NextToken");
        let (account, name, id): (String, String, String) = serde_json::from_str(&last).map_err(|_| invalid())?;
        let topic = format!("{account}:{name}");
        let entry = (ctx.account.as_str(), ctx.region.as_str(), topic.as_str(), id.as_str());
        span = span.after_entry(&entry, &(account.as_str(), ctx.region.as_str(), name.as_str(), id.as_str()));
    }
    let rows = sns.store.read(|tx| {
        let rows = tx.scan_index(BY_OWNER, span).map(|row| row.map(|(_, key, subscription)| (key, subscription)));
        rows.take(PAGE + 1).collect::<Result<Vec<_>, _>>()
    })?;
    let (rows, last) = cut(rows, PAGE, |((account, _, name, id), _)| {
        serde_json::to_string(&(account, name, id)).expect("strings have a JSON form")
    });
    Ok(ListSubscriptionsResponse {
        subscriptions: Some(rows.into_iter().map(listed).collect()),
        next_token: last.map(|last| ctx.page_token("ListSubscriptions", &last)),
    })
}

/// ListSubscriptionsByTopic: whoever they belong to.
pub async fn list_by_topic(
    ctx: &Ctx,
    sns: &Sns,
    input: ListSubscriptionsByTopicInput,
) -> Result<ListSubscriptionsByTopicResponse, SnsError> {
    meter(ctx, 0);
    let topic = TopicAddress::parse(ctx, "TopicArn", &input.topic_arn)?;
    let scope = format!("ListSubscriptionsByTopic {}", topic.arn());
    let (account, region, name) = topic.key();
    let mut span = Span::under((account, region, name));
    if let Some(token) = input.next_token.filter(|token| !token.is_empty()) {
        let last = ctx.page_cursor(&scope, &token).map_err(|_| SnsError::invalid("NextToken"))?;
        span = span.after(&(account, region, name, last.as_str()));
    }
    let rows = sns.store.read(|tx| {
        topic_in(tx, &topic)?;
        Ok::<_, SnsError>(tx.scan(SUBSCRIPTIONS, span).take(PAGE + 1).collect::<Result<Vec<_>, _>>()?)
    })?;
    let (rows, last) = cut(rows, PAGE, |((_, _, _, id), _)| id.clone());
    Ok(ListSubscriptionsByTopicResponse {
        subscriptions: Some(rows.into_iter().map(listed).collect()),
        next_token: last.map(|last| ctx.page_token(&scope, &last)),
    })
}

fn listed((key, subscription): (SubscriptionKey, Subscription)) -> Listed {
    let (account, region, name, id) = key;
    let topic = TopicAddress { account, region, name };
    let topic_arn = topic.arn().to_string();
    let arn = match subscription.state {
        State::Pending { .. } => "PendingConfirmation".to_owned(),
        State::Confirmed { .. } => SubscriptionAddress { topic, id }.arn(),
    };
    Listed {
        subscription_arn: Some(arn),
        owner: Some(subscription.owner),
        protocol: Some(subscription.protocol.as_str().to_owned()),
        endpoint: Some(subscription.endpoint),
        topic_arn: Some(topic_arn),
    }
}
