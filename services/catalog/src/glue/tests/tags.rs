//! Tags of databases and connections.

use super::*;

const ARN: &str = "arn:aws:glue:us-east-1:000000000000:database/db";

async fn tags(house: &TestHouse, arn: &str) -> Result<BTreeMap<String, String>, Fault> {
    Ok(house.call::<aws::GetTags>(GetTagsRequest { resource_arn: arn.into() }).await?.tags.unwrap())
}

#[tokio::test]
async fn tags_are_put_replaced_and_removed() {
    let house = open();
    let request = CreateDatabaseRequest { tags: Some(map(&[("a", "1")])), ..database("db") };
    house.call::<aws::CreateDatabase>(request).await.unwrap();
    let add = TagResourceRequest { resource_arn: ARN.into(), tags_to_add: map(&[("a", "2"), ("b", "3")]) };
    house.call::<aws::TagResource>(add).await.unwrap();
    assert_eq!(tags(&house, ARN).await.unwrap(), map(&[("a", "2"), ("b", "3")]));
    let remove = UntagResourceRequest { resource_arn: ARN.into(), tags_to_remove: texts(&["a", "z"]) };
    house.call::<aws::UntagResource>(remove).await.unwrap();
    assert_eq!(tags(&house, ARN).await.unwrap(), map(&[("b", "3")]));
}

#[tokio::test]
async fn tags_go_with_what_they_are_on() {
    let house = open();
    let request = || CreateDatabaseRequest { tags: Some(map(&[("a", "1")])), ..database("db") };
    house.call::<aws::CreateDatabase>(request()).await.unwrap();
    house.call::<aws::DeleteDatabase>(DeleteDatabaseRequest { name: "db".into(), ..Default::default() }).await.unwrap();
    house.call::<aws::CreateDatabase>(database("db")).await.unwrap();
    assert!(tags(&house, ARN).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_does_not_exist_has_no_tags() {
    let house = open();
    let refused = refusal(tags(&house, ARN).await);
    assert_eq!(refused, format!("EntityNotFoundException: Resource {ARN} not found."));
    let table = "arn:aws:glue:us-east-1:000000000000:table/db/t";
    assert_eq!(refusal(tags(&house, table).await).split(':').next(), Some("EntityNotFoundException"));
    let reserved = CreateDatabaseRequest { tags: Some(map(&[("aws:a", "1")])), ..database("db") };
    let answer = house.call::<aws::CreateDatabase>(reserved).await;
    assert_eq!(answer.expect_err("a refusal").name, "InvalidInputException");
}
