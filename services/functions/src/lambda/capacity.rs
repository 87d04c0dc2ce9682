//! How much runs, and whether there is room for more: reserved concurrency for those who have it, the account's rest
//! for the others.

use std::collections::HashMap;
use std::sync::Arc;

use haar_platform::aws::lambda::ThrottleReason;
use haar_platform::store::{Store, StoreError};
use parking_lot::Mutex;

use super::concurrency::{CONCURRENT_MAX, reserved_in};
use super::model::NameKey;

/// What runs in the house.
#[derive(Default)]
pub struct Capacity(Mutex<HashMap<(String, String), Account>>);

/// What runs in an account and region.
#[derive(Default)]
struct Account {
    /// Of functions that have nothing reserved.
    unreserved: u32,
    /// By function.
    running: HashMap<String, u32>,
    /// The sum of what is reserved; read again when it may have changed.
    reserved: Option<u32>,
}

/// The room that one invocation takes, until this is dropped.
pub struct Permit {
    capacity: Arc<Capacity>,
    key: NameKey,
    is_reserved: bool,
    /// How many of the function run, and how many of the account that have nothing reserved: with this one.
    pub running: u32,
    pub unreserved: u32,
}

impl Capacity {
    /// Room for one more invocation of a function, or why there is none.
    pub fn enter(
        self: &Arc<Self>,
        store: &Store,
        key: &NameKey,
        reserved: Option<u32>,
    ) -> Result<Result<Permit, ThrottleReason>, StoreError> {
        let (account_id, region, name) = key;
        let mut all = self.0.lock();
        let account = all.entry((account_id.clone(), region.clone())).or_default();
        let running = account.running.get(name).copied().unwrap_or_default();
        match reserved {
            Some(reserved) if running >= reserved => {
                return Ok(Err(ThrottleReason::ReservedFunctionConcurrentInvocationLimitExceeded));
            }
            Some(_) => {}
            None => {
                let all_reserved = match account.reserved {
                    Some(known) => known,
                    None => store.read(|tx| reserved_in(tx, (account_id, region), None))?,
                };
                account.reserved = Some(all_reserved);
                if account.unreserved >= CONCURRENT_MAX - all_reserved.min(CONCURRENT_MAX) {
                    return Ok(Err(ThrottleReason::ConcurrentInvocationLimitExceeded));
                }
                account.unreserved += 1;
            }
        }
        account.running.insert(name.clone(), running + 1);
        Ok(Ok(Permit {
            capacity: self.clone(),
            key: key.clone(),
            is_reserved: reserved.is_some(),
            running: running + 1,
            unreserved: account.unreserved,
        }))
    }

    /// What is reserved in the account of a function has changed.
    pub fn forget(&self, (account, region, _): &NameKey) {
        if let Some(account) = self.0.lock().get_mut(&(account.clone(), region.clone())) {
            account.reserved = None;
        }
    }

    /// After the store was emptied.
    pub fn forget_all(&self) {
        self.0.lock().values_mut().for_each(|account| account.reserved = None);
    }

    fn leave(&self, (account, region, name): &NameKey, is_reserved: bool) {
        let mut all = self.0.lock();
        let Some(account) = all.get_mut(&(account.clone(), region.clone())) else { return };
        if !is_reserved {
            account.unreserved = account.unreserved.saturating_sub(1);
        }
        if let Some(running) = account.running.get_mut(name) {
            *running -= 1;
            if *running == 0 {
                account.running.remove(name);
            }
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.capacity.leave(&self.key, self.is_reserved);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use haar_platform::store::Config;

    use super::*;

    #[test]
    fn room_is_given_up_to_what_is_reserved_and_taken_back() {
        let store = Store::open(Config::in_memory()).unwrap();
        let capacity = Arc::new(Capacity::default());
        let key: NameKey = ("1".into(), "r".into(), "f".into());
        let first = capacity.enter(&store, &key, Some(2)).unwrap().ok().unwrap();
        let second = capacity.enter(&store, &key, Some(2)).unwrap().ok().unwrap();
        assert_eq!((first.running, second.running), (1, 2));
        let refused = capacity.enter(&store, &key, Some(2)).unwrap().err();
        assert_eq!(refused, Some(ThrottleReason::ReservedFunctionConcurrentInvocationLimitExceeded));
        drop(first);
        assert!(capacity.enter(&store, &key, Some(2)).unwrap().is_ok());
    }

    #[test]
    fn the_rest_of_the_account_is_for_functions_without_a_reservation() {
        let store = Store::open(Config::in_memory()).unwrap();
        let capacity = Arc::new(Capacity::default());
        let key: NameKey = ("1".into(), "r".into(), "f".into());
        let permits: Vec<_> =
            (0..CONCURRENT_MAX).map(|_| capacity.enter(&store, &key, None).unwrap().ok().unwrap()).collect();
        let refused = capacity.enter(&store, &key, None).unwrap().err();
        assert_eq!(refused, Some(ThrottleReason::ConcurrentInvocationLimitExceeded));
        drop(permits);
        assert!(capacity.enter(&store, &key, None).unwrap().is_ok());
    }
}
