//! What the operators give for constants: type and value, or the error.

#![allow(clippy::unwrap_used)]

use datafusion::logical_expr::Operator::{self, Divide, Minus, Modulo, Multiply, Plus};

use crate::trino::functions::evaluation::{evaluated, nothing, value};

use super::{negate, plan};

fn computed((of, left): (&str, &str), operator: Operator, (other, right): (&str, &str)) -> String {
    evaluated(plan(operator, value(of, left), value(other, right), &nothing()))
}

#[test]
fn whole_numbers_fail_rather_than_wrap() {
    let max = "9223372036854775807";
    for (left, operator, right, wanted) in [
        (("integer", "1"), Plus, ("integer", "2"), "integer 3"),
        (("tinyint", "1"), Plus, ("bigint", "2"), "bigint 3"),
        (
            ("bigint", max),
            Plus,
            ("bigint", "1"),
            "NUMERIC_VALUE_OUT_OF_RANGE: bigint addition overflow: 9223372036854775807 + 1",
        ),
        (
            ("integer", "-2147483648"),
            Minus,
            ("integer", "1"),
            "NUMERIC_VALUE_OUT_OF_RANGE: integer subtraction overflow: -2147483648 - 1",
        ),
        (
            ("smallint", "300"),
            Multiply,
            ("smallint", "300"),
            "NUMERIC_VALUE_OUT_OF_RANGE: smallint multiplication overflow: 300 * 300",
        ),
        (("integer", "-7"), Divide, ("integer", "2"), "integer -3"),
        (("integer", "-7"), Modulo, ("integer", "2"), "integer -1"),
        (("integer", "7"), Divide, ("integer", "0"), "DIVISION_BY_ZERO: Division by zero"),
        (("bigint", "7"), Modulo, ("bigint", "0"), "DIVISION_BY_ZERO: Division by zero"),
        (("integer", "NULL"), Divide, ("integer", "0"), "integer NULL"),
        (("unknown", "NULL"), Plus, ("integer", "1"), "integer NULL"),
        (("varchar", "a"), Plus, ("integer", "1"), "TYPE_MISMATCH: Cannot apply operator: varchar + integer"),
    ] {
        assert_eq!(computed(left, operator, right), wanted);
    }
}

#[test]
fn floats_are_ieee() {
    assert_eq!(computed(("double", "1"), Divide, ("double", "0")), "double Infinity");
    assert_eq!(computed(("integer", "1"), Plus, ("real", "0.5")), "real 1.5E0");
    assert_eq!(computed(("decimal(2,1)", "1.5"), Multiply, ("double", "2")), "double 3.0E0");
    assert_eq!(computed(("double", "5"), Modulo, ("double", "3")), "double 2.0E0");
}

#[test]
fn decimals_grow_as_trino_says() {
    for (left, operator, right, wanted) in [
        (("decimal(5,2)", "1.25"), Plus, ("decimal(4,3)", "0.125"), "decimal(7,3) 1.375"),
        (("integer", "1"), Minus, ("decimal(15,2)", "0.05"), "decimal(16,2) 0.95"),
        (("decimal(15,2)", "10.50"), Multiply, ("decimal(16,2)", "0.95"), "decimal(31,4) 9.9750"),
        (("decimal(3,1)", "10.0"), Divide, ("decimal(2,1)", "3.0"), "decimal(4,1) 3.3"),
        (("decimal(2,1)", "1.0"), Divide, ("decimal(3,2)", "-0.15"), "decimal(5,2) -6.67"),
        (("decimal(3,1)", "10.5"), Modulo, ("decimal(3,2)", "4.00"), "decimal(3,2) 2.50"),
        (("decimal(2,1)", "1.0"), Divide, ("decimal(2,1)", "0.0"), "DIVISION_BY_ZERO: Division by zero"),
        (
            ("decimal(38,0)", "99999999999999999999999999999999999999"),
            Plus,
            ("decimal(1,0)", "1"),
            "NUMERIC_VALUE_OUT_OF_RANGE: Decimal overflow",
        ),
        (
            ("decimal(38,0)", "10000000000000000000000000000000000000"),
            Multiply,
            ("decimal(2,0)", "10"),
            "NUMERIC_VALUE_OUT_OF_RANGE: Decimal overflow",
        ),
        (
            ("decimal(38,10)", "1234567890123456789012345678.0000000001"),
            Divide,
            ("decimal(38,10)", "3.0000000000"),
            "decimal(38,10) 411522630041152263004115226.0000000000",
        ),
        (("decimal(38,30)", "1.5"), Modulo, ("decimal(38,0)", "1"), "decimal(38,30) 0.500000000000000000000000000000"),
    ] {
        assert_eq!(computed(left, operator, right), wanted);
    }
}

#[test]
fn a_minus_turns_signs() {
    for (of, text, wanted) in [
        ("integer", "1", "integer -1"),
        ("decimal(3,2)", "1.25", "decimal(3,2) -1.25"),
        ("double", "0", "double -0E0"),
        (
            "bigint",
            "-9223372036854775808",
            "NUMERIC_VALUE_OUT_OF_RANGE: bigint negation overflow: -9223372036854775808",
        ),
        ("varchar", "a", "TYPE_MISMATCH: Cannot negate varchar"),
    ] {
        assert_eq!(evaluated(negate(value(of, text), &nothing())), wanted);
    }
}

#[test]
fn dates_and_times_take_and_give_intervals() {
    let month = || {
        super::super::planned::literal(
            datafusion::common::ScalarValue::IntervalYearMonth(Some(1)),
            &crate::types::Type::IntervalYearToMonth,
        )
    };
    let hours = |hours: i64| {
        let of = super::interval::of_milliseconds(hours * 3_600_000);
        super::super::planned::literal(
            datafusion::common::ScalarValue::IntervalMonthDayNano(Some(of)),
            &crate::types::Type::IntervalDayToSecond,
        )
    };
    for (expr, wanted) in [
        (plan(Plus, value("date", "2020-01-31"), month(), &nothing()), "date 2020-02-29"),
        (
            plan(Plus, month(), value("timestamp(3)", "2019-01-31 10:00:00"), &nothing()),
            "timestamp(3) 2019-02-28 10:00:00.000",
        ),
        (plan(Minus, value("date", "2020-01-01"), hours(24), &nothing()), "date 2019-12-31"),
        (
            plan(Plus, value("date", "2020-01-01"), hours(1), &nothing()),
            "INVALID_FUNCTION_ARGUMENT: Cannot add hour, minutes or seconds to a date",
        ),
        (
            plan(Plus, value("timestamp(0)", "2020-01-01 00:00:00"), hours(25), &nothing()),
            "timestamp(3) 2020-01-02 01:00:00.000",
        ),
        (plan(Minus, value("time(3)", "01:00:00"), hours(2), &nothing()), "time(3) 23:00:00.000"),
        (
            plan(Minus, value("date", "2020-03-01"), value("date", "2020-02-01"), &nothing()),
            "interval day to second 29 00:00:00.000",
        ),
        (
            plan(
                Minus,
                value("timestamp(6)", "2020-01-01 00:00:00"),
                value("timestamp(3)", "2020-01-01 00:00:01.5"),
                &nothing(),
            ),
            "interval day to second -0 00:00:01.500",
        ),
        (plan(Multiply, hours(1), value("integer", "36"), &nothing()), "interval day to second 1 12:00:00.000"),
        (plan(Divide, hours(1), value("double", "4"), &nothing()), "interval day to second 0 00:15:00.000"),
        (plan(Plus, month(), month(), &nothing()), "interval year to month 0-2"),
        (
            plan(Plus, month(), hours(1), &nothing()),
            "TYPE_MISMATCH: Cannot apply operator: interval year to month + interval day to second",
        ),
    ] {
        assert_eq!(evaluated(expr), wanted);
    }
}
