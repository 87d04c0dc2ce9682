//! Rules with schedules: their targets are reached when the time comes.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html>

use haar_platform::kernel::{Ctx, Next, Timestamp, ids};
use haar_platform::store::{Read, Span};
use serde_json::{Value, json};

use super::Events;
use super::error::Error;
use super::measures::Measures;
use super::model::{BY_DUE, RULES};
use super::outbox::{Arrival, Consequences};
use super::place::of_rule_key;
use super::router::Armed;
use super::rule;

/// Rules that one transaction fires, so that other writers get their turn.
const BATCH_MAX: usize = 100;

/// Fires what is due; comes back when the next rule is.
pub async fn work(ctx: &Ctx, events: &Events) -> Result<Next, Error> {
    loop {
        let now = ctx.now();
        let (due, next) = events.store.read(|tx| {
            let mut due = Vec::new();
            for row in tx.scan_index_keys(BY_DUE, Span::all()).take(BATCH_MAX) {
                let ((at,), key) = row?;
                let at = Timestamp::from_millis(at);
                if at > now {
                    return Ok::<_, Error>((due, Some(at)));
                }
                due.push((at, key));
            }
            Ok((due, None))
        })?;
        if due.is_empty() {
            return Ok(Next::at(next));
        }
        let outbox = events.outbox.clone();
        let fired = events.store.write(move |tx| {
            let mut fired = Vec::new();
            for (at, key) in due {
                // Changed meanwhile.
                let Some(mut stored) = tx.get(RULES, &key)?.filter(|rule| rule.due == Some(at)) else { continue };
                // Times that were missed while the house was closed are one.
                stored.due = rule::due(&stored, at, now);
                tx.put(RULES, &key, &stored)?;
                let Some((place, name)) = of_rule_key(key) else { continue };
                let armed = Armed::new(place, name, stored);
                let event = event(&armed, at);
                let arrival = Arrival { event: &event, time: at, ingested: now, hops: 0 };
                outbox.post(tx, &Consequences::of_rule(&armed, &arrival))?;
                fired.push(armed);
            }
            Ok::<_, Error>(fired)
        });
        let mut measures = Measures::default();
        for armed in fired.await? {
            let (account, region, bus) = armed.bus.key();
            let bus = (account.to_owned(), region.to_owned(), bus.to_owned());
            measures.count(&bus, &armed.name, "TriggeredRules");
        }
        measures.note(ctx, "SchedulesFired").await;
    }
}

fn event(armed: &Armed, time: Timestamp) -> Value {
    json!({
        "version": "0",
        "id": ids::uuid(),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": armed.bus.account.as_str(),
        "time": time.format("%Y-%m-%dT%H:%M:%SZ"),
        "region": armed.bus.region.as_str(),
        "resources": [armed.arn],
        "detail": {},
    })
}
