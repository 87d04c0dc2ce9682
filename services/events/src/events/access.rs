//! What calls of EventBridge touch, so that the pipeline can authorize them.

use std::collections::HashMap;
use std::sync::Arc;

use haar_platform::kernel::access::{Access, Resource};
use haar_platform::kernel::{Arn, Ctx, Fault};
use haar_platform::policy::{Document, Kind, Source, SourceKind};
use haar_platform::store::Read;
use parking_lot::Mutex;

use super::Events;
use super::bus;
use super::error::Error;
use super::model::RULES;
use super::place::BusPlace;

/// Compiled policies that are kept; beyond, all are forgotten and compiled again.
const POLICIES_MAX: usize = 1000;

/// Policies of buses by their text, compiled once.
#[derive(Default)]
pub struct PolicyCache(Mutex<HashMap<String, Arc<Document>>>);

impl PolicyCache {
    fn compiled(&self, text: &str) -> Option<Arc<Document>> {
        let mut known = self.0.lock();
        if let Some(document) = known.get(text) {
            return Some(document.clone());
        }
        // What was stored was checked before; a policy that no longer compiles allows nothing.
        let document = Arc::new(Document::parse(text, Kind::Resource).ok()?);
        if known.len() >= POLICIES_MAX {
            known.clear();
        }
        known.insert(text.to_owned(), document.clone());
        Some(document)
    }
}

/// The bus that a call names.
pub fn bus(ctx: &Ctx, events: &Events, name_or_arn: Option<&str>) -> Result<Access, Fault> {
    let place = BusPlace::named(ctx, name_or_arn)?;
    Ok(Access::default().and(bus_resource(events, &place)?))
}

/// A rule of the bus that a call names.
pub fn rule(ctx: &Ctx, events: &Events, bus: Option<&str>, rule: &str) -> Result<Access, Fault> {
    let place = BusPlace::named(ctx, bus)?;
    Ok(Access::default().and(rule_resource(events, &place, rule)?))
}

/// A bus with its policy and tags.
pub fn bus_resource(events: &Events, place: &BusPlace) -> Result<Resource, Error> {
    let resource = Resource::of(&place.arn());
    let Some(bus) = events.store.read(|tx| bus::stored(tx, place))? else { return Ok(resource) };
    Ok(resource.with_policy(policy(events, bus.policy.as_deref())).with_tags(bus.tags))
}

/// A rule with its tags, and the policy of its bus.
pub fn rule_resource(events: &Events, place: &BusPlace, rule: &str) -> Result<Resource, Error> {
    let (bus, rule_found) =
        events.store.read(|tx| Ok::<_, Error>((bus::stored(tx, place)?, tx.get(RULES, &place.rule_key(rule))?)))?;
    let policy = policy(events, bus.and_then(|bus| bus.policy).as_deref());
    let tags = rule_found.map(|rule| rule.tags).unwrap_or_default();
    Ok(Resource::of(&place.rule_arn(rule)).with_policy(policy).with_tags(tags))
}

/// With the permission to pass these roles to EventBridge.
pub fn passing<'a>(access: Access, roles: impl IntoIterator<Item = &'a str>) -> Access {
    let roles: Vec<Arn> = roles.into_iter().filter_map(|role| role.parse().ok()).collect();
    if roles.is_empty() {
        return access;
    }
    let access = access.with_key("iam:PassedToService", "events.amazonaws.com");
    roles.iter().fold(access, |access, role| access.and(Resource::of(role).for_action("iam:PassRole")))
}

fn policy(events: &Events, text: Option<&str>) -> Option<Source> {
    let document = events.policies.compiled(text?)?;
    Some(Source { id: "EventBusPolicy".into(), arn: None, kind: SourceKind::Resource, document })
}
