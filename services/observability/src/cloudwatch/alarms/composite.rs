//! PutCompositeAlarm: an alarm whose rule speaks of other alarms.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html>

use haar_platform::aws::cloudwatch::PutCompositeAlarmInput;
use haar_platform::kernel::{Access, Ctx, Fault};
use haar_platform::store::{Read, Tx};

use super::action;
use super::model::{self, ALARMS, Actions, Alarm, CompositeWatch, Suppressor, Watch};
use super::put;
use super::rule::{CHILDREN_MAX, Rule};
use super::state::{Change, NewState, composite_value, named_alarm};
use super::tags;
use crate::cloudwatch::CloudWatch;
use crate::cloudwatch::error::Error;
use crate::cloudwatch::place::Place;

/// The alarm, with the tags that it is to have.
pub fn access(ctx: &Ctx, cloudwatch: &CloudWatch, input: &PutCompositeAlarmInput) -> Result<Access, Fault> {
    let arns = [&input.ok_actions, &input.alarm_actions, &input.insufficient_data_actions];
    put::put_access(ctx, cloudwatch, &input.alarm_name, input.tags.as_deref(), arns)
}

/// Creates an alarm, or puts another in its place, and evaluates its rule.
pub async fn put(ctx: &Ctx, cloudwatch: &CloudWatch, input: PutCompositeAlarmInput) -> Result<(), Fault> {
    refuse(&input)?;
    let place = Place::of(ctx);
    let children = children(&place, &input.alarm_rule)?;
    let suppressor = suppressor(&place, &input)?;
    let actions = Actions {
        enabled: input.actions_enabled.unwrap_or(true),
        ok: input.ok_actions.unwrap_or_default(),
        alarm: input.alarm_actions.unwrap_or_default(),
        insufficient_data: input.insufficient_data_actions.unwrap_or_default(),
    };
    action::check(ctx, &[&actions.ok, &actions.alarm, &actions.insufficient_data])?;
    let tags = tags::of_request(input.tags.unwrap_or_default())?;
    let (now, cloudwatch) = (ctx.now(), cloudwatch.clone());
    let alarm = Alarm {
        name: input.alarm_name,
        description: input.alarm_description,
        watch: Watch::Composite(CompositeWatch { rule: input.alarm_rule, children, suppressor }),
        actions,
        tags,
        configured: now,
        state: put::initial(now),
    };
    let store = cloudwatch.store.clone();
    let written = store.write(move |tx| -> Result<(), Error> {
        refuse_strangers(tx, &place, &alarm)?;
        let (alarm, is_new) = put::store_alarm(&cloudwatch, tx, &place, now, alarm)?;
        let Some(value) = composite_value(tx, &place, &alarm)? else { return Ok(()) };
        if value == alarm.state.value {
            return Ok(());
        }
        let done = if is_new { "created" } else { "updated" };
        let arn = model::arn(&place, &alarm.name);
        let reason = format!("{arn} was {done} and its alarm rule evaluates to {}", value.as_str());
        Ok(Change::new(&cloudwatch, tx, &place, now).enter(alarm, NewState { value, reason, reason_data: None })?)
    });
    Ok(written.await?)
}

/// What nobody here does.
fn refuse(input: &PutCompositeAlarmInput) -> Result<(), Fault> {
    match input.action_configuration {
        Some(_) => Err(Fault::not_served("ActionConfiguration of PutCompositeAlarm")),
        None => Ok(()),
    }
}

/// The suppressor, which comes with both of its periods or not at all.
fn suppressor(place: &Place, input: &PutCompositeAlarmInput) -> Result<Option<Suppressor>, Error> {
    let periods = [
        ("ActionsSuppressorWaitPeriod", input.actions_suppressor_wait_period),
        ("ActionsSuppressorExtensionPeriod", input.actions_suppressor_extension_period),
    ];
    let Some(given) = &input.actions_suppressor else {
        return match periods.iter().find(|(_, period)| period.is_some()) {
            Some((name, _)) => Err(Error::Validation(format!("{name} requires ActionsSuppressor."))),
            None => Ok(None),
        };
    };
    let mut seconds = Vec::new();
    for (name, period) in periods {
        let period = period.ok_or_else(|| Error::Validation(format!("ActionsSuppressor requires {name}.")))?;
        let period = u32::try_from(period);
        seconds.push(period.map_err(|_| Error::Validation(format!("{name} must not be negative.")))?);
    }
    let name = named_alarm(place, given).filter(|name| *name != input.alarm_name).ok_or_else(|| {
        Error::Validation(format!(
            "ActionsSuppressor must be another alarm of the same account and region, not {given}"
        ))
    })?;
    Ok(Some(Suppressor {
        given: given.clone(),
        name: name.to_owned(),
        wait_seconds: seconds[0],
        extension_seconds: seconds[1],
    }))
}

/// The names of the alarms in a rule.
fn children(place: &Place, rule: &str) -> Result<Vec<String>, Error> {
    let rule = Rule::parse(rule).map_err(|cause| Error::Validation(cause.to_string()))?;
    let mut names = Vec::new();
    for named in rule.alarms() {
        let name = named_alarm(place, named).ok_or_else(|| {
            Error::Validation(format!("AlarmRule must only name alarms of its own account and region, not {named}"))
        })?;
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    if names.len() > CHILDREN_MAX {
        return Err(Error::Validation(format!("AlarmRule must not reference more than {CHILDREN_MAX} alarms")));
    }
    Ok(names)
}

/// A rule names alarms that there are.
fn refuse_strangers(tx: &Tx, place: &Place, alarm: &Alarm) -> Result<(), Error> {
    if let Some(suppressor) = alarm.suppressor()
        && !tx.contains(ALARMS, &model::key(place, &suppressor.name))?
    {
        let given = &suppressor.given;
        return Err(Error::Validation(format!("ActionsSuppressor {given} does not exist")));
    }
    let mut unknown = Vec::new();
    for child in alarm.children() {
        if !tx.contains(ALARMS, &model::key(place, child))? {
            unknown.push(child.as_str());
        }
    }
    if unknown.is_empty() {
        return Ok(());
    }
    let unknown = unknown.join(", ");
    Err(Error::Validation(format!(
        "Could not save the composite alarm as alarms [{unknown}] in the alarm rule do not exist"
    )))
}
