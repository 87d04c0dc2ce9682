//! The condition keys of one request: what `Condition` elements and policy variables are compared with.

use std::borrow::Cow;
use std::fmt;

use crate::principal::Principal;

/// The value or values of one condition key, as text: IAM compares numbers, dates and addresses from strings too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Values<'a> {
    One(Cow<'a, str>),
    /// A multivalued key (`aws:TagKeys`), with any number of values. It cannot be used as a policy variable.
    Many(Vec<Cow<'a, str>>),
}

impl<'a> Values<'a> {
    pub fn as_slice(&self) -> &[Cow<'a, str>] {
        match self {
            Values::One(value) => std::slice::from_ref(value),
            Values::Many(values) => values,
        }
    }
}

impl<'a> From<&'a str> for Values<'a> {
    fn from(value: &'a str) -> Self {
        Values::One(Cow::Borrowed(value))
    }
}

impl From<String> for Values<'_> {
    fn from(value: String) -> Self {
        Values::One(Cow::Owned(value))
    }
}

impl From<bool> for Values<'_> {
    fn from(value: bool) -> Self {
        Values::One(Cow::Borrowed(if value { "true" } else { "false" }))
    }
}

impl<'a> FromIterator<&'a str> for Values<'a> {
    fn from_iter<I: IntoIterator<Item = &'a str>>(values: I) -> Self {
        Values::Many(values.into_iter().map(Cow::Borrowed).collect())
    }
}

impl FromIterator<String> for Values<'_> {
    fn from_iter<I: IntoIterator<Item = String>>(values: I) -> Self {
        Values::Many(values.into_iter().map(Cow::Owned).collect())
    }
}

/// Its values are owned, so that a context's lifetime stays covariant.
type Lazy<'a> = &'a (dyn Fn(&str) -> Option<Values<'static>> + Sync);

/// The condition keys of one request. Names are compared without case, as IAM does.
///
/// Lookups scan: a request carries a few dozen keys at most, and a policy asks for few of them.
#[derive(Clone, Default)]
pub struct Context<'a> {
    entries: Vec<(Cow<'a, str>, Values<'a>)>,
    lazy: Option<Lazy<'a>>,
}

impl<'a> Context<'a> {
    pub fn new() -> Self {
        Self::default()
    }

    /// The keys that follow from who calls: `aws:PrincipalArn`, `aws:PrincipalAccount`, `aws:PrincipalType`,
    /// `aws:userid`, `aws:username` and the keys of service principals.
    pub fn of_principal(principal: &'a Principal) -> Self {
        let mut context = Self::new();
        principal.describe(&mut context);
        context
    }

    /// Sets a key, replacing an earlier value.
    pub fn set(&mut self, key: impl Into<Cow<'a, str>>, values: impl Into<Values<'a>>) {
        let (key, values) = (key.into(), values.into());
        match self.entries.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case(&key)) {
            Some(entry) => entry.1 = values,
            None => self.entries.push((key, values)),
        }
    }

    /// As [`Context::set`], for building a context in one expression.
    pub fn with(mut self, key: impl Into<Cow<'a, str>>, values: impl Into<Values<'a>>) -> Self {
        self.set(key, values);
        self
    }

    /// Asks `lazy` for every key that was not set. It gets the key as the policy spells it, and must compare names
    /// without case.
    pub fn or_else(mut self, lazy: Lazy<'a>) -> Self {
        self.lazy = Some(lazy);
        self
    }

    pub fn get(&self, key: &str) -> Option<Cow<'_, Values<'a>>> {
        match self.entries.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)) {
            Some((_, values)) => Some(Cow::Borrowed(values)),
            None => self.lazy.and_then(|lazy| lazy(key)).map(Cow::Owned),
        }
    }
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.debug_map().entries(self.entries.iter().map(|(name, values)| (name, values))).finish()
    }
}

/// A context being consulted, and the keys that were asked for in vain.
pub(crate) struct Lookup<'c, 'p> {
    pub context: &'c Context<'c>,
    pub missing: Vec<&'p str>,
}

impl<'c, 'p> Lookup<'c, 'p> {
    pub fn new(context: &'c Context<'c>) -> Self {
        Lookup { context, missing: Vec::new() }
    }

    /// The values of a key; a key without any counts as missing.
    pub fn values(&mut self, key: &'p str) -> Option<Cow<'c, Values<'c>>> {
        let found = self.context.get(key).filter(|values| !values.as_slice().is_empty());
        if found.is_none() && !self.missing.iter().any(|name| name.eq_ignore_ascii_case(key)) {
            self.missing.push(key);
        }
        found
    }

    /// The value of a policy variable: only a key with a single value can be one.
    pub fn variable(&mut self, key: &'p str) -> Option<Cow<'c, str>> {
        match self.values(key)? {
            Cow::Borrowed(Values::One(value)) => Some(Cow::Borrowed(value.as_ref())),
            Cow::Owned(Values::One(value)) => Some(value),
            _ => None,
        }
    }
}
