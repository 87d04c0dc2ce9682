//! Writing: what a request must be, what a new version takes over, and how many versions there are.

use super::*;

#[tokio::test]
async fn versions_count_from_one() {
    let house = open();
    let first = put(&house, string("a", "1")).await;
    assert_eq!((first.version, first.tier), (Some(1), Some(ParameterTier::Standard)));
    assert_eq!(put(&house, over(string("a", "2"))).await.version, Some(2));
    assert_eq!(value(&house, "a").await, "2");
}

#[tokio::test]
async fn an_existing_parameter_is_not_overwritten_by_accident() {
    let house = open();
    put(&house, string("a", "1")).await;
    assert_eq!(
        refusal(try_put(&house, string("a", "2")).await),
        "ParameterAlreadyExists: The parameter already exists. To overwrite this value, set the overwrite option in \
         the request to true."
    );
    assert_eq!(value(&house, "a").await, "1");
}

#[tokio::test]
async fn overwriting_creates_what_is_not_there() {
    let house = open();
    assert_eq!(put(&house, over(string("a", "1"))).await.version, Some(1));
}

#[tokio::test]
async fn a_type_is_needed_to_create_and_kept_afterwards() {
    let house = open();
    let untyped = |value: &str| PutParameterRequest { r#type: None, ..over(string("a", value)) };
    assert_eq!(
        refusal(try_put(&house, untyped("1")).await),
        "ValidationException: A parameter type is required when you create a parameter."
    );
    let list = Some(ParameterType::StringList);
    put(&house, PutParameterRequest { r#type: list, ..untyped("1,2") }).await;
    put(&house, untyped("3,4")).await;
    assert_eq!(try_get(&house, "a").await.unwrap().r#type, list);
}

#[tokio::test]
async fn a_type_never_changes() {
    let house = open();
    put(&house, string("a", "1")).await;
    let secure = PutParameterRequest { r#type: Some(ParameterType::SecureString), ..over(string("a", "2")) };
    let refusal = refusal(try_put(&house, secure).await);
    assert!(
        refusal.starts_with("HierarchyTypeMismatchException: Parameter Store doesn't support changing"),
        "{refusal}"
    );
}

#[tokio::test]
async fn a_new_version_keeps_what_the_request_leaves_out() {
    let house = open();
    let full = PutParameterRequest {
        description: Some("an image".into()),
        allowed_pattern: Some("ami-.*".into()),
        data_type: Some("aws:ec2:image".into()),
        ..string("a", "ami-0123abcd")
    };
    put(&house, full).await;
    put(&house, over(string("a", "ami-4567abcd"))).await;
    let known = house.call::<aws::DescribeParameters>(Default::default()).await.unwrap();
    let known = &known.parameters.unwrap()[0];
    assert_eq!(known.description.as_deref(), Some("an image"));
    assert_eq!(known.allowed_pattern.as_deref(), Some("ami-.*"));
    assert_eq!(known.data_type.as_deref(), Some("aws:ec2:image"));
    assert_eq!(known.version, Some(2));
}

#[tokio::test]
async fn an_empty_pattern_takes_the_old_one_away() {
    let house = open();
    let patterned = |pattern: &str, value: &str| PutParameterRequest {
        allowed_pattern: Some(pattern.into()),
        ..over(string("a", value))
    };
    put(&house, patterned("[a-z]+", "abc")).await;
    put(&house, patterned("", "123")).await;
    put(&house, over(string("a", "456"))).await;
}

#[tokio::test]
async fn values_must_match_the_whole_pattern() {
    let house = open();
    let patterned =
        |value: &str| PutParameterRequest { allowed_pattern: Some(r"\d{1,4}".into()), ..over(string("a", value)) };
    let mismatch =
        r"ParameterPatternMismatchException: Parameter value, cannot be validated against allowedPattern: \d{1,4}";
    assert_eq!(refusal(try_put(&house, patterned("100000")).await), mismatch);
    put(&house, patterned("1000")).await;
    assert_eq!(refusal(try_put(&house, over(string("a", "x"))).await), mismatch, "the pattern stays");
}

#[tokio::test]
async fn each_element_of_a_list_must_match() {
    let house = open();
    let list = |value: &str| PutParameterRequest {
        r#type: Some(ParameterType::StringList),
        allowed_pattern: Some("[a-z]+".into()),
        ..over(string("a", value))
    };
    put(&house, list("abc,def")).await;
    assert!(refusal(try_put(&house, list("abc,1")).await).starts_with("ParameterPatternMismatchException"));
}

#[tokio::test]
async fn patterns_that_are_none_or_never_end_are_refused() {
    let house = open();
    for (pattern, value) in [("[", "a"), (")(", "a"), (r"(a|aa)+\1b", &"a".repeat(64))] {
        let request = PutParameterRequest { allowed_pattern: Some(pattern.into()), ..string("a", value) };
        assert_eq!(
            refusal(try_put(&house, request).await),
            "InvalidAllowedPatternException: The request does not meet the regular expression requirement.",
            "{pattern}"
        );
    }
}

#[tokio::test]
async fn values_are_neither_empty_nor_nested() {
    let house = open();
    let empty = refusal(try_put(&house, string("a", "")).await);
    assert!(empty.ends_with("Member must have length greater than or equal to 1"), "{empty}");
    assert_eq!(
        refusal(try_put(&house, string("a", "x {{ssm:b}} y")).await),
        "ValidationException: Parameter value can't nest another parameter. Do not use \"{{}}\" in the value."
    );
    put(&house, string("a", "}} {{")).await;
}

#[tokio::test]
async fn data_types_are_checked() {
    let house = open();
    let typed = |data_type: &str, kind: ParameterType, value: &str| PutParameterRequest {
        r#type: Some(kind),
        data_type: Some(data_type.into()),
        ..string("a", value)
    };
    let refused = [
        (
            typed("Text", ParameterType::String, "x"),
            "The following data type is not supported: Text (Data type names are all lowercase.)",
        ),
        (
            typed("aws:ec2:image", ParameterType::StringList, "ami-0123abcd"),
            "The aws:ec2:image data type is not supported for the following input type: StringList",
        ),
        (
            typed("aws:ec2:image", ParameterType::String, "ami-xyz"),
            "Parameter value ami-xyz is not a valid Amazon Machine Image ID for the data type aws:ec2:image.",
        ),
        (
            typed("aws:ssm:integration", ParameterType::String, "{}"),
            "The aws:ssm:integration data type is not supported for the following input type: String",
        ),
    ];
    for (request, message) in refused {
        assert_eq!(refusal(try_put(&house, request).await), format!("ValidationException: {message}"));
    }
    put(&house, typed("aws:ec2:image", ParameterType::String, "ami-0123456789abcdef0")).await;
    assert_eq!(try_get(&house, "a").await.unwrap().data_type.as_deref(), Some("aws:ec2:image"));
}

#[tokio::test]
async fn tags_and_overwrite_exclude_each_other() {
    let house = open();
    let request = PutParameterRequest { tags: Some(vec![tag("team", "data")]), ..over(string("a", "1")) };
    let refusal = refusal(try_put(&house, request).await);
    assert!(
        refusal.starts_with("ValidationException: Invalid request: tags and overwrite can't be used together."),
        "{refusal}"
    );
}

#[tokio::test]
async fn the_oldest_of_a_hundred_versions_makes_room_unless_it_has_a_label() {
    let house = open();
    put(&house, string("/a", "1")).await;
    for number in 2..=101 {
        put(&house, over(string("/a", &number.to_string()))).await;
    }
    assert_eq!(
        refusal(try_get(&house, "/a:1").await),
        "ParameterVersionNotFound: Systems Manager could not find version 1 of /a. Verify the version and try again."
    );
    assert_eq!(value(&house, "/a:2").await, "2");
    let label =
        aws::LabelParameterVersionRequest { name: "/a".into(), parameter_version: Some(2), labels: texts(&["keep"]) };
    house.call::<aws::LabelParameterVersion>(label).await.unwrap();
    assert_eq!(
        refusal(try_put(&house, over(string("/a", "102"))).await),
        "ParameterMaxVersionLimitExceeded: You attempted to create a new version of /a by calling the PutParameter API \
         with the overwrite flag. Version 2, the oldest version, can't be deleted because it has a label associated \
         with it. Move the label to another version of the parameter, and try again."
    );
    assert_eq!(value(&house, "/a").await, "101", "nothing has changed");
}

#[tokio::test]
async fn who_wrote_it_when_is_known() {
    let house = open();
    put(&house, string("/a/b", "1")).await;
    let known = house.call::<aws::DescribeParameters>(Default::default()).await.unwrap();
    let known = &known.parameters.unwrap()[0];
    assert_eq!(known.last_modified_user.as_deref(), Some("arn:aws:iam::000000000000:root"));
    assert_eq!(known.last_modified_date.unwrap().seconds(), house.now().seconds());
    assert_eq!(known.arn.as_deref(), Some("arn:aws:ssm:us-east-1:000000000000:parameter/a/b"));
}
