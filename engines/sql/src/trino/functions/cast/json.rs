//! JSON as values and values as JSON.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, ListArray, MapArray, StringViewArray, StringViewBuilder, StructArray, new_null_array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use serde_json::{Map, Number, Value};

use crate::error::SqlError;
use crate::types::Type;

use super::nested::fields;
use super::text::{java_double, texts};
use super::{Failures, parse};

/// How much of a document an error shows.
const SHOWN_MAX: usize = 200;

/// Whether values of the type can be names of an object.
pub(super) fn can_be_key(key: &Type) -> bool {
    key.is_numeric() || matches!(key, Type::Boolean | Type::Varchar(_) | Type::Unknown)
}

/// Values as JSON texts.
pub(super) fn from_values(array: &ArrayRef, from: &Type, _: Failures) -> Result<ArrayRef, SqlError> {
    let writer = Writer::new(array, from)?;
    let mut builder = StringViewBuilder::with_capacity(array.len());
    let mut text = String::new();
    for row in 0..array.len() {
        if array.is_null(row) {
            builder.append_null();
            continue;
        }
        text.clear();
        writer.write(row, &mut text);
        builder.append_value(&text);
    }
    Ok(Arc::new(builder.finish()))
}

/// A column on its way to JSON.
enum Writer {
    /// Values that stand as they are: numbers, booleans, JSON.
    Bare(StringViewArray),
    /// Values that stand in quotes.
    Quoted(StringViewArray),
    List(ListArray, Box<Writer>),
    Map(MapArray, StringViewArray, Box<Writer>),
    Row(StructArray, Vec<(String, Writer)>),
    Null,
}

impl Writer {
    fn new(array: &ArrayRef, from: &Type) -> Result<Writer, SqlError> {
        let array = super::laid_out(array, from)?;
        Ok(match from {
            Type::Unknown => Writer::Null,
            Type::Array(element) => {
                let lists = array.as_list::<i32>().clone();
                let elements = Writer::new(lists.values(), element)?;
                Writer::List(lists, Box::new(elements))
            }
            Type::Map(key, value) => {
                let maps = array.as_map().clone();
                let keys = match key.as_ref() {
                    Type::Real | Type::Double => java_doubles(maps.keys())?,
                    key => texts(&super::laid_out(maps.keys(), key)?, key, None)?,
                };
                let values = Writer::new(maps.values(), value)?;
                Writer::Map(maps, keys, Box::new(values))
            }
            Type::Row(fields) => {
                let rows = array.as_struct().clone();
                let mut writers = Vec::with_capacity(fields.len());
                for ((name, field), column) in fields.iter().zip(rows.columns()) {
                    writers.push((name.clone().unwrap_or_default(), Writer::new(column, field)?));
                }
                Writer::Row(rows, writers)
            }
            Type::Real | Type::Double => Writer::Bare(java_doubles(&array)?),
            Type::Json => Writer::Bare(array.as_string_view().clone()),
            from if from.is_numeric() || *from == Type::Boolean => Writer::Bare(texts(&array, from, None)?),
            from => Writer::Quoted(texts(&array, from, None)?),
        })
    }

    fn is_null(&self, row: usize) -> bool {
        match self {
            Writer::Null => true,
            Writer::Bare(texts) | Writer::Quoted(texts) => texts.is_null(row),
            Writer::List(lists, _) => lists.is_null(row),
            Writer::Map(maps, ..) => maps.is_null(row),
            Writer::Row(rows, _) => rows.is_null(row),
        }
    }

    fn write(&self, row: usize, text: &mut String) {
        if self.is_null(row) {
            text.push_str("null");
            return;
        }
        match self {
            Writer::Null => {}
            Writer::Bare(values) => text.push_str(values.value(row)),
            Writer::Quoted(values) => quote(values.value(row), text),
            Writer::List(lists, elements) => {
                let range = lists.value_offsets()[row] as usize..lists.value_offsets()[row + 1] as usize;
                text.push('[');
                for (index, element) in range.enumerate() {
                    separate(index, text);
                    elements.write(element, text);
                }
                text.push(']');
            }
            Writer::Map(maps, keys, values) => {
                let range = maps.value_offsets()[row] as usize..maps.value_offsets()[row + 1] as usize;
                let mut entries: Vec<_> = range.collect();
                entries.sort_by_key(|entry| keys.value(*entry));
                text.push('{');
                for (index, entry) in entries.into_iter().enumerate() {
                    separate(index, text);
                    quote(keys.value(entry), text);
                    text.push(':');
                    values.write(entry, text);
                }
                text.push('}');
            }
            Writer::Row(_, fields) => {
                text.push('{');
                for (index, (name, field)) in fields.iter().enumerate() {
                    separate(index, text);
                    quote(name, text);
                    text.push(':');
                    field.write(row, text);
                }
                text.push('}');
            }
        }
    }
}

fn separate(index: usize, text: &mut String) {
    if index > 0 {
        text.push(',');
    }
}

fn quote(content: &str, text: &mut String) {
    text.push_str(&Value::from(content).to_string());
}

/// Floats as Java prints them; JSON has no other numbers, so those that are none stand in quotes.
fn java_doubles(array: &ArrayRef) -> Result<StringViewArray, SqlError> {
    let show = |value: f64, shortest: String| {
        let shown = if shortest.is_empty() { java_double(value) } else { shortest };
        if value.is_finite() { shown } else { format!("\"{shown}\"") }
    };
    Ok(match array.data_type() {
        DataType::Float32 => {
            let values = array.as_primitive::<Float32Type>();
            // A float's own digits, not those of the double next to it.
            let double = |value: f32| value.to_string().parse().unwrap_or(f64::from(value));
            values.iter().map(|value| value.map(|value| show(double(value), String::new()))).collect()
        }
        _ => array
            .as_primitive::<Float64Type>()
            .iter()
            .map(|value| value.map(|value| show(value, String::new())))
            .collect(),
    })
}

/// JSON texts as values of that type.
pub(super) fn to_values(array: &ArrayRef, to: &Type, failures: Failures) -> Result<ArrayRef, SqlError> {
    let texts = array.as_string_view();
    let mut documents = Vec::with_capacity(texts.len());
    for text in texts {
        let document = text.map(|text| {
            let parsed = serde_json::from_str::<Value>(text);
            parsed.map_err(|_| SqlError::invalid_cast(format!("Cannot cast '{}' to {to}", shown(text))))
        });
        documents.push(document.map(|document| failures.settle(document)).transpose()?.flatten());
    }
    let documents: Vec<_> = documents.iter().map(Option::as_ref).collect();
    build(&documents, to, to, failures)
}

/// A column of that type from documents; `whole` is the type that the cast names in its errors.
fn build(documents: &[Option<&Value>], to: &Type, whole: &Type, failures: Failures) -> Result<ArrayRef, SqlError> {
    // JSON's null is SQL's, except where a document is wanted.
    let documents: Vec<_> = match to {
        Type::Json => documents.to_vec(),
        _ => documents.iter().map(|document| document.filter(|value| !value.is_null())).collect(),
    };
    match to {
        Type::Json => {
            let texts: StringViewArray = documents.iter().map(|value| value.map(Value::to_string)).collect();
            Ok(Arc::new(texts))
        }
        Type::Array(element) => build_arrays(&documents, to, element, whole),
        Type::Map(key, value) => build_maps(&documents, to, (key, value), whole),
        Type::Row(row) => build_rows(&documents, to, row, whole),
        Type::Unknown => Ok(new_null_array(&DataType::Null, documents.len())),
        scalar => build_scalars(&documents, scalar, failures),
    }
}

fn expected(whole: &Type, what: &str, found: &Value) -> SqlError {
    let message = format!("Cannot cast to {whole}. Expected a json {what}, but got {}", shown(&found.to_string()));
    SqlError::invalid_cast(message)
}

fn build_arrays(documents: &[Option<&Value>], to: &Type, element: &Type, whole: &Type) -> Result<ArrayRef, SqlError> {
    let DataType::List(field) = to.layout() else { return Err(SqlError::internal("no array")) };
    let (mut elements, mut lengths, mut valid) = (Vec::new(), Vec::new(), Vec::new());
    for document in documents {
        valid.push(document.is_some());
        lengths.push(match document {
            Some(Value::Array(values)) => {
                elements.extend(values.iter().map(Some));
                values.len()
            }
            Some(other) => return Err(expected(whole, "array", other)),
            None => 0,
        });
    }
    let values = build(&elements, element, whole, Failures::Raise)?;
    let (offsets, nulls) = (OffsetBuffer::from_lengths(lengths), NullBuffer::from(valid));
    Ok(Arc::new(ListArray::try_new(field, offsets, values, Some(nulls))?))
}

fn build_maps(
    documents: &[Option<&Value>],
    to: &Type,
    (key, value): (&Type, &Type),
    whole: &Type,
) -> Result<ArrayRef, SqlError> {
    let DataType::Map(field, sorted) = to.layout() else { return Err(SqlError::internal("no map")) };
    let (mut names, mut values, mut lengths, mut valid) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for document in documents {
        valid.push(document.is_some());
        lengths.push(match document {
            Some(Value::Object(object)) => {
                names.extend(object.keys().map(|name| Value::from(name.as_str())));
                values.extend(object.values().map(Some));
                object.len()
            }
            Some(other) => return Err(expected(whole, "object", other)),
            None => 0,
        });
    }
    let names: Vec<_> = names.iter().map(Some).collect();
    let keys = build(&names, key, whole, Failures::Raise)?;
    let values = build(&values, value, whole, Failures::Raise)?;
    let entries = StructArray::try_new(fields(&field)?, vec![keys, values], None)?;
    let (offsets, nulls) = (OffsetBuffer::from_lengths(lengths), NullBuffer::from(valid));
    Ok(Arc::new(MapArray::try_new(field, offsets, entries, Some(nulls), sorted)?))
}

/// Rows from objects, whose names count, or from arrays, whose places count.
fn build_rows(
    documents: &[Option<&Value>],
    to: &Type,
    row: &[(Option<String>, Type)],
    whole: &Type,
) -> Result<ArrayRef, SqlError> {
    let DataType::Struct(fields) = to.layout() else { return Err(SqlError::internal("no row")) };
    for document in documents.iter().flatten() {
        match document {
            Value::Object(_) => {}
            Value::Array(values) if values.len() == row.len() => {}
            other => return Err(expected(whole, "array or object", other)),
        }
    }
    let mut columns = Vec::with_capacity(row.len());
    for (index, (name, field)) in row.iter().enumerate() {
        let column: Vec<_> = documents
            .iter()
            .map(|document| match document {
                Some(Value::Object(object)) => member(object, name.as_deref().unwrap_or_default()),
                Some(Value::Array(values)) => values.get(index),
                _ => None,
            })
            .collect();
        columns.push(build(&column, field, whole, Failures::Raise)?);
    }
    let nulls = NullBuffer::from_iter(documents.iter().map(Option::is_some));
    Ok(Arc::new(StructArray::try_new_with_length(fields, columns, Some(nulls), documents.len())?))
}

/// The member of that name, whatever the case if none has it exactly: names of SQL have no case.
fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| {
        let found = object.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    })
}

/// Booleans, numbers and strings as a scalar type: as their text would be.
fn build_scalars(documents: &[Option<&Value>], to: &Type, failures: Failures) -> Result<ArrayRef, SqlError> {
    let mut texts = StringViewBuilder::with_capacity(documents.len());
    for document in documents {
        let text = document.map(|value| failures.settle(scalar_text(value, to))).transpose()?.flatten();
        texts.append_option(text);
    }
    let texts: ArrayRef = Arc::new(texts.finish());
    match to {
        Type::Varchar(None) => Ok(texts),
        Type::Varchar(_) => super::text::cast(&texts, &Type::VARCHAR, to, None, failures),
        _ => {
            let refuse = |error: SqlError| match error.name {
                crate::error::INVALID_CAST_ARGUMENT => renamed(&texts, to).unwrap_or(error),
                _ => error,
            };
            parse::cast(&texts, to, failures).map_err(refuse)
        }
    }
}

/// The text from which a scalar is read.
fn scalar_text(value: &Value, to: &Type) -> Result<String, SqlError> {
    let refused = || SqlError::invalid_cast(format!("Cannot cast '{}' to {to}", shown(&value.to_string())));
    let is_text = matches!(to, Type::Varchar(_));
    Ok(match value {
        Value::String(text) => text.clone(),
        Value::Bool(value) if is_text || *to == Type::Boolean => value.to_string(),
        Value::Bool(value) => i32::from(*value).to_string(),
        Value::Number(number) if *to == Type::Boolean => (number.as_f64() != Some(0.0)).to_string(),
        Value::Number(number) => number_text(number, to).ok_or_else(refused)?,
        Value::Null | Value::Array(_) | Value::Object(_) => return Err(refused()),
    })
}

/// A number in the form that the wanted type is read from.
fn number_text(number: &Number, to: &Type) -> Option<String> {
    if !number.is_f64() {
        return Some(number.to_string());
    }
    let value = number.as_f64()?;
    if to.is_integral() {
        // A fraction is rounded, as in a cast from double.
        let rounded = value.round();
        return (rounded.abs() < 9.3e18).then(|| format!("{rounded:.0}"));
    }
    Some(match to {
        Type::Varchar(_) => java_double(value),
        _ => value.to_string(),
    })
}

/// The error for the first text that is no such scalar, in the words of casts from JSON.
fn renamed(texts: &ArrayRef, to: &Type) -> Option<SqlError> {
    let found = texts.as_string_view().iter().flatten().find(|text| {
        let one: ArrayRef = Arc::new(StringViewArray::from(vec![*text]));
        parse::cast(&one, to, Failures::Raise).is_err()
    })?;
    let name = match to {
        Type::Decimal(precision, scale) => format!("DECIMAL({precision},{scale})"),
        other => other.to_string(),
    };
    Some(SqlError::invalid_cast(format!("Cannot cast '{}' to {name}", shown(found))))
}

/// As much of a document as an error shows.
fn shown(document: &str) -> &str {
    match document.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => &document[..end],
        None => document,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn what_is_read_from_a_number_is_what_it_says() {
        let number = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(scalar_text(&number("1.5"), &Type::Bigint).unwrap(), "2");
        assert_eq!(scalar_text(&number("1e10"), &Type::VARCHAR).unwrap(), "1.0E10");
        assert_eq!(scalar_text(&number("true"), &Type::Bigint).unwrap(), "1");
    }
}
