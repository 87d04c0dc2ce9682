//! Multipart uploads: parts become objects.

use std::time::Duration;

use haar_platform::aws::s3::*;
use haar_platform::kernel::{Body, Fault};
use haar_platform::store::{Read, Span, StoreError};

use super::bench::{Bench, code};
use crate::s3::model::PARTS;

/// The smallest part that is not the last.
const PART: usize = 5 << 20;

impl Bench {
    async fn begin(&self, bucket: &str, key: &str) -> String {
        self.begin_with(CreateMultipartUploadRequest { bucket: bucket.into(), key: key.into(), ..Default::default() })
            .await
            .unwrap()
    }

    async fn begin_with(&self, input: CreateMultipartUploadRequest) -> Result<String, Fault> {
        Ok(self.house.call::<CreateMultipartUpload>(input).await?.upload_id.unwrap())
    }

    async fn try_part(&self, input: UploadPartRequest) -> Result<UploadPartOutput, Fault> {
        self.house.call::<UploadPart>(input).await
    }

    /// Uploads a part and gives it as it is listed for completion.
    async fn part(&self, upload: &Upload<'_>, number: i32, bytes: impl Into<Vec<u8>>) -> CompletedPart {
        let output = self.try_part(upload.part(number, bytes)).await.unwrap();
        CompletedPart { e_tag: output.e_tag, part_number: Some(number), ..Default::default() }
    }

    async fn complete(
        &self,
        upload: &Upload<'_>,
        parts: Vec<CompletedPart>,
    ) -> Result<CompleteMultipartUploadOutput, Fault> {
        self.house.call::<CompleteMultipartUpload>(upload.completion(parts)).await
    }

    async fn parts(&self, upload: &Upload<'_>) -> Result<ListPartsOutput, Fault> {
        let Upload { bucket, key, id } = upload;
        let input = ListPartsRequest {
            bucket: (*bucket).into(),
            key: (*key).into(),
            upload_id: id.clone(),
            ..Default::default()
        };
        self.house.call::<ListParts>(input).await
    }

    async fn abort(&self, upload: &Upload<'_>) -> Result<AbortMultipartUploadOutput, Fault> {
        let Upload { bucket, key, id } = upload;
        let input = AbortMultipartUploadRequest {
            bucket: (*bucket).into(),
            key: (*key).into(),
            upload_id: id.clone(),
            ..Default::default()
        };
        self.house.call::<AbortMultipartUpload>(input).await
    }

    async fn copy_part(
        &self,
        upload: &Upload<'_>,
        number: i32,
        source: &str,
        range: Option<&str>,
    ) -> Result<UploadPartCopyOutput, Fault> {
        let Upload { bucket, key, id } = upload;
        let input = UploadPartCopyRequest {
            bucket: (*bucket).into(),
            key: (*key).into(),
            upload_id: id.clone(),
            part_number: number,
            copy_source: source.into(),
            copy_source_range: range.map(str::to_owned),
            ..Default::default()
        };
        self.house.call::<UploadPartCopy>(input).await
    }

    async fn uploads(&self, input: ListMultipartUploadsRequest) -> ListMultipartUploadsOutput {
        self.house.call::<ListMultipartUploads>(input).await.unwrap()
    }

    /// Whether the store's records and blobs fit together.
    async fn is_sound(&self) {
        let report = self.house.platform.store.check(crate::s3::tables()).await.unwrap();
        assert!(report.problems.is_empty(), "{:?}", report.problems);
    }
}

/// An upload to `lake/key`.
struct Upload<'a> {
    bucket: &'a str,
    key: &'a str,
    id: String,
}

impl Upload<'_> {
    fn part(&self, number: i32, bytes: impl Into<Vec<u8>>) -> UploadPartRequest {
        UploadPartRequest {
            bucket: self.bucket.into(),
            key: self.key.into(),
            upload_id: self.id.clone(),
            part_number: number,
            body: Body::full(bytes.into()),
            ..Default::default()
        }
    }

    fn completion(&self, parts: Vec<CompletedPart>) -> CompleteMultipartUploadRequest {
        CompleteMultipartUploadRequest {
            bucket: self.bucket.into(),
            key: self.key.into(),
            upload_id: self.id.clone(),
            multipart_upload: Some(CompletedMultipartUpload { parts: Some(parts) }),
            ..Default::default()
        }
    }
}

/// A bench with the bucket `lake` and an upload to `key` under way.
async fn begun() -> (Bench, Upload<'static>) {
    let bench = Bench::with_bucket("lake").await;
    let id = bench.begin("lake", "key").await;
    (bench, Upload { bucket: "lake", key: "key", id })
}

#[tokio::test]
async fn parts_become_an_object_in_the_order_of_their_numbers() {
    let (bench, upload) = begun().await;
    let last = bench.part(&upload, 7, "the end").await;
    let first = bench.part(&upload, 2, vec![b'a'; PART]).await;
    let done = bench.complete(&upload, vec![first, last]).await.unwrap();
    assert!(done.e_tag.as_ref().unwrap().ends_with("-2\""), "{:?}", done.e_tag);
    assert_eq!(done.checksum_type, Some(ChecksumType::FullObject));
    assert!(done.checksum_crc64nvme.is_some());
    let bytes = bench.read("lake", "key").await;
    assert_eq!(bytes.len(), PART + 7);
    assert!(bytes.starts_with(b"aaa") && bytes.ends_with(b"athe end"));
    assert_eq!(code(bench.parts(&upload).await), "NoSuchUpload");
    bench.is_sound().await;
}

#[tokio::test]
async fn an_object_can_have_ten_thousand_parts() {
    let (bench, upload) = begun().await;
    let bytes = [vec![b'a'; PART - 1], b"z".to_vec()].concat();
    let first = bench.part(&upload, 1, bytes).await;
    // The other parts are the same bytes again: fifty gigabytes would take their time.
    let written: Result<(), StoreError> = bench
        .house
        .platform
        .store
        .write(|tx| {
            let row = tx.scan(PARTS, Span::all()).next().transpose()?;
            let ((bucket, sequence, _), part) = row.unwrap();
            (2..=10_000_u16).try_for_each(|number| tx.put(PARTS, &(bucket, sequence, number), &part))
        })
        .await;
    written.unwrap();
    let parts = (1..=10_000).map(|number| CompletedPart { part_number: Some(number), ..first.clone() }).collect();
    let done = bench.complete(&upload, parts).await.unwrap();
    assert!(done.e_tag.unwrap().ends_with("-10000\""));
    let head = bench.head("lake", "key").await.unwrap();
    assert_eq!(head.content_length, Some(10_000 * PART as i64));
    let input = GetObjectRequest {
        bucket: "lake".into(),
        key: "key".into(),
        range: Some(format!("bytes={}-{}", 7777 * PART - 1, 7777 * PART)),
        ..Default::default()
    };
    let mut body = bench.house.call::<GetObject>(input).await.unwrap().body;
    let mut bytes = Vec::new();
    while let Some(chunk) = body.next().await {
        bytes.extend_from_slice(&chunk.unwrap());
    }
    assert_eq!(bytes, b"za");
}

#[tokio::test]
async fn the_etag_is_the_md5_of_the_parts_md5s() {
    let (bench, upload) = begun().await;
    let part = bench.part(&upload, 1, "").await;
    assert_eq!(part.e_tag.as_deref(), Some("\"d41d8cd98f00b204e9800998ecf8427e\""));
    let done = bench.complete(&upload, vec![part]).await.unwrap();
    assert_eq!(done.e_tag.as_deref(), Some("\"59adb24ef3cdbe0297f05b395827453f-1\""));
}

#[tokio::test]
async fn a_part_that_comes_again_replaces_the_one_before() {
    let (bench, upload) = begun().await;
    let first = bench.part(&upload, 1, "first").await;
    let second = bench.part(&upload, 1, "second").await;
    assert_eq!(code(bench.complete(&upload, vec![first]).await), "InvalidPart");
    bench.complete(&upload, vec![second]).await.unwrap();
    assert_eq!(bench.read("lake", "key").await, b"second");
    bench.is_sound().await;
}

#[tokio::test]
async fn parts_that_are_not_listed_are_left_out() {
    let (bench, upload) = begun().await;
    let kept = bench.part(&upload, 1, "kept").await;
    bench.part(&upload, 2, "left out").await;
    bench.complete(&upload, vec![kept]).await.unwrap();
    assert_eq!(bench.read("lake", "key").await, b"kept");
    bench.is_sound().await;
}

#[tokio::test]
async fn a_small_part_can_only_be_the_last() {
    let (bench, upload) = begun().await;
    let parts = vec![bench.part(&upload, 1, "small").await, bench.part(&upload, 2, "last").await];
    let fault = bench.complete(&upload, parts).await.unwrap_err();
    assert_eq!(fault.code, "EntityTooSmall");
    assert_eq!(fault.message, "Your proposed upload is smaller than the minimum allowed size");
    // The upload is still there.
    assert_eq!(bench.parts(&upload).await.unwrap().parts.unwrap().len(), 2);
}

#[tokio::test]
async fn lists_that_are_wrong_are_refused() {
    let (bench, upload) = begun().await;
    let (one, two) = (bench.part(&upload, 1, "a").await, bench.part(&upload, 2, "b").await);
    let unknown = CompletedPart { part_number: Some(3), ..one.clone() };
    let other = CompletedPart { part_number: Some(1), ..two.clone() };
    let nameless = CompletedPart { part_number: None, ..one.clone() };
    for (parts, expected) in [
        (vec![two, one.clone()], "InvalidPartOrder"),
        (vec![one.clone(), one], "InvalidPartOrder"),
        (vec![unknown], "InvalidPart"),
        (vec![other], "InvalidPart"),
        (vec![nameless], "MalformedXML"),
        (Vec::new(), "MalformedXML"),
    ] {
        assert_eq!(code(bench.complete(&upload, parts).await), expected);
    }
}

#[tokio::test]
async fn who_completes_twice_gets_the_same_answer_for_a_day() {
    let (bench, upload) = begun().await;
    let part = bench.part(&upload, 1, "a").await;
    let first = bench.complete(&upload, vec![part.clone()]).await.unwrap();
    bench.put("lake", "key", "something else").await;
    let second = bench.complete(&upload, vec![part.clone()]).await.unwrap();
    assert_eq!(first.e_tag, second.e_tag);
    assert_eq!(bench.read("lake", "key").await, b"something else");
    bench.house.advance(Duration::from_secs(24 * 60 * 60)).await;
    assert_eq!(code(bench.complete(&upload, vec![part]).await), "NoSuchUpload");
}

#[tokio::test]
async fn an_upload_that_is_aborted_is_gone() {
    let (bench, upload) = begun().await;
    let part = bench.part(&upload, 1, "a").await;
    bench.abort(&upload).await.unwrap();
    assert_eq!(code(bench.abort(&upload).await), "NoSuchUpload");
    assert_eq!(code(bench.try_part(upload.part(1, "b")).await), "NoSuchUpload");
    assert_eq!(code(bench.complete(&upload, vec![part]).await), "NoSuchUpload");
    bench.is_sound().await;
}

#[tokio::test]
async fn an_upload_is_known_under_its_own_key_alone() {
    let (bench, upload) = begun().await;
    let other = Upload { key: "other", id: upload.id.clone(), ..upload };
    assert_eq!(code(bench.try_part(other.part(1, "a")).await), "NoSuchUpload");
    let made_up = Upload { id: "made-up".into(), ..other };
    assert_eq!(code(bench.parts(&made_up).await), "NoSuchUpload");
}

#[tokio::test]
async fn part_numbers_go_from_one_to_ten_thousand() {
    let (bench, upload) = begun().await;
    for number in [0, 10_001, -1] {
        let fault = bench.try_part(upload.part(number, "a")).await.unwrap_err();
        assert_eq!(fault.code, "InvalidArgument");
        assert_eq!(fault.message, "Part number must be an integer between 1 and 10000, inclusive");
    }
    bench.part(&upload, 10_000, "a").await;
}

#[tokio::test]
async fn a_part_is_what_its_sender_says_or_nothing() {
    let (bench, upload) = begun().await;
    let wrong_md5 = UploadPartRequest { content_md5: Some("1B2M2Y8AsgTpgAmY7PhCfg==".into()), ..upload.part(1, "a") };
    assert_eq!(code(bench.try_part(wrong_md5).await), "BadDigest");
    let wrong_crc = UploadPartRequest { checksum_crc32: Some("AAAAAA==".into()), ..upload.part(1, "a") };
    assert_eq!(code(bench.try_part(wrong_crc).await), "BadDigest");
    assert_eq!(bench.parts(&upload).await.unwrap().parts.unwrap_or_default().len(), 0);
}

#[tokio::test]
async fn a_completion_with_a_condition_that_fails_keeps_the_upload() {
    let (bench, upload) = begun().await;
    let part = bench.part(&upload, 1, "new").await;
    bench.put("lake", "key", "old").await;
    let input =
        CompleteMultipartUploadRequest { if_none_match: Some("*".into()), ..upload.completion(vec![part.clone()]) };
    assert_eq!(code(bench.house.call::<CompleteMultipartUpload>(input).await), "PreconditionFailed");
    assert_eq!(bench.read("lake", "key").await, b"old");
    bench.complete(&upload, vec![part]).await.unwrap();
    assert_eq!(bench.read("lake", "key").await, b"new");
}

#[tokio::test]
async fn what_is_said_at_the_beginning_is_the_objects_at_the_end() {
    let bench = Bench::with_bucket("lake").await;
    let input = CreateMultipartUploadRequest {
        bucket: "lake".into(),
        key: "key".into(),
        content_type: Some("text/csv".into()),
        metadata: Some([("team".to_owned(), "data".to_owned())].into()),
        tagging: Some("a=1".into()),
        storage_class: Some(StorageClass::StandardIa),
        ..Default::default()
    };
    let id = bench.begin_with(input).await.unwrap();
    let upload = Upload { bucket: "lake", key: "key", id };
    let part = bench.part(&upload, 1, "a").await;
    bench.complete(&upload, vec![part]).await.unwrap();
    let head = bench.head("lake", "key").await.unwrap();
    assert_eq!(head.content_type.as_deref(), Some("text/csv"));
    assert_eq!(head.metadata.unwrap()["team"], "data");
    assert_eq!(head.storage_class, Some(StorageClass::StandardIa));
}

#[tokio::test]
async fn a_completion_in_a_bucket_with_versions_makes_one() {
    let bench = Bench::with_versions("lake").await;
    bench.put("lake", "key", "old").await;
    let upload = Upload { bucket: "lake", key: "key", id: bench.begin("lake", "key").await };
    let part = bench.part(&upload, 1, "new").await;
    let done = bench.complete(&upload, vec![part]).await.unwrap();
    let versions = bench.versions("lake").await;
    let ids: Vec<_> = versions.versions.unwrap().into_iter().map(|version| version.version_id).collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], done.version_id);
}

#[tokio::test]
async fn a_composite_checksum_is_of_the_parts_checksums() {
    let bench = Bench::with_bucket("lake").await;
    let input = CreateMultipartUploadRequest {
        bucket: "lake".into(),
        key: "key".into(),
        checksum_algorithm: Some(ChecksumAlgorithm::Sha256),
        ..Default::default()
    };
    let upload = Upload { bucket: "lake", key: "key", id: bench.begin_with(input).await.unwrap() };
    let part = bench.try_part(upload.part(1, "abc")).await.unwrap();
    let sha256 = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
    assert_eq!(part.checksum_sha256.as_deref(), Some(sha256));
    let bare = CompletedPart { e_tag: part.e_tag, part_number: Some(1), ..Default::default() };
    let fault = bench.complete(&upload, vec![bare.clone()]).await.unwrap_err();
    assert_eq!(
        fault.message,
        "The upload was created using a sha256 checksum. The complete request must include the checksum for each \
         part. It was missing for part 1 in the request."
    );
    let wrong = CompletedPart { checksum_sha256: Some("AAAA".into()), ..bare.clone() };
    assert_eq!(code(bench.complete(&upload, vec![wrong]).await), "InvalidPart");
    let right = CompletedPart { checksum_sha256: Some(sha256.into()), ..bare };
    let done = bench.complete(&upload, vec![right]).await.unwrap();
    // SHA-256 of the SHA-256 of "abc".
    assert_eq!(done.checksum_sha256.as_deref(), Some("T4tCwi3TcptRm6b2jS2nzFstYG0F2u1a1RKMwD5sY1g=-1"));
    assert_eq!(done.checksum_type, Some(ChecksumType::Composite));
}

#[tokio::test]
async fn a_full_object_checksum_is_compared_with_what_the_caller_says() {
    let bench = Bench::with_bucket("lake").await;
    let input = CreateMultipartUploadRequest {
        bucket: "lake".into(),
        key: "key".into(),
        checksum_algorithm: Some(ChecksumAlgorithm::Crc32),
        checksum_type: Some(ChecksumType::FullObject),
        ..Default::default()
    };
    let upload = Upload { bucket: "lake", key: "key", id: bench.begin_with(input).await.unwrap() };
    let part = bench.part(&upload, 1, "123456789").await;
    let completion = |crc: &str, kind| CompleteMultipartUploadRequest {
        checksum_crc32: Some(crc.into()),
        checksum_type: Some(kind),
        ..upload.completion(vec![part.clone()])
    };
    let wrong_type = bench.house.call::<CompleteMultipartUpload>(completion("y/Q5Jg==", ChecksumType::Composite)).await;
    assert_eq!(code(wrong_type), "InvalidRequest");
    let wrong = bench.house.call::<CompleteMultipartUpload>(completion("AAAAAA==", ChecksumType::FullObject)).await;
    assert_eq!(code(wrong), "BadDigest");
    let right = bench.house.call::<CompleteMultipartUpload>(completion("y/Q5Jg==", ChecksumType::FullObject)).await;
    assert_eq!(right.unwrap().checksum_crc32.as_deref(), Some("y/Q5Jg=="));
}

#[tokio::test]
async fn a_part_has_the_algorithm_of_its_upload() {
    let bench = Bench::with_bucket("lake").await;
    let input = CreateMultipartUploadRequest {
        bucket: "lake".into(),
        key: "key".into(),
        checksum_algorithm: Some(ChecksumAlgorithm::Sha256),
        ..Default::default()
    };
    let upload = Upload { bucket: "lake", key: "key", id: bench.begin_with(input).await.unwrap() };
    let other = UploadPartRequest { checksum_crc32: Some("6Le+Qw==".into()), ..upload.part(1, "a") };
    let fault = bench.try_part(other).await.unwrap_err();
    assert_eq!(fault.code, "InvalidRequest");
    assert_eq!(
        fault.message,
        "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: crc32"
    );
}

#[tokio::test]
async fn the_size_that_the_caller_says_must_be_true() {
    let (bench, upload) = begun().await;
    let part = bench.part(&upload, 1, "abc").await;
    let input = CompleteMultipartUploadRequest { mpu_object_size: Some(4), ..upload.completion(vec![part]) };
    assert_eq!(code(bench.house.call::<CompleteMultipartUpload>(input).await), "InvalidRequest");
}

#[tokio::test]
async fn parts_are_listed_page_by_page() {
    let (bench, upload) = begun().await;
    for number in [1, 3, 5] {
        bench.part(&upload, number, "abc").await;
    }
    let page = |marker| ListPartsRequest {
        bucket: "lake".into(),
        key: "key".into(),
        upload_id: upload.id.clone(),
        max_parts: Some(2),
        part_number_marker: marker,
        ..Default::default()
    };
    let numbers = |output: &ListPartsOutput| -> Vec<_> {
        output.parts.iter().flatten().filter_map(|part| part.part_number).collect()
    };
    let first = bench.house.call::<ListParts>(page(None)).await.unwrap();
    assert_eq!((numbers(&first), first.is_truncated), (vec![1, 3], Some(true)));
    assert_eq!(first.parts.as_ref().unwrap()[0].size, Some(3));
    let second = bench.house.call::<ListParts>(page(first.next_part_number_marker)).await.unwrap();
    assert_eq!((numbers(&second), second.is_truncated), (vec![5], Some(false)));
}

#[tokio::test]
async fn uploads_are_listed_by_key_and_age_and_rolled_up_at_the_delimiter() {
    let bench = Bench::with_bucket("lake").await;
    let mut ids = Vec::new();
    for key in ["b", "a/1", "b", "a/2", "c d"] {
        ids.push(bench.begin("lake", key).await);
    }
    let all = ListMultipartUploadsRequest { bucket: "lake".into(), ..Default::default() };
    let listed = |output: &ListMultipartUploadsOutput| -> Vec<String> {
        output.uploads.iter().flatten().filter_map(|upload| upload.upload_id.clone()).collect()
    };
    let prefixes = |output: &ListMultipartUploadsOutput| -> Vec<String> {
        output.common_prefixes.iter().flatten().filter_map(|common| common.prefix.clone()).collect()
    };
    let by = |order: &[usize]| -> Vec<String> { order.iter().map(|index| ids[*index].clone()).collect() };
    assert_eq!(listed(&bench.uploads(all.clone()).await), by(&[1, 3, 0, 2, 4]));

    let under = ListMultipartUploadsRequest { prefix: Some("a/".into()), ..all.clone() };
    assert_eq!(listed(&bench.uploads(under).await), by(&[1, 3]));

    // Page by page, one item each: the common prefix is one of them.
    let mut page = ListMultipartUploadsRequest { delimiter: Some("/".into()), max_uploads: Some(1), ..all.clone() };
    let mut seen = Vec::new();
    loop {
        let output = bench.uploads(page.clone()).await;
        seen.extend(prefixes(&output));
        seen.extend(listed(&output));
        if output.is_truncated != Some(true) {
            break;
        }
        page.key_marker = output.next_key_marker;
        page.upload_id_marker = output.next_upload_id_marker;
    }
    assert_eq!(seen, [vec!["a/".to_owned()], by(&[0, 2, 4])].concat());

    let encoded =
        ListMultipartUploadsRequest { prefix: Some("c".into()), encoding_type: Some(EncodingType::Url), ..all };
    assert_eq!(bench.uploads(encoded).await.uploads.unwrap()[0].key.as_deref(), Some("c+d"));
}

#[tokio::test]
async fn parts_are_copied_from_objects_and_ranges_of_them() {
    let (bench, upload) = begun().await;
    bench.put("lake", "source", "0123456789").await;
    let copied = bench.copy_part(&upload, 1, "lake/source", Some("bytes=2-4")).await.unwrap();
    let e_tag = copied.copy_part_result.unwrap().e_tag;
    let part = CompletedPart { e_tag, part_number: Some(1), ..Default::default() };
    bench.complete(&upload, vec![part]).await.unwrap();
    assert_eq!(bench.read("lake", "key").await, b"234");

    // Of a multipart object too.
    let next = Upload { id: bench.begin("lake", "key").await, ..upload };
    let copied = bench.copy_part(&next, 1, "/lake/key", None).await.unwrap();
    let e_tag = copied.copy_part_result.unwrap().e_tag;
    let part = CompletedPart { e_tag, part_number: Some(1), ..Default::default() };
    bench.complete(&next, vec![part]).await.unwrap();
    assert_eq!(bench.read("lake", "key").await, b"234");
    bench.is_sound().await;
}

#[tokio::test]
async fn a_copy_of_what_is_not_there_is_refused() {
    let (bench, upload) = begun().await;
    bench.put("lake", "source", "0123456789").await;
    for (source, range, expected) in [
        ("lake/nothing", None, "NoSuchKey"),
        ("nowhere/source", None, "NoSuchBucket"),
        ("source", None, "InvalidArgument"),
        ("lake/source", Some("bytes=5-10"), "InvalidArgument"),
        ("lake/source", Some("bytes=5-"), "InvalidArgument"),
    ] {
        assert_eq!(code(bench.copy_part(&upload, 1, source, range).await), expected, "{source} {range:?}");
    }
}

#[tokio::test]
async fn a_copy_with_a_condition_that_fails_is_refused() {
    let (bench, upload) = begun().await;
    let e_tag = bench.put("lake", "source", "0123456789").await.e_tag;
    let copy = || UploadPartCopyRequest {
        bucket: "lake".into(),
        key: "key".into(),
        upload_id: upload.id.clone(),
        part_number: 1,
        copy_source: "lake/source".into(),
        ..Default::default()
    };
    let other = UploadPartCopyRequest { copy_source_if_match: Some("other".into()), ..copy() };
    assert_eq!(code(bench.house.call::<UploadPartCopy>(other).await), "PreconditionFailed");
    let same = UploadPartCopyRequest { copy_source_if_none_match: e_tag.clone(), ..copy() };
    assert_eq!(code(bench.house.call::<UploadPartCopy>(same).await), "PreconditionFailed");
    let right = UploadPartCopyRequest { copy_source_if_match: e_tag, ..copy() };
    bench.house.call::<UploadPartCopy>(right).await.unwrap();
}
