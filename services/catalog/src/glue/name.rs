//! Names of things in the catalog. Glue folds those that Hive sees to lower case.
//!
//! <https://docs.aws.amazon.com/glue/latest/webapi/API_DatabaseInput.html>

use std::fmt;

macro_rules! folded {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// However it was written.
            pub fn of(sent: &str) -> Self {
                Self(sent.to_lowercase())
            }

            /// As it is stored.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

folded! {
    /// Of a database, unique in a catalog.
    DatabaseName;
    /// Of a table, unique in its database.
    TableName;
    /// Of a user-defined function, unique in its database.
    FunctionName;
}

/// The values of a partition's keys, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionValues(Vec<String>);

/// Ends each value in a sort key.
const END: char = '\0';
/// Begins what stands for a character below two inside a value.
const ESCAPE: char = '\u{1}';

impl PartitionValues {
    /// As they were sent.
    pub fn of(values: Vec<String>) -> Self {
        Self(values)
    }

    /// One by one.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }

    /// A text that sorts as the values do, one after the other; all partitions that share their first values share
    /// the beginning of it.
    pub fn sort_key(&self) -> String {
        sort_key(&self.0)
    }

    /// As events write them: `2018,01`.
    pub fn joined(&self) -> String {
        self.0.join(",")
    }
}

/// The beginning of the sort keys of all partitions with these first values.
pub fn sort_key(values: &[String]) -> String {
    let mut key = String::with_capacity(values.iter().map(|value| value.len() + 1).sum());
    for value in values {
        for char in value.chars() {
            match char {
                END => key.extend([ESCAPE, '\u{1}']),
                ESCAPE => key.extend([ESCAPE, '\u{2}']),
                char => key.push(char),
            }
        }
        key.push(END);
    }
    key
}

/// The first possible sort key behind all those that begin with one.
pub fn behind(mut prefix: String) -> String {
    let end = prefix.pop();
    debug_assert_eq!(end, Some(END), "a beginning ends with a whole value");
    prefix.push(ESCAPE);
    prefix
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = String> {
        proptest::collection::vec(prop_oneof![Just('\0'), Just('\u{1}'), Just('a'), any::<char>()], 0..4)
            .prop_map(|chars| chars.into_iter().collect())
    }

    proptest! {
        #[test]
        fn sort_keys_sort_as_values_do(one in proptest::array::uniform2(value()), other in proptest::array::uniform2(value())) {
            prop_assert_eq!(one.cmp(&other), sort_key(&one).cmp(&sort_key(&other)));
        }

        #[test]
        fn what_is_behind_a_beginning_has_another(one in proptest::array::uniform2(value()), other in proptest::array::uniform2(value())) {
            let (beginning, key) = (sort_key(&one[..1]), sort_key(&other));
            let is_behind = key >= behind(beginning.clone());
            prop_assert_eq!(is_behind, other[0] > one[0]);
            prop_assert_eq!(key.starts_with(&beginning), other[0] == one[0]);
        }
    }
}
