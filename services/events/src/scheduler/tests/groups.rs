//! Schedule groups and their tags.

use super::*;

#[tokio::test]
async fn the_default_group_is_there_and_stays() {
    let bench = Bench::open();
    let get = |name: &str| bench.house.call::<GetScheduleGroup>(GetScheduleGroupInput { name: name.into() });
    let group = get("default").await.unwrap();
    assert_eq!(group.arn, Some(format!("arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule-group/default")));
    assert_eq!(group.state, Some(ScheduleGroupState::Active));
    let input = DeleteScheduleGroupInput { name: "default".into(), client_token: None };
    assert_eq!(bench.house.call::<DeleteScheduleGroup>(input).await.unwrap_err().name, "ValidationException");
    refused(get("g").await, "ResourceNotFoundException", "Schedule group g does not exist.");
}

#[tokio::test]
async fn a_group_takes_its_schedules_along() {
    let bench = Bench::open();
    let queue = bench.queue("q").await;
    let group = || CreateScheduleGroupInput { name: "g".into(), ..Default::default() };
    bench.house.call::<CreateScheduleGroup>(group()).await.unwrap();
    refused(
        bench.house.call::<CreateScheduleGroup>(group()).await,
        "ConflictException",
        "Schedule group g already exists.",
    );
    let list = ListScheduleGroupsInput::default();
    let names: Vec<_> = bench.house.call::<ListScheduleGroups>(list).await.unwrap().schedule_groups;
    assert_eq!(names.into_iter().map(|group| group.name.unwrap()).collect::<Vec<_>>(), ["default", "g"]);
    let input = schedule("a", "cron(0 * * * ? *)", target(&queue, "x"));
    bench.create(CreateScheduleInput { group_name: Some("g".into()), ..input }).await;
    let input = DeleteScheduleGroupInput { name: "g".into(), client_token: None };
    bench.house.call::<DeleteScheduleGroup>(input).await.unwrap();
    bench.advance(7200).await;
    assert!(bench.bodies(&queue).await.is_empty());
}

#[tokio::test]
async fn groups_have_tags() {
    let bench = Bench::open();
    let tag = |key: &str, value: &str| Tag { key: key.into(), value: value.into() };
    let input = CreateScheduleGroupInput { name: "g".into(), tags: Some(vec![tag("a", "1")]), ..Default::default() };
    let arn = bench.house.call::<CreateScheduleGroup>(input).await.unwrap().schedule_group_arn;
    let input = TagResourceInput { resource_arn: arn.clone(), tags: vec![tag("b", "2")] };
    bench.house.call::<TagResource>(input).await.unwrap();
    let input = UntagResourceInput { resource_arn: arn.clone(), tag_keys: vec!["a".into()] };
    bench.house.call::<UntagResource>(input).await.unwrap();
    let input = ListTagsForResourceInput { resource_arn: arn };
    let tags = bench.house.call::<ListTagsForResource>(input).await.unwrap().tags.unwrap();
    assert_eq!(tags.iter().map(|tag| (&*tag.key, &*tag.value)).collect::<Vec<_>>(), [("b", "2")]);
}
