//! Addresses of the Internet: whether a network has one.

use std::net::{IpAddr, Ipv6Addr};

use arrow::array::{ArrayRef, FixedSizeBinaryArray};

use crate::error::SqlError;

use super::call::{Call, Values};
use super::scalar::{Function, function, overload};

pub(crate) fn functions() -> Vec<Function> {
    vec![function("contains", [overload("(varchar, ipaddress) -> boolean", contains)])]
}

fn contains(call: &Call) -> Result<ArrayRef, SqlError> {
    let networks = call.strings(0)?;
    let addresses: Values<FixedSizeBinaryArray> = call.values(1)?;
    call.to_booleans(|row| {
        let bytes = <[u8; 16]>::try_from(addresses.at(row));
        let address = bytes.map_err(|_| SqlError::invalid_argument("Invalid IP address"))?;
        has(networks.at(row), Ipv6Addr::from(address).to_canonical()).map(Some)
    })
}

/// Whether a network, `10.0.0.0/8`, has an address.
fn has(network: &str, address: IpAddr) -> Result<bool, SqlError> {
    let refused = |message: &str| Err(SqlError::invalid_argument(message));
    let Some((base, length)) = network.split_once('/') else { return refused("Invalid CIDR") };
    let Ok(base) = base.parse::<IpAddr>() else { return refused("Invalid network IP address") };
    let Ok(length) = length.parse::<i32>() else {
        return refused(&format!("For input string: \"{length}\""));
    };
    let Ok(length) = u32::try_from(length) else { return refused("Invalid prefix length") };
    let (base, bits) = number(base);
    let (address, address_bits) = number(address);
    if length > bits {
        return refused("Prefix length exceeds address length");
    }
    let host = u128::MAX.checked_shr(128 - bits + length).unwrap_or(0);
    if bits == 32 && base & host != 0 {
        return refused("Invalid CIDR");
    }
    Ok(bits == address_bits && (length == 0 || base >> (bits - length) == address >> (bits - length)))
}

/// An address as a number, and how many bits it has.
fn number(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn has_address(network: &str, address: &str) -> Result<bool, SqlError> {
        has(network, address.parse().unwrap())
    }

    #[test]
    fn networks_have_addresses_of_their_prefix() {
        assert!(has_address("10.0.0.0/8", "10.255.255.255").unwrap());
        assert!(!has_address("10.0.0.0/8", "11.255.255.255").unwrap());
        assert!(has_address("0.0.0.0/0", "9.9.9.9").unwrap());
        assert!(has_address("2001:0db8:0:0:0:ff00:0042:8329/128", "2001:db8::ff00:42:8329").unwrap());
        assert!(has_address("::/0", "2001:db8::1").unwrap());
        assert!(!has_address("10.0.0.0/8", "2001:db8::1").unwrap());
    }

    #[test]
    fn networks_that_are_none_are_refused() {
        for (network, message) in [
            ("10.0.0.0", "Invalid CIDR"),
            ("10.0.0.1/8", "Invalid CIDR"),
            ("x/8", "Invalid network IP address"),
            ("10.0.0.0/33", "Prefix length exceeds address length"),
            ("10.0.0.0/-1", "Invalid prefix length"),
        ] {
            assert_eq!(has_address(network, "10.0.0.1").unwrap_err().message, message);
        }
    }
}
