//! What comparisons give for constants: type and value, or the error.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::common::DFSchema;
use datafusion::logical_expr::col;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::optimizer::simplify_expressions::ExprSimplifier;

use super::*;
use crate::trino::functions::evaluation::{evaluated, nothing, value};

fn compared((of, left): (&str, &str), operator: Operator, (other, right): (&str, &str)) -> String {
    evaluated(plan(operator, value(of, left), value(other, right), &nothing()))
}

#[test]
fn values_meet_in_their_common_type() {
    for (left, operator, right, wanted) in [
        (("integer", "1"), Operator::Eq, ("bigint", "1"), "boolean true"),
        (("integer", "1"), Operator::Lt, ("decimal(3,1)", "1.5"), "boolean true"),
        (("varchar(1)", "a"), Operator::Eq, ("char(3)", "a"), "boolean true"),
        (("date", "2020-01-01"), Operator::Eq, ("timestamp(3)", "2020-01-01 00:00:00"), "boolean true"),
        (("integer", "NULL"), Operator::Eq, ("integer", "1"), "boolean NULL"),
        (("integer", "NULL"), Operator::IsDistinctFrom, ("integer", "1"), "boolean true"),
        (
            ("integer", "1"),
            Operator::Eq,
            ("varchar(3)", "abc"),
            "TYPE_MISMATCH: Cannot apply operator: integer = varchar(3)",
        ),
        (("json", "1"), Operator::Lt, ("json", "2"), "TYPE_MISMATCH: Cannot apply operator: json < json"),
    ] {
        assert_eq!(compared(left, operator, right), wanted);
    }
}

#[test]
fn a_null_inside_leaves_it_open_unless_something_else_differs() {
    let array = |text| ("array(integer)", text);
    for (left, operator, right, wanted) in [
        (array("[1,2]"), Operator::Eq, array("[1,2]"), "boolean true"),
        (array("[1,null]"), Operator::Eq, array("[1,null]"), "boolean NULL"),
        (array("[1,null]"), Operator::NotEq, array("[2,null]"), "boolean true"),
        (array("[1,null]"), Operator::IsNotDistinctFrom, array("[1,null]"), "boolean true"),
        (array("[1,2]"), Operator::Lt, array("[1,3]"), "boolean true"),
        (array("[1]"), Operator::GtEq, array("[1,0]"), "boolean false"),
        (
            ("row(a integer, b varchar)", "[1,\"x\"]"),
            Operator::Eq,
            ("row(integer, varchar)", "[1,\"x\"]"),
            "boolean true",
        ),
        (
            ("map(varchar, integer)", "{\"a\":1,\"b\":2}"),
            Operator::Eq,
            ("map(varchar, integer)", "{\"b\":2,\"a\":1}"),
            "boolean true",
        ),
        (
            ("map(varchar, integer)", "{\"a\":1}"),
            Operator::IsDistinctFrom,
            ("map(varchar, integer)", "{\"a\":2}"),
            "boolean true",
        ),
    ] {
        assert_eq!(compared(left, operator, right), wanted);
    }
}

#[test]
fn floats_compare_as_ieee_says() {
    let double = |text| ("double", text);
    for (left, operator, right, wanted) in [
        (double("NaN"), Operator::Eq, double("NaN"), "boolean false"),
        (double("NaN"), Operator::NotEq, double("NaN"), "boolean true"),
        (double("NaN"), Operator::Gt, double("1"), "boolean false"),
        (double("1"), Operator::GtEq, double("NaN"), "boolean false"),
        (double("0"), Operator::Eq, double("-0"), "boolean true"),
        (("real", "1.5"), Operator::Lt, ("real", "NULL"), "boolean NULL"),
        (double("NaN"), Operator::IsDistinctFrom, double("NaN"), "boolean false"),
    ] {
        assert_eq!(compared(left, operator, right), wanted);
    }
}

#[test]
fn a_column_beside_a_constant_is_left_as_parquet_statistics_know_it() {
    let fields = [("id", "bigint"), ("price", "decimal(15,2)"), ("at", "timestamp(3)"), ("score", "double")];
    let fields: Vec<_> = fields.iter().map(|(name, of)| Type::parse(of).unwrap().field(*name, true)).collect();
    let schema = Arc::new(DFSchema::try_from(Schema::new(fields)).unwrap());
    let context = SimplifyContext::builder().with_schema(schema.clone()).build();
    for (column, other, wanted) in [
        ("id", value("integer", "1"), "id > Int64(1)"),
        ("price", value("integer", "7"), "price > Decimal128(7.00,15,2)"),
        ("at", value("date", "1970-01-02"), "at > TimestampMillisecond(86400000, None)"),
        ("score", value("integer", "2"), "score > Float64(2) AND score <= Float64(inf)"),
        ("score", value("decimal(2,1)", "1.5"), "score > Float64(1.5) AND score <= Float64(inf)"),
    ] {
        let planned = plan(Operator::Gt, col(column), other, schema.as_ref()).unwrap();
        let simplified = ExprSimplifier::new(context.clone()).simplify(planned).unwrap();
        assert_eq!(simplified.to_string(), wanted);
    }
}
