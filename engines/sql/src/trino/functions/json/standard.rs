//! The functions of the SQL standard: `json_exists`, `json_query`, `json_value`, `json_array`, `json_object`.
//!
//! The parser writes their syntax as calls of these names, with all clauses spelled out:
//!
//! ```text
//! $json_exists(input, path, on_error, name, value, …)                                          -> boolean
//!     on_error              'TRUE' 'FALSE' 'UNKNOWN' 'ERROR'
//! $json_query(input, path, wrapper, quotes, on_empty, on_error, name, value, …)                -> varchar
//!     wrapper               'WITHOUT' 'WITH CONDITIONAL' 'WITH UNCONDITIONAL'
//!     quotes                'KEEP' 'OMIT'
//!     on_empty, on_error    'ERROR' 'NULL' 'EMPTY ARRAY' 'EMPTY OBJECT'
//! $json_value(input, path, on_empty, empty_default, on_error, error_default, name, value, …)   -> T
//!     on_empty, on_error    'ERROR' 'NULL' 'DEFAULT'
//!     empty_default, error_default    of the type that RETURNING says, null without DEFAULT
//! $json_object(absent_on_null, unique_keys, key, value, …)                                     -> varchar
//! $json_array(absent_on_null, value, …)                                                        -> varchar
//! ```
//!
//! `input` is varchar, json or UTF-8 as varbinary. Names and values are PASSING's; values are json.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Decimal128Array, Float64Array, Int64Array, StringViewArray,
    StringViewBuilder,
};
use arrow::compute::interleave;

use crate::error::SqlError;
use crate::types::Type;

use super::super::call::{Call, Values};
use super::super::cast::{Failures, cast, castable};
use super::super::scalar::{Function, Overload, adapt, function, overload};
use super::evaluate::evaluate;
use super::item::{Item, decimal_text};
use super::standard_path::StandardPath;
use super::text;
use super::value::Value;

const JSON_INPUT_CONVERSION_ERROR: &str = "JSON_INPUT_CONVERSION_ERROR";
const JSON_OUTPUT_CONVERSION_ERROR: &str = "JSON_OUTPUT_CONVERSION_ERROR";
const JSON_VALUE_RESULT_ERROR: &str = "JSON_VALUE_RESULT_ERROR";

/// Parameters of one path, at most.
const PARAMETERS_MAX: usize = 16;
/// Members of one object, at most.
const MEMBERS_MAX: usize = 64;

pub(super) fn functions() -> Vec<Function> {
    let object = (0..=MEMBERS_MAX).map(|members| {
        let signature = format!("(boolean, boolean{}) -> varchar", ", varchar, json".repeat(members));
        overload(&signature, object).handles_null()
    });
    vec![
        function("$json_array", [overload("(boolean, json...) -> varchar", array).handles_null()]),
        function("$json_exists", on_inputs("varchar", "boolean", exists)),
        function("$json_object", object),
        function("$json_query", on_inputs("varchar, varchar, varchar, varchar", "varchar", query)),
        function("$json_value", on_inputs("varchar, T, varchar, T", "T", value)),
    ]
}

/// The overloads of a function over a path: for each kind of input and number of parameters.
fn on_inputs(clauses: &str, result: &str, kernel: super::super::call::Kernel) -> Vec<Overload> {
    let mut overloads = Vec::new();
    for input in ["varchar", "json", "varbinary"] {
        for parameters in 0..=PARAMETERS_MAX {
            let passing = ", varchar, json".repeat(parameters);
            let signature = format!("({input}, varchar, {clauses}{passing}) -> {result}");
            overloads.push(overload(&signature, kernel).handles_null());
        }
    }
    overloads
}

/// JSON as text or as the bytes of text.
enum Inputs<'a> {
    Texts(Values<'a, StringViewArray>),
    Bytes(Values<'a, BinaryArray>),
}

impl<'a> Inputs<'a> {
    fn read(call: &'a Call) -> Result<Inputs<'a>, SqlError> {
        Ok(match call.types.first() {
            Some(Type::Varbinary) => Inputs::Bytes(call.binaries(0)?),
            _ => Inputs::Texts(call.strings(0)?),
        })
    }

    fn get(&self, row: usize) -> Option<Cow<'a, str>> {
        match self {
            Inputs::Texts(texts) => texts.get(row).map(Cow::Borrowed),
            Inputs::Bytes(bytes) => bytes.get(row).map(String::from_utf8_lossy),
        }
    }
}

/// What a path is evaluated with, over the rows of a batch.
struct Question<'a> {
    /// The function's name, for errors.
    function: &'static str,
    inputs: Inputs<'a>,
    path: StandardPath,
    parameters: Vec<(&'a str, Values<'a, StringViewArray>)>,
}

/// What became of one row.
enum Answer<T> {
    /// The input is SQL's null.
    Null,
    Found(T),
    Failed(SqlError),
}

impl<'a> Question<'a> {
    /// Reads the path, and the parameters that begin at the argument of that index.
    fn read(call: &'a Call, function: &'static str, passing: usize) -> Result<Question<'a>, SqlError> {
        let path = StandardPath::parse(constant(call, 1)?)?;
        let mut parameters = Vec::new();
        for index in (passing..call.arity()).step_by(2) {
            parameters.push((constant(call, index)?, call.strings(index + 1)?));
        }
        Ok(Question { function, inputs: Inputs::read(call)?, path, parameters })
    }

    /// Evaluates the path over the input of a row and hands its items to `read`.
    fn ask<T>(&self, row: usize, read: impl FnOnce(&[Item]) -> Result<T, SqlError>) -> Answer<T> {
        let Some(input) = self.inputs.get(row) else { return Answer::Null };
        let answer = self.items(row).and_then(|parameters| {
            let input = Value::parse(&input).map_err(|_| self.malformed("input argument"))?;
            read(&evaluate(&self.path, &input, &parameters)?)
        });
        match answer {
            Ok(found) => Answer::Found(found),
            Err(error) => Answer::Failed(error),
        }
    }

    fn malformed(&self, what: &str) -> SqlError {
        let message = format!("conversion to JSON failed: malformed {what} to {} function", self.function);
        SqlError::new(JSON_INPUT_CONVERSION_ERROR, message)
    }

    /// The parameters of one row; SQL's null is JSON's null.
    fn items(&self, row: usize) -> Result<Vec<(String, Item<'static>)>, SqlError> {
        let item = |(name, values): &(&str, Values<'_, StringViewArray>)| {
            let value = match values.get(row) {
                Some(text) => Value::parse(text).map_err(|_| self.malformed("JSON path parameter"))?,
                None => Value::Null,
            };
            Ok(((*name).to_owned(), Item::owned(value)))
        };
        self.parameters.iter().map(item).collect()
    }
}

/// An argument that the parser writes as a literal.
fn constant<'a>(call: &'a Call, index: usize) -> Result<&'a str, SqlError> {
    call.constant_string(index).ok_or_else(|| SqlError::internal("a JSON function without its literal"))
}

fn exists(call: &Call) -> Result<ArrayRef, SqlError> {
    let question = Question::read(call, "JSON_EXISTS", 3)?;
    let on_error = constant(call, 2)?;
    call.to_booleans(|row| match question.ask(row, |items| Ok(!items.is_empty())) {
        Answer::Null => Ok(None),
        Answer::Found(found) => Ok(Some(found)),
        Answer::Failed(error) => match on_error {
            "TRUE" => Ok(Some(true)),
            "FALSE" => Ok(Some(false)),
            "UNKNOWN" => Ok(None),
            _ => Err(error),
        },
    })
}

fn query(call: &Call) -> Result<ArrayRef, SqlError> {
    let question = Question::read(call, "JSON_QUERY", 6)?;
    let (wrapper, quotes) = (constant(call, 2)?, constant(call, 3)?);
    let (on_empty, on_error) = (constant(call, 4)?, constant(call, 5)?);
    let otherwise = |clause: &str, error: SqlError| match clause {
        "NULL" => Ok(None),
        "EMPTY ARRAY" => Ok(Some("[]".to_owned())),
        "EMPTY OBJECT" => Ok(Some("{}".to_owned())),
        _ => Err(error),
    };
    let failed =
        |what: &str| SqlError::new(JSON_OUTPUT_CONVERSION_ERROR, format!("conversion from JSON failed: {what}"));
    call.to_strings(|row| {
        let answer = question.ask(row, |items| {
            if items.is_empty() {
                return Ok(None);
            }
            let nested = |item: &Item| matches!(item.json(), Some(Value::Array(_) | Value::Object(_)));
            let wrapped = match wrapper {
                "WITH UNCONDITIONAL" => true,
                "WITH CONDITIONAL" => !matches!(items, [item] if nested(item)),
                _ => false,
            };
            if wrapped {
                let texts: Vec<_> = items.iter().map(item_text).collect();
                return Ok(Some(format!("[{}]", texts.join(","))));
            }
            match items {
                [item] => match item.text() {
                    Some(text) if quotes == "OMIT" => Ok(Some(text.to_owned())),
                    _ => Ok(Some(item_text(item))),
                },
                _ => Err(failed("JSON path found multiple items")),
            }
        });
        match answer {
            Answer::Null => Ok(None),
            Answer::Found(Some(text)) => Ok(Some(text)),
            Answer::Found(None) => otherwise(on_empty, failed("JSON path found no items")),
            Answer::Failed(error) => otherwise(on_error, error),
        }
    })
}

/// An item as JSON text.
pub(super) fn item_text(item: &Item) -> String {
    match item {
        Item::Json(value) => value.to_text(),
        Item::Decimal(unscaled, scale) => decimal_text(*unscaled, *scale),
    }
}

/// Where the value of a row of `json_value` is found in the end.
#[derive(Clone, Copy)]
enum Place {
    Null,
    EmptyDefault,
    ErrorDefault,
    /// Among the scalars of one kind, at that index.
    Scalar(usize, usize),
}

/// The scalars that a batch of paths found, by what they are; each kind is cast at once.
#[derive(Default)]
struct Scalars {
    booleans: Vec<bool>,
    bigints: Vec<i64>,
    doubles: Vec<f64>,
    texts: Vec<String>,
    /// By scale.
    decimals: Vec<(u32, Vec<i128>)>,
}

impl Scalars {
    /// Takes a scalar in; `None` when the item is none.
    fn add(&mut self, item: &Item) -> Option<Place> {
        let at = |kind: usize, length: usize| Some(Place::Scalar(kind, length));
        match item {
            Item::Decimal(unscaled, scale) => {
                let known = self.decimals.iter().position(|(known, _)| known == scale);
                let kind = known.unwrap_or_else(|| {
                    self.decimals.push((*scale, Vec::new()));
                    self.decimals.len() - 1
                });
                self.decimals[kind].1.push(*unscaled);
                at(4 + kind, self.decimals[kind].1.len() - 1)
            }
            Item::Json(value) => match value.as_ref() {
                Value::Bool(value) => {
                    self.booleans.push(*value);
                    at(0, self.booleans.len() - 1)
                }
                Value::Integer(value) => {
                    self.bigints.push(*value);
                    at(1, self.bigints.len() - 1)
                }
                Value::Double(value) => {
                    self.doubles.push(*value);
                    at(2, self.doubles.len() - 1)
                }
                Value::String(value) => {
                    self.texts.push(value.clone());
                    at(3, self.texts.len() - 1)
                }
                Value::Null | Value::Big(_) | Value::Array(_) | Value::Object(_) => None,
            },
        }
    }

    /// All kinds as arrays with their types, in the order of their numbers.
    fn finish(self) -> Result<Vec<(ArrayRef, Type)>, SqlError> {
        let mut texts = StringViewBuilder::new();
        self.texts.iter().for_each(|text| texts.append_value(text));
        let mut kinds: Vec<(ArrayRef, Type)> = vec![
            (Arc::new(BooleanArray::from(self.booleans)), Type::Boolean),
            (Arc::new(Int64Array::from(self.bigints)), Type::Bigint),
            (Arc::new(Float64Array::from(self.doubles)), Type::Double),
            (Arc::new(texts.finish()), Type::VARCHAR),
        ];
        for (scale, unscaled) in self.decimals {
            let scale = i8::try_from(scale).unwrap_or(38);
            let array = Decimal128Array::from(unscaled).with_precision_and_scale(38, scale)?;
            kinds.push((Arc::new(array), Type::Decimal(38, scale)));
        }
        Ok(kinds)
    }
}

fn value(call: &Call) -> Result<ArrayRef, SqlError> {
    let question = Question::read(call, "JSON_VALUE", 6)?;
    let (on_empty, on_error) = (constant(call, 2)?, constant(call, 4)?);
    let failed =
        |what: &str| SqlError::new(JSON_VALUE_RESULT_ERROR, format!("cannot extract SQL scalar from JSON: {what}"));
    let or_error = |error| match on_error {
        "NULL" => Ok(Place::Null),
        "DEFAULT" => Ok(Place::ErrorDefault),
        _ => Err(error),
    };
    let mut scalars = Scalars::default();
    let mut places = Vec::with_capacity(call.rows);
    for row in 0..call.rows {
        let answer = question.ask(row, |items| match items {
            [] => Ok(None),
            [item] if item.is_null() => Ok(Some(Place::Null)),
            [item] => match scalars.add(item) {
                Some(place) => Ok(Some(place)),
                None => Err(failed("JSON path found an item that cannot be converted to an SQL value")),
            },
            _ => Err(failed("JSON path found multiple items")),
        });
        places.push(match answer {
            Answer::Null => Place::Null,
            Answer::Found(Some(place)) => place,
            Answer::Found(None) => match on_empty {
                "NULL" => Place::Null,
                "DEFAULT" => Place::EmptyDefault,
                _ => return Err(failed("JSON path found no items")),
            },
            Answer::Failed(error) => or_error(error)?,
        });
    }
    let mut sources = vec![
        arrow::array::new_null_array(&call.returns.layout(), 1),
        adapt(call.array(3)?, &call.returns.layout())?,
        adapt(call.array(5)?, &call.returns.layout())?,
    ];
    let kinds = scalars.finish()?;
    for (array, of) in &kinds {
        sources.push(if castable(of, call.returns) {
            cast(array, of, call.returns, Failures::Null)?
        } else {
            arrow::array::new_null_array(&call.returns.layout(), array.len())
        });
    }
    let mut picked = Vec::with_capacity(call.rows);
    for (row, place) in places.into_iter().enumerate() {
        let place = match place {
            // What the cast made null did not fit the type.
            Place::Scalar(kind, index) if sources[3 + kind].is_null(index) => or_error(failed(&format!(
                "Cannot cast value of type {} to declared return type of function JSON_VALUE: {}",
                kinds[kind].1, call.returns
            )))?,
            other => other,
        };
        picked.push(match place {
            Place::Null => (0, 0),
            Place::EmptyDefault => (1, row),
            Place::ErrorDefault => (2, row),
            Place::Scalar(kind, index) => (3 + kind, index),
        });
    }
    let sources: Vec<&dyn Array> = sources.iter().map(AsRef::as_ref).collect();
    Ok(interleave(&sources, &picked)?)
}

fn array(call: &Call) -> Result<ArrayRef, SqlError> {
    let absent_on_null = call.booleans(0)?;
    let values = (1..call.arity()).map(|index| call.strings(index)).collect::<Result<Vec<_>, SqlError>>()?;
    call.to_strings(|row| {
        let mut texts = Vec::with_capacity(values.len());
        for value in &values {
            match value.get(row) {
                Some(text) => texts.push(text),
                None if absent_on_null.at(row) => {}
                None => texts.push("null"),
            }
        }
        Ok(Some(format!("[{}]", texts.join(","))))
    })
}

fn object(call: &Call) -> Result<ArrayRef, SqlError> {
    let (absent_on_null, unique_keys) = (call.booleans(0)?, call.booleans(1)?);
    let members = (2..call.arity())
        .step_by(2)
        .map(|index| Ok((call.strings(index)?, call.strings(index + 1)?)))
        .collect::<Result<Vec<_>, SqlError>>()?;
    call.to_strings(|row| {
        let mut seen = std::collections::HashSet::new();
        let mut out = String::from("{");
        for (keys, values) in &members {
            let key = keys.get(row).ok_or_else(|| {
                SqlError::invalid_argument("null value passed for JSON object key to JSON_OBJECT function")
            })?;
            let value = match values.get(row) {
                Some(text) => text,
                None if absent_on_null.at(row) => continue,
                None => "null",
            };
            if !seen.insert(key) {
                return Err(if unique_keys.at(row) {
                    SqlError::invalid_argument("duplicate key passed to JSON_OBJECT function")
                } else {
                    SqlError::not_supported("cannot construct a JSON object with duplicate key")
                });
            }
            if out.len() > 1 {
                out.push(',');
            }
            text::quote(key, &mut out);
            out.push(':');
            out.push_str(value);
        }
        out.push('}');
        Ok(Some(out))
    })
}
