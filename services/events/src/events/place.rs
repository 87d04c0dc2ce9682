//! Where things are: buses, rules, archives and replays by their coordinates, and how these are written as ARNs.

use haar_platform::kernel::{AccountId, Arn, Ctx, Region};

use super::error::Error;
use super::model::{BusKey, RuleKey};

/// The bus that every account has in every region.
pub const DEFAULT_BUS: &str = "default";

const BUS_PREFIX: &str = "event-bus/";
const RULE_PREFIX: &str = "rule/";

/// A bus by its coordinates; the bus need not exist.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BusPlace {
    pub account: AccountId,
    pub region: Region,
    pub name: String,
}

impl BusPlace {
    /// A bus of the call's account and region.
    pub fn of(ctx: &Ctx, name: &str) -> Self {
        Self { account: ctx.account.clone(), region: ctx.region.clone(), name: name.to_owned() }
    }

    /// What a call names: nothing is the default bus, a name is one of the caller's, an ARN may be anybody's.
    pub fn named(ctx: &Ctx, name_or_arn: Option<&str>) -> Result<Self, Error> {
        match name_or_arn {
            None => Ok(Self::of(ctx, DEFAULT_BUS)),
            Some(text) if text.starts_with("arn:") => text
                .parse()
                .ok()
                .and_then(|arn| Self::of_arn(&arn))
                .ok_or_else(|| Error::parameter("EventBusName", "Provided Arn is not in correct format.")),
            Some(name) => Ok(Self::of(ctx, name)),
        }
    }

    /// A bus by its ARN.
    pub fn of_arn(arn: &Arn) -> Option<Self> {
        let name = arn.resource.strip_prefix(BUS_PREFIX)?;
        let (account, region) = (AccountId::parse(&arn.account)?, Region::parse(&arn.region)?);
        (arn.service == "events" && !name.is_empty()).then(|| Self { account, region, name: name.to_owned() })
    }

    /// A bus by its stored key.
    pub fn of_key((account, region, name): &BusKey) -> Option<Self> {
        Some(Self { account: AccountId::parse(account)?, region: Region::parse(region)?, name: name.clone() })
    }

    pub fn arn(&self) -> Arn {
        Arn::new("events", &self.region, &self.account, format!("{BUS_PREFIX}{}", self.name))
    }

    pub fn key(&self) -> (&str, &str, &str) {
        (&self.account, &self.region, &self.name)
    }

    pub fn is_default(&self) -> bool {
        self.name == DEFAULT_BUS
    }

    /// The key of one of its rules.
    pub fn rule_key<'a>(&'a self, rule: &'a str) -> (&'a str, &'a str, &'a str, &'a str) {
        (&self.account, &self.region, &self.name, rule)
    }

    /// The ARN of one of its rules.
    pub fn rule_arn(&self, rule: &str) -> Arn {
        let resource = match self.is_default() {
            true => format!("{RULE_PREFIX}{rule}"),
            false => format!("{RULE_PREFIX}{}/{rule}", self.name),
        };
        Arn::new("events", &self.region, &self.account, resource)
    }
}

/// What a tag hangs on.
pub enum Tagged {
    Bus(BusPlace),
    Rule(BusPlace, String),
}

impl Tagged {
    pub fn parse(text: &str) -> Option<Self> {
        let arn: Arn = text.parse().ok()?;
        if let Some(bus) = BusPlace::of_arn(&arn) {
            return Some(Self::Bus(bus));
        }
        let rest = arn.resource.strip_prefix(RULE_PREFIX).filter(|_| arn.service == "events")?;
        let (bus, rule) = rest.rsplit_once('/').unwrap_or((DEFAULT_BUS, rest));
        let (account, region) = (AccountId::parse(&arn.account)?, Region::parse(&arn.region)?);
        Some(Self::Rule(BusPlace { account, region, name: bus.to_owned() }, rule.to_owned()))
    }
}

/// A bus and the name of one of its rules, by the rule's stored key.
pub fn of_rule_key((account, region, bus, rule): RuleKey) -> Option<(BusPlace, String)> {
    Some((BusPlace::of_key(&(account, region, bus))?, rule))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn rules_of_the_default_bus_do_not_name_it() {
        let bus = |name: &str| {
            let arn = format!("arn:aws:events:eu-west-1:123456789012:event-bus/{name}").parse().unwrap();
            BusPlace::of_arn(&arn).unwrap()
        };
        assert_eq!(bus("default").rule_arn("r").to_string(), "arn:aws:events:eu-west-1:123456789012:rule/r");
        assert_eq!(bus("orders").rule_arn("r").to_string(), "arn:aws:events:eu-west-1:123456789012:rule/orders/r");
        for (arn, expected) in [
            ("arn:aws:events:eu-west-1:123456789012:rule/r", Some(("default", "r"))),
            ("arn:aws:events:eu-west-1:123456789012:rule/orders/r", Some(("orders", "r"))),
            ("arn:aws:events:eu-west-1:123456789012:archive/a", None),
            ("arn:aws:sqs:eu-west-1:123456789012:rule/r", None),
        ] {
            let found = match Tagged::parse(arn) {
                Some(Tagged::Rule(bus, rule)) => Some((bus.name, rule)),
                _ => None,
            };
            assert_eq!(found, expected.map(|(bus, rule)| (bus.to_owned(), rule.to_owned())), "{arn}");
        }
    }
}
