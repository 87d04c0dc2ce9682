//! The real services' models on the wire: which request means what, the names of the query era, errors.

use bytes::Bytes;
use haar_kernel::schema::{Kind, Model, Protocol};
use haar_kernel::{Fault, Timestamp, Value};
use haar_wire::{Decoded, Dialect, Payload, Recognised, Recogniser, Recognition, Refusal};
use http::request::Parts;

use crate::params::collect;

fn parts(method: &str, uri: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = http::Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn recognise(parts: &Parts, scope: Option<&str>, body: &str) -> Result<Recognised, Box<Refusal>> {
    let recogniser = Recogniser::new(haar_aws::MODELS);
    match recogniser.recognise(parts, scope)? {
        Recognition::Whole(recognised) => Ok(recognised),
        Recognition::NeedsForm => recogniser.recognise_form(parts, scope, body.as_bytes()),
    }
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");

fn decode(parts: &Parts, scope: Option<&str>, body: &str) -> Result<Decoded, Fault> {
    let recognised = recognise(parts, scope, body).map_err(|refusal| refusal.fault)?;
    haar_wire::decode(&recognised, parts, Payload::Whole(Bytes::copy_from_slice(body.as_bytes())))
}

fn target(name: &str) -> Parts {
    parts("POST", "/", &[("x-amz-target", name)])
}

/// A member of the operation's input, by AWS's name.
fn field(model: &'static Model, operation: &str, input: Value, name: &str) -> Value {
    let shape = model.shape(model.operation(operation).unwrap().input.unwrap());
    let (Kind::Structure(structure), Value::Struct(mut fields)) = (&shape.kind, input) else { panic!("a structure") };
    let index = structure.members.iter().position(|member| member.name == name).unwrap();
    std::mem::take(&mut fields[index])
}

fn body(response: http::Response<haar_kernel::Body>) -> String {
    String::from_utf8(collect(response.into_body()).to_vec()).unwrap()
}

#[test]
fn a_target_names_the_operation_whatever_the_path() {
    for path in ["/", "/123456789012/orders"] {
        let parts = parts("POST", path, &[("x-amz-target", "AmazonSQS.SendMessage")]);
        let recognised = recognise(&parts, None, "").unwrap();
        assert_eq!((recognised.operation.name, recognised.protocol), ("SendMessage", Protocol::AwsJson10));
    }
    let recognised = recognise(&target("AmazonSSM.GetParameter"), None, "").unwrap();
    assert_eq!((recognised.model.service, recognised.protocol), ("ssm", Protocol::AwsJson11));
}

#[test]
fn an_action_names_the_operation_in_the_query_string_and_in_the_body() {
    let get = parts("GET", "/?Action=GetCallerIdentity&Version=2011-06-15", &[]);
    assert_eq!(recognise(&get, None, "").unwrap().model.service, "sts");
    let post = parts("POST", "/123456789012/orders", &[FORM]);
    let recognised = recognise(&post, Some("sqs"), "Action=SendMessage&Version=2012-11-05&MessageBody=x").unwrap();
    assert_eq!((recognised.model.service, recognised.protocol), ("sqs", Protocol::AwsQuery));
}

#[test]
fn the_scope_decides_between_services_and_the_host_when_there_is_none() {
    let post = parts("POST", "/", &[FORM, ("host", "sqs.us-east-1.localhost:4566")]);
    let recognised = recognise(&post, None, "Action=ListQueues").unwrap();
    assert_eq!(recognised.model.service, "sqs");
    let refusal = recognise(&post, Some("iam"), "Action=ListQueues&Version=2010-05-08").unwrap_err();
    assert_eq!(refusal.fault.code, "InvalidAction");
    assert_eq!(refusal.fault.message, "Could not find operation ListQueues for version 2010-05-08");
}

#[test]
fn unknown_operations_get_the_services_own_words() {
    let refusal = recognise(&target("AmazonSSM.Frobnicate"), None, "").unwrap_err();
    assert_eq!((&*refusal.fault.code, refusal.fault.status), ("UnknownOperationException", 400));
    let post = parts("POST", "/", &[FORM]);
    let refusal = recognise(&post, Some("sqs"), "Action=Frobnicate&Version=2012-11-05").unwrap_err();
    assert_eq!(refusal.fault.message, "The action Frobnicate is not valid for this endpoint.");
    assert_eq!(refusal.dialect.protocol, Protocol::AwsQuery);
    let refusal = recognise(&post, Some("sqs"), "Version=2012-11-05").unwrap_err();
    assert_eq!(refusal.fault.code, "MissingAction");
    let refusal = recognise(&parts("GET", "/nowhere", &[]), Some("sqs"), "").unwrap_err();
    assert_eq!((&*refusal.fault.code, refusal.fault.status), ("UnknownOperationException", 404));
}

#[test]
fn operations_that_haar_does_not_serve_are_refused_by_name() {
    let refusal = recognise(&target("AmazonSSM.CreateAssociation"), None, "").unwrap_err();
    assert_eq!((&*refusal.fault.code, refusal.fault.status), ("NotImplemented", 501));
    assert!(refusal.fault.message.contains("ssm:CreateAssociation"), "{}", refusal.fault.message);
    assert_eq!(refusal.operation.unwrap().name, "CreateAssociation");
}

#[test]
fn query_requests_use_the_names_that_sqs_had_before_json() {
    let form = "Action=SendMessage&Version=2012-11-05&QueueUrl=http%3A%2F%2Fq&MessageBody=hi&DelaySeconds=5\
                &MessageAttribute.1.Name=colour&MessageAttribute.1.Value.DataType=String\
                &MessageAttribute.1.Value.StringValue=red";
    let decoded = decode(&parts("POST", "/", &[FORM]), Some("sqs"), form).unwrap();
    assert_eq!(decoded.unknown, Vec::<String>::new());
    let attributes = field(&haar_aws::sqs::MODEL, "SendMessage", decoded.input, "MessageAttributes");
    let Value::Map(entries) = attributes else { panic!("{attributes:?}") };
    assert_eq!(entries[0].0, "colour");
    assert!(format!("{entries:?}").contains(r#"String("red")"#), "{entries:?}");

    let form = "Action=ReceiveMessage&QueueUrl=q&AttributeName.1=All&AttributeName.2=SentTimestamp&AttributeName.10=x";
    let decoded = decode(&parts("POST", "/", &[FORM]), Some("sqs"), form).unwrap();
    let names = field(&haar_aws::sqs::MODEL, "ReceiveMessage", decoded.input, "AttributeNames");
    let want = ["All", "SentTimestamp", "x"].map(|name| Value::String(name.into()));
    assert_eq!(names, Value::List(want.into()));
}

#[test]
fn query_answers_use_them_too() {
    let post = parts("POST", "/", &[FORM]);
    let recognised = recognise(&post, Some("sqs"), "Action=GetQueueAttributes&QueueUrl=q").unwrap();
    let attributes = Value::Map(vec![("VisibilityTimeout".into(), Value::String("30 < 60".into()))]);
    let response = haar_wire::encode(&recognised, Value::Struct(vec![attributes]), "the-id");
    assert_eq!(response.headers()["content-type"], "text/xml");
    assert_eq!(response.headers()["x-amzn-requestid"], "the-id");
    assert_eq!(
        body(response),
        "<GetQueueAttributesResponse xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\"><GetQueueAttributesResult>\
         <Attribute><Name>VisibilityTimeout</Name><Value>30 &lt; 60</Value></Attribute></GetQueueAttributesResult>\
         <ResponseMetadata><RequestId>the-id</RequestId></ResponseMetadata></GetQueueAttributesResponse>"
    );
}

#[test]
fn unknown_members_are_ignored_and_reported() {
    let decoded = decode(&target("AmazonSSM.GetParameter"), None, r#"{"Name":"a","Colour":{"x":[1]}}"#).unwrap();
    assert_eq!(decoded.unknown, ["Colour"]);
    let form = "Action=GetUser&Version=2010-05-08&UserNmae=x";
    let decoded = decode(&parts("POST", "/", &[FORM]), Some("iam"), form).unwrap();
    assert_eq!(decoded.unknown, ["UserNmae"]);
}

#[test]
fn malformed_input_is_answered_in_aws_words() {
    let message = |body: &str| {
        let fault = decode(&target("AmazonSSM.GetParametersByPath"), None, body).unwrap_err();
        assert_eq!((&*fault.code, fault.status), ("SerializationException", 400));
        fault.message
    };
    assert_eq!(message(r#"{"MaxResults":"10"}"#), "STRING_VALUE can not be converted to an Integer");
    assert_eq!(message(r#"{"Path":10}"#), "NUMBER_VALUE can not be converted to a String");
    assert_eq!(message(r#"{"Path":true}"#), "TRUE_VALUE can not be converted to a String");
    assert_eq!(message(r#"{"Path":{}}"#), "Start of structure or map found where not expected.");
    assert_eq!(message(r#"{"Path":[]}"#), "Start of list found where not expected.");
    assert_eq!(message(r#"{"MaxResults":99999999999}"#), "NUMBER_VALUE can not be converted to an Integer");
    assert_eq!(message(r#"{"Path":"a""#), "Unexpected end of input");

    let form = "Action=ListUsers&Version=2010-05-08&MaxItems=many";
    let fault = decode(&parts("POST", "/", &[FORM]), Some("iam"), form).unwrap_err();
    assert_eq!((&*fault.code, fault.status), ("MalformedInput", 400));
    let form = "Action=ListUsers&Version=2010-05-08&PathPrefix=%ff";
    let fault = decode(&parts("POST", "/", &[FORM]), Some("iam"), form).unwrap_err();
    assert_eq!((&*fault.code, fault.status), ("MalformedQueryString", 404));
}

#[test]
fn numbers_that_happen_to_be_whole_are_integers_and_the_last_of_two_members_wins() {
    let json = r#"{"Path":"/a","MaxResults":1,"MaxResults":5.0}"#;
    let decoded = decode(&target("AmazonSSM.GetParametersByPath"), None, json).unwrap();
    let field = field(&haar_aws::ssm::MODEL, "GetParametersByPath", decoded.input, "MaxResults");
    assert_eq!(field, Value::Integer(5));
}

fn dialect(protocol: Protocol, model: &'static Model, query_mode: bool) -> Dialect {
    Dialect { protocol, model: Some(model), query_mode }
}

fn no_queue() -> Fault {
    Fault::of(&haar_aws::sqs::errors::QUEUE_DOES_NOT_EXIST, "The specified queue does not exist.")
}

#[test]
fn json_errors_carry_the_query_era_code_for_those_who_ask() {
    let asked = dialect(Protocol::AwsJson10, &haar_aws::sqs::MODEL, true);
    let response = haar_wire::encode_fault(&asked, &no_queue(), "the-id");
    assert_eq!(response.status(), 400);
    assert_eq!(response.headers()["content-type"], "application/x-amz-json-1.0");
    assert_eq!(response.headers()["x-amzn-query-error"], "AWS.SimpleQueueService.NonExistentQueue;Sender");
    assert_eq!(
        body(response),
        r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"The specified queue does not exist."}"#
    );
    let silent = dialect(Protocol::AwsJson10, &haar_aws::sqs::MODEL, false);
    assert!(!haar_wire::encode_fault(&silent, &no_queue(), "the-id").headers().contains_key("x-amzn-query-error"));
}

#[test]
fn query_errors_have_their_own_code() {
    let query = dialect(Protocol::AwsQuery, &haar_aws::sqs::MODEL, false);
    assert_eq!(
        body(haar_wire::encode_fault(&query, &no_queue(), "the-id")),
        "<ErrorResponse xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\"><Error><Type>Sender</Type>\
         <Code>AWS.SimpleQueueService.NonExistentQueue</Code><Message>The specified queue does not exist.</Message>\
         <Detail/></Error><RequestId>the-id</RequestId></ErrorResponse>"
    );
}

#[test]
fn json_1_1_errors_have_bare_names_and_the_members_of_their_shape() {
    let ssm = dialect(Protocol::AwsJson11, &haar_aws::ssm::MODEL, false);
    let fault = Fault::of(&haar_aws::ssm::errors::PARAMETER_NOT_FOUND, "");
    assert_eq!(body(haar_wire::encode_fault(&ssm, &fault, "the-id")), r#"{"__type":"ParameterNotFound","message":""}"#);
    let fault = Fault::common("ValidationException", 400, "1 validation error");
    assert_eq!(
        body(haar_wire::encode_fault(&ssm, &fault, "the-id")),
        r#"{"__type":"ValidationException","message":"1 validation error"}"#
    );
}

#[test]
fn common_errors_of_json_1_0_come_from_the_common_front_door() {
    let sqs = dialect(Protocol::AwsJson10, &haar_aws::sqs::MODEL, false);
    let fault = Fault::common("SerializationException", 400, "x");
    assert_eq!(
        body(haar_wire::encode_fault(&sqs, &fault, "the-id")),
        r#"{"__type":"com.amazon.coral.service#SerializationException","message":"x"}"#
    );
}

#[test]
fn json_answers_write_times_as_seconds_and_leave_absent_members_out() {
    let recognised = recognise(&target("AmazonSSM.GetParameter"), None, "").unwrap();
    let output = haar_aws::ssm::GetParameterResult {
        parameter: Some(haar_aws::ssm::Parameter {
            name: Some("a".into()),
            version: Some(3),
            last_modified_date: Some(Timestamp::from_millis(1_576_540_098_120)),
            ..Default::default()
        }),
    };
    let response = haar_wire::encode(&recognised, haar_kernel::Shaped::into_value(output), "the-id");
    assert_eq!(response.headers()["content-type"], "application/x-amz-json-1.1");
    assert_eq!(body(response), r#"{"Parameter":{"Name":"a","Version":3,"LastModifiedDate":1576540098.12}}"#);
}
