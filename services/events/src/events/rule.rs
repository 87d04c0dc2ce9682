//! Rules: which events, or which times, reach targets.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html>

use haar_platform::aws::events as aws;
use haar_platform::kernel::{Access, Arn, Ctx, Fault, Timestamp};
use haar_platform::pattern::Pattern;
use haar_platform::schedule::{Schedule, Zone};
use haar_platform::store::{Read, Span, Tx};

use super::Events;
use super::access;
use super::bus;
use super::error::Error;
use super::model::{BY_TARGET, RULES, Rule, State};
use super::paging::{self, Page};
use super::place::BusPlace;
use super::router::Changed;
use super::tag;

/// Rules of a bus.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html>
const RULES_MAX: u64 = 300;

/// A rule that must exist, on a bus that must exist.
pub fn find(read: &impl Read, place: &BusPlace, name: &str) -> Result<Rule, Error> {
    bus::find(read, place)?;
    let rule = read.get(RULES, &place.rule_key(name))?;
    rule.ok_or_else(|| Error::NotFound(format!("Rule {name} does not exist on EventBus {}.", place.name)))
}

/// When a rule is due next; never, unless it is enabled and has a schedule. Rates count from `since`.
pub fn due(rule: &Rule, since: Timestamp, now: Timestamp) -> Option<Timestamp> {
    if rule.state == State::Disabled {
        return None;
    }
    match parse_schedule(rule.schedule.as_deref()?)? {
        Schedule::Rate(rate) => Some(rate.after(now, since)),
        other => other.after(now, since, &Zone::UTC),
    }
}

fn parse_schedule(text: &str) -> Option<Schedule> {
    // `at` is known to Scheduler alone.
    Schedule::parse(text).filter(|schedule| !matches!(schedule, Schedule::At(_)))
}

/// The rule to be, with its tags; and its role, which must be passed.
pub fn put_access(ctx: &Ctx, events: &Events, input: &aws::PutRuleRequest) -> Result<Access, Fault> {
    let access = access::rule(ctx, events, input.event_bus_name.as_deref(), &input.name)?;
    let access = access.with_request_tags(tag::pairs(&input.tags));
    Ok(access::passing(access, input.role_arn.as_deref()))
}

/// PutRule. A rule that is there keeps its targets and its tags.
pub async fn put(ctx: &Ctx, events: &Events, input: aws::PutRuleRequest) -> Result<aws::PutRuleResponse, Error> {
    let place = BusPlace::named(ctx, input.event_bus_name.as_deref())?;
    let text = |text: Option<String>| text.filter(|text| !text.is_empty());
    let (pattern, schedule) = (text(input.event_pattern), text(input.schedule_expression));
    if pattern.is_none() && schedule.is_none() {
        return Err(Error::validation("Parameter(s) EventPattern or ScheduleExpression must be specified."));
    }
    if let Some(pattern) = &pattern {
        Pattern::parse(pattern)?;
    }
    if let Some(schedule) = &schedule {
        if !place.is_default() {
            return Err(Error::validation("ScheduleExpression is supported only on the default event bus."));
        }
        if parse_schedule(schedule).is_none() {
            return Err(Error::validation("Parameter ScheduleExpression is not valid."));
        }
    }
    if let Some(role) = &input.role_arn
        && role.parse::<Arn>().is_err()
    {
        return Err(Error::parameter("RoleArn", "Provided Arn is not in correct format."));
    }
    let tags = tag::merge(Vec::new(), input.tags.unwrap_or_default())?;
    let mut rule = Rule {
        pattern,
        schedule,
        state: input.state.map_or(State::Enabled, from_aws),
        description: input.description,
        role_arn: input.role_arn,
        created_by: ctx.account.to_string(),
        tags,
        due: None,
        targets: Vec::new(),
    };
    let (now, name, waker) = (ctx.now(), input.name.clone(), events.schedules.clone());
    let (written, router) = (place.clone(), events.router.clone());
    let put = events.store.write(move |tx| {
        bus::find(tx, &written)?;
        match tx.get(RULES, &written.rule_key(&name))? {
            Some(before) => {
                (rule.targets, rule.tags, rule.created_by) = (before.targets, before.tags, before.created_by);
            }
            None if tx.count_in(RULES, Span::under(written.key()))? >= RULES_MAX => return Err(Error::LimitExceeded),
            None => {}
        }
        rule.due = first_due(&rule, now);
        tx.put(RULES, &written.rule_key(&name), &rule)?;
        tx.on_commit(move || waker.wake());
        router.follow(tx, Changed::Rule(written, name));
        Ok(())
    });
    put.await?;
    Ok(aws::PutRuleResponse { rule_arn: Some(place.rule_arn(&input.name).to_string()) })
}

/// A rate begins with its first interval.
fn first_due(rule: &Rule, now: Timestamp) -> Option<Timestamp> {
    due(rule, now, now)
}

/// DeleteRule. One that is not there is no error.
pub async fn delete(ctx: &Ctx, events: &Events, input: aws::DeleteRuleRequest) -> Result<(), Error> {
    let place = BusPlace::named(ctx, input.event_bus_name.as_deref())?;
    let router = events.router.clone();
    let delete = events.store.write(move |tx| {
        bus::find(tx, &place)?;
        let rule = tx.delete(RULES, &place.rule_key(&input.name))?;
        if rule.is_some_and(|rule| !rule.targets.is_empty()) {
            return Err(Error::validation("Rule can't be deleted since it has targets."));
        }
        router.follow(tx, Changed::Rule(place, input.name));
        Ok(())
    });
    delete.await
}

/// DescribeRule.
pub async fn describe(
    ctx: &Ctx,
    events: &Events,
    input: aws::DescribeRuleRequest,
) -> Result<aws::DescribeRuleResponse, Error> {
    let place = BusPlace::named(ctx, input.event_bus_name.as_deref())?;
    let rule = events.store.read(|tx| find(tx, &place, &input.name))?;
    Ok(aws::DescribeRuleResponse {
        arn: Some(place.rule_arn(&input.name).to_string()),
        name: Some(input.name),
        event_pattern: rule.pattern,
        schedule_expression: rule.schedule,
        state: Some(to_aws(rule.state)),
        description: rule.description,
        role_arn: rule.role_arn,
        managed_by: None,
        event_bus_name: Some(place.name),
        created_by: Some(rule.created_by),
    })
}

/// EnableRule. A schedule begins anew.
pub async fn enable(ctx: &Ctx, events: &Events, input: aws::EnableRuleRequest) -> Result<(), Error> {
    switch(ctx, events, input.event_bus_name.as_deref(), input.name, State::Enabled).await
}

/// DisableRule.
pub async fn disable(ctx: &Ctx, events: &Events, input: aws::DisableRuleRequest) -> Result<(), Error> {
    switch(ctx, events, input.event_bus_name.as_deref(), input.name, State::Disabled).await
}

async fn switch(ctx: &Ctx, events: &Events, bus: Option<&str>, name: String, state: State) -> Result<(), Error> {
    let place = BusPlace::named(ctx, bus)?;
    let (now, waker) = (ctx.now(), events.schedules.clone());
    change(events, &place, &name, move |tx, rule| {
        let was_off = rule.state == State::Disabled;
        // A rule that also hears of management events goes on hearing of them.
        if was_off || state == State::Disabled {
            rule.state = state;
            rule.due = first_due(rule, now);
            tx.on_commit(move || waker.wake());
        }
        Ok(())
    })
    .await
}

/// Changes a rule that must exist.
pub async fn change<T: Send + 'static>(
    events: &Events,
    place: &BusPlace,
    name: &str,
    change: impl FnOnce(&mut Tx, &mut Rule) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let (place, name, router) = (place.clone(), name.to_owned(), events.router.clone());
    events
        .store
        .write(move |tx| {
            let mut rule = find(tx, &place, &name)?;
            let answer = change(tx, &mut rule)?;
            tx.put(RULES, &place.rule_key(&name), &rule)?;
            router.follow(tx, Changed::Rule(place, name));
            Ok(answer)
        })
        .await
}

/// ListRules.
pub async fn list(ctx: &Ctx, events: &Events, input: aws::ListRulesRequest) -> Result<aws::ListRulesResponse, Error> {
    let place = BusPlace::named(ctx, input.event_bus_name.as_deref())?;
    let prefix = input.name_prefix.unwrap_or_default();
    let rules = events.store.read(|tx| {
        bus::find(tx, &place)?;
        let rows = tx.scan(RULES, Span::starting(place.key(), &prefix));
        rows.map(|row| Ok(row.map(|((_, _, _, name), rule)| (name, rule))?)).collect::<Result<Vec<_>, Error>>()
    })?;
    let Page { items, next } = paging::cut(ctx, "rules", input.next_token, input.limit, rules, |(name, _)| name)?;
    let rules = items.into_iter().map(|(name, rule)| aws::Rule {
        arn: Some(place.rule_arn(&name).to_string()),
        name: Some(name),
        event_pattern: rule.pattern,
        state: Some(to_aws(rule.state)),
        description: rule.description,
        schedule_expression: rule.schedule,
        role_arn: rule.role_arn,
        managed_by: None,
        event_bus_name: Some(place.name.clone()),
    });
    Ok(aws::ListRulesResponse { rules: Some(rules.collect()), next_token: next })
}

/// ListRuleNamesByTarget.
pub async fn names_by_target(
    ctx: &Ctx,
    events: &Events,
    input: aws::ListRuleNamesByTargetRequest,
) -> Result<aws::ListRuleNamesByTargetResponse, Error> {
    let place = BusPlace::named(ctx, input.event_bus_name.as_deref())?;
    let mut names = events.store.read(|tx| {
        bus::find(tx, &place)?;
        let (account, region, bus) = place.key();
        let keys = tx.scan_index_keys(BY_TARGET, Span::under((account, region, bus, input.target_arn.as_str())));
        keys.map(|key| Ok(key?.1.3)).collect::<Result<Vec<_>, Error>>()
    })?;
    names.dedup();
    let scope = "rule names";
    let Page { items, next } = paging::cut(ctx, scope, input.next_token, input.limit, names, String::as_str)?;
    Ok(aws::ListRuleNamesByTargetResponse { rule_names: Some(items), next_token: next })
}

fn from_aws(state: aws::RuleState) -> State {
    match state {
        aws::RuleState::Disabled => State::Disabled,
        aws::RuleState::EnabledWithAllCloudtrailManagementEvents => State::EnabledWithManagementEvents,
        _ => State::Enabled,
    }
}

fn to_aws(state: State) -> aws::RuleState {
    match state {
        State::Enabled => aws::RuleState::Enabled,
        State::Disabled => aws::RuleState::Disabled,
        State::EnabledWithManagementEvents => aws::RuleState::EnabledWithAllCloudtrailManagementEvents,
    }
}
