//! Bytes: their parts, their spellings, their hashes.

mod base;
mod hash;
mod spooky;

use arrow::array::{ArrayRef, BinaryArray};
use arrow::datatypes::Float32Type;

use crate::error::SqlError;

use super::call::{Call, Kernel};
use super::scalar::{Function, function, overload};

use base::Alphabet;

pub(crate) fn functions() -> Vec<Function> {
    let mut functions = vec![
        function("concat", [overload("(varbinary...) -> varbinary", concat)]),
        function("crc32", [overload("(varbinary) -> bigint", crc32)]),
        function("from_base32", from_text(from_base32)),
        function("from_base64", from_text(from_base64)),
        function("from_base64url", from_text(from_base64url)),
        function("from_hex", from_text(from_hex)),
        function("from_big_endian_32", [overload("(varbinary) -> integer", from_big_endian_32)]),
        function("from_big_endian_64", [overload("(varbinary) -> bigint", from_big_endian_64)]),
        function("from_ieee754_32", [overload("(varbinary) -> real", from_ieee754_32)]),
        function("from_ieee754_64", [overload("(varbinary) -> double", from_ieee754_64)]),
        function(
            "from_utf8",
            [
                overload("(varbinary) -> varchar", from_utf8),
                overload("(varbinary, varchar(x)) -> varchar", from_utf8),
                overload("(varbinary, bigint) -> varchar", from_utf8_code),
            ],
        ),
        function("length", [overload("(varbinary) -> bigint", length)]),
        function("lpad", [overload("(varbinary, bigint, varbinary) -> varbinary", lpad)]),
        function("reverse", [overload("(varbinary) -> varbinary", reverse)]),
        function("rpad", [overload("(varbinary, bigint, varbinary) -> varbinary", rpad)]),
        function(
            "substr",
            [
                overload("(varbinary, bigint) -> varbinary", substr),
                overload("(varbinary, bigint, bigint) -> varbinary", substr),
            ],
        ),
        function("to_base32", [overload("(varbinary) -> varchar", to_base32)]),
        function("to_base64", [overload("(varbinary) -> varchar", to_base64)]),
        function("to_base64url", [overload("(varbinary) -> varchar", to_base64url)]),
        function("to_big_endian_32", [overload("(integer) -> varbinary", to_big_endian_32)]),
        function("to_big_endian_64", [overload("(bigint) -> varbinary", to_big_endian_64)]),
        function("to_hex", [overload("(varbinary) -> varchar", to_hex)]),
        function("to_ieee754_32", [overload("(real) -> varbinary", to_ieee754_32)]),
        function("to_ieee754_64", [overload("(double) -> varbinary", to_ieee754_64)]),
        function(
            "to_utf8",
            [overload("(varchar(x)) -> varbinary", to_utf8), overload("(char(x)) -> varbinary", to_utf8)],
        ),
    ];
    let hashes: [(&str, Kernel); 8] = [
        ("md5", |call| bytes_of(call, hash::md5)),
        ("murmur3", |call| bytes_of(call, hash::murmur3)),
        ("sha1", |call| bytes_of(call, hash::sha1)),
        ("sha256", |call| bytes_of(call, hash::sha256)),
        ("sha512", |call| bytes_of(call, hash::sha512)),
        ("spooky_hash_v2_32", |call| bytes_of(call, |bytes| spooky::hash32(bytes).to_be_bytes())),
        ("spooky_hash_v2_64", |call| bytes_of(call, |bytes| spooky::hash64(bytes).to_be_bytes())),
        ("xxhash64", |call| bytes_of(call, hash::xxhash64)),
    ];
    functions.extend(hashes.map(|(name, kernel)| function(name, [overload("(varbinary) -> varbinary", kernel)])));
    let codes: [(&str, Kernel); 4] = [
        ("hmac_md5", |call| code_of(call, hash::hmac_md5)),
        ("hmac_sha1", |call| code_of(call, hash::hmac_sha1)),
        ("hmac_sha256", |call| code_of(call, hash::hmac_sha256)),
        ("hmac_sha512", |call| code_of(call, hash::hmac_sha512)),
    ];
    let signature = "(varbinary, varbinary) -> varbinary";
    functions.extend(codes.map(|(name, kernel)| function(name, [overload(signature, kernel)])));
    functions
}

/// The overloads of a decoder, which takes text as well as the bytes of text.
fn from_text(kernel: Kernel) -> [super::scalar::Overload; 2] {
    [overload("(varchar(x)) -> varbinary", kernel), overload("(varbinary) -> varbinary", kernel)]
}

fn bytes_of<B: AsRef<[u8]>>(call: &Call, make: impl Fn(&[u8]) -> B) -> Result<ArrayRef, SqlError> {
    let values = call.binaries(0)?;
    call.to_binaries(|row| Ok(Some(make(values.at(row)))))
}

fn code_of<B: AsRef<[u8]>>(call: &Call, make: impl Fn(&[u8], &[u8]) -> B) -> Result<ArrayRef, SqlError> {
    let (values, keys) = (call.binaries(0)?, call.binaries(1)?);
    call.to_binaries(|row| {
        let key = keys.at(row);
        if key.is_empty() {
            return Err(SqlError::invalid_argument("Empty key"));
        }
        Ok(Some(make(values.at(row), key)))
    })
}

/// Decodes text, whichever of the two types it comes in.
fn decoded(call: &Call, decode: impl Fn(&[u8]) -> Result<Vec<u8>, SqlError>) -> Result<ArrayRef, SqlError> {
    if call.types[0].is_text() {
        let texts = call.strings(0)?;
        return call.to_binaries(|row| decode(texts.at(row).as_bytes()).map(Some));
    }
    let texts = call.binaries(0)?;
    call.to_binaries(|row| decode(texts.at(row)).map(Some))
}

fn from_base32(call: &Call) -> Result<ArrayRef, SqlError> {
    decoded(call, |text| base::from_base32(&String::from_utf8_lossy(text)))
}

fn from_base64(call: &Call) -> Result<ArrayRef, SqlError> {
    decoded(call, |text| base::from_base64(text, Alphabet::Standard))
}

fn from_base64url(call: &Call) -> Result<ArrayRef, SqlError> {
    decoded(call, |text| base::from_base64(text, Alphabet::UrlSafe))
}

fn from_hex(call: &Call) -> Result<ArrayRef, SqlError> {
    decoded(call, base::from_hex)
}

fn to_base32(call: &Call) -> Result<ArrayRef, SqlError> {
    let values = call.binaries(0)?;
    call.to_strings(|row| Ok(Some(base::to_base32(values.at(row)))))
}

fn to_base64(call: &Call) -> Result<ArrayRef, SqlError> {
    let values = call.binaries(0)?;
    call.to_strings(|row| Ok(Some(base::to_base64(values.at(row), Alphabet::Standard))))
}

fn to_base64url(call: &Call) -> Result<ArrayRef, SqlError> {
    let values = call.binaries(0)?;
    call.to_strings(|row| Ok(Some(base::to_base64(values.at(row), Alphabet::UrlSafe))))
}

fn to_hex(call: &Call) -> Result<ArrayRef, SqlError> {
    let values = call.binaries(0)?;
    call.to_strings(|row| Ok(Some(base::to_hex(values.at(row)))))
}

fn concat(call: &Call) -> Result<ArrayRef, SqlError> {
    let mut parts = Vec::with_capacity(call.arity());
    for index in 0..call.arity() {
        parts.push(call.binaries(index)?);
    }
    call.to_binaries(|row| Ok(Some(parts.iter().flat_map(|part| part.at(row)).copied().collect::<Vec<u8>>())))
}

fn crc32(call: &Call) -> Result<ArrayRef, SqlError> {
    let values = call.binaries(0)?;
    call.to_bigints(|row| Ok(Some(i64::from(crc32fast::hash(values.at(row))))))
}

/// Exactly so many bytes, or the error that says that they are not.
fn exactly<const N: usize>(bytes: &[u8], refused: impl Fn() -> String) -> Result<[u8; N], SqlError> {
    <[u8; N]>::try_from(bytes).map_err(|_| SqlError::invalid_argument(refused()))
}

fn from_big_endian_32(call: &Call) -> Result<ArrayRef, SqlError> {
    let values = call.binaries(0)?;
    call.to_integers(|row| {
        let bytes = values.at(row);
        let refused = || format!("expected 4-byte input, but got instead: {}", bytes.len());
        Ok(Some(i32::from_be_bytes(exactly(bytes, refused)?)))
    })
}

fn from_big_endian_64(call: &Call) -> Result<ArrayRef, SqlError> {
    let values = call.binaries(0)?;
    call.to_bigints(|row| {
        let bytes = values.at(row);
        let refused = || format!("expected 8-byte input, but got instead: {}", bytes.len());
        Ok(Some(i64::from_be_bytes(exactly(bytes, refused)?)))
    })
}

fn from_ieee754_32(call: &Call) -> Result<ArrayRef, SqlError> {
    let values = call.binaries(0)?;
    call.to_values::<Float32Type>(|row| {
        let refused = || "Input floating-point value must be exactly 4 bytes long".to_owned();
        Ok(Some(f32::from_be_bytes(exactly(values.at(row), refused)?)))
    })
}

fn from_ieee754_64(call: &Call) -> Result<ArrayRef, SqlError> {
    let values = call.binaries(0)?;
    call.to_doubles(|row| {
        let refused = || "Input floating-point value must be exactly 8 bytes long".to_owned();
        Ok(Some(f64::from_be_bytes(exactly(values.at(row), refused)?)))
    })
}

fn to_big_endian_32(call: &Call) -> Result<ArrayRef, SqlError> {
    let values = call.integers(0)?;
    call.to_binaries(|row| Ok(Some(values.at(row).to_be_bytes())))
}

fn to_big_endian_64(call: &Call) -> Result<ArrayRef, SqlError> {
    let values = call.bigints(0)?;
    call.to_binaries(|row| Ok(Some(values.at(row).to_be_bytes())))
}

fn to_ieee754_32(call: &Call) -> Result<ArrayRef, SqlError> {
    let values = call.reals(0)?;
    call.to_binaries(|row| Ok(Some(values.at(row).to_be_bytes())))
}

fn to_ieee754_64(call: &Call) -> Result<ArrayRef, SqlError> {
    let values = call.doubles(0)?;
    call.to_binaries(|row| Ok(Some(values.at(row).to_be_bytes())))
}

fn from_utf8(call: &Call) -> Result<ArrayRef, SqlError> {
    let values = call.binaries(0)?;
    if call.arity() == 1 {
        return call.to_strings(|row| Ok(Some(String::from_utf8_lossy(values.at(row)))));
    }
    let replacements = call.strings(1)?;
    call.to_strings(|row| {
        let replacement = replacements.at(row);
        if replacement.chars().nth(1).is_some() {
            let message = "Replacement character string must empty or a single character";
            return Err(SqlError::invalid_argument(message));
        }
        Ok(Some(text_of(values.at(row), replacement)))
    })
}

fn from_utf8_code(call: &Call) -> Result<ArrayRef, SqlError> {
    let (values, codes) = (call.binaries(0)?, call.bigints(1)?);
    call.to_strings(|row| {
        let letter = u32::try_from(codes.at(row)).ok().and_then(char::from_u32);
        let letter = letter.ok_or_else(|| SqlError::invalid_argument("Invalid replacement character"))?;
        Ok(Some(text_of(values.at(row), letter.encode_utf8(&mut [0; 4]))))
    })
}

/// The text that bytes are, with something else for what is none.
fn text_of(bytes: &[u8], replacement: &str) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push_str(replacement);
        }
    }
    text
}

fn to_utf8(call: &Call) -> Result<ArrayRef, SqlError> {
    let texts = call.strings(0)?;
    call.to_binaries(|row| Ok(Some(texts.at(row))))
}

fn length(call: &Call) -> Result<ArrayRef, SqlError> {
    let values = call.binaries(0)?;
    call.to_bigints(|row| Ok(i64::try_from(values.at(row).len()).ok()))
}

fn reverse(call: &Call) -> Result<ArrayRef, SqlError> {
    bytes_of(call, |bytes| bytes.iter().rev().copied().collect::<Vec<u8>>())
}

fn lpad(call: &Call) -> Result<ArrayRef, SqlError> {
    pad(call, |bytes, filler| [filler, bytes].concat())
}

fn rpad(call: &Call) -> Result<ArrayRef, SqlError> {
    pad(call, |bytes, filler| [bytes, filler].concat())
}

fn pad(call: &Call, join: fn(&[u8], &[u8]) -> Vec<u8>) -> Result<ArrayRef, SqlError> {
    let (values, lengths, paddings) = (call.binaries(0)?, call.bigints(1)?, call.binaries(2)?);
    call.to_binaries(|row| {
        let length = i32::try_from(lengths.at(row)).ok().and_then(|length| usize::try_from(length).ok());
        let Some(length) = length else {
            return Err(SqlError::invalid_argument("Target length must be in the range [0..2147483647]"));
        };
        let padding = paddings.at(row);
        if padding.is_empty() {
            return Err(SqlError::invalid_argument("Padding bytes must not be empty"));
        }
        let bytes = values.at(row);
        if bytes.len() >= length {
            return Ok(Some(bytes[..length].to_vec()));
        }
        let filler: Vec<u8> = padding.iter().cycle().take(length - bytes.len()).copied().collect();
        Ok(Some(join(bytes, &filler)))
    })
}

fn substr(call: &Call) -> Result<ArrayRef, SqlError> {
    let (values, starts) = (call.binaries(0)?, call.bigints(1)?);
    let lengths = if call.arity() > 2 { Some(call.bigints(2)?) } else { None };
    call.to_binaries(|row| {
        let length = lengths.as_ref().map_or(i64::MAX, |lengths| lengths.at(row));
        Ok(Some(part(&values, row, starts.at(row), length)))
    })
}

/// The bytes from `start`, which counts from one or, if negative, from the end.
fn part<'a>(values: &super::call::Values<'a, BinaryArray>, row: usize, start: i64, length: i64) -> &'a [u8] {
    let bytes = values.at(row);
    let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    let from = if start > 0 { start - 1 } else { size.saturating_add(start) };
    if start == 0 || length <= 0 || !(0..size).contains(&from) {
        return &[];
    }
    let to = from.saturating_add(length).min(size);
    let place = |at: i64| usize::try_from(at).unwrap_or(bytes.len());
    &bytes[place(from)..place(to)]
}
