//! Lists against a simple model: whatever the keys, versions, delimiters and page sizes, the pages put together are
//! what the model says.

use std::collections::{BTreeMap, BTreeSet};

use haar_platform::aws::s3 as aws;
use proptest::prelude::*;

use super::*;

/// What happens to a key: true is a put, false a delete.
type History = Vec<(String, bool)>;

/// Keys in which the delimiter, its neighbours and the edges of Unicode are common.
fn key() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        Just('/'),
        Just('/'),
        Just('a'),
        Just('b'),
        Just('0'),
        Just('.'),
        Just('\u{D7FF}'),
        Just('\u{10FFFF}')
    ];
    proptest::collection::vec(character, 1..5).prop_map(|characters| characters.into_iter().collect())
}

fn delimiter() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        Just(None),
        Just(Some("/".to_owned())),
        Just(Some("a".to_owned())),
        Just(Some("/a".to_owned())),
        Just(Some("\u{10FFFF}".to_owned()))
    ]
}

/// A line of a list: a key with a number (0 the newest version), or a common prefix.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Line {
    Key(String, usize),
    Prefix(String),
}

fn expected(
    rows: &BTreeMap<String, Vec<bool>>,
    versions: bool,
    prefix: &str,
    delimiter: Option<&str>,
) -> BTreeSet<Line> {
    let mut lines = BTreeSet::new();
    for (key, rows) in rows.iter().filter(|(key, _)| key.starts_with(prefix)) {
        if !versions && !rows[0] {
            continue;
        }
        let end = delimiter.and_then(|delimiter| Some(key[prefix.len()..].find(delimiter)? + delimiter.len()));
        match end {
            Some(end) => {
                lines.insert(Line::Prefix(key[..prefix.len() + end].to_owned()));
            }
            None => {
                let count = if versions { rows.len() } else { 1 };
                lines.extend((0..count).map(|number| Line::Key(key.clone(), number)));
            }
        }
    }
    lines
}

async fn listed(house: &TestHouse, prefix: &str, delimiter: Option<&str>, page: i32) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut request = aws::ListObjectsV2Request {
        bucket: BUCKET.into(),
        prefix: Some(prefix.to_owned()),
        delimiter: delimiter.map(str::to_owned),
        max_keys: Some(page),
        ..Default::default()
    };
    loop {
        let output = house.call::<aws::ListObjectsV2>(request.clone()).await.unwrap();
        assert!(output.key_count.unwrap() <= page);
        lines.extend(output.contents.into_iter().flatten().map(|object| Line::Key(object.key.unwrap(), 0)));
        let prefixes = output.common_prefixes.into_iter().flatten();
        lines.extend(prefixes.map(|prefix| Line::Prefix(prefix.prefix.unwrap())));
        match output.next_continuation_token {
            Some(token) => request.continuation_token = Some(token),
            None => return lines,
        }
    }
}

async fn listed_versions(house: &TestHouse, prefix: &str, delimiter: Option<&str>, page: i32) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut request = aws::ListObjectVersionsRequest {
        bucket: BUCKET.into(),
        prefix: Some(prefix.to_owned()),
        delimiter: delimiter.map(str::to_owned),
        max_keys: Some(page),
        ..Default::default()
    };
    loop {
        let output = house.call::<aws::ListObjectVersions>(request.clone()).await.unwrap();
        let objects = output.versions.into_iter().flatten().map(|version| (version.key, version.is_latest));
        let markers = output.delete_markers.into_iter().flatten().map(|marker| (marker.key, marker.is_latest));
        for (key, newest) in objects.chain(markers) {
            let key = key.unwrap();
            let count = counts.entry(key.clone()).or_default();
            lines.push((Line::Key(key, *count), newest.unwrap()));
            *count += 1;
        }
        let prefixes = output.common_prefixes.into_iter().flatten();
        lines.extend(prefixes.map(|prefix| (Line::Prefix(prefix.prefix.unwrap()), false)));
        if output.is_truncated != Some(true) {
            break;
        }
        request.key_marker = output.next_key_marker;
        request.version_id_marker = output.next_version_id_marker;
    }
    // One version of each listed key is its newest.
    let newest: Vec<_> = lines.iter().filter(|(_, newest)| *newest).collect();
    assert_eq!(newest.len(), counts.len());
    lines.into_iter().map(|(line, _)| line).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pages_put_together_are_what_is_there(
        history in proptest::collection::vec((key(), prop::bool::weighted(0.7)), 0..40),
        versioned in any::<bool>(),
        prefix in prop_oneof![Just(String::new()), key()],
        delimiter in delimiter(),
        page in 1..6,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(compare(history, versioned, &prefix, delimiter.as_deref(), page));
    }
}

async fn compare(history: History, versioned: bool, prefix: &str, delimiter: Option<&str>, page: i32) {
    let house = if versioned { open_versioned().await } else { open().await };
    let mut rows: BTreeMap<String, Vec<bool>> = BTreeMap::new();
    for (key, is_put) in history {
        if is_put {
            put(&house, object(&key, "")).await;
        } else {
            let request = aws::DeleteObjectRequest { bucket: BUCKET.into(), key: key.clone(), ..Default::default() };
            house.call::<aws::DeleteObject>(request).await.unwrap();
        }
        let row = rows.entry(key).or_default();
        if !versioned {
            row.clear();
        }
        if versioned || is_put {
            row.insert(0, is_put);
        }
    }
    rows.retain(|_, row| !row.is_empty());
    for versions in [false, true] {
        let lines = match versions {
            false => listed(&house, prefix, delimiter, page).await,
            true => listed_versions(&house, prefix, delimiter, page).await,
        };
        let set: BTreeSet<_> = lines.iter().cloned().collect();
        assert_eq!(set.len(), lines.len(), "something is listed twice: {lines:?}");
        assert_eq!(set, expected(&rows, versions, prefix, delimiter));
    }
}
