//! What texts are taken for, and how Athena complains about those that are nothing.

use super::*;

fn fails(text: &str) -> String {
    match parse(text).unwrap_err() {
        ParseError::Fails(message) => message,
        ParseError::Refused(message) => panic!("refused: {message}"),
    }
}

fn refused(text: &str) -> String {
    match parse(text).unwrap_err() {
        ParseError::Refused(message) => message,
        ParseError::Fails(message) => panic!("fails: {message}"),
    }
}

fn table(text: &str) -> CreateTable {
    match parse(text).unwrap() {
        Statement::CreateTable(table) => *table,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_table_of_hives_has_all_its_clauses() {
    let table = table(
        "CREATE EXTERNAL TABLE IF NOT EXISTS `My_DB`.`posts` (\n  id bigint COMMENT 'the id',\n  \
         tags ARRAY < string >, `when` timestamp, price decimal(10,2), s struct<a:int, b:map<string,double>>)\n\
         COMMENT 'posts'\nPARTITIONED BY (year string, `month` int)\n\
         CLUSTERED BY (id) SORTED BY (id DESC) INTO 4 BUCKETS\n\
         ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' COLLECTION ITEMS TERMINATED BY '|'\n\
         STORED AS TEXTFILE LOCATION 's3://b/posts/' TBLPROPERTIES ('skip.header.line.count'='1');",
    );
    assert!(table.external && table.if_not_exists);
    assert_eq!((table.name.database.as_deref(), table.name.name.as_str()), (Some("my_db"), "posts"));
    let kinds: Vec<_> = table.columns.iter().map(|column| (column.name.as_str(), column.kind.as_str())).collect();
    let expected = [
        ("id", "bigint"),
        ("tags", "array<string>"),
        ("when", "timestamp"),
        ("price", "decimal(10,2)"),
        ("s", "struct<a:int,b:map<string,double>>"),
    ];
    assert_eq!(kinds, expected);
    assert_eq!(table.columns[0].comment.as_deref(), Some("the id"));
    assert_eq!(table.partitioned_by.len(), 2);
    assert_eq!(
        (table.clustered_by, table.sorted_by, table.buckets),
        (vec!["id".into()], vec![("id".into(), false)], Some(4))
    );
    let Some(RowFormat::Delimited(properties)) = table.serde else { panic!("delimited") };
    assert_eq!(properties["field.delim"], "\t");
    assert_eq!(properties["escape.delim"], "\\");
    assert_eq!(properties["colelction.delim"], "|");
    assert_eq!(table.stored_as, Some(StoredAs::Format("TEXTFILE".into())));
    assert_eq!(table.location.as_deref(), Some("s3://b/posts/"));
    assert_eq!(table.properties["skip.header.line.count"], "1");
}

#[test]
fn a_serde_has_properties() {
    let table = table(
        "create external table t (a string) row format serde 'org.openx.data.jsonserde.JsonSerDe' \
         with serdeproperties ('ignore.malformed.json'='true') location 's3://b/'",
    );
    let Some(RowFormat::Serde { library, properties }) = table.serde else { panic!("a SerDe") };
    assert_eq!(library, "org.openx.data.jsonserde.JsonSerDe");
    assert_eq!(properties["ignore.malformed.json"], "true");
}

#[test]
fn hive_complains_with_lines_from_one_and_characters_from_zero() {
    assert_eq!(fails("CREATE DATABASE my-db"), "FAILED: ParseException line 1:18 missing EOF at '-' near 'my'");
    assert_eq!(
        fails("CREATE EXTERNAL TABLE t (\n a foo)"),
        "FAILED: ParseException line 2:3 cannot recognize input near 'foo' ')' '<EOF>' in column type"
    );
    assert_eq!(
        fails("CREATE EXTERNAL TABLE t (a int LOCATION 's3://b/'"),
        "FAILED: ParseException line 1:31 mismatched input 'LOCATION' expecting ) near 'int' in column specification"
    );
    assert_eq!(
        fails("ALTER TABLE t FOO"),
        "FAILED: ParseException line 1:14 cannot recognize input near 'FOO' '<EOF>' '<EOF>' in alter table statement"
    );
}

#[test]
fn what_is_no_statement_is_refused_in_trinos_words() {
    assert!(refused("FOO BAR").starts_with("line 1:1: mismatched input 'FOO'. Expecting: 'ALTER', 'ANALYZE', "));
    assert!(refused("").starts_with("line 1:1: mismatched input '<EOF>'. Expecting: "));
    assert_eq!(refused("SELECT 1; SELECT 2"), "Only one sql statement is allowed. Got: SELECT 1; SELECT 2");
    assert_eq!(refused("CREATE TABLE t AS"), "line 1:18: mismatched input '<EOF>'. Expecting: <query>");
    assert_eq!(refused("USE db"), "Queries of this type are not supported");
    assert_eq!(refused("UNLOAD (SELECT 1)"), "line 1:18: mismatched input '<EOF>'. Expecting: 'TO'");
}

#[test]
fn a_semicolon_at_the_end_and_comments_are_no_statements() {
    assert_eq!(parse("-- hello\nSELECT ';' ;").unwrap(), Statement::Query);
}

#[test]
fn a_query_inside_stands_where_it_stood() {
    let text = "CREATE TABLE db.t\nWITH (format = 'PARQUET', partitioned_by = ARRAY['y', 'm'], bucket_count = 4)\nAS SELECT é FROM t WITH NO DATA;";
    let Statement::CreateTableAs(create) = parse(text).unwrap() else { panic!("CTAS") };
    assert_eq!(create.properties["format"], Value::Text("PARQUET".into()));
    assert_eq!(create.properties["partitioned_by"], Value::List(vec!["y".into(), "m".into()]));
    assert_eq!(create.properties["bucket_count"], Value::Number("4".into()));
    assert!(!create.with_data);
    let query = alone(text, &create.query);
    assert_eq!(query.lines().nth(2), Some("   SELECT é FROM t"));
    assert_eq!(query.trim(), "SELECT é FROM t");
}

#[test]
fn unload_takes_the_query_between_its_parentheses() {
    let text = "UNLOAD (SELECT ')' FROM (SELECT 1)) TO 's3://b/p/' WITH (format='JSON')";
    let Statement::Unload { query, location, properties } = parse(text).unwrap() else { panic!("UNLOAD") };
    assert_eq!(&text[query], "SELECT ')' FROM (SELECT 1)");
    assert_eq!(location, "s3://b/p/");
    assert_eq!(properties["format"], Value::Text("JSON".into()));
}

#[test]
fn insert_knows_a_list_of_columns_from_a_query_in_parentheses() {
    let Statement::Insert { columns, .. } = parse("INSERT INTO t (a, \"b\") VALUES (1, 2)").unwrap() else {
        panic!("INSERT")
    };
    assert_eq!(columns, ["a", "b"]);
    let Statement::Insert { columns, .. } = parse("INSERT INTO t (SELECT 1)").unwrap() else { panic!("INSERT") };
    assert!(columns.is_empty());
}

#[test]
fn execute_keeps_its_values_as_they_stand() {
    let statement = parse("EXECUTE My_Statement USING 'a, b', CAST(1 AS decimal(3, 1)), DATE '2020-01-01'").unwrap();
    let parameters = vec!["'a, b'".to_owned(), "CAST(1 AS decimal(3, 1))".into(), "DATE '2020-01-01'".into()];
    assert_eq!(statement, Statement::Execute { name: "My_Statement".into(), parameters });
}

#[test]
fn partitions_are_added_and_dropped_by_their_keys() {
    let Statement::AlterTable { change, .. } = parse(
        "ALTER TABLE t ADD IF NOT EXISTS PARTITION (y='2020', m=1) LOCATION 's3://b/x' PARTITION (y='2021', m=2)",
    )
    .unwrap() else {
        panic!("ALTER TABLE")
    };
    let Change::AddPartitions { if_not_exists: true, partitions } = *change else { panic!("partitions") };
    assert_eq!(partitions[0].1.as_deref(), Some("s3://b/x"));
    assert_eq!(partitions[1].0[1], ("m".into(), Comparison::Equal, "2".into()));
    let Statement::AlterTable { change, .. } =
        parse("ALTER TABLE t DROP PARTITION (y >= '2020'), PARTITION (y<>'1')").unwrap()
    else {
        panic!("ALTER TABLE")
    };
    let Change::DropPartitions { partitions, .. } = *change else { panic!("partitions") };
    assert_eq!(partitions[0][0].1, Comparison::GreaterOrEqual);
    assert_eq!(partitions[1][0].1, Comparison::NotEqual);
}

#[test]
fn statements_have_awss_kinds() {
    let kind = |text: &str| parse(text).unwrap().kind();
    assert_eq!(kind("select 1"), ("DML", Some("SELECT")));
    assert_eq!(kind("create table t as select 1"), ("DDL", Some("CREATE_TABLE_AS_SELECT")));
    assert_eq!(kind("MSCK REPAIR TABLE t"), ("DDL", Some("MSCK_REPAIR_TABLE")));
    assert_eq!(kind("SHOW CREATE TABLE t"), ("UTILITY", Some("SHOW_CREATE_TABLE")));
    assert_eq!(kind("EXPLAIN (FORMAT JSON) SELECT 1"), ("UTILITY", Some("EXPLAIN")));
}

proptest::proptest! {
    #[test]
    fn whatever_is_written_is_answered(text in "(?s)(CREATE|ALTER|DROP|SHOW|UNLOAD|INSERT|EXPLAIN|EXECUTE|DESCRIBE)? ?.{0,80}") {
        if let Ok(statement) = parse(&text)
            && let Some(query) = statement.query(&text)
        {
            proptest::prop_assert!(query.len() <= text.len());
        }
    }

    #[test]
    fn tokens_stand_where_they_say(text in "(?s)[a-z0-9'\"`;,().\\\\/*\\-ä\n ]{0,60}", backslashes in proptest::bool::ANY) {
        let mut end = 0;
        for token in split(&text, backslashes) {
            proptest::prop_assert!(token.start >= end);
            proptest::prop_assert_eq!(&text[token.start..token.end()], token.text);
            end = token.end();
        }
    }
}
