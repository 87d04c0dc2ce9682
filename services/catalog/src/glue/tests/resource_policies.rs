//! The policy of a catalog: its conditions, and whom it lets in.

use super::*;

fn policy(principal: &str, action: &str, effect: &str) -> String {
    serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": effect,
            "Principal": {"AWS": principal},
            "Action": action,
            "Resource": "arn:aws:glue:us-east-1:000000000000:*",
        }],
    })
    .to_string()
}

fn put(text: String) -> PutResourcePolicyRequest {
    PutResourcePolicyRequest { policy_in_json: text, ..Default::default() }
}

#[tokio::test]
async fn conditions_keep_writers_from_undoing_each_other() {
    let house = open();
    let text = policy("111111111111", "glue:GetTable", "Allow");
    let must =
        PutResourcePolicyRequest { policy_exists_condition: Some(ExistCondition::MustExist), ..put(text.clone()) };
    let answer = house.call::<aws::PutResourcePolicy>(must).await;
    assert_eq!(answer.expect_err("a refusal").name, "ConditionCheckFailureException");
    let hash = house.call::<aws::PutResourcePolicy>(put(text.clone())).await.unwrap().policy_hash;
    let not = PutResourcePolicyRequest { policy_exists_condition: Some(ExistCondition::NotExist), ..put(text.clone()) };
    let answer = house.call::<aws::PutResourcePolicy>(not).await;
    assert_eq!(answer.expect_err("a refusal").name, "ConditionCheckFailureException");
    let stale = PutResourcePolicyRequest { policy_hash_condition: Some("x".into()), ..put(text.clone()) };
    let answer = house.call::<aws::PutResourcePolicy>(stale).await;
    assert_eq!(answer.expect_err("a refusal").name, "ConditionCheckFailureException");
    let got = house.call::<aws::GetResourcePolicy>(GetResourcePolicyRequest::default()).await.unwrap();
    assert_eq!((got.policy_in_json, got.policy_hash.clone()), (Some(text), hash.clone()));
    let delete = DeleteResourcePolicyRequest { policy_hash_condition: hash, ..Default::default() };
    house.call::<aws::DeleteResourcePolicy>(delete).await.unwrap();
    let gone = house.call::<aws::GetResourcePolicy>(GetResourcePolicyRequest::default()).await;
    assert_eq!(refusal(gone), "EntityNotFoundException: Policy not found");
}

#[tokio::test]
async fn what_is_no_policy_or_of_one_resource_is_refused() {
    let house = open();
    let answer = house.call::<aws::PutResourcePolicy>(put("{}".into())).await;
    assert_eq!(answer.expect_err("a refusal").name, "InvalidInputException");
    let arn = Some("arn:aws:glue:us-east-1:000000000000:table/db/t".into());
    let request = PutResourcePolicyRequest { resource_arn: arn, ..put(policy("*", "glue:GetTable", "Allow")) };
    let answer = house.call::<aws::PutResourcePolicy>(request).await;
    assert_eq!(refusal(answer), "InvalidInputException: Glue resource level policy is not currently supported");
}

#[tokio::test]
async fn the_policy_lets_another_account_in() {
    let house = with_table(&[]).await;
    let other = house.root("111111111111");
    let request = || GetTableRequest {
        catalog_id: Some("000000000000".into()),
        database_name: "db".into(),
        name: "t".into(),
        ..Default::default()
    };
    let before = house.call_as::<aws::GetTable>(&other, "us-east-1", request()).await;
    assert_eq!(before.expect_err("a refusal").name, "AccessDeniedException");
    let text = policy("111111111111", "glue:GetTable", "Allow");
    house.call::<aws::PutResourcePolicy>(put(text)).await.unwrap();
    let got = house.call_as::<aws::GetTable>(&other, "us-east-1", request()).await.unwrap();
    assert_eq!(got.table.unwrap().catalog_id.as_deref(), Some("000000000000"));
    let delete = DeleteTableRequest {
        catalog_id: Some("000000000000".into()),
        database_name: "db".into(),
        name: "t".into(),
        ..Default::default()
    };
    let answer = house.call_as::<aws::DeleteTable>(&other, "us-east-1", delete).await;
    assert_eq!(answer.expect_err("a refusal").name, "AccessDeniedException");
}

#[tokio::test]
async fn the_policy_keeps_even_root_out() {
    let house = with_table(&[]).await;
    let text = policy("000000000000", "glue:GetTable", "Deny");
    house.call::<aws::PutResourcePolicy>(put(text)).await.unwrap();
    assert_eq!(get_table(&house, "t").await.expect_err("a refusal").name, "AccessDeniedException");
}
