//! DeleteObject and DeleteObjects, with and without versions.

use haar_platform::aws::s3 as aws;
use haar_platform::aws::s3::BucketVersioningStatus::{Enabled, Suspended};

use super::*;

fn unwanted(key: &str) -> aws::DeleteObjectRequest {
    aws::DeleteObjectRequest { bucket: BUCKET.into(), key: key.into(), ..Default::default() }
}

fn version(key: &str, id: &str) -> aws::DeleteObjectRequest {
    aws::DeleteObjectRequest { version_id: Some(id.into()), ..unwanted(key) }
}

async fn delete(house: &TestHouse, request: aws::DeleteObjectRequest) -> aws::DeleteObjectOutput {
    house.call::<aws::DeleteObject>(request).await.unwrap()
}

/// How many versions and delete markers there are.
async fn versions(house: &TestHouse) -> usize {
    let request = aws::ListObjectVersionsRequest { bucket: BUCKET.into(), ..Default::default() };
    let output = house.call::<aws::ListObjectVersions>(request).await.unwrap();
    output.versions.unwrap().len() + output.delete_markers.unwrap().len()
}

#[tokio::test]
async fn without_versions_the_object_is_gone() {
    let house = open().await;
    put(&house, object("a", "one")).await;
    let output = delete(&house, unwanted("a")).await;
    assert_eq!((output.delete_marker, output.version_id), (None, None));
    assert_eq!(text(&house, "a").await, "NoSuchKey");
    assert_eq!(versions(&house).await, 0);
    delete(&house, unwanted("never there")).await;
    delete(&house, version("a", "null")).await;
}

#[tokio::test]
async fn with_versions_a_marker_hides_the_object() {
    let house = open_versioned().await;
    let one = put(&house, object("a", "one")).await.version_id.unwrap();
    let output = delete(&house, unwanted("a")).await;
    assert_eq!(output.delete_marker, Some(true));
    let marker = output.version_id.unwrap();
    let fault = refusal(&house, wanted("a")).await;
    assert_eq!((fault.code.as_ref(), header(&fault, "x-amz-delete-marker")), ("NoSuchKey", Some("true")));
    assert_eq!(header(&fault, "x-amz-version-id"), Some(marker.as_str()));
    let of = |id: &str| aws::GetObjectRequest { version_id: Some(id.into()), ..wanted("a") };
    assert_eq!(get(&house, of(&one)).await.1, b"one");
    let fault = refusal(&house, of(&marker)).await;
    assert_eq!((fault.code.as_ref(), fault.status), ("MethodNotAllowed", 405));

    let output = delete(&house, version("a", &marker)).await;
    assert_eq!((output.delete_marker, output.version_id), (Some(true), Some(marker)));
    assert_eq!(text(&house, "a").await, "one");
    let output = delete(&house, version("a", &one)).await;
    assert_eq!((output.delete_marker, output.version_id), (None, Some(one)));
    assert_eq!(versions(&house).await, 0);
}

#[tokio::test]
async fn a_suspended_bucket_replaces_the_null_version_alone() {
    let house = open().await;
    put(&house, object("a", "before")).await;
    set_versioning(&house, Enabled).await;
    let kept = put(&house, object("a", "kept")).await.version_id.unwrap();
    set_versioning(&house, Suspended).await;
    assert_eq!(versions(&house).await, 2);

    // The null version lies below another, and goes all the same.
    assert_eq!(put(&house, object("a", "after")).await.version_id, None);
    assert_eq!(versions(&house).await, 2);
    let of = |id: &str| aws::GetObjectRequest { version_id: Some(id.into()), ..wanted("a") };
    assert_eq!(get(&house, of("null")).await.1, b"after");
    assert_eq!(get(&house, of(&kept)).await.1, b"kept");

    let output = delete(&house, unwanted("a")).await;
    assert_eq!((output.delete_marker, output.version_id.as_deref()), (Some(true), Some("null")));
    assert_eq!(versions(&house).await, 2);
    delete(&house, version("a", "null")).await;
    assert_eq!(text(&house, "a").await, "kept");
}

#[tokio::test]
async fn conditions_protect_what_changed() {
    let house = open().await;
    let etag = put(&house, object("a", "one")).await.e_tag.unwrap();
    let with = |etag: &str| aws::DeleteObjectRequest { if_match: Some(etag.into()), ..unwanted("a") };
    let fault = house.call::<aws::DeleteObject>(with("\"other\"")).await.unwrap_err();
    assert_eq!(fault.code, "PreconditionFailed");
    delete(&house, with(&etag)).await;
    assert_eq!(house.call::<aws::DeleteObject>(with(&etag)).await.unwrap_err().code, "NoSuchKey");
}

#[tokio::test]
async fn conditions_look_at_the_current_version_whichever_is_to_go() {
    let house = open_versioned().await;
    let old = put(&house, object("a", "one")).await;
    let new = put(&house, object("a", "two")).await;
    let old_version = old.version_id.unwrap();
    let with = |etag: Option<String>| aws::DeleteObjectRequest { if_match: etag, ..version("a", &old_version) };
    let fault = house.call::<aws::DeleteObject>(with(old.e_tag)).await.unwrap_err();
    assert_eq!(fault.code, "PreconditionFailed");
    delete(&house, with(new.e_tag)).await;
    assert_eq!(versions(&house).await, 1);
    // Under a delete marker there is no current object.
    delete(&house, unwanted("a")).await;
    let any = aws::DeleteObjectRequest { if_match: Some("*".into()), ..unwanted("a") };
    assert_eq!(house.call::<aws::DeleteObject>(any).await.unwrap_err().code, "NoSuchKey");
}

#[tokio::test]
async fn conditions_of_directory_buckets_are_refused() {
    let house = open().await;
    put(&house, object("a", "one")).await;
    let by_size = aws::DeleteObjectRequest { if_match_size: Some(3), ..unwanted("a") };
    let by_time = aws::DeleteObjectRequest { if_match_last_modified_time: Some(house.now()), ..unwanted("a") };
    for request in [by_size, by_time] {
        let fault = house.call::<aws::DeleteObject>(request).await.unwrap_err();
        assert_eq!((fault.code.as_ref(), fault.status), ("NotImplemented", 501));
    }
    assert_eq!(text(&house, "a").await, "one");
}

#[tokio::test]
async fn many_go_at_once_each_with_its_outcome() {
    let house = open_versioned().await;
    put(&house, object("a", "one")).await;
    let b = put(&house, object("b", "two")).await.version_id.unwrap();
    let one = |key: &str, version_id: Option<&str>| aws::ObjectIdentifier {
        key: key.into(),
        version_id: version_id.map(str::to_owned),
        ..Default::default()
    };
    let objects = vec![one("a", None), one("b", Some(&b)), one("c", Some("nonsense")), one("d", None)];
    let request = aws::DeleteObjectsRequest {
        bucket: BUCKET.into(),
        delete: aws::Delete { objects, quiet: None },
        ..Default::default()
    };
    let output = house.call::<aws::DeleteObjects>(request.clone()).await.unwrap();
    let deleted = output.deleted.unwrap();
    assert_eq!(deleted.len(), 3);
    assert_eq!((deleted[0].delete_marker, deleted[0].version_id.as_ref()), (Some(true), None));
    assert!(deleted[0].delete_marker_version_id.is_some());
    assert_eq!((deleted[1].delete_marker, deleted[1].version_id.as_ref()), (None, Some(&b)));
    let errors = output.errors.unwrap();
    assert_eq!((errors[0].key.as_deref(), errors[0].code.as_deref()), (Some("c"), Some("InvalidArgument")));

    let mut quiet = request;
    quiet.delete.quiet = Some(true);
    let output = house.call::<aws::DeleteObjects>(quiet).await.unwrap();
    assert_eq!((output.deleted.unwrap().len(), output.errors.unwrap().len()), (0, 1));
}

#[tokio::test]
async fn more_than_a_thousand_are_refused() {
    let house = open().await;
    let request = |count: usize| {
        let objects = (0..count)
            .map(|number| aws::ObjectIdentifier { key: format!("k{number}"), ..Default::default() })
            .collect();
        let delete = aws::Delete { objects, quiet: None };
        aws::DeleteObjectsRequest { bucket: BUCKET.into(), delete, ..Default::default() }
    };
    let output = house.call::<aws::DeleteObjects>(request(1000)).await.unwrap();
    assert_eq!(output.deleted.unwrap().len(), 1000);
    assert_eq!(house.call::<aws::DeleteObjects>(request(1001)).await.unwrap_err().code, "MalformedXML");
}
