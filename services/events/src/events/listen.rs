//! What services of the house tell arrives on the default bus of its account and region.

use std::sync::Weak;

use haar_platform::bus::{BoxFuture, Event, Subscriber, Undelivered};
use haar_platform::kernel::ctx::Origin;
use haar_platform::kernel::{AccountId, Caller, Ctx, Fault, House, Region};
use haar_platform::store::StoreError;

use super::Events;
use super::measures;
use super::outbox::{Arrival, Consequences};
use super::place::{BusPlace, DEFAULT_BUS};

/// The subscriber of the platform's bus.
pub struct Listener {
    pub events: Events,
    /// Weak: the house holds the bus's tasks.
    pub house: Weak<House>,
}

impl Listener {
    fn place(event: &Event) -> Option<BusPlace> {
        let (account, region) = (AccountId::parse(&event.account)?, Region::parse(&event.region)?);
        Some(BusPlace { account, region, name: DEFAULT_BUS.to_owned() })
    }
}

impl Subscriber for Listener {
    fn wants(&self, event: &Event) -> bool {
        let Some(place) = Self::place(event) else { return false };
        self.events.router.listens(&place) && !self.events.router.route(&place, &event.to_json()).is_empty()
    }

    fn deliver<'a>(&'a self, event: &'a Event) -> BoxFuture<'a, Result<(), Undelivered>> {
        Box::pin(async move {
            let house = self.house.upgrade();
            let house = house.ok_or_else(|| Undelivered::retry("ServiceUnavailable", "the house is closing"))?;
            let Some(place) = Self::place(event) else { return Ok(()) };
            let json = event.to_json();
            let route = self.events.router.route(&place, &json);
            let arrival = Arrival { event: &json, time: event.time, ingested: house.clock.now(), hops: 0 };
            let consequences = Consequences::of(&route, &arrival);
            let outbox = self.events.outbox.clone();
            let stored = self.events.store.write(move |tx| outbox.post(tx, &consequences)).await;
            stored.map_err(|cause: StoreError| Undelivered::from(Fault::internal(cause)))?;
            let caller = Caller::service("events", &place.account).into();
            let origin = Origin::internal("events.amazonaws.com").into();
            let noted = Ctx::new(house, caller, place.region, origin);
            for armed in &route.rules {
                measures::matched(&noted, &armed.bus.name, &armed.name);
            }
            noted.note("RulesMatched").await;
            Ok(())
        })
    }
}
