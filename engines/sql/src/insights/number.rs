//! Functions over columns: made from plain functions over values. And values as results show them.

use std::fmt::Write;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, StringViewArray};
use arrow::datatypes::{DataType, Float64Type, TimestampMillisecondType};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};
use haar_kernel::Timestamp;

use super::value::Kind;

/// A function over whole columns.
pub(super) fn over_columns(
    name: &str,
    inputs: &[Kind],
    output: DataType,
    work: impl Fn(&[ArrayRef]) -> Result<ArrayRef> + Send + Sync + 'static,
) -> ScalarUDF {
    let inputs = inputs.iter().map(|kind| kind.data_type()).collect();
    create_udf(
        name,
        inputs,
        output,
        Volatility::Immutable,
        Arc::new(move |values: &[ColumnarValue]| {
            work(&ColumnarValue::values_to_arrays(values)?).map(ColumnarValue::Array)
        }),
    )
}

/// From texts to a text; null where one is.
pub(super) fn text(
    name: &str,
    count: usize,
    work: impl Fn(&[&str]) -> Option<String> + Send + Sync + 'static,
) -> ScalarUDF {
    over_columns(name, &vec![Kind::Text; count], DataType::Utf8View, move |columns| {
        Ok(Arc::new(rows(columns).map(|row| work(&row?)).collect::<StringViewArray>()))
    })
}

/// From texts to a number.
pub(super) fn count(
    name: &str,
    count: usize,
    work: impl Fn(&[&str]) -> Option<f64> + Send + Sync + 'static,
) -> ScalarUDF {
    over_columns(name, &vec![Kind::Text; count], DataType::Float64, move |columns| {
        Ok(Arc::new(rows(columns).map(|row| work(&row?)).collect::<Float64Array>()))
    })
}

/// From texts to a truth.
pub(super) fn truth(name: &str, count: usize, work: impl Fn(&[&str]) -> bool + Send + Sync + 'static) -> ScalarUDF {
    over_columns(name, &vec![Kind::Text; count], DataType::Boolean, move |columns| {
        Ok(Arc::new(rows(columns).map(|row| row.map(|row| work(&row))).collect::<BooleanArray>()))
    })
}

fn rows(columns: &[ArrayRef]) -> impl Iterator<Item = Option<Vec<&str>>> {
    let texts: Vec<&StringViewArray> = columns.iter().map(|column| column.as_string_view()).collect();
    let count = columns.first().map_or(0, |column| column.len());
    (0..count).map(move |row| texts.iter().map(|text| text.is_valid(row).then(|| text.value(row))).collect())
}

/// Values of another kind as results show them.
pub(super) fn to_text(kind: Kind) -> ScalarUDF {
    over_columns("insights_text", &[kind], DataType::Utf8View, move |columns| {
        let column = &columns[0];
        Ok(Arc::new((0..column.len()).map(|row| shown(column, kind, row)).collect::<StringViewArray>()))
    })
}

/// A value as results show it; nothing for null.
pub(super) fn shown(column: &ArrayRef, kind: Kind, row: usize) -> Option<String> {
    if column.is_null(row) {
        return None;
    }
    Some(match kind {
        Kind::Text => column.as_string_view().value(row).to_owned(),
        Kind::Number => number(column.as_primitive::<Float64Type>().value(row)),
        Kind::Time => time(column.as_primitive::<TimestampMillisecondType>().value(row)),
        Kind::Truth => if column.as_boolean().value(row) { "1" } else { "0" }.to_owned(),
    })
}

/// `30`, `66.6667`: at most four digits of fraction, as CloudWatch shows them.
pub(super) fn number(number: f64) -> String {
    const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() <= WHOLE_MAX {
        return format!("{number:.0}");
    }
    let mut text = String::new();
    let _infallible = write!(text, "{number:.4}");
    if text.contains('.') {
        text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    }
    text
}

/// `2019-04-04 01:02:03.456`, in UTC.
pub(super) fn time(millis: i64) -> String {
    Timestamp::from_millis(millis).format("%Y-%m-%d %H:%M:%S.%3f")
}
