//! Names: what may be written, what may be asked for.

use super::*;

const UNFIT: &str = "ValidationException: Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed \
                     as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a \
                     mix of letters, numbers and the following 3 symbols .-_";

const RESERVED: &str =
    "ValidationException: Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive).";

#[tokio::test]
async fn names_that_aws_refuses_are_refused_in_its_words() {
    let house = open();
    let levels = "/l".repeat(16);
    let refused = [
        ("aws", RESERVED),
        ("AwsThing", RESERVED),
        ("ssm", RESERVED),
        ("/aws", RESERVED),
        ("/ssm-a", RESERVED),
        ("/aws/a", "AccessDeniedException: No access to reserved parameter name: /aws/a."),
        ("/AWS/a", "AccessDeniedException: No access to reserved parameter name: /AWS/a."),
        ("/ssm/a", UNFIT),
        ("with space", UNFIT),
        ("/a/b@c", UNFIT),
        ("/a//b", UNFIT),
        ("name:1", UNFIT),
        ("arn:aws:ssm:us-east-1:000000000000:parameter/a", UNFIT),
        ("a/b", "ValidationException: Parameter name must be a fully qualified name."),
        ("/a/", "ValidationException: Parameter name must not end with slash."),
        (levels.as_str(), "HierarchyLevelLimitExceededException: A hierarchy can have a maximum of 15 levels."),
    ];
    for (name, message) in refused {
        assert_eq!(refusal(try_put(&house, string(name, "x")).await), message, "{name}");
    }
}

#[tokio::test]
async fn fit_names_are_taken_as_they_are() {
    let house = open();
    let levels = "/l".repeat(15);
    for name in ["a", "/a", "A.b-c_9", "/awful", "-", levels.as_str()] {
        put(&house, string(name, name)).await;
        assert_eq!(value(&house, name).await, name);
    }
}

#[tokio::test]
async fn spaces_around_a_name_are_taken_away() {
    let house = open();
    put(&house, string(" a ", "1")).await;
    assert_eq!(try_get(&house, " a").await.unwrap().name.as_deref(), Some("a"));
}

#[tokio::test]
async fn the_arn_bounds_the_length_of_a_name() {
    let house = open();
    let prefix = "arn:aws:ssm:us-east-1:000000000000:parameter".len();
    let longest = format!("/{}", "a".repeat(1011 - prefix - 1));
    put(&house, string(&longest, "x")).await;
    let refusal = refusal(try_put(&house, string(&format!("{longest}a"), "x")).await);
    assert!(refusal.contains("less than or equal to 1011"), "{refusal}");
}

#[tokio::test]
async fn unfit_references_are_refused() {
    let house = open();
    const SELECTOR: &str = "ValidationException: Invalid parameter name. Please use correct syntax for referencing a \
                            version/label  <name>:<version/label>";
    let refused = [
        ("a/b", UNFIT),
        ("with space", UNFIT),
        (":1", UNFIT),
        ("arn:aws:s3:::bucket", UNFIT),
        ("a:1:2", SELECTOR),
        ("a:", SELECTOR),
    ];
    for (name, message) in refused {
        assert_eq!(refusal(try_get(&house, name).await), message, "{name}");
    }
}

#[tokio::test]
async fn what_aws_keeps_and_haar_does_not_is_refused_by_name() {
    let house = open();
    let names = [
        "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
        "/aws/reference/secretsmanager/a",
        "arn:aws:ssm:eu-west-1:000000000000:parameter/a",
        "arn:aws:ssm:us-east-1:111111111111:parameter/a",
    ];
    for name in names {
        let refusal = refusal(try_get(&house, name).await);
        assert!(refusal.starts_with("NotImplemented: haar does not serve"), "{refusal}");
    }
}
