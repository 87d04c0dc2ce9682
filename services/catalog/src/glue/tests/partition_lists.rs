//! GetPartitions: expressions, pages, segments.

use super::*;

fn request(expression: &str) -> GetPartitionsRequest {
    GetPartitionsRequest {
        database_name: "db".into(),
        table_name: "t".into(),
        expression: Some(expression.into()),
        ..Default::default()
    }
}

/// Values with commas between them, of all pages.
async fn all(house: &TestHouse, request: GetPartitionsRequest) -> Vec<String> {
    let mut found = Vec::new();
    let mut token = None;
    loop {
        let request = GetPartitionsRequest { next_token: token, ..request.clone() };
        let page = house.call::<aws::GetPartitions>(request).await.unwrap();
        found.extend(page.partitions.unwrap().into_iter().map(|partition| partition.values.unwrap().join(",")));
        token = page.next_token;
        if token.is_none() {
            return found;
        }
    }
}

/// Years 2018 to 2021, regions a to c, each with three days.
async fn filled() -> TestHouse {
    let house = with_table(&[("year", "int"), ("region", "string"), ("day", "date")]).await;
    let mut values = Vec::new();
    for year in ["2018", "2019", "2020", "2021"] {
        for region in ["a", "b", "c"] {
            for day in ["2020-01-01", "2020-01-02", "2020-01-03"] {
                values.push([year, region, day]);
            }
        }
    }
    let values: Vec<&[&str]> = values.iter().map(|values| values.as_slice()).collect();
    add_partitions(&house, &values).await;
    house
}

#[tokio::test]
async fn expressions_choose_partitions_by_the_types_of_the_keys() {
    let house = filled().await;
    for (expression, count) in [
        ("", 36),
        ("year = 2020", 9),
        ("year > '2019'", 18),
        ("region = 'b' AND day >= '2020-01-02'", 8),
        ("year in (2018, 2021) or region like 'c%'", 24),
        ("year between 2019 and 2020 and not region <> 'a'", 6),
        ("day is null", 0),
        ("year = 1 and region = 'zzz'", 0),
    ] {
        assert_eq!(all(&house, request(expression)).await.len(), count, "{expression}");
    }
    let days = all(&house, request("year = 2019 and region = 'b'")).await;
    assert_eq!(days, ["2019,b,2020-01-01", "2019,b,2020-01-02", "2019,b,2020-01-03"]);
}

#[tokio::test]
async fn pages_go_on_behind_the_last_partition() {
    let house = filled().await;
    for size in [1, 4, 9, 100] {
        let paged = GetPartitionsRequest { max_results: Some(size), ..request("region = 'b'") };
        let found = all(&house, paged).await;
        assert_eq!(found, all(&house, request("region = 'b'")).await, "{size}");
        assert_eq!(found.len(), 12);
    }
}

#[tokio::test]
async fn a_token_is_good_for_its_expression_only() {
    let house = filled().await;
    let first = GetPartitionsRequest { max_results: Some(1), ..request("year = 2020") };
    let token = house.call::<aws::GetPartitions>(first).await.unwrap().next_token;
    let other = GetPartitionsRequest { next_token: token, ..request("year = 2021") };
    let answer = house.call::<aws::GetPartitions>(other).await;
    assert_eq!(refusal(answer), "InvalidInputException: The NextToken that was provided is not valid.");
}

#[tokio::test]
async fn segments_share_the_partitions_out() {
    let house = filled().await;
    let mut found = Vec::new();
    for segment_number in 0..3 {
        let segment = Segment { segment_number, total_segments: 3 };
        let part = all(&house, GetPartitionsRequest { segment: Some(segment), ..request("year > 2018") }).await;
        assert!(!part.is_empty());
        found.extend(part);
    }
    found.sort_unstable();
    assert_eq!(found, all(&house, request("year > 2018")).await);
    let beyond = Segment { segment_number: 3, total_segments: 3 };
    let answer = house.call::<aws::GetPartitions>(GetPartitionsRequest { segment: Some(beyond), ..request("") }).await;
    assert_eq!(refusal(answer).split(':').next(), Some("InvalidInputException"));
}

#[tokio::test]
async fn columns_can_be_left_out() {
    let house = with_table(&[("k", "string")]).await;
    let storage = StorageDescriptor {
        columns: Some(vec![column("id", "int")]),
        location: Some("s3://b/k".into()),
        ..Default::default()
    };
    let create = CreatePartitionRequest {
        database_name: "db".into(),
        table_name: "t".into(),
        partition_input: PartitionInput { storage_descriptor: Some(storage), ..partition(&["1"]) },
        ..Default::default()
    };
    house.call::<aws::CreatePartition>(create).await.unwrap();
    let short = GetPartitionsRequest { exclude_column_schema: Some(true), ..request("") };
    let found = house.call::<aws::GetPartitions>(short).await.unwrap().partitions.unwrap();
    let storage = found[0].storage_descriptor.as_ref().unwrap();
    assert!(storage.columns.as_ref().unwrap().is_empty());
    assert_eq!(storage.location.as_deref(), Some("s3://b/k"));
}

#[tokio::test]
async fn bad_expressions_are_refused_and_the_past_is_not_served() {
    let house = filled().await;
    for (expression, message) in [
        ("nope = 1", "InvalidInputException: Invalid partition expression!"),
        ("year = ", "InvalidInputException: Unsupported expression 'year = '"),
        ("year = 'x'", "InvalidInputException: \"x\" is not an integer."),
    ] {
        let answer = house.call::<aws::GetPartitions>(request(expression)).await;
        assert_eq!(refusal(answer), message);
    }
    let past = GetPartitionsRequest { query_as_of_time: Some(house.now()), ..request("") };
    assert!(refusal(house.call::<aws::GetPartitions>(past).await).starts_with("NotImplemented"));
}

#[tokio::test]
async fn an_unpartitioned_table_has_no_partitions() {
    let house = with_table(&[]).await;
    assert!(all(&house, request("")).await.is_empty());
    let answer = house.call::<aws::GetPartitions>(request("year = 1")).await;
    assert_eq!(refusal(answer), "InvalidInputException: Invalid partition expression!");
}

#[tokio::test]
async fn a_page_does_not_look_at_partitions_that_first_values_rule_out() {
    // More partitions than a page looks at lie before the wanted one; the scan leaps over them.
    let house = with_table(&[("year", "int"), ("n", "string")]).await;
    let numbers: Vec<String> = (0..10_500).map(|number| format!("{number:05}")).collect();
    let values: Vec<[&str; 2]> = numbers.iter().map(|number| ["2019", number.as_str()]).collect();
    let values: Vec<&[&str]> = values.iter().map(|values| values.as_slice()).collect();
    add_partitions(&house, &values).await;
    add_partitions(&house, &[&["2020", "x"]]).await;
    let page = house.call::<aws::GetPartitions>(request("year = 2020")).await.unwrap();
    assert_eq!(page.partitions.unwrap().len(), 1);
    assert_eq!(page.next_token, None);
    // Nothing rules these out early, so the page comes back with what it found and says where to go on.
    let page = house.call::<aws::GetPartitions>(request("n = 'x'")).await.unwrap();
    assert!(page.partitions.unwrap().is_empty() && page.next_token.is_some());
    assert_eq!(all(&house, request("n = 'x'")).await, ["2020,x"]);
}
