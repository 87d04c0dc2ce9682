//! Keys as bytes whose order is the order of the values, so that tables scan in a meaningful order.
//!
//! Every encoding is *self-delimiting*: a decoder knows where a component ends, so tuples are plain
//! concatenation and sort component by component. Encodings are stored data: they never change.
//!
//! | type | bytes |
//! |---|---|
//! | `u8`..`u64` | big endian |
//! | `i64` | big endian with the sign bit flipped |
//! | `bool` | 0 or 1 |
//! | `String`, `Vec<u8>` | the bytes, with 0x00 written as 0x00 0xFF, closed by 0x00 0x01 |
//! | `[u8; N]` | as they are |
//! | `Option<T>` | 0, or 1 and the value (absent sorts first) |

use crate::error::Corrupt;

/// Something that encodes as a key: a key itself, or its borrowed form (`&str` for `String`,
/// `(&str, u64)` for `(String, u64)`), so that a lookup need not own its key.
pub trait Encode {
    /// The owned key whose bytes these are.
    type Key: Key;

    fn encode(&self, out: &mut Vec<u8>);
}

/// A key that tables and indexes can be declared over. A newtype implements [`Encode`] with
/// `type Key = Self` and this trait, both by delegation to what it wraps.
pub trait Key: Encode<Key = Self> + Sized + Send + Sync + 'static {
    /// Takes one key off the front of `bytes`.
    fn decode(bytes: &mut &[u8]) -> Result<Self, Corrupt>;
}

pub(crate) fn encode<E: Encode + ?Sized>(key: &E) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    key.encode(&mut out);
    out
}

/// Decodes a whole key: bytes left over are corruption.
pub(crate) fn decode<K: Key>(mut bytes: &[u8]) -> Result<K, Corrupt> {
    let key = K::decode(&mut bytes)?;
    if bytes.is_empty() { Ok(key) } else { Err(Corrupt::Key("bytes are left over")) }
}

/// The first byte string after all strings that start with `prefix`, or `None` if there is none.
pub(crate) fn after_prefix(mut prefix: Vec<u8>) -> Option<Vec<u8>> {
    while let Some(last) = prefix.pop() {
        if last < u8::MAX {
            prefix.push(last + 1);
            return Some(prefix);
        }
    }
    None
}

/// Encoded key bytes for a message to a person: readable where they are text.
pub(crate) fn readable(key: &[u8]) -> String {
    format!("\"{}\"", key.escape_ascii())
}

const ESCAPE: u8 = 0x00;
const ESCAPED_ZERO: u8 = 0xFF;
const TERMINATOR: u8 = 0x01;

/// Writes bytes without the terminator: the encoding of everything that starts with them.
pub(crate) fn encode_open(bytes: &[u8], out: &mut Vec<u8>) {
    let mut rest = bytes;
    while let Some(zero) = rest.iter().position(|byte| *byte == ESCAPE) {
        out.extend_from_slice(&rest[..=zero]);
        out.push(ESCAPED_ZERO);
        rest = &rest[zero + 1..];
    }
    out.extend_from_slice(rest);
}

fn encode_closed(bytes: &[u8], out: &mut Vec<u8>) {
    encode_open(bytes, out);
    out.extend_from_slice(&[ESCAPE, TERMINATOR]);
}

fn decode_closed(bytes: &mut &[u8]) -> Result<Vec<u8>, Corrupt> {
    let mut value = Vec::new();
    loop {
        let zero = bytes.iter().position(|byte| *byte == ESCAPE).ok_or(Corrupt::Key("a text has no end"))?;
        value.extend_from_slice(&bytes[..zero]);
        let mark = bytes.get(zero + 1).copied();
        *bytes = bytes.get(zero + 2..).unwrap_or_default();
        match mark {
            Some(TERMINATOR) => return Ok(value),
            Some(ESCAPED_ZERO) => value.push(0),
            _ => return Err(Corrupt::Key("a text has a wrong escape")),
        }
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], Corrupt> {
    let (head, rest) = bytes.split_first_chunk::<N>().ok_or(Corrupt::Key("it is too short"))?;
    *bytes = rest;
    Ok(*head)
}

impl<T: Encode + ?Sized> Encode for &T {
    type Key = T::Key;

    fn encode(&self, out: &mut Vec<u8>) {
        (**self).encode(out);
    }
}

impl Encode for str {
    type Key = String;

    fn encode(&self, out: &mut Vec<u8>) {
        encode_closed(self.as_bytes(), out);
    }
}

impl Encode for String {
    type Key = String;

    fn encode(&self, out: &mut Vec<u8>) {
        encode_closed(self.as_bytes(), out);
    }
}

impl Key for String {
    fn decode(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        String::from_utf8(decode_closed(bytes)?).map_err(|_| Corrupt::Key("a text is not UTF-8"))
    }
}

impl Encode for [u8] {
    type Key = Vec<u8>;

    fn encode(&self, out: &mut Vec<u8>) {
        encode_closed(self, out);
    }
}

impl Encode for Vec<u8> {
    type Key = Vec<u8>;

    fn encode(&self, out: &mut Vec<u8>) {
        encode_closed(self, out);
    }
}

impl Key for Vec<u8> {
    fn decode(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        decode_closed(bytes)
    }
}

impl<const N: usize> Encode for [u8; N] {
    type Key = [u8; N];

    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
}

impl<const N: usize> Key for [u8; N] {
    fn decode(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        take(bytes)
    }
}

macro_rules! unsigned_keys {
    ($($number:ty),*) => {$(
        impl Encode for $number {
            type Key = $number;

            fn encode(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_be_bytes());
            }
        }

        impl Key for $number {
            fn decode(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
                take(bytes).map(<$number>::from_be_bytes)
            }
        }
    )*};
}

unsigned_keys!(u8, u16, u32, u64);

const SIGN: u64 = 1 << 63;

impl Encode for i64 {
    type Key = i64;

    fn encode(&self, out: &mut Vec<u8>) {
        (self.cast_unsigned() ^ SIGN).encode(out);
    }
}

impl Key for i64 {
    fn decode(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        u64::decode(bytes).map(|bits| (bits ^ SIGN).cast_signed())
    }
}

impl Encode for bool {
    type Key = bool;

    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
}

impl Key for bool {
    fn decode(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        match take(bytes)? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(Corrupt::Key("a flag is neither 0 nor 1")),
        }
    }
}

impl<T: Encode> Encode for Option<T> {
    type Key = Option<T::Key>;

    fn encode(&self, out: &mut Vec<u8>) {
        self.is_some().encode(out);
        if let Some(value) = self {
            value.encode(out);
        }
    }
}

impl<T: Key> Key for Option<T> {
    fn decode(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        if bool::decode(bytes)? { T::decode(bytes).map(Some) } else { Ok(None) }
    }
}

macro_rules! tuple_keys {
    ($($part:ident)*) => {
        impl<$($part: Encode),*> Encode for ($($part,)*) {
            type Key = ($($part::Key,)*);

            #[expect(non_snake_case, reason = "each part is named after its type")]
            fn encode(&self, out: &mut Vec<u8>) {
                let ($($part,)*) = self;
                $($part.encode(out);)*
            }
        }

        impl<$($part: Key),*> Key for ($($part,)*) {
            fn decode(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
                Ok(($($part::decode(bytes)?,)*))
            }
        }
    };
}

tuple_keys!(A);
tuple_keys!(A B);
tuple_keys!(A B C);
tuple_keys!(A B C D);
tuple_keys!(A B C D E);
tuple_keys!(A B C D E F);

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn holds_order<K: Key + Ord + Clone + std::fmt::Debug>(one: &K, other: &K) {
        let (one_bytes, other_bytes) = (encode(one), encode(other));
        assert_eq!(one.cmp(other), one_bytes.cmp(&other_bytes), "{one:?} against {other:?}");
        assert_eq!(decode::<K>(&one_bytes).unwrap(), *one);
    }

    /// Texts in which the escape and its neighbours are common.
    fn text() -> impl Strategy<Value = String> {
        proptest::collection::vec(prop_oneof![Just('\0'), Just('\u{1}'), Just('a'), Just('/'), any::<char>()], 0..6)
            .prop_map(|chars| chars.into_iter().collect())
    }

    fn blob() -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(prop_oneof![Just(0), Just(1), Just(255), any::<u8>()], 0..6)
    }

    proptest! {
        #[test]
        fn order_of_bytes_is_order_of_values(
            one in (text(), any::<i64>(), blob(), any::<bool>(), any::<Option<u32>>(), any::<[u8; 2]>()),
            other in (text(), any::<i64>(), blob(), any::<bool>(), any::<Option<u32>>(), any::<[u8; 2]>()),
        ) {
            holds_order(&one, &other);
            holds_order(&(one.2, one.0, one.3), &(other.2, other.0, other.3));
        }

        #[test]
        fn order_holds_for_every_number(one in any::<(u8, u16, u32, u64, i64)>(), other in any::<(u8, u16, u32, u64, i64)>()) {
            holds_order(&one, &other);
        }

        #[test]
        fn any_bytes_decode_or_are_refused(bytes in blob()) {
            let _ = decode::<(String, i64)>(&bytes);
            let _ = decode::<(Vec<u8>, Option<bool>)>(&bytes);
        }
    }

    #[test]
    fn stored_bytes_never_change() {
        assert_eq!(encode(&("a\0b", 258u16, -1i64)), b"a\x00\xFFb\x00\x01\x01\x02\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
        assert_eq!(encode(&(Some(7u8), None::<u8>, true)), [1, 7, 0, 1]);
        assert_eq!(encode(&[1u8, 0][..]), [1, 0, 255, 0, 1]);
    }

    #[test]
    fn borrowed_and_owned_forms_agree() {
        assert_eq!(encode(&("a", "b")), encode(&("a".to_owned(), "b".to_owned())));
    }

    #[test]
    fn left_over_bytes_are_refused() {
        assert_eq!(decode::<bool>(&[1, 1]), Err(Corrupt::Key("bytes are left over")));
    }

    #[test]
    fn after_prefix_skips_the_highest_byte() {
        assert_eq!(after_prefix(vec![1, 255, 255]), Some(vec![2]));
        assert_eq!(after_prefix(vec![255]), None);
    }
}
