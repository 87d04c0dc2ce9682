//! Rules: what they must be, how they are changed and found.

use haar_platform::aws::events as aws;
use haar_platform::aws::events::RuleState;

use super::*;

fn schedule(name: &str, expression: &str) -> PutRuleRequest {
    PutRuleRequest { name: name.into(), schedule_expression: Some(expression.into()), ..Default::default() }
}

#[tokio::test]
async fn a_rule_needs_a_pattern_or_a_schedule_that_is_one() {
    let house = open();
    let neither = PutRuleRequest { name: "r".into(), ..Default::default() };
    assert_eq!(
        refusal(house.call::<aws::PutRule>(neither).await),
        "ValidationException: Parameter(s) EventPattern or ScheduleExpression must be specified."
    );
    assert_eq!(
        refusal(house.call::<aws::PutRule>(pattern("r", r#"{"source":"mine"}"#)).await),
        "InvalidEventPatternException: Event pattern is not valid. Reason: \"source\" must be an object or an array\n \
         at [Source: (String)\"{\"source\":\"mine\"}\"; line: 1, column: 12]"
    );
    for expression in ["rate(1 minutes)", "cron(* * * *)", "at(2026-01-01T00:00:00)", "hourly"] {
        assert_eq!(
            refusal(house.call::<aws::PutRule>(schedule("r", expression)).await),
            "ValidationException: Parameter ScheduleExpression is not valid."
        );
    }
    let input = aws::CreateEventBusRequest { name: "orders".into(), ..Default::default() };
    house.call::<aws::CreateEventBus>(input).await.unwrap();
    let elsewhere = PutRuleRequest { event_bus_name: Some("orders".into()), ..schedule("r", "rate(1 minute)") };
    assert_eq!(
        refusal(house.call::<aws::PutRule>(elsewhere).await),
        "ValidationException: ScheduleExpression is supported only on the default event bus."
    );
    let nowhere = PutRuleRequest { event_bus_name: Some("none".into()), ..pattern("r", MINE) };
    assert_eq!(
        refusal(house.call::<aws::PutRule>(nowhere).await),
        "ResourceNotFoundException: Event bus none does not exist."
    );
}

#[tokio::test]
async fn a_rule_that_is_put_again_keeps_its_targets() {
    let house = open();
    let arn = queue(&house, "q").await;
    rule(&house, "r", MINE, target("t", &arn)).await;
    let again = PutRuleRequest {
        description: Some("other".into()),
        state: Some(RuleState::Disabled),
        ..schedule("r", "rate(5 minutes)")
    };
    house.call::<aws::PutRule>(again).await.unwrap();
    let describe = aws::DescribeRuleRequest { name: "r".into(), event_bus_name: None };
    let found = house.call::<aws::DescribeRule>(describe).await.unwrap();
    assert_eq!((found.event_pattern, found.schedule_expression.as_deref()), (None, Some("rate(5 minutes)")));
    assert_eq!((found.state, found.description.as_deref()), (Some(RuleState::Disabled), Some("other")));
    let list = aws::ListTargetsByRuleRequest { rule: "r".into(), ..Default::default() };
    let targets = house.call::<aws::ListTargetsByRule>(list).await.unwrap().targets.unwrap();
    assert_eq!(targets.iter().map(|target| (&*target.id, &*target.arn)).collect::<Vec<_>>(), [("t", &*arn)]);
}

#[tokio::test]
async fn a_rule_goes_after_its_targets() {
    let house = open();
    let arn = queue(&house, "q").await;
    rule(&house, "r", MINE, target("t", &arn)).await;
    let delete = || aws::DeleteRuleRequest { name: "r".into(), ..Default::default() };
    assert_eq!(
        refusal(house.call::<aws::DeleteRule>(delete()).await),
        "ValidationException: Rule can't be deleted since it has targets."
    );
    let remove = aws::RemoveTargetsRequest { rule: "r".into(), ids: vec!["t".into()], ..Default::default() };
    house.call::<aws::RemoveTargets>(remove).await.unwrap();
    house.call::<aws::DeleteRule>(delete()).await.unwrap();
    house.call::<aws::DeleteRule>(delete()).await.unwrap();
    let describe = aws::DescribeRuleRequest { name: "r".into(), event_bus_name: None };
    assert_eq!(
        refusal(house.call::<aws::DescribeRule>(describe).await),
        "ResourceNotFoundException: Rule r does not exist on EventBus default."
    );
}

#[tokio::test]
async fn rules_are_found_by_name_and_by_target() {
    let house = open();
    let (one, other) = (queue(&house, "one").await, queue(&house, "other").await);
    for name in ["a-1", "a-2", "b-1"] {
        rule(&house, name, MINE, target("t", if name == "a-2" { &other } else { &one })).await;
    }
    let list = |prefix: &str| aws::ListRulesRequest { name_prefix: Some(prefix.into()), ..Default::default() };
    let rules = house.call::<aws::ListRules>(list("a-")).await.unwrap().rules.unwrap();
    assert_eq!(rules.iter().map(|rule| rule.name.as_deref().unwrap()).collect::<Vec<_>>(), ["a-1", "a-2"]);
    let by_target = |limit, next_token| aws::ListRuleNamesByTargetRequest {
        target_arn: one.clone(),
        limit,
        next_token,
        ..Default::default()
    };
    let first = house.call::<aws::ListRuleNamesByTarget>(by_target(Some(1), None)).await.unwrap();
    assert_eq!(first.rule_names.unwrap(), ["a-1"]);
    let second = house.call::<aws::ListRuleNamesByTarget>(by_target(None, first.next_token)).await.unwrap();
    assert_eq!((second.rule_names.unwrap(), second.next_token), (vec!["b-1".to_owned()], None));
    let bad = house.call::<aws::ListRules>(aws::ListRulesRequest { next_token: Some("x".into()), ..list("a") }).await;
    assert_eq!(refusal(bad), "ValidationException: Parameter NextToken is not valid. Reason: Invalid token");
}

#[tokio::test]
async fn a_bus_has_so_many_rules_and_no_more() {
    let house = open();
    for number in 0..300 {
        house.call::<aws::PutRule>(pattern(&format!("r{number}"), MINE)).await.unwrap();
    }
    assert_eq!(
        refusal(house.call::<aws::PutRule>(pattern("more", MINE)).await),
        "LimitExceededException: The requested resource exceeds the maximum number allowed."
    );
    house.call::<aws::PutRule>(pattern("r7", MINE)).await.unwrap();
}

#[tokio::test]
async fn patterns_are_tested_without_a_rule() {
    let house = open();
    let test = async |pattern: &str, event: Value| {
        let input = aws::TestEventPatternRequest { event_pattern: pattern.into(), event: event.to_string() };
        house.call::<aws::TestEventPattern>(input).await.map(|answer| answer.result.unwrap())
    };
    let event = json!({
        "id": "1", "account": "000000000000", "source": "mine", "time": "2026-01-01T00:00:00Z",
        "region": "us-east-1", "resources": [], "detail-type": "T", "detail": {"n": 5},
    });
    assert!(test(r#"{"detail":{"n":[{"numeric":[">",4]}]}}"#, event.clone()).await.unwrap());
    assert!(!test(r#"{"detail":{"n":[{"numeric":[">",5]}]}}"#, event).await.unwrap());
    assert!(
        refusal(test("{}", json!({})).await).starts_with("InvalidEventPatternException: Event pattern is not valid.")
    );
    assert!(refusal(test(MINE, json!({"source": "mine"})).await).starts_with("ValidationException: Parameter Event"));
}
