//! Behaviour of Parameter Store, through the pipeline. Shared here: a house with it, and short ways to call it.

mod access;
mod by_path;
mod delete;
mod describe;
mod event;
mod get;
mod history;
mod label;
mod name;
mod policy;
mod put;
mod secret;
mod tag;
mod tier;

use std::fmt::Debug;

use haar_gateway::testkit::TestHouse;
use haar_platform::aws::ssm as aws;
use haar_platform::aws::ssm::{Parameter, ParameterTier, ParameterType, PutParameterRequest, PutParameterResult, Tag};
use haar_platform::kernel::Fault;

pub fn open() -> TestHouse {
    TestHouse::open(|platform| vec![super::service(platform)])
}

/// A request for a String.
pub fn string(name: &str, value: &str) -> PutParameterRequest {
    PutParameterRequest {
        name: name.into(),
        value: value.into(),
        r#type: Some(ParameterType::String),
        ..Default::default()
    }
}

/// The same request, for a new version.
pub fn over(request: PutParameterRequest) -> PutParameterRequest {
    PutParameterRequest { overwrite: Some(true), ..request }
}

/// The same request, for the advanced tier.
pub fn advanced(request: PutParameterRequest) -> PutParameterRequest {
    PutParameterRequest { tier: Some(ParameterTier::Advanced), ..request }
}

pub async fn try_put(house: &TestHouse, request: PutParameterRequest) -> Result<PutParameterResult, Fault> {
    house.call::<aws::PutParameter>(request).await
}

pub async fn put(house: &TestHouse, request: PutParameterRequest) -> PutParameterResult {
    try_put(house, request).await.unwrap()
}

pub async fn try_get(house: &TestHouse, name: &str) -> Result<Parameter, Fault> {
    let request = aws::GetParameterRequest { name: name.into(), with_decryption: Some(true) };
    let answer = house.call::<aws::GetParameter>(request).await?;
    Ok(answer.parameter.unwrap())
}

/// The value, decrypted.
pub async fn value(house: &TestHouse, name: &str) -> String {
    try_get(house, name).await.unwrap().value.unwrap()
}

/// `Code: message`.
pub fn refusal<T: Debug>(answer: Result<T, Fault>) -> String {
    answer.expect_err("a refusal").to_string()
}

pub fn tag(key: &str, value: &str) -> Tag {
    Tag { key: key.into(), value: value.into() }
}

pub fn texts(items: &[&str]) -> Vec<String> {
    items.iter().map(|item| (*item).to_owned()).collect()
}
