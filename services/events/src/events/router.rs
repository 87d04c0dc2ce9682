//! Which rules and archives an event is for: the enabled patterns of each bus as one automaton, in memory.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use haar_platform::pattern::{Automaton, Pattern};
use haar_platform::store::{Read, Span, Store, StoreError, Tx};
use parking_lot::{Mutex, RwLock};
use serde_json::Value;

use super::model::{ARCHIVES, Archive, NamedKey, RULES, Rule, State};
use super::place::{BusPlace, of_rule_key};

/// Replayed events carry it, and are not archived again.
pub const REPLAY_NAME: &str = "replay-name";

/// The patterns of all buses.
pub struct Router {
    store: Store,
    buses: RwLock<HashMap<BusPlace, Patterns>>,
    /// What was changed since the patterns were brought up to date.
    changed: Mutex<Vec<Changed>>,
    /// Whether there is any of that.
    behind: AtomicBool,
}

/// What patterns are made of.
#[derive(Clone, Debug)]
pub enum Changed {
    Rule(BusPlace, String),
    Archive(BusPlace, NamedKey),
}

#[derive(Default)]
struct Patterns {
    automaton: Automaton<Id>,
    rules: HashMap<String, Arc<Armed>>,
    archives: HashMap<String, u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Id {
    Rule(String),
    Archive(String),
}

/// A rule at work.
#[derive(Debug)]
pub struct Armed {
    pub bus: BusPlace,
    pub name: String,
    pub arn: String,
    pub rule: Rule,
}

/// What an event is for.
#[derive(Default)]
pub struct Route {
    pub rules: Vec<Arc<Armed>>,
    /// By number.
    pub archives: Vec<u64>,
}

impl Route {
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.archives.is_empty()
    }
}

impl Armed {
    pub fn new(bus: BusPlace, name: String, rule: Rule) -> Self {
        Self { arn: bus.rule_arn(&name).to_string(), bus, name, rule }
    }
}

impl Router {
    /// With all that is stored.
    pub fn open(store: &Store) -> Self {
        let mut buses: HashMap<BusPlace, Patterns> = HashMap::new();
        let damaged = |cause: StoreError| tracing::error!(%cause, "skipped a damaged rule or archive");
        let read = store.snapshot();
        for row in read.scan(RULES, Span::all()) {
            match row {
                Ok((key, rule)) => {
                    if let Some((bus, name)) = of_rule_key(key) {
                        buses.entry(bus.clone()).or_default().arm(&bus, &name, Some(rule));
                    }
                }
                Err(cause) => damaged(cause),
            }
        }
        for row in read.scan(ARCHIVES, Span::all()) {
            match row {
                Ok(((_, _, name), archive)) => {
                    if let Some(bus) = BusPlace::of_key(&archive.bus) {
                        buses.entry(bus).or_default().keep(&name, Some(&archive));
                    }
                }
                Err(cause) => damaged(cause),
            }
        }
        Self {
            store: store.clone(),
            buses: RwLock::new(buses),
            changed: Mutex::default(),
            behind: AtomicBool::new(false),
        }
    }

    /// A transaction changes a rule or an archive: if it commits, the next event sees it, whether or not anybody
    /// still waits for the transaction.
    pub fn follow(self: &Arc<Self>, tx: &mut Tx, changed: Changed) {
        let router = self.clone();
        tx.on_commit(move || {
            router.changed.lock().push(changed);
            router.behind.store(true, Ordering::Release);
        });
    }

    /// After the store was emptied.
    pub fn forget(&self) {
        let mut buses = self.buses.write();
        self.changed.lock().clear();
        buses.clear();
    }

    /// Whether anything on a bus waits for events.
    pub fn listens(&self, bus: &BusPlace) -> bool {
        self.catch_up();
        self.buses.read().get(bus).is_some_and(|patterns| !patterns.automaton.is_empty())
    }

    /// What an event on a bus is for.
    pub fn route(&self, bus: &BusPlace, event: &Value) -> Route {
        self.catch_up();
        let buses = self.buses.read();
        let Some(patterns) = buses.get(bus) else { return Route::default() };
        let replayed = event.get(REPLAY_NAME).is_some();
        let mut route = Route::default();
        for id in patterns.automaton.matches(event) {
            match id {
                Id::Rule(name) => route.rules.extend(patterns.rules.get(&name).cloned()),
                Id::Archive(name) if !replayed => route.archives.extend(patterns.archives.get(&name)),
                Id::Archive(_) => {}
            }
        }
        route
    }

    /// Looks at what is stored now of all that was changed.
    fn catch_up(&self) {
        if !self.behind.load(Ordering::Acquire) {
            return;
        }
        // Whoever finds us behind meanwhile waits for the lock.
        let mut buses = self.buses.write();
        self.behind.store(false, Ordering::Release);
        let changed = std::mem::take(&mut *self.changed.lock());
        let read = self.store.snapshot();
        for one in changed {
            let caught_up = match &one {
                Changed::Rule(bus, name) => read.get(RULES, &bus.rule_key(name)).map(|rule| {
                    buses.entry(bus.clone()).or_default().arm(bus, name, rule);
                }),
                Changed::Archive(bus, key) => read.get(ARCHIVES, key).map(|archive| {
                    buses.entry(bus.clone()).or_default().keep(&key.2, archive.as_ref());
                }),
            };
            if let Err(cause) = caught_up {
                tracing::error!(%cause, ?one, "failed to read what was changed; the next event tries again");
                self.changed.lock().push(one);
                self.behind.store(true, Ordering::Release);
            }
        }
    }
}

impl Patterns {
    fn arm(&mut self, bus: &BusPlace, name: &str, rule: Option<Rule>) {
        let id = Id::Rule(name.to_owned());
        self.automaton.remove(&id);
        self.rules.remove(name);
        let Some(rule) = rule.filter(|rule| rule.state != State::Disabled) else { return };
        // What is stored was checked before.
        let Some(pattern) = rule.pattern.as_deref().and_then(|text| Pattern::parse(text).ok()) else { return };
        self.automaton.insert(id, pattern);
        self.rules.insert(name.to_owned(), Arc::new(Armed::new(bus.clone(), name.to_owned(), rule)));
    }

    fn keep(&mut self, name: &str, archive: Option<&Archive>) {
        let id = Id::Archive(name.to_owned());
        self.automaton.remove(&id);
        self.archives.remove(name);
        let Some(archive) = archive else { return };
        // All events have an id: the pattern of an archive without one.
        let text = archive.pattern.as_deref().unwrap_or(r#"{"version":[{"exists":true}]}"#);
        if let Ok(pattern) = Pattern::parse(text) {
            self.automaton.insert(id, pattern);
            self.archives.insert(name.to_owned(), archive.number);
        }
    }
}
