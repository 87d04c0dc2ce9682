//! The metrics of AWS/Events.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html>
//!
//! Deliveries happen outside of calls, and there may be thousands in a second: they are noted together.

use std::collections::HashMap;
use std::sync::Arc;

use haar_platform::kernel::{AccountId, Caller, Ctx, Measure, Region};

use super::model::BusKey;
use super::place::DEFAULT_BUS;

const NAMESPACE: &str = "AWS/Events";

/// Values of metrics that wait to be noted.
#[derive(Default)]
pub struct Measures(HashMap<(String, String), Vec<Measure>>);

impl Measures {
    /// Something that is counted, of a rule.
    pub fn count(&mut self, bus: &BusKey, rule: &str, name: &'static str) {
        self.add(bus, rule, Measure::count(NAMESPACE, name, 1.0));
    }

    /// A time that passed, of a rule.
    pub fn milliseconds(&mut self, bus: &BusKey, rule: &str, name: &'static str, value: f64) {
        self.add(bus, rule, Measure::new(NAMESPACE, name, value, "Milliseconds"));
    }

    fn add(&mut self, (account, region, bus): &BusKey, rule: &str, measure: Measure) {
        self.0.entry((account.clone(), region.clone())).or_default().push(of(measure, bus, rule));
    }

    /// Puts all that was measured onto the ledger.
    pub async fn note(self, ctx: &Ctx, event: &'static str) {
        for ((account, region), measures) in self.0 {
            let (Some(account), Some(region)) = (AccountId::parse(&account), Region::parse(&region)) else { continue };
            let noted = ctx.elsewhere(Arc::new(Caller::service("events", &account)), region);
            measures.into_iter().for_each(|measure| noted.measure(measure));
            noted.note(event).await;
        }
    }
}

/// A rule matched, in a call: `MatchedEvents` and `TriggeredRules`.
pub fn matched(ctx: &Ctx, bus: &str, rule: &str) {
    for name in ["MatchedEvents", "TriggeredRules"] {
        ctx.measure(of(Measure::count(NAMESPACE, name, 1.0), bus, rule));
    }
}

/// What a call put.
pub fn put(ctx: &Ctx, name: &'static str, value: f64) {
    ctx.measure(Measure::count(NAMESPACE, name, value));
}

/// How large what a call put is.
pub fn put_bytes(ctx: &Ctx, name: &'static str, value: f64) {
    ctx.measure(Measure::new(NAMESPACE, name, value, "Bytes"));
}

/// Rules of the default bus are known by their name alone.
fn of(measure: Measure, bus: &str, rule: &str) -> Measure {
    let measure = if bus == DEFAULT_BUS { measure } else { measure.of("EventBusName", bus) };
    measure.of("RuleName", rule)
}
