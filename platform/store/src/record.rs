//! Stored records: postcard behind a version, and the way up from an older version.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Corrupt;

/// A stored record type. Stored data is forever: a change of the type's fields is a new `VERSION`
/// with an `upgrade` from the last, and a sample of the old bytes in a test. postcard writes fields
/// in order and without names, so adding, removing, reordering and retyping fields are all changes;
/// a new variant at the end of an enum is not. For the same reason `serde(flatten)`, `untagged`,
/// `skip_serializing_if` and `serde_json::Value` do not work in a record: keep JSON as text.
pub trait Record: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Written in front of each value.
    const VERSION: u16 = 1;

    /// Makes the record from the bytes of an older version: decode the older struct with
    /// [`decode_body`] and convert it.
    fn upgrade(version: u16, bytes: &[u8]) -> Result<Self, Corrupt> {
        let _ = bytes;
        Err(Corrupt::NoUpgrade { found: version, record: std::any::type_name::<Self>() })
    }
}

impl Record for () {}
impl Record for bool {}
impl Record for i64 {}
impl Record for u64 {}
impl Record for String {}
impl Record for Vec<u8> {}

/// Decodes the bytes behind the version; what an `upgrade` function reads its older struct with.
pub fn decode_body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Corrupt> {
    let (value, rest) = postcard::take_from_bytes(bytes).map_err(|cause| Corrupt::Record(cause.to_string()))?;
    if rest.is_empty() { Ok(value) } else { Err(Corrupt::Record("bytes are left over".to_owned())) }
}

/// A record as it is stored: version (two bytes, little endian) and body.
pub(crate) fn encode<R: Record>(record: &R) -> Result<Vec<u8>, Corrupt> {
    let mut out = Vec::with_capacity(128);
    out.extend_from_slice(&R::VERSION.to_le_bytes());
    postcard::to_extend(record, out).map_err(|cause| Corrupt::Record(cause.to_string()))
}

pub(crate) fn decode<R: Record>(bytes: &[u8]) -> Result<R, Corrupt> {
    let (version, body) = bytes.split_first_chunk().ok_or(Corrupt::NoVersion)?;
    match u16::from_le_bytes(*version) {
        version if version == R::VERSION => decode_body(body),
        version if version < R::VERSION => R::upgrade(version, body),
        found => Err(Corrupt::Newer { found, known: R::VERSION }),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq, Serialize)]
    struct Parameter {
        name: String,
        tags: Vec<String>,
    }

    impl Record for Parameter {
        const VERSION: u16 = 3;

        fn upgrade(version: u16, bytes: &[u8]) -> Result<Self, Corrupt> {
            match version {
                // Version 1 was the name alone; version 2 never left the house.
                1 => Ok(Self { name: decode_body(bytes)?, tags: Vec::new() }),
                found => Err(Corrupt::NoUpgrade { found, record: "Parameter" }),
            }
        }
    }

    fn parameter() -> Parameter {
        Parameter { name: "ab".to_owned(), tags: vec!["c".to_owned()] }
    }

    #[test]
    fn stored_bytes_never_change() {
        assert_eq!(encode(&parameter()).unwrap(), [3, 0, 2, b'a', b'b', 1, 1, b'c']);
        assert_eq!(decode::<Parameter>(&[3, 0, 2, b'a', b'b', 1, 1, b'c']).unwrap(), parameter());
    }

    #[test]
    fn old_bytes_are_upgraded() {
        let upgraded = Parameter { name: "ab".to_owned(), tags: Vec::new() };
        assert_eq!(decode::<Parameter>(&[1, 0, 2, b'a', b'b']).unwrap(), upgraded);
    }

    #[test]
    fn a_version_without_an_upgrade_is_refused() {
        assert_eq!(decode::<Parameter>(&[2, 0]), Err(Corrupt::NoUpgrade { found: 2, record: "Parameter" }));
        assert!(matches!(decode::<u64>(&[0, 0]), Err(Corrupt::NoUpgrade { found: 0, .. })));
    }

    #[test]
    fn broken_bytes_are_refused() {
        assert_eq!(decode::<u64>(&[1]), Err(Corrupt::NoVersion));
        assert_eq!(decode::<u64>(&[2, 0, 1]), Err(Corrupt::Newer { found: 2, known: 1 }));
        assert!(matches!(decode::<u64>(&[1, 0]), Err(Corrupt::Record(_))));
        assert!(matches!(decode::<u64>(&[1, 0, 1, 1]), Err(Corrupt::Record(_))));
    }
}
