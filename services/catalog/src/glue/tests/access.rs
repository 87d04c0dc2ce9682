//! Which permissions calls want: catalog, database and table together.

use std::sync::Arc;

use super::*;
use haar_gateway::testkit::FixedAuthority;
use haar_platform::kernel::caller::Permissions;
use haar_platform::kernel::{AccountId, Authority, Caller};
use haar_platform::policy::{Document, Kind, Principal, Source, SourceKind};
use haar_platform::store::Config;

/// A house and a user who may do everything of Glue on these resources.
async fn house_for(resources: &[&str]) -> (TestHouse, Arc<Caller>) {
    let arns: Vec<String> =
        resources.iter().map(|name| format!("arn:aws:glue:us-east-1:000000000000:{name}")).collect();
    let text = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "glue:*", "Resource": arns}],
    });
    let document = Arc::new(Document::parse(&text.to_string(), Kind::Identity).unwrap());
    let source = Source { id: "p".into(), arn: None, kind: SourceKind::User, document };
    let account = AccountId::parse("000000000000").unwrap();
    let arn = "arn:aws:iam::000000000000:user/ann".to_owned();
    let caller = Caller {
        principal: Principal::User { account: account.to_string(), arn: arn.clone(), unique_id: "AIDAANN".into() },
        arn: arn.clone(),
        ..Caller::root(&account)
    };
    let permissions = Arc::new(Permissions { identity: vec![source], ..Permissions::default() });
    let authority = FixedAuthority { permissions: [(arn, permissions)].into(), ..FixedAuthority::default() };
    let house = TestHouse::with_authority(Config::in_memory(), |platform| {
        (
            vec![crate::glue::service(platform, Arc::new(MemoryObjects::default()))],
            Arc::new(authority) as Arc<dyn Authority>,
        )
    });
    house.call::<aws::CreateDatabase>(database("db")).await.unwrap();
    house.call::<aws::CreateTable>(table(input("t"))).await.unwrap();
    (house, Arc::new(caller))
}

#[tokio::test]
async fn a_table_wants_its_database_and_the_catalog_too() {
    let request = || GetTableRequest { database_name: "DB".into(), name: "T".into(), ..Default::default() };
    let (house, ann) = house_for(&["catalog", "database/db", "table/db/t"]).await;
    house.call_as::<aws::GetTable>(&ann, "us-east-1", request()).await.unwrap();
    for missing in 0..3 {
        let mut resources = vec!["catalog", "database/db", "table/db/t"];
        resources.remove(missing);
        let (house, ann) = house_for(&resources).await;
        let answer = house.call_as::<aws::GetTable>(&ann, "us-east-1", request()).await;
        assert_eq!(answer.expect_err("a refusal").name, "AccessDeniedException", "{resources:?}");
    }
}

#[tokio::test]
async fn a_list_wants_all_tables_of_the_database() {
    let request = || GetTablesRequest { database_name: "db".into(), ..Default::default() };
    let (house, ann) = house_for(&["catalog", "database/db", "table/db/t"]).await;
    let answer = house.call_as::<aws::GetTables>(&ann, "us-east-1", request()).await;
    assert_eq!(answer.expect_err("a refusal").name, "AccessDeniedException");
    let (house, ann) = house_for(&["catalog", "database/db", "table/db/*"]).await;
    house.call_as::<aws::GetTables>(&ann, "us-east-1", request()).await.unwrap();
}

#[tokio::test]
async fn deleting_a_database_wants_what_is_in_it() {
    let request = || DeleteDatabaseRequest { name: "db".into(), ..Default::default() };
    let (house, ann) = house_for(&["catalog", "database/db", "table/db/*"]).await;
    let answer = house.call_as::<aws::DeleteDatabase>(&ann, "us-east-1", request()).await;
    assert_eq!(answer.expect_err("a refusal").name, "AccessDeniedException");
    let (house, ann) = house_for(&["catalog", "database/db", "table/db/*", "userDefinedFunction/db/*"]).await;
    house.call_as::<aws::DeleteDatabase>(&ann, "us-east-1", request()).await.unwrap();
}
