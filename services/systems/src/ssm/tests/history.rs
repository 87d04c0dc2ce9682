//! History: all versions that are kept, page by page.

use super::*;

async fn history(
    house: &TestHouse,
    name: &str,
    max_results: i32,
    next_token: Option<String>,
) -> Result<aws::GetParameterHistoryResult, Fault> {
    let request = aws::GetParameterHistoryRequest {
        name: name.into(),
        with_decryption: Some(true),
        max_results: Some(max_results),
        next_token,
    };
    house.call::<aws::GetParameterHistory>(request).await
}

#[tokio::test]
async fn every_version_has_what_it_was_written_with() {
    let house = open();
    let described = PutParameterRequest { description: Some("first".into()), ..string("/a", "1") };
    put(&house, described).await;
    let described = PutParameterRequest { description: Some("second".into()), ..advanced(over(string("/a", "2"))) };
    put(&house, described).await;
    let label = aws::LabelParameterVersionRequest {
        name: "/a".into(),
        parameter_version: Some(1),
        labels: texts(&["old", "stable"]),
    };
    house.call::<aws::LabelParameterVersion>(label).await.unwrap();
    let versions = history(&house, "arn:aws:ssm:us-east-1:000000000000:parameter/a", 50, None).await.unwrap();
    assert_eq!(versions.next_token, None);
    let shown: Vec<_> = versions
        .parameters
        .unwrap()
        .into_iter()
        .map(|one| {
            (one.version.unwrap(), one.value.unwrap(), one.description.unwrap(), one.tier.unwrap(), one.labels.unwrap())
        })
        .collect();
    assert_eq!(
        shown,
        [
            (1, "1".into(), "first".into(), ParameterTier::Standard, texts(&["old", "stable"])),
            (2, "2".into(), "second".into(), ParameterTier::Advanced, texts(&[])),
        ]
    );
}

#[tokio::test]
async fn pages_of_any_size_hold_every_version_once() {
    let house = open();
    put(&house, string("a", "1")).await;
    for number in 2..=7 {
        put(&house, over(string("a", &number.to_string()))).await;
    }
    for size in 1..=8 {
        let (mut seen, mut token) = (Vec::new(), None);
        loop {
            let page = history(&house, "a", size, token).await.unwrap();
            let versions = page.parameters.unwrap();
            assert!(!versions.is_empty() && versions.len() <= size as usize);
            seen.extend(versions.into_iter().map(|version| version.version.unwrap()));
            token = page.next_token;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7], "pages of {size}");
    }
}

#[tokio::test]
async fn history_refuses_what_is_not_there_and_tokens_of_others() {
    let house = open();
    for name in ["a", "b"] {
        put(&house, string(name, "1")).await;
        put(&house, over(string(name, "2"))).await;
    }
    assert_eq!(refusal(history(&house, "c", 1, None).await), "ParameterNotFound: ");
    let token = history(&house, "a", 1, None).await.unwrap().next_token;
    assert_eq!(refusal(history(&house, "b", 1, token).await), "InvalidNextToken: The specified token isn't valid.");
    assert!(refusal(history(&house, "a", 51, None).await).contains("less than or equal to 50"));
}
