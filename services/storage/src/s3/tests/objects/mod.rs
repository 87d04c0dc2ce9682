//! Objects, through the pipeline. Shared here: a house with a bucket, and short ways to its objects.

mod copy;
mod delete;
mod disk;
mod get;
mod list;
mod list_model;
mod put;
mod said;

use haar_gateway::testkit::TestHouse;
use haar_platform::aws::s3 as aws;
use haar_platform::kernel::{Body, Fault};

const BUCKET: &str = "lake";

/// A house with an empty bucket, [`BUCKET`].
async fn open() -> TestHouse {
    let house = TestHouse::open(|platform| vec![crate::s3::service(platform)]);
    let request = aws::CreateBucketRequest { bucket: BUCKET.into(), ..Default::default() };
    house.call::<aws::CreateBucket>(request).await.unwrap();
    house
}

/// The same, with versions.
async fn open_versioned() -> TestHouse {
    let house = open().await;
    set_versioning(&house, aws::BucketVersioningStatus::Enabled).await;
    house
}

async fn set_versioning(house: &TestHouse, status: aws::BucketVersioningStatus) {
    let configuration = aws::VersioningConfiguration { mfa_delete: None, status: Some(status) };
    let request = aws::PutBucketVersioningRequest {
        bucket: BUCKET.into(),
        versioning_configuration: configuration,
        ..Default::default()
    };
    house.call::<aws::PutBucketVersioning>(request).await.unwrap();
}

/// A request to put some bytes.
fn object(key: &str, bytes: impl Into<Vec<u8>>) -> aws::PutObjectRequest {
    let body = Body::full(bytes.into());
    aws::PutObjectRequest { bucket: BUCKET.into(), key: key.into(), body, ..Default::default() }
}

async fn put(house: &TestHouse, request: aws::PutObjectRequest) -> aws::PutObjectOutput {
    try_put(house, request).await.unwrap()
}

async fn try_put(house: &TestHouse, request: aws::PutObjectRequest) -> Result<aws::PutObjectOutput, Fault> {
    house.call::<aws::PutObject>(request).await
}

/// A request to read the current version.
fn wanted(key: &str) -> aws::GetObjectRequest {
    aws::GetObjectRequest { bucket: BUCKET.into(), key: key.into(), ..Default::default() }
}

async fn get(house: &TestHouse, request: aws::GetObjectRequest) -> (aws::GetObjectOutput, Vec<u8>) {
    let mut output = house.call::<aws::GetObject>(request).await.unwrap();
    let bytes = read(std::mem::take(&mut output.body)).await;
    assert_eq!(output.content_length, Some(bytes.len() as i64));
    (output, bytes)
}

async fn refusal(house: &TestHouse, request: aws::GetObjectRequest) -> Fault {
    house.call::<aws::GetObject>(request).await.unwrap_err()
}

/// The text of the current version of a key, or the code of the error.
async fn text(house: &TestHouse, key: &str) -> String {
    match house.call::<aws::GetObject>(wanted(key)).await {
        Ok(output) => String::from_utf8(read(output.body).await).unwrap(),
        Err(fault) => fault.code.into_owned(),
    }
}

async fn read(mut body: Body) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(chunk) = body.next().await {
        bytes.extend_from_slice(&chunk.unwrap());
    }
    bytes
}

/// Bytes that are not all alike.
fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index * 31 % 251) as u8).collect()
}

/// A header of a refusal.
fn header<'a>(fault: &'a Fault, name: &str) -> Option<&'a str> {
    fault.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
}
