//! Reserved concurrency, and the account's limits.

use super::*;

const SLOW: &str = "import time\ndef handler(event, context):\n    time.sleep(0.3)\n    return 1\n";

fn reserve(name: &str, executions: i32) -> PutFunctionConcurrencyRequest {
    PutFunctionConcurrencyRequest { function_name: name.into(), reserved_concurrent_executions: executions }
}

#[tokio::test]
async fn no_more_run_at_once_than_are_reserved() {
    let house = open().await;
    house.create("f", SLOW).await;
    house.call::<PutFunctionConcurrency>(reserve("f", 1)).await.unwrap();
    let (first, second) = tokio::join!(house.invoke("f", "{}"), house.invoke("f", "{}"));
    let refusals: Vec<_> = [first, second].into_iter().filter_map(Result::err).collect();
    assert_eq!(refusals.len(), 1);
    assert_eq!((refusals[0].name.as_ref(), refusals[0].status), ("TooManyRequestsException", 429));
    assert_eq!(refusals[0].message, "Rate Exceeded.");
    let reason = refusals[0].fields.iter().find(|(name, _)| *name == "Reason").map(|(_, reason)| format!("{reason:?}"));
    assert!(reason.unwrap().contains("ReservedFunctionConcurrentInvocationLimitExceeded"));
    house.invoke("f", "{}").await.unwrap();
    assert_eq!(house.sum("Throttles", &[("FunctionName", "f")]).await, 1.0);
}

#[tokio::test]
async fn a_hundred_executions_are_left_to_the_others() {
    let house = open().await;
    house.create("f", SLOW).await;
    house.create("g", SLOW).await;
    house.call::<PutFunctionConcurrency>(reserve("f", 800)).await.unwrap();
    refused(
        house.call::<PutFunctionConcurrency>(reserve("g", 101)).await,
        "InvalidParameterValueException",
        "below its minimum value of [100].",
    );
    house.call::<PutFunctionConcurrency>(reserve("g", 100)).await.unwrap();
    let settings = house.call::<GetAccountSettings>(GetAccountSettingsRequest {}).await.unwrap();
    let limit = settings.account_limit.unwrap();
    assert_eq!(limit.concurrent_executions, Some(1000));
    assert_eq!(limit.unreserved_concurrent_executions, Some(100));
    assert_eq!(settings.account_usage.unwrap().function_count, Some(2));
    let get = GetFunctionConcurrencyRequest { function_name: "f".into() };
    let found = house.call::<GetFunctionConcurrency>(get).await.unwrap();
    assert_eq!(found.reserved_concurrent_executions, Some(800));
}
