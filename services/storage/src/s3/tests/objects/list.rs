//! ListObjects, ListObjectsV2 and ListObjectVersions: members, encodings, refusals.

use haar_platform::aws::s3 as aws;

use super::*;

fn all() -> aws::ListObjectsV2Request {
    aws::ListObjectsV2Request { bucket: BUCKET.into(), ..Default::default() }
}

async fn list(house: &TestHouse, request: aws::ListObjectsV2Request) -> aws::ListObjectsV2Output {
    house.call::<aws::ListObjectsV2>(request).await.unwrap()
}

fn keys(output: &aws::ListObjectsV2Output) -> Vec<&str> {
    output.contents.iter().flatten().filter_map(|object| object.key.as_deref()).collect()
}

fn prefixes(output: &aws::ListObjectsV2Output) -> Vec<&str> {
    output.common_prefixes.iter().flatten().filter_map(|prefix| prefix.prefix.as_deref()).collect()
}

async fn fill(house: &TestHouse, keys: &[&str]) {
    for key in keys {
        put(house, object(key, *key)).await;
    }
}

#[tokio::test]
async fn keys_are_listed_in_the_order_of_their_bytes() {
    let house = open().await;
    fill(&house, &["b", "a", "ä", "B", "a/b", "😀", "\u{FFFD}"]).await;
    assert_eq!(keys(&list(&house, all()).await), ["B", "a", "a/b", "b", "ä", "\u{FFFD}", "😀"]);
}

#[tokio::test]
async fn an_object_is_described() {
    let house = open().await;
    fill(&house, &["a"]).await;
    let output = list(&house, aws::ListObjectsV2Request { fetch_owner: Some(true), ..all() }).await;
    let object = &output.contents.as_ref().unwrap()[0];
    assert_eq!(object.size, Some(1));
    assert_eq!(object.e_tag.as_deref(), Some("\"0cc175b9c0f1b6a831c399e269772661\""));
    assert_eq!(object.last_modified, Some(house.now()));
    assert_eq!(object.storage_class, Some(aws::ObjectStorageClass::Standard));
    assert_eq!(object.checksum_algorithm.as_deref(), Some(&[aws::ChecksumAlgorithm::Crc64nvme][..]));
    assert!(object.owner.as_ref().unwrap().id.is_some());
    assert_eq!((output.key_count, output.max_keys, output.is_truncated), (Some(1), Some(1000), Some(false)));
    assert!(list(&house, all()).await.contents.unwrap()[0].owner.is_none());
}

#[tokio::test]
async fn common_prefixes_stand_for_what_is_below() {
    let house = open().await;
    fill(&house, &["a/1", "a/2", "b", "c/1/x", "c/2"]).await;
    let by =
        |prefix: &str| aws::ListObjectsV2Request { delimiter: Some("/".into()), prefix: Some(prefix.into()), ..all() };
    let output = list(&house, by("")).await;
    assert_eq!((keys(&output), prefixes(&output)), (vec!["b"], vec!["a/", "c/"]));
    assert_eq!(output.key_count, Some(3));
    let output = list(&house, by("c/")).await;
    assert_eq!((keys(&output), prefixes(&output)), (vec!["c/2"], vec!["c/1/"]));
    let output = list(&house, by("c")).await;
    assert_eq!((keys(&output), prefixes(&output)), (vec![], vec!["c/"]));
}

#[tokio::test]
async fn pages_end_with_a_token() {
    let house = open().await;
    fill(&house, &["a/1", "a/2", "b", "c"]).await;
    let first = aws::ListObjectsV2Request { max_keys: Some(1), delimiter: Some("/".into()), ..all() };
    let output = list(&house, first.clone()).await;
    assert_eq!((prefixes(&output), output.is_truncated), (vec!["a/"], Some(true)));
    let next = aws::ListObjectsV2Request { continuation_token: output.next_continuation_token, ..first.clone() };
    let output = list(&house, next).await;
    assert_eq!((keys(&output), prefixes(&output)), (vec!["b"], vec![]));
    let forged = aws::ListObjectsV2Request { continuation_token: Some("forged".into()), ..first };
    let fault = house.call::<aws::ListObjectsV2>(forged).await.unwrap_err();
    assert_eq!(
        (fault.code.as_ref(), fault.message.as_str()),
        ("InvalidArgument", "The continuation token provided is incorrect",)
    );
}

#[tokio::test]
async fn a_list_starts_after_a_key_and_may_be_empty() {
    let house = open().await;
    fill(&house, &["a", "b", "c"]).await;
    let after = aws::ListObjectsV2Request { start_after: Some("a".into()), ..all() };
    assert_eq!(keys(&list(&house, after).await), ["b", "c"]);
    let none = list(&house, aws::ListObjectsV2Request { max_keys: Some(0), ..all() }).await;
    assert_eq!((none.key_count, none.is_truncated), (Some(0), Some(false)));
    let many = list(&house, aws::ListObjectsV2Request { max_keys: Some(5000), ..all() }).await;
    assert_eq!(many.max_keys, Some(1000));
    let fewer = aws::ListObjectsV2Request { max_keys: Some(-1), ..all() };
    assert_eq!(house.call::<aws::ListObjectsV2>(fewer).await.unwrap_err().code, "InvalidArgument");
}

#[tokio::test]
async fn keys_are_url_encoded_when_asked() {
    let house = open().await;
    fill(&house, &["a b/ü+(1).txt"]).await;
    let request = aws::ListObjectsV2Request { encoding_type: Some(aws::EncodingType::Url), ..all() };
    assert_eq!(keys(&list(&house, request).await), ["a+b/%C3%BC%2B%281%29.txt"]);
}

#[tokio::test]
async fn the_first_form_goes_on_from_a_marker() {
    let house = open().await;
    fill(&house, &["a/1", "a/2", "b", "c"]).await;
    let request = aws::ListObjectsRequest {
        bucket: BUCKET.into(),
        delimiter: Some("/".into()),
        max_keys: Some(1),
        ..Default::default()
    };
    let output = house.call::<aws::ListObjects>(request.clone()).await.unwrap();
    assert_eq!(output.next_marker.as_deref(), Some("a/"));
    let next = aws::ListObjectsRequest { marker: output.next_marker, ..request.clone() };
    let output = house.call::<aws::ListObjects>(next).await.unwrap();
    assert_eq!(output.contents.unwrap()[0].key.as_deref(), Some("b"));
    let plain = aws::ListObjectsRequest { delimiter: None, ..request };
    let output = house.call::<aws::ListObjects>(plain).await.unwrap();
    assert_eq!((output.is_truncated, output.next_marker), (Some(true), None));
}

#[tokio::test]
async fn versions_are_listed_newest_first_and_go_on_from_any() {
    let house = open_versioned().await;
    let one = put(&house, object("a", "1")).await.version_id.unwrap();
    let two = put(&house, object("a", "22")).await.version_id.unwrap();
    put(&house, object("b", "1")).await;
    let delete = aws::DeleteObjectRequest { bucket: BUCKET.into(), key: "a".into(), ..Default::default() };
    let marker = house.call::<aws::DeleteObject>(delete).await.unwrap().version_id;
    assert_eq!(keys(&list(&house, all()).await), ["b"]);

    let request = aws::ListObjectVersionsRequest { bucket: BUCKET.into(), ..Default::default() };
    let output = house.call::<aws::ListObjectVersions>(request.clone()).await.unwrap();
    let versions = output.versions.unwrap();
    let ids: Vec<_> = versions.iter().take(2).map(|version| version.version_id.clone().unwrap()).collect();
    assert_eq!(ids, [two.clone(), one]);
    assert_eq!(versions.iter().map(|version| version.is_latest.unwrap()).collect::<Vec<_>>(), [false, false, true]);
    let markers = output.delete_markers.unwrap();
    assert_eq!((markers[0].version_id.clone(), markers[0].is_latest), (marker, Some(true)));

    let page = aws::ListObjectVersionsRequest { max_keys: Some(2), ..request };
    let output = house.call::<aws::ListObjectVersions>(page.clone()).await.unwrap();
    assert_eq!((output.next_key_marker.as_deref(), output.next_version_id_marker), (Some("a"), Some(two.clone())));
    let next =
        aws::ListObjectVersionsRequest { key_marker: Some("a".into()), version_id_marker: Some(two), ..page.clone() };
    let output = house.call::<aws::ListObjectVersions>(next).await.unwrap();
    let versions = output.versions.unwrap();
    assert_eq!(versions.iter().map(|version| version.size.unwrap()).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(versions[0].is_latest, Some(false));
    let alone = aws::ListObjectVersionsRequest { version_id_marker: Some("x".into()), ..page };
    assert_eq!(house.call::<aws::ListObjectVersions>(alone).await.unwrap_err().code, "InvalidArgument");
}

#[tokio::test]
async fn restore_status_is_refused_by_name() {
    let house = open().await;
    let attributes = Some(vec![aws::OptionalObjectAttributes::RestoreStatus]);
    let request = aws::ListObjectsV2Request { optional_object_attributes: attributes, ..all() };
    let fault = house.call::<aws::ListObjectsV2>(request).await.unwrap_err();
    assert!(fault.code == "NotImplemented" && fault.message.contains("RestoreStatus"), "{fault}");
}
