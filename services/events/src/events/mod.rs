//! EventBridge: what happens on a bus reaches the targets of the rules that it matches.
//!
//! ```text
//!   bus, permission, tag    event buses, and who may use them
//!   rule, targets           rules with patterns or schedules, and what they reach
//!   put, listen, receive    how events arrive: PutEvents, services of the house, deliveries to a bus
//!   router                  which rules and archives an event is for: one automaton for each bus
//!   transform, json_path    what a target gets of an event
//!   outbox                  deliveries, written with the event
//!   courier                 makes them: lanes by target, failure says what becomes of those that fail
//!   schedule                rules whose time has come
//!   archive, replay         events are kept, and arrive again
//!   measures                the metrics of AWS/Events
//! ```

mod access;
mod archive;
mod bus;
mod courier;
mod error;
mod failure;
mod json_path;
mod lanes;
mod listen;
mod measures;
mod model;
mod outbox;
mod paging;
mod permission;
mod place;
mod put;
mod receive;
mod replay;
mod router;
mod rule;
mod schedule;
mod tag;
mod targets;
mod test_pattern;
#[cfg(test)]
mod tests;
mod transform;

use std::sync::Arc;

use haar_platform::Platform;
use haar_platform::aws::events as aws;
use haar_platform::bus::Bus;
use haar_platform::kernel::{Access, Service, Waker};
use haar_platform::store::Store;

use self::access::PolicyCache;
pub use self::model::tables;
use self::outbox::Outbox;
use self::router::Router;

/// The subscriber's name on the platform's bus: stored data.
const SUBSCRIBER: &str = "events";

/// What the operations share.
#[derive(Clone)]
pub(crate) struct Events {
    store: Store,
    bus: Bus,
    router: Arc<Router>,
    outbox: Outbox,
    policies: Arc<PolicyCache>,
    /// Of the job that fires schedules.
    schedules: Waker,
    /// Of the job that replays.
    replays: Waker,
    /// Of the job that forgets archived events.
    retention: Waker,
}

/// EventBridge over a platform's store, listening to the platform's bus.
pub fn service(platform: &Platform) -> Service {
    let deliveries = Waker::default();
    let now = platform.house.clock.now();
    let outbox = Outbox::open(&platform.store, &deliveries, now);
    let events = Events {
        store: platform.store.clone(),
        bus: platform.bus.clone(),
        router: Arc::new(Router::open(&platform.store)),
        outbox,
        policies: Arc::default(),
        schedules: Waker::default(),
        replays: Waker::default(),
        retention: Waker::default(),
    };
    let listener = listen::Listener { events: events.clone(), house: Arc::downgrade(&platform.house) };
    platform.bus.subscribe(SUBSCRIBER, Arc::new(listener));
    let (schedules, replays, retention) = (events.schedules.clone(), events.replays.clone(), events.retention.clone());
    Service::of(&aws::MODEL, events)
        // Buses.
        .op::<aws::CreateEventBus>(bus::create_access, bus::create)
        .op::<aws::DeleteEventBus>(|ctx, events, input| access::bus(ctx, events, Some(&input.name)), bus::delete)
        .op::<aws::DescribeEventBus>(bus::describe_access, bus::describe)
        .op::<aws::ListEventBuses>(|_, _, _| Ok(Access::all()), bus::list)
        .op::<aws::UpdateEventBus>(|ctx, events, input| access::bus(ctx, events, input.name.as_deref()), bus::update)
        .op::<aws::PutPermission>(
            |ctx, events, input| access::bus(ctx, events, input.event_bus_name.as_deref()),
            permission::put,
        )
        .op::<aws::RemovePermission>(
            |ctx, events, input| access::bus(ctx, events, input.event_bus_name.as_deref()),
            permission::remove,
        )
        // Rules.
        .op::<aws::PutRule>(rule::put_access, rule::put)
        .op::<aws::DeleteRule>(
            |ctx, events, input| access::rule(ctx, events, input.event_bus_name.as_deref(), &input.name),
            rule::delete,
        )
        .op::<aws::DescribeRule>(
            |ctx, events, input| access::rule(ctx, events, input.event_bus_name.as_deref(), &input.name),
            rule::describe,
        )
        .op::<aws::EnableRule>(
            |ctx, events, input| access::rule(ctx, events, input.event_bus_name.as_deref(), &input.name),
            rule::enable,
        )
        .op::<aws::DisableRule>(
            |ctx, events, input| access::rule(ctx, events, input.event_bus_name.as_deref(), &input.name),
            rule::disable,
        )
        .op::<aws::ListRules>(
            |ctx, events, input| access::bus(ctx, events, input.event_bus_name.as_deref()),
            rule::list,
        )
        .op::<aws::ListRuleNamesByTarget>(
            |ctx, events, input| access::bus(ctx, events, input.event_bus_name.as_deref()),
            rule::names_by_target,
        )
        // Targets.
        .op::<aws::PutTargets>(targets::put_access, targets::put)
        .op::<aws::RemoveTargets>(
            |ctx, events, input| access::rule(ctx, events, input.event_bus_name.as_deref(), &input.rule),
            targets::remove,
        )
        .op::<aws::ListTargetsByRule>(
            |ctx, events, input| access::rule(ctx, events, input.event_bus_name.as_deref(), &input.rule),
            targets::list,
        )
        // Events.
        .op::<aws::PutEvents>(put::access, put::put)
        .op::<aws::TestEventPattern>(|_, _, _| Ok(Access::all()), test_pattern::test)
        // Archives and replays.
        .op::<aws::CreateArchive>(|ctx, _, input| archive::access(ctx, &input.archive_name), archive::create)
        .op::<aws::DeleteArchive>(|ctx, _, input| archive::access(ctx, &input.archive_name), archive::delete)
        .op::<aws::DescribeArchive>(|ctx, _, input| archive::access(ctx, &input.archive_name), archive::describe)
        .op::<aws::UpdateArchive>(|ctx, _, input| archive::access(ctx, &input.archive_name), archive::update)
        .op::<aws::ListArchives>(|_, _, _| Ok(Access::all()), archive::list)
        .op::<aws::StartReplay>(|ctx, _, input| replay::access(ctx, &input.replay_name), replay::start)
        .op::<aws::CancelReplay>(|ctx, _, input| replay::access(ctx, &input.replay_name), replay::cancel)
        .op::<aws::DescribeReplay>(|ctx, _, input| replay::access(ctx, &input.replay_name), replay::describe)
        .op::<aws::ListReplays>(|_, _, _| Ok(Access::all()), replay::list)
        // Tags.
        .op::<aws::TagResource>(tag::tag_access, tag::tag)
        .op::<aws::UntagResource>(tag::untag_access, tag::untag)
        .op::<aws::ListTagsForResource>(tag::list_access, tag::list)
        // What happens by itself.
        .job("deliveries", &deliveries, courier::work)
        .job("schedules", &schedules, schedule::work)
        .job("replays", &replays, replay::work)
        .job("retention", &retention, archive::retain)
        // What others deliver.
        .target(receive::serves, receive::receive)
        .forget(|events| {
            events.router.forget();
            events.outbox.forget();
        })
        .build()
}
