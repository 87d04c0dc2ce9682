//! Tags of workgroups and data catalogs.

use super::*;

fn tag(key: &str, value: &str) -> Tag {
    Tag { key: Some(key.into()), value: Some(value.into()) }
}

#[tokio::test]
async fn a_tag_comes_changes_and_goes() {
    let house = open().await;
    let request = CreateWorkGroupInput { name: "w".into(), tags: Some(vec![tag("team", "a")]), ..Default::default() };
    house.call::<aws::CreateWorkGroup>(request).await.unwrap();
    let arn = "arn:aws:athena:us-east-1:000000000000:workgroup/w";
    let request = TagResourceInput { resource_arn: arn.into(), tags: vec![tag("team", "b"), tag("x", "")] };
    house.call::<aws::TagResource>(request).await.unwrap();
    let list = ListTagsForResourceInput { resource_arn: arn.into(), ..Default::default() };
    let tags = house.call::<aws::ListTagsForResource>(list.clone()).await.unwrap().tags.unwrap();
    let shown: Vec<_> = tags.iter().map(|tag| (tag.key.as_deref().unwrap(), tag.value.as_deref().unwrap())).collect();
    assert_eq!(shown, [("team", "b"), ("x", "")]);
    let request = UntagResourceInput { resource_arn: arn.into(), tag_keys: vec!["team".into(), "y".into()] };
    house.call::<aws::UntagResource>(request).await.unwrap();
    assert_eq!(house.call::<aws::ListTagsForResource>(list).await.unwrap().tags.unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_not_there_has_no_tags() {
    let house = open().await;
    let arn = "arn:aws:athena:us-east-1:000000000000:workgroup/none";
    let request = ListTagsForResourceInput { resource_arn: arn.into(), ..Default::default() };
    assert_eq!(
        refusal(house.call::<aws::ListTagsForResource>(request).await),
        format!("ResourceNotFoundException: Resource {arn} was not found")
    );
}
