//! Bytes as text and back, with the errors of Java's and Guava's decoders.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::error::SqlError;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Which letters stand for 62 and 63.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Alphabet {
    Standard,
    UrlSafe,
}

impl Alphabet {
    fn engine(self) -> &'static GeneralPurpose {
        match self {
            Alphabet::Standard => &STANDARD,
            Alphabet::UrlSafe => &URL_SAFE,
        }
    }
}

pub fn to_base64(bytes: &[u8], alphabet: Alphabet) -> String {
    alphabet.engine().encode(bytes)
}

/// # Errors
/// `INVALID_FUNCTION_ARGUMENT` in the words of Java's decoder.
pub fn from_base64(text: &[u8], alphabet: Alphabet) -> Result<Vec<u8>, SqlError> {
    alphabet.engine().decode(text).map_err(|_| {
        let belongs = |byte: &u8| {
            byte.is_ascii_alphanumeric()
                || match alphabet {
                    Alphabet::Standard => matches!(byte, b'+' | b'/'),
                    Alphabet::UrlSafe => matches!(byte, b'-' | b'_'),
                }
        };
        let message = match text.iter().find(|byte| !belongs(byte) && **byte != b'=') {
            Some(byte) => format!("Illegal base64 character {byte:x}"),
            None if text.len() == 1 => "Input byte[] should at least have 2 bytes for base64 bytes".to_owned(),
            None => match text.iter().position(|byte| *byte == b'=') {
                Some(at) if at % 4 >= 2 => format!("Input byte array has incorrect ending byte at {}", at + 1),
                Some(_) => "Input byte array has wrong 4-byte ending unit".to_owned(),
                None => "Last unit does not have enough valid bits".to_owned(),
            },
        };
        SqlError::invalid_argument(message)
    })
}

const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

pub fn to_base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for chunk in bytes.chunks(5) {
        let mut group = [0; 8];
        group[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(group);
        let letters = (chunk.len() * 8).div_ceil(5);
        for index in 0..8 {
            let letter = LETTERS[((bits >> (35 - 5 * index)) & 31) as usize];
            text.push(if index < letters { char::from(letter) } else { '=' });
        }
    }
    text
}

/// # Errors
/// `INVALID_FUNCTION_ARGUMENT` in the words of Guava's decoder.
pub fn from_base32(text: &str) -> Result<Vec<u8>, SqlError> {
    let digits = text.trim_end_matches('=');
    if matches!(digits.chars().count() % 8, 1 | 3 | 6) {
        return Err(SqlError::invalid_argument(format!("Invalid input length {}", digits.chars().count())));
    }
    let mut bytes = Vec::with_capacity(digits.len() * 5 / 8);
    let (mut bits, mut held) = (0_u32, 0);
    for letter in digits.chars() {
        let value = LETTERS.iter().position(|known| char::from(*known) == letter);
        let value = value.ok_or_else(|| SqlError::invalid_argument(format!("Unrecognized character: {letter}")))?;
        bits = (bits << 5) | u32::try_from(value).unwrap_or(0);
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(((bits >> held) & 0xff) as u8);
        }
    }
    Ok(bytes)
}

pub fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// # Errors
/// `INVALID_FUNCTION_ARGUMENT` in the words of Java's `HexFormat`.
pub fn from_hex(text: &[u8]) -> Result<Vec<u8>, SqlError> {
    if !text.len().is_multiple_of(2) {
        return Err(SqlError::invalid_argument(format!("invalid input length {}", text.len())));
    }
    let digit = |byte: u8| {
        char::from(byte).to_digit(16).map(|digit| (digit & 15) as u8).ok_or_else(|| {
            let message = format!("not a hexadecimal digit: \"{}\" = {byte}", char::from(byte));
            SqlError::invalid_argument(message)
        })
    };
    text.chunks_exact(2).map(|pair| Ok(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn bytes_come_back_from_every_base() {
        for length in 0..20_u8 {
            let bytes: Vec<u8> = (0..length).map(|index: u8| index.wrapping_mul(37)).collect();
            assert_eq!(
                from_base64(to_base64(&bytes, Alphabet::Standard).as_bytes(), Alphabet::Standard).unwrap(),
                bytes
            );
            assert_eq!(from_base64(to_base64(&bytes, Alphabet::UrlSafe).as_bytes(), Alphabet::UrlSafe).unwrap(), bytes);
            assert_eq!(from_base32(&to_base32(&bytes)).unwrap(), bytes);
            assert_eq!(from_hex(to_hex(&bytes).as_bytes()).unwrap(), bytes);
        }
        assert_eq!(to_base64(b"hello world", Alphabet::Standard), "aGVsbG8gd29ybGQ=");
        assert_eq!(to_base64(&[255, 79, 191], Alphabet::UrlSafe), "_0-_");
        assert_eq!(to_base32(b"abc"), "MFRGG===");
        assert_eq!(from_base32("MFRGG").unwrap(), b"abc");
        assert_eq!(from_hex(b"fb0c").unwrap(), [0xfb, 0x0c]);
    }

    #[test]
    fn decoders_say_what_is_wrong() {
        assert_eq!(from_base64(b"a_==", Alphabet::Standard).unwrap_err().message, "Illegal base64 character 5f");
        assert_eq!(from_base32("1").unwrap_err().message, "Invalid input length 1");
        assert_eq!(from_base32("M1").unwrap_err().message, "Unrecognized character: 1");
        assert_eq!(from_hex(b"f").unwrap_err().message, "invalid input length 1");
        assert_eq!(from_hex(b"fx").unwrap_err().message, "not a hexadecimal digit: \"x\" = 120");
    }
}
