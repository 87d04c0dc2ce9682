//! Uuids and addresses: sixteen bytes each.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryBuilder, FixedSizeBinaryBuilder};

use crate::error::SqlError;
use crate::types::Type;

use super::Failures;

/// Casts between varbinary and the types that are bytes.
pub(super) fn cast_bytes(array: &ArrayRef, from: &Type, to: &Type, failures: Failures) -> Result<ArrayRef, SqlError> {
    match (from, to) {
        (Type::Uuid | Type::IpAddress, Type::Varbinary) => {
            let values = array.as_fixed_size_binary();
            let mut builder = BinaryBuilder::new();
            for value in values {
                builder.append_option(value);
            }
            Ok(Arc::new(builder.finish()))
        }
        (Type::Varbinary, Type::Uuid | Type::IpAddress) => {
            let mut builder = FixedSizeBinaryBuilder::with_capacity(array.len(), 16);
            for value in array.as_binary::<i32>() {
                match value.map(|bytes| failures.settle(sixteen(bytes, to))).transpose()?.flatten() {
                    Some(bytes) => builder.append_value(bytes)?,
                    None => builder.append_null(),
                }
            }
            Ok(Arc::new(builder.finish()))
        }
        // Sketches are their bytes.
        _ => Ok(array.clone()),
    }
}

fn sixteen(bytes: &[u8], to: &Type) -> Result<[u8; 16], SqlError> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes)
        && *to == Type::IpAddress
    {
        return Ok(std::net::Ipv4Addr::from(four).to_ipv6_mapped().octets());
    }
    <[u8; 16]>::try_from(bytes).map_err(|_| match to {
        Type::Uuid => SqlError::invalid_cast(format!("Invalid UUID binary length: {}", bytes.len())),
        _ => SqlError::invalid_cast(format!("Invalid IP address binary length: {}", bytes.len())),
    })
}

/// `12151fd2-7586-11e9-8f9e-2a86e4085a59`.
pub(super) fn uuid_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

pub(super) fn parse_uuid(text: &str) -> Result<[u8; 16], SqlError> {
    let refused = || SqlError::invalid_cast(format!("Cannot cast value to UUID: {text}"));
    let groups: Vec<_> = text.split('-').collect();
    let lengths: Vec<_> = groups.iter().map(|group| group.len()).collect();
    if lengths != [8, 4, 4, 4, 12] || !text.is_ascii() {
        return Err(refused());
    }
    let digits = groups.concat();
    u128::from_str_radix(&digits, 16).map(u128::to_be_bytes).map_err(|_| refused())
}

/// An address of version four in its own notation, the others in RFC 5952's.
pub(super) fn ip_text(bytes: &[u8]) -> String {
    let address = Ipv6Addr::from(<[u8; 16]>::try_from(bytes).unwrap_or_default());
    match address.to_ipv4_mapped() {
        Some(four) => four.to_string(),
        None => address.to_string(),
    }
}

pub(super) fn parse_ip(text: &str) -> Result<[u8; 16], SqlError> {
    match text.parse() {
        Ok(IpAddr::V4(four)) => Ok(four.to_ipv6_mapped().octets()),
        Ok(IpAddr::V6(six)) => Ok(six.octets()),
        Err(_) => Err(SqlError::invalid_cast(format!("Cannot cast value to IPADDRESS: {text}"))),
    }
}
