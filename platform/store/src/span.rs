//! A stretch of keys to scan: all, those under a prefix, a range, and where to go on from.

use std::marker::PhantomData;
use std::ops::{Bound, RangeBounds};

use crate::key::{Encode, Key, after_prefix, encode, encode_open};

/// A contiguous stretch of the keys `K` of a table or an index.
///
/// ```
/// # use haar_store::Span;
/// // All messages of a queue that are due by now:
/// let now = 1_700_000_000i64;
/// let due: Span<(String, i64)> = Span::between(("orders",), ..=now);
/// // All parameters below a path:
/// let below: Span<(String, String)> = Span::starting(("000000000000",), "/prod/");
/// ```
pub struct Span<K> {
    pub(crate) start: Vec<u8>,
    /// Exclusive; `None` is the end of the table.
    pub(crate) end: Option<Vec<u8>>,
    key: PhantomData<fn() -> K>,
}

impl<K> Clone for Span<K> {
    fn clone(&self) -> Self {
        Self::bytes(self.start.clone(), self.end.clone())
    }
}

/// The first components of a key, as a tuple: `()`, `(account,)`, `(account, region)`.
/// A key that is not a tuple has the prefix `()` only.
pub trait Prefix<K> {
    /// The component that follows.
    type Next: Key;

    fn encode_prefix(&self, out: &mut Vec<u8>);
}

impl<K: Key> Span<K> {
    pub fn all() -> Self {
        Self::bytes(Vec::new(), None)
    }

    /// This key alone; in an index, all the records under it.
    pub fn only(key: &(impl Encode<Key = K> + ?Sized)) -> Self {
        let start = encode(key);
        let end = after_prefix(start.clone());
        Self::bytes(start, end)
    }

    /// The keys that begin with these components.
    pub fn under(prefix: impl Prefix<K>) -> Self {
        let start = encode_prefix(&prefix);
        let end = after_prefix(start.clone());
        Self::bytes(start, end)
    }

    /// The keys that begin with these components and whose next component, a text, starts with `text`.
    pub fn starting(prefix: impl Prefix<K, Next = String>, text: &str) -> Self {
        let mut start = encode_prefix(&prefix);
        encode_open(text.as_bytes(), &mut start);
        let end = after_prefix(start.clone());
        Self::bytes(start, end)
    }

    /// The keys that begin with these components and whose next component lies in `range`.
    pub fn between<P: Prefix<K>, N: Encode<Key = P::Next>>(prefix: P, range: impl RangeBounds<N>) -> Self {
        let prefix = encode_prefix(&prefix);
        let at = |next: &N| {
            let mut bytes = prefix.clone();
            next.encode(&mut bytes);
            bytes
        };
        // Encodings are self-delimiting, so "after this component" is "after all that begin with its bytes".
        let start = match range.start_bound() {
            Bound::Included(next) => Some(at(next)),
            Bound::Excluded(next) => after_prefix(at(next)),
            Bound::Unbounded => Some(prefix.clone()),
        };
        let end = match range.end_bound() {
            Bound::Included(next) => after_prefix(at(next)),
            Bound::Excluded(next) => Some(at(next)),
            Bound::Unbounded => after_prefix(prefix.clone()),
        };
        match start {
            Some(start) => Self::bytes(start, end),
            None => Self::bytes(Vec::new(), Some(Vec::new())),
        }
    }

    /// The rest of this span behind `key`: where the next page begins.
    #[must_use]
    pub fn after(self, key: &(impl Encode<Key = K> + ?Sized)) -> Self {
        self.after_bytes(encode(key))
    }

    /// The rest of this span from `key` on, itself included.
    #[must_use]
    pub fn from(self, key: &(impl Encode<Key = K> + ?Sized)) -> Self {
        let start = encode(key).max(self.start);
        Self::bytes(start, self.end)
    }

    /// The rest of this span before `key`: where the next page of a backward scan begins.
    #[must_use]
    pub fn before(self, key: &(impl Encode<Key = K> + ?Sized)) -> Self {
        self.before_bytes(encode(key))
    }

    /// The rest of an index's span behind one entry: several records can share an index key.
    #[must_use]
    pub fn after_entry<P: Key>(
        self,
        index_key: &(impl Encode<Key = K> + ?Sized),
        key: &(impl Encode<Key = P> + ?Sized),
    ) -> Self {
        let mut entry = encode(index_key);
        key.encode(&mut entry);
        self.after_bytes(entry)
    }

    /// The rest of an index's span before one entry, for a backward scan.
    #[must_use]
    pub fn before_entry<P: Key>(
        self,
        index_key: &(impl Encode<Key = K> + ?Sized),
        key: &(impl Encode<Key = P> + ?Sized),
    ) -> Self {
        let mut entry = encode(index_key);
        key.encode(&mut entry);
        self.before_bytes(entry)
    }
}

impl<K> Span<K> {
    fn bytes(start: Vec<u8>, end: Option<Vec<u8>>) -> Self {
        Self { start, end, key: PhantomData }
    }

    fn after_bytes(self, key: Vec<u8>) -> Self {
        match after_prefix(key) {
            Some(start) => Self::bytes(start.max(self.start), self.end),
            None => Self::bytes(Vec::new(), Some(Vec::new())),
        }
    }

    fn before_bytes(self, key: Vec<u8>) -> Self {
        let end = match self.end {
            Some(end) => end.min(key),
            None => key,
        };
        Self::bytes(self.start, Some(end))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.end.as_ref().is_some_and(|end| *end <= self.start)
    }
}

fn encode_prefix<K>(prefix: &impl Prefix<K>) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    prefix.encode_prefix(&mut out);
    out
}

macro_rules! single_keys {
    ($($key:ty),*) => {$(
        impl Prefix<$key> for () {
            type Next = $key;

            fn encode_prefix(&self, _: &mut Vec<u8>) {}
        }
    )*};
}

single_keys!(String, Vec<u8>, u8, u16, u32, u64, i64, bool);

/// `given` components of the prefix, the `next` one, and the `rest` of the tuple.
macro_rules! tuple_prefixes {
    ([$($given:ident $form:ident)*] $next:ident [$($rest:ident)*]) => {
        impl<$($given: Key, $form: Encode<Key = $given>,)* $next: Key, $($rest: Key),*>
            Prefix<($($given,)* $next, $($rest,)*)> for ($($form,)*)
        {
            type Next = $next;

            #[allow(non_snake_case, unused_variables, reason = "each part is named after its type, and () has none")]
            fn encode_prefix(&self, out: &mut Vec<u8>) {
                let ($($form,)*) = self;
                $($form.encode(out);)*
            }
        }
    };
}

tuple_prefixes!([] A []);
tuple_prefixes!([] A [B]);
tuple_prefixes!([A FormA] B []);
tuple_prefixes!([] A [B C]);
tuple_prefixes!([A FormA] B [C]);
tuple_prefixes!([A FormA B FormB] C []);
tuple_prefixes!([] A [B C D]);
tuple_prefixes!([A FormA] B [C D]);
tuple_prefixes!([A FormA B FormB] C [D]);
tuple_prefixes!([A FormA B FormB C FormC] D []);
tuple_prefixes!([] A [B C D E]);
tuple_prefixes!([A FormA] B [C D E]);
tuple_prefixes!([A FormA B FormB] C [D E]);
tuple_prefixes!([A FormA B FormB C FormC] D [E]);
tuple_prefixes!([A FormA B FormB C FormC D FormD] E []);
tuple_prefixes!([] A [B C D E F]);
tuple_prefixes!([A FormA] B [C D E F]);
tuple_prefixes!([A FormA B FormB] C [D E F]);
tuple_prefixes!([A FormA B FormB C FormC] D [E F]);
tuple_prefixes!([A FormA B FormB C FormC D FormD] E [F]);
tuple_prefixes!([A FormA B FormB C FormC D FormD E FormE] F []);
