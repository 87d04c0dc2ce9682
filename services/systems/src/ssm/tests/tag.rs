//! Tags of parameters: set at creation, added, removed, listed.

use super::*;
use aws::ResourceTypeForTagging;

async fn add(house: &TestHouse, id: &str, tags: Vec<Tag>) -> Result<aws::AddTagsToResourceResult, Fault> {
    let request = aws::AddTagsToResourceRequest {
        resource_type: ResourceTypeForTagging::Parameter,
        resource_id: id.into(),
        tags,
    };
    house.call::<aws::AddTagsToResource>(request).await
}

async fn list(house: &TestHouse, id: &str) -> Result<Vec<(String, String)>, Fault> {
    let request =
        aws::ListTagsForResourceRequest { resource_type: ResourceTypeForTagging::Parameter, resource_id: id.into() };
    let answer = house.call::<aws::ListTagsForResource>(request).await?;
    Ok(answer.tag_list.unwrap().into_iter().map(|tag| (tag.key, tag.value)).collect())
}

fn pairs(items: &[(&str, &str)]) -> Vec<(String, String)> {
    items.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn tags_come_with_the_parameter_or_later() {
    let house = open();
    let tagged = PutParameterRequest { tags: Some(vec![tag("team", "data"), tag("env", "dev")]), ..string("a", "1") };
    put(&house, tagged).await;
    add(&house, "a", vec![tag("env", "prod"), tag("owner", "me")]).await.unwrap();
    put(&house, over(string("a", "2"))).await;
    assert_eq!(
        list(&house, "a").await.unwrap(),
        pairs(&[("env", "prod"), ("owner", "me"), ("team", "data")]),
        "a new version keeps them"
    );
    let remove = aws::RemoveTagsFromResourceRequest {
        resource_type: ResourceTypeForTagging::Parameter,
        resource_id: "a".into(),
        tag_keys: texts(&["env", "never", "team"]),
    };
    house.call::<aws::RemoveTagsFromResource>(remove).await.unwrap();
    assert_eq!(list(&house, "a").await.unwrap(), pairs(&[("owner", "me")]));
}

#[tokio::test]
async fn a_parameter_has_at_most_fifty_tags() {
    let house = open();
    put(&house, string("a", "1")).await;
    let tags = (0..50).map(|number| tag(&format!("k{number}"), "v")).collect();
    add(&house, "a", tags).await.unwrap();
    assert!(refusal(add(&house, "a", vec![tag("more", "v")]).await).starts_with("TooManyTagsError: "));
    add(&house, "a", vec![tag("k7", "changed")]).await.unwrap();
}

#[tokio::test]
async fn keys_of_aws_are_refused() {
    let house = open();
    put(&house, string("a", "1")).await;
    for key in ["aws:team", "AWS:team"] {
        assert!(refusal(add(&house, "a", vec![tag(key, "v")]).await).starts_with("ValidationException: Tag key"));
    }
    assert!(list(&house, "a").await.unwrap().is_empty());
}

#[tokio::test]
async fn tags_need_a_parameter() {
    let house = open();
    let missing =
        "InvalidResourceId: The resource ID isn't valid. Verify that you entered the correct ID and try again.";
    assert_eq!(refusal(list(&house, "a").await), missing);
    assert_eq!(refusal(add(&house, "a", vec![tag("k", "v")]).await), missing);
}

#[tokio::test]
async fn other_resources_are_refused_by_name() {
    let house = open();
    let request =
        aws::ListTagsForResourceRequest { resource_type: ResourceTypeForTagging::Document, resource_id: "a".into() };
    let refusal = refusal(house.call::<aws::ListTagsForResource>(request).await);
    assert!(refusal.contains("haar does not serve ssm tags of resource type Document"), "{refusal}");
}
