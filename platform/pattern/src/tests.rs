//! What patterns match, what they refuse, and that the automaton is of the same opinion.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{Automaton, Pattern};

/// Of one pattern and through an automaton that is full of others.
fn matches(pattern: &Value, event: &Value) -> bool {
    let parsed = Pattern::parse_value(pattern).unwrap();
    let alone = parsed.matches(event);
    let mut automaton = Automaton::default();
    for at in 0..40 {
        let other = json!({"source": [format!("other-{at}")], "detail": {"x": [{"numeric": [">", at + 1000]}]}});
        automaton.insert(format!("other {at}"), Pattern::parse_value(&other).unwrap());
        automaton.insert(format!("this {at}"), parsed.clone());
    }
    let found = automaton.matches(event);
    let among = found.iter().filter(|id| id.starts_with("this")).count();
    assert_eq!(among, if alone { 40 } else { 0 }, "{pattern} {event}");
    alone
}

#[test]
fn values_match_by_operator() {
    for (conditions, value, expected) in [
        (json!(["a"]), json!("a"), true),
        (json!(["a"]), json!("A"), false),
        (json!(["a", "b"]), json!("b"), true),
        (json!([1]), json!(1.0), true),
        (json!([1e0]), json!(1), true),
        (json!([300]), json!(3.0e2), true),
        (json!(["1"]), json!(1), false),
        (json!([1]), json!("1"), false),
        (json!([123456789012345678u64]), json!(123456789012345679u64), false),
        (json!([null]), json!(null), true),
        (json!([null]), json!("null"), false),
        (json!([true]), json!(true), true),
        (json!([true]), json!(false), false),
        (json!([{"exactly": "a"}]), json!("a"), true),
        (json!([{"prefix": "ab"}]), json!("abc"), true),
        (json!([{"prefix": "ab"}]), json!("ABC"), false),
        (json!([{"prefix": ""}]), json!("abc"), true),
        (json!([{"prefix": {"equals-ignore-case": "aB"}}]), json!("AbC"), true),
        (json!([{"suffix": ".png"}]), json!("a.png"), true),
        (json!([{"suffix": ".png"}]), json!("a.PNG"), false),
        (json!([{"suffix": {"equals-ignore-case": ".Png"}}]), json!("ü.pNG"), true),
        (json!([{"equals-ignore-case": "ÄB"}]), json!("äb"), true),
        (json!([{"equals-ignore-case": "ab"}]), json!("abc"), false),
        (json!([{"wildcard": "a*c"}]), json!("abc"), true),
        (json!([{"wildcard": "*bcd*"}]), json!("abcde"), true),
        (json!([{"wildcard": "*b"}]), json!("abc"), false),
        (json!([{"wildcard": "*b*"}]), json!("abc"), true),
        (json!([{"wildcard": "abc"}]), json!("abc"), true),
        (json!([{"anything-but": "a"}]), json!("b"), true),
        (json!([{"anything-but": "a"}]), json!("a"), false),
        (json!([{"anything-but": ["a", "b"]}]), json!("b"), false),
        (json!([{"anything-but": [1, 2]}]), json!(2.0), false),
        (json!([{"anything-but": 1}]), json!(3), true),
        (json!([{"anything-but": {"prefix": "a"}}]), json!("ab"), false),
        (json!([{"anything-but": {"prefix": ["a", "b"]}}]), json!("cb"), true),
        (json!([{"anything-but": {"suffix": "b"}}]), json!("ab"), false),
        (json!([{"anything-but": {"suffix": ["a", "b"]}}]), json!("ac"), true),
        (json!([{"anything-but": {"equals-ignore-case": "a"}}]), json!("A"), false),
        (json!([{"anything-but": {"equals-ignore-case": ["a", "b"]}}]), json!("C"), true),
        (json!([{"anything-but": {"wildcard": "*/lib/*"}}]), json!("/lib/a"), false),
        (json!([{"anything-but": {"wildcard": ["*/lib/*", "*/bin/*"]}}]), json!("/etc/a"), true),
        (json!([{"numeric": ["=", 5]}]), json!(5.0), true),
        (json!([{"numeric": [">", 0, "<=", 5]}]), json!(5), true),
        (json!([{"numeric": [">", 0, "<=", 5]}]), json!(0), false),
        (json!([{"numeric": [">=", 0, "<", 5]}]), json!(5), false),
        (json!([{"numeric": [">=", 0, "<", 5]}]), json!(-0.0), true),
        (json!([{"numeric": [">", 10]}]), json!(10.000001), true),
        (json!([{"numeric": ["<", -1.5]}]), json!(-2), true),
        (json!([{"numeric": ["<=", -1.5]}]), json!(-1.5), true),
        (json!([{"numeric": [">=", 0]}]), json!("5"), false),
        (json!([{"cidr": "10.0.0.0/24"}]), json!("10.0.0.255"), true),
        (json!([{"cidr": "10.0.0.0/24"}]), json!("10.0.1.0"), false),
        (json!([{"cidr": "0.0.0.0/0"}]), json!("8.8.8.8"), true),
        (json!([{"cidr": "2001:db8::/32"}]), json!("2001:db8:1::1"), true),
        (json!([{"cidr": "2001:db8::/32"}]), json!("2001:db9::1"), false),
        (json!([{"cidr": "10.0.0.0/24"}]), json!("somewhere"), false),
        (json!([{"exists": true}]), json!(null), true),
        (json!([{"exists": false}]), json!("a"), false),
        (json!([{"exists": true}]), json!([]), false),
        (json!([{"exists": false}]), json!({"deeper": 1}), true),
        (json!(["a", {"numeric": ["<", 3]}, {"anything-but": "b"}]), json!("b"), false),
    ] {
        let (pattern, event) = (json!({"detail": {"x": conditions}}), json!({"detail": {"x": value}}));
        assert_eq!(matches(&pattern, &event), expected, "{pattern} {event}");
    }
}

#[test]
fn all_fields_must_match_and_missing_ones_do_not() {
    let pattern = json!({"source": ["a"], "detail": {"x": [{"exists": false}], "y": ["1"]}});
    assert!(matches(&pattern, &json!({"source": "a", "detail": {"y": "1", "z": 2}})));
    assert!(!matches(&pattern, &json!({"source": "a", "detail": {"y": "1", "x": 2}})));
    assert!(!matches(&pattern, &json!({"source": "a", "detail": {}})));
    assert!(!matches(&json!({"detail": {"x": [{"anything-but": "a"}]}}), &json!({"detail": {}})));
    assert!(!matches(&pattern, &json!("no object")));
    // A key with a dot and a key inside another are the same field, as they are for AWS.
    assert!(matches(&json!({"detail.x": ["1"]}), &json!({"detail": {"x": "1"}})));
    assert!(matches(&json!({"detail": {"x": ["1"]}}), &json!({"detail.x": "1"})));
}

#[test]
fn an_array_of_the_event_matches_by_any_of_its_values() {
    let pattern = json!({"resources": ["a", "b"]});
    assert!(matches(&pattern, &json!({"resources": ["c", "b"]})));
    assert!(!matches(&pattern, &json!({"resources": ["c", "d"]})));
    assert!(matches(&json!({"x": [{"anything-but": "a"}]}), &json!({"x": ["a", "b"]})));
    assert!(matches(&json!({"x": ["a"], "y": ["2"]}), &json!({"x": ["a", "b"], "y": ["1", "2"]})));
}

#[test]
fn fields_of_objects_in_an_array_match_in_the_same_object() {
    let pattern = json!({"employees": {"first": ["Anna"], "last": ["Smith"]}});
    let event = |employees: Value| json!({"employees": employees});
    assert!(matches(&pattern, &event(json!([{"first": "Bob"}, {"first": "Anna", "last": "Smith"}]))));
    let crossed = event(json!([{"first": "Anna", "last": "Jones"}, {"first": "Bob", "last": "Smith"}]));
    assert!(!matches(&pattern, &crossed));
    let deep = json!({"a": {"b": {"x": ["1"], "y": ["2"]}, "z": ["3"]}});
    let event = |z: [&str; 2]| {
        json!({"a": [
            {"b": [{"x": "1", "y": "1"}, {"x": "1", "y": "2"}], "z": z[0]},
            {"b": [{"x": "2", "y": "2"}], "z": z[1]},
        ]})
    };
    assert!(matches(&deep, &event(["3", "4"])));
    assert!(!matches(&deep, &event(["4", "3"])));
    // Different arrays have nothing to do with each other.
    let two = json!({"a": {"x": ["1"]}, "b": {"y": ["2"]}});
    assert!(matches(&two, &json!({"a": [{"x": "0"}, {"x": "1"}], "b": [{"y": "2"}, {"y": "3"}]})));
}

#[test]
fn or_takes_any_of_its_objects_with_all_around_it() {
    let pattern = json!({
        "source": ["aws.cloudwatch"],
        "$or": [{"detail-type": ["A"]}, {"detail": {"metric": ["CPU", "Disk"]}}],
        "detail": {"state": ["ALARM"], "$or": [{"x": [1]}, {"y": [2], "z": [3]}]},
    });
    let event = |kind: &str, detail: Value| json!({"source": "aws.cloudwatch", "detail-type": kind, "detail": detail});
    assert!(matches(&pattern, &event("A", json!({"state": "ALARM", "x": 1}))));
    assert!(matches(&pattern, &event("B", json!({"state": "ALARM", "metric": "Disk", "y": 2, "z": 3}))));
    assert!(!matches(&pattern, &event("B", json!({"state": "ALARM", "x": 1}))));
    assert!(!matches(&pattern, &event("A", json!({"state": "ALARM", "y": 2}))));
    assert!(!matches(&pattern, &event("A", json!({"state": "OK", "x": 1}))));
}

fn refusal(text: &str) -> String {
    Pattern::parse(text).map(|_| ()).unwrap_err().message
}

#[test]
fn refusals_say_what_and_where_as_aws_does() {
    assert_eq!(
        refusal(r#"{"source":"aws.ec2"}"#),
        "\"source\" must be an object or an array\n at [Source: (String)\"{\"source\":\"aws.ec2\"}\"; line: 1, column: 12]"
    );
    assert_eq!(
        refusal("{\"source\":\n []}"),
        "Empty arrays are not allowed\n at [Source: (String)\"{\"source\":\n []}\"; line: 2, column: 4]"
    );
    let long = format!("{{\"source\":\"{}\"}}", "x".repeat(600));
    assert!(refusal(&long).contains("x\"[truncated 113 chars]; line: 1, column: 12]"), "{}", refusal(&long));
    for (text, reason) in [
        ("", "Filter is not an object"),
        ("[]", "Filter is not an object"),
        ("{}", "Empty objects are not allowed"),
        (r#"{"detail":{}}"#, "Empty objects are not allowed"),
        (r#"{"a":["x"],"a":["y"]}"#, "Path `a` cannot be allowed multiple times"),
        (r#"{"a":[["x"]]}"#, "Match value must be String, number, true, false, or null"),
        (r#"{"a":[{}]}"#, "Match expression name not found"),
        (r#"{"a":[{"regex":"x"}]}"#, "Unrecognized match type regex"),
        (r#"{"a":[{"prefix":1}]}"#, "prefix match pattern must be a string"),
        (r#"{"a":[{"prefix":{"suffix":"x"}}]}"#, "Unsupported prefix pattern: suffix"),
        (r#"{"a":[{"suffix":{"equals-ignore-case":1}}]}"#, "equals-ignore-case match pattern must be a string"),
        (r#"{"a":[{"prefix":"x","suffix":"y"}]}"#, "Only one key allowed in match expression"),
        (
            r#"{"a":[{"anything-but":["x",1]}]}"#,
            "Inside anything but list, either all values are number or string, mixed type is not supported",
        ),
        (
            r#"{"a":[{"anything-but":[]}]}"#,
            "Inside anything but list, either all values are number or string, mixed type is not supported",
        ),
        (r#"{"a":[{"anything-but":[null]}]}"#, "Inside anything but list, start|null|boolean is not supported."),
        (r#"{"a":[{"anything-but":null}]}"#, "Value of anything-but must be an array or single string/number value."),
        (r#"{"a":[{"anything-but":{"numeric":["<",1]}}]}"#, "Unsupported anything-but pattern: numeric"),
        (r#"{"a":[{"anything-but":{"prefix":""}}]}"#, "Null prefix/suffix not allowed"),
        (r#"{"a":[{"numeric":5}]}"#, "Value of numeric must be an array."),
        (r#"{"a":[{"numeric":["!=",5]}]}"#, "Unrecognized numeric range operator: !="),
        (r#"{"a":[{"numeric":[">","5"]}]}"#, "Value of > must be numeric"),
        (r#"{"a":[{"numeric":["<",5,">",1]}]}"#, "Too many elements in numeric expression"),
        (r#"{"a":[{"numeric":[">",5,">",1]}]}"#, "Bad numeric range operator: >"),
        (r#"{"a":[{"numeric":[">",5,"<",1]}]}"#, "Bottom must be less than top"),
        (r#"{"a":[{"cidr":"10.0.0.0"}]}"#, "Malformed CIDR, one '/' required"),
        (r#"{"a":[{"cidr":"10.0.0.0/32"}]}"#, "IPv4 mask bits must be < 32"),
        (r#"{"a":[{"exists":"yes"}]}"#, "exists match pattern must be either true or false."),
        (r#"{"a":[{"wildcard":"a**b"}]}"#, "Consecutive wildcard characters at pos 2"),
        (r#"{"$or":[{"a":[1]}]}"#, "There must have at least 2 Objects in $or relationship."),
        (r#"{"$or":{"a":[1]}}"#, "It must be an Array followed with $or."),
        (r#"{"$or":[1,2]}"#, "Only JSON object is allowed in array of $or relationship."),
        (
            r#"{"$or":[{"numeric":[1]},{"b":[1]}]}"#,
            "numeric is Ruler reserved fieldName which cannot be used inside $or.",
        ),
        (r#"{"a":["x" "y"]}"#, "Unexpected character ('\"' (code 34)): was expecting comma to separate entries"),
        (r#"{"a":["x"#, "Unexpected end-of-input in VALUE_STRING"),
        (r#"{"a":["x"]} x"#, "Unexpected character ('x' (code 120)): was expecting end of the pattern"),
        (r#"{"a":[1,]}"#, "Unexpected character (']' (code 93)): was expecting valid value"),
    ] {
        let message = refusal(text);
        assert!(message.starts_with(&format!("{reason}\n at [Source: (String)\"")), "{text}: {message}");
    }
}

#[test]
fn too_many_combinations_and_wildcards_are_refused() {
    let or = |name: &str| {
        let branches: Vec<Value> = (0..11).map(|at| json!({format!("{name}{at}"): ["x"]})).collect();
        json!({ "$or": branches })
    };
    let fine = json!({"a": or("p"), "b": or("q")});
    assert_eq!(Pattern::parse_value(&fine).unwrap().combinations(), 121);
    let wild = json!({"a": or("p"), "b": or("q"), "c": or("r")});
    assert!(refusal(&wild.to_string()).starts_with("Rule is too complex"));
    let stars = json!({"a": [{"wildcard": "*a".repeat(crate::WILDCARDS_MAX + 1)}]});
    assert!(refusal(&stars.to_string()).starts_with("Rule is too complex - try using fewer wildcard characters"));
}

#[test]
fn what_is_removed_matches_no_more() {
    let mut automaton = Automaton::default();
    for round in 0..50 {
        for id in 0..20 {
            let pattern = json!({"x": [format!("{}", (round + id) % 7)], "y": [{"prefix": "a"}]});
            automaton.insert(id, Pattern::parse_value(&pattern).unwrap());
        }
    }
    assert_eq!(automaton.len(), 20);
    // The last round was 49, which is 0 modulo 7.
    assert_eq!(automaton.matches(&json!({"x": "3", "y": "ab"})), [3, 10, 17]);
    assert!(automaton.remove(&10));
    assert!(!automaton.remove(&10));
    assert_eq!(automaton.matches(&json!({"x": "3", "y": "ab"})), [3, 17]);
    (0..20).for_each(|id| {
        automaton.remove(&id);
    });
    assert!(automaton.is_empty());
    assert!(automaton.matches(&json!({"x": "3", "y": "ab"})).is_empty());
}

fn condition() -> impl Strategy<Value = Value> {
    let text = || "[abAB]{0,4}";
    let number = || -4i32..4;
    prop_oneof![
        text().prop_map(|text| json!(text)),
        number().prop_map(|number| json!(number)),
        Just(json!(null)),
        text().prop_map(|text| json!({ "prefix": text })),
        text().prop_map(|text| json!({ "suffix": text })),
        text().prop_map(|text| json!({"prefix": {"equals-ignore-case": text}})),
        text().prop_map(|text| json!({ "equals-ignore-case": text })),
        "[ab]{0,3}\\*[ab]{1,3}(\\*[ab]{0,2})?".prop_map(|text| json!({ "wildcard": text })),
        text().prop_map(|text| json!({ "anything-but": text })),
        number().prop_map(|number| json!({"numeric": [">", number]})),
        number().prop_map(|number| json!({"numeric": ["<=", number]})),
        (number(), 1i32..3).prop_map(|(low, more)| json!({"numeric": [">=", low, "<", low + more]})),
        any::<bool>().prop_map(|exists| json!({ "exists": exists })),
    ]
}

fn pattern() -> impl Strategy<Value = Value> {
    let field = || proptest::collection::vec(condition(), 1..3);
    proptest::collection::btree_map(prop_oneof!["a", "b", "c", "d"], field(), 1..4).prop_map(|fields| json!(fields))
}

fn event() -> impl Strategy<Value = Value> {
    let scalar =
        || prop_oneof!["[abAB]{0,5}".prop_map(Value::from), (-5i32..5).prop_map(Value::from), Just(Value::Null)];
    let value = prop_oneof![scalar(), proptest::collection::vec(scalar(), 0..3).prop_map(Value::from)];
    proptest::collection::btree_map(prop_oneof!["a", "b", "c", "d"], value, 0..5).prop_map(|fields| json!(fields))
}

proptest! {
    #[test]
    fn the_automaton_finds_what_each_pattern_by_itself_finds(
        patterns in proptest::collection::vec(pattern(), 1..60),
        gone in proptest::collection::vec(0usize..60, 0..20),
        events in proptest::collection::vec(event(), 1..10),
    ) {
        let parsed: Vec<Pattern> = patterns.iter().map(|pattern| Pattern::parse_value(pattern).unwrap()).collect();
        let mut automaton = Automaton::build(parsed.iter().cloned().enumerate());
        for id in &gone {
            automaton.remove(id);
        }
        for event in &events {
            let mut expected: Vec<usize> = (0..parsed.len()).filter(|id| !gone.contains(id)).collect();
            expected.retain(|id| parsed[*id].matches(event));
            prop_assert_eq!(automaton.matches(event), expected);
        }
    }

    #[test]
    fn whatever_is_written_is_a_pattern_or_refused(text in "[\\[\\]{}\",:*\\\\ü 0-9a-z$.-]{0,40}") {
        let _ = Pattern::parse(&text);
        let _ = Pattern::parse(&format!("{{\"a\":[{text}]}}"));
        let _ = Pattern::parse(&format!("{{\"a\":[{{\"wildcard\":\"{text}\"}}]}}"));
        let _ = Pattern::parse(&format!("{{\"a\":[{{\"cidr\":\"{text}\"}}]}}"));
    }
}
