//! Bodies that are truly signed and say something monstrous.

use haar_tests::signed;

use super::Besieged;

/// Deeper than any stack is.
const DEEP: usize = 1_000_000;

/// Longer than any name may be.
const LONG: usize = 4 * 1024 * 1024;

#[tokio::test]
async fn json_that_nobody_should_read_is_refused() {
    let mut house = Besieged::open().await;
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(DEEP), close.repeat(DEEP));
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("an empty body", b"".into()),
        ("a body that is no object", b"[]".into()),
        ("null", b"null".into()),
        ("half an object", br#"{"Name":"/p","Value":"#.into()),
        ("two objects", br#"{"Name":"/p"}{"Name":"/q"}"#.into()),
        ("deep lists", deep("[", "]").into()),
        ("deep lists that never end", "[".repeat(DEEP).into()),
        ("deep lists in a member", format!(r#"{{"Name":"/p","Tags":{}}}"#, deep("[", "]")).into()),
        (
            "deep objects in a member",
            format!(r#"{{"Name":"/p","Tags":{}1{}}}"#, r#"{"a":"#.repeat(DEEP), "}".repeat(DEEP)).into(),
        ),
        ("deep lists in a member that AWS does not have", format!(r#"{{"Name":"/p","x":{}}}"#, deep("[", "]")).into()),
        ("a number for a name", br#"{"Name":1e999999999}"#.into()),
        ("a number of a million digits", format!(r#"{{"Name":"/p","MaxResults":{}}}"#, "9".repeat(1_000_000)).into()),
        ("a byte that is no UTF-8", b"{\"Name\":\"/p\xff\",\"Value\":\"v\"}".into()),
        ("an overlong form of a slash", b"{\"Name\":\"\xc0\xafp\",\"Value\":\"v\"}".into()),
        ("half a surrogate pair", br#"{"Name":"/\ud800","Value":"v"}"#.into()),
        ("an escape that is none", br#"{"Name":"/\x41","Value":"v"}"#.into()),
        ("a NUL in a name", br#"{"Name":"/p\u0000","Value":"v","Type":"String"}"#.into()),
        ("a newline inside a text", b"{\"Name\":\"/p\n\",\"Value\":\"v\"}".into()),
        ("a byte order mark", b"\xef\xbb\xbf{\"Name\":\"/p\"}".into()),
        ("UTF-16", b"{\0\"\0N\0\"\0}\0".into()),
        (
            "a name of four megabytes",
            format!(r#"{{"Name":"/{}","Value":"v","Type":"String"}}"#, "a".repeat(LONG)).into(),
        ),
        (
            "a value of four megabytes",
            format!(r#"{{"Name":"/p","Value":"{}","Type":"String"}}"#, "a".repeat(LONG)).into(),
        ),
        ("an enum of four megabytes", format!(r#"{{"Name":"/p","Value":"v","Type":"{}"}}"#, "a".repeat(LONG)).into()),
        (
            "a description of slashes",
            format!(r#"{{"Name":"{}","Value":"v","Type":"String"}}"#, "/".repeat(LONG)).into(),
        ),
        ("garbage", (0..=255).cycle().take(100_000).collect()),
    ];
    for (case, body) in cases {
        let request = signed::json(house.address(), "AmazonSSM.PutParameter", &body);
        house.refuses(case, &request).await;
    }
    house.close().await;
}

#[tokio::test]
async fn numbers_beyond_their_type_are_refused() {
    let mut house = Besieged::open().await;
    for number in ["1e400", "-1e400", "99999999999999999999999", "-99999999999999999999999", "2147483648", "0.5", "-1"]
    {
        let body = format!(r#"{{"MaxResults":{number}}}"#);
        let request = signed::json(house.address(), "AmazonSSM.DescribeParameters", body.as_bytes());
        house.refuses(number, &request).await;
    }
    for number in ["NaN", "Infinity", "0x10", "01", "+1", "1e", ".5"] {
        let body = format!(r#"{{"MaxResults":{number}}}"#);
        let request = signed::json(house.address(), "AmazonSSM.DescribeParameters", body.as_bytes());
        let answer = house.refuses(number, &request).await;
        assert_eq!(answer.code().as_deref(), Some("SerializationException"), "{number}");
    }
    house.close().await;
}

#[tokio::test]
async fn patterns_that_never_end_do_end() {
    let mut house = Besieged::open().await;
    for (pattern, value) in [
        (r"^(a+)+$", "a".repeat(4000) + "!"),
        (r"^(a|a)*\\1$", "a".repeat(4000) + "!"),
        (r"^(?=(a+))+\\1b$", "a".repeat(4000) + "!"),
        (r"((a{1000}){1000}){1000}", "a".repeat(100)),
        (r"(((((((((((((((((((((((((((((((", "a".to_owned()),
        (r"[", "a".to_owned()),
    ] {
        let body = format!(r#"{{"Name":"/p","Type":"String","Value":"{value}","AllowedPattern":"{pattern}"}}"#);
        let request = signed::json(house.address(), "AmazonSSM.PutParameter", body.as_bytes());
        house.refuses(pattern, &request).await;
    }
    house.close().await;
}

#[tokio::test]
async fn forms_that_nobody_should_read_are_refused() {
    let mut house = Besieged::open().await;
    let create = "Action=CreateUser&Version=2010-05-08&UserName=ana";
    let many = (0..100_000).map(|number| format!("&Tags.member.{number}.Key=k")).collect::<String>();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("an empty form", b"".into()),
        ("no action", b"UserName=ana".into()),
        ("an action that nobody has", b"Action=%00&Version=2010-05-08".into()),
        ("an action of four megabytes", format!("Action={}&Version=2010-05-08", "a".repeat(LONG)).into()),
        ("a version that never was", b"Action=CreateUser&Version=1066-10-14&UserName=ana".into()),
        ("bytes that are no UTF-8", b"Action=CreateUser&Version=2010-05-08&UserName=%ff%fe".into()),
        ("raw bytes that are no UTF-8", b"Action=CreateUser&Version=2010-05-08&UserName=\xff\xfe".into()),
        ("half an escape", b"Action=CreateUser&Version=2010-05-08&UserName=ana%2".into()),
        (
            "a name of four megabytes",
            format!("Action=CreateUser&Version=2010-05-08&UserName={}", "a".repeat(LONG)).into(),
        ),
        ("the last index there is", format!("{create}&Tags.member.18446744073709551615.Key=k").into()),
        ("an index beyond the last", format!("{create}&Tags.member.99999999999999999999999.Key=k").into()),
        ("a negative index", format!("{create}&Tags.member.-1.Key=k").into()),
        ("an index that leaves a hole", format!("{create}&Tags.member.4000000000.Key=k").into()),
        (
            "a member below a text",
            format!("Action=CreateUser&Version=2010-05-08&UserName.{}=x", "a.".repeat(100_000)).into(),
        ),
        ("more tags than there can be", format!("{create}{many}").into()),
        ("only separators", "&".repeat(LONG).into()),
        ("only equals signs", "=&".repeat(LONG / 2).into()),
        ("the action a thousand times", "Action=CreateUser&".repeat(1000).into()),
    ];
    for (case, body) in cases {
        let request = signed::form(house.address(), "iam", &body);
        house.survives(case, &request).await;
    }
    house.close().await;
}

#[tokio::test]
async fn policy_documents_that_nobody_should_read_are_refused() {
    let mut house = Besieged::open().await;
    let create = |document: &str| {
        let encoded: String = document.bytes().map(|byte| format!("%{byte:02X}")).collect();
        format!("Action=CreatePolicy&Version=2010-05-08&PolicyName=p&PolicyDocument={encoded}")
    };
    let cases = [
        ("deep lists", "[".repeat(100_000)),
        ("deep objects", r#"{"Statement":"#.repeat(10_000)),
        (
            "stars",
            format!(
                r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"s3:{}","Resource":"*"}}}}"#,
                "*a".repeat(50_000)
            ),
        ),
        ("no JSON at all", "Allow everything, please".to_owned()),
        ("an empty document", "{}".to_owned()),
    ];
    for (case, document) in &cases {
        let request = signed::form(house.address(), "iam", create(document).as_bytes());
        house.refuses(case, &request).await;
    }
    house.close().await;
}

#[tokio::test]
async fn a_body_in_another_format_than_it_says_is_refused() {
    let mut house = Besieged::open().await;
    let xml = b"<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;&b;\">]><a>&c;</a>";
    let cbor = [0x9f_u8; 100_000];
    let target = ("x-amz-target", "AmazonSSM.PutParameter");
    for content_type in
        ["", "text/xml", "application/json", "application/cbor", "multipart/form-data", "a/b;c=\"", "\u{ff}"]
    {
        for (format, body) in [("XML", &xml[..]), ("CBOR", &cbor[..])] {
            let request = signed::post(house.address(), "ssm", &[("content-type", content_type), target], body);
            house.refuses(&format!("{format} as {content_type:?}"), &request).await;
        }
    }
    let cbor_headers = [("smithy-protocol", "rpc-v2-cbor"), ("content-type", "application/cbor")];
    let request = signed::post(house.address(), "sqs", &cbor_headers, &cbor);
    house.refuses("CBOR to a service that does not speak it", &request).await;
    let form =
        signed::post(house.address(), "iam", &[("content-type", "application/json")], b"{\"Action\":\"ListUsers\"}");
    house.refuses("JSON to a query service", &form).await;
    house.close().await;
}
