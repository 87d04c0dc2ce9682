//! Subscriptions come, are confirmed, and go.
//!
//! Queues and functions of the subscriber's own account are subscribed at once; everybody else is asked, by a message
//! with a token.

use std::sync::Arc;

use haar_platform::aws::sns::{
    ConfirmSubscriptionInput, ConfirmSubscriptionResponse, SubscribeInput, SubscribeResponse, UnsubscribeInput,
};
use haar_platform::kernel::{Access, Ctx, Fault, Timestamp, ids};
use haar_platform::policy::Principal;
use haar_platform::store::{Read, Span, Tx};

use super::address::{SubscriptionAddress, TopicAddress};
use super::error::SnsError;
use super::live::{self, Live};
use super::model::{
    BY_ENDPOINT, Body, COUNTERS, Kind, Message, Protocol, SUBSCRIPTIONS, State, Subscription, TOPICS, Topic,
};
use super::publish::put;
use super::settings::flag;
use super::subscription_settings::SubscriptionSettings;
use super::token::{Ended, Token, VALIDITY};
use super::topic::is_fifo;
use super::{Sns, access, meter, topic_in};

/// What a subscriber is told in place of an ARN.
const PENDING: &str = "pending confirmation";

/// The topic, with the keys of who is to be subscribed.
pub fn subscribe_access(ctx: &Ctx, sns: &Sns, input: &SubscribeInput) -> Result<Access, Fault> {
    let access = access::topic(ctx, sns, &input.topic_arn)?.with_key("sns:Protocol", input.protocol.clone());
    Ok(match &input.endpoint {
        Some(endpoint) => access.with_key("sns:Endpoint", endpoint.clone()),
        None => access,
    })
}

/// Subscribe: gives the subscription that is there if it has the attributes that are asked for.
pub async fn subscribe(ctx: &Ctx, sns: &Sns, input: SubscribeInput) -> Result<SubscribeResponse, SnsError> {
    meter(ctx, 0);
    let topic = TopicAddress::parse(ctx, "TopicArn", &input.topic_arn)?;
    let protocol = Protocol::parse(&input.protocol)?;
    let endpoint = input.endpoint.filter(|endpoint| !endpoint.is_empty());
    let endpoint = endpoint.ok_or_else(|| SnsError::invalid("Endpoint"))?;
    protocol.check(&endpoint)?;
    check_fit(ctx, &topic, protocol, &endpoint)?;
    let attributes = input.attributes.unwrap_or_default();
    let mut settings = SubscriptionSettings::default();
    settings.apply(protocol, &attributes)?;

    let address = SubscriptionAddress { topic, id: ids::uuid() };
    let is_own = protocol.target(&endpoint).is_some_and(|target| target.account == ctx.account.as_str());
    let now = ctx.now();
    let subscription = Subscription {
        number: u64::from_be_bytes(ids::random()),
        owner: ctx.account.to_string(),
        principal: ctx.caller.arn.clone(),
        protocol,
        endpoint,
        created: now,
        state: match is_own {
            true => State::Confirmed { authenticated: true, authenticate_on_unsubscribe: false },
            false => State::Pending { until: now + VALIDITY },
        },
        settings,
    };
    let (from, live) = (Sender::of(ctx), sns.live.clone());
    let (address, confirmed) = sns
        .store
        .write(move |tx| {
            let topic = topic_in(tx, &address.topic)?;
            let known = find_by_endpoint(tx, &address.topic, protocol, &subscription.endpoint)?;
            let (address, subscription) = match known {
                None => {
                    tx.put(SUBSCRIPTIONS, &address.key(), &subscription)?;
                    live.changes(tx, &address.topic);
                    (address, subscription)
                }
                Some((address, known)) => {
                    let mut wanted = known.settings.clone();
                    wanted.apply(protocol, &attributes)?;
                    if wanted != known.settings {
                        let reason = "Subscription already exists with different attributes";
                        return Err(SnsError::because("Attributes", reason));
                    }
                    (address, known)
                }
            };
            let confirmed = matches!(subscription.state, State::Confirmed { .. });
            if !confirmed {
                // Asked again, whoever was asked before.
                ask(tx, &live, &from, &topic, &address, subscription.number)?;
            }
            Ok::<_, SnsError>((address, confirmed))
        })
        .await?;
    let shown = confirmed || input.return_subscription_arn == Some(true);
    Ok(SubscribeResponse { subscription_arn: Some(if shown { address.arn() } else { PENDING.to_owned() }) })
}

/// Refuses what a topic cannot deliver to.
fn check_fit(ctx: &Ctx, topic: &TopicAddress, protocol: Protocol, endpoint: &str) -> Result<(), SnsError> {
    if let Some(target) = protocol.target(endpoint)
        && !ctx.serves_target(&target)
    {
        return Err(SnsError::NotServed(format!("SNS deliveries to {target}")));
    }
    let fifo_queue = protocol == Protocol::Sqs && endpoint.ends_with(".fifo");
    if fifo_queue && !is_fifo(topic) {
        let reason = "FIFO SQS Queues can not be subscribed to standard SNS topics";
        return Err(SnsError::because("Invalid parameter: Endpoint", reason));
    }
    if is_fifo(topic) && protocol != Protocol::Sqs {
        return Err(SnsError::invalid(format!("Invalid protocol type: {}", protocol.as_str())));
    }
    Ok(())
}

fn find_by_endpoint(
    tx: &impl Read,
    topic: &TopicAddress,
    protocol: Protocol,
    endpoint: &str,
) -> Result<Option<(SubscriptionAddress, Subscription)>, SnsError> {
    let (account, region, name) = topic.key();
    let span = Span::only(&(account, region, name, protocol.as_str(), endpoint));
    let found = tx.scan_index(BY_ENDPOINT, span).next().transpose()?;
    Ok(found.map(|(_, (_, _, _, id), subscription)| (SubscriptionAddress { topic: topic.clone(), id }, subscription)))
}

/// Asks an endpoint whether it wants to be subscribed.
fn ask(
    tx: &mut Tx,
    live: &Arc<Live>,
    from: &Sender,
    topic: &Topic,
    address: &SubscriptionAddress,
    number: u64,
) -> Result<(), SnsError> {
    let until = from.ctx.now() + VALIDITY;
    let token = Token { id: address.id.clone(), until, ended: None }.seal(&from.ctx, &address.topic);
    let text = format!(
        "You have chosen to subscribe to the topic {}.\nTo confirm the subscription, visit the SubscribeURL included \
         in this message.",
        address.topic.arn()
    );
    let message = about(from, topic, address, Kind::SubscriptionConfirmation { token }, text);
    send(tx, live, message, address, number)?;
    live.expires(tx, until);
    Ok(())
}

/// Of a call what its transaction needs to write messages.
struct Sender {
    ctx: Ctx,
    house: String,
}

impl Sender {
    fn of(ctx: &Ctx) -> Self {
        Self { ctx: ctx.elsewhere(ctx.caller.clone(), ctx.region.clone()), house: live::house(ctx) }
    }
}

/// A message of ours about a subscription.
fn about(from: &Sender, topic: &Topic, address: &SubscriptionAddress, kind: Kind, text: String) -> Message {
    let TopicAddress { account, region, name } = address.topic.clone();
    Message {
        topic: (account, region, name),
        display_name: topic.settings.display_name.clone(),
        kind,
        message_id: ids::uuid(),
        published: from.ctx.now(),
        subject: None,
        body: Body::Same(text),
        attributes: Vec::new(),
        place: None,
        group_label: None,
        signature_version: topic.settings.signature_version.unwrap_or(1),
        house: from.house.clone(),
    }
}

fn send(
    tx: &mut Tx,
    live: &Arc<Live>,
    message: Message,
    address: &SubscriptionAddress,
    number: u64,
) -> Result<(), SnsError> {
    let (account, region, name, id) = address.key();
    let key = (account.to_owned(), region.to_owned(), name.to_owned(), id.to_owned());
    let mut parcels = Vec::new();
    put(tx, live, message.published, &message, vec![(number, key)], &mut parcels)?;
    live.post(tx, parcels);
    Ok(())
}

/// Who has the token may confirm: links are followed unsigned.
pub fn confirm_access(ctx: &Ctx, sns: &Sns, input: &ConfirmSubscriptionInput) -> Result<Access, Fault> {
    match ctx.caller.principal {
        Principal::Anonymous => Ok(Access::open()),
        _ => access::topic(ctx, sns, &input.topic_arn),
    }
}

/// ConfirmSubscription: once confirmed, the token changes nothing any more.
pub async fn confirm(
    ctx: &Ctx,
    sns: &Sns,
    input: ConfirmSubscriptionInput,
) -> Result<ConfirmSubscriptionResponse, SnsError> {
    meter(ctx, 0);
    let topic = TopicAddress::parse(ctx, "TopicArn", &input.topic_arn)?;
    let asked = input.authenticate_on_unsubscribe.filter(|value| !value.is_empty());
    let authenticate_on_unsubscribe = asked.map(|value| flag("AuthenticateOnUnsubscribe", &value)).transpose()?;
    let authenticate_on_unsubscribe = authenticate_on_unsubscribe.unwrap_or(false);
    let authenticated = ctx.caller.principal != Principal::Anonymous;
    if authenticate_on_unsubscribe && !authenticated {
        return Err(SnsError::AuthorizationError("AuthenticateOnUnsubscribe needs a signed request"));
    }
    let token = Token::open(ctx, &topic, &input.token)?;
    let (live, now) = (sns.live.clone(), ctx.now());
    let address = sns
        .store
        .write(move |tx| {
            topic_in(tx, &topic)?;
            let address = SubscriptionAddress { topic, id: token.id };
            let state = State::Confirmed { authenticated, authenticate_on_unsubscribe };
            let subscription = match (tx.get(SUBSCRIPTIONS, &address.key())?, token.ended) {
                (Some(Subscription { state: State::Confirmed { .. }, .. }), _) => return Ok(address),
                (Some(pending), _) => Subscription { state, ..pending },
                (None, None) => return Err(SnsError::invalid("Token")),
                (None, Some(ended)) => {
                    let known = find_by_endpoint(tx, &address.topic, ended.protocol, &ended.endpoint)?;
                    if let Some((address, _)) = known {
                        return Ok(address);
                    }
                    again(ended, state, now)
                }
            };
            tx.put(SUBSCRIPTIONS, &address.key(), &subscription)?;
            live.changes(tx, &address.topic);
            Ok::<_, SnsError>(address)
        })
        .await?;
    Ok(ConfirmSubscriptionResponse { subscription_arn: Some(address.arn()) })
}

/// A subscription that was ended, with none of its attributes.
fn again(ended: Ended, state: State, now: Timestamp) -> Subscription {
    let Ended { owner, principal, protocol, endpoint } = ended;
    let number = u64::from_be_bytes(ids::random());
    let settings = SubscriptionSettings::default();
    Subscription { number, owner, principal, protocol, endpoint, created: now, state, settings }
}

/// Links are followed unsigned; signed calls need the permission.
pub fn unsubscribe_access(ctx: &Ctx, _: &Sns, _: &UnsubscribeInput) -> Result<Access, Fault> {
    match ctx.caller.principal {
        Principal::Anonymous => Ok(Access::open()),
        _ => Ok(Access::all()),
    }
}

/// Unsubscribe: a subscription that is not there does no harm.
pub async fn unsubscribe(ctx: &Ctx, sns: &Sns, input: UnsubscribeInput) -> Result<(), SnsError> {
    meter(ctx, 0);
    let address = SubscriptionAddress::parse(ctx, &input.subscription_arn)?;
    let signed_by = (ctx.caller.principal != Principal::Anonymous).then(|| ctx.account.to_string());
    let (from, live) = (Sender::of(ctx), sns.live.clone());
    sns.store
        .write(move |tx| {
            let Some(topic) = tx.get(TOPICS, &address.topic.key())? else { return Ok(()) };
            let Some(subscription) = tx.get(SUBSCRIPTIONS, &address.key())? else { return Ok(()) };
            let may_end = |account: &String| *account == subscription.owner || *account == address.topic.account;
            let is_owners = signed_by.as_ref().is_some_and(may_end);
            match subscription.state {
                State::Pending { .. } => {
                    return Err(SnsError::because("SubscriptionArn", "Subscription is pending confirmation"));
                }
                State::Confirmed { authenticate_on_unsubscribe: true, .. } if !is_owners => {
                    return Err(SnsError::AuthorizationError("Unsubscribing needs a request signed by an owner"));
                }
                State::Confirmed { .. } => {}
            }
            tx.delete(SUBSCRIPTIONS, &address.key())?;
            let mut counter = tx.get(COUNTERS, &topic.number)?.unwrap_or_default();
            counter.subscriptions_deleted += 1;
            tx.put(COUNTERS, &topic.number, &counter)?;
            live.changes(tx, &address.topic);
            if !is_owners {
                farewell(tx, &live, &from, &topic, &address, subscription)?;
            }
            Ok(())
        })
        .await
}

/// Tells an endpoint that somebody ended its subscription, and how to have it again.
fn farewell(
    tx: &mut Tx,
    live: &Arc<Live>,
    from: &Sender,
    topic: &Topic,
    address: &SubscriptionAddress,
    subscription: Subscription,
) -> Result<(), SnsError> {
    let Subscription { number, owner, principal, protocol, endpoint, .. } = subscription;
    let ended = Some(Ended { owner, principal, protocol, endpoint: endpoint.clone() });
    let token = Token { id: address.id.clone(), until: from.ctx.now() + VALIDITY, ended };
    let token = token.seal(&from.ctx, &address.topic);
    let text = format!(
        "You have chosen to deactivate subscription {}.\nTo cancel this operation and restore the subscription, visit \
         the SubscribeURL included in this message.",
        address.arn()
    );
    let kind = Kind::UnsubscribeConfirmation { token, subscription_arn: address.arn(), protocol, endpoint };
    send(tx, live, about(from, topic, address, kind, text), address, number)
}
