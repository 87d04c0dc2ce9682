//! Expressions by hand-computed examples, and the parser by generated ones.

use proptest::prelude::*;

use super::evaluate::{Grid, Surroundings, evaluate};
use super::syntax::{Expression, Operator, parse};
use super::value::{MathError, Series, Value};

/// Three metrics over ten minutes from 0, the second with gaps.
struct Sample;

fn series(label: &str, points: &[(i64, f64)]) -> Series {
    Series { label: label.into(), period: 60, points: points.to_vec(), origin: None }
}

impl Surroundings for Sample {
    fn variable(&mut self, id: &str) -> Result<Value, MathError> {
        Ok(Value::Series(match id {
            "m1" => series("m1", &[(0, 1.0), (60, 2.0), (120, 4.0), (180, 8.0), (240, 16.0)]),
            "m2" => series("m2", &[(0, 10.0), (120, 0.0), (240, -20.0)]),
            "errors" => series("errors", &[(60, 3.0)]),
            "none" => series("none", &[]),
            _ => return Err(MathError::UndefinedVariable(id.into())),
        }))
    }

    fn metrics(&self) -> Vec<String> {
        ["m1", "m2", "errors", "none"].map(String::from).into()
    }

    fn search(&mut self, search: &str, stat: &str, period: Option<i64>) -> Result<Vec<Series>, MathError> {
        Ok(vec![series(&format!("{search} {stat} {period:?}"), &[(0, 1.0)])])
    }

    fn history(&mut self, _: &Expression) -> Result<Series, MathError> {
        Ok(series("history", &[(-60, 5.0)]))
    }

    fn grid(&self) -> Grid {
        Grid { from: 0, to: 300, period: 60, now: 300 }
    }
}

fn value(text: &str) -> Result<Value, MathError> {
    evaluate(&parse(text)?, &mut Sample)
}

/// Values by time, `-` where there is none.
fn shown(series: &Series) -> String {
    let at = |time: i64| series.at(time).map_or("-".into(), |value| format!("{}", (value * 1e6).round() / 1e6));
    (0..5).map(|minute| at(60 * minute)).collect::<Vec<_>>().join(" ")
}

#[test]
fn expressions_have_the_values_that_were_computed_by_hand() {
    for (text, expected) in [
        ("m1", "1 2 4 8 16"),
        ("m1 + 1", "2 3 5 9 17"),
        ("-m1 ^ 2", "-1 -4 -16 -64 -256"),
        ("2 ^ 3 ^ 2 + m1 * 0", "512 512 512 512 512"),
        ("(m1 + m1) / 2 - 1", "0 1 3 7 15"),
        ("10 - 2 - 3 + m1 * 0", "5 5 5 5 5"),
        // Where both have data, and nothing of a division by zero.
        ("m1 + m2", "11 - 4 - -4"),
        ("m1 / m2", "0.1 - - - -0.8"),
        ("m1 > 3", "0 0 1 1 1"),
        ("m1 >= 2 AND m1 < 16", "0 1 1 1 0"),
        ("m1 == 1 || m1 == 16", "1 0 0 0 1"),
        ("1 + 1 == 2 && m1 != 4", "1 1 0 1 1"),
        ("ABS(m2)", "10 - 0 - 20"),
        ("CEIL(m1 / 3)", "1 1 2 3 6"),
        ("FLOOR(m1 / 3)", "0 0 1 2 5"),
        ("LOG10(m2)", "1 - - - -"),
        ("LOG(m1) / LOG(2)", "0 1 2 3 4"),
        ("FILL(m2, 7)", "10 7 0 7 -20"),
        ("FILL(m2, REPEAT)", "10 10 0 0 -20"),
        ("FILL(m2, LINEAR)", "10 5 0 -10 -20"),
        ("FILL(errors, LINEAR)", "- 3 - - -"),
        ("FILL(errors, REPEAT)", "- 3 3 3 3"),
        ("FILL(none, 0)", "0 0 0 0 0"),
        ("FILL(m2, m1)", "10 2 0 8 -20"),
        ("RATE(m1) * 60", "- 1 2 4 8"),
        ("DIFF(m2)", "- - -10 - -20"),
        ("DIFF_TIME(m2)", "- - 120 - 120"),
        ("RUNNING_SUM(m1)", "1 3 7 15 31"),
        ("m1 / PERIOD(m1) * 60", "1 2 4 8 16"),
        ("TIME_SERIES(5)", "5 5 5 5 5"),
        ("m1 - AVG(m1)", "-5.2 -4.2 -2.2 1.8 9.8"),
        ("m1 * 0 + MAX(m1) + MIN(m1) + SUM(m1)", "48 48 48 48 48"),
        ("m1 * 0 + STDDEV(m1)", "5.455273 5.455273 5.455273 5.455273 5.455273"),
        ("m1 * 0 + DATAPOINT_COUNT(m2)", "3 3 3 3 3"),
        // Across the series, of those that have a point.
        ("SUM([m1, m2])", "11 2 4 8 -4"),
        ("AVG(METRICS())", "5.5 2.5 2 8 -2"),
        ("SUM(METRICS('err'))", "- 3 - - -"),
        ("MAX([m1, m2])", "10 2 4 8 16"),
        ("DATAPOINT_COUNT(METRICS())", "2 2 2 1 2"),
        ("FIRST([m1, m2])", "1 2 4 8 16"),
        ("LAST([m1, m2])", "10 - 0 - -20"),
        ("SUM(FILL(METRICS(), 0))", "11 5 4 8 -4"),
        ("FIRST(SORT(METRICS(), SUM, ASC))", "10 - 0 - -20"),
        ("FIRST(SORT([m2, m1, errors], MAX, DESC, 1))", "1 2 4 8 16"),
        ("LAST(SORT([none, m1], SUM, DESC))", "- - - - -"),
        ("FIRST(SLICE([m1, m2, errors], 1))", "10 - 0 - -20"),
        ("LAST(SLICE([m1, m2, errors], 0, 2))", "10 - 0 - -20"),
        ("m1 * 0 + METRIC_COUNT(REMOVE_EMPTY(METRICS()))", "3 3 3 3 3"),
        ("IF(m1 > 2, m1, 0)", "0 0 4 8 16"),
        ("IF(m1 > 2, m1)", "- - 4 8 16"),
        ("IF(m2 > -100, m2, 1)", "10 - 0 - -20"),
        ("IF(1 > 2, m1, m2)", "10 - 0 - -20"),
        ("IF(FILL(m2, 1), m2, 99)", "10 - 99 - -20"),
        ("MINUTE(m2)", "0 1 2 3 4"),
        // 1970-01-01 was a Thursday.
        ("DAY(m1) + DATE(m1) * 10 + MONTH(m1) * 100 + HOUR(m1)", "114 114 114 114 114"),
        ("YEAR(m1)", "1970 1970 1970 1970 1970"),
        ("EPOCH(m1)", "0 60 120 180 240"),
        ("FIRST(ANOMALY_DETECTION_BAND(m1, 2))", "5 5 5 5 5"),
        ("1e1 + .5 + m1 * 0", "10.5 10.5 10.5 10.5 10.5"),
    ] {
        match value(text) {
            Ok(Value::Series(series)) => assert_eq!(
                shown(&series).replace("5.528110", "5.52811"),
                expected.replace("5.528110", "5.52811"),
                "{text}"
            ),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn arrays_are_worked_on_one_by_one() {
    let Ok(Value::Array(all)) = value("[m1, m2] * 2") else { panic!("an array") };
    assert_eq!(all.iter().map(shown).collect::<Vec<_>>(), ["2 4 8 16 32", "20 - 0 - -40"]);
    let Ok(Value::Array(all)) = value("100 - [m1, errors]") else { panic!("an array") };
    assert_eq!(all.iter().map(shown).collect::<Vec<_>>(), ["99 98 96 92 84", "- 97 - - -"]);
    let Ok(Value::Array(all)) = value("m1 / [m1, m2]") else { panic!("an array") };
    assert_eq!(all.iter().map(shown).collect::<Vec<_>>(), ["1 1 1 1 1", "0.1 - - - -0.8"]);
    assert_eq!(all[1].label, "m2");
}

#[test]
fn a_search_takes_its_period_or_leaves_it_to_the_query() {
    for (text, label) in [
        ("SEARCH('{A,b} c=\"d\"', 'Average', 300)", "{A,b} c=\"d\" Average Some(300)"),
        ("SEARCH(\"disk_used_percent\", 'Sum')", "disk_used_percent Sum None"),
    ] {
        let Ok(Value::Array(all)) = value(text) else { panic!("{text}") };
        assert_eq!(all[0].label, label);
    }
}

#[test]
fn what_makes_no_sense_is_refused_with_its_reason() {
    for (text, reason) in [
        ("m1 +", "Invalid syntax"),
        ("", "Invalid syntax"),
        ("m1 m2", "Invalid syntax"),
        ("(m1", "Invalid syntax"),
        ("SUM(m1", "Invalid syntax"),
        ("'open", "Invalid syntax"),
        ("m1 % 2", "Invalid syntax"),
        ("m9 + 1", "Undefined variable 'm9'"),
        ("NOSUCH(m1)", "Unsupported function NOSUCH"),
        ("[m1] + [m2]", "Unsupported operand type(s) for +: 'Array[TimeSeries]' and 'Array[TimeSeries]'"),
        ("'a' + 1", "Unsupported operand type(s) for +: 'String' and 'Scalar'"),
        ("RATE(5)", "Unsupported operand type(s) for RATE: 'Scalar'"),
        ("SORT(m1, SUM, ASC)", "Unsupported operand type(s) for SORT: 'TimeSeries'"),
        ("SORT([m1], MEDIAN, ASC)", "SORT takes AVG, MAX, MIN or SUM, and ASC or DESC"),
        ("AVG(m1, m2)", "Incorrect number of arguments for function AVG"),
        ("IF(m1)", "Incorrect number of arguments for function IF"),
        ("LAMBDA('x')", "haar does not serve LAMBDA: it has no data source connectors"),
        ("SLICE([m1], -1)", "SLICE takes no negative number: -1"),
    ] {
        let found = value(text).expect_err(text);
        assert_eq!(found.to_string(), reason, "{text}");
    }
    assert_eq!(parse(&"(".repeat(100_000)), Err(MathError::Syntax));
    assert_eq!(parse(&"-".repeat(100_000)), Err(MathError::Syntax));
}

#[test]
fn gaps_are_filled_no_further_back_than_data_is_kept() {
    let day = 86_400;
    let grid = Grid { from: 0, to: 100 * day, period: 60, now: 100 * day };
    assert_eq!(grid.times(60).count(), 15 * 1440);
    assert_eq!(grid.times(1).count(), 3 * 3600);
    assert_eq!(grid.times(3600).count(), 100 * 24);
}

#[test]
fn the_longest_expression_that_aws_takes_fits_on_the_stack() {
    let text = format!("m1{}", "+1".repeat(1023));
    let Ok(Value::Series(series)) = value(&text) else { panic!("a series") };
    assert_eq!(shown(&series), "1024 1025 1027 1031 1039");
    let text = format!("{}m1{}", "ABS(".repeat(90), ")".repeat(90));
    assert!(value(&text).is_ok());
}

fn expression() -> impl Strategy<Value = Expression> {
    let leaf = prop_oneof![
        (0u32..100_000).prop_map(|number| Expression::Number(f64::from(number) / 8.0)),
        "[a-z][a-z0-9_]{0,5}".prop_map(Expression::Name),
        "[a-z'\"\\\\ =]{0,8}".prop_map(Expression::Text),
    ];
    let operator = prop_oneof![
        Just(Operator::Or),
        Just(Operator::And),
        Just(Operator::Equal),
        Just(Operator::NotEqual),
        Just(Operator::Less),
        Just(Operator::LessOrEqual),
        Just(Operator::Greater),
        Just(Operator::GreaterOrEqual),
        Just(Operator::Add),
        Just(Operator::Subtract),
        Just(Operator::Multiply),
        Just(Operator::Divide),
        Just(Operator::Power),
    ];
    leaf.prop_recursive(4, 32, 3, move |inner| {
        let list = proptest::collection::vec(inner.clone(), 0..3);
        prop_oneof![
            ("[A-Z]{3,6}".prop_filter("a keyword", |name| name != "AND"), list.clone())
                .prop_map(|(name, arguments)| Expression::Call(name, arguments)),
            inner.clone().prop_map(|inner| Expression::Negated(Box::new(inner))),
            (operator.clone(), inner.clone(), inner.clone()).prop_map(|(operator, left, right)| Expression::Binary(
                operator,
                Box::new(left),
                Box::new(right)
            )),
            list.prop_map(Expression::List),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_reads_back(expression in expression()) {
        prop_assert_eq!(parse(&expression.to_string()), Ok(expression));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[-+*/^()\\[\\],.<>=!&|'\"a-cA-C0-9 ]{0,60}") {
        if let Ok(expression) = parse(&text) {
            let _ = evaluate(&expression, &mut Sample);
        }
    }
}
