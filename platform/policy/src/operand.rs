//! The values of a condition, compiled to the type that its operator compares.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

use crate::arn::ArnPattern;
use crate::context::Lookup;
use crate::malformed::Malformed;
use crate::operator::{Comparison, Order};
use crate::pattern::{Pattern, Syntax};

#[derive(Debug)]
pub(crate) enum Operands {
    Strings(Box<[Pattern]>),
    Numbers(Order, Box<[f64]>),
    Dates(Order, Box<[Nanoseconds]>),
    Bools(Box<[bool]>),
    Binaries(Box<[Vec<u8>]>),
    Networks(Box<[Network]>),
    Arns(Box<[ArnPattern]>),
    /// `true` asks that the key be absent.
    Absent(Box<[bool]>),
}

/// Since the Unix epoch. Epoch seconds of a policy may lie far outside any calendar, so this is wider than a timestamp.
type Nanoseconds = i128;

impl Operands {
    /// `variables` says whether the document's version has policy variables; only strings and ARNs may hold them.
    pub fn compile(comparison: Comparison, values: &[String], variables: bool) -> Result<Operands, Malformed> {
        let text = Syntax { wildcards: false, variables, segments: false, ignore_case: false };
        Ok(match comparison {
            Comparison::StringEquals => Operands::Strings(patterns(values, text)?),
            Comparison::StringEqualsIgnoreCase => {
                Operands::Strings(patterns(values, Syntax { ignore_case: true, ..text })?)
            }
            Comparison::StringLike => Operands::Strings(patterns(values, Syntax { wildcards: true, ..text })?),
            Comparison::Numeric(order) => Operands::Numbers(order, each(values, number)?),
            Comparison::Date(order) => Operands::Dates(order, each(values, instant)?),
            Comparison::Bool => Operands::Bools(each(values, boolean)?),
            Comparison::Binary => Operands::Binaries(each(values, binary)?),
            Comparison::IpAddress => Operands::Networks(each(values, Network::parse)?),
            Comparison::Arn => Operands::Arns(
                values.iter().map(|value| ArnPattern::compile(value, variables)).collect::<Result<_, _>>()?,
            ),
            Comparison::Null => Operands::Absent(each(values, boolean)?),
        })
    }

    /// Whether one value of the request fits any value of the policy. A value that is not of the operator's type fits
    /// none.
    pub fn fits<'p>(&'p self, actual: &str, lookup: &mut Lookup<'_, 'p>) -> bool {
        match self {
            Operands::Strings(patterns) => patterns.iter().any(|pattern| pattern.fits(actual, lookup).unwrap_or(false)),
            Operands::Numbers(order, values) => any(number(actual), values, |actual, value| order.holds(actual, value)),
            Operands::Dates(order, values) => any(instant(actual), values, |actual, value| order.holds(actual, value)),
            Operands::Bools(values) => any(boolean(actual), values, |actual, value| actual == value),
            Operands::Binaries(values) => any(binary(actual), values, |actual, value| actual == value),
            Operands::Networks(networks) => {
                any(actual.parse().ok(), networks, |address: &IpAddr, network| network.contains(*address))
            }
            Operands::Arns(patterns) => patterns.iter().any(|pattern| pattern.fits(actual, lookup)),
            Operands::Absent(_) => false,
        }
    }

    /// The condition keys that the values' policy variables name.
    pub fn keys(&self) -> Vec<&str> {
        match self {
            Operands::Strings(patterns) => patterns.iter().flat_map(Pattern::keys).collect(),
            Operands::Arns(patterns) => patterns.iter().flat_map(ArnPattern::keys).collect(),
            _ => Vec::new(),
        }
    }
}

fn patterns(values: &[String], syntax: Syntax) -> Result<Box<[Pattern]>, Malformed> {
    values.iter().map(|value| Pattern::compile(value, syntax)).collect()
}

fn each<T>(values: &[String], parse: impl Fn(&str) -> Option<T>) -> Result<Box<[T]>, Malformed> {
    values.iter().map(|value| parse(value).ok_or(Malformed::Legacy)).collect()
}

fn any<A, V>(actual: Option<A>, values: &[V], fits: impl Fn(&A, &V) -> bool) -> bool {
    actual.is_some_and(|actual| values.iter().any(|value| fits(&actual, value)))
}

/// Digits only: Rust's "inf" and "nan" are no numbers of IAM's.
fn number(text: &str) -> Option<f64> {
    let digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    text.parse().ok().filter(|_| digits)
}

fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

fn binary(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Reads epoch seconds or one of W3C's profiles of ISO 8601 (<https://www.w3.org/TR/NOTE-datetime>); without an offset
/// the time is UTC.
fn instant(text: &str) -> Option<Nanoseconds> {
    if let Ok(seconds) = text.parse::<i64>() {
        return Some(i128::from(seconds) * 1_000_000_000);
    }
    let timestamp = if let Ok(timestamp) = text.parse::<Timestamp>() {
        timestamp
    } else if let Ok(date_time) = text.parse::<DateTime>() {
        Offset::UTC.to_timestamp(date_time).ok()?
    } else {
        let (year, month) = text.split_once('-')?;
        let first = Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok()?;
        Offset::UTC.to_timestamp(first.into()).ok()?
    };
    Some(timestamp.as_nanosecond())
}

/// An address range in CIDR notation; an address alone is a range of one.
#[derive(Debug)]
pub(crate) struct Network {
    address: IpAddr,
    prefix_bits: u8,
}

impl Network {
    fn parse(text: &str) -> Option<Network> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let bits_max = if address.is_ipv4() { 32 } else { 128 };
        let prefix_bits = match prefix {
            Some(prefix) => prefix.parse().ok().filter(|bits| *bits <= bits_max)?,
            None => bits_max,
        };
        Some(Network { address, prefix_bits })
    }

    fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let differing = u32::from(network) ^ u32::from(address);
                differing.leading_zeros() >= u32::from(self.prefix_bits)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let differing = u128::from(network) ^ u128::from(address);
                differing.leading_zeros() >= u32::from(self.prefix_bits)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_epoch_seconds_or_iso_8601() {
        let noon = instant("1375358400").unwrap();
        for text in [
            "2013-08-01T12:00:00Z",
            "2013-08-01T12:00Z",
            "2013-08-01T12:00:00.000Z",
            "2013-08-01T14:00:00+02:00",
            "2013-08-01T12:00:00",
            "20130801T120000Z",
        ] {
            assert_eq!(instant(text), Some(noon), "{text}");
        }
        assert_eq!(instant("2013-08-01"), instant("2013-08-01T00:00:00Z"));
        assert_eq!(instant("2013-08"), instant("2013-08-01"));
        for text in ["", "tomorrow", "2013-13-01", "2013-08-32", "12:00", "99999999999999999999"] {
            assert_eq!(instant(text), None, "{text}");
        }
    }

    #[test]
    fn networks_hold_the_addresses_that_share_their_prefix() {
        let table = [
            ("203.0.113.0/24", "203.0.113.99", true),
            ("203.0.113.0/24", "203.0.114.1", false),
            ("203.0.113.7", "203.0.113.7", true),
            ("203.0.113.7", "203.0.113.8", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true),
        ];
        for (network, address, expected) in table {
            let network = Network::parse(network).unwrap();
            assert_eq!(network.contains(address.parse().unwrap()), expected, "{network:?} {address}");
        }
        for text in ["10.0.0.0/33", "::/129", "10.0.0", "10.0.0.0/", "10.0.0.0/-1", "x"] {
            assert!(Network::parse(text).is_none(), "{text}");
        }
    }
}
