//! Groups, streams, retention, tags.

use std::time::Duration;

use super::*;

async fn names(house: &TestHouse, input: aws::DescribeLogGroupsRequest) -> Vec<String> {
    let answer = house.call::<aws::DescribeLogGroups>(input).await.unwrap();
    answer.log_groups.unwrap().into_iter().filter_map(|group| group.log_group_name).collect()
}

#[tokio::test]
async fn a_group_is_made_once_and_described() {
    let (house, _) = open();
    create(&house, GROUP, &[]).await;
    let again = aws::CreateLogGroupRequest { log_group_name: GROUP.into(), ..Default::default() };
    let fault = house.call::<aws::CreateLogGroup>(again).await.unwrap_err();
    assert_eq!(
        (&*fault.name, &*fault.message),
        ("ResourceAlreadyExistsException", "The specified log group already exists")
    );
    let answer = house.call::<aws::DescribeLogGroups>(Default::default()).await.unwrap();
    let group = answer.log_groups.unwrap().remove(0);
    assert_eq!(group.arn.as_deref(), Some("arn:aws:logs:us-east-1:000000000000:log-group:/app:*"));
    assert_eq!(group.log_group_arn.as_deref(), Some("arn:aws:logs:us-east-1:000000000000:log-group:/app"));
    assert_eq!((group.creation_time, group.stored_bytes, group.metric_filter_count), (Some(NOW), Some(0), Some(0)));
    assert_eq!(group.log_group_class, Some(aws::LogGroupClass::Standard));
}

#[tokio::test]
async fn groups_are_listed_by_prefix_pattern_and_page() {
    let (house, _) = open();
    for name in ["/aws/lambda/a", "/aws/lambda/b", "/web"] {
        create(&house, name, &[]).await;
    }
    let by_prefix = aws::DescribeLogGroupsRequest { log_group_name_prefix: Some("/aws".into()), ..Default::default() };
    assert_eq!(names(&house, by_prefix).await, ["/aws/lambda/a", "/aws/lambda/b"]);
    let by_pattern =
        aws::DescribeLogGroupsRequest { log_group_name_pattern: Some("LAMBDA/B".into()), ..Default::default() };
    assert_eq!(names(&house, by_pattern).await, ["/aws/lambda/b"]);
    let mut input = aws::DescribeLogGroupsRequest { limit: Some(2), ..Default::default() };
    let first = house.call::<aws::DescribeLogGroups>(input.clone()).await.unwrap();
    assert_eq!(first.log_groups.unwrap().len(), 2);
    input.next_token = first.next_token;
    assert_eq!(names(&house, input).await, ["/web"]);
    let list = aws::ListLogGroupsRequest { log_group_name_pattern: Some("^/web|bda/a".into()), ..Default::default() };
    let found = house.call::<aws::ListLogGroups>(list).await.unwrap().log_groups.unwrap();
    assert_eq!(found.len(), 2);
}

#[tokio::test]
async fn what_groups_cannot_be_is_refused_by_name() {
    let (house, _) = open();
    let kms = aws::CreateLogGroupRequest {
        log_group_name: GROUP.into(),
        kms_key_id: Some("arn:aws:kms:us-east-1:000000000000:key/1".into()),
        ..Default::default()
    };
    assert!(house.call::<aws::CreateLogGroup>(kms).await.unwrap_err().is_not_served());
    let delivery = aws::CreateLogGroupRequest {
        log_group_name: GROUP.into(),
        log_group_class: Some(aws::LogGroupClass::Delivery),
        ..Default::default()
    };
    assert!(house.call::<aws::CreateLogGroup>(delivery).await.unwrap_err().is_not_served());
    let protected = aws::CreateLogGroupRequest {
        log_group_name: GROUP.into(),
        deletion_protection_enabled: Some(true),
        ..Default::default()
    };
    house.call::<aws::CreateLogGroup>(protected).await.unwrap();
    let delete = aws::DeleteLogGroupRequest { log_group_name: GROUP.into() };
    assert_eq!(house.call::<aws::DeleteLogGroup>(delete).await.unwrap_err().name, "ValidationException");
}

#[tokio::test]
async fn a_deleted_group_leaves_nothing_to_its_successor() {
    let (house, _) = with_streams(&[STREAM]).await;
    put(&house, STREAM, &[(NOW, "old")]).await;
    let delete = aws::DeleteLogGroupRequest { log_group_name: GROUP.into() };
    house.call::<aws::DeleteLogGroup>(delete.clone()).await.unwrap();
    let fault = house.call::<aws::DeleteLogGroup>(delete).await.unwrap_err();
    assert_eq!(
        (&*fault.name, &*fault.message),
        ("ResourceNotFoundException", "The specified log group does not exist.")
    );
    create(&house, GROUP, &[STREAM]).await;
    let input = aws::FilterLogEventsRequest { log_group_name: Some(GROUP.into()), ..Default::default() };
    assert!(house.call::<aws::FilterLogEvents>(input).await.unwrap().events.unwrap().is_empty());
}

#[tokio::test]
async fn streams_are_ordered_by_name_or_by_last_event() {
    let (house, _) = with_streams(&["a", "b", "c"]).await;
    put(&house, "a", &[(NOW, "1")]).await;
    put(&house, "c", &[(NOW - 10, "1")]).await;
    let names = |answer: aws::DescribeLogStreamsResponse| {
        let streams = answer.log_streams.unwrap().into_iter();
        streams.filter_map(|stream| stream.log_stream_name).collect::<Vec<_>>()
    };
    let mut input = aws::DescribeLogStreamsRequest {
        log_group_identifier: Some(format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}")),
        ..Default::default()
    };
    assert_eq!(names(house.call::<aws::DescribeLogStreams>(input.clone()).await.unwrap()), ["a", "b", "c"]);
    input.order_by = Some(aws::OrderBy::LastEventTime);
    input.descending = Some(true);
    input.limit = Some(2);
    let first = house.call::<aws::DescribeLogStreams>(input.clone()).await.unwrap();
    input.next_token = first.next_token.clone();
    let stream = first.log_streams.as_ref().unwrap()[0].clone();
    assert_eq!((stream.first_event_timestamp, stream.last_ingestion_time), (Some(NOW), Some(NOW)));
    assert_eq!(stream.arn.as_deref(), Some("arn:aws:logs:us-east-1:000000000000:log-group:/app:log-stream:a"));
    assert_eq!(names(first), ["a", "c"]);
    assert_eq!(names(house.call::<aws::DescribeLogStreams>(input.clone()).await.unwrap()), ["b"]);
    input.log_stream_name_prefix = Some("a".into());
    let fault = house.call::<aws::DescribeLogStreams>(input).await.unwrap_err();
    assert_eq!(fault.message, "Cannot order by LastEventTime with a logStreamNamePrefix.");
    let again = aws::CreateLogStreamRequest { log_group_name: GROUP.into(), log_stream_name: "a".into() };
    let fault = house.call::<aws::CreateLogStream>(again).await.unwrap_err();
    assert_eq!(fault.message, "The specified log stream already exists");
}

#[tokio::test]
async fn events_expire_by_the_clock() {
    let (house, _) = with_streams(&[STREAM]).await;
    put(&house, STREAM, &[(NOW - 1000, "old")]).await;
    let wrong = aws::PutRetentionPolicyRequest { log_group_name: GROUP.into(), retention_in_days: 2 };
    assert_eq!(house.call::<aws::PutRetentionPolicy>(wrong).await.unwrap_err().name, "InvalidParameterException");
    let week = aws::PutRetentionPolicyRequest { log_group_name: GROUP.into(), retention_in_days: 7 };
    house.call::<aws::PutRetentionPolicy>(week).await.unwrap();
    let stored = async || {
        let answer = house.call::<aws::DescribeLogGroups>(Default::default()).await.unwrap();
        answer.log_groups.unwrap()[0].stored_bytes.unwrap()
    };
    house.advance(Duration::from_secs(6 * 86_400)).await;
    put(&house, STREAM, &[(NOW + 6 * 86_400_000, "new")]).await;
    let full = stored().await;
    house.advance(Duration::from_secs(30 * 3600)).await;
    let input = aws::FilterLogEventsRequest { log_group_name: Some(GROUP.into()), ..Default::default() };
    let events = house.call::<aws::FilterLogEvents>(input.clone()).await.unwrap().events.unwrap();
    assert_eq!(events.len(), 1);
    assert!(stored().await < full, "the bytes are gone, too");
    house.advance(Duration::from_secs(30 * 86_400)).await;
    assert_eq!(stored().await, 0);
}

#[tokio::test]
async fn tags_are_the_same_over_both_apis() {
    let (house, _) = open();
    create(&house, GROUP, &[]).await;
    let arn = format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}");
    let tags = [("team".to_owned(), "data".to_owned()), ("stage".to_owned(), "dev".to_owned())];
    let input = aws::TagResourceRequest { resource_arn: arn.clone(), tags: tags.into() };
    house.call::<aws::TagResource>(input).await.unwrap();
    let untag = aws::UntagLogGroupRequest { log_group_name: GROUP.into(), tags: vec!["stage".into()] };
    house.call::<aws::UntagLogGroup>(untag).await.unwrap();
    let old = house.call::<aws::ListTagsLogGroup>(aws::ListTagsLogGroupRequest { log_group_name: GROUP.into() }).await;
    let new = house.call::<aws::ListTagsForResource>(aws::ListTagsForResourceRequest { resource_arn: arn }).await;
    assert_eq!(old.unwrap().tags, new.as_ref().unwrap().tags.clone());
    assert_eq!(new.unwrap().tags.unwrap().into_iter().collect::<Vec<_>>(), [("team".to_owned(), "data".to_owned())]);
}
