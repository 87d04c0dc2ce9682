//! Changes of an alarm's state, with all that follows from them in the same transaction: the history, the event, the
//! actions, and the composite alarms whose rules name it.

use std::time::Duration;

use haar_platform::bus::Event;
use haar_platform::kernel::serde_json::{Value as Json, json};
use haar_platform::kernel::{Timestamp, ids};
use haar_platform::store::{Read, Span, StoreError, Tx};

use super::action;
use super::history;
use super::model::{
    self, ALARMS, Alarm, Item, ItemKind, PARENTS, SUPPRESSIBLE, State, Suppressed, SuppressedBy, Value, Watch,
};
use super::notification::{self, Changed};
use super::rule::Rule;
use crate::cloudwatch::CloudWatch;
use crate::cloudwatch::place::Place;

/// What an alarm's state becomes.
#[derive(Clone, Debug)]
pub struct NewState {
    pub value: Value,
    pub reason: String,
    pub reason_data: Option<String>,
}

/// A change under way.
pub struct Change<'a> {
    pub cloudwatch: &'a CloudWatch,
    pub tx: &'a mut Tx,
    pub place: &'a Place,
    pub now: Timestamp,
    /// Alarms that are changing: rules may name each other in a circle, and are left alone when they do.
    open: Vec<String>,
}

impl<'a> Change<'a> {
    pub fn new(cloudwatch: &'a CloudWatch, tx: &'a mut Tx, place: &'a Place, now: Timestamp) -> Self {
        Self { cloudwatch, tx, place, now, open: Vec::new() }
    }

    /// Brings an alarm into a state.
    pub fn enter(&mut self, mut alarm: Alarm, new: NewState) -> Result<(), StoreError> {
        let changed = alarm.state.value != new.value;
        let state = State {
            value: new.value,
            reason: new.reason,
            reason_data: new.reason_data,
            updated: self.now,
            transitioned: if changed { self.now } else { alarm.state.transitioned },
            suppressed: if changed { self.suppression(&alarm)? } else { alarm.state.suppressed },
        };
        let old = std::mem::replace(&mut alarm.state, state);
        self.keep(&alarm)?;
        if changed {
            self.tell(&Changed { place: self.place, alarm: &alarm, old: &old })?;
            self.follow(&alarm)?;
            self.suppress(&alarm, old.value)?;
        }
        Ok(())
    }

    fn keep(&mut self, alarm: &Alarm) -> Result<(), StoreError> {
        self.tx.put(ALARMS, &model::key(self.place, &alarm.name), alarm)?;
        if alarm.state.suppressed.is_some_and(|suppressed| suppressed.until.is_some()) {
            let waker = self.cloudwatch.agenda.waker.clone();
            self.tx.on_commit(move || waker.wake());
        }
        Ok(())
    }

    /// What keeps back the actions of a change that happens now.
    fn suppression(&self, alarm: &Alarm) -> Result<Option<Suppressed>, StoreError> {
        let Some(suppressor) = alarm.suppressor() else { return Ok(None) };
        let known = self.tx.get(ALARMS, &model::key(self.place, &suppressor.name))?;
        if known.is_some_and(|known| known.state.value == Value::Alarm) {
            return Ok(Some(Suppressed { by: SuppressedBy::Alarm, until: None }));
        }
        // Who waits already goes on waiting, and then acts by the state that there is.
        let waits = alarm.state.suppressed.filter(|suppressed| suppressed.until.is_some());
        Ok(waits.or_else(|| self.wait(SuppressedBy::WaitPeriod, suppressor.wait_seconds)))
    }

    fn wait(&self, by: SuppressedBy, seconds: u32) -> Option<Suppressed> {
        let until = self.now + Duration::from_secs(seconds.into());
        (seconds > 0).then_some(Suppressed { by, until: Some(until) })
    }

    /// Keeps back, or lets go, the actions of those that the alarm suppresses.
    fn suppress(&mut self, alarm: &Alarm, before: Value) -> Result<(), StoreError> {
        let found = self.tx.scan_index(SUPPRESSIBLE, Span::only(&model::key(self.place, &alarm.name)));
        let found = found.map(|entry| entry.map(|(_, _, found)| found)).collect::<Result<Vec<_>, _>>()?;
        for mut other in found {
            let Some(suppressed) = other.state.suppressed else { continue };
            if alarm.state.value == Value::Alarm {
                other.state.suppressed = Some(Suppressed { by: SuppressedBy::Alarm, until: None });
                self.keep(&other)?;
            } else if before == Value::Alarm && suppressed.by == SuppressedBy::Alarm {
                let seconds = other.suppressor().map_or(0, |suppressor| suppressor.extension_seconds);
                match self.wait(SuppressedBy::ExtensionPeriod, seconds) {
                    None => self.release(other)?,
                    waits => {
                        other.state.suppressed = waits;
                        self.keep(&other)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Performs the actions that were kept back: those of the state that there is now.
    pub fn release(&mut self, mut alarm: Alarm) -> Result<(), StoreError> {
        let old = alarm.state.clone();
        alarm.state.suppressed = None;
        alarm.state.updated = self.now;
        self.keep(&alarm)?;
        let changed = Changed { place: self.place, alarm: &alarm, old: &old };
        let event = self.event(&alarm, "aws.cloudwatch".into(), "CloudWatch Alarm State Change", changed.detail());
        self.cloudwatch.bus.emit(self.tx, event)?;
        self.act(&changed)
    }

    /// History, event and actions.
    fn tell(&mut self, changed: &Changed<'_>) -> Result<(), StoreError> {
        let Changed { alarm, old, .. } = *changed;
        let side = |state: &State| {
            let data = state.reason_data.as_deref().and_then(|data| data.parse::<Json>().ok());
            let mut side = json!({"stateValue": state.value.as_str(), "stateReason": state.reason});
            if let Some(data) = data {
                side["stateReasonData"] = data;
            }
            side
        };
        let data = json!({"version": "1.0", "oldState": side(old), "newState": side(&alarm.state)});
        let summary = format!("Alarm updated from {} to {}", old.value.as_str(), alarm.state.value.as_str());
        self.note(alarm, ItemKind::StateUpdate, summary, data)?;
        let event = self.event(alarm, "aws.cloudwatch".into(), "CloudWatch Alarm State Change", changed.detail());
        self.cloudwatch.bus.emit(self.tx, event)?;
        if alarm.state.suppressed.is_none() { self.act(changed) } else { Ok(()) }
    }

    /// Puts the actions of the alarm's state into the outbox.
    fn act(&mut self, changed: &Changed<'_>) -> Result<(), StoreError> {
        let alarm = changed.alarm;
        if !alarm.actions.enabled {
            return Ok(());
        }
        let composite = matches!(alarm.watch, Watch::Composite(_));
        for target in alarm.actions.of(alarm.state.value) {
            let is_function = target.starts_with("arn:aws:lambda:");
            let payload = if is_function { changed.invocation() } else { changed.message() };
            let detail = json!({
                "alarm": alarm.name,
                "composite": composite,
                "payload": payload.to_string(),
                "subject": (!is_function).then(|| changed.subject()),
            });
            let event = self.event(alarm, target.clone(), action::DETAIL_TYPE, detail);
            self.cloudwatch.bus.emit_to(self.tx, action::OUTBOX, event)?;
        }
        Ok(())
    }

    /// Evaluates the composite alarms that name the alarm.
    fn follow(&mut self, alarm: &Alarm) -> Result<(), StoreError> {
        self.open.push(alarm.name.clone());
        let parents = self.tx.scan_index(PARENTS, Span::only(&model::key(self.place, &alarm.name)));
        let parents = parents.map(|entry| entry.map(|(_, _, parent)| parent)).collect::<Result<Vec<_>, _>>()?;
        for parent in parents {
            if !self.open.contains(&parent.name) {
                self.evaluate(parent, alarm)?;
            }
        }
        self.open.pop();
        Ok(())
    }

    fn evaluate(&mut self, parent: Alarm, trigger: &Alarm) -> Result<(), StoreError> {
        let Some(value) = composite_value(self.tx, self.place, &parent)? else { return Ok(()) };
        if value == parent.state.value {
            return Ok(());
        }
        let arn = model::arn(self.place, &trigger.name).to_string();
        let time = self.now.format("%A %d %B, %Y %H:%M:%S UTC");
        let reason = format!("{arn} transitioned to {} at {time}", trigger.state.value.as_str());
        let state = json!({"value": trigger.state.value.as_str(), "timestamp": super::reason::date(trigger.state.transitioned)});
        let data = json!({"triggeringAlarms": [{"arn": arn, "state": state}]});
        self.enter(parent, NewState { value, reason, reason_data: Some(data.to_string()) })
    }

    /// History and event of a change of the configuration.
    pub fn configured(&mut self, kind: Configured<'_>, alarm: &Alarm) -> Result<(), StoreError> {
        let (operation, member, before) = match kind {
            Configured::Created => ("create", "createdAlarm", None),
            Configured::Updated(before) => ("update", "updatedAlarm", Some(before)),
            Configured::Deleted => ("delete", "deletedAlarm", None),
        };
        let capital = format!("{}{}", operation[..1].to_uppercase(), &operation[1..]);
        let data = json!({"version": "1.0", "type": capital, member: notification::configuration(alarm)});
        let summary = format!("Alarm \"{}\" {operation}d", alarm.name);
        self.note(alarm, ItemKind::ConfigurationUpdate, summary, data)?;
        let detail = notification::configured(operation, alarm, before);
        let event = self.event(alarm, "aws.cloudwatch".into(), "CloudWatch Alarm Configuration Change", detail);
        self.cloudwatch.bus.emit(self.tx, event)?;
        let agenda = self.cloudwatch.agenda.clone();
        self.tx.on_commit(move || agenda.changed());
        Ok(())
    }

    fn note(&mut self, alarm: &Alarm, kind: ItemKind, summary: String, data: Json) -> Result<(), StoreError> {
        let composite = matches!(alarm.watch, Watch::Composite(_));
        let item = Item { alarm: alarm.name.clone(), composite, kind, summary, data: data.to_string() };
        history::add(self.tx, self.place, self.now, item)
    }

    fn event(&self, alarm: &Alarm, source: String, detail_type: &str, detail: Json) -> Event {
        Event {
            id: ids::uuid(),
            source,
            detail_type: detail_type.to_owned(),
            account: self.place.account.to_string(),
            region: self.place.region.to_string(),
            time: self.now,
            resources: vec![model::arn(self.place, &alarm.name).to_string()],
            detail,
        }
    }
}

/// How a configuration changed.
pub enum Configured<'a> {
    Created,
    /// What it was.
    Updated(&'a Alarm),
    Deleted,
}

/// What a composite alarm's rule comes to now.
pub fn composite_value(tx: &impl Read, place: &Place, alarm: &Alarm) -> Result<Option<Value>, StoreError> {
    let Watch::Composite(composite) = &alarm.watch else { return Ok(None) };
    // A rule was read when it was put.
    let Ok(rule) = Rule::parse(&composite.rule) else { return Ok(None) };
    let mut states = Vec::new();
    for name in &composite.children {
        let state = tx.get(ALARMS, &model::key(place, name))?.map(|child| child.state.value);
        states.push((name.as_str(), state));
    }
    let state = |named: &str| {
        let name = named_alarm(place, named).unwrap_or(named);
        states.iter().find(|(known, _)| *known == name).and_then(|(_, state)| *state)
    };
    Ok(Some(if rule.holds(&state) { Value::Alarm } else { Value::Ok }))
}

/// The name of an alarm of this place that is named by name or ARN; `None` for another place's ARN.
pub fn named_alarm<'a>(place: &Place, named: &'a str) -> Option<&'a str> {
    if !named.starts_with("arn:") {
        return Some(named);
    }
    let prefix = model::arn(place, "").to_string();
    named.strip_prefix(prefix.as_str()).filter(|name| !name.is_empty())
}
