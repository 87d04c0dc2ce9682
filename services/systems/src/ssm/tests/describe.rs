//! DescribeParameters: its filters, one by one, and its pages.

use aws::{DescribeParametersRequest, ParameterStringFilter, ParametersFilter, ParametersFilterKey};

use super::*;

async fn try_describe(house: &TestHouse, request: DescribeParametersRequest) -> Result<Vec<String>, Fault> {
    let answer = house.call::<aws::DescribeParameters>(request).await?;
    let parameters = answer.parameters.unwrap().into_iter();
    Ok(parameters.map(|parameter| parameter.name.unwrap()).collect())
}

fn filter(key: &str, option: &str, values: &[&str]) -> ParameterStringFilter {
    ParameterStringFilter {
        key: key.into(),
        option: (!option.is_empty()).then(|| option.into()),
        values: (!values.is_empty()).then(|| texts(values)),
    }
}

fn by(filters: Vec<ParameterStringFilter>) -> DescribeParametersRequest {
    DescribeParametersRequest { parameter_filters: Some(filters), ..Default::default() }
}

async fn furnished() -> TestHouse {
    let house = open();
    let secure = |name: &str, key_id: Option<&str>| PutParameterRequest {
        r#type: Some(ParameterType::SecureString),
        key_id: key_id.map(Into::into),
        ..string(name, "x")
    };
    let tagged = |request: PutParameterRequest, key: &str, value: &str| PutParameterRequest {
        tags: Some(vec![tag(key, value)]),
        ..request
    };
    put(&house, tagged(string("plain", "x"), "team", "data")).await;
    put(&house, string("/app/db/host", "x")).await;
    put(&house, tagged(secure("/app/db/password", None), "team", "web")).await;
    put(&house, secure("/app/key", Some("alias/mine"))).await;
    let image =
        PutParameterRequest { data_type: Some("aws:ec2:image".into()), ..advanced(string("/image", "ami-0123abcd")) };
    put(&house, image).await;
    house
}

#[tokio::test]
async fn each_filter_chooses() {
    let house = furnished().await;
    let all: &[&str] = &["/app/db/host", "/app/db/password", "/app/key", "/image", "plain"];
    let cases: [(&str, &str, &[&str], &[&str]); 26] = [
        ("Name", "", &["plain"], &["plain"]),
        ("Name", "Equals", &["/plain", "app/key", "nowhere"], &["/app/key", "plain"]),
        ("Name", "Equals", &["/app"], &[]),
        ("Name", "BeginsWith", &["/app/db"], &["/app/db/host", "/app/db/password"]),
        ("Name", "BeginsWith", &["p", "im"], &["/image", "plain"]),
        ("Name", "Contains", &["a"], all),
        ("Name", "Contains", &["db/h", "key"], &["/app/db/host", "/app/key"]),
        ("Type", "", &["String"], &["/app/db/host", "/image", "plain"]),
        ("Type", "Equals", &["SecureString", "StringList"], &["/app/db/password", "/app/key"]),
        ("KeyId", "", &["alias/mine"], &["/app/key"]),
        ("KeyId", "BeginsWith", &["alias/"], &["/app/db/password", "/app/key"]),
        ("KeyId", "Equals", &["alias/"], &[]),
        ("Path", "", &["/app"], &["/app/key"]),
        ("Path", "OneLevel", &["/app/db/"], &["/app/db/host", "/app/db/password"]),
        ("Path", "Recursive", &["/app"], &["/app/db/host", "/app/db/password", "/app/key"]),
        ("Path", "Recursive", &["/app/db", "/app/key"], &["/app/db/host", "/app/db/password"]),
        ("Path", "OneLevel", &["/"], &["/image", "plain"]),
        ("Path", "Recursive", &["/"], all),
        ("Tier", "", &["Advanced"], &["/image"]),
        ("Tier", "Equals", &["Intelligent-Tiering"], &[]),
        ("DataType", "", &["aws:ec2:image"], &["/image"]),
        ("DataType", "BeginsWith", &["t"], &["/app/db/host", "/app/db/password", "/app/key", "plain"]),
        ("tag:team", "", &["data"], &["plain"]),
        ("tag:team", "BeginsWith", &["d", "w"], &["/app/db/password", "plain"]),
        ("tag:team", "", &[], &["/app/db/password", "plain"]),
        ("tag:Team", "", &["data"], &[]),
    ];
    for (key, option, values, expected) in cases {
        let chosen = try_describe(&house, by(vec![filter(key, option, values)])).await.unwrap();
        assert_eq!(chosen, expected, "{key} {option} {values:?}");
    }
}

#[tokio::test]
async fn a_parameter_must_fit_every_filter() {
    let house = furnished().await;
    let both = by(vec![
        filter("Path", "Recursive", &["/app"]),
        filter("Type", "", &["SecureString"]),
        filter("tag:team", "", &["web"]),
    ]);
    assert_eq!(try_describe(&house, both).await.unwrap(), ["/app/db/password"]);
    let named = by(vec![filter("Name", "", &["plain", "/image"]), filter("Tier", "", &["Standard"])]);
    assert_eq!(try_describe(&house, named).await.unwrap(), ["plain"]);
}

#[tokio::test]
async fn the_older_filters_still_work() {
    let house = furnished().await;
    let legacy = |key: ParametersFilterKey, values: &[&str]| DescribeParametersRequest {
        filters: Some(vec![ParametersFilter { key, values: texts(values) }]),
        ..Default::default()
    };
    let cases: [(ParametersFilterKey, &[&str], &[&str]); 3] = [
        (ParametersFilterKey::Name, &["/app/db"], &["/app/db/host", "/app/db/password"]),
        (ParametersFilterKey::Type, &["SecureString"], &["/app/db/password", "/app/key"]),
        (ParametersFilterKey::KeyId, &["alias/mine"], &["/app/key"]),
    ];
    for (key, values, expected) in cases {
        assert_eq!(try_describe(&house, legacy(key, values)).await.unwrap(), expected);
    }
    let both = DescribeParametersRequest {
        parameter_filters: Some(vec![filter("Name", "", &["a"])]),
        ..legacy(ParametersFilterKey::Name, &["a"])
    };
    assert_eq!(
        refusal(try_describe(&house, both).await),
        "ValidationException: You can use either Filters or ParameterFilters in a single request."
    );
}

#[tokio::test]
async fn wrong_filters_are_refused_in_aws_s_words() {
    let house = open();
    let one = |key: &str, option: &str, values: &[&str]| vec![filter(key, option, values)];
    let cases = [
        (
            one("Label", "", &["x"]),
            "InvalidFilterKey: The following filter key is not valid: Label. Valid filter keys include: [Path, Name, \
             Type, KeyId, Tier].",
        ),
        (
            one("Name", "", &[]),
            "InvalidFilterValue: The following filter values are missing : null for filter key Name",
        ),
        (
            vec![filter("Name", "", &["a"]), filter("Name", "", &["b"])],
            "InvalidFilterKey: The following filter is duplicated in the request: Name. A request can contain only one \
             occurrence of a specific filter.",
        ),
        (
            one("Path", "Equals", &["/a"]),
            "InvalidFilterOption: The following filter option is not valid: Equals. Valid options include: [Recursive, \
             OneLevel].",
        ),
        (
            one("Path", "", &["/aws"]),
            "ValidationException: Filters for common parameters can't be prefixed with \"aws\" or \"ssm\" \
             (case-insensitive). When using global parameters, please specify within a global namespace.",
        ),
        (
            one("Tier", "", &["Free"]),
            "InvalidFilterValue: The following filter value is not valid: Free. Valid values include: [Standard, \
             Advanced, Intelligent-Tiering].",
        ),
        (
            one("Type", "", &["Text"]),
            "InvalidFilterValue: The following filter value is not valid: Text. Valid values include: [String, \
             StringList, SecureString].",
        ),
        (
            one("Name", "EndsWith", &["x"]),
            "InvalidFilterOption: The following filter option is not valid: EndsWith. Valid options include: \
             [BeginsWith, Equals].",
        ),
        (
            one("KeyId", "Contains", &["x"]),
            "InvalidFilterOption: The following filter option is not valid: Contains. Valid options include: \
             [BeginsWith, Equals].",
        ),
    ];
    for (filters, message) in cases {
        assert_eq!(refusal(try_describe(&house, by(filters)).await), message);
    }
    let unknown = refusal(try_describe(&house, by(one("Colour", "", &["red"]))).await);
    assert!(unknown.contains("at 'parameterFilters.1.member.key'"), "{unknown}");
    let unfit = refusal(try_describe(&house, by(one("Path", "", &["a"]))).await);
    assert!(unfit.starts_with("ValidationException: The parameter doesn't meet"), "{unfit}");
}

#[tokio::test]
async fn parameters_shared_by_others_are_refused_by_name() {
    let house = open();
    let shared = DescribeParametersRequest { shared: Some(true), ..Default::default() };
    assert!(refusal(try_describe(&house, shared).await).contains("haar does not serve parameters shared from another"));
}

#[tokio::test]
async fn pages_hold_everything_once_with_every_kind_of_filter() {
    let house = furnished().await;
    for number in 10..40 {
        put(&house, string(&format!("/app/{number}"), "x")).await;
    }
    let lists = [
        vec![],
        vec![filter("Path", "OneLevel", &["/app"])],
        vec![filter("Path", "Recursive", &["/app"])],
        vec![filter("Name", "", &["/app/10", "/app/11", "/app/12", "plain", "/image"])],
        vec![filter("Name", "Contains", &["1"])],
    ];
    for filters in lists {
        let whole = try_describe(&house, by(filters.clone())).await.unwrap();
        assert!(!whole.is_empty());
        let (mut pieced, mut token) = (Vec::new(), None);
        loop {
            let request = DescribeParametersRequest { max_results: Some(3), next_token: token, ..by(filters.clone()) };
            let page = house.call::<aws::DescribeParameters>(request).await.unwrap();
            pieced.extend(page.parameters.unwrap().into_iter().map(|parameter| parameter.name.unwrap()));
            token = page.next_token;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(pieced, whole, "{filters:?}");
    }
}

#[tokio::test]
async fn tokens_of_other_filters_are_refused() {
    let house = furnished().await;
    let page = |filters: Vec<ParameterStringFilter>, token: Option<String>| DescribeParametersRequest {
        max_results: Some(1),
        next_token: token,
        ..by(filters)
    };
    let first = house.call::<aws::DescribeParameters>(page(vec![], None)).await.unwrap();
    let other = page(vec![filter("Type", "", &["String"])], first.next_token);
    assert_eq!(refusal(try_describe(&house, other).await), "InvalidNextToken: The specified token isn't valid.");
    let large = DescribeParametersRequest { max_results: Some(51), ..Default::default() };
    assert!(refusal(try_describe(&house, large).await).contains("less than or equal to 50"));
}
