//! Layers, and who may use them.

use super::*;

async fn publish(house: &Functions, name: &str, files: &[(&str, &str)]) -> PublishLayerVersionResponse {
    let request = PublishLayerVersionRequest {
        layer_name: name.into(),
        content: LayerVersionContentInput { zip_file: Some(zip(files)), ..Default::default() },
        compatible_runtimes: Some(vec![house.runtime]),
        ..Default::default()
    };
    house.call::<PublishLayerVersion>(request).await.unwrap()
}

#[tokio::test]
async fn later_layers_lie_over_earlier_ones() {
    let house = open().await;
    let first =
        publish(&house, "one", &[("python/which.py", "name = 'one'"), ("python/only.py", "name = 'only'")]).await;
    let second = publish(&house, "two", &[("python/which.py", "name = 'two'")]).await;
    let text = "import which, only\ndef handler(event, context):\n    return [which.name, only.name]\n";
    let layers = vec![first.layer_version_arn.unwrap(), second.layer_version_arn.unwrap()];
    let draft = CreateFunctionRequest { layers: Some(layers.clone()), ..house.draft("f", text) };
    let made = house.call::<CreateFunction>(draft).await.unwrap();
    let shown: Vec<_> = made.layers.unwrap().into_iter().filter_map(|layer| layer.arn).collect();
    assert_eq!(shown, layers);
    assert_eq!(house.answer("f", "{}").await, serde_json::json!(["two", "only"]));
}

#[tokio::test]
async fn functions_keep_layers_that_were_deleted() {
    let house = open().await;
    let made = publish(&house, "one", &[("python/one.py", "name = 1")]).await;
    let text = "import one\ndef handler(event, context):\n    return one.name\n";
    let draft =
        CreateFunctionRequest { layers: made.layer_version_arn.clone().map(|arn| vec![arn]), ..house.draft("f", text) };
    house.call::<CreateFunction>(draft).await.unwrap();
    let delete = DeleteLayerVersionRequest { layer_name: "one".into(), version_number: 1 };
    house.call::<DeleteLayerVersion>(delete).await.unwrap();
    assert_eq!(house.answer("f", "{}").await, 1);
    let get = GetLayerVersionByArnRequest { arn: made.layer_version_arn.unwrap() };
    refused(house.call::<GetLayerVersionByArn>(get).await, "ResourceNotFoundException", "does not exist");
    assert_eq!(publish(&house, "one", &[("a", "b")]).await.version, Some(2));
}

#[tokio::test]
async fn layers_that_are_not_there_and_too_many_are_refused() {
    let house = open().await;
    let arn = |number: u32| format!("arn:aws:lambda:us-east-1:000000000000:layer:l:{number}");
    let with = |layers| CreateFunctionRequest { layers: Some(layers), ..house.draft("f", "") };
    let name = "InvalidParameterValueException";
    refused(house.call::<CreateFunction>(with(vec![arn(1)])).await, name, "layer:l:1 does not exist.");
    publish(&house, "l", &[("a", "b")]).await;
    publish(&house, "l", &[("a", "c")]).await;
    refused(
        house.call::<CreateFunction>(with(vec![arn(1), arn(2)])).await,
        name,
        "Two different versions of the same layer",
    );
    refused(
        house.call::<CreateFunction>(with((1..=6).map(arn).collect())).await,
        name,
        "Cannot reference more than 5 layers.",
    );
}

#[tokio::test]
async fn lists_show_the_newest_version_that_fits() {
    let house = open().await;
    publish(&house, "a", &[("a", "1")]).await;
    publish(&house, "a", &[("a", "2")]).await;
    publish(&house, "b", &[("a", "1")]).await;
    let layers = house.call::<ListLayers>(ListLayersRequest::default()).await.unwrap().layers.unwrap();
    let newest: Vec<_> = layers.into_iter().filter_map(|layer| layer.latest_matching_version?.version).collect();
    assert_eq!(newest, [2, 1]);
    let other = ListLayersRequest { compatible_runtime: Some(Runtime::Ruby33), ..Default::default() };
    assert!(house.call::<ListLayers>(other).await.unwrap().layers.unwrap().is_empty());
    let versions = ListLayerVersionsRequest { layer_name: "a".into(), ..Default::default() };
    let versions = house.call::<ListLayerVersions>(versions).await.unwrap().layer_versions.unwrap();
    assert_eq!(versions.into_iter().filter_map(|version| version.version).collect::<Vec<_>>(), [2, 1]);
}

#[tokio::test]
async fn another_account_uses_a_layer_when_its_policy_says_so() {
    let house = open().await;
    let arn = publish(&house, "shared", &[("a", "b")]).await.layer_version_arn.unwrap();
    let other = house.root("111111111111");
    let get = GetLayerVersionByArnRequest { arn };
    refused(
        house.call_as::<GetLayerVersionByArn>(&other, "us-east-1", get.clone()).await,
        "AccessDeniedException",
        "lambda:GetLayerVersion",
    );
    let grant = AddLayerVersionPermissionRequest {
        layer_name: "shared".into(),
        version_number: 1,
        statement_id: "all".into(),
        action: "lambda:GetLayerVersion".into(),
        principal: "111111111111".into(),
        ..Default::default()
    };
    house.call::<AddLayerVersionPermission>(grant).await.unwrap();
    house.call_as::<GetLayerVersionByArn>(&other, "us-east-1", get).await.unwrap();
    let policy = GetLayerVersionPolicyRequest { layer_name: "shared".into(), version_number: 1 };
    assert!(house.call::<GetLayerVersionPolicy>(policy).await.unwrap().policy.unwrap().contains("111111111111:root"));
}
