//! Filter expressions: grammar, types, errors, and the same answers as an evaluator that is too simple to be wrong.

use proptest::prelude::*;

use super::*;

const KEYS: [(&str, &str); 5] =
    [("year", "int"), ("region", "string"), ("day", "date"), ("price", "decimal(10,2)"), ("at", "timestamp")];

fn values(texts: [&str; 5]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}

fn holds(expression: &str) -> bool {
    let values = values(["2020", "eu-west", "2020-08-15", "10.50", "2020-08-15 10:00:00"]);
    let condition = Condition::parse(expression, &KEYS).unwrap();
    condition.ruled_out(&values).unwrap().is_none()
}

fn refusal(expression: &str) -> String {
    Condition::parse(expression, &KEYS).unwrap_err().to_string()
}

#[test]
fn operators_compare_by_the_type_of_the_key() {
    for (expression, expected) in [
        ("year = 2020", true),
        ("year = '2020'", true),
        ("year = 02020", true),
        ("year > 300", true),
        ("year <> 2020", false),
        ("year != 2021", true),
        ("2019 < year", true),
        ("YEAR >= 2020 and year <= 2020", true),
        ("region = 'eu-west'", true),
        ("region = \"eu-west\"", true),
        ("\"region\" = 'eu-west'", true),
        ("`region` = 'EU-WEST'", false),
        ("region > 'eu'", true),
        ("day > '2020-08-01'", true),
        ("day = date '2020-08-15'", true),
        ("price = 10.5", true),
        ("price > 9.99", true),
        ("price < -1", false),
        ("at = '2020-08-15 10:00:00.000'", true),
        ("at < '2020-08-15 10:00:00.000000001'", true),
        ("year in (2019, 2020)", true),
        ("year not in (2019, 2020)", false),
        ("year between 2020 and 2021", true),
        ("year not between 2020 and 2021", false),
        ("region like 'eu%'", true),
        ("region like '%we_t'", true),
        ("region like 'eu'", false),
        ("region not like '%us%'", true),
        ("region is null", false),
        ("region is not null", true),
        ("not year = 2020", false),
        ("not (year = 2020 and region = 'us')", true),
        ("year = 1 or year = 2 and region = 'x' or year = 2020", true),
        ("((year) = (2020)) and (((region = 'eu-west')))", true),
    ] {
        assert_eq!(holds(expression), expected, "{expression}");
    }
}

#[test]
fn a_missing_value_is_neither_equal_nor_unequal() {
    let values = values(["2020", HIVE_NULL, "2020-08-15", "1", "2020-08-15 10:00:00"]);
    for (expression, expected) in [
        ("region is null", true),
        ("region is not null", false),
        ("region = 'x'", false),
        ("region <> 'x'", false),
        ("not region = 'x'", false),
        ("region = 'x' or year = 2020", true),
    ] {
        let condition = Condition::parse(expression, &KEYS).unwrap();
        assert_eq!(condition.ruled_out(&values).unwrap().is_none(), expected, "{expression}");
    }
}

#[test]
fn quotes_are_doubled_inside_quotes() {
    let condition = Condition::parse("k = 'it''s'", &[("k", "string")]).unwrap();
    assert_eq!(condition.ruled_out(&["it's".to_owned()]).unwrap(), None);
}

#[test]
fn refusals_are_in_the_words_of_aws() {
    for (expression, message) in [
        ("unknown = 1", "Invalid partition expression!"),
        ("1 = 1", "Invalid partition expression!"),
        ("year = region", "Invalid partition expression!"),
        ("year = ", "Unsupported expression 'year = '"),
        ("year", "Unsupported expression 'year'"),
        ("year = 2020 2021", "Unsupported expression 'year = 2020 2021'"),
        ("year in ()", "Unsupported expression 'year in ()'"),
        ("(year = 2020", "Unsupported expression '(year = 2020'"),
        ("region = 'x", "Unsupported expression 'region = 'x'"),
        ("year = 'x'", "\"x\" is not an integer."),
        ("day = 'x'", "x is not a date."),
        ("day = '2020-02-30'", "2020-02-30 is not a date."),
        ("price = 'x'", "x is not a decimal."),
        ("at = '2020'", "Timestamp format must be yyyy-mm-dd hh:mm:ss[.fffffffff] 2020 is not a timestamp."),
        ("year like '2%'", "Integral data type doesn't support operation 'LIKE'"),
        ("day like '2%'", "Date data type doesn't support operation 'LIKE'"),
    ] {
        assert_eq!(refusal(expression), message, "{expression}");
    }
    let unknown = Condition::parse("k = 1", &[("k", "map<string,string>")]).unwrap_err();
    assert_eq!(unknown.to_string(), "Unknown type : 'map<string,string>'");
}

#[test]
fn deep_nesting_is_refused_and_not_a_crash() {
    let deep = format!("{}year = 1{}", "(not ".repeat(400), ")".repeat(400));
    assert!(refusal(&deep).starts_with("Unsupported expression"));
    assert!(refusal(&"(".repeat(2048)).starts_with("Unsupported expression"));
}

#[test]
fn the_first_values_can_rule_a_partition_out() {
    let condition = Condition::parse("region = 'b' and day = '2'", &[("region", "string"), ("day", "string")]).unwrap();
    let ruled_out = |region: &str, day: &str| condition.ruled_out(&[region.to_owned(), day.to_owned()]).unwrap();
    assert_eq!(ruled_out("a", "2"), Some(1));
    assert_eq!(ruled_out("b", "1"), Some(2));
    assert_eq!(ruled_out("b", "2"), None);
}

#[test]
fn a_stored_value_of_another_type_is_a_wrong_state() {
    let condition = Condition::parse("year = 1", &KEYS).unwrap();
    let error = condition.ruled_out(&values(["x", "", "", "", ""])).unwrap_err();
    assert_eq!(error.to_string(), "\"x\" is not an integer.");
    assert!(matches!(error, super::super::error::Error::InvalidState(_)));
}

/// An expression over `a int` and `b string`, as text and as what it means.
#[derive(Clone, Debug)]
enum Naive {
    A(&'static str, i64),
    B(&'static str, String),
    AIn(Vec<i64>),
    ABetween(i64, i64),
    BLike(String),
    BNull,
    Not(Box<Naive>),
    And(Box<Naive>, Box<Naive>),
    Or(Box<Naive>, Box<Naive>),
}

impl Naive {
    fn text(&self) -> String {
        match self {
            Self::A(operator, number) => format!("a {operator} {number}"),
            Self::B(operator, text) => format!("b {operator} '{text}'"),
            Self::AIn(numbers) => {
                let numbers: Vec<_> = numbers.iter().map(i64::to_string).collect();
                format!("a in ({})", numbers.join(","))
            }
            Self::ABetween(low, high) => format!("a BETWEEN {low} AND {high}"),
            Self::BLike(pattern) => format!("b LIKE '{pattern}'"),
            Self::BNull => "b is null".to_owned(),
            Self::Not(inner) => format!("NOT ({})", inner.text()),
            Self::And(one, other) => format!("({}) AND ({})", one.text(), other.text()),
            Self::Or(one, other) => format!("({}) or ({})", one.text(), other.text()),
        }
    }

    fn answer(&self, a: i64, b: Option<&str>) -> Option<bool> {
        fn compare<T: Ord + ?Sized>(one: &T, operator: &str, other: &T) -> bool {
            match operator {
                "=" => one == other,
                "<>" => one != other,
                "<" => one < other,
                "<=" => one <= other,
                ">" => one > other,
                _ => one >= other,
            }
        }
        match self {
            Self::A(operator, number) => Some(compare(&a, operator, number)),
            Self::B(operator, text) => b.map(|b| compare(b, operator, text.as_str())),
            Self::AIn(numbers) => Some(numbers.contains(&a)),
            Self::ABetween(low, high) => Some(*low <= a && a <= *high),
            Self::BLike(pattern) => b.map(|b| like(pattern, b)),
            Self::BNull => Some(b.is_none()),
            Self::Not(inner) => inner.answer(a, b).map(|answer| !answer),
            Self::And(one, other) => match (one.answer(a, b), other.answer(a, b)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Self::Or(one, other) => match (one.answer(a, b), other.answer(a, b)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
        }
    }
}

fn like(pattern: &str, text: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('%') => (0..=text.len()).any(|from| like(&pattern[1..], &text[from..])),
        Some(char) => {
            text.chars().next().is_some_and(|first| char == '_' || first == char) && like(&pattern[1..], &text[1..])
        }
    }
}

fn naive() -> impl Strategy<Value = Naive> {
    let operator = || prop_oneof![Just("="), Just("<>"), Just("<"), Just("<="), Just(">"), Just(">=")];
    let leaf = prop_oneof![
        (operator(), -3i64..4).prop_map(|(operator, number)| Naive::A(operator, number)),
        (operator(), "[ab]{0,2}").prop_map(|(operator, text)| Naive::B(operator, text)),
        proptest::collection::vec(-3i64..4, 1..3).prop_map(Naive::AIn),
        (-3i64..4, -3i64..4).prop_map(|(low, high)| Naive::ABetween(low, high)),
        "[ab%_]{0,4}".prop_map(Naive::BLike),
        Just(Naive::BNull),
    ];
    leaf.prop_recursive(4, 16, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| Naive::Not(Box::new(inner))),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| Naive::And(Box::new(one), Box::new(other))),
            (inner.clone(), inner).prop_map(|(one, other)| Naive::Or(Box::new(one), Box::new(other))),
        ]
    })
}

proptest! {
    #[test]
    fn answers_are_those_of_a_naive_evaluator(
        expression in naive(),
        a in -3i64..4,
        b in proptest::option::of("[ab]{0,3}"),
    ) {
        let condition = Condition::parse(&expression.text(), &[("a", "int"), ("b", "string")]).unwrap();
        let values = [a.to_string(), b.clone().unwrap_or_else(|| HIVE_NULL.to_owned())];
        let wanted = expression.answer(a, b.as_deref()) == Some(true);
        prop_assert_eq!(condition.ruled_out(&values).unwrap().is_none(), wanted, "{}", expression.text());
        // What the first value rules out stays out whatever the second is.
        if condition.ruled_out(&values).unwrap() == Some(1) {
            let other = [a.to_string(), "zzz".to_owned()];
            prop_assert!(condition.ruled_out(&other).unwrap().is_some());
        }
    }

    #[test]
    fn any_text_is_parsed_or_refused(text in "[a-z0-9 ()='<>,%\"`-]{0,40}") {
        let _ = Condition::parse(&text, &KEYS);
    }
}
