//! Events in and out: the rules of PutLogEvents, pages, patterns, records.

use haar_telemetry::logs::{Point, Pointer};

use super::*;

const DAY: i64 = 86_400_000;

async fn refusal(house: &TestHouse, events: &[(i64, &str)]) -> String {
    let fault = house.call::<aws::PutLogEvents>(batch(GROUP, STREAM, events)).await.unwrap_err();
    assert_eq!(fault.name, "InvalidParameterException");
    fault.message
}

fn messages(events: Option<Vec<aws::OutputLogEvent>>) -> Vec<String> {
    events.unwrap().into_iter().filter_map(|event| event.message).collect()
}

async fn filtered(house: &TestHouse, input: aws::FilterLogEventsRequest) -> Vec<String> {
    let input = aws::FilterLogEventsRequest { log_group_name: Some(GROUP.into()), ..input };
    let events = house.call::<aws::FilterLogEvents>(input).await.unwrap().events.unwrap();
    events.into_iter().filter_map(|event| event.message).collect()
}

#[tokio::test]
async fn a_batch_keeps_the_rules_or_is_refused_whole() {
    let (house, _) = with_streams(&[STREAM]).await;
    assert_eq!(
        refusal(&house, &[(NOW, "b"), (NOW - 1, "a")]).await,
        "Log events in a single PutLogEvents request must be in chronological order."
    );
    assert_eq!(
        refusal(&house, &[(NOW - DAY - 1, "a"), (NOW, "b")]).await,
        "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
    );
    let large = "x".repeat(600_000);
    assert_eq!(
        refusal(&house, &[(NOW, &large), (NOW, &large)]).await,
        "Upload too large: 1200052 bytes exceeds limit of 1048576"
    );
    let larger = "x".repeat(1_048_551);
    assert_eq!(refusal(&house, &[(NOW, &larger)]).await, "Log event too large: 1048577 bytes exceeds limit of 1048576");
    assert!(refusal(&house, &[]).await.starts_with("1 validation error detected: Value '[]' at 'logEvents'"));
    assert!(filtered(&house, Default::default()).await.is_empty());
    for (group, stream, message) in [
        ("/none", STREAM, "The specified log group does not exist."),
        (GROUP, "none", "The specified log stream does not exist."),
    ] {
        let fault = house.call::<aws::PutLogEvents>(batch(group, stream, &[(NOW, "a")])).await.unwrap_err();
        assert_eq!((&*fault.name, &*fault.message), ("ResourceNotFoundException", message));
    }
}

#[tokio::test]
async fn events_too_old_or_too_new_are_named_and_the_others_taken() {
    let (house, _) = with_streams(&[STREAM]).await;
    let old = put(&house, STREAM, &[(NOW - 14 * DAY - 1, "old"), (NOW - 14 * DAY, "taken")]).await;
    let info = old.rejected_log_events_info.unwrap();
    assert_eq!((info.too_old_log_event_end_index, info.too_new_log_event_start_index), (Some(1), None));
    let new = put(&house, STREAM, &[(NOW, "taken"), (NOW + 7_200_000, "taken"), (NOW + 7_200_001, "new")]).await;
    let info = new.rejected_log_events_info.unwrap();
    assert_eq!((info.too_old_log_event_end_index, info.too_new_log_event_start_index), (None, Some(2)));
    assert!(put(&house, STREAM, &[(NOW, "taken")]).await.rejected_log_events_info.is_none());
    assert_eq!(filtered(&house, Default::default()).await, ["taken"; 4]);
    let week = aws::PutRetentionPolicyRequest { log_group_name: GROUP.into(), retention_in_days: 7 };
    house.call::<aws::PutRetentionPolicy>(week).await.unwrap();
    let expired = put(&house, STREAM, &[(NOW - 8 * DAY, "expired")]).await.rejected_log_events_info.unwrap();
    assert_eq!(expired.expired_log_event_end_index, Some(1));
}

#[tokio::test]
async fn a_stream_is_read_in_both_directions_and_tokens_repeat_at_its_ends() {
    let (house, _) = with_streams(&[STREAM]).await;
    let events: Vec<(i64, String)> = (0..10).map(|index| (NOW + index / 2, index.to_string())).collect();
    let events: Vec<(i64, &str)> = events.iter().map(|(time, message)| (*time, message.as_str())).collect();
    put(&house, STREAM, &events).await;
    let input = aws::GetLogEventsRequest {
        log_group_name: Some(GROUP.into()),
        log_stream_name: STREAM.into(),
        limit: Some(4),
        ..Default::default()
    };
    let get = async |token: Option<String>, head: Option<bool>| {
        let input = aws::GetLogEventsRequest { next_token: token, start_from_head: head, ..input.clone() };
        house.call::<aws::GetLogEvents>(input).await.unwrap()
    };
    let newest = get(None, None).await;
    assert_eq!(messages(newest.events), ["6", "7", "8", "9"]);
    let before = get(newest.next_backward_token.clone(), None).await;
    assert_eq!(messages(before.events), ["2", "3", "4", "5"]);
    let oldest = get(before.next_backward_token, None).await;
    assert_eq!(messages(oldest.events), ["0", "1"]);
    let nothing = get(oldest.next_backward_token.clone(), None).await;
    assert_eq!(messages(nothing.events), [""; 0]);
    assert_eq!(nothing.next_backward_token, oldest.next_backward_token);
    assert_eq!(messages(get(nothing.next_forward_token, None).await.events), ["0", "1", "2", "3"]);

    let head = get(None, Some(true)).await;
    assert_eq!(messages(head.events), ["0", "1", "2", "3"]);
    let mut token = head.next_forward_token;
    let mut seen = Vec::new();
    loop {
        let page = get(token.clone(), Some(true)).await;
        if page.next_forward_token == token {
            break;
        }
        seen.extend(messages(page.events));
        token = page.next_forward_token;
    }
    assert_eq!(seen, ["4", "5", "6", "7", "8", "9"]);
    put(&house, STREAM, &[(NOW + 100, "later")]).await;
    assert_eq!(messages(get(token, None).await.events), ["later"]);
    let broken = aws::GetLogEventsRequest { next_token: Some("x".into()), ..input };
    assert_eq!(
        house.call::<aws::GetLogEvents>(broken).await.unwrap_err().message,
        "The specified nextToken is invalid."
    );
}

#[tokio::test]
async fn the_end_of_a_range_belongs_to_filter_and_not_to_get() {
    let (house, _) = with_streams(&[STREAM]).await;
    put(&house, STREAM, &[(NOW, "a"), (NOW + 1, "b"), (NOW + 2, "c")]).await;
    let get = aws::GetLogEventsRequest {
        log_group_name: Some(GROUP.into()),
        log_stream_name: STREAM.into(),
        start_time: Some(NOW),
        end_time: Some(NOW + 1),
        ..Default::default()
    };
    assert_eq!(messages(house.call::<aws::GetLogEvents>(get).await.unwrap().events), ["a"]);
    let filter = aws::FilterLogEventsRequest { start_time: Some(NOW), end_time: Some(NOW + 1), ..Default::default() };
    assert_eq!(filtered(&house, filter).await, ["a", "b"]);
}

#[tokio::test]
async fn events_are_filtered_across_streams_by_pattern_and_page() {
    let (house, _) = with_streams(&["a1", "a2", "b"]).await;
    put(&house, "a1", &[(NOW, "ERROR 1"), (NOW + 2, "INFO 2")]).await;
    put(&house, "a2", &[(NOW + 1, "ERROR 3"), (NOW + 3, "ERROR 4")]).await;
    put(&house, "b", &[(NOW + 1, "ERROR 5")]).await;
    let errors = aws::FilterLogEventsRequest { filter_pattern: Some("ERROR".into()), ..Default::default() };
    assert_eq!(filtered(&house, errors.clone()).await, ["ERROR 1", "ERROR 3", "ERROR 5", "ERROR 4"]);
    let prefixed = aws::FilterLogEventsRequest { log_stream_name_prefix: Some("a".into()), ..errors.clone() };
    assert_eq!(filtered(&house, prefixed).await, ["ERROR 1", "ERROR 3", "ERROR 4"]);
    let named = aws::FilterLogEventsRequest { log_stream_names: Some(vec!["b".into()]), ..errors.clone() };
    assert_eq!(filtered(&house, named).await, ["ERROR 5"]);
    let newest = aws::FilterLogEventsRequest { start_from_head: Some(false), limit: Some(1), ..errors.clone() };
    assert_eq!(filtered(&house, newest).await, ["ERROR 4"]);
    let too_early = aws::FilterLogEventsRequest {
        log_group_name: Some(GROUP.into()),
        start_from_head: Some(false),
        start_time: Some(0),
        ..Default::default()
    };
    assert_eq!(house.call::<aws::FilterLogEvents>(too_early).await.unwrap_err().name, "InvalidParameterException");

    let mut input =
        aws::FilterLogEventsRequest { log_group_name: Some(GROUP.into()), limit: Some(2), ..errors.clone() };
    let first = house.call::<aws::FilterLogEvents>(input.clone()).await.unwrap();
    input.next_token = first.next_token;
    let second = house.call::<aws::FilterLogEvents>(input).await.unwrap();
    assert!(second.next_token.is_none());
    let mut ids: Vec<_> =
        first.events.into_iter().chain(second.events).flatten().filter_map(|event| event.event_id).collect();
    ids.dedup();
    assert_eq!(ids.len(), 4);
    assert!(ids.iter().all(|id| id.len() == 56));

    let broken = aws::FilterLogEventsRequest {
        log_group_name: Some(GROUP.into()),
        filter_pattern: Some("{ $.a".into()),
        ..Default::default()
    };
    assert_eq!(
        house.call::<aws::FilterLogEvents>(broken).await.unwrap_err().message,
        "If a filter pattern starts with '{' it must end with '}'"
    );
}

#[tokio::test]
async fn infrequent_access_has_no_reading_by_events() {
    let (house, _) = open();
    let input = aws::CreateLogGroupRequest {
        log_group_name: GROUP.into(),
        log_group_class: Some(aws::LogGroupClass::InfrequentAccess),
        ..Default::default()
    };
    house.call::<aws::CreateLogGroup>(input).await.unwrap();
    let input = aws::FilterLogEventsRequest { log_group_name: Some(GROUP.into()), ..Default::default() };
    let fault = house.call::<aws::FilterLogEvents>(input).await.unwrap_err();
    assert_eq!(fault.name, "InvalidParameterException");
}

#[tokio::test]
async fn a_record_is_found_by_its_pointer() {
    let (house, _) = with_streams(&[STREAM]).await;
    put(&house, STREAM, &[(NOW, "x"), (NOW, r#"{"user":{"ids":[7,8]},"level":"ERROR"}"#)]).await;
    let pointer = Pointer { group: format!("{ACCOUNT}/{REGION}/{GROUP}"), point: Point { ms: NOW, sequence: 2 } };
    let input = aws::GetLogRecordRequest { log_record_pointer: pointer.to_string(), ..Default::default() };
    let record = house.call::<aws::GetLogRecord>(input).await.unwrap().log_record.unwrap();
    assert_eq!((record["user.ids.1"].as_str(), record["level"].as_str()), ("8", "ERROR"));
    assert_eq!((record["@logStream"].as_str(), record["@log"].as_str()), (STREAM, "000000000000:/app"));
    let input = aws::GetLogRecordRequest { log_record_pointer: "nonsense".into(), ..Default::default() };
    assert_eq!(house.call::<aws::GetLogRecord>(input).await.unwrap_err().name, "InvalidParameterException");
}

#[tokio::test]
async fn reading_is_the_same_after_sealing() {
    let (house, _) = with_streams(&[STREAM]).await;
    put(&house, STREAM, &[(NOW, "a"), (NOW + 1, "b")]).await;
    house.advance(std::time::Duration::from_secs(3600)).await;
    let stats = house.platform.store.stats().await.unwrap();
    let rows = |name: &str| stats.tables.iter().find(|table| table.name == name).map_or(0, |table| table.rows);
    assert_eq!((rows("logstore.batches"), rows("logstore.segments")), (0, 1));
    assert_eq!(filtered(&house, Default::default()).await, ["a", "b"]);
    assert!(house.platform.store.check(super::super::tables()).await.unwrap().problems.is_empty());
}
