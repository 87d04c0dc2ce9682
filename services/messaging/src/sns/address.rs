//! Where topics and subscriptions are, and how that is written as an ARN.

use haar_platform::kernel::{AccountId, Arn, Ctx, Region};
use haar_platform::policy::Principal;

use super::error::SnsError;

/// Characters of a topic's name, the `.fifo` suffix included.
/// <https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html>
const NAME_CHARS_MAX: usize = 256;

/// What the name of every FIFO topic ends with.
pub const FIFO_SUFFIX: &str = ".fifo";

/// A topic by its coordinates; it need not exist.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TopicAddress {
    pub account: String,
    pub region: String,
    pub name: String,
}

impl TopicAddress {
    /// A topic of the call's account and region.
    pub fn of(ctx: &Ctx, name: &str) -> Self {
        Self { account: ctx.account.to_string(), region: ctx.region.to_string(), name: name.to_owned() }
    }

    /// From a topic's ARN, as the parameter `parameter` of a call in a region.
    pub fn parse(ctx: &Ctx, parameter: &str, text: &str) -> Result<Self, SnsError> {
        let elements = text.split(':').count();
        if elements < 6 {
            let reason = format!("An ARN must have at least 6 elements, not {elements}");
            return Err(SnsError::because(parameter, reason));
        }
        let address = Self::from_arn(text).ok_or_else(|| SnsError::invalid(parameter))?;
        // A topic of another region is not reached through this one's endpoint. Links are followed unsigned, and say
        // their region in the ARN only.
        if address.region != ctx.region.as_str() && ctx.caller.principal != Principal::Anonymous {
            return Err(SnsError::invalid(parameter));
        }
        Ok(address)
    }

    /// From a topic's ARN.
    pub fn from_arn(text: &str) -> Option<Self> {
        let arn: Arn = text.parse().ok()?;
        let is_topic = arn.service == "sns"
            && Region::parse(&arn.region).is_some()
            && AccountId::parse(&arn.account).is_some()
            && fits(&arn.resource);
        is_topic.then_some(Self { account: arn.account, region: arn.region, name: arn.resource })
    }

    /// The topic's ARN.
    pub fn arn(&self) -> Arn {
        Arn::new("sns", &self.region, &self.account, self.name.clone())
    }

    /// The key of its record, in its borrowed form.
    pub fn key(&self) -> (&str, &str, &str) {
        (&self.account, &self.region, &self.name)
    }
}

/// A subscription by its coordinates: those of its topic, and an id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SubscriptionAddress {
    pub topic: TopicAddress,
    pub id: String,
}

impl SubscriptionAddress {
    /// From a subscription's ARN.
    pub fn parse(ctx: &Ctx, text: &str) -> Result<Self, SnsError> {
        let elements = text.split(':').count();
        if elements < 6 {
            let reason = format!("An ARN must have at least 6 elements, not {elements}");
            return Err(SnsError::because("SubscriptionArn", reason));
        }
        let (topic, id) = text.rsplit_once(':').expect("it has colons");
        if elements != 7 || id.is_empty() {
            return Err(SnsError::because("SubscriptionId", ""));
        }
        Ok(Self { topic: TopicAddress::parse(ctx, "SubscriptionArn", topic)?, id: id.to_owned() })
    }

    /// The subscription's ARN.
    pub fn arn(&self) -> String {
        format!("{}:{}", self.topic.arn(), self.id)
    }

    /// The key of its record, in its borrowed form.
    pub fn key(&self) -> (&str, &str, &str, &str) {
        (&self.topic.account, &self.topic.region, &self.topic.name, &self.id)
    }
}

/// Checks the name of a topic that is to be created.
pub fn check_name(name: &str, fifo: bool) -> Result<(), SnsError> {
    if fifo && !(name.ends_with(FIFO_SUFFIX) && fits(name)) {
        return Err(SnsError::invalid(
            "Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII letters, \
             numbers, underscores, and hyphens, and must be between 1 and 256 characters long.",
        ));
    }
    if !fifo && (name.contains('.') || !fits(name)) {
        return Err(SnsError::invalid("Topic Name"));
    }
    Ok(())
}

fn fits(name: &str) -> bool {
    let stem = name.strip_suffix(FIFO_SUFFIX).unwrap_or(name);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !stem.is_empty() && name.len() <= NAME_CHARS_MAX && stem.bytes().all(plain)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rules() {
        for good in ["a", "Orders-2_x", &"a".repeat(256)] {
            assert!(check_name(good, false).is_ok(), "{good}");
        }
        for bad in ["", "a b", "ä", "a.b", "a.fifo", &"a".repeat(257)] {
            assert!(check_name(bad, false).is_err(), "{bad}");
        }
        assert!(check_name("a.fifo", true).is_ok());
        assert!(check_name("a", true).is_err());
    }

    #[test]
    fn an_arn_of_a_subscription_is_no_topic() {
        assert!(TopicAddress::from_arn("arn:aws:sns:us-east-1:000000000000:t").is_some());
        assert!(TopicAddress::from_arn("arn:aws:sns:us-east-1:000000000000:t:1").is_none());
        assert!(TopicAddress::from_arn("arn:aws:sqs:us-east-1:000000000000:t").is_none());
    }
}
