//! PutObject: digests, conditions, limits, refusals.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use haar_platform::aws::s3 as aws;
use haar_platform::kernel::Body;

use super::*;
use crate::s3::model::INLINE_BYTES_MAX;

#[tokio::test]
async fn a_put_answers_md5_and_the_default_checksum() {
    let house = open().await;
    let output = put(&house, object("a", "123456789")).await;
    assert_eq!(output.e_tag.unwrap(), "\"25f9e794323b453885f5181f1b624d0b\"");
    assert_eq!(output.checksum_crc64nvme.unwrap(), "rosUhgp5mIg=");
    assert_eq!(output.checksum_type, Some(aws::ChecksumType::FullObject));
    assert_eq!(output.server_side_encryption, Some(aws::ServerSideEncryption::Aes256));
    assert_eq!(output.version_id, None);
}

#[tokio::test]
async fn bodies_of_every_size_come_back() {
    let house = open().await;
    for size in [0, 1, INLINE_BYTES_MAX, INLINE_BYTES_MAX + 1, 300_000, 1_000_001] {
        let bytes = pattern(size);
        put(&house, object("a", bytes.clone())).await;
        let (output, read) = get(&house, wanted("a")).await;
        assert!(read == bytes, "{size}");
        assert_eq!(output.content_length, Some(size as i64));
    }
}

#[tokio::test]
async fn a_chosen_checksum_is_compared_and_recorded() {
    let house = open().await;
    let right = aws::PutObjectRequest { checksum_crc32: Some("y/Q5Jg==".into()), ..object("a", "123456789") };
    let output = put(&house, right).await;
    assert_eq!(output.checksum_crc32.as_deref(), Some("y/Q5Jg=="));
    assert_eq!(output.checksum_crc64nvme, None);
    let wrong = aws::PutObjectRequest { checksum_crc32: Some("y/Q5Jg==".into()), ..object("a", "other") };
    let fault = try_put(&house, wrong).await.unwrap_err();
    assert_eq!((fault.code.as_ref(), fault.status), ("BadDigest", 400));
    assert_eq!(fault.message, "The CRC32 you specified did not match the calculated checksum.");
    assert_eq!(text(&house, "a").await, "123456789");
}

#[tokio::test]
async fn every_algorithm_is_computed_when_it_is_given() {
    let house = open().await;
    let sha = |algorithm| STANDARD.encode(ring::digest::digest(algorithm, b"123456789"));
    let sha1 = sha(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY);
    let sha256 = sha(&ring::digest::SHA256);
    let requests = [
        aws::PutObjectRequest { checksum_crc32c: Some("4waSgw==".into()), ..object("a", "123456789") },
        aws::PutObjectRequest { checksum_crc64nvme: Some("rosUhgp5mIg=".into()), ..object("a", "123456789") },
        aws::PutObjectRequest { checksum_sha1: Some(sha1), ..object("a", "123456789") },
        aws::PutObjectRequest { checksum_sha256: Some(sha256), ..object("a", "123456789") },
    ];
    for request in requests {
        put(&house, request).await;
    }
}

#[tokio::test]
async fn checksums_that_make_no_sense_are_refused() {
    let house = open().await;
    let code = async |request| try_put(&house, request).await.unwrap_err().code.into_owned();
    let two = aws::PutObjectRequest {
        checksum_crc32: Some("y/Q5Jg==".into()),
        checksum_crc32c: Some("4waSgw==".into()),
        ..object("a", "123456789")
    };
    assert_eq!(code(two).await, "InvalidRequest");
    let short = aws::PutObjectRequest { checksum_sha256: Some("y/Q5Jg==".into()), ..object("a", "1") };
    assert_eq!(code(short).await, "InvalidRequest");
    let announced =
        aws::PutObjectRequest { checksum_algorithm: Some(aws::ChecksumAlgorithm::Crc32), ..object("a", "1") };
    assert_eq!(code(announced).await, "InvalidRequest");
    let unknown = aws::PutObjectRequest { checksum_xxhash64: Some("AAAAAAAAAAA=".into()), ..object("a", "1") };
    assert_eq!(code(unknown).await, "NotImplemented");
}

/// A body with a trailer behind it.
struct Trailing(Option<&'static str>, Option<(&'static str, &'static str)>);

impl http_body::Body for Trailing {
    type Data = haar_platform::kernel::Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Self::Data>, Self::Error>>> {
        let data = self.0.take().map(|text| http_body::Frame::data(text.into()));
        let frame = data.or_else(|| {
            let (name, value) = self.1.take()?;
            let mut trailers = http::HeaderMap::new();
            trailers.insert(name, value.parse().unwrap());
            Some(http_body::Frame::trailers(trailers))
        });
        std::task::Poll::Ready(frame.map(Ok))
    }
}

fn trailing(name: &'static str, value: &'static str) -> aws::PutObjectRequest {
    let body = Body::of(Trailing(Some("123456789"), Some((name, value))));
    aws::PutObjectRequest { body, content_length: Some(9), ..object("a", "") }
}

#[tokio::test]
async fn a_checksum_may_come_behind_the_body() {
    let house = open().await;
    let announced = aws::PutObjectRequest {
        checksum_algorithm: Some(aws::ChecksumAlgorithm::Crc32),
        ..trailing("x-amz-checksum-crc32", "y/Q5Jg==")
    };
    assert_eq!(put(&house, announced).await.checksum_crc32.as_deref(), Some("y/Q5Jg=="));
    let unannounced = put(&house, trailing("x-amz-checksum-crc32c", "4waSgw==")).await;
    assert_eq!(unannounced.checksum_crc32c.as_deref(), Some("4waSgw=="));
    let fault = try_put(&house, trailing("x-amz-checksum-crc32c", "AAAAAA==")).await.unwrap_err();
    assert_eq!(fault.code, "BadDigest");
}

#[tokio::test]
async fn content_md5_is_compared() {
    let house = open().await;
    let with = |md5: &str| aws::PutObjectRequest { content_md5: Some(md5.into()), ..object("a", "123456789") };
    put(&house, with("JfnnlDI7RTiF9RgfG2JNCw==")).await;
    assert_eq!(try_put(&house, with("AAAAAAAAAAAAAAAAAAAAAA==")).await.unwrap_err().code, "BadDigest");
    assert_eq!(try_put(&house, with("short")).await.unwrap_err().code, "InvalidDigest");
}

#[tokio::test]
async fn if_none_match_writes_only_where_nothing_is() {
    let house = open_versioned().await;
    let absent = |bytes: &str| aws::PutObjectRequest { if_none_match: Some("*".into()), ..object("a", bytes) };
    put(&house, absent("one")).await;
    let fault = try_put(&house, absent("two")).await.unwrap_err();
    assert_eq!((fault.code.as_ref(), fault.status), ("PreconditionFailed", 412));
    assert_eq!(text(&house, "a").await, "one");
    // A delete marker is nothing.
    let delete = aws::DeleteObjectRequest { bucket: BUCKET.into(), key: "a".into(), ..Default::default() };
    house.call::<aws::DeleteObject>(delete).await.unwrap();
    put(&house, absent("three")).await;
    let etag = aws::PutObjectRequest { if_none_match: Some("\"x\"".into()), ..object("a", "") };
    assert_eq!(try_put(&house, etag).await.unwrap_err().code, "NotImplemented");
}

#[tokio::test]
async fn if_match_writes_only_over_that_etag() {
    let house = open().await;
    let over = |etag: &str, bytes: &str| aws::PutObjectRequest { if_match: Some(etag.into()), ..object("a", bytes) };
    assert_eq!(try_put(&house, over("\"x\"", "one")).await.unwrap_err().code, "NoSuchKey");
    let etag = put(&house, object("a", "one")).await.e_tag.unwrap();
    put(&house, over(&etag, "two")).await;
    assert_eq!(try_put(&house, over(&etag, "three")).await.unwrap_err().code, "PreconditionFailed");
    assert_eq!(text(&house, "a").await, "two");
}

#[tokio::test]
async fn limits_are_aws_s() {
    let house = open().await;
    let metadata = |size: usize| {
        let map = [("k".to_owned(), "v".repeat(size - 1))].into();
        aws::PutObjectRequest { metadata: Some(map), ..object("a", "") }
    };
    put(&house, metadata(2048)).await;
    assert_eq!(try_put(&house, metadata(2049)).await.unwrap_err().code, "MetadataTooLarge");
    put(&house, object(&"k".repeat(1024), "")).await;
    assert_eq!(try_put(&house, object(&"k".repeat(1025), "")).await.unwrap_err().code, "KeyTooLongError");
    let unknown_length = aws::PutObjectRequest { body: Body::of(Trailing(Some("1"), None)), ..object("a", "") };
    let fault = try_put(&house, unknown_length).await.unwrap_err();
    assert_eq!((fault.code.as_ref(), fault.status), ("MissingContentLength", 411));
}

#[tokio::test]
async fn what_is_not_honoured_is_refused() {
    let house = open().await;
    let code = async |request| try_put(&house, request).await.unwrap_err().code.into_owned();
    let customer_key = aws::PutObjectRequest { sse_customer_algorithm: Some("AES256".into()), ..object("a", "") };
    assert_eq!(code(customer_key).await, "NotImplemented");
    let offset = aws::PutObjectRequest { write_offset_bytes: Some(0), ..object("a", "") };
    assert_eq!(code(offset).await, "NotImplemented");
    let lock = aws::PutObjectRequest { object_lock_mode: Some(aws::ObjectLockMode::Governance), ..object("a", "") };
    assert_eq!(code(lock).await, "InvalidRequest");
    let public = aws::PutObjectRequest { acl: Some(aws::ObjectCannedACL::PublicRead), ..object("a", "") };
    assert_eq!(code(public).await, "AccessControlListNotSupported");
    let class = aws::PutObjectRequest { storage_class: Some(aws::StorageClass::Outposts), ..object("a", "") };
    assert_eq!(code(class).await, "InvalidStorageClass");
    let key_alone = aws::PutObjectRequest { ssekms_key_id: Some("k".into()), ..object("a", "") };
    assert_eq!(code(key_alone).await, "InvalidArgument");
    let elsewhere = aws::PutObjectRequest { bucket: "nowhere".into(), ..object("a", "") };
    assert_eq!(code(elsewhere).await, "NoSuchBucket");
    let stranger = aws::PutObjectRequest { expected_bucket_owner: Some("111111111111".into()), ..object("a", "") };
    assert_eq!(code(stranger).await, "AccessDenied");
}

#[tokio::test]
async fn encryption_with_kms_is_recorded_and_echoed() {
    let house = open().await;
    let request = aws::PutObjectRequest {
        server_side_encryption: Some(aws::ServerSideEncryption::AwsKms),
        ssekms_key_id: Some("alias/data".into()),
        bucket_key_enabled: Some(true),
        ..object("a", "")
    };
    let output = put(&house, request).await;
    assert_eq!(output.server_side_encryption, Some(aws::ServerSideEncryption::AwsKms));
    let (output, _) = get(&house, wanted("a")).await;
    assert_eq!(output.ssekms_key_id.as_deref(), Some("alias/data"));
    assert_eq!(output.bucket_key_enabled, Some(true));
}

#[tokio::test]
async fn a_bucket_without_versions_keeps_nothing_of_what_was() {
    let house = open().await;
    for size in [10, 100_000, 20, 200_000] {
        put(&house, object("a", pattern(size))).await;
    }
    let counts = house.platform.store.read(|tx| {
        use haar_platform::store::Read;
        (tx.count(crate::s3::model::VERSIONS).unwrap(), tx.count(crate::s3::model::CONTENTS).unwrap())
    });
    assert_eq!(counts, (1, 1));
    let report = house.platform.store.check(crate::s3::tables()).await.unwrap();
    assert!(report.problems.is_empty(), "{:?}", report.problems);
}
