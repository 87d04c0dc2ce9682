//! `format`: values in a text, as Java's `Formatter` puts them there.

mod arguments;
mod moment;
mod number;
mod specifier;

use arrow::array::ArrayRef;

use crate::error::SqlError;

use super::call::Call;
use super::json::text;
use super::scalar::{Function, function, overload};

use moment::Moment;
use number::{Digits, decorated};
use specifier::{Argument, Piece, Specifier};

/// Values in one format, at most.
const ARGUMENTS_MAX: usize = 40;

pub(crate) fn functions() -> Vec<Function> {
    let overloads = (1..=ARGUMENTS_MAX).map(|count| {
        let variables: String = (1..=count).map(|index| format!(", T{index}")).collect();
        overload(&format!("(varchar{variables}) -> varchar"), format_rows).handles_null()
    });
    vec![function("format", overloads)]
}

/// A value to be put into a text.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Null,
    Bool(bool),
    Long(i64),
    Double(f64),
    Float(f32),
    /// Unscaled value and scale.
    Decimal(i128, u32),
    Text(String),
    Moment(Moment),
}

fn format_rows(call: &Call) -> Result<ArrayRef, SqlError> {
    let formats = call.strings(0)?;
    let columns = (1..call.arity()).map(|index| arguments::Column::read(call, index));
    let columns = columns.collect::<Result<Vec<_>, SqlError>>()?;
    let mut known: Option<(&str, Vec<Piece>)> = None;
    call.to_strings(|row| {
        let Some(format) = formats.get(row) else { return Ok(None) };
        let invalid = |what: String| SqlError::invalid_argument(format!("Invalid format string: {format} ({what})"));
        let pieces = match known.take() {
            Some((same, pieces)) if same == format => pieces,
            _ => specifier::parse(format).map_err(invalid)?,
        };
        let values: Vec<Value> = columns.iter().map(|column| column.value(row)).collect();
        let text = put(&pieces, &values).map_err(invalid)?;
        known = Some((format, pieces));
        Ok(Some(text))
    })
}

/// Puts the values where the specifiers are.
fn put(pieces: &[Piece], values: &[Value]) -> Result<String, String> {
    let mut out = String::new();
    let (mut next, mut previous) = (0, None);
    for piece in pieces {
        let specifier = match piece {
            Piece::Text(text) => {
                out.push_str(text);
                continue;
            }
            Piece::Specifier(specifier) => specifier,
        };
        let missing = || format!("MissingFormatArgument: Format specifier '{}'", specifier.spelling);
        let index = match specifier.argument {
            Argument::None => {
                let text = if specifier.conversion == 'n' { "\n" } else { "%" };
                out.push_str(&padded(text.to_owned(), specifier));
                continue;
            }
            Argument::Ordinary => {
                next += 1;
                next - 1
            }
            Argument::Previous => previous.ok_or_else(missing)?,
            Argument::Index(index) => index,
        };
        previous = Some(index);
        let value = values.get(index).ok_or_else(missing)?;
        let text = converted(value, specifier)?;
        let text = if specifier.upper { text.to_uppercase() } else { text };
        out.push_str(&padded(text, specifier));
    }
    Ok(out)
}

fn padded(text: String, specifier: &Specifier) -> String {
    let missing = specifier.width.unwrap_or(0).saturating_sub(text.chars().count());
    let spaces = " ".repeat(missing);
    if specifier.flags.left { text + &spaces } else { spaces + &text }
}

fn converted(value: &Value, specifier: &Specifier) -> Result<String, String> {
    let refused = || Err(format!("IllegalFormatConversion: {} != {}", specifier.conversion, class(value)));
    let cut = |text: String| match specifier.precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text,
    };
    match (specifier.conversion, value) {
        ('b', Value::Bool(value)) => Ok(cut(value.to_string())),
        ('b', value) => Ok(cut((*value != Value::Null).to_string())),
        ('h', value) if *value != Value::Null => Ok(cut(format!("{:x}", hash(value)))),
        ('s', value) => Ok(cut(plain(value))),
        (_, Value::Null) => Ok(cut("null".to_owned())),
        ('d', Value::Long(value)) => {
            let digits = value.unsigned_abs().to_string();
            Ok(decorated(&digits, *value < 0, specifier.flags, specifier.width))
        }
        ('x' | 'o', Value::Long(value)) => {
            let hexadecimal = specifier.conversion == 'x';
            let digits = if hexadecimal { format!("{value:x}") } else { format!("{value:o}") };
            let prefix = match (specifier.flags.alternate, hexadecimal) {
                (true, true) => "0x",
                (true, false) => "0",
                (false, _) => "",
            };
            let length = prefix.len() + digits.len();
            let zeros = if specifier.flags.zero { specifier.width.unwrap_or(0).saturating_sub(length) } else { 0 };
            Ok(format!("{prefix}{}{digits}", "0".repeat(zeros)))
        }
        ('f' | 'e' | 'g', Value::Double(value)) => Ok(floating(*value, Digits::of_double, specifier)),
        ('f' | 'e' | 'g', Value::Float(value)) => Ok(floating(*value, Digits::of_real, specifier)),
        ('f' | 'e' | 'g', Value::Decimal(unscaled, scale)) => {
            let digits = spelled(&Digits::of_decimal(*unscaled, *scale), specifier);
            Ok(decorated(&digits, *unscaled < 0, specifier.flags, specifier.width))
        }
        ('t', Value::Moment(moment)) => {
            let part = specifier.part.unwrap_or('F');
            moment.part(part).ok_or_else(|| format!("IllegalFormatConversion: t{part} != {}", class(value)))
        }
        _ => refused(),
    }
}

/// A double or real, which may be no number at all.
fn floating<F: Copy + Into<f64>>(value: F, digits: fn(F) -> Digits, specifier: &Specifier) -> String {
    let double: f64 = value.into();
    if double.is_nan() {
        return "NaN".to_owned();
    }
    let negative = double.is_sign_negative();
    if double.is_infinite() {
        let flags = specifier::Flags { zero: false, group: false, ..specifier.flags };
        return decorated("Infinity", negative, flags, None);
    }
    decorated(&spelled(&digits(value), specifier), negative, specifier.flags, specifier.width)
}

fn spelled(digits: &Digits, specifier: &Specifier) -> String {
    let precision = specifier.precision.unwrap_or(6);
    match specifier.conversion {
        'e' => digits.scientific(precision),
        'g' => digits.general(precision),
        _ => digits.fixed(precision),
    }
}

/// What `%s` shows: Java's `toString`.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Long(value) => value.to_string(),
        Value::Double(value) => text::double(*value),
        Value::Float(value) => text::real(*value),
        Value::Decimal(unscaled, scale) => super::cast::text::decimal(*unscaled, u8::try_from(*scale).unwrap_or(0)),
        Value::Text(value) => value.clone(),
        Value::Moment(moment) => moment.text(),
    }
}

/// Java's class of the value, as its errors name it.
fn class(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "java.lang.Boolean",
        Value::Long(_) => "java.lang.Long",
        Value::Double(_) => "java.lang.Double",
        Value::Float(_) => "java.lang.Float",
        Value::Decimal(..) => "java.math.BigDecimal",
        Value::Text(_) => "java.lang.String",
        Value::Moment(Moment::Date(_)) => "java.time.LocalDate",
        Value::Moment(Moment::Time(_)) => "java.time.LocalTime",
        Value::Moment(Moment::DateTime(_)) => "java.time.LocalDateTime",
        Value::Moment(Moment::Zoned(..)) => "java.time.ZonedDateTime",
    }
}

/// Java's `hashCode`.
fn hash(value: &Value) -> i32 {
    let of_bits = |bits: u64| ((bits ^ (bits >> 32)) as u32).cast_signed();
    match value {
        Value::Bool(value) => {
            if *value {
                1231
            } else {
                1237
            }
        }
        Value::Long(value) => of_bits(value.cast_unsigned()),
        Value::Double(value) => of_bits(value.to_bits()),
        Value::Float(value) => value.to_bits().cast_signed(),
        other => {
            plain(other).encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn formatted(format: &str, values: &[Value]) -> Result<String, String> {
        put(&specifier::parse(format)?, values)
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn values_are_put_into_texts() {
        let pi = Value::Double(std::f64::consts::PI);
        assert_eq!(formatted("%s%%", &[Value::Long(123)]).unwrap(), "123%");
        assert_eq!(formatted("%.5f", &[pi]).unwrap(), "3.14159");
        assert_eq!(formatted("%03d", &[Value::Long(8)]).unwrap(), "008");
        assert_eq!(formatted("%,.2f", &[Value::Decimal(123_456_789, 2)]).unwrap(), "1,234,567.89");
        assert_eq!(formatted("%-7s,%7s", &[text("hello"), text("world")]).unwrap(), "hello  ,  world");
        assert_eq!(formatted("%2$s %3$s %1$s", &[text("a"), text("b"), text("c")]).unwrap(), "b c a");
        assert_eq!(formatted("%s %<S", &[text("a")]).unwrap(), "a A");
        assert_eq!(formatted("%b %s", &[Value::Null, Value::Null]).unwrap(), "false null");
        assert_eq!(formatted("%x %#o", &[Value::Long(255), Value::Long(8)]).unwrap(), "ff 010");
        assert_eq!(formatted("%s", &[Value::Double(1e10)]).unwrap(), "1.0E10");
        assert_eq!(formatted("%8.3e|", &[Value::Double(-12345.678)]).unwrap(), "-1.235e+04|");
        assert_eq!(formatted("%(d", &[Value::Long(-5)]).unwrap(), "(5)");
        assert_eq!(formatted("%h", &[text("hello")]).unwrap(), "5e918d2");
        assert_eq!(formatted("%.2s|%5b", &[text("abc"), Value::Bool(true)]).unwrap(), "ab| true");
    }

    #[test]
    fn values_that_do_not_fit_are_refused() {
        assert_eq!(formatted("%d", &[text("a")]).unwrap_err(), "IllegalFormatConversion: d != java.lang.String");
        assert_eq!(formatted("%f", &[Value::Long(1)]).unwrap_err(), "IllegalFormatConversion: f != java.lang.Long");
        assert_eq!(formatted("%s %s", &[text("a")]).unwrap_err(), "MissingFormatArgument: Format specifier '%s'");
    }
}
