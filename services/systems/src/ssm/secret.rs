//! SecureStrings: sealed at rest, opened only where the caller asks for decryption.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use haar_platform::store::Vault;

use super::error::Error;
use super::model::{Kind, Value};
use super::place::Place;

/// The key that AWS uses when the request names none.
pub const DEFAULT_KEY: &str = "alias/aws/ssm";

/// A value as it is stored. A sealed one opens as this version of this parameter only.
pub fn conceal(
    vault: &Vault,
    place: &Place,
    name: &str,
    number: i64,
    kind: Kind,
    text: String,
) -> Result<Value, Error> {
    match kind {
        Kind::String | Kind::StringList => Ok(Value::Plain(text)),
        Kind::SecureString => Ok(Value::Sealed(vault.seal(&belongs_to(place, name, number), text.as_bytes())?)),
    }
}

/// A value as callers read it: without decryption, a SecureString is its ciphertext in base64.
pub fn reveal(
    vault: &Vault,
    place: &Place,
    name: &str,
    number: i64,
    value: Value,
    decrypt: bool,
) -> Result<String, Error> {
    match value {
        Value::Plain(text) => Ok(text),
        Value::Sealed(sealed) if decrypt => {
            let plain = vault.open(&belongs_to(place, name, number), &sealed)?;
            Ok(String::from_utf8(plain)?)
        }
        Value::Sealed(sealed) => Ok(STANDARD.encode(sealed)),
    }
}

fn belongs_to(place: &Place, name: &str, number: i64) -> Vec<u8> {
    let Place { account, region } = place;
    format!("ssm:{account}:{region}:{name}:{number}").into_bytes()
}
