//! What messages carry: bodies, attributes, their MD5s and their limits.

use super::*;
use haar_platform::kernel::Bytes;

fn text(data_type: &str, value: &str) -> MessageAttributeValue {
    MessageAttributeValue { data_type: data_type.into(), string_value: Some(value.into()), ..Default::default() }
}

fn with_attributes(url: &str, attributes: &[(&str, MessageAttributeValue)]) -> SendMessageRequest {
    let attributes = attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    SendMessageRequest { message_attributes: Some(attributes.collect()), ..letter(url, "msg") }
}

#[tokio::test]
async fn attributes_come_back_by_name_prefix_or_all_with_the_md5_of_those_that_do() {
    let bench = Bench::open();
    let url = bench.create("orders", &[("VisibilityTimeout", "0")]).await;
    let attributes =
        [("General", text("String", "Kenobi")), ("Hello", text("String", "There")), ("Help.Me", text("String", "Me"))];
    let sent = bench.try_send(with_attributes(&url, &attributes)).await.unwrap();
    assert_eq!(sent.md5_of_message_attributes.as_deref(), Some("4c360f3fdafd970e05fae2f149d997f5"));
    for (asked, names, md5) in [
        (vec![], vec![], None),
        (vec!["Other"], vec![], None),
        (vec!["All"], vec!["General", "Hello", "Help.Me"], Some("4c360f3fdafd970e05fae2f149d997f5")),
        (vec![".*"], vec!["General", "Hello", "Help.Me"], Some("4c360f3fdafd970e05fae2f149d997f5")),
        (vec!["Hello", "Other"], vec!["Hello"], Some("a311262e065454b75da111d535b8dacd")),
        (vec!["Hel.*"], vec!["Hello", "Help.Me"], Some("83fee93c1bcd8b9a5a923ffacdc636c7")),
    ] {
        let input = ReceiveMessageRequest {
            message_attribute_names: Some(asked.iter().map(|name| (*name).to_owned()).collect()),
            ..wish(&url, 1)
        };
        let messages = bench.try_receive(input).await.unwrap();
        let found: Vec<_> = messages[0].message_attributes.iter().flatten().map(|(name, _)| name.as_str()).collect();
        assert_eq!(found, names, "{asked:?}");
        assert_eq!(messages[0].md5_of_message_attributes.as_deref(), md5, "{asked:?}");
    }
}

#[tokio::test]
async fn attributes_of_every_type_come_back_as_they_were() {
    let bench = Bench::open();
    let url = bench.create("orders", &[]).await;
    let binary = MessageAttributeValue {
        data_type: "Binary.png".into(),
        binary_value: Some(Bytes::from_static(b"\0\xff")),
        ..Default::default()
    };
    let sent = [("bytes", binary), ("count", text("Number.int", "42")), ("name", text("String", "x"))];
    bench.try_send(with_attributes(&url, &sent)).await.unwrap();
    let messages = bench.receive(&url, 1).await;
    let received = messages[0].message_attributes.as_ref().unwrap();
    for (name, value) in sent {
        assert_eq!(received[name].data_type, value.data_type);
        assert_eq!(received[name].string_value, value.string_value);
        assert_eq!(received[name].binary_value, value.binary_value);
    }
}

#[tokio::test]
async fn attributes_that_aws_refuses_are_refused() {
    let bench = Bench::open();
    let url = bench.create("orders", &[]).await;
    let list = MessageAttributeValue { string_list_values: Some(vec!["a".into()]), ..text("String", "a") };
    for (name, value, message) in [
        (
            "ErrorDetails",
            text("String", ""),
            "Message (user) attribute 'ErrorDetails' must contain a non-empty value of type 'String'.",
        ),
        ("n", text("Number", "many"), "Could not cast message attribute 'n' value to number."),
        ("b", text("Binary", "text"), "Message (user) attribute 'b' must contain a non-empty value of type 'Binary'."),
        ("l", list, "Message attribute list values in SendMessage operation are not supported."),
        (
            "t",
            text("Bool", "true"),
            "The message attribute 't' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.",
        ),
        (
            "a b",
            text("String", "x"),
            "Message (user) attributes name can only contain upper and lower score characters, digits, periods, hyphens and underscores. ",
        ),
    ] {
        refused(bench.try_send(with_attributes(&url, &[(name, value)])).await, "InvalidParameterValue", message);
    }
    let names: Vec<_> = (0..11).map(|index| format!("a{index}")).collect();
    let eleven: Vec<_> = names.iter().map(|name| (name.as_str(), text("String", "x"))).collect();
    refused(
        bench.try_send(with_attributes(&url, &eleven)).await,
        "InvalidParameterValue",
        "Number of message attributes [11] exceeds the allowed maximum [10].",
    );
    assert_eq!(bench.counts(&url).await, (0, 0, 0));
}

#[tokio::test]
async fn a_trace_header_travels_beside_the_message() {
    let bench = Bench::open();
    let url = bench.create("orders", &[]).await;
    let with = |name: &str, data_type: &str| {
        let value = MessageSystemAttributeValue {
            data_type: data_type.into(),
            string_value: Some("Root=1-5759e988-bd862e3fe1be46a994272793".into()),
            ..Default::default()
        };
        SendMessageRequest {
            message_system_attributes: Some(BTreeMap::from([(name.to_owned(), value)])),
            ..letter(&url, "msg")
        }
    };
    let sent = bench.try_send(with("AWSTraceHeader", "String")).await.unwrap();
    assert!(sent.md5_of_message_system_attributes.is_some());
    assert_eq!(sent.md5_of_message_attributes, None);
    let messages = bench.receive(&url, 1).await;
    assert_eq!(system(&messages[0], "AWSTraceHeader"), Some("Root=1-5759e988-bd862e3fe1be46a994272793"));
    assert!(bench.try_send(with("Other", "String")).await.is_err());
    assert!(bench.try_send(with("AWSTraceHeader", "Binary")).await.is_err());
}

#[tokio::test]
async fn bodies_have_a_size_and_an_alphabet() {
    let bench = Bench::open();
    let url = bench.create("orders", &[("MaximumMessageSize", "1024")]).await;
    refused(
        bench.try_send(letter(&url, "")).await,
        "MissingParameter",
        "The request must contain the parameter MessageBody.",
    );
    bench.send(&url, &"x".repeat(1024)).await;
    let too_long = "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.";
    refused(bench.try_send(letter(&url, &"x".repeat(1025))).await, "InvalidParameterValue", too_long);
    // Attributes count: name, type and value.
    let mut input = with_attributes(&url, &[("a", text("String", "b"))]);
    input.message_body = "x".repeat(1024 - 8);
    bench.try_send(input.clone()).await.unwrap();
    input.message_body.push('x');
    refused(bench.try_send(input).await, "InvalidParameterValue", too_long);
    assert_eq!(bench.try_send(letter(&url, "a\u{1}")).await.unwrap_err().code, "InvalidMessageContents");
}

#[tokio::test]
async fn the_largest_message_survives_receives_moves_and_deletion() {
    let bench = Bench::open();
    bench.create("dead", &[]).await;
    let redrive = redrive_to("dead", 1);
    let url = bench.create("orders", &[("RedrivePolicy", &redrive), ("VisibilityTimeout", "0")]).await;
    let body = "é".repeat(1_048_576 / 2);
    bench.send(&url, &body).await;
    assert!(bench.bodies(&url, 1).await == [body.clone()]);
    assert!(bench.receive(&url, 1).await.is_empty());
    let dead = url.replace("orders", "dead");
    let messages = bench.receive(&dead, 1).await;
    assert!(messages[0].body.as_ref() == Some(&body));
    bench.delete(&dead, &messages[0]).await.unwrap();
    let report = bench.house.platform.store.check(crate::sqs::tables()).await.unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
}

#[tokio::test]
async fn unknown_attribute_names_are_refused() {
    let bench = Bench::open();
    let url = bench.create("orders", &[]).await;
    let input = ReceiveMessageRequest { attribute_names: Some(vec!["Colour".into()]), ..wish(&url, 1) };
    refused(bench.try_receive(input).await, "InvalidAttributeName", "Unknown Attribute Colour.");
}
