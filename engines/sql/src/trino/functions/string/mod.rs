//! Text: characters are Unicode's code points, never bytes and never what a reader sees as one.

mod case;
mod likeness;
mod search;
mod split;
mod trim;

use std::borrow::Cow;

use arrow::array::ArrayRef;
use unicode_normalization::UnicodeNormalization;

use crate::error::SqlError;
use crate::types::Type;

use super::call::Call;
use super::scalar::{Function, function, overload};

use trim::Side;

pub(crate) fn functions() -> Vec<Function> {
    let mut functions = vec![
        function("chr", [overload("(bigint) -> varchar(1)", chr)]),
        function("codepoint", [overload("(varchar(1)) -> integer", codepoint)]),
        function(
            "concat",
            [
                overload("(char(x), char(y)) -> char(x)", concat).returning(joined),
                overload("(varchar...) -> varchar", concat),
            ],
        ),
        function(
            "concat_ws",
            [
                overload("(varchar, array(varchar)) -> varchar", concat_array).handles_null(),
                overload("(varchar, varchar...) -> varchar", concat_ws).handles_null(),
            ],
        ),
        function("hamming_distance", [overload("(varchar(x), varchar(y)) -> bigint", hamming_distance)]),
        function("length", [overload("(varchar(x)) -> bigint", length), overload("(char(x)) -> bigint", length)]),
        function("levenshtein_distance", [overload("(varchar(x), varchar(y)) -> bigint", levenshtein_distance)]),
        function("lower", [overload("(varchar(x)) -> varchar(x)", lower), overload("(char(x)) -> char(x)", lower)]),
        function(
            "lpad",
            [
                overload("(varchar(x), bigint, varchar(y)) -> varchar", lpad),
                overload("(char(x), bigint, varchar(y)) -> varchar", lpad),
            ],
        ),
        function("luhn_check", [overload("(varchar) -> boolean", luhn_check)]),
        function(
            "normalize",
            [
                overload("(varchar(x)) -> varchar", normalize),
                overload("(varchar(x), varchar(y)) -> varchar", normalize),
            ],
        ),
        function(
            "replace",
            [
                overload("(varchar(x), varchar(y)) -> varchar(x)", replace),
                overload("(varchar(x), varchar(y), varchar(z)) -> varchar", replace).returning(replaced),
            ],
        ),
        function(
            "reverse",
            [overload("(varchar(x)) -> varchar(x)", reverse), overload("(char(x)) -> char(x)", reverse)],
        ),
        function("rpad", [overload("(varchar(x), bigint, varchar(y)) -> varchar", rpad)]),
        function("soundex", [overload("(varchar) -> varchar(4)", soundex)]),
        function("starts_with", [overload("(varchar(x), varchar(y)) -> boolean", starts_with)]),
        function(
            "strpos",
            [
                overload("(varchar(x), varchar(y)) -> bigint", strpos),
                overload("(varchar(x), varchar(y), bigint) -> bigint", strpos),
            ],
        ),
        function("substr", substrings()),
        function("substring", substrings()),
        function("translate", [overload("(varchar(x), varchar(y), varchar(z)) -> varchar", translate)]),
        function("upper", [overload("(varchar(x)) -> varchar(x)", upper), overload("(char(x)) -> char(x)", upper)]),
        function(
            "word_stem",
            [
                overload("(varchar(x)) -> varchar(x)", word_stem),
                overload("(varchar(x), varchar(2)) -> varchar(x)", word_stem),
            ],
        ),
    ];
    functions.extend([("trim", BOTH), ("ltrim", LEFT), ("rtrim", RIGHT)].map(|(name, kernel)| {
        function(
            name,
            [
                overload("(varchar(x)) -> varchar(x)", kernel),
                overload("(char(x)) -> varchar", kernel).returning(as_varchar),
                overload("(varchar(x), varchar(y)) -> varchar(x)", kernel),
                overload("(char(x), varchar(y)) -> varchar", kernel).returning(as_varchar),
            ],
        )
    }));
    functions.extend(split::functions());
    functions
}

fn substrings() -> [super::scalar::Overload; 4] {
    [
        overload("(varchar(x), bigint) -> varchar(x)", substring),
        overload("(varchar(x), bigint, bigint) -> varchar(x)", substring),
        overload("(char(x), bigint) -> varchar", substring).returning(as_varchar),
        overload("(char(x), bigint, bigint) -> varchar", substring).returning(as_varchar),
    ]
}

/// `varchar(x)` for a first argument `char(x)`.
fn as_varchar(arguments: &[Type]) -> Type {
    match arguments.first() {
        Some(Type::Char(length)) => Type::Varchar(Some(*length)),
        _ => Type::VARCHAR,
    }
}

/// `char(x + y)`.
fn joined(arguments: &[Type]) -> Type {
    let lengths = arguments.iter().map(|argument| if let Type::Char(length) = argument { *length } else { 0 });
    Type::Char(lengths.sum())
}

/// How long the result of `replace` can become: the replacement before every character and at the end.
fn replaced(arguments: &[Type]) -> Type {
    let (Some(Type::Varchar(Some(text))), Some(Type::Varchar(Some(with)))) = (arguments.first(), arguments.get(2))
    else {
        return Type::VARCHAR;
    };
    let longest = u64::from(*text) + u64::from(*with) * (u64::from(*text) + 1);
    Type::Varchar(u32::try_from(longest).ok().filter(|length| *length < 2_147_483_647))
}

fn chr(call: &Call) -> Result<ArrayRef, SqlError> {
    let codes = call.bigints(0)?;
    call.to_strings(|row| {
        let code = codes.at(row);
        let letter = u32::try_from(code).ok().and_then(char::from_u32);
        let letter =
            letter.ok_or_else(|| SqlError::invalid_argument(format!("Not a valid Unicode code point: {code}")))?;
        Ok(Some(letter.to_string()))
    })
}

fn codepoint(call: &Call) -> Result<ArrayRef, SqlError> {
    let texts = call.strings(0)?;
    call.to_integers(|row| {
        let mut letters = texts.at(row).chars();
        match (letters.next(), letters.next()) {
            (Some(letter), None) => Ok(i32::try_from(u32::from(letter)).ok()),
            _ => Err(SqlError::invalid_argument("Input string must be a single character string")),
        }
    })
}

fn concat(call: &Call) -> Result<ArrayRef, SqlError> {
    let mut parts = Vec::with_capacity(call.arity());
    for index in 0..call.arity() {
        parts.push(call.strings(index)?);
    }
    let mut text = String::new();
    let mut builder = arrow::array::StringViewBuilder::with_capacity(call.rows);
    for row in 0..call.rows {
        if call.is_valid(row) {
            text.clear();
            parts.iter().for_each(|part| text.push_str(part.at(row)));
            builder.append_value(&text);
        } else {
            builder.append_null();
        }
    }
    Ok(std::sync::Arc::new(builder.finish()))
}

fn concat_ws(call: &Call) -> Result<ArrayRef, SqlError> {
    let separators = call.strings(0)?;
    let mut parts = Vec::with_capacity(call.arity());
    for index in 1..call.arity() {
        parts.push(call.strings(index)?);
    }
    call.to_strings(|row| {
        let Some(separator) = separators.get(row) else { return Ok(None) };
        let present: Vec<&str> = parts.iter().filter_map(|part| part.get(row)).collect();
        Ok(Some(present.join(separator)))
    })
}

fn concat_array(call: &Call) -> Result<ArrayRef, SqlError> {
    let (separators, lists) = (call.strings(0)?, call.lists(1)?);
    call.to_strings(|row| {
        let (Some(separator), Some(list)) = (separators.get(row), lists.get(row)) else { return Ok(None) };
        let list = list.as_any().downcast_ref::<arrow::array::StringViewArray>();
        let list = list.ok_or_else(|| SqlError::internal("array(varchar) without text"))?;
        let present: Vec<&str> = list.iter().flatten().collect();
        Ok(Some(present.join(separator)))
    })
}

fn hamming_distance(call: &Call) -> Result<ArrayRef, SqlError> {
    let (left, right) = (call.strings(0)?, call.strings(1)?);
    call.to_bigints(|row| likeness::hamming(left.at(row), right.at(row)).map(Some))
}

fn levenshtein_distance(call: &Call) -> Result<ArrayRef, SqlError> {
    let (left, right) = (call.strings(0)?, call.strings(1)?);
    call.to_bigints(|row| likeness::levenshtein(left.at(row), right.at(row)).map(Some))
}

fn length(call: &Call) -> Result<ArrayRef, SqlError> {
    let texts = call.strings(0)?;
    if let Some(Type::Char(length)) = call.types.first() {
        return call.to_bigints(|_| Ok(Some(i64::from(*length))));
    }
    call.to_bigints(|row| Ok(i64::try_from(trim::count(texts.at(row))).ok()))
}

fn lower(call: &Call) -> Result<ArrayRef, SqlError> {
    let texts = call.strings(0)?;
    call.to_strings(|row| Ok(Some(case::lower(texts.at(row)))))
}

fn upper(call: &Call) -> Result<ArrayRef, SqlError> {
    let texts = call.strings(0)?;
    call.to_strings(|row| Ok(Some(case::upper(texts.at(row)))))
}

fn lpad(call: &Call) -> Result<ArrayRef, SqlError> {
    pad(call, Side::Left)
}

fn rpad(call: &Call) -> Result<ArrayRef, SqlError> {
    pad(call, Side::Right)
}

fn pad(call: &Call, side: Side) -> Result<ArrayRef, SqlError> {
    let (texts, lengths, paddings) = (call.strings(0)?, call.bigints(1)?, call.strings(2)?);
    call.to_strings(|row| trim::pad(texts.at(row), lengths.at(row), paddings.at(row), side).map(Some))
}

fn luhn_check(call: &Call) -> Result<ArrayRef, SqlError> {
    let texts = call.strings(0)?;
    call.to_booleans(|row| Ok(Some(likeness::luhn(texts.at(row)))))
}

fn normalize(call: &Call) -> Result<ArrayRef, SqlError> {
    let texts = call.strings(0)?;
    call.to_strings(|row| {
        let form = if call.arity() > 1 { call.strings(1)?.at(row) } else { "NFC" };
        let text = texts.at(row);
        Ok(Some(match form {
            "NFD" => text.nfd().collect::<String>(),
            "NFC" => text.nfc().collect(),
            "NFKD" => text.nfkd().collect(),
            "NFKC" => text.nfkc().collect(),
            _ => {
                let message = "Normalization form must be one of [NFD, NFC, NFKD, NFKC]";
                return Err(SqlError::invalid_argument(message));
            }
        }))
    })
}

fn replace(call: &Call) -> Result<ArrayRef, SqlError> {
    let (texts, searched) = (call.strings(0)?, call.strings(1)?);
    let with = if call.arity() > 2 { Some(call.strings(2)?) } else { None };
    call.to_strings(|row| {
        let (text, searched) = (texts.at(row), searched.at(row));
        if !text.contains(searched) {
            return Ok(Some(Cow::Borrowed(text)));
        }
        let with = with.as_ref().map_or("", |with| with.at(row));
        Ok(Some(Cow::Owned(search::replace(text, searched, with))))
    })
}

fn reverse(call: &Call) -> Result<ArrayRef, SqlError> {
    let texts = call.strings(0)?;
    call.to_strings(|row| Ok(Some(texts.at(row).chars().rev().collect::<String>())))
}

fn soundex(call: &Call) -> Result<ArrayRef, SqlError> {
    let texts = call.strings(0)?;
    call.to_strings(|row| likeness::soundex(texts.at(row)).map(Some))
}

fn starts_with(call: &Call) -> Result<ArrayRef, SqlError> {
    let (texts, prefixes) = (call.strings(0)?, call.strings(1)?);
    call.to_booleans(|row| Ok(Some(texts.at(row).starts_with(prefixes.at(row)))))
}

fn strpos(call: &Call) -> Result<ArrayRef, SqlError> {
    let (texts, searched) = (call.strings(0)?, call.strings(1)?);
    let instances = if call.arity() > 2 { Some(call.bigints(2)?) } else { None };
    call.to_bigints(|row| {
        let instance = instances.as_ref().map_or(1, |instances| instances.at(row));
        search::position(texts.at(row), searched.at(row), instance).map(Some)
    })
}

fn substring(call: &Call) -> Result<ArrayRef, SqlError> {
    let (texts, starts) = (call.strings(0)?, call.bigints(1)?);
    let lengths = if call.arity() > 2 { Some(call.bigints(2)?) } else { None };
    call.to_strings(|row| {
        let length = lengths.as_ref().map(|lengths| lengths.at(row));
        Ok(Some(trim::substring(texts.at(row), starts.at(row), length)))
    })
}

fn translate(call: &Call) -> Result<ArrayRef, SqlError> {
    let (texts, from, to) = (call.strings(0)?, call.strings(1)?, call.strings(2)?);
    if let (Some(from), Some(to)) = (call.constant_string(1), call.constant_string(2)) {
        let table = search::Table::new(from, to);
        return call.to_strings(|row| Ok(Some(table.apply(texts.at(row)))));
    }
    call.to_strings(|row| Ok(Some(search::Table::new(from.at(row), to.at(row)).apply(texts.at(row)))))
}

fn word_stem(call: &Call) -> Result<ArrayRef, SqlError> {
    let words = call.strings(0)?;
    let languages = if call.arity() > 1 { Some(call.strings(1)?) } else { None };
    let mut known: Option<(&str, rust_stemmers::Stemmer)> = None;
    call.to_strings(|row| {
        let language = languages.as_ref().map_or("en", |languages| languages.at(row));
        let stemmer = match known.take() {
            Some((same, stemmer)) if same == language => stemmer,
            _ => likeness::stemmer(language)?,
        };
        let stem = stemmer.stem(words.at(row)).into_owned();
        known = Some((language, stemmer));
        Ok(Some(stem))
    })
}

const BOTH: super::call::Kernel = |call| trimmed(call, true, true);
const LEFT: super::call::Kernel = |call| trimmed(call, true, false);
const RIGHT: super::call::Kernel = |call| trimmed(call, false, true);

fn trimmed(call: &Call, left: bool, right: bool) -> Result<ArrayRef, SqlError> {
    let texts = call.strings(0)?;
    // The padding of a char is no part of its value.
    let is_char = matches!(call.types.first(), Some(Type::Char(_)));
    let value = |row| if is_char { texts.at(row).trim_end_matches(' ') } else { texts.at(row) };
    if call.arity() == 1 {
        return call.to_strings(|row| Ok(Some(strip(value(row), left, right, trim::is_space))));
    }
    let sets = call.strings(1)?;
    call.to_strings(|row| {
        let set = sets.at(row);
        Ok(Some(strip(value(row), left, right, |letter| set.contains(letter))))
    })
}

fn strip(text: &str, left: bool, right: bool, goes: impl Fn(char) -> bool) -> &str {
    let text = if left { text.trim_start_matches(&goes) } else { text };
    if right { text.trim_end_matches(&goes) } else { text }
}
