//! Named queries.

use super::*;

fn named(name: &str) -> CreateNamedQueryInput {
    CreateNamedQueryInput {
        name: name.into(),
        database: "db".into(),
        query_string: "SELECT 1".into(),
        ..Default::default()
    }
}

async fn create(house: &TestHouse, input: CreateNamedQueryInput) -> Result<String, Fault> {
    Ok(house.call::<aws::CreateNamedQuery>(input).await?.named_query_id.unwrap())
}

#[tokio::test]
async fn a_token_makes_one_query_only_for_equal_requests() {
    let house = open().await;
    let request = CreateNamedQueryInput { client_request_token: Some("t".repeat(32)), ..named("a") };
    let first = create(&house, request.clone()).await.unwrap();
    assert_eq!(create(&house, request.clone()).await.unwrap(), first);
    assert_eq!(
        refusal(create(&house, CreateNamedQueryInput { name: "b".into(), ..request }).await),
        "InvalidRequestException: Idempotent parameters do not match"
    );
}

#[tokio::test]
async fn lists_are_newest_first_and_paged() {
    let house = open().await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        ids.insert(0, create(&house, named(name)).await.unwrap());
        house.advance(std::time::Duration::from_secs(1)).await;
    }
    let mut request = ListNamedQueriesInput { max_results: Some(2), ..Default::default() };
    let first = house.call::<aws::ListNamedQueries>(request.clone()).await.unwrap();
    assert_eq!(first.named_query_ids.unwrap(), ids[..2]);
    request.next_token = first.next_token;
    let second = house.call::<aws::ListNamedQueries>(request).await.unwrap();
    assert_eq!((second.named_query_ids.unwrap(), second.next_token), (ids[2..].to_vec(), None));
}

#[tokio::test]
async fn a_batch_tells_what_it_did_not_find() {
    let house = open().await;
    let id = create(&house, named("a")).await.unwrap();
    let request = BatchGetNamedQueryInput { named_query_ids: vec![id.clone(), "x".into()] };
    let answer = house.call::<aws::BatchGetNamedQuery>(request).await.unwrap();
    assert_eq!(answer.named_queries.unwrap()[0].named_query_id, Some(id));
    let missing = answer.unprocessed_named_query_ids.unwrap();
    assert_eq!(missing[0].error_message.as_deref(), Some("NamedQuery x was not found"));
}

#[tokio::test]
async fn an_update_is_seen_and_a_deletion_too() {
    let house = open().await;
    let id = create(&house, named("a")).await.unwrap();
    let request = UpdateNamedQueryInput {
        named_query_id: id.clone(),
        name: "b".into(),
        query_string: "SELECT 2".into(),
        description: None,
    };
    house.call::<aws::UpdateNamedQuery>(request).await.unwrap();
    let request = GetNamedQueryInput { named_query_id: id.clone() };
    let found = house.call::<aws::GetNamedQuery>(request.clone()).await.unwrap().named_query.unwrap();
    assert_eq!((found.name.as_str(), found.query_string.as_str()), ("b", "SELECT 2"));
    house.call::<aws::DeleteNamedQuery>(DeleteNamedQueryInput { named_query_id: id }).await.unwrap();
    assert!(house.call::<aws::GetNamedQuery>(request).await.is_err());
}
