//! Reading by path: levels, depths, filters, pages.

use std::collections::BTreeSet;

use aws::{GetParametersByPathRequest, GetParametersByPathResult, ParameterStringFilter};
use proptest::prelude::*;

use super::*;

const UNFIT: &str = "ValidationException: The parameter doesn't meet the parameter name requirements. The parameter name \
                     must begin with a forward slash \"/\". It can't be prefixed with \\\"aws\\\" or \\\"ssm\\\" \
                     (case-insensitive). It must use only letters, numbers, or the following symbols: . (period), - \
                     (hyphen), _ (underscore). Special characters are not allowed. All sub-paths, if specified, must \
                     use the forward slash symbol \"/\". Valid example: /get/parameters2-/by1./path0_.";

fn below(path: &str, recursive: bool) -> GetParametersByPathRequest {
    GetParametersByPathRequest { path: path.into(), recursive: Some(recursive), ..Default::default() }
}

async fn try_list(house: &TestHouse, request: GetParametersByPathRequest) -> Result<GetParametersByPathResult, Fault> {
    house.call::<aws::GetParametersByPath>(request).await
}

fn names(answer: GetParametersByPathResult) -> Vec<String> {
    let parameters = answer.parameters.unwrap().into_iter();
    parameters.map(|parameter| parameter.name.unwrap()).collect()
}

async fn list(house: &TestHouse, path: &str, recursive: bool) -> Vec<String> {
    names(try_list(house, below(path, recursive)).await.unwrap())
}

#[tokio::test]
async fn a_level_is_what_is_directly_below_a_path() {
    let house = open();
    for name in ["plain", "/top", "/a", "/a/1", "/a/2", "/a/b/3", "/a.b/4", "/a0/5", "/ab/6"] {
        put(&house, string(name, "x")).await;
    }
    let cases: [(&str, bool, &[&str]); 8] = [
        ("/a", false, &["/a/1", "/a/2"]),
        ("/a/", false, &["/a/1", "/a/2"]),
        ("/a", true, &["/a/1", "/a/2", "/a/b/3"]),
        ("/a/b", false, &["/a/b/3"]),
        ("/a/1", true, &[]),
        ("/nowhere", true, &[]),
        ("/", false, &["/a", "/top", "plain"]),
        ("/", true, &["/a", "/a.b/4", "/a/1", "/a/2", "/a/b/3", "/a0/5", "/ab/6", "/top", "plain"]),
    ];
    for (path, recursive, expected) in cases {
        assert_eq!(list(&house, path, recursive).await, expected, "{path} {recursive}");
    }
}

#[tokio::test]
async fn paths_that_are_none_are_refused() {
    let house = open();
    for path in ["a", "a/b", "//", "/a//b", "/###", "/a b", "/ssm", "/aws"] {
        assert_eq!(refusal(try_list(&house, below(path, true)).await), UNFIT, "{path}");
    }
    let public = refusal(try_list(&house, below("/aws/service/global-infrastructure", true)).await);
    assert!(public.starts_with("NotImplemented: haar does not serve AWS's own parameters"), "{public}");
    let large = GetParametersByPathRequest { max_results: Some(11), ..below("/a", true) };
    assert!(refusal(try_list(&house, large).await).contains("less than or equal to 10"));
}

#[tokio::test]
async fn ten_are_a_page_unless_told_otherwise() {
    let house = open();
    for number in 10..25 {
        put(&house, string(&format!("/a/{number}"), "x")).await;
    }
    let first = try_list(&house, below("/a", false)).await.unwrap();
    let token = first.next_token.clone();
    assert_eq!(names(first).len(), 10);
    let next = GetParametersByPathRequest { next_token: token, ..below("/a", false) };
    let second = try_list(&house, next).await.unwrap();
    assert_eq!(second.next_token, None);
    assert_eq!(names(second), ["/a/20", "/a/21", "/a/22", "/a/23", "/a/24"]);
}

#[tokio::test]
async fn tokens_are_good_for_the_same_list_only() {
    let house = open();
    for number in 0..3 {
        put(&house, string(&format!("/a/{number}"), "x")).await;
        put(&house, string(&format!("/b/{number}"), "x")).await;
    }
    let page = |path: &str, token: Option<String>| GetParametersByPathRequest {
        max_results: Some(1),
        next_token: token,
        ..below(path, false)
    };
    let token = try_list(&house, page("/a", None)).await.unwrap().next_token.unwrap();
    for request in [
        page("/b", Some(token.clone())),
        page("/a", Some(format!("{token}x"))),
        page("/a", Some("nonsense".into())),
        GetParametersByPathRequest { recursive: Some(true), ..page("/a", Some(token.clone())) },
    ] {
        assert_eq!(refusal(try_list(&house, request).await), "InvalidNextToken: The specified token isn't valid.");
    }
    assert_eq!(names(try_list(&house, page("/a", Some(token))).await.unwrap()), ["/a/1"]);
}

fn filter(key: &str, option: Option<&str>, values: &[&str]) -> ParameterStringFilter {
    ParameterStringFilter { key: key.into(), option: option.map(Into::into), values: Some(texts(values)) }
}

fn filtered(filters: Vec<ParameterStringFilter>) -> GetParametersByPathRequest {
    GetParametersByPathRequest { parameter_filters: Some(filters), ..below("/a", true) }
}

#[tokio::test]
async fn filters_choose_by_type_key_and_label() {
    let house = open();
    let secure = |name: &str, key_id: &str| PutParameterRequest {
        r#type: Some(ParameterType::SecureString),
        key_id: Some(key_id.into()),
        ..string(name, "x")
    };
    put(&house, string("/a/plain", "1")).await;
    put(&house, over(string("/a/plain", "2"))).await;
    put(&house, secure("/a/secure/1", "alias/one")).await;
    put(&house, secure("/a/secure/2", "alias/two")).await;
    let label = aws::LabelParameterVersionRequest {
        name: "/a/plain".into(),
        parameter_version: Some(1),
        labels: texts(&["old"]),
    };
    house.call::<aws::LabelParameterVersion>(label).await.unwrap();
    let cases: [(Vec<ParameterStringFilter>, &[&str]); 6] = [
        (vec![filter("Type", None, &["String"])], &["/a/plain"]),
        (
            vec![filter("Type", Some("Equals"), &["String", "SecureString"])],
            &["/a/plain", "/a/secure/1", "/a/secure/2"],
        ),
        (vec![filter("KeyId", None, &["alias/two"])], &["/a/secure/2"]),
        (vec![filter("KeyId", Some("BeginsWith"), &["alias/"])], &["/a/secure/1", "/a/secure/2"]),
        (vec![filter("Label", None, &["old"])], &["/a/plain"]),
        (vec![filter("Label", None, &["old"]), filter("Type", None, &["SecureString"])], &[]),
    ];
    for (filters, expected) in cases {
        let shown = format!("{filters:?}");
        assert_eq!(names(try_list(&house, filtered(filters)).await.unwrap()), expected, "{shown}");
    }
    let labelled = try_list(&house, filtered(vec![filter("Label", None, &["old"])])).await.unwrap();
    assert_eq!(labelled.parameters.unwrap()[0].value.as_deref(), Some("1"), "the version with the label");
}

#[tokio::test]
async fn filters_that_are_not_for_paths_are_refused() {
    let house = open();
    for key in ["Name", "Path", "Tier", "DataType", "tag:team"] {
        assert_eq!(
            refusal(try_list(&house, filtered(vec![filter(key, None, &["x"])])).await),
            format!(
                "InvalidFilterKey: The following filter key is not valid: {key}. Valid filter keys include: [Type, \
                 KeyId, Label]."
            )
        );
    }
    assert_eq!(
        refusal(try_list(&house, filtered(vec![filter("Label", Some("BeginsWith"), &["x"])])).await),
        "InvalidFilterOption: The following filter option is not valid: BeginsWith. Valid options include: [Equals]."
    );
}

/// Names of a few levels from few letters, so that some are above others and some look alike.
fn some_names() -> impl Strategy<Value = BTreeSet<String>> {
    let name = prop_oneof![
        1 => "[ab.-]{1,2}",
        9 => "(/[ab.-]{1,2}){1,4}",
    ];
    proptest::collection::btree_set(name, 0..40)
}

fn expected(names: &BTreeSet<String>, path: &str, recursive: bool) -> Vec<String> {
    let fits = |name: &&String| {
        let slashed = format!("/{}", name.trim_start_matches('/'));
        let prefix = format!("{}/", path.trim_end_matches('/'));
        let rest = slashed.strip_prefix(&prefix);
        rest.is_some_and(|rest| recursive || !rest.contains('/'))
    };
    names.iter().filter(fits).cloned().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_page_size_lists_the_same(
        all in some_names(),
        path in prop_oneof![Just("/".to_owned()), "(/[ab.-]{1,2}){1,2}/?"],
        recursive in any::<bool>(),
        size in 1i32..=10,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let listed = runtime.block_on(async {
            let house = open();
            for name in &all {
                put(&house, string(name, "x")).await;
            }
            let (mut listed, mut token) = (Vec::new(), None);
            loop {
                let request = GetParametersByPathRequest {
                    max_results: Some(size),
                    next_token: token,
                    ..below(&path, recursive)
                };
                let page = try_list(&house, request).await.unwrap();
                token = page.next_token.clone();
                let names = names(page);
                assert!(names.len() == size as usize || token.is_none(), "only the last page is short");
                listed.extend(names);
                if token.is_none() {
                    return listed;
                }
            }
        });
        prop_assert_eq!(listed, expected(&all, &path, recursive));
    }
}
