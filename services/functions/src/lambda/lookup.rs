//! Finding functions and versions by what calls name.

use haar_platform::kernel::ids;
use haar_platform::store::{Read, StoreError};

use super::Lambda;
use super::error::LambdaError;
use super::model::{ALIASES, Alias, FUNCTIONS, Function, VERSIONS, Version};
use super::name::{Qualifier, Reference};

/// A version that a reference leads to.
#[derive(Clone, Debug)]
pub struct Found {
    pub version: Version,
    /// The alias that led there.
    pub alias: Option<(String, Alias)>,
    pub reserved_concurrency: Option<u32>,
}

impl Lambda {
    /// The version that an invocation of a reference runs: an alias with two versions chooses by their weights.
    pub fn resolve(&self, reference: &Reference) -> Result<Found, LambdaError> {
        self.store.read(|tx| resolve(tx, reference, choose(random_share())))
    }
}

/// A function that must exist.
pub fn function_in(tx: &impl Read, reference: &Reference) -> Result<Function, LambdaError> {
    tx.get(FUNCTIONS, &reference.key())?.ok_or_else(|| reference.not_found())
}

/// A version by its number; 0 is `$LATEST`.
pub fn numbered(
    tx: &impl Read,
    reference: &Reference,
    function: &Function,
    number: u64,
) -> Result<Option<Version>, StoreError> {
    if number == 0 {
        return Ok(Some(function.latest.clone()));
    }
    let (account, region, name) = reference.key();
    tx.get(VERSIONS, &(account, region, name, number))
}

/// The version that a reference describes: an alias stands for its main version.
pub fn described(tx: &impl Read, reference: &Reference) -> Result<Found, LambdaError> {
    resolve(tx, reference, |alias| alias.version)
}

fn resolve(tx: &impl Read, reference: &Reference, choose: impl FnOnce(&Alias) -> u64) -> Result<Found, LambdaError> {
    let function = function_in(tx, reference)?;
    let reserved_concurrency = function.reserved_concurrency;
    let (number, alias) = match reference.target() {
        Qualifier::Latest => return Ok(Found { version: function.latest, alias: None, reserved_concurrency }),
        Qualifier::Number(number) => (number, None),
        Qualifier::Alias(name) => {
            let (account, region, function) = reference.key();
            let alias = tx.get(ALIASES, &(account, region, function, name.as_str()))?;
            let alias = alias.ok_or_else(|| reference.not_found())?;
            (choose(&alias), Some((name, alias)))
        }
    };
    let version = numbered(tx, reference, &function, number)?.ok_or_else(|| reference.not_found())?;
    Ok(Found { version, alias, reserved_concurrency })
}

/// The alias's other version for shares below its weight.
fn choose(share: f64) -> impl FnOnce(&Alias) -> u64 {
    move |alias| match alias.additional {
        Some((version, weight)) if share < weight => version,
        _ => alias.version,
    }
}

/// A number from 0 up to, but without, 1.
fn random_share() -> f64 {
    f64::from(u32::from_be_bytes(ids::random())) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_with_weights_sends_that_share_elsewhere() {
        let alias =
            Alias { version: 1, description: String::new(), additional: Some((2, 0.25)), revision: String::new() };
        assert_eq!(choose(0.0)(&alias), 2);
        assert_eq!(choose(0.2499)(&alias), 2);
        assert_eq!(choose(0.25)(&alias), 1);
        assert_eq!(choose(0.99)(&alias), 1);
    }
}
