//! Results: files byte for byte, and pages of them.

use super::*;

#[tokio::test]
async fn a_csv_quotes_every_value_and_leaves_null_empty() {
    let house = open().await;
    let execution = run(&house, "SELECT 1 AS a, 'x\"y,\nz' AS b, NULL AS c, '' AS d").await;
    let text = read_text(&house, &output(&execution)).await;
    assert_eq!(text, "\"a\",\"b\",\"c\",\"d\"\n\"1\",\"x\"\"y,\nz\",,\"\"\n");
    assert_eq!(output(&execution), format!("s3://results/out/{}.csv", id(&execution)));
    let answer = results(&house, &id(&execution)).await;
    assert_eq!(rows(&answer), [["a", "b", "c", "d"], ["1", "x\"y,\nz", "∅", ""]]);
    assert_eq!((answer.update_count, answer.next_token), (Some(0), None));
}

#[tokio::test]
async fn columns_are_typed_as_athena_types_them() {
    let house = open().await;
    let execution =
        run(&house, "SELECT 1 AS i, CAST(1 AS bigint) AS b, 'abc' AS v, CAST(1.5 AS decimal(5,2)) AS d, ARRAY[1] AS l")
            .await;
    let answer = results(&house, &id(&execution)).await;
    let columns = answer.result_set.unwrap().result_set_metadata.unwrap().column_info.unwrap();
    let shown: Vec<_> = columns
        .iter()
        .map(|column| {
            (
                column.name.as_str(),
                column.r#type.as_str(),
                column.precision.unwrap(),
                column.scale.unwrap(),
                column.case_sensitive.unwrap(),
            )
        })
        .collect();
    let expected = [
        ("i", "integer", 10, 0, false),
        ("b", "bigint", 19, 0, false),
        ("v", "varchar", 3, 0, true),
        ("d", "decimal", 5, 2, false),
        ("l", "array", 0, 0, false),
    ];
    assert_eq!(shown, expected);
    assert_eq!(
        (columns[0].catalog_name.as_deref(), columns[0].nullable),
        (Some("hive"), Some(ColumnNullable::Unknown))
    );
    let metadata = read(&house, &format!("{}.metadata", output(&execution))).await;
    assert_eq!(&metadata[..2], b"\x0a\x1b");
    assert!(metadata.windows(7).any(|window| window == b"decimal"));
}

#[tokio::test]
async fn pages_begin_with_the_names_and_go_on_where_the_last_one_ended() {
    let house = open().await;
    let execution = run(&house, "SELECT * FROM (VALUES 'a', 'b', 'c') AS t(x)").await;
    let mut request =
        GetQueryResultsInput { query_execution_id: id(&execution), max_results: Some(2), ..Default::default() };
    let first = house.call::<aws::GetQueryResults>(request.clone()).await.unwrap();
    assert_eq!(rows(&first), [["x"], ["a"]]);
    request.next_token = first.next_token;
    let second = house.call::<aws::GetQueryResults>(request.clone()).await.unwrap();
    assert_eq!(rows(&second), [["b"], ["c"]]);
    assert_eq!(second.next_token, None);
    request.next_token = Some("forged".into());
    assert_eq!(
        refusal(house.call::<aws::GetQueryResults>(request).await),
        "InvalidRequestException: Invalid NextToken."
    );
}

#[tokio::test]
async fn a_failed_query_has_no_results_and_a_lost_file_neither() {
    let house = open().await;
    let execution = ended(&house, query("SELECT x FROM db.nope")).await;
    let request = GetQueryResultsInput { query_execution_id: id(&execution), ..Default::default() };
    assert_eq!(
        refusal(house.call::<aws::GetQueryResults>(request).await),
        "InvalidRequestException: Query did not finish successfully. Final query state: FAILED"
    );
    let execution = run(&house, "SELECT 1").await;
    let key = output(&execution).strip_prefix("s3://results/").unwrap().to_owned();
    let request = s3::DeleteObjectRequest { bucket: "results".into(), key, ..Default::default() };
    house.call::<s3::DeleteObject>(request).await.unwrap();
    let request = GetQueryResultsInput { query_execution_id: id(&execution), ..Default::default() };
    assert_eq!(
        refusal(house.call::<aws::GetQueryResults>(request).await),
        "InvalidRequestException: Could not find results"
    );
}

#[tokio::test]
async fn texts_have_a_value_a_line_and_no_names() {
    let house = open().await;
    run(&house, "CREATE DATABASE db").await;
    run(&house, "CREATE DATABASE other").await;
    let execution = run(&house, "SHOW DATABASES").await;
    assert_eq!(output(&execution), format!("s3://results/out/{}.txt", id(&execution)));
    assert_eq!(read_text(&house, &output(&execution)).await, "db\nother\n");
    let answer = results(&house, &id(&execution)).await;
    assert_eq!(rows(&answer), [["db"], ["other"]]);
    let columns = answer.result_set.unwrap().result_set_metadata.unwrap().column_info.unwrap();
    assert_eq!((columns[0].name.as_str(), columns[0].r#type.as_str()), ("database_name", "string"));
}
