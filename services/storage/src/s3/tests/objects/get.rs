//! GetObject and HeadObject: ranges, conditions, headers, versions.

use std::sync::Arc;
use std::time::Duration;

use haar_platform::aws::s3 as aws;
use haar_platform::kernel::{AccountId, Caller, Timestamp};

use super::*;

fn range(header: &str) -> aws::GetObjectRequest {
    aws::GetObjectRequest { range: Some(header.into()), ..wanted("a") }
}

#[tokio::test]
async fn a_range_is_a_part_of_the_bytes() {
    let house = open().await;
    for size in [1000, 700_000] {
        let bytes = pattern(size);
        put(&house, object("a", bytes.clone())).await;
        for (header, expected) in [
            ("bytes=0-9", 0..10),
            ("bytes=100-", 100..size),
            ("bytes=-100", size - 100..size),
            ("bytes=900-99999999", 900..size),
        ] {
            let (output, read) = get(&house, range(header)).await;
            assert!(read == bytes[expected.clone()], "{header} of {size}");
            let said = format!("bytes {}-{}/{size}", expected.start, expected.end - 1);
            assert_eq!(output.content_range.unwrap(), said);
        }
        let fault = refusal(&house, range(&format!("bytes={size}-"))).await;
        assert_eq!((fault.code.as_ref(), fault.status), ("InvalidRange", 416));
        let (output, read) = get(&house, range("bytes=0-1,4-5")).await;
        assert!(read == bytes && output.content_range.is_none());
    }
}

#[tokio::test]
async fn a_whole_object_is_its_own_first_part() {
    let house = open().await;
    put(&house, object("a", "12345")).await;
    let part = |number| aws::GetObjectRequest { part_number: Some(number), ..wanted("a") };
    let (output, bytes) = get(&house, part(1)).await;
    assert_eq!((bytes.as_slice(), output.parts_count), (b"12345".as_slice(), None));
    assert_eq!(output.content_range.unwrap(), "bytes 0-4/5");
    assert_eq!(refusal(&house, part(2)).await.code, "InvalidPartNumber");
    let both = aws::GetObjectRequest { range: Some("bytes=0-1".into()), ..part(1) };
    assert_eq!(refusal(&house, both).await.code, "InvalidRequest");
}

#[tokio::test]
async fn conditions_have_s3_s_precedence() {
    let house = open().await;
    let etag = put(&house, object("a", "x")).await.e_tag.unwrap();
    let made = house.now();
    let (earlier, later) = (made - Duration::from_secs(60), made + Duration::from_secs(60));
    let verdict =
        async |if_match: Option<&str>, unmodified: Option<Timestamp>, if_none_match: Option<&str>, modified| {
            let request = aws::GetObjectRequest {
                if_match: if_match.map(str::to_owned),
                if_unmodified_since: unmodified,
                if_none_match: if_none_match.map(str::to_owned),
                if_modified_since: modified,
                ..wanted("a")
            };
            house.call::<aws::GetObject>(request).await.map_or_else(|fault| fault.status, |_| 200)
        };
    let other = Some("\"other\"");
    let same = Some(etag.as_str());
    assert_eq!(verdict(same, None, None, None).await, 200);
    assert_eq!(verdict(other, None, None, None).await, 412);
    assert_eq!(verdict(None, Some(earlier), None, None).await, 412);
    assert_eq!(verdict(None, Some(made), None, None).await, 200);
    // An ETag that matches outweighs a date that has passed.
    assert_eq!(verdict(same, Some(earlier), None, None).await, 200);
    assert_eq!(verdict(None, None, same, None).await, 304);
    assert_eq!(verdict(None, None, other, None).await, 200);
    assert_eq!(verdict(None, None, None, Some(later)).await, 304);
    assert_eq!(verdict(None, None, None, Some(earlier)).await, 200);
    assert_eq!(verdict(None, None, same, Some(earlier)).await, 304);
    assert_eq!(verdict(None, None, other, Some(later)).await, 200);
    let fault = refusal(&house, aws::GetObjectRequest { if_none_match: Some(etag.clone()), ..wanted("a") }).await;
    assert_eq!(header(&fault, "ETag"), Some(etag.as_str()));
}

#[tokio::test]
async fn headers_and_metadata_are_echoed_and_overridden() {
    let house = open().await;
    let request = aws::PutObjectRequest {
        content_type: Some("text/csv".into()),
        cache_control: Some("no-store".into()),
        content_encoding: Some("aws-chunked,gzip".into()),
        storage_class: Some(aws::StorageClass::StandardIa),
        metadata: Some([("Team".to_owned(), "data".to_owned())].into()),
        tagging: Some("a=1&b=2".into()),
        ..object("a", "x")
    };
    put(&house, request).await;
    let (output, _) = get(&house, wanted("a")).await;
    assert_eq!(output.content_type.as_deref(), Some("text/csv"));
    assert_eq!(output.cache_control.as_deref(), Some("no-store"));
    assert_eq!(output.content_encoding.as_deref(), Some("gzip"));
    assert_eq!(output.storage_class, Some(aws::StorageClass::StandardIa));
    assert_eq!(output.metadata.unwrap()["team"], "data");
    assert_eq!(output.tag_count, Some(2));
    let overridden = aws::GetObjectRequest { response_content_type: Some("text/plain".into()), ..wanted("a") };
    assert_eq!(get(&house, overridden).await.0.content_type.as_deref(), Some("text/plain"));

    put(&house, object("a", "x")).await;
    let (output, _) = get(&house, wanted("a")).await;
    assert_eq!(output.content_type.as_deref(), Some("binary/octet-stream"));
    assert_eq!((output.storage_class, output.tag_count), (None, None));
}

#[tokio::test]
async fn content_encodings_are_kept_as_they_are_written() {
    let house = open().await;
    for (given, kept) in [
        ("deflate, gzip", Some("deflate, gzip")),
        ("aws-chunked, gzip", Some("gzip")),
        ("gzip, aws-chunked", Some("gzip")),
        ("aws-chunked", None),
    ] {
        put(&house, aws::PutObjectRequest { content_encoding: Some(given.into()), ..object("a", "x") }).await;
        assert_eq!(get(&house, wanted("a")).await.0.content_encoding.as_deref(), kept, "{given}");
    }
}

#[tokio::test]
async fn a_checksum_is_told_when_all_the_bytes_are_sent() {
    let house = open().await;
    put(&house, object("a", "123456789")).await;
    let asked = aws::GetObjectRequest { checksum_mode: Some("enabled".into()), ..wanted("a") };
    assert_eq!(get(&house, asked.clone()).await.0.checksum_crc64nvme.as_deref(), Some("rosUhgp5mIg="));
    let in_part = aws::GetObjectRequest { range: Some("bytes=0-1".into()), ..asked };
    assert_eq!(get(&house, in_part).await.0.checksum_crc64nvme, None);
    assert_eq!(get(&house, wanted("a")).await.0.checksum_crc64nvme, None);
}

#[tokio::test]
async fn head_says_what_get_would() {
    let house = open().await;
    put(&house, object("a", "123456789")).await;
    let request = aws::HeadObjectRequest { bucket: BUCKET.into(), key: "a".into(), ..Default::default() };
    let output = house.call::<aws::HeadObject>(request.clone()).await.unwrap();
    assert_eq!(output.content_length, Some(9));
    assert_eq!(output.e_tag.as_deref(), Some("\"25f9e794323b453885f5181f1b624d0b\""));
    assert_eq!(output.last_modified, Some(house.now()));
    let absent = aws::HeadObjectRequest { key: "b".into(), ..request };
    assert_eq!(house.call::<aws::HeadObject>(absent).await.unwrap_err().status, 404);
}

#[tokio::test]
async fn archived_objects_have_a_head_and_no_body() {
    let house = open().await;
    put(&house, aws::PutObjectRequest { storage_class: Some(aws::StorageClass::Glacier), ..object("a", "x") }).await;
    let fault = refusal(&house, wanted("a")).await;
    assert_eq!((fault.code.as_ref(), fault.status), ("InvalidObjectState", 403));
    let head = aws::HeadObjectRequest { bucket: BUCKET.into(), key: "a".into(), ..Default::default() };
    let output = house.call::<aws::HeadObject>(head).await.unwrap();
    assert_eq!(output.storage_class, Some(aws::StorageClass::Glacier));
}

#[tokio::test]
async fn versions_are_read_by_their_ids() {
    let house = open_versioned().await;
    let one = put(&house, object("a", "one")).await.version_id.unwrap();
    let two = put(&house, object("a", "two")).await.version_id.unwrap();
    let of = |id: &str| aws::GetObjectRequest { version_id: Some(id.into()), ..wanted("a") };
    assert_eq!(get(&house, of(&one)).await.1, b"one");
    let (output, bytes) = get(&house, wanted("a")).await;
    assert_eq!((bytes.as_slice(), output.version_id), (b"two".as_slice(), Some(two.clone())));
    assert_eq!(refusal(&house, of("nonsense")).await.code, "InvalidArgument");
    assert_eq!(refusal(&house, of("null")).await.code, "NoSuchVersion");
    let elsewhere = aws::GetObjectRequest { key: "b".into(), ..of(&one) };
    assert_eq!(refusal(&house, elsewhere).await.code, "NoSuchVersion");
}

#[tokio::test]
async fn a_reader_goes_on_while_the_object_is_replaced() {
    let house = open().await;
    let bytes = pattern(900_000);
    put(&house, object("a", bytes.clone())).await;
    let output = house.call::<aws::GetObject>(wanted("a")).await.unwrap();
    put(&house, object("a", "new")).await;
    assert!(read(output.body).await == bytes);
    assert_eq!(text(&house, "a").await, "new");
}

#[tokio::test]
async fn nobody_in_particular_chooses_no_headers() {
    let house = open().await;
    put(&house, object("a", "x")).await;
    let block = aws::DeletePublicAccessBlockRequest { bucket: BUCKET.into(), ..Default::default() };
    house.call::<aws::DeletePublicAccessBlock>(block).await.unwrap();
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject",
        "Resource":"arn:aws:s3:::lake/*"}]}"#;
    let request = aws::PutBucketPolicyRequest { bucket: BUCKET.into(), policy: policy.into(), ..Default::default() };
    house.call::<aws::PutBucketPolicy>(request).await.unwrap();
    let nobody = Arc::new(Caller::anonymous(&AccountId::parse("111111111111").unwrap()));
    let reading = async |request| house.call_as::<aws::GetObject>(&nobody, "us-east-1", request).await;
    assert!(reading(wanted("a")).await.is_ok());
    let choosing = aws::GetObjectRequest { response_content_type: Some("text/html".into()), ..wanted("a") };
    assert_eq!(reading(choosing).await.unwrap_err().code, "InvalidRequest");
}
