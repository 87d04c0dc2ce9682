//! SearchTables: by text, by property, in an order, page by page.

use super::*;

async fn filled() -> TestHouse {
    let house = with_database().await;
    house.call::<aws::CreateDatabase>(database("other")).await.unwrap();
    for (database, name, description, owner) in [
        ("db", "customer-link", "who buys", "ann"),
        ("db", "xxlinkyy", "Daily sales", "bob"),
        ("other", "orders", "what they buy", "ann"),
    ] {
        house.advance(std::time::Duration::from_secs(60)).await;
        let sent = TableInput {
            description: Some(description.into()),
            owner: Some(owner.into()),
            parameters: Some(map(&[("classification", "parquet")])),
            storage_descriptor: partitioned(name, &[]).table_input.unwrap().storage_descriptor,
            ..input(name)
        };
        let request = CreateTableRequest { database_name: database.into(), ..table(sent) };
        house.call::<aws::CreateTable>(request).await.unwrap();
    }
    house
}

fn filter(key: &str, value: &str, comparator: Option<Comparator>) -> SearchTablesRequest {
    let filter = PropertyPredicate { key: Some(key.into()), value: Some(value.into()), comparator };
    SearchTablesRequest { filters: Some(vec![filter]), ..Default::default() }
}

async fn names(house: &TestHouse, request: SearchTablesRequest) -> Vec<String> {
    let found = house.call::<aws::SearchTables>(request).await.unwrap().table_list.unwrap();
    found.into_iter().map(|table| table.name).collect()
}

#[tokio::test]
async fn filters_match_whole_words_and_times() {
    let house = filled().await;
    let opening = haar_gateway::testkit::OPENING.seconds();
    assert_eq!(names(&house, filter("Name", "link", None)).await, ["customer-link"]);
    assert_eq!(names(&house, filter("owner", "ann", None)).await, ["customer-link", "orders"]);
    assert_eq!(names(&house, filter("DatabaseName", "other", None)).await, ["orders"]);
    assert_eq!(names(&house, filter("classification", "parquet", None)).await.len(), 3);
    let later = filter("CreateTime", &(opening + 61).to_string(), Some(Comparator::GreaterThan));
    assert_eq!(names(&house, later).await, ["xxlinkyy", "orders"]);
    let answer = house.call::<aws::SearchTables>(filter("CreateTime", "soon", None)).await;
    assert_eq!(answer.expect_err("a refusal").name, "InvalidInputException");
}

#[tokio::test]
async fn texts_are_found_everywhere_and_quoted_ones_exactly() {
    let house = filled().await;
    let search = |text: &str| SearchTablesRequest { search_text: Some(text.into()), ..Default::default() };
    assert_eq!(names(&house, search("buy")).await, ["orders"]);
    assert_eq!(names(&house, search("SALES daily")).await, ["xxlinkyy"]);
    assert_eq!(names(&house, search("id")).await.len(), 3);
    assert_eq!(names(&house, search("\"daily\"")).await, Vec::<String>::new());
    assert_eq!(names(&house, search("\"daily sales\"")).await, ["xxlinkyy"]);
}

#[tokio::test]
async fn hits_are_sorted_and_paged() {
    let house = filled().await;
    let sorted = |token: Option<String>| SearchTablesRequest {
        sort_criteria: Some(vec![SortCriterion { field_name: Some("CreateTime".into()), sort: Some(Sort::Desc) }]),
        max_results: Some(2),
        next_token: token,
        ..Default::default()
    };
    let first = house.call::<aws::SearchTables>(sorted(None)).await.unwrap();
    let rest = house.call::<aws::SearchTables>(sorted(first.next_token)).await.unwrap();
    let found = first.table_list.unwrap().into_iter().chain(rest.table_list.unwrap());
    let found: Vec<String> = found.map(|table| table.name).collect();
    assert_eq!(found, ["orders", "xxlinkyy", "customer-link"]);
    assert_eq!(rest.next_token, None);
}
