//! Which folders become tables and which partitions.

#![allow(clippy::unwrap_used)]

use haar_formats::infer::{Format, Found, Layout};
use haar_formats::{Column, HiveType};

use super::*;

/// Folders with objects of these columns: `path: a b c`, with a star behind the path where they are gzipped.
fn folders(objects: &[&str]) -> Folders {
    let mut folders = Folders::default();
    for object in objects {
        folders.add(object.split_once(':').unwrap().0.trim_end_matches('*'), 10, found(object), false);
    }
    folders.finish();
    folders
}

fn found(object: &str) -> Found {
    let (path, columns) = object.split_once(':').unwrap();
    let columns = columns.split_whitespace().map(|name| Column::new(name, HiveType::Int));
    let compression = path.ends_with('*').then_some(haar_formats::compression::Compression::Gzip);
    let format = if columns.clone().next().is_none() { Format::Unknown } else { Format::Json { path: None } };
    Found {
        layout: Layout { classification: "json".into(), compression, format },
        schema: Schema::of_columns(&columns.collect::<Vec<_>>()),
        quoted: false,
        avro_schema: None,
        records: 1,
    }
}

/// Path, columns, partition keys and values of every table.
fn told(tables: Vec<FoundTable>) -> Vec<String> {
    let tell = |table: FoundTable| {
        let columns: Vec<String> = table.kind.schema.columns().into_iter().map(|column| column.name).collect();
        let keys = if table.keys.is_empty() { String::new() } else { format!(" by {}", table.keys.join(",")) };
        let values: Vec<String> = table.partitions.iter().map(|partition| partition.values.join(",")).collect();
        let values = if values.is_empty() { String::new() } else { format!(" = {}", values.join(" ")) };
        format!("{}({}){keys}{values}", table.path, columns.join(" "))
    };
    tables.into_iter().map(tell).collect()
}

#[track_caller]
fn check(objects: &[&str], expected: &[&str]) {
    assert_eq!(told(tables(&folders(objects), 2, &Configuration::default())), expected);
}

#[test]
fn folders_with_keys_are_partitions() {
    check(
        &["year=2019/month=Jan/day=1/x: a b", "year=2019/month=Jan/day=2/x: a b", "year=2019/month=Feb/day=1/x: a b"],
        &["(a b) by year,month,day = 2019,Feb,1 2019,Jan,1 2019,Jan,2"],
    );
}

#[test]
fn folders_without_keys_are_numbered() {
    check(
        &["table1/partition1/x: a", "table1/partition2/x: a", "table2/partition4/x: a"],
        &["(a) by partition_0,partition_1 = table1,partition1 table1,partition2 table2,partition4"],
    );
    check(&["a=1/x/f: a", "b=1/y/f: a"], &["(a) by partition_0,partition_1 = a=1,x b=1,y"]);
    check(&["only/f: a"], &["(a) by partition_0 = only"]);
    check(&["k=1/K=2/f: a"], &["(a) by k,partition_1 = 1,K=2"]);
}

#[test]
fn objects_beside_each_other_are_one_table() {
    check(&["x: a b", "y: a b"], &["(a b)"]);
}

#[test]
fn different_schemas_are_different_tables() {
    check(&["year=2017/x: a b", "year=2018/x: c d"], &["year=2017/(a b)", "year=2018/(c d)"]);
    check(&["orders/x: a b", "users/k=1/x: c d", "users/k=2/x: c d"], &["orders/(a b)", "users/(c d) by k = 1 2"]);
    check(&["x.json: a b", "y.json: c d"], &["x.json(a b)", "y.json(c d)"]);
}

#[test]
fn most_schemas_decide() {
    let mut objects: Vec<String> = (0..7).map(|number| format!("k={number}/x: a b")).collect();
    objects.extend((7..10).map(|number| format!("k={number}/x: c d")));
    let objects: Vec<&str> = objects.iter().map(String::as_str).collect();
    check(&objects, &["(a b c d) by k = 0 1 2 3 4 5 6 7 8 9"]);
    check(
        &objects[1..],
        &[
            "k=1/(a b)",
            "k=2/(a b)",
            "k=3/(a b)",
            "k=4/(a b)",
            "k=5/(a b)",
            "k=6/(a b)",
            "k=7/(c d)",
            "k=8/(c d)",
            "k=9/(c d)",
        ],
    );
}

#[test]
fn different_formats_are_never_one_table() {
    check(&["k=1/x: a", "k=2/x*: a"], &["k=1/(a)", "k=2/(a)"]);
}

#[test]
fn different_depths_are_different_tables() {
    check(&["x: a", "k=1/x: a", "k=2/x: a"], &["(a)", "k=1/(a)", "k=2/(a)"]);
}

#[test]
fn what_nobody_knows_counts_only_alone() {
    check(&["readme.txt:", "k=1/x: a", "k=1/logo.png:"], &["(a) by k = 1"]);
    check(&["readme.txt:"], &["()"]);
}

#[test]
fn schemas_are_combined_when_asked() {
    let configuration = Configuration { combine: true, ..Default::default() };
    let objects = ["year=2017/x: a b", "year=2018/x: c d"];
    let tables = tables(&folders(&objects), 2, &configuration);
    assert_eq!(told(tables), ["(a b c d) by year = 2017 2018"]);
}

#[test]
fn the_level_of_tables_can_be_given() {
    let objects = ["eu/orders/k=1/x: a", "eu/users/k=1/x: a", "us/orders/k=1/x: a"];
    let at = |level| {
        let configuration = Configuration { table_level: Some(level), ..Default::default() };
        told(tables(&folders(&objects), 2, &configuration))
    };
    assert_eq!(at(2), ["(a) by partition_0,partition_1,k = eu,orders,1 eu,users,1 us,orders,1"]);
    assert_eq!(at(3), ["eu/(a) by partition_0,k = orders,1 users,1", "us/(a) by partition_0,k = orders,1"]);
    assert_eq!(at(4), ["eu/orders/(a) by k = 1", "eu/users/(a) by k = 1", "us/orders/(a) by k = 1"]);
}
