//! Parameter policies: what a parameter does by itself when a time comes.
//!
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-policies.html>

use std::time::Duration;

use haar_platform::aws::ssm::ParameterInlinePolicy;
use haar_platform::kernel::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error::Error;

/// Policies of one parameter.
const POLICIES_MAX: usize = 10;

/// One policy of a parameter.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Policy {
    /// As it was sent, without spaces.
    pub text: String,
    /// What it does.
    pub action: Action,
    /// When it was put on the parameter.
    pub created_at: Timestamp,
    /// When it acts.
    due_at: Timestamp,
    /// Whether it has acted.
    pub finished: bool,
}

/// What a policy does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Action {
    /// Deletes the parameter.
    Expiration {
        /// When.
        at: Timestamp,
    },
    /// Tells that the parameter will expire.
    ExpirationNotification {
        /// How long before it does.
        before: Period,
    },
    /// Tells that the parameter has not changed.
    NoChangeNotification {
        /// For how long.
        after: Period,
    },
}

impl Action {
    /// AWS's name for it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Expiration { .. } => EXPIRATION,
            Self::ExpirationNotification { .. } => EXPIRATION_NOTIFICATION,
            Self::NoChangeNotification { .. } => NO_CHANGE_NOTIFICATION,
        }
    }
}

const EXPIRATION: &str = "Expiration";
const EXPIRATION_NOTIFICATION: &str = "ExpirationNotification";
const NO_CHANGE_NOTIFICATION: &str = "NoChangeNotification";

/// A number of days or hours.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Period {
    count: u32,
    days: bool,
}

impl Period {
    fn duration(self) -> Duration {
        let hours = if self.days { 24 } else { 1 };
        Duration::from_secs(u64::from(self.count) * hours * 3600)
    }
}

impl std::fmt::Display for Period {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.count, if self.days { "days" } else { "hours" })
    }
}

impl Policy {
    /// Reads the `Policies` of a request made `now`. `[{}]` is AWS's way to take all policies away.
    pub fn parse_all(text: &str, now: Timestamp) -> Result<Vec<Self>, Error> {
        let Ok(Value::Array(items)) = serde_json::from_str(text) else {
            return Err(Error::validation(format!("Invalid policies input: {text}.")));
        };
        if items.len() > POLICIES_MAX {
            return Err(Error::PoliciesLimitExceeded);
        }
        if let [Value::Object(only)] = items.as_slice()
            && only.is_empty()
        {
            return Ok(Vec::new());
        }
        let mut policies = Vec::with_capacity(items.len());
        for item in items {
            let text = item.to_string();
            let Value::Object(members) = item else {
                return Err(Error::validation(format!("Invalid policies input: {text}.")));
            };
            policies.push(Self {
                text,
                action: parse_action(&members)?,
                created_at: now,
                due_at: now,
                finished: false,
            });
        }
        schedule(&mut policies, now)?;
        Ok(policies)
    }

    /// The same policies after a change of the parameter: the time without change begins anew.
    pub fn after_change(mut policies: Vec<Self>, now: Timestamp) -> Vec<Self> {
        for policy in &mut policies {
            if let Action::NoChangeNotification { after } = policy.action {
                policy.due_at = now + after.duration();
                policy.finished = false;
            }
        }
        policies
    }

    /// When it will act; `None` when it has.
    pub fn due(&self) -> Option<Timestamp> {
        (!self.finished).then_some(self.due_at)
    }

    /// Why it acts, in AWS's words.
    pub fn reason(&self) -> String {
        let what = match self.action {
            Action::Expiration { at } => format!("The parameter expired at {at}."),
            Action::ExpirationNotification { before } => format!("The parameter will expire in {before}."),
            Action::NoChangeNotification { after } => format!("The parameter has not been changed for {after}."),
        };
        let created = self.created_at.format("%Y-%m-%dT%H:%M:%S.%3fZ");
        format!("{what} This notification was generated based on the policy created at {created}")
    }

    /// As AWS shows it.
    pub fn show(&self) -> ParameterInlinePolicy {
        ParameterInlinePolicy {
            policy_text: Some(self.text.clone()),
            policy_type: Some(self.action.kind().into()),
            policy_status: Some(if self.finished { "Finished" } else { "Pending" }.into()),
        }
    }
}

/// Gives each policy its time; they must go together.
fn schedule(policies: &mut [Policy], now: Timestamp) -> Result<(), Error> {
    let mut expiration = None;
    for policy in policies.iter() {
        if let Action::Expiration { at } = policy.action
            && expiration.replace(at).is_some()
        {
            return Err(Error::IncompatiblePolicy("There can be only one expiration policy"));
        }
    }
    for policy in policies {
        policy.due_at = match (&policy.action, expiration) {
            (Action::Expiration { at }, _) => *at,
            (Action::ExpirationNotification { before }, Some(at)) => at - before.duration(),
            (Action::ExpirationNotification { .. }, None) => {
                return Err(Error::IncompatiblePolicy(
                    "Expiration notification policies are missing expiration policy",
                ));
            }
            (Action::NoChangeNotification { after }, _) => now + after.duration(),
        };
    }
    Ok(())
}

fn parse_action(policy: &Map<String, Value>) -> Result<Action, Error> {
    let kind = policy.get("Type").map(shown).unwrap_or_default();
    if ![EXPIRATION, EXPIRATION_NOTIFICATION, NO_CHANGE_NOTIFICATION].contains(&kind.as_str()) {
        return Err(Error::InvalidPolicyType(kind));
    }
    if policy.get("Version").and_then(Value::as_str) != Some("1.0") {
        return Err(Error::InvalidPolicyAttribute("Unsupported policy version.".into()));
    }
    let Some(Value::Object(attributes)) = policy.get("Attributes") else {
        return Err(missing("Attributes"));
    };
    let (action, known) = match kind.as_str() {
        EXPIRATION => (parse_expiration(attributes)?, ["Timestamp", "Timestamp"]),
        EXPIRATION_NOTIFICATION => {
            let before = parse_period(attributes, "Before")?;
            (Action::ExpirationNotification { before }, ["Before", "Unit"])
        }
        _ => {
            let after = parse_period(attributes, "After")?;
            (Action::NoChangeNotification { after }, ["After", "Unit"])
        }
    };
    let members = policy.keys().filter(|key| !["Type", "Version", "Attributes"].contains(&key.as_str()));
    let attributes = attributes.keys().filter(|key| !known.contains(&key.as_str()));
    match members.chain(attributes).next() {
        None => Ok(action),
        Some(unknown) => Err(Error::InvalidPolicyAttribute(format!("Policy attribute {unknown} is not supported."))),
    }
}

fn parse_expiration(attributes: &Map<String, Value>) -> Result<Action, Error> {
    let timestamp = attributes.get("Timestamp").ok_or_else(|| {
        Error::InvalidPolicyAttribute("A valid Expiration policy must have an attribute of Timestamp.".into())
    })?;
    let at = timestamp.as_str().and_then(Timestamp::parse_iso8601);
    let at = at.ok_or_else(|| Error::InvalidPolicyAttribute("Invalid timestamp format".into()))?;
    Ok(Action::Expiration { at })
}

fn parse_period(attributes: &Map<String, Value>, name: &str) -> Result<Period, Error> {
    let count = attributes.get(name).ok_or_else(|| missing(name))?;
    let unit = attributes.get("Unit").ok_or_else(|| missing("Unit"))?;
    let count = shown(count)
        .parse()
        .ok()
        .filter(|count| *count > 0)
        .ok_or_else(|| Error::InvalidPolicyAttribute(format!("Attribute {name} must be a positive integer.")))?;
    let days = match shown(unit).to_ascii_lowercase().as_str() {
        "days" => true,
        "hours" => false,
        _ => return Err(Error::InvalidPolicyAttribute("Supported time units: DAYS HOURS".into())),
    };
    Ok(Period { count, days })
}

fn missing(name: &str) -> Error {
    Error::InvalidPolicyAttribute(format!("Mandatory policy attribute {name} is missing."))
}

/// Numbers may be written as text, as AWS's own examples do.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
