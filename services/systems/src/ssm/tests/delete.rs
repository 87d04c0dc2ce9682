//! Deleting one parameter, and many.

use super::*;

async fn delete(house: &TestHouse, name: &str) -> Result<aws::DeleteParameterResult, Fault> {
    let request = aws::DeleteParameterRequest { name: name.into() };
    house.call::<aws::DeleteParameter>(request).await
}

#[tokio::test]
async fn a_deleted_parameter_leaves_nothing_behind() {
    let house = open();
    let tagged = PutParameterRequest { tags: Some(vec![tag("team", "data")]), ..string("a", "1") };
    put(&house, tagged).await;
    put(&house, over(string("a", "2"))).await;
    let label =
        aws::LabelParameterVersionRequest { name: "a".into(), parameter_version: Some(1), labels: texts(&["old"]) };
    house.call::<aws::LabelParameterVersion>(label).await.unwrap();
    delete(&house, "a").await.unwrap();
    assert_eq!(refusal(try_get(&house, "a").await), "ParameterNotFound: ");

    assert_eq!(put(&house, string("a", "new")).await.version, Some(1));
    assert!(refusal(try_get(&house, "a:2").await).starts_with("ParameterVersionNotFound"));
    assert!(refusal(try_get(&house, "a:old").await).starts_with("ParameterVersionNotFound"));
    let list = aws::ListTagsForResourceRequest {
        resource_type: aws::ResourceTypeForTagging::Parameter,
        resource_id: "a".into(),
    };
    let tags = house.call::<aws::ListTagsForResource>(list).await.unwrap();
    assert!(tags.tag_list.unwrap().is_empty());
}

#[tokio::test]
async fn deleting_asks_for_a_name_that_exists() {
    let house = open();
    put(&house, string("a", "1")).await;
    assert_eq!(refusal(delete(&house, "b").await), "ParameterNotFound: ");
    for name in ["a:1", "arn:aws:ssm:us-east-1:000000000000:parameter/a"] {
        assert!(refusal(delete(&house, name).await).starts_with("ValidationException"), "{name}");
    }
    assert_eq!(value(&house, "a").await, "1");
}

#[tokio::test]
async fn several_are_deleted_at_once_and_the_missing_are_named() {
    let house = open();
    for name in ["a", "/b/c"] {
        put(&house, string(name, "1")).await;
    }
    let request = aws::DeleteParametersRequest { names: texts(&["a", "nowhere", "/b/c", "a"]) };
    let answer = house.call::<aws::DeleteParameters>(request).await.unwrap();
    assert_eq!(answer.deleted_parameters.unwrap(), ["a", "/b/c"]);
    assert_eq!(answer.invalid_parameters.unwrap(), ["nowhere"]);
}

#[tokio::test]
async fn the_tables_stay_in_step_whatever_happens() {
    let house = open();
    for name in ["a", "/b/c", "/b/d"] {
        let expiring = PutParameterRequest {
            policies: Some(
                r#"[{"Type":"Expiration","Version":"1.0","Attributes":{"Timestamp":"2027-01-01T00:00:00Z"}}]"#.into(),
            ),
            ..advanced(string(name, "1"))
        };
        put(&house, expiring).await;
        put(&house, over(string(name, "2"))).await;
    }
    delete(&house, "/b/c").await.unwrap();
    let mut tables = crate::ssm::tables();
    tables.extend(haar_platform::bus::tables());
    let report = house.platform.store.check(tables).await.unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
}
