//! How AWS's structures are kept: a record of ours per structure, and the way from one to the other.
//!
//! Generated types change with AWS's model, and stored data is forever, so records are not generated. [`kept!`] writes
//! both conversions with every member of both sides: a member that AWS adds does not compile until somebody has
//! decided what becomes of it.

use std::collections::BTreeMap;

use haar_platform::kernel::Bytes;
use haar_platform::kernel::Timestamp;

/// Names and values.
pub type Map = BTreeMap<String, String>;

/// A stored form of `A`.
pub trait Kept<A> {
    /// From the request.
    fn keep(sent: A) -> Self;
    /// Into the answer.
    fn show(self) -> A;
}

macro_rules! as_it_is {
    ($($type:ty),*) => {$(
        impl Kept<$type> for $type {
            fn keep(sent: $type) -> Self {
                sent
            }
            fn show(self) -> $type {
                self
            }
        }
    )*};
}

as_it_is!(String, bool, i32, i64, f64, Timestamp, Map);

impl Kept<Bytes> for Vec<u8> {
    fn keep(sent: Bytes) -> Self {
        sent.to_vec()
    }
    fn show(self) -> Bytes {
        self.into()
    }
}

impl<A, T: Kept<A>> Kept<Option<A>> for Option<T> {
    fn keep(sent: Option<A>) -> Self {
        sent.map(T::keep)
    }
    fn show(self) -> Option<A> {
        self.map(T::show)
    }
}

impl<A, T: Kept<A>> Kept<Vec<A>> for Vec<T> {
    fn keep(sent: Vec<A>) -> Self {
        sent.into_iter().map(T::keep).collect()
    }
    fn show(self) -> Vec<A> {
        self.into_iter().map(T::show).collect()
    }
}

/// Keeps enumerations as AWS spells them: a value that AWS adds is no new version of a record.
macro_rules! kept_by_spelling {
    ($($type:path),* $(,)?) => {$(
        impl $crate::glue::kept::Kept<$type> for String {
            fn keep(sent: $type) -> Self {
                sent.as_str().to_owned()
            }
            fn show(self) -> $type {
                <$type>::parse(&self).expect("it was kept by the spelling of one of its values")
            }
        }
    )*};
}

/// Declares the record of an AWS structure. Members after `refused` are never kept: operations refuse them by name.
macro_rules! kept {
    (
        $(#[$doc:meta])*
        $name:ident of $aws:path { $($field:ident: $type:ty),* $(,)? } $(refused { $($refused:ident),* $(,)? })?
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct $name {
            $(pub $field: $type,)*
        }
        impl $crate::glue::kept::Kept<$aws> for $name {
            fn keep(sent: $aws) -> Self {
                type Sent = $aws;
                let Sent { $($field,)* $($($refused: _,)*)? } = sent;
                Self { $($field: $crate::glue::kept::Kept::keep($field),)* }
            }
            fn show(self) -> $aws {
                type Shown = $aws;
                Shown { $($field: $crate::glue::kept::Kept::show(self.$field),)* $($($refused: None,)*)? }
            }
        }
    };
}

pub(super) use {kept, kept_by_spelling};
