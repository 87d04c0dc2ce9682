//! Databases come, change and go, with all that is in them.

use super::*;
use crate::glue::model::{COUNTS, GONE, PARTITIONS, TABLES, VERSIONS};
use crate::glue::{Quotas, service_with};
use haar_platform::store::Read;

async fn get(house: &TestHouse, name: &str) -> Result<Database, Fault> {
    let request = GetDatabaseRequest { name: name.into(), ..Default::default() };
    Ok(house.call::<aws::GetDatabase>(request).await?.database.unwrap())
}

async fn delete(house: &TestHouse, name: &str) -> Result<DeleteDatabaseResponse, Fault> {
    house.call::<aws::DeleteDatabase>(DeleteDatabaseRequest { name: name.into(), ..Default::default() }).await
}

#[tokio::test]
async fn a_database_is_answered_as_it_was_sent_with_its_name_folded() {
    let house = open();
    let permissions = vec![PrincipalPermissions {
        principal: Some(DataLakePrincipal { data_lake_principal_identifier: Some("arn:aws:iam::1:role/r".into()) }),
        permissions: Some(vec![Permission::Select, Permission::Alter]),
    }];
    let sent = DatabaseInput {
        name: "Sales".into(),
        description: Some("what was sold".into()),
        location_uri: Some("s3://bucket/sales".into()),
        parameters: Some(map(&[("team", "a")])),
        create_table_default_permissions: Some(permissions),
        ..Default::default()
    };
    let request = CreateDatabaseRequest { database_input: sent, ..Default::default() };
    house.call::<aws::CreateDatabase>(request).await.unwrap();
    let got = get(&house, "SALES").await.unwrap();
    assert_eq!(got.name, "sales");
    assert_eq!(got.location_uri.as_deref(), Some("s3://bucket/sales"));
    assert_eq!(got.parameters, Some(map(&[("team", "a")])));
    assert_eq!(got.catalog_id.as_deref(), Some("000000000000"));
    assert_eq!(got.create_time, Some(house.now()));
    let permissions = got.create_table_default_permissions.unwrap();
    assert_eq!(permissions[0].permissions, Some(vec![Permission::Select, Permission::Alter]));
}

#[tokio::test]
async fn by_default_whoever_iam_lets_may_do_everything() {
    let house = with_database().await;
    let permissions = get(&house, "db").await.unwrap().create_table_default_permissions.unwrap();
    let principal = permissions[0].principal.as_ref().unwrap();
    assert_eq!(principal.data_lake_principal_identifier.as_deref(), Some("IAM_ALLOWED_PRINCIPALS"));
    assert_eq!(permissions[0].permissions, Some(vec![Permission::All]));
}

#[tokio::test]
async fn refusals_are_in_the_words_of_aws() {
    let house = with_database().await;
    let again = house.call::<aws::CreateDatabase>(database("DB")).await;
    assert_eq!(refusal(again), "AlreadyExistsException: Database already exists.");
    assert_eq!(refusal(get(&house, "no").await), "EntityNotFoundException: Database no not found.");
    assert_eq!(refusal(delete(&house, "no").await), "EntityNotFoundException: Database no not found.");
    let elsewhere = GetDatabaseRequest { name: "db".into(), catalog_id: Some("s3tables".into()) };
    let answer = house.call::<aws::GetDatabase>(elsewhere).await;
    assert_eq!(refusal(answer), "EntityNotFoundException: Catalog s3tables not found.");
}

#[tokio::test]
async fn links_and_federation_are_refused_by_name() {
    let house = open();
    let mut request = database("db");
    request.database_input.target_database = Some(DatabaseIdentifier::default());
    let answer = house.call::<aws::CreateDatabase>(request).await;
    assert!(refusal(answer).starts_with("NotImplemented: haar does not serve glue resource links"));
    let mut request = database("db");
    request.database_input.federated_database = Some(FederatedDatabase::default());
    let answer = house.call::<aws::CreateDatabase>(request).await;
    assert!(refusal(answer).starts_with("NotImplemented: haar does not serve glue federated databases"));
}

#[tokio::test]
async fn an_update_replaces_everything_but_name_and_creation() {
    let house = with_database().await;
    let created = get(&house, "db").await.unwrap().create_time;
    house.advance(std::time::Duration::from_secs(60)).await;
    let changed = DatabaseInput { name: "db".into(), description: Some("new".into()), ..Default::default() };
    let request = UpdateDatabaseRequest { name: "db".into(), database_input: changed.clone(), ..Default::default() };
    house.call::<aws::UpdateDatabase>(request).await.unwrap();
    let got = get(&house, "db").await.unwrap();
    assert_eq!((got.description.as_deref(), got.create_time), (Some("new"), created));
    let renamed = UpdateDatabaseRequest {
        name: "db".into(),
        database_input: DatabaseInput { name: "other".into(), ..changed },
        ..Default::default()
    };
    let answer = house.call::<aws::UpdateDatabase>(renamed).await;
    assert_eq!(refusal(answer), "InvalidInputException: Database name cannot be changed.");
}

#[tokio::test]
async fn lists_are_paged_in_the_order_of_names() {
    let house = open();
    for name in ["c", "a", "b"] {
        house.call::<aws::CreateDatabase>(database(name)).await.unwrap();
    }
    let mut names = Vec::new();
    let mut token = None;
    loop {
        let request = GetDatabasesRequest { max_results: Some(2), next_token: token, ..Default::default() };
        let page = house.call::<aws::GetDatabases>(request).await.unwrap();
        assert!(page.database_list.len() <= 2);
        names.extend(page.database_list.into_iter().map(|database| database.name));
        token = page.next_token;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(names, ["a", "b", "c"]);
    let request = GetDatabasesRequest { next_token: Some("forged".into()), ..Default::default() };
    let answer = house.call::<aws::GetDatabases>(request).await;
    assert_eq!(refusal(answer), "InvalidInputException: The NextToken that was provided is not valid.");
    let foreign = GetDatabasesRequest { resource_share_type: Some(ResourceShareType::Foreign), ..Default::default() };
    assert!(house.call::<aws::GetDatabases>(foreign).await.unwrap().database_list.is_empty());
}

#[tokio::test]
async fn what_belonged_to_a_deleted_database_does_not_come_back_and_is_swept_away() {
    let house = with_table(&[("k", "string")]).await;
    add_partitions(&house, &[&["1"], &["2"]]).await;
    let update = UpdateTableRequest {
        database_name: "db".into(),
        table_input: partitioned("t", &[("k", "string")]).table_input,
        ..Default::default()
    };
    house.call::<aws::UpdateTable>(update).await.unwrap();
    delete(&house, "db").await.unwrap();
    house.call::<aws::CreateDatabase>(database("db")).await.unwrap();
    assert_eq!(refusal(get_table(&house, "t").await), "EntityNotFoundException: Table t not found.");
    house.settle().await;
    house.platform.store.read(|tx| {
        assert_eq!(tx.count(GONE).unwrap(), 0);
        assert_eq!(tx.count(TABLES).unwrap(), 0);
        assert_eq!(tx.count(PARTITIONS).unwrap(), 0);
        assert_eq!(tx.count(VERSIONS).unwrap(), 0);
        // Of the databases alone.
        assert_eq!(tx.count(COUNTS).unwrap(), 1);
    });
}

#[tokio::test]
async fn there_are_no_more_databases_than_the_quota() {
    let quotas = Quotas { databases: 1, ..Quotas::default() };
    let house = TestHouse::open(|platform| vec![service_with(platform, Arc::new(MemoryObjects::default()), quotas)]);
    house.call::<aws::CreateDatabase>(database("a")).await.unwrap();
    let answer = house.call::<aws::CreateDatabase>(database("b")).await;
    assert_eq!(refusal(answer), "ResourceNumberLimitExceededException: Number of databases exceeds the account limit.");
    delete(&house, "a").await.unwrap();
    house.call::<aws::CreateDatabase>(database("b")).await.unwrap();
}

#[tokio::test]
async fn accounts_and_regions_have_catalogs_of_their_own() {
    let house = with_database().await;
    let request = || GetDatabaseRequest { name: "db".into(), ..Default::default() };
    let elsewhere = house.call_as::<aws::GetDatabase>(&house.root("000000000000"), "eu-west-1", request()).await;
    assert_eq!(elsewhere.unwrap_err().name, "EntityNotFoundException");
    let other = house.call_as::<aws::GetDatabase>(&house.root("111111111111"), "us-east-1", request()).await;
    assert_eq!(other.unwrap_err().name, "EntityNotFoundException");
}
