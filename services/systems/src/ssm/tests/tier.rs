//! Tiers: sizes, numbers, and the way between them.

use super::*;
use crate::ssm::{Quotas, service_with};

const STANDARD_MAX: usize = 4096;

const TOO_LARGE: &str = "ValidationException: Standard tier parameters support a maximum parameter value of 4096 \
                         characters. To create a larger parameter value, upgrade the parameter to use the \
                         advanced-parameter tier. For more information, see https://docs.aws.amazon.com/\
                         systems-manager/latest/userguide/parameter-store-advanced-parameters.html";

fn sized(tier: Option<ParameterTier>, length: usize) -> PutParameterRequest {
    PutParameterRequest { tier, ..over(string("a", &"x".repeat(length))) }
}

#[tokio::test]
async fn each_tier_has_its_size() {
    let house = open();
    put(&house, sized(None, STANDARD_MAX)).await;
    assert_eq!(refusal(try_put(&house, sized(None, STANDARD_MAX + 1)).await), TOO_LARGE);
    let advanced = Some(ParameterTier::Advanced);
    assert_eq!(put(&house, sized(advanced, 8192)).await.tier, advanced);
    assert_eq!(
        refusal(try_put(&house, sized(advanced, 8193)).await),
        "ValidationException: Advanced tier parameters support a maximum parameter value of 8192 characters."
    );
}

#[tokio::test]
async fn intelligent_tiering_comes_to_the_tier_that_fits() {
    let house = open();
    let intelligent = Some(ParameterTier::IntelligentTiering);
    assert_eq!(put(&house, sized(intelligent, 10)).await.tier, Some(ParameterTier::Standard));
    assert_eq!(put(&house, sized(intelligent, STANDARD_MAX + 1)).await.tier, Some(ParameterTier::Advanced));
    assert_eq!(put(&house, sized(intelligent, 10)).await.tier, Some(ParameterTier::Advanced), "there is no way back");
}

#[tokio::test]
async fn advanced_parameters_stay_advanced() {
    let house = open();
    put(&house, sized(Some(ParameterTier::Advanced), 10)).await;
    let refusal = refusal(try_put(&house, sized(Some(ParameterTier::Standard), 10)).await);
    assert!(
        refusal.starts_with(
            "ValidationException: This parameter uses the advanced-parameter tier. You can't downgrade a parameter"
        ),
        "{refusal}"
    );
    assert_eq!(put(&house, sized(None, 10)).await.tier, Some(ParameterTier::Advanced));
}

fn small() -> TestHouse {
    let quotas = Quotas { standard: 2, advanced: 1 };
    TestHouse::open(|platform| vec![service_with(platform, quotas)])
}

const FULL: &str = "ParameterLimitExceeded: You have exceeded the number of parameters for this AWS account. Delete \
                    one or more parameters and try again.";

#[tokio::test]
async fn each_tier_has_its_number() {
    let house = small();
    put(&house, string("a", "1")).await;
    put(&house, string("b", "1")).await;
    assert_eq!(refusal(try_put(&house, string("c", "1")).await), FULL);
    put(&house, over(string("a", "2"))).await;
    put(&house, advanced(string("d", "1"))).await;
    assert_eq!(refusal(try_put(&house, advanced(string("e", "1"))).await), FULL);
    assert_eq!(refusal(try_put(&house, advanced(over(string("a", "3")))).await), FULL, "an upgrade counts");

    let delete = aws::DeleteParameterRequest { name: "d".into() };
    house.call::<aws::DeleteParameter>(delete).await.unwrap();
    put(&house, advanced(over(string("a", "3")))).await;
    put(&house, string("c", "1")).await;
}

#[tokio::test]
async fn numbers_are_those_of_one_region_of_one_account() {
    let house = small();
    for name in ["a", "b"] {
        put(&house, string(name, "1")).await;
    }
    let caller = house.root("000000000000");
    let elsewhere = house.call_as::<aws::PutParameter>(&caller, "eu-west-1", string("c", "1"));
    elsewhere.await.unwrap();
}

#[tokio::test]
async fn intelligent_tiering_goes_on_where_the_standard_tier_is_full() {
    let house = small();
    for name in ["a", "b"] {
        put(&house, string(name, "1")).await;
    }
    let request = PutParameterRequest { tier: Some(ParameterTier::IntelligentTiering), ..string("c", "1") };
    assert_eq!(put(&house, request).await.tier, Some(ParameterTier::Advanced));
}

#[test]
fn the_quotas_are_aws_s() {
    let quotas = Quotas::default();
    assert_eq!((quotas.standard, quotas.advanced), (10_000, 100_000));
}
