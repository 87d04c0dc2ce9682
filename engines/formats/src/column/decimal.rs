//! Decimal numbers as text: Java's `BigDecimal`, rounded half up to a scale.

/// The most digits that Hive's decimals have.
const DIGITS_MAX: usize = 38;

/// Why text is no decimal of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoDecimal {
    /// It is not a number at all.
    NotANumber,
    /// It has more digits than the type.
    TooLarge,
}

/// How to round what the scale has no place for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Away from zero from one half on.
    HalfUp,
    /// Towards zero.
    Down,
}

/// Reads `[+-]digits[.digits][e[+-]digits]` as an integer of units of `10^-scale`.
pub fn parse(text: &str, precision: u8, scale: u8, rounding: Rounding) -> Result<i128, NoDecimal> {
    let bytes = text.as_bytes();
    let (negative, unsigned) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let (mantissa, exponent) = match unsigned.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => (&unsigned[..at], parse_exponent(&unsigned[at + 1..])?),
        None => (unsigned, 0),
    };
    let point = mantissa.iter().position(|byte| *byte == b'.').unwrap_or(mantissa.len());
    let fraction = mantissa.get(point + 1..).unwrap_or_default();
    let digits = mantissa[..point].iter().chain(fraction);
    if point + fraction.len() == 0 || !digits.clone().all(u8::is_ascii_digit) {
        return Err(NoDecimal::NotANumber);
    }
    // So many of the digits stand before the place where the result ends.
    let kept = point as i64 + exponent + i64::from(scale);
    let mut value: i128 = 0;
    let mut significant = 0;
    let mut next_digit = 0;
    for (at, digit) in digits.enumerate() {
        if at as i64 >= kept {
            if at as i64 == kept {
                next_digit = digit - b'0';
            }
            break;
        }
        significant += usize::from(significant > 0 || *digit != b'0');
        if significant > DIGITS_MAX {
            return Err(NoDecimal::TooLarge);
        }
        value = value * 10 + i128::from(digit - b'0');
    }
    let missing = kept - (point + fraction.len()) as i64;
    if value != 0 && missing > 0 {
        let power = u32::try_from(missing).ok().filter(|power| significant + *power as usize <= DIGITS_MAX);
        value *= 10_i128.pow(power.ok_or(NoDecimal::TooLarge)?);
    }
    if rounding == Rounding::HalfUp && next_digit >= 5 {
        value += 1;
    }
    if value >= 10_i128.pow(u32::from(precision)) {
        return Err(NoDecimal::TooLarge);
    }
    Ok(if negative { -value } else { value })
}

fn parse_exponent(text: &[u8]) -> Result<i64, NoDecimal> {
    let text = std::str::from_utf8(text).map_err(|_| NoDecimal::NotANumber)?;
    // Java's exponents are ints: nothing larger is a number.
    text.parse::<i32>().map(i64::from).map_err(|_| NoDecimal::NotANumber)
}

/// A decimal as Java's `BigDecimal.toPlainString` writes it: all digits of its scale.
pub fn write(value: i128, scale: u8, into: &mut String) {
    let digits = value.unsigned_abs().to_string();
    if value < 0 {
        into.push('-');
    }
    let scale = usize::from(scale);
    if scale == 0 {
        return into.push_str(&digits);
    }
    let whole = digits.len().saturating_sub(scale);
    into.push_str(if whole == 0 { "0" } else { &digits[..whole] });
    into.push('.');
    into.extend(std::iter::repeat_n('0', scale - (digits.len() - whole)));
    into.push_str(&digits[whole..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_rounded_half_up_to_the_scale() {
        for (text, units) in [
            ("1", 100),
            ("-1.235", -124),
            ("1.234", 123),
            (".5", 50),
            ("5.", 500),
            ("+12e-1", 120),
            ("1E2", 10_000),
            ("0.004", 0),
            ("0.005", 1),
            ("0e99", 0),
            ("1e-99", 0),
            ("0000000000000000000000000000000000000000000000001", 100),
        ] {
            assert_eq!(parse(text, 6, 2, Rounding::HalfUp), Ok(units), "{text}");
        }
        assert_eq!(parse("-1.9", 6, 0, Rounding::Down), Ok(-1));
    }

    #[test]
    fn what_is_no_decimal_is_told_from_what_is_too_large() {
        for text in ["", "-", ".", "1,0", "0x1", "1e", "1e2147483648", " 1", "NaN", "--1", "1.2.3"] {
            assert_eq!(parse(text, 6, 2, Rounding::HalfUp), Err(NoDecimal::NotANumber), "{text}");
        }
        for text in ["10000", "9999.995", "1e30", "1e2147483647", "123456789012345678901234567890123456789"] {
            assert_eq!(parse(text, 6, 2, Rounding::HalfUp), Err(NoDecimal::TooLarge), "{text}");
        }
    }

    #[test]
    fn writing_keeps_all_digits_of_the_scale() {
        for (value, scale, text) in [(5, 2, "0.05"), (-12345, 2, "-123.45"), (0, 3, "0.000"), (7, 0, "7")] {
            let mut written = String::new();
            write(value, scale, &mut written);
            assert_eq!(written, text);
        }
    }
}
