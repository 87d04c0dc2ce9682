//! What engines see of the objects that callers put.

use haar_platform::aws::s3::*;
use haar_platform::kernel::{Body, ObjectsError};

use super::bench::Bench;

/// Bytes that tell their place.
fn pattern(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at * 7 % 251) as u8).collect()
}

async fn uploaded(bench: &Bench, bucket: &str, key: &str, parts: &[Vec<u8>]) {
    let begin = CreateMultipartUploadRequest { bucket: bucket.into(), key: key.into(), ..Default::default() };
    let upload_id = bench.house.call::<CreateMultipartUpload>(begin).await.unwrap().upload_id.unwrap();
    let mut done = Vec::new();
    for (at, bytes) in parts.iter().enumerate() {
        let part = UploadPartRequest {
            bucket: bucket.into(),
            key: key.into(),
            upload_id: upload_id.clone(),
            part_number: at as i32 + 1,
            body: Body::full(bytes.clone()),
            ..Default::default()
        };
        let e_tag = bench.house.call::<UploadPart>(part).await.unwrap().e_tag;
        done.push(CompletedPart { e_tag, part_number: Some(at as i32 + 1), ..Default::default() });
    }
    let end = CompleteMultipartUploadRequest {
        bucket: bucket.into(),
        key: key.into(),
        upload_id,
        multipart_upload: Some(CompletedMultipartUpload { parts: Some(done) }),
        ..Default::default()
    };
    bench.house.call::<CompleteMultipartUpload>(end).await.unwrap();
}

#[tokio::test]
async fn small_large_and_multipart_objects_read_alike_in_any_range() {
    let bench = Bench::with_bucket("lake").await;
    let (small, large) = (pattern(100), pattern(700_000));
    bench.put("lake", "small", small.clone()).await;
    bench.put("lake", "large", large.clone()).await;
    let parts = [pattern(5 << 20), pattern(6 << 20), pattern(1000)];
    uploaded(&bench, "lake", "parts", &parts).await;
    let objects = crate::s3::objects(&bench.house.platform);
    for (key, whole) in [("small", small), ("large", large), ("parts", parts.concat())] {
        let open = objects.open("lake", key).await.unwrap();
        let size = whole.len() as u64;
        assert_eq!((open.meta().key.as_str(), open.meta().size), (key, size));
        for range in [0..size, 0..1, size - 1..size, size / 3..size / 2, 7..7] {
            let wanted = &whole[range.start as usize..range.end as usize];
            assert!(open.read_at(range.clone()).unwrap() == wanted, "{key} {range:?}");
        }
        assert_eq!(objects.find("lake", key).unwrap(), *open.meta());
    }
    // Across the seam of two parts.
    let open = objects.open("lake", "parts").await.unwrap();
    let seam = 5 << 20;
    assert!(open.read_at(seam - 10..seam + 10).unwrap() == parts.concat()[seam as usize - 10..seam as usize + 10]);
}

#[tokio::test]
async fn an_open_object_outlives_its_deletion_and_a_deleted_one_is_not_there() {
    let bench = Bench::with_versions("lake").await;
    bench.put("lake", "k", pattern(100_000)).await;
    let objects = crate::s3::objects(&bench.house.platform);
    let open = objects.open("lake", "k").await.unwrap();
    bench.put("lake", "k", "new").await;
    assert_eq!(objects.find("lake", "k").unwrap().size, 3);
    bench.delete("lake", "k").await;
    assert!(open.read_at(0..100_000).unwrap() == pattern(100_000));
    assert_eq!(objects.find("lake", "k").unwrap_err(), ObjectsError::NoSuchKey("k".to_owned()));
    assert!(objects.list("lake", "", None, 10).unwrap().is_empty());
    assert_eq!(objects.list("none", "", None, 10).unwrap_err(), ObjectsError::NoSuchBucket("none".to_owned()));
}

#[tokio::test]
async fn lists_go_on_behind_a_key_and_end_with_the_prefix() {
    let bench = Bench::with_bucket("lake").await;
    for key in ["a/1", "a/2", "a/3", "b/1"] {
        bench.put("lake", key, key).await;
    }
    let objects = crate::s3::objects(&bench.house.platform);
    let keys = |after: Option<&str>, limit: usize| -> Vec<String> {
        objects.list("lake", "a/", after, limit).unwrap().into_iter().map(|meta| meta.key).collect()
    };
    assert_eq!(keys(None, 2), ["a/1", "a/2"]);
    assert_eq!(keys(Some("a/2"), 2), ["a/3"]);
    assert_eq!(keys(Some("a/3"), 2), [""; 0]);
}

#[tokio::test]
async fn archived_objects_are_listed_but_not_read() {
    let bench = Bench::with_bucket("lake").await;
    let input = PutObjectRequest {
        bucket: "lake".into(),
        key: "cold".into(),
        body: Body::full("x"),
        storage_class: Some(StorageClass::Glacier),
        ..Default::default()
    };
    bench.house.call::<PutObject>(input).await.unwrap();
    let objects = crate::s3::objects(&bench.house.platform);
    assert!(!objects.list("lake", "", None, 10).unwrap()[0].readable);
    let refused = objects.open("lake", "cold").await.err().unwrap();
    assert_eq!(refused, ObjectsError::Archived("cold".to_owned()));
}
