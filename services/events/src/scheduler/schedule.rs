//! Schedules come, change, are listed, and go.

use haar_platform::aws::scheduler::{
    ActionAfterCompletion, CreateScheduleInput, CreateScheduleOutput, DeleteScheduleInput, DeleteScheduleOutput,
    FlexibleTimeWindow, FlexibleTimeWindowMode, GetScheduleInput, GetScheduleOutput, ListSchedulesInput,
    ListSchedulesOutput, ScheduleState, ScheduleSummary, TargetSummary, UpdateScheduleInput, UpdateScheduleOutput,
};
use haar_platform::kernel::paging::cut;
use haar_platform::kernel::{Ctx, Fault, ids};
use haar_platform::role;
use haar_platform::store::{Read, Span};

use super::Scheduler;
use super::access::{DEFAULT_GROUP, schedule_arn};
use super::error::SchedulerError;
use super::group::{self, PAGE, cursor};
use super::model::{SCHEDULES, Schedule, ScheduleKey, Timing};
use super::target::Target;
use super::timing::Asked;

/// As whom Scheduler assumes roles.
pub const SERVICE: &str = "scheduler";

/// What a schedule is to be, whether it is new or not.
struct Wish {
    key: ScheduleKey,
    description: Option<String>,
    enabled: bool,
    asked: Asked,
    delete_when_done: bool,
    kms_key: Option<String>,
    target: Target,
    client_token: Option<String>,
}

fn key(ctx: &Ctx, group: Option<String>, name: String) -> ScheduleKey {
    let group = group.unwrap_or_else(|| DEFAULT_GROUP.to_owned());
    (ctx.account.to_string(), ctx.region.to_string(), group, name)
}

/// Refuses a role that does not let Scheduler in.
async fn check_role(ctx: &Ctx, role_arn: &str) -> Result<(), Fault> {
    let own = role_arn.split(':').nth(4) == Some(ctx.account.as_str());
    let session = if own { role::assume(ctx, SERVICE, role_arn, &ids::hex(32)).await.ok() } else { None };
    match session {
        Some(_) => Ok(()),
        None => {
            let message = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.";
            Err(SchedulerError::validation(message).into())
        }
    }
}

/// CreateSchedule: the same token again is the same call.
pub async fn create(
    ctx: &Ctx,
    scheduler: &Scheduler,
    input: CreateScheduleInput,
) -> Result<CreateScheduleOutput, Fault> {
    let wish = Wish {
        key: key(ctx, input.group_name, input.name),
        description: input.description,
        enabled: input.state != Some(ScheduleState::Disabled),
        asked: Asked {
            expression: input.schedule_expression,
            zone: input.schedule_expression_timezone,
            start: input.start_date,
            end: input.end_date,
            window: input.flexible_time_window,
        },
        delete_when_done: input.action_after_completion == Some(ActionAfterCompletion::Delete),
        kms_key: input.kms_key_arn,
        target: Target::parse(ctx, input.target)?,
        client_token: input.client_token,
    };
    let arn = schedule_arn(ctx, &wish.key.2, &wish.key.3).to_string();
    check_role(ctx, &wish.target.role_arn).await?;
    put(ctx, scheduler, wish, true).await?;
    Ok(CreateScheduleOutput { schedule_arn: arn })
}

/// UpdateSchedule: what is not said is as if it had never been said.
pub async fn update(
    ctx: &Ctx,
    scheduler: &Scheduler,
    input: UpdateScheduleInput,
) -> Result<UpdateScheduleOutput, Fault> {
    let wish = Wish {
        key: key(ctx, input.group_name, input.name),
        description: input.description,
        enabled: input.state != Some(ScheduleState::Disabled),
        asked: Asked {
            expression: input.schedule_expression,
            zone: input.schedule_expression_timezone,
            start: input.start_date,
            end: input.end_date,
            window: input.flexible_time_window,
        },
        delete_when_done: input.action_after_completion == Some(ActionAfterCompletion::Delete),
        kms_key: input.kms_key_arn,
        target: Target::parse(ctx, input.target)?,
        client_token: input.client_token,
    };
    let arn = schedule_arn(ctx, &wish.key.2, &wish.key.3).to_string();
    check_role(ctx, &wish.target.role_arn).await?;
    put(ctx, scheduler, wish, false).await?;
    Ok(UpdateScheduleOutput { schedule_arn: arn })
}

async fn put(ctx: &Ctx, scheduler: &Scheduler, wish: Wish, is_new: bool) -> Result<(), SchedulerError> {
    let (now, waker) = (ctx.now(), scheduler.waker.clone());
    scheduler
        .store
        .write(move |tx| {
            let Wish { key, description, enabled, asked, delete_when_done, kms_key, target, client_token } = wish;
            let group = (key.0.clone(), key.1.clone(), key.2.clone());
            if group::find(tx, &group)?.is_none() {
                return Err(SchedulerError::NoGroup(key.2));
            }
            let known = tx.get(SCHEDULES, &key)?;
            match (&known, is_new) {
                (Some(known), true) => {
                    let again = client_token.is_some() && known.client_token == client_token;
                    return if again { Ok(()) } else { Err(SchedulerError::ScheduleExists(key.3)) };
                }
                (None, false) => return Err(SchedulerError::NoSchedule(key.3)),
                _ => {}
            }
            let timing = Timing::parse(asked, known.as_ref().map(|known| &known.timing), now)?;
            // What stays as it was goes on: the time that comes next included.
            let goes_on = known.as_ref().filter(|known| known.timing == timing && known.enabled);
            let next = match goes_on {
                Some(known) => known.next,
                None => timing.first(now),
            };
            let schedule = Schedule {
                created: known.map_or(now, |known| known.created),
                modified: now,
                description,
                enabled,
                timing,
                delete_when_done,
                kms_key,
                target,
                client_token,
                next: next.filter(|_| enabled),
            };
            tx.put(SCHEDULES, &key, &schedule)?;
            tx.on_commit(move || waker.wake());
            Ok(())
        })
        .await
}

/// GetSchedule.
pub async fn get(
    ctx: &Ctx,
    scheduler: &Scheduler,
    input: GetScheduleInput,
) -> Result<GetScheduleOutput, SchedulerError> {
    let key = key(ctx, input.group_name, input.name);
    let schedule = scheduler.store.read(|tx| tx.get(SCHEDULES, &key))?;
    let schedule = schedule.ok_or_else(|| SchedulerError::NoSchedule(key.3.clone()))?;
    let timing = schedule.timing;
    let window = match timing.window_minutes {
        None => FlexibleTimeWindow { mode: FlexibleTimeWindowMode::Off, maximum_window_in_minutes: None },
        Some(minutes) => FlexibleTimeWindow {
            mode: FlexibleTimeWindowMode::Flexible,
            maximum_window_in_minutes: Some(minutes.cast_signed()),
        },
    };
    let after = if schedule.delete_when_done { ActionAfterCompletion::Delete } else { ActionAfterCompletion::None };
    Ok(GetScheduleOutput {
        arn: Some(schedule_arn(ctx, &key.2, &key.3).to_string()),
        group_name: Some(key.2),
        name: Some(key.3),
        schedule_expression: Some(timing.expression),
        start_date: timing.start,
        end_date: timing.end,
        description: schedule.description,
        schedule_expression_timezone: Some(timing.zone.unwrap_or_else(|| "UTC".to_owned())),
        state: Some(state(schedule.enabled)),
        creation_date: Some(schedule.created),
        last_modification_date: Some(schedule.modified),
        kms_key_arn: schedule.kms_key,
        target: Some(schedule.target.show()),
        flexible_time_window: Some(window),
        action_after_completion: Some(after),
    })
}

fn state(enabled: bool) -> ScheduleState {
    if enabled { ScheduleState::Enabled } else { ScheduleState::Disabled }
}

/// DeleteSchedule. What has fired already is delivered all the same.
pub async fn delete(
    ctx: &Ctx,
    scheduler: &Scheduler,
    input: DeleteScheduleInput,
) -> Result<DeleteScheduleOutput, SchedulerError> {
    let key = key(ctx, input.group_name, input.name);
    scheduler
        .store
        .write(move |tx| match tx.delete(SCHEDULES, &key)? {
            Some(_) => Ok(()),
            None => Err(SchedulerError::NoSchedule(key.3)),
        })
        .await?;
    Ok(DeleteScheduleOutput {})
}

/// ListSchedules.
pub async fn list(
    ctx: &Ctx,
    scheduler: &Scheduler,
    input: ListSchedulesInput,
) -> Result<ListSchedulesOutput, SchedulerError> {
    let size_max = input.max_results.unwrap_or(PAGE).unsigned_abs() as usize;
    let (account, region) = (ctx.account.as_str(), ctx.region.as_str());
    let prefix = input.name_prefix.unwrap_or_default();
    let scope = format!("ListSchedules {:?} {prefix} {:?}", input.group_name, input.state);
    let mut span = match &input.group_name {
        Some(group) => Span::starting((account, region, group.as_str()), &prefix),
        None => Span::under((account, region)),
    };
    if let Some(last) = cursor(ctx, &scope, input.next_token.as_deref())? {
        let (group, name) = last.split_once('/').ok_or_else(|| SchedulerError::validation("Invalid NextToken."))?;
        span = span.after(&(account, region, group, name));
    }
    let rows = scheduler.store.read(|tx| {
        if let Some(group) = &input.group_name
            && group::find(tx, &(account.to_owned(), region.to_owned(), group.clone()))?.is_none()
        {
            return Err(SchedulerError::NoGroup(group.clone()));
        }
        let wanted = |key: &ScheduleKey, schedule: &Schedule| {
            key.3.starts_with(&prefix) && input.state.is_none_or(|wanted| wanted == state(schedule.enabled))
        };
        let rows = tx.scan(SCHEDULES, span);
        let rows = rows.filter(|row| row.as_ref().map_or(true, |(key, schedule)| wanted(key, schedule)));
        Ok(rows.take(size_max + 1).collect::<Result<Vec<_>, _>>()?)
    })?;
    let (rows, last) = cut(rows, size_max, |((_, _, group, name), _)| format!("{group}/{name}"));
    let schedules = rows.into_iter().map(|((_, _, group, name), schedule)| ScheduleSummary {
        arn: Some(schedule_arn(ctx, &group, &name).to_string()),
        name: Some(name),
        group_name: Some(group),
        state: Some(state(schedule.enabled)),
        creation_date: Some(schedule.created),
        last_modification_date: Some(schedule.modified),
        target: Some(TargetSummary { arn: schedule.target.arn }),
    });
    Ok(ListSchedulesOutput {
        schedules: schedules.collect(),
        next_token: last.map(|last| ctx.page_token(&scope, &last)),
    })
}
