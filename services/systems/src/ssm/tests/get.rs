//! Reading by name: selectors, ARNs, several at once.

use super::*;

const MISSING: &str = "ParameterNotFound: ";

#[tokio::test]
async fn the_answer_is_aws_s_member_for_member() {
    let house = open();
    put(&house, string("a", "1")).await;
    let shown = try_get(&house, "a").await.unwrap();
    assert_eq!(shown.name.as_deref(), Some("a"));
    assert_eq!(shown.arn.as_deref(), Some("arn:aws:ssm:us-east-1:000000000000:parameter/a"));
    assert_eq!(shown.r#type, Some(ParameterType::String));
    assert_eq!(shown.version, Some(1));
    assert_eq!(shown.data_type.as_deref(), Some("text"));
    assert_eq!(shown.selector, None);
    assert_eq!(shown.last_modified_date, Some(house.now()));
}

#[tokio::test]
async fn versions_and_labels_select() {
    let house = open();
    put(&house, string("/a", "one")).await;
    put(&house, over(string("/a", "two"))).await;
    let label =
        aws::LabelParameterVersionRequest { name: "/a".into(), parameter_version: Some(1), labels: texts(&["stable"]) };
    house.call::<aws::LabelParameterVersion>(label).await.unwrap();
    for (name, value, selector) in [
        ("/a", "two", None),
        ("/a:1", "one", Some(":1")),
        ("/a:2", "two", Some(":2")),
        ("/a:stable", "one", Some(":stable")),
        ("arn:aws:ssm:us-east-1:000000000000:parameter/a:1", "one", Some(":1")),
    ] {
        let shown = try_get(&house, name).await.unwrap();
        assert_eq!(shown.value.as_deref(), Some(value), "{name}");
        assert_eq!(shown.selector.as_deref(), selector, "{name}");
        assert_eq!(shown.name.as_deref(), Some("/a"), "{name}");
    }
    for selector in ["3", "0", "-1", "99999999999999999999", "other"] {
        assert_eq!(
            refusal(try_get(&house, &format!("/a:{selector}")).await),
            format!(
                "ParameterVersionNotFound: Systems Manager could not find version {selector} of /a. Verify the version \
                 and try again."
            )
        );
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found_with_aws_s_empty_message() {
    let house = open();
    for name in ["a", "/a", "/a:1", "arn:aws:ssm:us-east-1:000000000000:parameter/a"] {
        assert_eq!(refusal(try_get(&house, name).await), MISSING, "{name}");
    }
}

#[tokio::test]
async fn an_arn_finds_names_with_and_without_a_slash() {
    let house = open();
    put(&house, string("plain", "1")).await;
    put(&house, string("/deep/name", "2")).await;
    assert_eq!(value(&house, "arn:aws:ssm:us-east-1:000000000000:parameter/plain").await, "1");
    assert_eq!(value(&house, "arn:aws:ssm:us-east-1:000000000000:parameter/deep/name").await, "2");
    assert_eq!(refusal(try_get(&house, "/plain").await), MISSING, "the name itself is exact");
}

#[tokio::test]
async fn accounts_and_regions_do_not_see_each_other() {
    let house = open();
    put(&house, string("a", "1")).await;
    let request = aws::GetParameterRequest { name: "a".into(), with_decryption: None };
    for (account, region) in [("111111111111", "us-east-1"), ("000000000000", "eu-west-1")] {
        let caller = house.root(account);
        let answer = house.call_as::<aws::GetParameter>(&caller, region, request.clone()).await;
        assert_eq!(refusal(answer), MISSING);
    }
}

#[tokio::test]
async fn several_are_read_at_once_and_the_missing_are_named() {
    let house = open();
    put(&house, string("a", "1")).await;
    put(&house, string("/b", "2")).await;
    let names = texts(&["/b", "nowhere", "a:1", "a:7", "a:label", "/b"]);
    let request = aws::GetParametersRequest { names, with_decryption: None };
    let answer = house.call::<aws::GetParameters>(request).await.unwrap();
    let found: Vec<_> = answer.parameters.unwrap().into_iter().map(|found| found.name.unwrap()).collect();
    assert_eq!(found, ["/b", "a"]);
    assert_eq!(answer.invalid_parameters.unwrap(), ["nowhere", "a:7", "a:label"]);
}

#[tokio::test]
async fn at_most_ten_are_read_at_once() {
    let house = open();
    let request = aws::GetParametersRequest {
        names: (0..11).map(|number| format!("p{number}")).collect(),
        with_decryption: None,
    };
    let refusal = refusal(house.call::<aws::GetParameters>(request).await);
    assert!(refusal.contains("Member must have length less than or equal to 10"), "{refusal}");
}
