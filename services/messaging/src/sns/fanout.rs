//! Who gets what of a topic: its confirmed subscriptions with their filters, ready to be asked.

use haar_platform::store::{Read, ReadTx, Span};

use super::address::TopicAddress;
use super::error::SnsError;
use super::filter::{Filter, Unwanted, Views};
use super::model::{Attribute, Body, Protocol, SUBSCRIPTIONS, State, SubscriptionKey, TOPICS, Topic};

/// A topic and its subscribers.
pub struct Fanout {
    pub topic: Topic,
    subscribers: Vec<Subscriber>,
}

/// Where a message goes.
pub struct Subscriber {
    pub number: u64,
    pub key: SubscriptionKey,
    protocol: Protocol,
    filter: Option<Filter>,
}

impl Fanout {
    /// From the tables; `None` where there is no such topic.
    pub fn read(tx: &ReadTx, address: &TopicAddress) -> Result<Option<Self>, SnsError> {
        let Some(topic) = tx.get(TOPICS, &address.key())? else { return Ok(None) };
        let mut subscribers = Vec::new();
        for row in tx.scan(SUBSCRIPTIONS, Span::under(address.key())) {
            let (key, subscription) = row?;
            if matches!(subscription.state, State::Pending { .. }) {
                continue;
            }
            let settings = &subscription.settings;
            let filter = settings.filter_policy.as_ref().map(|policy| Filter::parse(policy, settings.filter_scope));
            let (number, protocol) = (subscription.number, subscription.protocol);
            subscribers.push(Subscriber { number, key, protocol, filter: filter.transpose()? });
        }
        Ok(Some(Self { topic, subscribers }))
    }

    /// Who wants a message, and why the others do not.
    pub fn choose(&self, body: &Body, attributes: &[(String, Attribute)]) -> (Vec<&Subscriber>, Vec<Unwanted>) {
        let (mut wanted, mut unwanted) = (Vec::new(), Vec::new());
        // One view serves all, unless protocols get bodies of their own.
        let mut views = Views::default();
        for subscriber in &self.subscribers {
            let verdict = match (&subscriber.filter, body) {
                (None, _) => Ok(()),
                (Some(filter), Body::Same(text)) => filter.check(&mut views, attributes, text),
                (Some(filter), Body::ByProtocol(_)) => {
                    filter.check(&mut Views::default(), attributes, body.for_protocol(subscriber.protocol))
                }
            };
            match verdict {
                Ok(()) => wanted.push(subscriber),
                Err(reason) => unwanted.push(reason),
            }
        }
        (wanted, unwanted)
    }
}

impl Body {
    /// What a protocol gets.
    pub fn for_protocol(&self, protocol: Protocol) -> &str {
        match self {
            Self::Same(text) => text,
            Self::ByProtocol(texts) => {
                texts.get(protocol.as_str()).or_else(|| texts.get("default")).map_or("", String::as_str)
            }
        }
    }
}
