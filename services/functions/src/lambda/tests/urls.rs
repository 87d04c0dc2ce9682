//! Function URLs.

use haar_platform::kernel::ctx::Origin;
use haar_platform::kernel::{AccountId, Caller, Ctx, WebRequest};
use http::{HeaderMap, Response};

use super::*;

/// A request for a page of the service, as the front door hands it on.
async fn ask(house: &Functions, request: http::Request<Bytes>, caller: Option<Arc<Caller>>) -> (Response<()>, Bytes) {
    let service = crate::lambda::service(&house.platform, house.supervisor.clone());
    let (head, body) = request.into_parts();
    assert!(service.serves_page(&head), "{:?}", head.uri);
    let account = AccountId::parse("000000000000").unwrap();
    let identity = caller.clone().unwrap_or_else(|| Arc::new(Caller::anonymous(&account)));
    let region = house.platform.house.region.clone();
    let ctx = Ctx::new(house.platform.house.clone(), identity, region, Arc::new(Origin::internal("test")));
    let (head, mut body) = service.page(&ctx, WebRequest { head, body, caller }).await.unwrap().into_parts();
    let mut bytes = Vec::new();
    while let Some(piece) = body.next().await {
        bytes.extend_from_slice(&piece.unwrap());
    }
    (Response::from_parts(head, ()), bytes.into())
}

/// Fetches an address.
pub async fn get(house: &Functions, address: &str) -> (u16, Bytes) {
    let (answer, body) = ask(house, request("GET", address, &[], ""), None).await;
    (answer.status().as_u16(), body)
}

fn request(method: &str, address: &str, headers: &[(&str, &str)], body: &str) -> http::Request<Bytes> {
    let uri: http::Uri = address.parse().unwrap();
    let mut request = http::Request::builder().method(method).uri(uri.path_and_query().unwrap().as_str());
    request = request.header("host", uri.authority().unwrap().as_str());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Bytes::from(body.to_owned())).unwrap()
}

async fn open_url(house: &Functions, auth_type: FunctionUrlAuthType, cors: Option<Cors>) -> String {
    let request = CreateFunctionUrlConfigRequest {
        function_name: "f".into(),
        qualifier: None,
        auth_type,
        cors,
        invoke_mode: None,
    };
    house.call::<CreateFunctionUrlConfig>(request).await.unwrap().function_url
}

/// What the console adds for a public URL.
async fn open_to_all(house: &Functions) {
    let both = [
        ("url", "lambda:InvokeFunctionUrl", Some(FunctionUrlAuthType::None), None),
        ("invoke", "lambda:InvokeFunction", None, Some(true)),
    ];
    for (id, action, function_url_auth_type, invoked_via_function_url) in both {
        let grant = AddPermissionRequest {
            function_name: "f".into(),
            statement_id: id.into(),
            action: action.into(),
            principal: "*".into(),
            function_url_auth_type,
            invoked_via_function_url,
            ..Default::default()
        };
        house.call::<AddPermission>(grant).await.unwrap();
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_public_url_needs_a_policy_that_opens_it() {
    let house = open().await;
    house.create("f", "def handler(event, context):\n    return 'hi'\n").await;
    let url = open_url(&house, FunctionUrlAuthType::None, None).await;
    assert!(url.ends_with(".lambda-url.us-east-1.localhost:4566/"), "{url}");
    let (answer, body) = ask(&house, request("GET", &url, &[], ""), None).await;
    assert_eq!(answer.status(), 403);
    assert!(String::from_utf8_lossy(&body).starts_with(r#"{"Message":"Forbidden."#), "{body:?}");
    open_to_all(&house).await;
    assert_eq!(get(&house, &url).await, (200, Bytes::from_static(b"\"hi\"")));
    // The policy opens the URL, not the API.
    let other = house.root("111111111111");
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:f";
    let invoked = house.call_as::<Invoke>(&other, "us-east-1", invocation(arn, "1")).await;
    refused(invoked, "AccessDeniedException", "lambda:InvokeFunction");
}

#[tokio::test]
async fn a_signed_url_asks_who_calls() {
    let house = open().await;
    let text = "def handler(event, context):\n    return event['requestContext']['authorizer']['iam']['userArn']\n";
    house.create("f", text).await;
    let url = open_url(&house, FunctionUrlAuthType::AwsIam, None).await;
    assert_eq!(get(&house, &url).await.0, 403);
    let root = house.root("000000000000");
    let (answer, body) = ask(&house, request("GET", &url, &[], ""), Some(root)).await;
    assert_eq!((answer.status().as_u16(), body), (200, Bytes::from_static(b"\"arn:aws:iam::000000000000:root\"")));
    let stranger = house.root("111111111111");
    assert_eq!(ask(&house, request("GET", &url, &[], ""), Some(stranger)).await.0.status(), 403);
}

#[tokio::test]
async fn a_function_gets_the_request_and_makes_the_response() {
    let house = open().await;
    let text = "import json\ndef handler(event, context):\n    return {'statusCode': 201, 'headers': {'X-A': 'b'}, 'cookies': ['c=d'], 'body': json.dumps(event)}\n";
    house.create("f", text).await;
    let url = open_url(&house, FunctionUrlAuthType::None, None).await;
    open_to_all(&house).await;
    let headers = [("content-type", "text/plain"), ("cookie", "a=1; b=2"), ("x-many", "1")];
    let (answer, body) = ask(&house, request("POST", &format!("{url}a/b?x=1&x=2&y=%20"), &headers, "text"), None).await;
    assert_eq!(answer.status(), 201);
    assert_eq!((header(answer.headers(), "x-a"), header(answer.headers(), "set-cookie")), ("b", "c=d"));
    let event: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((event["version"].as_str(), event["rawPath"].as_str()), (Some("2.0"), Some("/a/b")));
    assert_eq!(event["queryStringParameters"], serde_json::json!({"x": "1,2", "y": " "}));
    assert_eq!(event["cookies"], serde_json::json!(["a=1", "b=2"]));
    assert_eq!((event["body"].as_str(), event["isBase64Encoded"].as_bool()), (Some("text"), Some(false)));
    assert_eq!(event["requestContext"]["http"]["method"], "POST");
    assert_eq!(event["requestContext"]["accountId"], "anonymous");
    let (_, body) = ask(&house, request("POST", &url, &[], "bytes"), None).await;
    let event: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((event["body"].as_str(), event["isBase64Encoded"].as_bool()), (Some("Ynl0ZXM="), Some(true)));
}

#[tokio::test]
async fn an_error_of_the_function_is_a_bad_gateway() {
    let house = open().await;
    house.create("f", "def handler(event, context):\n    raise Exception()\n").await;
    let url = open_url(&house, FunctionUrlAuthType::None, None).await;
    open_to_all(&house).await;
    assert_eq!(get(&house, &url).await.0, 502);
}

#[tokio::test]
async fn a_preflight_is_answered_without_the_function() {
    let house = open().await;
    house.create("f", "def handler(event, context):\n    raise Exception()\n").await;
    let cors = Cors {
        allow_origins: Some(vec!["https://a.example".into()]),
        allow_methods: Some(vec!["PUT".into()]),
        ..Default::default()
    };
    let url = open_url(&house, FunctionUrlAuthType::None, Some(cors)).await;
    let headers = [("origin", "https://a.example"), ("access-control-request-method", "PUT")];
    let (answer, _) = ask(&house, request("OPTIONS", &url, &headers, ""), None).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(header(answer.headers(), "access-control-allow-origin"), "https://a.example");
    assert_eq!(header(answer.headers(), "access-control-allow-methods"), "PUT");
}

#[tokio::test]
async fn a_function_has_one_url_for_each_qualifier() {
    let house = open().await;
    house.create("f", "").await;
    let url = open_url(&house, FunctionUrlAuthType::AwsIam, None).await;
    let again = CreateFunctionUrlConfigRequest {
        function_name: "f".into(),
        qualifier: None,
        auth_type: FunctionUrlAuthType::None,
        cors: None,
        invoke_mode: None,
    };
    refused(
        house.call::<CreateFunctionUrlConfig>(again).await,
        "ResourceConflictException",
        "FunctionUrlConfig exists for this Lambda function",
    );
    let list = ListFunctionUrlConfigsRequest { function_name: "f".into(), ..Default::default() };
    let listed = house.call::<ListFunctionUrlConfigs>(list).await.unwrap().function_url_configs;
    assert_eq!(listed.iter().map(|one| one.function_url.as_str()).collect::<Vec<_>>(), [url.as_str()]);
    let delete = DeleteFunctionUrlConfigRequest { function_name: "f".into(), qualifier: None };
    house.call::<DeleteFunctionUrlConfig>(delete).await.unwrap();
    assert_eq!(get(&house, &url).await.0, 403);
    let stream = CreateFunctionUrlConfigRequest {
        function_name: "f".into(),
        qualifier: None,
        auth_type: FunctionUrlAuthType::None,
        cors: None,
        invoke_mode: Some(InvokeMode::ResponseStream),
    };
    refused(house.call::<CreateFunctionUrlConfig>(stream).await, "NotImplemented", "RESPONSE_STREAM");
}
