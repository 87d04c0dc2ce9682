//! CopyObject: what is copied, what is replaced, what is refused.

use haar_platform::aws::s3 as aws;

use super::*;

fn copy_of(source: &str, key: &str) -> aws::CopyObjectRequest {
    aws::CopyObjectRequest {
        bucket: BUCKET.into(),
        key: key.into(),
        copy_source: format!("{BUCKET}/{source}"),
        ..Default::default()
    }
}

async fn copy(house: &TestHouse, request: aws::CopyObjectRequest) -> aws::CopyObjectOutput {
    house.call::<aws::CopyObject>(request).await.unwrap()
}

async fn refused(house: &TestHouse, request: aws::CopyObjectRequest) -> Fault {
    house.call::<aws::CopyObject>(request).await.unwrap_err()
}

fn described(key: &str, bytes: Vec<u8>) -> aws::PutObjectRequest {
    aws::PutObjectRequest {
        content_type: Some("text/csv".into()),
        metadata: Some([("team".to_owned(), "data".to_owned())].into()),
        tagging: Some("a=1".into()),
        ..object(key, bytes)
    }
}

#[tokio::test]
async fn a_copy_has_bytes_metadata_and_tags_of_its_source() {
    let house = open().await;
    for size in [100, 500_000] {
        let bytes = pattern(size);
        let etag = put(&house, described("a", bytes.clone())).await.e_tag;
        let output = copy(&house, copy_of("a", "b")).await;
        let result = output.copy_object_result.unwrap();
        assert_eq!(result.e_tag, etag);
        assert!(result.checksum_crc64nvme.is_some());
        let (output, read) = get(&house, wanted("b")).await;
        assert!(read == bytes);
        assert_eq!(output.content_type.as_deref(), Some("text/csv"));
        assert_eq!(output.metadata.unwrap()["team"], "data");
        assert_eq!(output.tag_count, Some(1));
    }
}

#[tokio::test]
async fn a_copy_outlives_its_source() {
    let house = open().await;
    let bytes = pattern(500_000);
    put(&house, object("a", bytes.clone())).await;
    copy(&house, copy_of("a", "b")).await;
    let delete = aws::DeleteObjectRequest { bucket: BUCKET.into(), key: "a".into(), ..Default::default() };
    house.call::<aws::DeleteObject>(delete).await.unwrap();
    assert!(get(&house, wanted("b")).await.1 == bytes);
    let report = house.platform.store.check(crate::s3::tables()).await.unwrap();
    assert!(report.problems.is_empty(), "{:?}", report.problems);
}

#[tokio::test]
async fn directives_replace_metadata_and_tags() {
    let house = open().await;
    put(&house, described("a", b"x".to_vec())).await;
    let request = aws::CopyObjectRequest {
        metadata_directive: Some(aws::MetadataDirective::Replace),
        metadata: Some([("owner".to_owned(), "me".to_owned())].into()),
        tagging_directive: Some(aws::TaggingDirective::Replace),
        tagging: Some("b=2&c=3".into()),
        ..copy_of("a", "b")
    };
    copy(&house, request).await;
    let (output, _) = get(&house, wanted("b")).await;
    assert_eq!(output.content_type.as_deref(), Some("binary/octet-stream"));
    assert_eq!(output.metadata.unwrap().into_keys().collect::<Vec<_>>(), ["owner"]);
    assert_eq!(output.tag_count, Some(2));
}

#[tokio::test]
async fn a_copy_onto_itself_must_change_something() {
    let house = open().await;
    let bytes = pattern(100_000);
    put(&house, object("a", bytes.clone())).await;
    let fault = refused(&house, copy_of("a", "a")).await;
    assert_eq!(fault.code, "InvalidRequest");
    assert!(fault.message.starts_with("This copy request is illegal because"), "{}", fault.message);
    let class = aws::CopyObjectRequest { storage_class: Some(aws::StorageClass::StandardIa), ..copy_of("a", "a") };
    copy(&house, class).await;
    let (output, read) = get(&house, wanted("a")).await;
    assert_eq!(output.storage_class, Some(aws::StorageClass::StandardIa));
    assert!(read == bytes);
}

#[tokio::test]
async fn an_old_version_becomes_the_newest_by_a_copy() {
    let house = open_versioned().await;
    let one = put(&house, object("a", "one")).await.version_id.unwrap();
    put(&house, object("a", "two")).await;
    let output = copy(&house, copy_of(&format!("a?versionId={one}"), "a")).await;
    assert_eq!(output.copy_source_version_id, Some(one));
    assert!(output.version_id.is_some());
    assert_eq!(text(&house, "a").await, "one");
}

#[tokio::test]
async fn another_checksum_is_computed() {
    let house = open().await;
    put(&house, object("a", "123456789")).await;
    let request =
        aws::CopyObjectRequest { checksum_algorithm: Some(aws::ChecksumAlgorithm::Crc32), ..copy_of("a", "b") };
    let result = copy(&house, request).await.copy_object_result.unwrap();
    assert_eq!(result.checksum_crc32.as_deref(), Some("y/Q5Jg=="));
    assert_eq!(result.checksum_crc64nvme, None);
}

#[tokio::test]
async fn conditions_on_the_source_fail_the_copy() {
    let house = open().await;
    let etag = put(&house, object("a", "x")).await.e_tag.unwrap();
    let none = aws::CopyObjectRequest { copy_source_if_none_match: Some(etag.clone()), ..copy_of("a", "b") };
    let fault = refused(&house, none).await;
    assert_eq!((fault.code.as_ref(), fault.status), ("PreconditionFailed", 412));
    let other = aws::CopyObjectRequest { copy_source_if_match: Some("\"other\"".into()), ..copy_of("a", "b") };
    assert_eq!(refused(&house, other).await.status, 412);
    let since = Some(house.now());
    let modified = aws::CopyObjectRequest { copy_source_if_modified_since: since, ..copy_of("a", "b") };
    assert_eq!(refused(&house, modified).await.status, 412);
    copy(&house, aws::CopyObjectRequest { copy_source_if_match: Some(etag), ..copy_of("a", "b") }).await;
    let over = aws::CopyObjectRequest { if_none_match: Some("*".into()), ..copy_of("a", "b") };
    assert_eq!(refused(&house, over).await.status, 412);
}

#[tokio::test]
async fn sources_that_cannot_be_copied() {
    let house = open_versioned().await;
    assert_eq!(refused(&house, copy_of("a", "b")).await.code, "NoSuchKey");
    put(&house, object("a", "x")).await;
    let delete = aws::DeleteObjectRequest { bucket: BUCKET.into(), key: "a".into(), ..Default::default() };
    let marker = house.call::<aws::DeleteObject>(delete).await.unwrap().version_id.unwrap();
    assert_eq!(refused(&house, copy_of("a", "b")).await.code, "NoSuchKey");
    let fault = refused(&house, copy_of(&format!("a?versionId={marker}"), "b")).await;
    assert_eq!(fault.code, "InvalidRequest");
    put(&house, aws::PutObjectRequest { storage_class: Some(aws::StorageClass::DeepArchive), ..object("c", "x") })
        .await;
    let fault = refused(&house, copy_of("c", "b")).await;
    assert_eq!((fault.code.as_ref(), fault.status), ("ObjectNotInActiveTierError", 403));
    let elsewhere = aws::CopyObjectRequest { copy_source: "nowhere/a".into(), ..copy_of("a", "b") };
    assert_eq!(refused(&house, elsewhere).await.code, "NoSuchBucket");
}

/// A multipart object of two parts.
async fn put_in_parts(house: &TestHouse, key: &str, parts: [Vec<u8>; 2]) {
    let request = aws::CreateMultipartUploadRequest { bucket: BUCKET.into(), key: key.into(), ..Default::default() };
    let upload_id = house.call::<aws::CreateMultipartUpload>(request).await.unwrap().upload_id.unwrap();
    let mut completed = Vec::new();
    for (number, bytes) in (1..).zip(parts) {
        let part = aws::UploadPartRequest {
            bucket: BUCKET.into(),
            key: key.into(),
            upload_id: upload_id.clone(),
            part_number: number,
            body: Body::full(bytes),
            ..Default::default()
        };
        let e_tag = house.call::<aws::UploadPart>(part).await.unwrap().e_tag;
        completed.push(aws::CompletedPart { part_number: Some(number), e_tag, ..Default::default() });
    }
    let complete = aws::CompleteMultipartUploadRequest {
        bucket: BUCKET.into(),
        key: key.into(),
        upload_id,
        multipart_upload: Some(aws::CompletedMultipartUpload { parts: Some(completed) }),
        ..Default::default()
    };
    house.call::<aws::CompleteMultipartUpload>(complete).await.unwrap();
}

#[tokio::test]
async fn a_copy_of_a_multipart_object_is_whole() {
    let house = open().await;
    let bytes = pattern(5 * 1024 * 1024 + 10_000);
    let (first, second) = bytes.split_at(5 * 1024 * 1024);
    put_in_parts(&house, "a", [first.to_vec(), second.to_vec()]).await;
    let part = |key: &str, number| aws::GetObjectRequest { part_number: Some(number), ..wanted(key) };
    let (output, read) = get(&house, part("a", 2)).await;
    assert!(read == second && output.parts_count == Some(2));
    let across = format!("bytes={}-{}", first.len() - 3, first.len() + 2);
    let (_, read) = get(&house, aws::GetObjectRequest { range: Some(across), ..wanted("a") }).await;
    assert_eq!(read, bytes[first.len() - 3..first.len() + 3]);

    let copied = copy(&house, copy_of("a", "b")).await.copy_object_result.unwrap().e_tag;
    assert_eq!(copied, put(&house, object("c", bytes.clone())).await.e_tag);
    let (output, read) = get(&house, wanted("b")).await;
    assert!(read == bytes && output.parts_count.is_none());
    assert_eq!(refusal(&house, part("b", 2)).await.code, "InvalidPartNumber");
    let report = house.platform.store.check(crate::s3::tables()).await.unwrap();
    assert!(report.problems.is_empty(), "{:?}", report.problems);
}
