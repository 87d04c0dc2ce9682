//! Aliases, and the weights of their versions.

use super::*;

async fn two_versions() -> Functions {
    let house = open().await;
    house.create("f", "def handler(event, context):\n    return 1\n").await;
    house.publish("f").await;
    house.update_code("f", "def handler(event, context):\n    return 2\n").await;
    house.publish("f").await;
    house
}

fn live(version: &str, weights: &[(&str, f64)]) -> CreateAliasRequest {
    let weights = weights.iter().map(|(version, weight)| ((*version).to_owned(), *weight)).collect();
    CreateAliasRequest {
        function_name: "f".into(),
        name: "live".into(),
        function_version: version.into(),
        routing_config: Some(AliasRoutingConfiguration { additional_version_weights: Some(weights) }),
        ..Default::default()
    }
}

#[tokio::test]
async fn an_alias_leads_to_its_version_until_it_is_moved() {
    let house = two_versions().await;
    let made = house.call::<CreateAlias>(live("1", &[])).await.unwrap();
    assert_eq!(made.alias_arn.as_deref(), Some("arn:aws:lambda:us-east-1:000000000000:function:f:live"));
    let answer = house.invoke("f:live", "{}").await.unwrap();
    assert_eq!((answer.executed_version.as_deref(), answer.payload.as_deref()), (Some("1"), Some(&b"1"[..])));
    let moved = UpdateAliasRequest {
        function_name: "f".into(),
        name: "live".into(),
        function_version: Some("2".into()),
        revision_id: made.revision_id.clone(),
        ..Default::default()
    };
    house.call::<UpdateAlias>(moved.clone()).await.unwrap();
    assert_eq!(house.invoke("f:live", "{}").await.unwrap().executed_version.as_deref(), Some("2"));
    refused(house.call::<UpdateAlias>(moved).await, "PreconditionFailedException", "Revision Id");
}

#[tokio::test]
async fn all_weight_on_the_second_version_runs_it() {
    let house = two_versions().await;
    house.call::<CreateAlias>(live("1", &[("2", 1.0)])).await.unwrap();
    assert_eq!(house.invoke("f:live", "{}").await.unwrap().executed_version.as_deref(), Some("2"));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let house = two_versions().await;
    let name = "InvalidParameterValueException";
    refused(house.call::<CreateAlias>(live("1", &[("1", 0.5)])).await, name, "already included");
    refused(house.call::<CreateAlias>(live("$LATEST", &[("1", 0.5)])).await, name, "$LATEST is not supported");
    refused(house.call::<CreateAlias>(live("9", &[])).await, "ResourceNotFoundException", "function:f:9");
    house.call::<CreateAlias>(live("1", &[])).await.unwrap();
    refused(house.call::<CreateAlias>(live("1", &[])).await, "ResourceConflictException", "Alias already exists");
    let missing = GetAliasRequest { function_name: "f".into(), name: "dead".into() };
    refused(house.call::<GetAlias>(missing).await, "ResourceNotFoundException", "Cannot find alias arn");
    refused(house.invoke("f:dead", "{}").await, "ResourceNotFoundException", "function:f:dead");
}

#[tokio::test]
async fn aliases_of_one_version_are_listed() {
    let house = two_versions().await;
    house.call::<CreateAlias>(live("1", &[])).await.unwrap();
    let of = |version: &str| ListAliasesRequest {
        function_name: "f".into(),
        function_version: Some(version.into()),
        ..Default::default()
    };
    assert_eq!(house.call::<ListAliases>(of("1")).await.unwrap().aliases.unwrap().len(), 1);
    assert!(house.call::<ListAliases>(of("2")).await.unwrap().aliases.unwrap().is_empty());
}
