//! Objects on disk: what was answered is there after a restart, and what is gone leaves no file.

use std::path::Path;
use std::sync::Arc;

use haar_gateway::testkit::FixedAuthority;
use haar_platform::store::Config;

use super::*;

async fn house_at(directory: &Path) -> TestHouse {
    TestHouse::with_authority(Config::at(directory), |platform| {
        (vec![crate::s3::service(platform)], Arc::new(FixedAuthority::default()))
    })
}

#[tokio::test]
async fn objects_outlive_the_house() {
    let directory = tempfile::tempdir().unwrap();
    let large = pattern(700_000);
    let house = house_at(directory.path()).await;
    let request = aws::CreateBucketRequest { bucket: BUCKET.into(), ..Default::default() };
    house.call::<aws::CreateBucket>(request).await.unwrap();
    put(&house, object("small", "x")).await;
    put(&house, object("large", large.clone())).await;
    put(&house, object("gone", large.clone())).await;
    let delete = aws::DeleteObjectRequest { bucket: BUCKET.into(), key: "gone".into(), ..Default::default() };
    house.call::<aws::DeleteObject>(delete).await.unwrap();
    house.platform.store.close().await.unwrap();
    drop(house);

    let house = house_at(directory.path()).await;
    assert_eq!(text(&house, "small").await, "x");
    assert_eq!(text(&house, "gone").await, "NoSuchKey");
    assert!(get(&house, wanted("large")).await.1 == large);
    let middle = aws::GetObjectRequest { range: Some("bytes=300000-600000".into()), ..wanted("large") };
    assert!(get(&house, middle).await.1 == large[300_000..=600_000]);
    let report = house.platform.store.check(crate::s3::tables()).await.unwrap();
    assert!(report.problems.is_empty(), "{:?}", report.problems);
}
