//! The conditions of a simulated call: context keys with values of a stated type.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use haar_platform::aws::iam::{ContextEntry, ContextKeyTypeEnum as Type};
use haar_platform::kernel::Timestamp;
use haar_platform::policy::Values;

use crate::iam::error::Error;

/// The key and its values. A value that is not of its type is refused, and so are several values of a single type.
pub fn read(entry: ContextEntry) -> Result<(String, Values<'static>), Error> {
    let Some(key) = entry.context_key_name else {
        return Err(Error::InvalidInput("Invalid Context Entry: ContextKeyName is missing.".into()));
    };
    let values = entry.context_key_values.unwrap_or_default();
    let (fits, is_list): (fn(&str) -> bool, bool) = match entry.context_key_type.unwrap_or(Type::String) {
        Type::String => (|_| true, false),
        Type::StringList => (|_| true, true),
        Type::Numeric => (is_number, false),
        Type::NumericList => (is_number, true),
        Type::Boolean => (is_boolean, false),
        Type::BooleanList => (is_boolean, true),
        Type::Ip => (is_network, false),
        Type::IpList => (is_network, true),
        Type::Binary => (is_binary, false),
        Type::BinaryList => (is_binary, true),
        Type::Date => (is_date, false),
        Type::DateList => (is_date, true),
    };
    if let Some(value) = values.iter().find(|value| !fits(value)) {
        return Err(Error::InvalidInput(format!(
            "Invalid Context Entry: value {value} of {key} is not of its ContextKeyType."
        )));
    }
    match <[String; 1]>::try_from(values) {
        Ok([value]) if !is_list => Ok((key, Values::from(value))),
        Ok(values) => Ok((key, values.into_iter().collect())),
        Err(values) if is_list => Ok((key, values.into_iter().collect())),
        Err(_) => {
            Err(Error::InvalidInput(format!("Invalid Context Entry: {key} takes exactly one value, or a list type.")))
        }
    }
}

fn is_number(text: &str) -> bool {
    text.parse::<f64>().is_ok_and(f64::is_finite)
}

fn is_boolean(text: &str) -> bool {
    text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false")
}

/// An address, or a range of them.
fn is_network(text: &str) -> bool {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let bits_max = if address.is_ipv4() { 32 } else { 128 };
    bits.is_none_or(|bits| bits.parse::<u8>().is_ok_and(|bits| bits <= bits_max))
}

fn is_binary(text: &str) -> bool {
    STANDARD.decode(text).is_ok()
}

/// A day, a moment of it, or seconds since 1970.
fn is_date(text: &str) -> bool {
    text.parse::<i64>().is_ok()
        || Timestamp::parse_iso8601(text).is_some()
        || Timestamp::parse_iso8601(&format!("{text}T00:00:00Z")).is_some()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn entry(kind: Type, values: &[&str]) -> ContextEntry {
        ContextEntry {
            context_key_name: Some("aws:Key".into()),
            context_key_values: Some(values.iter().map(|value| (*value).to_owned()).collect()),
            context_key_type: Some(kind),
        }
    }

    #[test]
    fn values_must_be_of_their_type_and_number() {
        let table: [(Type, &[&str], bool); 14] = [
            (Type::String, &["anything"], true),
            (Type::String, &["a", "b"], false),
            (Type::String, &[], false),
            (Type::StringList, &[], true),
            (Type::StringList, &["a", "b"], true),
            (Type::Numeric, &["1.5"], true),
            (Type::Numeric, &["one"], false),
            (Type::Boolean, &["True"], true),
            (Type::Boolean, &["1"], false),
            (Type::IpList, &["10.0.0.0/8", "::1"], true),
            (Type::Ip, &["10.0.0.0/33"], false),
            (Type::Binary, &["aGFhcg=="], true),
            (Type::Date, &["2019-07-16T12:00:00Z"], true),
            (Type::DateList, &["2019-07-16", "soon"], false),
        ];
        for (kind, values, expected) in table {
            assert_eq!(read(entry(kind, values)).is_ok(), expected, "{kind:?} {values:?}");
        }
    }

    #[test]
    fn a_list_of_one_is_a_list() {
        assert_eq!(read(entry(Type::String, &["a"])).unwrap().1, Values::from("a"));
        assert_eq!(read(entry(Type::StringList, &["a"])).unwrap().1, Values::from_iter(["a"]));
    }
}
