//! Versions of tables, and updates that lose no other.

use super::*;

fn update(description: &str, version: Option<&str>) -> UpdateTableRequest {
    UpdateTableRequest {
        database_name: "db".into(),
        table_input: Some(TableInput { description: Some(description.into()), ..input("t") }),
        version_id: version.map(str::to_owned),
        ..Default::default()
    }
}

async fn updated(house: &TestHouse, description: &str) {
    house.call::<aws::UpdateTable>(update(description, None)).await.unwrap();
}

async fn versions(house: &TestHouse) -> Vec<String> {
    let mut ids = Vec::new();
    let mut token = None;
    loop {
        let request = GetTableVersionsRequest {
            database_name: "db".into(),
            table_name: "t".into(),
            max_results: Some(2),
            next_token: token,
            ..Default::default()
        };
        let page = house.call::<aws::GetTableVersions>(request).await.unwrap();
        ids.extend(page.table_versions.unwrap().into_iter().map(|version| version.version_id.unwrap()));
        token = page.next_token;
        if token.is_none() {
            return ids;
        }
    }
}

async fn version(house: &TestHouse, id: Option<&str>) -> Result<Table, Fault> {
    let request = GetTableVersionRequest {
        database_name: "db".into(),
        table_name: "t".into(),
        version_id: id.map(str::to_owned),
        ..Default::default()
    };
    Ok(house.call::<aws::GetTableVersion>(request).await?.table_version.unwrap().table.unwrap())
}

#[tokio::test]
async fn every_update_makes_a_version_and_the_latest_is_listed_first() {
    let house = with_table(&[]).await;
    for description in ["1", "2", "3", "4"] {
        updated(&house, description).await;
    }
    assert_eq!(versions(&house).await, ["4", "3", "2", "1", "0"]);
    assert_eq!(version(&house, Some("2")).await.unwrap().description.as_deref(), Some("2"));
    assert_eq!(version(&house, None).await.unwrap().description.as_deref(), Some("4"));
    assert_eq!(refusal(version(&house, Some("9")).await), "EntityNotFoundException: Version not found.");
    assert_eq!(refusal(version(&house, Some("x")).await), "InvalidInputException: \"x\" is not a valid version ID.");
}

#[tokio::test]
async fn an_update_of_an_older_version_is_refused() {
    let house = with_table(&[]).await;
    house.call::<aws::UpdateTable>(update("1", Some("0"))).await.unwrap();
    let stale = house.call::<aws::UpdateTable>(update("2", Some("0"))).await;
    assert_eq!(refusal(stale), "ConcurrentModificationException: Update table failed due to concurrent modifications.");
    assert_eq!(get_table(&house, "t").await.unwrap().description.as_deref(), Some("1"));
}

#[tokio::test]
async fn a_skipped_archive_leaves_a_gap_but_the_number_goes_up() {
    let house = with_table(&[]).await;
    let skipping = UpdateTableRequest { skip_archive: Some(true), ..update("1", Some("0")) };
    house.call::<aws::UpdateTable>(skipping).await.unwrap();
    updated(&house, "2").await;
    assert_eq!(versions(&house).await, ["2", "1"]);
    assert_eq!(get_table(&house, "t").await.unwrap().version_id.as_deref(), Some("2"));
}

#[tokio::test]
async fn an_update_keeps_the_creation_and_moves_the_update_time() {
    let house = with_table(&[]).await;
    let created = house.now();
    house.advance(std::time::Duration::from_secs(5)).await;
    updated(&house, "1").await;
    let got = get_table(&house, "t").await.unwrap();
    assert_eq!((got.create_time, got.update_time), (Some(created), Some(house.now())));
}

#[tokio::test]
async fn partition_keys_of_a_table_with_partitions_keep_their_number() {
    let house = with_table(&[("k", "string")]).await;
    updated(&house, "no keys").await;
    let keyed = UpdateTableRequest {
        database_name: "db".into(),
        table_input: partitioned("t", &[("k", "string")]).table_input,
        ..Default::default()
    };
    house.call::<aws::UpdateTable>(keyed).await.unwrap();
    add_partitions(&house, &[&["1"]]).await;
    let answer = house.call::<aws::UpdateTable>(update("no keys", None)).await;
    assert_eq!(refusal(answer).split(':').next(), Some("InvalidInputException"));
}

#[tokio::test]
async fn versions_are_deleted_except_the_latest() {
    let house = with_table(&[]).await;
    updated(&house, "1").await;
    updated(&house, "2").await;
    let delete = |id: &str| DeleteTableVersionRequest {
        database_name: "db".into(),
        table_name: "t".into(),
        version_id: id.into(),
        ..Default::default()
    };
    house.call::<aws::DeleteTableVersion>(delete("0")).await.unwrap();
    let again = house.call::<aws::DeleteTableVersion>(delete("0")).await;
    assert_eq!(refusal(again), "EntityNotFoundException: Version not found.");
    let batch = BatchDeleteTableVersionRequest {
        database_name: "db".into(),
        table_name: "t".into(),
        version_ids: texts(&["0", "1", "2"]),
        ..Default::default()
    };
    let errors = house.call::<aws::BatchDeleteTableVersion>(batch).await.unwrap().errors.unwrap();
    let failed: Vec<_> = errors.iter().map(|error| error.version_id.as_deref().unwrap()).collect();
    assert_eq!(failed, ["0", "2"]);
    assert_eq!(
        detail(&errors[1].error_detail),
        "InvalidInputException: The latest version of a table cannot be deleted."
    );
    assert_eq!(versions(&house).await, ["2"]);
}
