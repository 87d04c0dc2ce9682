//! Numbers as Java's `Formatter` writes them. Halves are rounded up on the decimal digits that one sees.

use super::specifier::Flags;

/// The digits of a number that is not negative: `0.ddd × 10^point`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digits {
    pub digits: Vec<u8>,
    pub point: i32,
}

impl Digits {
    /// The shortest digits that mean this double.
    pub fn of_double(value: f64) -> Digits {
        Digits::of_scientific(&format!("{:e}", value.abs()))
    }

    /// The same for a real.
    pub fn of_real(value: f32) -> Digits {
        Digits::of_scientific(&format!("{:e}", value.abs()))
    }

    fn of_scientific(text: &str) -> Digits {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let digits = mantissa.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
        Digits { digits, point: exponent.parse::<i32>().unwrap_or(0) + 1 }
    }

    /// The digits of a decimal.
    pub fn of_decimal(unscaled: i128, scale: u32) -> Digits {
        let text = unscaled.unsigned_abs().to_string();
        let point = i32::try_from(text.len()).unwrap_or(0) - scale.cast_signed();
        Digits { digits: text.bytes().map(|digit| digit - b'0').collect(), point }
    }

    fn is_zero(&self) -> bool {
        self.digits.iter().all(|digit| *digit == 0)
    }

    /// Keeps that many digits, rounding half up.
    fn keep(mut self, count: i32) -> Digits {
        let Ok(count) = usize::try_from(count) else {
            return Digits { digits: Vec::new(), point: self.point };
        };
        if count >= self.digits.len() {
            return self;
        }
        let up = self.digits[count] >= 5;
        self.digits.truncate(count);
        if up {
            let mut at = count;
            loop {
                if at == 0 {
                    self.digits.insert(0, 1);
                    self.point += 1;
                    break;
                }
                at -= 1;
                if self.digits[at] < 9 {
                    self.digits[at] += 1;
                    break;
                }
                self.digits[at] = 0;
            }
        }
        self
    }

    fn digit(&self, place: i32) -> char {
        let digit = usize::try_from(place).ok().and_then(|place| self.digits.get(place)).copied().unwrap_or(0);
        char::from(b'0' + digit)
    }

    /// `123.46`, with so many digits behind the point.
    pub fn fixed(&self, precision: usize) -> String {
        let precision = i32::try_from(precision).unwrap_or(i32::MAX / 2);
        let rounded = self.clone().keep(self.point + precision);
        let mut text: String = (0..rounded.point.max(0)).map(|place| rounded.digit(place)).collect();
        if text.is_empty() {
            text.push('0');
        }
        if precision > 0 {
            text.push('.');
            text.extend((rounded.point..rounded.point + precision).map(|place| rounded.digit(place)));
        }
        text
    }

    /// `1.2346e+02`
    pub fn scientific(&self, precision: usize) -> String {
        let precision = i32::try_from(precision).unwrap_or(i32::MAX / 2);
        if self.is_zero() {
            let fraction = if precision > 0 {
                format!(".{}", "0".repeat(precision.unsigned_abs() as usize))
            } else {
                String::new()
            };
            return format!("0{fraction}e+00");
        }
        let leading = self.digits.iter().take_while(|digit| **digit == 0).count();
        let significant =
            Digits { digits: self.digits[leading..].to_vec(), point: self.point - i32::try_from(leading).unwrap_or(0) };
        let rounded = significant.keep(precision + 1);
        let mut text = rounded.digit(0).to_string();
        if precision > 0 {
            text.push('.');
            text.extend((1..=precision).map(|place| rounded.digit(place)));
        }
        let exponent = rounded.point - 1;
        let sign = if exponent < 0 { '-' } else { '+' };
        text + &format!("e{sign}{:02}", exponent.unsigned_abs())
    }

    /// Fixed for numbers of ordinary size, scientific for others; the precision counts all digits.
    pub fn general(&self, precision: usize) -> String {
        let precision = precision.max(1);
        if self.is_zero() {
            return self.fixed(precision - 1);
        }
        let scientific = self.scientific(precision - 1);
        let exponent = scientific.rsplit_once('e').and_then(|(_, exponent)| exponent.parse::<i32>().ok()).unwrap_or(0);
        let limit = i32::try_from(precision).unwrap_or(i32::MAX);
        if (-4..limit).contains(&exponent) {
            return self.fixed(usize::try_from(limit - 1 - exponent).unwrap_or(0));
        }
        scientific
    }
}

/// Puts sign, groups and padding around a number's digits.
pub fn decorated(digits: &str, negative: bool, flags: Flags, width: Option<usize>) -> String {
    let body = if flags.group { grouped(digits) } else { digits.to_owned() };
    let (before, after) = match (negative, flags) {
        (true, Flags { parentheses: true, .. }) => ("(", ")"),
        (true, _) => ("-", ""),
        (false, Flags { plus: true, .. }) => ("+", ""),
        (false, Flags { space: true, .. }) => (" ", ""),
        (false, _) => ("", ""),
    };
    let length = before.len() + body.len() + after.len();
    let zeros = if flags.zero { width.unwrap_or(0).saturating_sub(length) } else { 0 };
    format!("{before}{}{body}{after}", "0".repeat(zeros))
}

/// Commas between groups of three digits before the point.
fn grouped(digits: &str) -> String {
    let (whole, rest) = digits.split_at(digits.find(['.', 'e']).unwrap_or(digits.len()));
    let mut text = String::with_capacity(digits.len() + whole.len() / 3);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_rounded_half_up() {
        let fixed = |value: f64, precision| Digits::of_double(value).fixed(precision);
        assert_eq!(fixed(std::f64::consts::PI, 5), "3.14159");
        assert_eq!(fixed(0.125, 2), "0.13");
        assert_eq!(fixed(0.15, 1), "0.2");
        assert_eq!(fixed(999.995, 2), "1000.00");
        assert_eq!(fixed(0.0004, 2), "0.00");
        assert_eq!(fixed(0.006, 2), "0.01");
        assert_eq!(fixed(1e21, 0), "1000000000000000000000");
        assert_eq!(fixed(0.5, 0), "1");
        assert_eq!(fixed(0.0, 1), "0.0");
        assert_eq!(Digits::of_decimal(-12345, 2).fixed(1), "123.5");
        assert_eq!(Digits::of_decimal(5, 3).fixed(3), "0.005");
    }

    #[test]
    fn exponents_have_two_digits() {
        let of = Digits::of_double;
        assert_eq!(of(123.456).scientific(2), "1.23e+02");
        assert_eq!(of(0.00099996).scientific(3), "1.000e-03");
        assert_eq!(of(0.0).scientific(1), "0.0e+00");
        assert_eq!(Digits::of_decimal(5, 3).scientific(1), "5.0e-03");
        assert_eq!(of(123.456).general(4), "123.5");
        assert_eq!(of(0.000_012_345).general(3), "1.23e-05");
        assert_eq!(of(123_456_789.0).general(6), "1.23457e+08");
    }

    #[test]
    fn signs_and_groups_surround_digits() {
        let group = Flags { group: true, ..Flags::default() };
        assert_eq!(decorated("1234567.89", false, group, None), "1,234,567.89");
        let zero = Flags { zero: true, ..Flags::default() };
        assert_eq!(decorated("8", true, zero, Some(4)), "-008");
        let parentheses = Flags { parentheses: true, ..Flags::default() };
        assert_eq!(decorated("8", true, parentheses, None), "(8)");
    }
}
