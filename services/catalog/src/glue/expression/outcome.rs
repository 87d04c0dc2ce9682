//! What an expression can come to while only the first keys of a partition are known.
//!
//! SQL has three answers: yes, no, and null where a value is missing. With keys still open, several of them are
//! possible; a beginning of the values for which *yes* is impossible rules out all partitions behind it at once.

/// A set of possible answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome(u8);

const YES: u8 = 1;
const NULL: u8 = 2;
const NO: u8 = 4;

impl Outcome {
    /// Anything: a key that is not known yet decides.
    pub const OPEN: Self = Self(YES | NULL | NO);
    /// A value is missing.
    pub const NULL: Self = Self(NULL);

    /// Yes or no.
    pub fn of(holds: bool) -> Self {
        Self(if holds { YES } else { NO })
    }

    /// Whether the partition may be one of those wanted.
    pub fn may_hold(self) -> bool {
        self.0 & YES != 0
    }

    /// Yes becomes no and the other way round.
    pub fn not(self) -> Self {
        Self(self.0 & NULL | (self.0 & YES) << 2 | (self.0 & NO) >> 2)
    }

    /// No if one of them is no, else null if one of them is null.
    pub fn and(self, other: Self) -> Self {
        // The answers are ordered so that the larger one decides.
        self.combined(other, u8::max)
    }

    /// Yes if one of them is yes, else null if one of them is null.
    pub fn or(self, other: Self) -> Self {
        self.combined(other, u8::min)
    }

    fn combined(self, other: Self, decide: fn(u8, u8) -> u8) -> Self {
        let answers = |set: u8| [YES, NULL, NO].into_iter().filter(move |answer| set & answer != 0);
        let pairs = answers(self.0).flat_map(|one| answers(other.0).map(move |two| decide(one, two)));
        Self(pairs.fold(0, |set, answer| set | answer))
    }
}
