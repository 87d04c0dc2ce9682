//! A house with a bucket, and short ways to its objects, for tests of uploads and of what happens over time.

use std::time::Duration;

use haar_gateway::testkit::TestHouse;
use haar_platform::aws::s3::*;
use haar_platform::kernel::{Body, Fault};

/// A house with S3.
pub(super) struct Bench {
    pub(super) house: TestHouse,
}

/// The code of a refusal.
pub(super) fn code<T: std::fmt::Debug>(result: Result<T, Fault>) -> String {
    result.unwrap_err().code.into_owned()
}

impl Bench {
    /// With an empty bucket.
    pub(super) async fn with_bucket(name: &str) -> Self {
        let house = TestHouse::open(|platform| vec![crate::s3::service(platform)]);
        let input = CreateBucketRequest { bucket: name.into(), ..Default::default() };
        house.call::<CreateBucket>(input).await.unwrap();
        Self { house }
    }

    /// With an empty bucket that keeps versions.
    pub(super) async fn with_versions(name: &str) -> Self {
        let bench = Self::with_bucket(name).await;
        let status = Some(BucketVersioningStatus::Enabled);
        let input = PutBucketVersioningRequest {
            bucket: name.into(),
            versioning_configuration: VersioningConfiguration { mfa_delete: None, status },
            ..Default::default()
        };
        bench.house.call::<PutBucketVersioning>(input).await.unwrap();
        bench
    }

    pub(super) async fn advance_days(&self, days: u64) {
        self.house.advance(Duration::from_secs(days * 24 * 60 * 60)).await;
    }

    pub(super) async fn put(&self, bucket: &str, key: &str, bytes: impl Into<Vec<u8>>) -> PutObjectOutput {
        let body = Body::full(bytes.into());
        let input = PutObjectRequest { bucket: bucket.into(), key: key.into(), body, ..Default::default() };
        self.house.call::<PutObject>(input).await.unwrap()
    }

    pub(super) async fn delete(&self, bucket: &str, key: &str) -> DeleteObjectOutput {
        let input = DeleteObjectRequest { bucket: bucket.into(), key: key.into(), ..Default::default() };
        self.house.call::<DeleteObject>(input).await.unwrap()
    }

    pub(super) async fn read(&self, bucket: &str, key: &str) -> Vec<u8> {
        let input = GetObjectRequest { bucket: bucket.into(), key: key.into(), ..Default::default() };
        let mut body = self.house.call::<GetObject>(input).await.unwrap().body;
        let mut bytes = Vec::new();
        while let Some(chunk) = body.next().await {
            bytes.extend_from_slice(&chunk.unwrap());
        }
        bytes
    }

    pub(super) async fn head(&self, bucket: &str, key: &str) -> Result<HeadObjectOutput, Fault> {
        let input = HeadObjectRequest { bucket: bucket.into(), key: key.into(), ..Default::default() };
        self.house.call::<HeadObject>(input).await
    }

    /// The keys of all current versions.
    pub(super) async fn keys(&self, bucket: &str) -> Vec<String> {
        let input = ListObjectsV2Request { bucket: bucket.into(), ..Default::default() };
        let output = self.house.call::<ListObjectsV2>(input).await.unwrap();
        output.contents.unwrap_or_default().into_iter().filter_map(|object| object.key).collect()
    }

    pub(super) async fn versions(&self, bucket: &str) -> ListObjectVersionsOutput {
        let input = ListObjectVersionsRequest { bucket: bucket.into(), ..Default::default() };
        self.house.call::<ListObjectVersions>(input).await.unwrap()
    }

    /// How many versions and how many delete markers there are.
    pub(super) async fn version_counts(&self, bucket: &str) -> (usize, usize) {
        let listed = self.versions(bucket).await;
        (listed.versions.unwrap_or_default().len(), listed.delete_markers.unwrap_or_default().len())
    }
}
