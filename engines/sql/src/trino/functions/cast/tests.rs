//! What casts give for constants: type and value, or the error.

#![allow(clippy::unwrap_used)]

use crate::trino::functions::evaluation::{evaluated, nothing, value};
use crate::types::Type;

use super::{Failures, plan};

fn cast(from: &str, text: &str, to: &str) -> String {
    evaluated(plan(value(from, text), &Type::parse(to).unwrap(), Failures::Raise, &nothing()))
}

fn tried(from: &str, text: &str, to: &str) -> String {
    evaluated(plan(value(from, text), &Type::parse(to).unwrap(), Failures::Null, &nothing()))
}

#[test]
fn text_becomes_what_it_says() {
    for (text, to, wanted) in [
        (" 12 ", "integer", "integer 12"),
        ("abc", "integer", "INVALID_CAST_ARGUMENT: Cannot cast 'abc' to INT"),
        ("128", "tinyint", "INVALID_CAST_ARGUMENT: Cannot cast '128' to TINYINT"),
        ("1.5e3", "double", "double 1.5E3"),
        ("-Infinity", "double", "double -Infinity"),
        ("inf", "double", "INVALID_CAST_ARGUMENT: Cannot cast 'inf' to DOUBLE"),
        ("T", "boolean", "boolean true"),
        ("yes", "boolean", "INVALID_CAST_ARGUMENT: Cannot cast 'yes' to BOOLEAN"),
        ("12.345", "decimal(4,2)", "decimal(4,2) 12.35"),
        ("123", "decimal(2,0)", "INVALID_CAST_ARGUMENT: Cannot cast VARCHAR '123' to DECIMAL(2, 0). Value too large."),
        (
            "x",
            "decimal(2,0)",
            "INVALID_CAST_ARGUMENT: Cannot cast VARCHAR 'x' to DECIMAL(2, 0). Value is not a number.",
        ),
        ("2020-2-29", "date", "date 2020-02-29"),
        ("2020-02-30", "date", "INVALID_CAST_ARGUMENT: Value cannot be cast to date: 2020-02-30"),
        ("2020-01-01 1:02", "timestamp(3)", "timestamp(3) 2020-01-01 01:02:00.000"),
        (
            "2020-01-01 00:00:00 America/New_York",
            "timestamp(3) with time zone",
            "timestamp(3) with time zone 2020-01-01 00:00:00.000 America/New_York",
        ),
        ("12:34:56.7", "time(0)", "time(0) 12:34:57"),
        ("12:34:56+02:00", "time(3) with time zone", "time(3) with time zone 12:34:56.000+02:00"),
        ("12151fd2-7586-11e9-8f9e-2a86e4085a59", "uuid", "uuid 12151fd2-7586-11e9-8f9e-2a86e4085a59"),
        ("10.0.0.1", "ipaddress", "ipaddress 10.0.0.1"),
        ("2001:db8:0:0:1::1", "ipaddress", "ipaddress 2001:db8::1:0:0:1"),
        ("a\"b", "json", "json \"a\\\"b\""),
        ("abc", "varchar(2)", "varchar(2) ab"),
        ("abc", "char(5)", "char(5) abc  "),
    ] {
        assert_eq!(cast("varchar", text, to), wanted);
    }
}

#[test]
fn values_become_text() {
    for (from, text, to, wanted) in [
        ("double", "1e10", "varchar", "varchar 1.0E10"),
        ("boolean", "t", "varchar(4)", "varchar(4) true"),
        ("integer", "123", "varchar(2)", "INVALID_CAST_ARGUMENT: Value 123 cannot be represented as varchar(2)"),
        ("decimal(4,2)", "1.5", "varchar", "varchar 1.50"),
        ("timestamp(3)", "2020-01-01", "varchar", "varchar 2020-01-01 00:00:00.000"),
        ("date", "2020-01-01", "char(12)", "char(12) 2020-01-01  "),
        ("char(3)", "a", "varchar", "varchar a  "),
    ] {
        assert_eq!(cast(from, text, to), wanted);
    }
}

#[test]
fn numbers_are_rounded_and_refused_when_too_large() {
    for (from, text, to, wanted) in [
        ("bigint", "2147483648", "integer", "NUMERIC_VALUE_OUT_OF_RANGE: Out of range for integer: 2147483648"),
        ("double", "2.5", "integer", "integer 3"),
        ("double", "-2.5", "bigint", "bigint -3"),
        ("double", "1e10", "integer", "NUMERIC_VALUE_OUT_OF_RANGE: Out of range for integer: 1.0E10"),
        ("double", "1e19", "bigint", "INVALID_CAST_ARGUMENT: Unable to cast 1.0E19 to bigint"),
        ("double", "NaN", "integer", "INVALID_CAST_ARGUMENT: Cannot cast double NaN to integer"),
        ("double", "1.005", "decimal(3,2)", "decimal(3,2) 1.01"),
        ("double", "100", "decimal(3,1)", "INVALID_CAST_ARGUMENT: Cannot cast DOUBLE '100.0' to DECIMAL(3, 1)"),
        ("decimal(4,2)", "99.50", "integer", "integer 100"),
        (
            "decimal(4,2)",
            "99.95",
            "decimal(3,1)",
            "INVALID_CAST_ARGUMENT: Cannot cast DECIMAL '99.95' to DECIMAL(3, 1)",
        ),
        ("decimal(4,2)", "9.95", "decimal(3,1)", "decimal(3,1) 10.0"),
        ("decimal(4,2)", "0.10", "double", "double 1.0E-1"),
        ("bigint", "100", "decimal(4,2)", "INVALID_CAST_ARGUMENT: Cannot cast BIGINT '100' to DECIMAL(4, 2)"),
        ("boolean", "true", "decimal(3,1)", "decimal(3,1) 1.0"),
        ("double", "0.5", "boolean", "boolean true"),
        ("integer", "1", "date", "TYPE_MISMATCH: Cannot cast integer to date"),
    ] {
        assert_eq!(cast(from, text, to), wanted);
    }
}

#[test]
fn dates_and_times_become_each_other() {
    for (from, text, to, wanted) in [
        ("date", "2020-01-01", "timestamp(3)", "timestamp(3) 2020-01-01 00:00:00.000"),
        ("timestamp(3)", "1969-12-31 23:59:59.999", "date", "date 1969-12-31"),
        ("timestamp(3)", "2020-01-01 12:34:56.500", "timestamp(0)", "timestamp(0) 2020-01-01 12:34:57"),
        ("timestamp(3)", "2020-01-01 12:34:56.500", "time(3)", "time(3) 12:34:56.500"),
        (
            "timestamp(3)",
            "2020-01-01 00:00:00",
            "timestamp(3) with time zone",
            "timestamp(3) with time zone 2020-01-01 00:00:00.000 UTC",
        ),
        (
            "timestamp(3) with time zone",
            "2020-01-01 00:00:00 +02:00",
            "timestamp(3)",
            "timestamp(3) 2020-01-01 00:00:00.000",
        ),
        ("time(3)", "12:00:00", "time(3) with time zone", "time(3) with time zone 12:00:00.000+00:00"),
    ] {
        assert_eq!(cast(from, text, to), wanted);
    }
}

#[test]
fn json_becomes_values_and_back() {
    for (from, text, to, wanted) in [
        ("json", "\"a\"", "varchar", "varchar a"),
        ("json", "1.5", "varchar", "varchar 1.5"),
        ("json", "null", "varchar", "varchar NULL"),
        ("json", "12", "bigint", "bigint 12"),
        ("json", "\"12\"", "integer", "integer 12"),
        ("json", "[1]", "bigint", "INVALID_CAST_ARGUMENT: Cannot cast '[1]' to bigint"),
        ("json", "\"x\"", "bigint", "INVALID_CAST_ARGUMENT: Cannot cast 'x' to bigint"),
        ("json", "true", "boolean", "boolean true"),
        ("json", "[1,null,3]", "array(integer)", "array(integer) [1,null,3]"),
        ("json", "{\"b\":1,\"a\":2}", "map(varchar, double)", "map(varchar, double) {\"a\":2.0,\"b\":1.0}"),
        (
            "json",
            "{\"X\":1,\"y\":[true]}",
            "row(x bigint, y array(boolean))",
            "row(x bigint, y array(boolean)) {\"x\":1,\"y\":[true]}",
        ),
        ("json", "[1,\"a\"]", "row(x bigint, y varchar)", "row(x bigint, y varchar) {\"x\":1,\"y\":\"a\"}"),
        (
            "json",
            "1",
            "array(integer)",
            "INVALID_CAST_ARGUMENT: Cannot cast to array(integer). Expected a json array, but got 1",
        ),
        ("array(integer)", "[1,null]", "json", "json [1,null]"),
        ("array(integer)", "[1,2]", "array(varchar)", "array(varchar) [\"1\",\"2\"]"),
        (
            "row(a integer, b varchar)",
            "[1,\"x\"]",
            "row(c double, d varchar)",
            "row(c double, d varchar) {\"c\":1.0,\"d\":\"x\"}",
        ),
        ("date", "2020-01-01", "json", "json \"2020-01-01\""),
    ] {
        assert_eq!(cast(from, text, to), wanted);
    }
}

#[test]
fn try_cast_is_null_where_a_cast_fails() {
    assert_eq!(tried("varchar", "abc", "integer"), "integer NULL");
    assert_eq!(tried("varchar", "12", "integer"), "integer 12");
    assert_eq!(tried("bigint", "300", "tinyint"), "tinyint NULL");
    assert_eq!(tried("integer", "123", "varchar(2)"), "varchar(2) NULL");
    assert_eq!(tried("array(varchar)", "[\"1\",\"x\"]", "array(integer)"), "array(integer) NULL");
    assert_eq!(tried("json", "[1,\"x\"]", "array(integer)"), "array(integer) NULL");
    assert_eq!(tried("date", "2020-01-01", "integer"), "TYPE_MISMATCH: Cannot cast date to integer");
}
