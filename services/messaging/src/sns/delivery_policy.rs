//! How often, and how long apart, a delivery is tried again.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html>

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::error::SnsError;
use super::settings::TopicSettings;
use super::subscription_settings::SubscriptionSettings;

/// Retries of an HTTP endpoint.
const RETRIES_MAX: u32 = 100;

/// The longest wait, and the longest time that all retries of an HTTP endpoint may take.
const DELAY_SECONDS_MAX: u32 = 3600;

/// What a webhook's body is said to be.
const CONTENT_TYPE: &str = "text/plain; charset=UTF-8";

/// Content types that can be asked for.
const CONTENT_TYPES: [&str; 8] = [
    "application/json",
    "application/octet-stream",
    "application/soap+xml",
    "application/x-www-form-urlencoded",
    "application/xml",
    "text/html",
    "text/plain",
    "text/xml",
];

/// How the waits of the backoff phase grow.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Backoff {
    Linear,
    Arithmetic,
    Geometric,
    Exponential,
}

impl Backoff {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Linear, "linear"),
        (Self::Arithmetic, "arithmetic"),
        (Self::Geometric, "geometric"),
        (Self::Exponential, "exponential"),
    ];

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(backoff, _)| *backoff == self).map_or("linear", |(_, name)| name)
    }
}

/// Four phases, one after the other: at once, at the shortest wait, at growing waits, at the longest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryPolicy {
    no_delay: u32,
    min_delay: u32,
    backoff: u32,
    max_delay: u32,
    min_seconds: u32,
    max_seconds: u32,
    function: Backoff,
}

impl RetryPolicy {
    /// For queues and functions: 23 days.
    pub const MANAGED: Self = Self {
        no_delay: 3,
        min_delay: 2,
        backoff: 10,
        max_delay: 100_000,
        min_seconds: 1,
        max_seconds: 20,
        function: Backoff::Exponential,
    };

    /// For webhooks whose topic and subscription say nothing.
    const HTTP: Self = Self {
        no_delay: 0,
        min_delay: 0,
        backoff: 3,
        max_delay: 0,
        min_seconds: 20,
        max_seconds: 20,
        function: Backoff::Linear,
    };

    /// How long to wait after so many failed attempts; `None`: give up.
    pub fn delay(&self, failures: u32) -> Option<Duration> {
        let mut retry = failures;
        for (length, seconds) in [(self.no_delay, 0), (self.min_delay, self.min_seconds)] {
            if retry <= length {
                return Some(Duration::from_secs(u64::from(seconds)));
            }
            retry -= length;
        }
        if retry <= self.backoff {
            return Some(self.growing(f64::from(retry) / f64::from(self.backoff)));
        }
        (retry - self.backoff <= self.max_delay).then(|| Duration::from_secs(u64::from(self.max_seconds)))
    }

    /// The wait at a point of the backoff phase.
    fn growing(&self, point: f64) -> Duration {
        let (min, max) = (f64::from(self.min_seconds), f64::from(self.max_seconds));
        let seconds = match self.function {
            Backoff::Linear => min + (max - min) * point,
            Backoff::Arithmetic => min + (max - min) * point * point,
            Backoff::Geometric => min + (max - min) * (2f64.powf(point) - 1.0),
            Backoff::Exponential => min.max(1.0) * (max / min.max(1.0)).powf(point),
        };
        Duration::from_millis((seconds * 1000.0).round() as u64)
    }

    fn retries(&self) -> u32 {
        self.no_delay + self.min_delay + self.backoff + self.max_delay
    }

    fn parse(policy: &Value) -> Result<Self, SnsError> {
        let members = policy.as_object().ok_or_else(|| refuse("retry policy must be a JSON object"))?;
        let number = |name: &str, default: u32, max: u32| match members.get(name) {
            None | Some(Value::Null) => Ok(default),
            Some(value) => value
                .as_u64()
                .and_then(|number| u32::try_from(number).ok())
                .filter(|number| *number <= max)
                .ok_or_else(|| refuse(format!("{name} must be between 0 and {max}"))),
        };
        let max_seconds = number("maxDelayTarget", 20, DELAY_SECONDS_MAX)?;
        let min_seconds = number("minDelayTarget", 20.min(max_seconds), DELAY_SECONDS_MAX)?;
        let retries = number("numRetries", 3, RETRIES_MAX)?;
        let (no_delay, min_delay) =
            (number("numNoDelayRetries", 0, retries)?, number("numMinDelayRetries", 0, retries)?);
        let max_delay = number("numMaxDelayRetries", 0, retries)?;
        let name = members.get("backoffFunction").and_then(Value::as_str).unwrap_or("linear");
        let function = Backoff::ALL.iter().find(|(_, known)| *known == name).map(|(function, _)| *function);
        let function = function.ok_or_else(|| {
            refuse(format!("backoffFunction {name} is not one of linear, arithmetic, geometric, exponential"))
        })?;
        if min_seconds < 1 || min_seconds > max_seconds {
            return Err(refuse("minDelayTarget must be at least 1 and not greater than maxDelayTarget"));
        }
        let backoff = retries.checked_sub(no_delay + min_delay + max_delay);
        let backoff =
            backoff.ok_or_else(|| refuse("numRetries must be at least the sum of the retries of all phases"))?;
        let parsed = Self { no_delay, min_delay, backoff, max_delay, min_seconds, max_seconds, function };
        let total: Duration = (1..=retries).filter_map(|failures| parsed.delay(failures)).sum();
        if total > Duration::from_secs(u64::from(DELAY_SECONDS_MAX)) {
            return Err(refuse("the total retry time must not be greater than 3600 seconds"));
        }
        Ok(parsed)
    }

    fn to_json(self) -> Value {
        json!({
            "minDelayTarget": self.min_seconds,
            "maxDelayTarget": self.max_seconds,
            "numRetries": self.retries(),
            "numMaxDelayRetries": self.max_delay,
            "numNoDelayRetries": self.no_delay,
            "numMinDelayRetries": self.min_delay,
            "backoffFunction": self.function.name(),
        })
    }
}

/// How a webhook is called.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpPolicy {
    pub retry: RetryPolicy,
    pub content_type: String,
    /// Messages a second.
    pub per_second_max: Option<u32>,
}

impl HttpPolicy {
    /// What holds for a subscription: its own policy, unless the topic forbids that, then the topic's.
    pub fn of(topic: &TopicSettings, subscription: &SubscriptionSettings) -> Self {
        let topic = TopicDeliveryPolicy::of(topic);
        let own = subscription.delivery_policy.as_deref().filter(|_| !topic.disable_overrides);
        // What is stored was checked.
        own.and_then(|text| Self::parse_over(text, &topic.defaults).ok()).unwrap_or(topic.defaults)
    }

    /// Checks the policy of a subscription.
    pub fn check(text: &str) -> Result<(), SnsError> {
        Self::parse_over(text, &TopicDeliveryPolicy::of(&TopicSettings::default()).defaults).map(|_| ())
    }

    fn parse_over(text: &str, defaults: &Self) -> Result<Self, SnsError> {
        if text.is_empty() {
            return Ok(defaults.clone());
        }
        let members = object(text)?;
        members_known(
            &members,
            &["healthyRetryPolicy", "sicklyRetryPolicy", "throttlePolicy", "requestPolicy", "guaranteed"],
        )?;
        let retry = present(&members, "healthyRetryPolicy").map(RetryPolicy::parse).transpose()?;
        Ok(Self {
            retry: retry.unwrap_or(defaults.retry),
            content_type: content_type(present(&members, "requestPolicy"))?
                .unwrap_or_else(|| defaults.content_type.clone()),
            per_second_max: per_second(present(&members, "throttlePolicy"))?.or(defaults.per_second_max),
        })
    }

    /// As a subscription's `EffectiveDeliveryPolicy` shows it.
    pub fn to_json(&self) -> Value {
        json!({
            "healthyRetryPolicy": self.retry.to_json(),
            "sicklyRetryPolicy": null,
            "throttlePolicy": self.per_second_max.map(|max| json!({"maxReceivesPerSecond": max})),
            "requestPolicy": {"headerContentType": self.content_type},
            "guaranteed": false,
        })
    }
}

/// The policy of a topic, for all its webhooks.
pub struct TopicDeliveryPolicy {
    defaults: HttpPolicy,
    disable_overrides: bool,
}

impl TopicDeliveryPolicy {
    /// What holds for a topic.
    pub fn of(settings: &TopicSettings) -> Self {
        // What is stored was checked.
        settings.delivery_policy.as_deref().and_then(|text| Self::parse(text).ok()).unwrap_or_default()
    }

    /// From the attribute.
    pub fn parse(text: &str) -> Result<Self, SnsError> {
        let mut parsed = Self::default();
        if text.is_empty() {
            return Ok(parsed);
        }
        let members = object(text)?;
        members_known(&members, &["http"])?;
        let Some(http) = present(&members, "http").and_then(Value::as_object) else { return Ok(parsed) };
        members_known(
            http,
            &[
                "defaultHealthyRetryPolicy",
                "defaultSicklyRetryPolicy",
                "defaultThrottlePolicy",
                "defaultRequestPolicy",
                "disableSubscriptionOverrides",
            ],
        )?;
        if let Some(retry) = present(http, "defaultHealthyRetryPolicy") {
            parsed.defaults.retry = RetryPolicy::parse(retry)?;
        }
        if let Some(name) = content_type(present(http, "defaultRequestPolicy"))? {
            parsed.defaults.content_type = name;
        }
        parsed.defaults.per_second_max = per_second(present(http, "defaultThrottlePolicy"))?;
        parsed.disable_overrides = http.get("disableSubscriptionOverrides").and_then(Value::as_bool) == Some(true);
        Ok(parsed)
    }

    /// As a topic's `EffectiveDeliveryPolicy` shows it.
    pub fn to_json(&self) -> Value {
        let mut http = json!({
            "defaultHealthyRetryPolicy": self.defaults.retry.to_json(),
            "disableSubscriptionOverrides": self.disable_overrides,
            "defaultRequestPolicy": {"headerContentType": self.defaults.content_type},
        });
        if let Some(max) = self.defaults.per_second_max {
            http["defaultThrottlePolicy"] = json!({"maxReceivesPerSecond": max});
        }
        json!({"http": http})
    }
}

impl Default for TopicDeliveryPolicy {
    fn default() -> Self {
        let defaults =
            HttpPolicy { retry: RetryPolicy::HTTP, content_type: CONTENT_TYPE.to_owned(), per_second_max: None };
        Self { defaults, disable_overrides: false }
    }
}

fn refuse(reason: impl Into<String>) -> SnsError {
    SnsError::invalid(format!("DeliveryPolicy: {}", reason.into()))
}

fn object(text: &str) -> Result<Map<String, Value>, SnsError> {
    match serde_json::from_str(text) {
        Ok(Value::Object(members)) => Ok(members),
        _ => Err(refuse("failed to parse JSON.")),
    }
}

fn present<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    members.get(name).filter(|value| !value.is_null())
}

fn members_known(members: &Map<String, Value>, known: &[&str]) -> Result<(), SnsError> {
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        Some(other) => Err(refuse(format!("unknown member {other}"))),
        None => Ok(()),
    }
}

fn content_type(policy: Option<&Value>) -> Result<Option<String>, SnsError> {
    let Some(name) = policy.and_then(|policy| policy.get("headerContentType")).filter(|name| !name.is_null()) else {
        return Ok(None);
    };
    let name = name.as_str().unwrap_or_default();
    let media = name.split(';').next().unwrap_or_default().trim();
    if CONTENT_TYPES.contains(&media) && http::HeaderValue::from_str(name).is_ok() {
        return Ok(Some(name.to_owned()));
    }
    Err(refuse("headerContentType is not one of the content types that are supported"))
}

fn per_second(policy: Option<&Value>) -> Result<Option<u32>, SnsError> {
    let Some(max) = policy.and_then(|policy| policy.get("maxReceivesPerSecond")).filter(|max| !max.is_null()) else {
        return Ok(None);
    };
    let max = max.as_u64().and_then(|max| u32::try_from(max).ok()).filter(|max| *max >= 1);
    max.map(Some).ok_or_else(|| refuse("maxReceivesPerSecond must be an integer of at least 1"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn seconds(policy: &RetryPolicy) -> Vec<u64> {
        (1..=policy.retries()).map(|failures| policy.delay(failures).unwrap().as_secs()).collect()
    }

    #[test]
    fn the_phases_follow_each_other_and_then_it_is_over() {
        let policy = json!({
            "numRetries": 9, "numNoDelayRetries": 2, "numMinDelayRetries": 2, "numMaxDelayRetries": 2,
            "minDelayTarget": 1, "maxDelayTarget": 7, "backoffFunction": "linear",
        });
        let policy = RetryPolicy::parse(&policy).unwrap();
        assert_eq!(seconds(&policy), [0, 0, 1, 1, 3, 5, 7, 7, 7]);
        assert_eq!(policy.delay(10), None);
        assert_eq!(seconds(&RetryPolicy::HTTP), [20, 20, 20]);
        assert_eq!(RetryPolicy::MANAGED.delay(100_015), Some(Duration::from_secs(20)));
        assert_eq!(RetryPolicy::MANAGED.delay(100_016), None);
    }

    #[test]
    fn a_policy_that_takes_more_than_an_hour_is_refused() {
        for bad in [
            json!({"numRetries": 100, "minDelayTarget": 60, "maxDelayTarget": 60}),
            json!({"numRetries": 1, "numNoDelayRetries": 1, "numMaxDelayRetries": 1}),
            json!({"minDelayTarget": 30, "maxDelayTarget": 20}),
            json!({"backoffFunction": "cubic"}),
            json!({"numRetries": 101}),
        ] {
            assert!(RetryPolicy::parse(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_subscription_overrides_its_topic_unless_that_is_forbidden() {
        let mut topic = TopicSettings::new(false);
        let own = json!({"healthyRetryPolicy": {"numRetries": 1}, "requestPolicy": {"headerContentType": "application/json"}});
        let subscription = SubscriptionSettings { delivery_policy: Some(own.to_string()), ..Default::default() };
        assert_eq!(HttpPolicy::of(&topic, &subscription).content_type, "application/json");
        assert_eq!(HttpPolicy::of(&topic, &subscription).retry.retries(), 1);
        topic.delivery_policy = Some(json!({"http": {"disableSubscriptionOverrides": true}}).to_string());
        assert_eq!(HttpPolicy::of(&topic, &subscription).retry, RetryPolicy::HTTP);
    }
}
