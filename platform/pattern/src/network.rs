//! CIDR blocks: which addresses lie in them.

use std::net::IpAddr;

/// A block of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Network {
    pub(crate) v6: bool,
    /// Leading bits that are the same for all.
    pub(crate) length: u8,
    /// The address, without the bits behind.
    pub(crate) bits: u128,
}

impl Network {
    /// Reads a block; otherwise what AWS says of it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let Some((address, length)) = text.split_once('/').filter(|(_, length)| !length.contains('/')) else {
            return Err("Malformed CIDR, one '/' required".into());
        };
        let Ok(length) = length.parse::<i32>() else {
            return Err("Malformed CIDR, mask bits must be an integer".into());
        };
        if length < 0 {
            return Err("Malformed CIDR, mask bits must not be negative".into());
        }
        let looks_like_one = address.contains(':') || address.chars().all(|c| c.is_ascii_digit() || c == '.');
        let Ok(address) = address.parse::<IpAddr>() else {
            let kind = if looks_like_one { "Invalid" } else { "Nonstandard" };
            return Err(format!("{kind} IP address: {address}"));
        };
        match address {
            IpAddr::V4(_) if length > 31 => Err("IPv4 mask bits must be < 32".into()),
            IpAddr::V6(_) if length > 127 => Err("IPv6 mask bits must be < 128".into()),
            _ => Ok(Self::around(address, length as u8)),
        }
    }

    /// The block of that length that an address lies in.
    pub(crate) fn around(address: IpAddr, length: u8) -> Self {
        match address {
            IpAddr::V4(v4) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
                Self { v6: false, length, bits: u128::from(v4.to_bits() & mask) }
            }
            IpAddr::V6(v6) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
                Self { v6: true, length, bits: v6.to_bits() & mask }
            }
        }
    }

    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv6() == self.v6 && Self::around(address, self.length) == *self
    }
}
