//! Labels: where they are, how they move, which are fit.

use super::*;

async fn label(
    house: &TestHouse,
    name: &str,
    version: Option<i64>,
    labels: &[&str],
) -> Result<aws::LabelParameterVersionResult, Fault> {
    let request =
        aws::LabelParameterVersionRequest { name: name.into(), parameter_version: version, labels: texts(labels) };
    house.call::<aws::LabelParameterVersion>(request).await
}

async fn two_versions() -> TestHouse {
    let house = open();
    put(&house, string("a", "one")).await;
    put(&house, over(string("a", "two"))).await;
    house
}

#[tokio::test]
async fn a_label_goes_on_the_latest_version_unless_told_otherwise() {
    let house = two_versions().await;
    assert_eq!(label(&house, "a", None, &["now"]).await.unwrap().parameter_version, Some(2));
    assert_eq!(label(&house, "a", Some(1), &["then"]).await.unwrap().parameter_version, Some(1));
    assert_eq!(value(&house, "a:now").await, "two");
    assert_eq!(value(&house, "a:then").await, "one");
}

#[tokio::test]
async fn a_label_moves() {
    let house = two_versions().await;
    label(&house, "a", Some(1), &["prod"]).await.unwrap();
    label(&house, "a", Some(2), &["prod"]).await.unwrap();
    assert_eq!(value(&house, "a:prod").await, "two");
}

#[tokio::test]
async fn a_label_stays_where_it_is_when_versions_come() {
    let house = two_versions().await;
    label(&house, "a", None, &["prod"]).await.unwrap();
    put(&house, over(string("a", "three"))).await;
    assert_eq!(value(&house, "a:prod").await, "two");
}

#[tokio::test]
async fn unfit_labels_are_named_and_the_others_applied() {
    let house = two_versions().await;
    let unfit = ["1st", "awsome", "SSM", "with space", "a:b", "a/b"];
    let mut labels = vec!["Fit_1.x-y"];
    labels.extend(unfit);
    let answer = label(&house, "a", None, &labels).await.unwrap();
    assert_eq!(answer.invalid_labels.unwrap(), unfit);
    assert_eq!(value(&house, "a:Fit_1.x-y").await, "two");
    assert!(refusal(try_get(&house, "a:fit_1.x-y").await).starts_with("ParameterVersionNotFound"), "case matters");
}

#[tokio::test]
async fn a_version_has_at_most_ten_labels() {
    let house = two_versions().await;
    let labels: Vec<_> = (0..10).map(|number| format!("l{number}")).collect();
    let labels: Vec<_> = labels.iter().map(String::as_str).collect();
    label(&house, "a", Some(1), &labels).await.unwrap();
    label(&house, "a", Some(1), &labels[..3]).await.unwrap();
    assert_eq!(
        refusal(label(&house, "a", Some(1), &["more"]).await),
        "ParameterVersionLabelLimitExceeded: A parameter version can have maximum 10 labels.Move one or more labels to \
         another version and try again."
    );
    label(&house, "a", Some(2), &["more"]).await.unwrap();
}

#[tokio::test]
async fn labels_need_a_version_that_exists() {
    let house = two_versions().await;
    assert_eq!(refusal(label(&house, "b", None, &["x"]).await), "ParameterNotFound: ");
    for version in [0, 3] {
        assert_eq!(
            refusal(label(&house, "a", Some(version), &["x"]).await),
            format!(
                "ParameterVersionNotFound: Systems Manager could not find version {version} of a. Verify the version \
                 and try again."
            )
        );
    }
    let long = "x".repeat(101);
    assert!(refusal(label(&house, "a", None, &[&long]).await).contains("less than or equal to 100"));
}

#[tokio::test]
async fn labels_are_taken_from_the_version_that_has_them() {
    let house = two_versions().await;
    label(&house, "a", Some(1), &["x", "y"]).await.unwrap();
    label(&house, "a", Some(2), &["z"]).await.unwrap();
    let unlabel = |version: i64| aws::UnlabelParameterVersionRequest {
        name: "a".into(),
        parameter_version: version,
        labels: texts(&["x", "z", "never"]),
    };
    let answer = house.call::<aws::UnlabelParameterVersion>(unlabel(1)).await.unwrap();
    assert_eq!(answer.removed_labels.unwrap(), ["x"]);
    assert_eq!(answer.invalid_labels.unwrap(), ["z", "never"]);
    assert!(refusal(try_get(&house, "a:x").await).starts_with("ParameterVersionNotFound"));
    assert_eq!(value(&house, "a:y").await, "one");
    assert_eq!(value(&house, "a:z").await, "two");
    let answer = house.call::<aws::UnlabelParameterVersion>(unlabel(3)).await;
    assert!(refusal(answer).starts_with("ParameterVersionNotFound"));
}
