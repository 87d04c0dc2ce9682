//! Tests of the filter-pattern language, most of them AWS's own examples.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

fn matching<'a>(pattern: &str, messages: &[&'a str]) -> Vec<&'a str> {
    let pattern = Pattern::parse(pattern).unwrap();
    messages.iter().copied().filter(|message| pattern.matches(message)).collect()
}

const ERRORS: [&str; 4] =
    ["[ERROR 400] BAD REQUEST", "[ERROR 401] UNAUTHORIZED REQUEST", "[WARN] SLOW REQUEST", "[INFO 200] DONE"];

#[test]
fn terms_are_and_or_not() {
    assert_eq!(matching("", &ERRORS), ERRORS);
    assert_eq!(matching("ERROR REQUEST", &ERRORS), ERRORS[..2]);
    assert_eq!(matching("?ERROR ?WARN", &ERRORS), ERRORS[..3]);
    assert_eq!(matching("REQUEST -ERROR", &ERRORS), ERRORS[2..3]);
    assert_eq!(matching("-ERROR -WARN", &ERRORS), ERRORS[3..]);
    assert_eq!(matching("\"BAD REQUEST\"", &ERRORS), ERRORS[..1]);
    assert_eq!(matching("-\"BAD REQUEST\" ERROR", &ERRORS), ERRORS[1..2]);
    assert!(matching("error", &ERRORS).is_empty());
    assert_eq!(matching("%AUTHORIZED%", &ERRORS), ERRORS[1..2]);
    assert_eq!(matching("%4[0-9]{2}%", &ERRORS), ERRORS[..2]);
    assert_eq!(matching(r#""say \"no\"""#, &[r#"they say "no" today"#, "say no"]), [r#"they say "no" today"#]);
}

#[test]
fn optional_terms_beside_others_have_no_effect() {
    assert_eq!(matching("?ERROR ?INFO REQUEST", &ERRORS), ERRORS[..3]);
}

#[test]
fn required_terms_are_needles() {
    let pattern = Pattern::parse("ERROR \"a b\" -x %r%").unwrap();
    assert_eq!(pattern.needles(), [b"ERROR".to_vec(), b"a b".to_vec()]);
    assert!(Pattern::parse("?ERROR").unwrap().needles().is_empty());
}

const APACHE: [&str; 3] = [
    r#"127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534"#,
    r#"127.0.0.1 Prod bob [10/Oct/2000:13:35:22 -0700] "GET /about.html HTTP/1.0" 500 5324"#,
    r#"127.0.0.1 Prod frank [10/Oct/2000:13:50:35 -0700] "GET /pics.gif HTTP/1.0" 200 4355"#,
];

#[test]
fn fields_are_compared_by_place() {
    let all = "ip, logger, user, timestamp, request";
    assert_eq!(matching(&format!("[{all}, status, bytes]"), &APACHE), APACHE);
    assert_eq!(matching(&format!("[{all}, status = 4*, bytes]"), &APACHE), APACHE[..1]);
    assert_eq!(matching(&format!("[{all}, status != 4* && status != 2*, bytes]"), &APACHE), APACHE[1..2]);
    assert_eq!(matching("[..., status = 404 || status = 500, bytes]", &APACHE), APACHE[..2]);
    assert_eq!(matching("[..., bytes > 4000]", &APACHE), APACHE[1..]);
    assert_eq!(matching("[ip, logger, user = frank, ..., bytes >= 4355]", &APACHE), APACHE[2..]);
    assert_eq!(matching("[..., request = *html*, status, bytes]", &APACHE), APACHE[..2]);
    assert_eq!(matching("[..., request =%GET./pics%, status, bytes]", &APACHE), APACHE[2..]);
    assert!(matching("[ip, logger]", &APACHE).is_empty());
    assert_eq!(matching("[w1=ERROR, w2]", &["ERROR 1", "WARN 1", "ERROR"]), ["ERROR 1"]);
    assert_eq!(matching("[(w1=\"a,b\" || w1=c), w2]", &["a,b 1", "c 1", "d 1"]), ["a,b 1", "c 1"]);
}

#[test]
fn fields_are_extracted_by_name_or_place() {
    let pattern = Pattern::parse("[..., request = *.html*, status_code = 4*,]").unwrap();
    let captures = pattern.captures(APACHE[0]).unwrap();
    let expected = [
        ("$1", "127.0.0.1"),
        ("$2", "Prod"),
        ("$3", "frank"),
        ("$4", "10/Oct/2000:13:25:15 -0700"),
        ("$7", "1534"),
        ("$request", "GET /index.html HTTP/1.0"),
        ("$status_code", "404"),
    ];
    let expected: BTreeMap<_, _> = expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    assert_eq!(captures.extracted(), expected);
    assert_eq!(captures.get("$status_code").as_deref(), Some("404"));
    assert_eq!(captures.get("$7").as_deref(), Some("1534"));
    assert_eq!(captures.get("$8"), None);
}

const TRAIL: &str = r#"{
    "eventType": "UpdateTrail", "sourceIPAddress": "111.111.111.111",
    "arrayKey": ["value", "another value"],
    "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2, "flag": true}],
    "SomeObject": null, "cluster.name": "c", "latency": 50.5, "status": "404",
    "ThisFlag": true, "user": {"id": 1, "email": "John.Doe@example.com"}
}"#;

fn json(condition: &str) -> bool {
    Pattern::parse(&format!("{{ {condition} }}")).unwrap().matches(TRAIL)
}

#[test]
fn json_values_are_compared() {
    assert!(json(r#"$.eventType = "UpdateTrail""#));
    assert!(json("$.eventType = UpdateTrail"));
    assert!(json("$.eventType = Update*"));
    assert!(json(r#"$.eventType != "CreateTrail""#));
    assert!(json("$.sourceIPAddress != 123.123.*"));
    assert!(!json("$.sourceIPAddress = 123.123.*"));
    assert!(json("$.arrayKey[0] = value"));
    assert!(json(r#"$.arrayKey[1] = "another value""#));
    assert!(json("$.objectList[1].id = 2"));
    assert!(json("$.objectList[*].flag IS TRUE"));
    assert!(json("$.objectList[*].id > 1"));
    assert!(!json("$.objectList[*].id > 2"));
    assert!(json("$.user.* = 1"));
    assert!(json("$.['cluster.name'] = c"));
    assert!(json("$.latency > 50") && json("$.latency <= 5.05e1") && !json("$.latency < 50"));
    assert!(json("$.latency = 5*"));
    assert!(json("$.status = 404"));
    assert!(json("$.eventType = %Trail%") && !json("$.eventType = %^Trail%"));
    assert!(json("$.eventType = *"));
}

#[test]
fn json_members_exist_or_do_not() {
    assert!(json("$.SomeObject IS NULL") && json("$.SomeObject EXISTS") && !json("$.eventType IS NULL"));
    assert!(json("$.SomeOtherObject NOT EXISTS") && !json("$.eventType NOT EXISTS"));
    assert!(json("$.ThisFlag IS TRUE") && !json("$.ThisFlag IS FALSE"));
    assert!(!json("$.missing = x") && !json("$.missing != x"));
}

#[test]
fn json_conditions_are_combined() {
    assert!(json(r#"($.user.id = 1) && ($.user.email = "John.Doe@example.com")"#));
    assert!(json("$.user.id = 2 || $.latency > 1"));
    assert!(json("$.user.id = 2 && $.latency > 1 || $.ThisFlag IS TRUE"));
    assert!(!json("$.user.id = 2 && ($.latency > 1 || $.ThisFlag IS TRUE)"));
    assert!(json("$.user.id=1&&$.latency>1"));
    assert!(!Pattern::parse("{ $.a = 1 }").unwrap().matches("not json"));
}

#[test]
fn json_values_are_extracted() {
    let pattern = Pattern::parse("{ $.latency > 1 && $.user.id = 1 }").unwrap();
    let captures = pattern.captures(TRAIL).unwrap();
    let expected = [("$.latency", "50.5"), ("$.user.id", "1")];
    assert_eq!(captures.extracted(), expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    assert_eq!(captures.get("$.eventType").as_deref(), Some("UpdateTrail"));
    assert!(pattern.can_select("$.eventType") && !pattern.can_select("eventType"));
}

#[test]
fn what_is_no_pattern_is_refused_in_words() {
    let refused = |text: &str| Pattern::parse(text).unwrap_err().to_string();
    assert_eq!(refused("{ $.a = 1"), "If a filter pattern starts with '{' it must end with '}'");
    assert_eq!(refused("[a, b"), "If a filter pattern starts with '[' it must end with ']'");
    for text in ["\"open", "{}", "{ $.a }", "{ $.a = }", "{ $.a IS MAYBE }", "{ a = 1 }", "{ ($.a = 1 }", "?", "-"] {
        assert_eq!(refused(text), "Invalid filter pattern", "{text}");
    }
    for text in ["[..., ..., a]", "[a = ]", "[a = 1 && b = 2]", "{ $.a > x }", "{ $.a[*].b[*] = 1 }", "{ $.a = 'x' }"] {
        assert_eq!(refused(text), "Invalid filter pattern", "{text}");
    }
    assert!(refused("a:b").contains("a:b"));
    assert!(refused("%(a)%").contains("(a)"));
    assert!(refused("%a% %b% %c%").contains("at most 2"));
}

proptest! {
    #[test]
    fn any_text_parses_or_is_refused(text in "\\PC*", message in "\\PC*") {
        if let Ok(pattern) = Pattern::parse(&text) {
            pattern.matches(&message);
        }
    }

    #[test]
    fn any_likely_text_parses_or_is_refused(
        text in "[\\[{]?([$a.*\\[\\]\"%(){}=!<>&|,?\\-0 ']|EXISTS|IS NULL|\\.\\.\\.){0,24}[\\]}]?",
        message in "[{\\[\"a: 0,}\\]]{0,16}",
    ) {
        if let Ok(pattern) = Pattern::parse(&text)
            && let Some(captures) = pattern.captures(&message)
        {
            captures.extracted();
            captures.get("$1");
            captures.get("$.a");
        }
    }

    #[test]
    fn what_matches_has_the_needles(terms in "[a-c]{1,2}( -?[a-c]{1,2}){0,3}", message in "[a-d ]{0,12}") {
        let pattern = Pattern::parse(&terms).unwrap();
        if pattern.matches(&message) {
            prop_assert!(pattern.needles().iter().all(|needle| message.contains(std::str::from_utf8(needle).unwrap())));
        }
    }
}
