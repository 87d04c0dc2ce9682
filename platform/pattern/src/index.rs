//! Conditions by the values that meet them: from one value of an event to the few conditions that it may meet.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::hash::Hash;

use crate::condition::{Bound, Condition, Range};
use crate::hashing::QuickMap;
use crate::network::Network;
use crate::value::{Literal, NumberKey, Scalar};
use crate::wildcard::Wildcard;

/// Pieces of a text that are looked up: the end of a text inside a wildcard, which tells more than its beginning.
const GRAM: usize = 8;

/// The same for texts that are shorter than that.
const SHORT_GRAM: usize = 3;

/// How well an index tells a condition's values from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Selectivity {
    /// Few values meet it.
    Strong,
    /// Half of all values may meet it.
    Weak,
}

/// How well the condition can be looked up; not at all if nearly everything meets it.
pub(crate) fn selectivity(condition: &Condition) -> Option<Selectivity> {
    match condition {
        Condition::AnythingBut(_) | Condition::Absent => None,
        Condition::Wildcard(wildcard) => clue(wildcard).map(|_| Selectivity::Strong),
        Condition::Exists | Condition::Within(Range { low: None, .. } | Range { high: None, .. }) => {
            Some(Selectivity::Weak)
        }
        Condition::Prefix(text) | Condition::Suffix(text) if text.is_empty() => None,
        Condition::PrefixIgnoreCase(text) | Condition::SuffixIgnoreCase(text) if text.is_empty() => None,
        _ => Some(Selectivity::Strong),
    }
}

/// What a wildcard can be looked up by.
enum Clue<'w> {
    Whole(&'w str),
    Head(&'w str),
    Tail(&'w str),
    Gram([u8; GRAM]),
    ShortGram([u8; SHORT_GRAM]),
}

/// The longest piece tells most.
fn clue(wildcard: &Wildcard) -> Option<Clue<'_>> {
    let (head, tail, core) = (wildcard.head(), wildcard.tail(), wildcard.core());
    if wildcard.stars() == 0 {
        return Some(Clue::Whole(head));
    }
    if !head.is_empty() && head.len() >= core.len() {
        return Some(Clue::Head(head));
    }
    if !tail.is_empty() && tail.len() >= core.len() {
        return Some(Clue::Tail(tail));
    }
    let bytes = core.as_bytes();
    let long = bytes.last_chunk().copied().map(Clue::Gram);
    long.or_else(|| bytes.last_chunk().copied().map(Clue::ShortGram))
        .or_else(|| (!head.is_empty()).then_some(Clue::Head(head)))
        .or_else(|| (!tail.is_empty()).then_some(Clue::Tail(tail)))
}

/// A `T` for each condition; equal conditions share one.
#[derive(Clone, Debug)]
pub(crate) struct Index<T> {
    literals: QuickMap<Literal, T>,
    texts: QuickMap<Box<str>, T>,
    ignoring_case: QuickMap<Box<str>, T>,
    prefixes: Affixes<T>,
    prefixes_ignoring_case: Affixes<T>,
    suffixes: Affixes<T>,
    suffixes_ignoring_case: Affixes<T>,
    grams: QuickMap<[u8; GRAM], T>,
    short_grams: QuickMap<[u8; SHORT_GRAM], T>,
    cells: QuickMap<Cell, T>,
    /// The sizes of cells that there are.
    cell_sizes: Vec<i16>,
    above: BTreeMap<Ordered, T>,
    below: BTreeMap<Ordered, T>,
    networks: QuickMap<Network, T>,
    network_lengths: Vec<(bool, u8)>,
    any: Option<T>,
}

impl<T> Default for Index<T> {
    fn default() -> Self {
        Self {
            literals: QuickMap::default(),
            texts: QuickMap::default(),
            ignoring_case: QuickMap::default(),
            prefixes: Affixes::default(),
            prefixes_ignoring_case: Affixes::default(),
            suffixes: Affixes::default(),
            suffixes_ignoring_case: Affixes::default(),
            grams: QuickMap::default(),
            short_grams: QuickMap::default(),
            cells: QuickMap::default(),
            cell_sizes: Vec::new(),
            above: BTreeMap::new(),
            below: BTreeMap::new(),
            networks: QuickMap::default(),
            network_lengths: Vec::new(),
            any: None,
        }
    }
}

/// Beginnings or ends, and how long they are.
#[derive(Clone, Debug)]
struct Affixes<T> {
    lengths: Vec<usize>,
    known: QuickMap<Box<str>, T>,
}

impl<T> Default for Affixes<T> {
    fn default() -> Self {
        Self { lengths: Vec::new(), known: QuickMap::default() }
    }
}

/// Numbers between `number` and `number + 1` times two to the power of `size`. A range lies in at most three cells
/// that are as large as itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Cell {
    size: i16,
    number: i64,
}

/// Numbers in their order; there is no NaN in JSON.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Ordered(f64);

impl Ordered {
    fn of(value: f64) -> Self {
        // Minus zero becomes zero.
        Self(value + 0.0)
    }
}

impl Eq for Ordered {}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl<T: Default> Index<T> {
    /// The entries of a condition that has a [`selectivity`]: every value that meets it leads to one of them.
    pub(crate) fn entries(&mut self, condition: &Condition, mut each: impl FnMut(&mut T)) {
        match condition {
            Condition::Is(Literal::Text(text)) => each(self.texts.entry(text.clone()).or_default()),
            Condition::Is(literal) => each(self.literals.entry(literal.clone()).or_default()),
            Condition::IgnoreCase(text) => each(self.ignoring_case.entry(text.clone()).or_default()),
            Condition::Prefix(text) => each(self.prefixes.entry(text)),
            Condition::PrefixIgnoreCase(text) => each(self.prefixes_ignoring_case.entry(text)),
            Condition::Suffix(text) => each(self.suffixes.entry(text)),
            Condition::SuffixIgnoreCase(text) => each(self.suffixes_ignoring_case.entry(text)),
            Condition::Wildcard(wildcard) => match clue(wildcard) {
                Some(Clue::Whole(text)) => each(self.texts.entry(text.into()).or_default()),
                Some(Clue::Head(head)) => each(self.prefixes.entry(head)),
                Some(Clue::Tail(tail)) => each(self.suffixes.entry(tail)),
                Some(Clue::Gram(gram)) => each(self.grams.entry(gram).or_default()),
                Some(Clue::ShortGram(gram)) => each(self.short_grams.entry(gram).or_default()),
                None => {}
            },
            Condition::Within(Range { low: Some(low), high: Some(high) }) => self.range(*low, *high, each),
            Condition::Within(Range { low: Some(low), .. }) => {
                each(self.above.entry(Ordered::of(low.value)).or_default())
            }
            Condition::Within(Range { high: Some(high), .. }) => {
                each(self.below.entry(Ordered::of(high.value)).or_default());
            }
            Condition::Network(network) => {
                note(&mut self.network_lengths, (network.v6, network.length));
                each(self.networks.entry(*network).or_default());
            }
            Condition::Exists | Condition::Within(_) => each(self.any.get_or_insert_default()),
            Condition::Absent | Condition::AnythingBut(_) => {}
        }
    }

    fn range(&mut self, low: Bound, high: Bound, mut each: impl FnMut(&mut T)) {
        let size = (high.value - low.value).log2().ceil().clamp(-1000.0, 1023.0) as i16;
        note(&mut self.cell_sizes, size);
        for number in cell(low.value, size).number..=cell(high.value, size).number {
            each(self.cells.entry(Cell { size, number }).or_default());
        }
    }
}

impl<T> Index<T> {
    /// The entries that a value may meet.
    pub(crate) fn lookup<'i>(&'i self, value: Scalar<'_>, mut each: impl FnMut(&'i T)) {
        self.any.iter().for_each(&mut each);
        match value {
            Scalar::Text(text) => self.lookup_text(text, each),
            Scalar::Number(number) => {
                find(&self.literals, &Literal::Number(NumberKey::of(number)), &mut each);
                let Some(float) = number.as_f64() else { return };
                for size in &self.cell_sizes {
                    find(&self.cells, &cell(float, *size), &mut each);
                }
                self.above.range(..=Ordered::of(float)).for_each(|(_, entry)| each(entry));
                self.below.range(Ordered::of(float)..).for_each(|(_, entry)| each(entry));
            }
            Scalar::Bool(bool) => find(&self.literals, &Literal::Bool(bool), &mut each),
            Scalar::Null => find(&self.literals, &Literal::Null, &mut each),
        }
    }

    fn lookup_text<'i>(&'i self, text: &str, mut each: impl FnMut(&'i T)) {
        find(&self.texts, text, &mut each);
        self.prefixes.lookup(text, str::get::<std::ops::RangeTo<usize>>, |length| ..length, &mut each);
        self.suffixes.lookup(text, str::get::<std::ops::RangeFrom<usize>>, |length| text.len() - length.., &mut each);
        if !self.grams.is_empty() {
            text.as_bytes().array_windows().for_each(|gram| find(&self.grams, gram, &mut each));
        }
        if !self.short_grams.is_empty() {
            text.as_bytes().array_windows().for_each(|gram| find(&self.short_grams, gram, &mut each));
        }
        if !self.networks.is_empty()
            && let Some(address) = Scalar::Text(text).address()
        {
            for (v6, length) in self.network_lengths.iter().copied().filter(|(v6, _)| *v6 == address.is_ipv6()) {
                let network = Network::around(address, length);
                debug_assert_eq!(network.v6, v6);
                find(&self.networks, &network, &mut each);
            }
        }
        let folding = [&self.prefixes_ignoring_case, &self.suffixes_ignoring_case];
        if !self.ignoring_case.is_empty() || folding.iter().any(|affixes| !affixes.known.is_empty()) {
            let lower = text.to_lowercase();
            find(&self.ignoring_case, &*lower, &mut each);
            let [prefixes, suffixes] = folding;
            prefixes.lookup(&lower, str::get::<std::ops::RangeTo<usize>>, |length| ..length, &mut each);
            let tail = |length| lower.len() - length..;
            suffixes.lookup(&lower, str::get::<std::ops::RangeFrom<usize>>, tail, &mut each);
        }
    }
}

impl<T: Default> Affixes<T> {
    fn entry(&mut self, text: &str) -> &mut T {
        note(&mut self.lengths, text.len());
        self.known.entry(text.into()).or_default()
    }
}

impl<T> Affixes<T> {
    fn lookup<'i, R>(
        &'i self,
        text: &str,
        slice: impl Fn(&str, R) -> Option<&str>,
        range: impl Fn(usize) -> R,
        mut each: impl FnMut(&'i T),
    ) {
        for length in self.lengths.iter().take_while(|length| **length <= text.len()) {
            if let Some(affix) = slice(text, range(*length)) {
                find(&self.known, affix, &mut each);
            }
        }
    }
}

fn find<'i, K: Borrow<Q> + Eq + Hash, Q: Eq + Hash + ?Sized, T>(
    map: &'i QuickMap<K, T>,
    key: &Q,
    mut each: impl FnMut(&'i T),
) {
    if let Some(found) = map.get(key) {
        each(found);
    }
}

/// Adds to a sorted list without repetitions.
fn note<K: Ord>(known: &mut Vec<K>, key: K) {
    if let Err(place) = known.binary_search(&key) {
        known.insert(place, key);
    }
}

fn cell(value: f64, size: i16) -> Cell {
    Cell { size, number: (value / 2f64.powi(i32::from(size))).floor() as i64 }
}
