//! Schedules come, change, are listed, and go.

use super::*;

#[tokio::test]
async fn a_schedule_is_shown_as_it_was_made() {
    let bench = Bench::open();
    let queue = bench.queue("q").await;
    let input = CreateScheduleInput {
        description: Some("tells the time".into()),
        schedule_expression_timezone: Some("Europe/Berlin".into()),
        ..schedule("clock", "cron(0 12 ? * MON-FRI *)", target(&queue, "noon"))
    };
    let arn = bench.create(input).await;
    assert_eq!(arn, format!("arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule/default/clock"));
    let shown = bench.get("clock").await.unwrap();
    assert_eq!(shown.arn.as_deref(), Some(&*arn));
    assert_eq!(shown.group_name.as_deref(), Some("default"));
    assert_eq!(shown.schedule_expression_timezone.as_deref(), Some("Europe/Berlin"));
    assert_eq!(shown.state, Some(ScheduleState::Enabled));
    assert_eq!(shown.action_after_completion, Some(ActionAfterCompletion::None));
    let target = shown.target.unwrap();
    assert_eq!(target.retry_policy.unwrap().maximum_retry_attempts, Some(185));
    assert_eq!(target.input.as_deref(), Some("noon"));
}

#[tokio::test]
async fn the_same_token_is_the_same_call() {
    let bench = Bench::open();
    let queue = bench.queue("q").await;
    let with_token = |token: &str| CreateScheduleInput {
        client_token: Some(token.into()),
        ..schedule("a", "rate(1 hour)", target(&queue, "x"))
    };
    let arn = bench.create(with_token("one")).await;
    assert_eq!(bench.create(with_token("one")).await, arn);
    refused(bench.try_create(with_token("two")).await, "ConflictException", "Schedule a already exists.");
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    let bench = Bench::open();
    let queue = bench.queue("q").await;
    let base = || schedule("a", "rate(1 hour)", target(&queue, "x"));
    let validation = "ValidationException";
    let input = CreateScheduleInput { schedule_expression: "rate(1 hours)".into(), ..base() };
    refused(bench.try_create(input).await, validation, "Invalid Schedule Expression rate(1 hours).");
    let zone = Some("Europe/Atlantis".into());
    let input = CreateScheduleInput { schedule_expression_timezone: zone, ..base() };
    assert_eq!(bench.try_create(input).await.unwrap_err().name, validation);
    let input = CreateScheduleInput {
        start_date: Some(at("2026-01-03T00:00:00Z")),
        end_date: Some(at("2026-01-02T00:00:00Z")),
        ..base()
    };
    refused(bench.try_create(input).await, validation, "The StartDate you specify must come before the EndDate.");
    let input = CreateScheduleInput { start_date: Some(at("2025-12-31T00:00:00Z")), ..base() };
    refused(
        bench.try_create(input).await,
        validation,
        "The StartDate you specify cannot be earlier than 5 minutes ago.",
    );
    let window = FlexibleTimeWindow { mode: FlexibleTimeWindowMode::Flexible, maximum_window_in_minutes: None };
    let input = CreateScheduleInput { flexible_time_window: window, ..base() };
    assert_eq!(bench.try_create(input).await.unwrap_err().name, validation);
    let input = CreateScheduleInput { group_name: Some("g".into()), ..base() };
    refused(bench.try_create(input).await, "ResourceNotFoundException", "Schedule group g does not exist.");
    for arn in ["arn:aws:ecs:us-east-1:000000000000:cluster/c", "arn:aws:scheduler:::aws-sdk:ec2:stopInstances"] {
        let fault = bench.try_create(schedule("a", "rate(1 hour)", target(arn, "{}"))).await.unwrap_err();
        assert!(fault.is_not_served(), "{arn}");
    }
    let reading = target("arn:aws:scheduler:::aws-sdk:sqs:receiveMessage", "{}");
    let fault = bench.try_create(schedule("a", "rate(1 hour)", reading)).await.unwrap_err();
    assert_eq!(fault.name, validation);
    refused(bench.get("a").await, "ResourceNotFoundException", "Schedule a does not exist.");
}

#[tokio::test]
async fn an_update_says_all_anew() {
    let bench = Bench::open();
    let queue = bench.queue("q").await;
    let input = schedule("a", "cron(0 * * * ? *)", target(&queue, "x"));
    bench.create(CreateScheduleInput { description: Some("old".into()), ..input }).await;
    let input = UpdateScheduleInput {
        name: "a".into(),
        schedule_expression: "cron(30 * * * ? *)".into(),
        target: target(&queue, "y"),
        flexible_time_window: FlexibleTimeWindow { mode: FlexibleTimeWindowMode::Off, ..Default::default() },
        ..Default::default()
    };
    bench.house.call::<UpdateSchedule>(input.clone()).await.unwrap();
    assert_eq!(bench.get("a").await.unwrap().description, None);
    bench.advance(3600).await;
    assert_eq!(bench.bodies(&queue).await, ["y"]);
    let missing = bench.house.call::<UpdateSchedule>(UpdateScheduleInput { name: "b".into(), ..input }).await;
    refused(missing, "ResourceNotFoundException", "Schedule b does not exist.");
}

#[tokio::test]
async fn schedules_are_listed_by_group_prefix_and_state() {
    let bench = Bench::open();
    let queue = bench.queue("q").await;
    let group = CreateScheduleGroupInput { name: "g".into(), ..Default::default() };
    bench.house.call::<CreateScheduleGroup>(group).await.unwrap();
    for (group, name, state) in [
        (None, "a1", ScheduleState::Enabled),
        (None, "a2", ScheduleState::Disabled),
        (None, "b1", ScheduleState::Enabled),
        (Some("g".to_owned()), "a3", ScheduleState::Enabled),
    ] {
        let input = schedule(name, "rate(1 day)", target(&queue, "x"));
        bench.create(CreateScheduleInput { group_name: group, state: Some(state), ..input }).await;
    }
    let list = async |input: ListSchedulesInput| {
        let page = bench.house.call::<ListSchedules>(input).await.unwrap();
        let names: Vec<_> = page.schedules.into_iter().map(|summary| summary.name.unwrap()).collect();
        (names.join(" "), page.next_token)
    };
    assert_eq!(list(ListSchedulesInput::default()).await.0, "a1 a2 b1 a3");
    let prefix = Some("a".to_owned());
    let input = ListSchedulesInput { name_prefix: prefix.clone(), ..Default::default() };
    assert_eq!(list(input.clone()).await.0, "a1 a2 a3");
    let state = Some(ScheduleState::Enabled);
    assert_eq!(list(ListSchedulesInput { state, ..input }).await.0, "a1 a3");
    let group_name = Some("g".to_owned());
    assert_eq!(list(ListSchedulesInput { group_name, ..Default::default() }).await.0, "a3");
    let (first, token) = list(ListSchedulesInput { max_results: Some(3), ..Default::default() }).await;
    assert_eq!(first, "a1 a2 b1");
    let next = ListSchedulesInput { max_results: Some(3), next_token: token, ..Default::default() };
    assert_eq!(list(next).await, ("a3".to_owned(), None));
}
