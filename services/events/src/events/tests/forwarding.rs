//! Event buses as targets: of the same account, of others, and of those who are no rules.

use haar_platform::aws::events as aws;
use haar_platform::kernel::ctx::Origin;
use haar_platform::kernel::{Ctx, Delivery, Region};

use super::*;

#[tokio::test]
async fn events_go_on_to_another_bus_and_no_further() {
    let house = open();
    for name in ["second", "third"] {
        let input = aws::CreateEventBusRequest { name: name.into(), ..Default::default() };
        house.call::<aws::CreateEventBus>(input).await.unwrap();
    }
    let dead = queue(&house, "dead").await;
    let bus = |name: &str| format!("arn:aws:events:us-east-1:000000000000:event-bus/{name}");
    rule(&house, "r", MINE, target("t", &bus("second"))).await;
    let arn = queue(&house, "q").await;
    for (from, targets) in [(
        "second",
        vec![
            target("q", &arn),
            Target {
                dead_letter_config: Some(aws::DeadLetterConfig { arn: Some(dead) }),
                ..target("on", &bus("third"))
            },
        ],
    )] {
        let on = Some(from.to_owned());
        house.call::<aws::PutRule>(PutRuleRequest { event_bus_name: on.clone(), ..pattern("r", MINE) }).await.unwrap();
        let input = aws::PutTargetsRequest { rule: "r".into(), event_bus_name: on, targets };
        house.call::<aws::PutTargets>(input).await.unwrap();
    }
    let id = put(&house, json!({"n": 1})).await;
    let events = bodies(&house, "q").await;
    assert_eq!((events.len(), &events[0]["id"]), (1, &json!(id)));
    let letters = received(&house, "dead").await;
    let attributes = letters[0].message_attributes.as_ref().unwrap();
    assert_eq!(attributes["ERROR_CODE"].string_value.as_deref(), Some("THIRD_ACCOUNT_HOP_DETECTED"));
}

#[tokio::test]
async fn a_bus_of_another_account_and_region_takes_events_if_its_policy_says_so() {
    let house = open();
    let (other, there) = (house.root("111111111111"), "eu-west-1");
    let bus = "arn:aws:events:eu-west-1:111111111111:event-bus/default";
    let dead = queue(&house, "dead").await;
    let dead_letter_config = Some(aws::DeadLetterConfig { arn: Some(dead) });
    rule(&house, "r", MINE, Target { dead_letter_config, ..target("t", bus) }).await;
    // A queue there, which only its own account's EventBridge may send to.
    let arn = "arn:aws:sqs:eu-west-1:111111111111:q";
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:events:eu-west-1:111111111111:rule/r"}},
    }]});
    let attributes = Some([("Policy".to_owned(), policy.to_string())].into());
    let input = CreateQueueRequest { queue_name: "q".into(), attributes, ..Default::default() };
    house.call_as::<CreateQueue>(&other, there, input).await.unwrap();
    house.call_as::<aws::PutRule>(&other, there, pattern("r", MINE)).await.unwrap();
    let targets = aws::PutTargetsRequest { rule: "r".into(), event_bus_name: None, targets: vec![target("q", arn)] };
    house.call_as::<aws::PutTargets>(&other, there, targets).await.unwrap();

    put(&house, json!({"n": 1})).await;
    let letters = received(&house, "dead").await;
    let attributes = letters[0].message_attributes.as_ref().unwrap();
    assert_eq!(attributes["ERROR_CODE"].string_value.as_deref(), Some("NO_PERMISSIONS"));

    let friends = aws::PutPermissionRequest {
        action: Some("events:PutEvents".into()),
        principal: Some("000000000000".into()),
        statement_id: Some("friends".into()),
        ..Default::default()
    };
    house.call_as::<aws::PutPermission>(&other, there, friends).await.unwrap();
    let id = put(&house, json!({"n": 2})).await;
    let input = ReceiveMessageRequest {
        queue_url: "http://localhost:4566/111111111111/q".into(),
        max_number_of_messages: Some(10),
        ..Default::default()
    };
    let messages = house.call_as::<ReceiveMessage>(&other, there, input).await.unwrap().messages.unwrap();
    let event: Value = serde_json::from_str(messages[0].body.as_deref().unwrap()).unwrap();
    assert_eq!((&event["id"], &event["account"]), (&json!(id), &json!("000000000000")));
    assert_eq!((&event["region"], messages.len()), (&json!("us-east-1"), 1));
}

#[tokio::test]
async fn a_delivery_to_a_bus_says_where_it_comes_from() {
    let house = open();
    let arn = queue(&house, "q").await;
    rule(&house, "r", r#"{"source":["lambda"]}"#, target("t", &arn)).await;
    let root = house.root("000000000000");
    let ctx = Ctx::new(
        house.platform.house.clone(),
        root.clone(),
        Region::parse("us-east-1").unwrap(),
        Origin::internal("test").into(),
    );
    let bus = "arn:aws:events:us-east-1:000000000000:event-bus/default".parse().unwrap();
    let mut delivery = Delivery::new(bus, "{\"version\":\"1.0\"}", "id");
    delivery.parameters = json!({
        "EventBridgeParameters": {
            "Source": "lambda",
            "DetailType": "Lambda Function Invocation Result - Success",
        },
        "Resources": ["arn:aws:lambda:us-east-1:000000000000:function:f"],
    });
    ctx.deliver(root, delivery).await.unwrap();
    house.settle().await;
    let events = bodies(&house, "q").await;
    assert_eq!(events[0]["detail"], json!({"version": "1.0"}));
    assert_eq!(events[0]["detail-type"], "Lambda Function Invocation Result - Success");
    assert_eq!(events[0]["resources"], json!(["arn:aws:lambda:us-east-1:000000000000:function:f"]));
}
