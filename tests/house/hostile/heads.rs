//! Request lines and headers that no client would send.

use haar_tests::signed;

use super::Besieged;

#[tokio::test]
async fn paths_lead_nowhere() {
    let mut house = Besieged::open().await;
    let paths = [
        "//",
        "/..",
        "/../",
        "/../../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "/%00",
        "/a%00b",
        "/%",
        "/%zz",
        "/%ff%fe",
        "/\\..\\..\\",
        "/./.",
        "/;a=b",
        "/_haar/../_haar/health",
        "/_haar//health",
        "/_haar/%2e%2e/",
        "/_haar/reset",
        "/_haar",
        "/_HAAR/reset",
        "/000000000000/queue/../other",
        "/?Action=",
        "/?Action=ListUsers&Action=Reset",
        "/?X-Amz-Signature=",
        "/service/../operation/..",
        "http://evil.example/_haar/reset",
        "*",
    ];
    for path in paths {
        for method in ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "CONNECT", "X"] {
            let reset = path == "/_haar/reset" && method == "POST";
            if reset || method == "HEAD" {
                continue;
            }
            let request = format!("{method} {path} HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 0\r\n\r\n");
            let case = format!("{method} {path}");
            let answer = haar_tests::raw::exchange(house.address(), request.as_bytes()).await;
            let answer = answer.unwrap_or_else(|| panic!("{case}: no answer"));
            assert!((400..=501).contains(&answer.status) && answer.status != 500, "{case}: {}", answer.status);
        }
        house.serves(path).await;
    }
    let long = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(1_000_000));
    house.refuses("a path of a megabyte", long.as_bytes()).await;
    house.close().await;
}

#[tokio::test]
async fn pages_of_the_house_are_not_for_other_sites() {
    let mut house = Besieged::open().await;
    for head in ["Host: evil.example", "Host: localhost\r\nOrigin: http://evil.example", "Origin: null", ""] {
        let request = format!("POST /_haar/reset HTTP/1.1\r\n{head}\r\nContent-Length: 0\r\n\r\n");
        let answer = haar_tests::raw::exchange(house.address(), request.as_bytes()).await.unwrap();
        assert!([400, 403].contains(&answer.status), "{head}: {}", answer.status);
    }
    house.serves("foreign pages").await;
    house.close().await;
}

#[tokio::test]
async fn floods_of_headers_are_refused() {
    let mut house = Besieged::open().await;
    let with = |headers: &str| format!("POST / HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: 0\r\n\r\n");
    let many: String = (0..10_000).map(|number| format!("x-header-{number}: v\r\n")).collect();
    let same = "x-amz-date: 20260101T000000Z\r\n".repeat(10_000);
    for (case, headers) in [
        ("ten thousand headers", many),
        ("one header ten thousand times", same),
        ("a header of a megabyte", format!("x-long: {}\r\n", "a".repeat(1_000_000))),
        ("a name of a megabyte", format!("{}: v\r\n", "a".repeat(1_000_000))),
        ("a header without a name", ": v\r\n".to_owned()),
        ("a header without a colon", "what is this\r\n".to_owned()),
        ("a folded header", "x-folded: a\r\n b\r\n".to_owned()),
        ("a NUL in a header", "x-nul: a\0b\r\n".to_owned()),
    ] {
        house.refuses(case, with(&headers).as_bytes()).await;
    }
    house.close().await;
}

#[tokio::test]
async fn targets_that_nobody_has_are_refused() {
    let mut house = Besieged::open().await;
    let long = "A".repeat(30_000);
    for target in [
        "",
        ".",
        "..",
        "AmazonSSM",
        "AmazonSSM.",
        ".GetParameter",
        "AmazonSSM.GetParameter.GetParameter",
        "amazonssm.getparameter",
        "AmazonSSM.GetParameter ",
        "AmazonSSM/GetParameter",
        "AmazonSSM.%47etParameter",
        "AmazonSSM.NoSuchThing",
        "AmazonSSM.SendCommand",
        &long,
    ] {
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target)];
        let request = signed::post(house.address(), "ssm", &headers, b"{}");
        let case: String = target.chars().take(40).collect();
        house.refuses(&case, &request).await;
    }
    house.close().await;
}

#[tokio::test]
async fn signatures_that_are_none_are_refused() {
    let mut house = Besieged::open().await;
    let long = "a".repeat(60_000);
    let names = (0..5000).map(|number| format!("h{number};")).collect::<String>();
    let credential = "Credential=test/20260101/us-east-1/ssm/aws4_request";
    let cases = [
        "AWS4-HMAC-SHA256".to_owned(),
        "AWS4-HMAC-SHA256 ".to_owned(),
        "AWS4-HMAC-SHA256 ,,,,,,,,,,".to_owned(),
        "AWS4-HMAC-SHA256 Credential=,SignedHeaders=,Signature=".to_owned(),
        "AWS4-HMAC-SHA256 Credential=////,SignedHeaders=;;;;,Signature=zz".to_owned(),
        format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=\u{e9}"),
        format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders={names}, Signature=00"),
        format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature={long}"),
        format!("AWS4-HMAC-SHA256 Credential={long}, SignedHeaders=host, Signature=00"),
        format!("AWS4-HMAC-SHA256 Credential={}, SignedHeaders=host, Signature=00", "/".repeat(60_000)),
        format!("AWS4-HMAC-SHA256 {}", "Credential=a/b/c/d/e,".repeat(2000)),
        "AWS4-ECDSA-P256-SHA256 Credential=a/b/c/d, SignedHeaders=host, Signature=00".to_owned(),
        "AWS test:c2lnbmF0dXJl".to_owned(),
        "Basic dGVzdDp0ZXN0".to_owned(),
        "Bearer a.b.c".to_owned(),
        long,
    ];
    for authorization in &cases {
        let request = format!(
            "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: AmazonSSM.DescribeParameters\r\n\
             Content-Type: application/x-amz-json-1.1\r\nX-Amz-Date: 20260101T000000Z\r\n\
             Authorization: {authorization}\r\nContent-Length: 2\r\n\r\n{{}}"
        );
        let case: String = authorization.chars().take(60).collect();
        house.refuses(&case, request.as_bytes()).await;
    }
    for date in ["", "now", "99999999T999999Z", "20260230T000000Z", "-0010101T000000Z", "Thu, 01 Jan 1970 00:00:00 GMT"]
    {
        let request = format!(
            "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: AmazonSSM.DescribeParameters\r\nX-Amz-Date: {date}\r\n\
             Authorization: AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=00\r\nContent-Length: 2\r\n\r\n{{}}"
        );
        house.refuses(&format!("the date {date:?}"), request.as_bytes()).await;
    }
    for query in ["X-Amz-Expires=-1", "X-Amz-Expires=999999999999999999999", "X-Amz-Credential=%00", "X-Amz-Date=", "%"]
    {
        let request = format!(
            "GET /?Action=ListUsers&Version=2010-05-08&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-SignedHeaders=host&\
             X-Amz-Signature=00&{query} HTTP/1.1\r\nHost: localhost\r\n\r\n"
        );
        house.refuses(query, request.as_bytes()).await;
    }
    house.close().await;
}
