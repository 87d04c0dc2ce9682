//! Hostile input: messages made to break decoders, and thousands of random ones from a fixed seed.

use haar_kernel::Bytes;
use haar_kernel::schema::Protocol;
use haar_wire::{DEPTH_MAX, VALUES_MAX};

use crate::kitchen::{decode, kitchen, recognised};
use crate::targets;

/// Mutated messages per decoder.
const ROUNDS: usize = 10_000;

/// A generator with a fixed seed: a failure comes back.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }
}

fn mutate(dice: &mut Dice, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut data = seeds[dice.below(seeds.len())].clone();
    for _ in 0..=dice.below(6) {
        let at = dice.below(data.len() + 1);
        match dice.below(6) {
            0 if at < data.len() => data[at] = dice.next().to_le_bytes()[0],
            1 if at < data.len() => data[at] ^= 1 << dice.below(8),
            2 => data.truncate(at),
            3 => data.insert(at, dice.next().to_le_bytes()[0]),
            4 => {
                let end = at + dice.below(data.len() - at + 1).min(64);
                let piece = data[at..end].to_vec();
                data.splice(at..at, piece);
            }
            _ => {
                let other = &seeds[dice.below(seeds.len())];
                let start = dice.below(other.len() + 1);
                data.truncate(at);
                data.extend_from_slice(&other[start..]);
            }
        }
    }
    data
}

fn run(target: fn(&[u8]), seeds: &[&[u8]]) {
    let seeds: Vec<Vec<u8>> = seeds.iter().map(|seed| seed.to_vec()).collect();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for seed in &seeds {
        target(seed);
    }
    for _ in 0..ROUNDS {
        target(&mutate(&mut dice, &seeds));
    }
    for _ in 0..ROUNDS / 10 {
        let noise: Vec<u8> = (0..dice.below(200)).map(|_| dice.next().to_le_bytes()[3]).collect();
        target(&noise);
    }
}

const JSON_SEEDS: &[&[u8]] = &[
    br#"{"Text":"a","Small":1,"Large":-9223372036854775808,"Short":1.5,"Precise":"NaN","Fact":true,"Bytes":"aGk="}"#,
    br#"{"When":1576540098.123,"WhenText":"2019-12-16T23:48:18Z","WhenHeader":"Mon, 16 Dec 2019 23:48:18 GMT"}"#,
    br#"{"Names":["a",null],"Tags":{"k":"v"},"Rows":[["a"],[]],"Sinks":{"x":{"Inner":{"Inner":{}}}},"Either":{"Number":3}}"#,
    br#"{"Anything":{"a":[1,2.5e300,null,"\ud83d\ude39"]},"Unknown":{"deep":[[[[{}]]]]},"Text":"twice","Text":null}"#,
    b"{\"Text\":\"\xff\xfe\"}",
];

#[test]
fn json_decoders_survive_anything() {
    run(targets::aws_json, JSON_SEEDS);
    run(targets::rest_json, JSON_SEEDS);
}

#[test]
fn the_xml_decoder_survives_anything() {
    run(targets::rest_xml, &[
        b"<Sink><Text>a &lt; &#x41;</Text><Small>1</Small><Fact>true</Fact><Bytes>aGk=</Bytes></Sink>",
        b"<?xml version=\"1.0\"?><!-- c --><Sink xmlns='u' xmlns:x='v' x:a='b'><Text><![CDATA[<]]></Text></Sink>",
        b"<Sink><Names><Name>a</Name></Names><Flat>a</Flat><Flat>b</Flat><Tags><entry><Key>k</Key><value>v</value></entry></Tags></Sink>",
        b"<!DOCTYPE a [<!ENTITY b \"c\"><!ENTITY d \"&b;&b;\">]><Sink><Text>&d;</Text></Sink>",
        b"<Sink><Inner><Inner><Either><Number>3</Number></Either></Inner></Inner><When>2019-12-16T23:48:18Z</When></Sink>",
    ]);
}

#[test]
fn the_query_decoder_survives_anything() {
    run(targets::aws_query, &[
        b"Action=Wash&Version=1&Text=a+b%20c&Small=1&Fact=true&Bytes=aGk%3D&When=2019-12-16T23%3A48%3A18Z",
        b"Names.Name.1=a&Names.Name.2=b&Flat.1=c&Numbers.member.18446744073709551616=1&Numbers.member.2=2",
        b"Tags.entry.1.Key=k&Tags.entry.1.value=v&FlatTags.1.Key=k&FlatTags.1.value=v&Rows.member.1.Name.1=x",
        b"Inner.Inner.Inner.Text=x&Sinks.entry.1.key=a&Sinks.entry.1.value.Text=b&Either.Number=3&Names=&=&&a%=%zz%ff",
    ]);
}

#[test]
fn the_cbor_decoder_survives_anything() {
    let named = |name: &str, rest: &[u8]| {
        let mut bytes = vec![0xa1, 0x60 + u8::try_from(name.len()).unwrap()];
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(rest);
        bytes
    };
    let seeds = [
        named("Text", b"\x7f\x61a\x61b\xff"),
        named("Bytes", b"\x5f\x41a\x41b\xff"),
        named("Precise", b"\xfb\x40\x09\x21\xfb\x54\x44\x2d\x18"),
        named("Short", b"\xf9\x7e\x00"),
        named("When", b"\xc1\xfb\x41\xd7\x7d\xfd\xe8\x87\xe6\xb7"),
        named("Names", b"\x9f\x61a\xf6\xff"),
        named("Numbers", b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        named("Tags", b"\xbf\x61k\x61v\xff"),
        named("Inner", &named("Inner", &named("Either", &named("Number", b"\x03")))),
        named("Unknown", b"\x9f\xbf\x61a\x82\x01\x9f\xff\xff\xff"),
        named("Text", b"\x7b\x7f\xff\xff\xff\xff\xff\xff\xff"),
    ];
    run(targets::rpc_cbor, &seeds.iter().map(Vec::as_slice).collect::<Vec<_>>());
}

const HEAD_SEEDS: &[&[u8]] = &[
    b"POST /\nx-amz-target: Kitchen.Wash\ncontent-type: application/x-amz-json-1.1\nhost: test.us-east-1.localhost\n\n{}",
    b"POST /a/b\ncontent-type: application/x-www-form-urlencoded; charset=utf-8\n\nAction=Wash&Version=1&Text=x",
    b"GET /?Action=Wash&Text=x%20y\nhost: test:4566",
    b"POST /service/Kitchen/operation/Wash\nsmithy-protocol: rpc-v2-cbor\nx-amzn-query-mode: true\n\n\xa0",
    b"POST /wash/\nx-text: a\nx-names: \"a,b\", c\nx-when: Mon, 16 Dec 2019 23:48:18 GMT\nx-meta-a: b\n\n<a/>",
    b"GET /?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AK%2F20260101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20260101T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=00\nhost: s3",
    b"POST /\nhost: sqs\nx-amz-date: 20260101T000000Z\nauthorization: AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host;x-amz-date, Signature=00",
    b"PUT /k\nhost: s3\nx-amz-date: 20260101T000000Z\nx-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD\nx-amz-decoded-content-length: 5\nauthorization: AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=00",
];

#[test]
fn recognition_survives_anything() {
    run(targets::recognition, HEAD_SEEDS);
}

#[test]
fn signatures_survive_anything() {
    run(targets::sigv4_header, HEAD_SEEDS);
    run(targets::sigv4_chunks, &[&targets::chunked_body(), b"\x03ffffffffffffffffff\r\n", b"\x00-1;a=b\r\n"]);
}

/// A message that nests an object `depth` times.
fn nested(protocol: Protocol, depth: usize) -> Vec<u8> {
    match protocol {
        Protocol::RestXml => format!("{}{}", "<Inner>".repeat(depth), "</Inner>".repeat(depth)).into_bytes(),
        Protocol::AwsQuery => format!("{}Text=x", "Inner.".repeat(depth - 1)).into_bytes(),
        Protocol::RpcV2Cbor => [b"\xa1\x65Inner".repeat(depth - 1), b"\xa0".to_vec()].concat(),
        _ => format!("{}{}{}", r#"{"Inner":"#.repeat(depth - 1), "{}", "}".repeat(depth - 1)).into_bytes(),
    }
}

#[test]
fn every_protocol_refuses_deep_messages_and_takes_the_deepest_allowed() {
    for protocol in crate::kitchen::PROTOCOLS {
        let recognised = recognised(kitchen(protocol));
        let deepest = decode(&recognised, Bytes::from(nested(protocol, DEPTH_MAX)));
        assert!(deepest.is_ok(), "{protocol:?}: {deepest:?}");
        for depth in [DEPTH_MAX + 1, 100_000] {
            let fault = decode(&recognised, Bytes::from(nested(protocol, depth))).expect_err("too deep");
            assert_eq!(fault.status, 400, "{protocol:?}: {fault}");
        }
    }
}

#[test]
fn deep_members_that_nobody_knows_cost_no_stack() {
    let json = format!(r#"{{"Unknown":{}{}}}"#, "[".repeat(1_000_000), "]".repeat(1_000_000));
    assert!(decode(&recognised(kitchen(Protocol::AwsJson11)), Bytes::from(json)).is_ok());
    let cbor = [b"\xa1\x67Unknown".to_vec(), b"\x81".repeat(1_000_000), vec![0xf6]].concat();
    assert!(decode(&recognised(kitchen(Protocol::RpcV2Cbor)), Bytes::from(cbor)).is_ok());
}

#[test]
fn deep_documents_are_refused() {
    let json = format!(r#"{{"Anything":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let fault = decode(&recognised(kitchen(Protocol::AwsJson11)), Bytes::from(json)).expect_err("too deep");
    assert_eq!((&*fault.code, fault.status), ("SerializationException", 400));
}

#[test]
fn xml_with_a_document_type_or_an_unknown_entity_is_refused() {
    let recognised = recognised(kitchen(Protocol::RestXml));
    for body in [
        "<!DOCTYPE a [<!ENTITY b \"c\">]><Sink><Text>&b;</Text></Sink>",
        "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><Sink/>",
        "<Sink><Text>&nbsp;</Text></Sink>",
        "<Sink><Text>a</Sink>",
        "<Sink/><Sink/>",
        "",
    ] {
        let decoded = decode(&recognised, Bytes::from(body));
        if body.is_empty() {
            assert!(decoded.is_ok());
        } else {
            assert_eq!(decoded.expect_err(body).code, "MalformedXML");
        }
    }
}

#[test]
fn a_declared_length_reserves_nothing() {
    // An array of 2^62 numbers, of which none is there: this would end the process if it were believed.
    let body = b"\xa1\x67Numbers\x9b\x40\x00\x00\x00\x00\x00\x00\x00";
    let fault = decode(&recognised(kitchen(Protocol::RpcV2Cbor)), Bytes::from_static(body)).expect_err("cut short");
    assert_eq!(fault.message, "Unexpected end of input");
}

#[test]
fn messages_with_too_many_values_are_refused_before_they_fill_memory() {
    let count = VALUES_MAX;
    for (protocol, body) in [
        (Protocol::AwsJson11, format!(r#"{{"Numbers":[{}1]}}"#, "1,".repeat(count)).into_bytes()),
        (Protocol::AwsJson11, format!(r#"{{"Sinks":{{{}"b":{{}}}}}}"#, r#""a":{},"#.repeat(count / 10)).into_bytes()),
        (Protocol::RpcV2Cbor, [b"\xa1\x67Numbers\x9f".to_vec(), vec![0; count], vec![0xff]].concat()),
        (Protocol::RestXml, format!("<Sink>{}</Sink>", "<Flat/>".repeat(count)).into_bytes()),
        (Protocol::AwsQuery, "Text=a&".repeat(count).into_bytes()),
    ] {
        let fault = decode(&recognised(kitchen(protocol)), Bytes::from(body)).expect_err("too many");
        assert_eq!(fault.status, 400, "{protocol:?}: {fault}");
    }
}
