//! DeleteAlarms, SetAlarmState, EnableAlarmActions and DisableAlarmActions.

use std::collections::BTreeSet;

use haar_platform::aws::cloudwatch::{
    DeleteAlarmsInput, DisableAlarmActionsInput, EnableAlarmActionsInput, SetAlarmStateInput,
};
use haar_platform::kernel::serde_json;
use haar_platform::kernel::{Access, Ctx, Fault};
use haar_platform::store::{Read, Span, StoreError, Tx};

use super::model::{self, ALARMS, Alarm, PARENTS, SUPPRESSIBLE, Watch};
use super::state::{Change, Configured, NewState};
use super::tags;
use crate::cloudwatch::CloudWatch;
use crate::cloudwatch::error::Error;
use crate::cloudwatch::place::Place;

/// The alarms.
pub fn delete_access(ctx: &Ctx, cloudwatch: &CloudWatch, input: &DeleteAlarmsInput) -> Result<Access, Fault> {
    tags::on_alarms(ctx, cloudwatch, &input.alarm_names)
}

/// Deletes alarms, all or none.
pub async fn delete(ctx: &Ctx, cloudwatch: &CloudWatch, input: DeleteAlarmsInput) -> Result<(), Error> {
    let (place, now, cloudwatch) = (Place::of(ctx), ctx.now(), cloudwatch.clone());
    let store = cloudwatch.store.clone();
    let written = store.write(move |tx| -> Result<(), Error> {
        let alarms = all(tx, &place, &input.alarm_names)?;
        if alarms.iter().filter(|alarm| matches!(alarm.watch, Watch::Composite(_))).count() > 1 {
            return Err(Error::Validation("Only one composite alarm can be deleted per request.".into()));
        }
        for alarm in &alarms {
            refuse_while_named(tx, &place, &alarm.name, &input.alarm_names)?;
        }
        for alarm in alarms {
            tx.delete(ALARMS, &model::key(&place, &alarm.name))?;
            Change::new(&cloudwatch, tx, &place, now).configured(Configured::Deleted, &alarm)?;
        }
        Ok(())
    });
    written.await
}

/// An alarm stays as long as a composite alarm names it.
fn refuse_while_named(tx: &Tx, place: &Place, name: &str, going: &[String]) -> Result<(), Error> {
    let parents = tx.scan_index_keys(PARENTS, Span::only(&model::key(place, name)));
    let parents = parents.map(|entry| entry.map(|(_, key)| key.2)).collect::<Result<Vec<_>, _>>()?;
    let suppressed = tx.scan_index_keys(SUPPRESSIBLE, Span::only(&model::key(place, name)));
    let suppressed = suppressed.map(|entry| entry.map(|(_, key)| key.2)).collect::<Result<Vec<_>, _>>()?;
    let parents = parents.into_iter().chain(suppressed).collect::<BTreeSet<_>>();
    let staying: Vec<&str> = parents.iter().filter(|parent| !going.contains(parent)).map(String::as_str).collect();
    if staying.is_empty() {
        return Ok(());
    }
    let staying = staying.join(", ");
    Err(Error::Validation(format!("Cannot delete {name} as there are composite alarm(s) depending on it: {staying}.")))
}

/// All the alarms by these names.
fn all(tx: &Tx, place: &Place, names: &[String]) -> Result<Vec<Alarm>, Error> {
    let mut alarms: Vec<Alarm> = Vec::new();
    for name in names {
        if alarms.iter().any(|known| known.name == *name) {
            continue;
        }
        let alarm = tx.get(ALARMS, &model::key(place, name))?;
        alarms.push(alarm.ok_or_else(|| Error::AlarmNotFound(format!("Alarm {name} does not exist")))?);
    }
    Ok(alarms)
}

/// The alarm.
pub fn set_access(ctx: &Ctx, cloudwatch: &CloudWatch, input: &SetAlarmStateInput) -> Result<Access, Fault> {
    Ok(tags::on_alarm(ctx, cloudwatch, &input.alarm_name)?)
}

/// Brings an alarm into a state until it is next evaluated, to see what follows from it.
pub async fn set(ctx: &Ctx, cloudwatch: &CloudWatch, input: SetAlarmStateInput) -> Result<(), Error> {
    if let Some(data) = &input.state_reason_data
        && serde_json::from_str::<serde_json::Value>(data).is_err()
    {
        return Err(Error::InvalidFormat("The StateReasonData is not valid JSON.".into()));
    }
    let (place, now, cloudwatch) = (Place::of(ctx), ctx.now(), cloudwatch.clone());
    let store = cloudwatch.store.clone();
    let written = store.write(move |tx| -> Result<(), Error> {
        let alarm = tx.get(ALARMS, &model::key(&place, &input.alarm_name))?;
        let alarm = alarm.ok_or_else(|| Error::AlarmNotFound(format!("Alarm {} does not exist", input.alarm_name)))?;
        let new = NewState {
            value: input.state_value.into(),
            reason: input.state_reason,
            reason_data: input.state_reason_data,
        };
        Ok(Change::new(&cloudwatch, tx, &place, now).enter(alarm, new)?)
    });
    written.await
}

/// The alarms.
pub fn enable_access(ctx: &Ctx, cloudwatch: &CloudWatch, input: &EnableAlarmActionsInput) -> Result<Access, Fault> {
    tags::on_alarms(ctx, cloudwatch, &input.alarm_names)
}

/// The alarms.
pub fn disable_access(ctx: &Ctx, cloudwatch: &CloudWatch, input: &DisableAlarmActionsInput) -> Result<Access, Fault> {
    tags::on_alarms(ctx, cloudwatch, &input.alarm_names)
}

/// Alarms act again; names of alarms that there are not are passed over.
pub async fn enable(ctx: &Ctx, cloudwatch: &CloudWatch, input: EnableAlarmActionsInput) -> Result<(), Error> {
    switch(ctx, cloudwatch, input.alarm_names, true).await
}

/// Alarms change their states and do nothing.
pub async fn disable(ctx: &Ctx, cloudwatch: &CloudWatch, input: DisableAlarmActionsInput) -> Result<(), Error> {
    switch(ctx, cloudwatch, input.alarm_names, false).await
}

async fn switch(ctx: &Ctx, cloudwatch: &CloudWatch, names: Vec<String>, enabled: bool) -> Result<(), Error> {
    let (place, now, cloudwatch) = (Place::of(ctx), ctx.now(), cloudwatch.clone());
    let store = cloudwatch.store.clone();
    let written = store.write(move |tx| -> Result<(), StoreError> {
        for name in names {
            let key = model::key(&place, &name);
            let Some(before) = tx.get(ALARMS, &key)?.filter(|alarm| alarm.actions.enabled != enabled) else {
                continue;
            };
            let mut alarm = before.clone();
            alarm.actions.enabled = enabled;
            alarm.configured = now;
            tx.put(ALARMS, &key, &alarm)?;
            Change::new(&cloudwatch, tx, &place, now).configured(Configured::Updated(&before), &alarm)?;
        }
        Ok(())
    });
    Ok(written.await?)
}
