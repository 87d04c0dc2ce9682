//! What parses, as what, and what does not.

use super::*;

fn commands(text: &str) -> Vec<Command> {
    parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn filter(text: &str) -> Kind {
    match commands(&format!("filter {text}")).pop() {
        Some(Command::Filter(node)) => node.kind,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_console_s_first_query_parses() {
    let found = commands("fields @timestamp, @message\n| sort @timestamp desc # newest first\n| limit 20");
    let [Command::Fields(fields), Command::Sort(keys), Command::Limit(20)] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(fields.iter().map(|named| named.name.as_str()).collect::<Vec<_>>(), ["@timestamp", "@message"]);
    assert_eq!(keys[0].1, Direction::Descending);
}

#[test]
fn columns_without_alias_are_called_as_they_were_written() {
    let found = commands("stats count(*), avg( duration ) as mean by bin(5m), level");
    let [Command::Stats { values, by }] = found.as_slice() else { panic!("{found:?}") };
    let names = |list: &[Named]| list.iter().map(|named| named.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(values), ["count(*)", "mean"]);
    assert_eq!(names(by), ["bin(5m)", "level"]);
    assert_eq!(
        by[0].node.kind,
        Kind::Call(
            "bin".into(),
            vec![Node {
                kind: Kind::Period(Period::Exact(Duration::from_secs(300))),
                start: by[0].node.start + 4,
                end: by[0].node.end - 1,
            }]
        )
    );
}

#[test]
fn and_binds_tighter_than_or_and_not_looser_than_a_comparison() {
    let Kind::Binary(Operator::Or, _, right) = filter("a = 1 or not b = 2 and c > 3") else { panic!("an or") };
    let Kind::Binary(Operator::And, left, _) = right.kind else { panic!("an and") };
    let Kind::Not(inner) = left.kind else { panic!("a not") };
    assert!(matches!(inner.kind, Kind::Binary(Operator::Equal, ..)));
}

#[test]
fn arithmetic_has_its_usual_order_and_powers_lean_right() {
    let Kind::Binary(Operator::Minus, _, right) = filter("a - b * c ^ d ^ e") else { panic!("a minus") };
    let Kind::Binary(Operator::Times, _, power) = right.kind else { panic!("a times") };
    let Kind::Binary(Operator::Power, _, right) = power.kind else { panic!("a power") };
    assert!(matches!(right.kind, Kind::Binary(Operator::Power, ..)));
}

#[test]
fn slashes_divide_or_enclose_a_regular_expression() {
    assert!(matches!(filter("a / b > 2"), Kind::Binary(Operator::Greater, ..)));
    for text in ["@message like /(?i)error\\/fatal/", "@message =~ /error/", "@message not like /x/"] {
        assert!(matches!(filter(text), Kind::Like { matcher: Matcher::Regex(_), .. }), "{text}");
    }
    assert!(matches!(filter("@message like 'x'"), Kind::Like { matcher: Matcher::Text { .. }, negated: false, .. }));
}

#[test]
fn globs_take_little_and_the_last_one_the_rest() {
    let found = commands(r#"parse @message "user=*, ip=*" as user, ip"#);
    let [Command::Parse { pattern, .. }] = found.as_slice() else { panic!("{found:?}") };
    let captures = pattern.regex.captures("x user=a, b, ip=10.0.0.1, ip=2").expect("a match");
    assert_eq!((&captures[1], &captures[2]), ("a, b", "10.0.0.1, ip=2"));
    assert_eq!(pattern.names, ["user", "ip"]);
}

#[test]
fn regular_expressions_name_their_fields() {
    let found = commands(r"parse @message /took (?<ms>\d+) of (?<max>\d+)/");
    let [Command::Parse { pattern, .. }] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(pattern.names, ["ms", "max"]);
}

#[test]
fn backticks_quote_a_name() {
    assert_eq!(filter("`a b-c`"), Kind::Field("a b-c".into()));
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let error = |text| parse(text).expect_err(text);
    let found = error("fields @message\n| fitler x = 1");
    assert_eq!(found.message, "unexpected symbol found fitler at line 2 and position 3");
    assert_eq!((found.start, found.end), (18, 24));
    assert_eq!(error("filter").message, "unexpected end of query at line 1 and position 7");
    assert_eq!(error("").message, "unexpected end of query at line 1 and position 1");
    assert!(error("pattern @message").message.starts_with("haar does not serve the command pattern"));
    assert!(error("filter a like /(/").message.starts_with("invalid regular expression"));
    assert!(error("filter a = 'x").message.starts_with("unterminated quoted text"));
    assert!(error("stats count(*) by bin(5x)").message.starts_with("x is no unit of time"));
    assert!(error("parse @message 'a * b *' as one").message.contains("2 wildcards, and 1 names"));
    assert!(error(&format!("filter {}1", "(".repeat(5000))).message.contains("nested too deeply"));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,80}") {
        let _ = parse(&text);
    }

    #[test]
    fn no_words_make_it_panic(words in proptest::collection::vec(
        proptest::sample::select(vec!["fields", "filter", "stats", "by", "|", "(", ")", "@message", "like", "/a/", "'x'",
            "count", "*", "bin", "5m", ",", "as", "sort", "not", "in", "[", "]", "-", "1", "parse", "limit", "dedup"]),
        0..30,
    )) {
        let _ = parse(&words.join(" "));
    }
}
