//! Buckets: what they are, what is set on them, who may come in.

mod access;
mod configurations;
mod life;

use haar_gateway::testkit::TestHouse;
use haar_platform::aws::s3::*;
use haar_platform::kernel::Fault;

/// A house with S3 and short ways to its operations.
struct Bench {
    house: TestHouse,
}

impl Bench {
    fn open() -> Self {
        Self { house: TestHouse::open(|platform| vec![crate::s3::service(platform)]) }
    }

    /// With a bucket.
    async fn with_bucket(name: &str) -> Self {
        let bench = Self::open();
        bench.create_bucket(name).await;
        bench
    }

    async fn create_bucket(&self, name: &str) {
        let input = CreateBucketRequest { bucket: name.into(), ..Default::default() };
        self.house.call::<CreateBucket>(input).await.unwrap();
    }

    async fn set_versioning(&self, bucket: &str, status: BucketVersioningStatus) {
        let input = PutBucketVersioningRequest {
            bucket: bucket.into(),
            versioning_configuration: VersioningConfiguration { mfa_delete: None, status: Some(status) },
            ..Default::default()
        };
        self.house.call::<PutBucketVersioning>(input).await.unwrap();
    }
}

/// Refused with that code and that message.
#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Fault>, code: &str, message: &str) {
    let fault = result.unwrap_err();
    assert_eq!((&*fault.code, &*fault.message), (code, message));
}
