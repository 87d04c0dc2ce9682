//! ORC's run-length encodings, version 1: of bytes, bits and integers.

use super::proto::varint;

/// The shortest run that is worth one.
const RUN_MIN: usize = 3;

/// The longest run: its length is kept in a byte.
const RUN_MAX: usize = 130;

/// The most values that stand between runs.
const LITERALS_MAX: usize = 128;

/// Bytes in runs of equal ones.
#[derive(Default)]
pub struct Bytes {
    pub encoded: Vec<u8>,
    pending: Vec<u8>,
}

impl Bytes {
    /// Appends a byte.
    pub fn push(&mut self, byte: u8) {
        self.pending.push(byte);
        let equal = self.pending.iter().rev().take_while(|other| **other == byte).count();
        let before = self.pending.len() - equal;
        if before > 0 && equal == RUN_MIN {
            // A run begins: what came before it are literals.
            self.literals(before);
        } else if before == 0 && equal == RUN_MAX {
            self.run();
        } else if equal < RUN_MIN && self.pending.len() > RUN_MAX {
            self.literals(LITERALS_MAX);
        } else if before >= RUN_MIN
            && equal == 1
            && self.pending[..before].iter().all(|other| *other == self.pending[0])
        {
            self.pending.pop();
            self.run();
            self.pending.push(byte);
        }
    }

    fn run(&mut self) {
        self.encoded.push((self.pending.len() - RUN_MIN) as u8);
        self.encoded.push(self.pending[0]);
        self.pending.clear();
    }

    fn literals(&mut self, count: usize) {
        for literals in self.pending[..count].chunks(LITERALS_MAX) {
            self.encoded.push((literals.len() as u8).wrapping_neg());
            self.encoded.extend_from_slice(literals);
        }
        self.pending.drain(..count);
    }

    /// All that was appended, encoded; after it nothing has been.
    pub fn take(&mut self) -> Vec<u8> {
        let equal = self.pending.iter().all(|other| Some(other) == self.pending.first());
        if equal && self.pending.len() >= RUN_MIN {
            self.run();
        } else {
            self.literals(self.pending.len());
        }
        std::mem::take(&mut self.encoded)
    }
}

/// Bits, eight in a byte, the highest first.
#[derive(Default)]
pub struct Bits {
    pub bytes: Bytes,
    partial: u8,
    count: u8,
}

impl Bits {
    /// Appends a bit.
    pub fn push(&mut self, bit: bool) {
        self.partial |= u8::from(bit) << (7 - self.count);
        self.count += 1;
        if self.count == 8 {
            self.bytes.push(self.partial);
            (self.partial, self.count) = (0, 0);
        }
    }

    /// All that was appended, encoded, with zeros behind the last bit.
    pub fn take(&mut self) -> Vec<u8> {
        if self.count > 0 {
            self.bytes.push(self.partial);
            (self.partial, self.count) = (0, 0);
        }
        self.bytes.take()
    }
}

/// Integers in runs of equal steps.
#[derive(Default)]
pub struct Integers {
    pub encoded: Vec<u8>,
    signed: bool,
    pending: Vec<i64>,
    /// How many of the last pending ones have equal steps between them, and which.
    run: usize,
    step: i64,
}

impl Integers {
    /// Signed ones are kept in zigzag.
    pub fn new(signed: bool) -> Integers {
        Integers { signed, ..Integers::default() }
    }

    /// Appends an integer.
    pub fn push(&mut self, value: i64) {
        let step = self.pending.last().map(|last| value.wrapping_sub(*last));
        let continues = step == Some(self.step) && self.run >= 2;
        let whole_run = self.run >= RUN_MIN && self.run == self.pending.len();
        if whole_run && (!continues || self.pending.len() == RUN_MAX) {
            self.end_run();
        }
        match self.pending.last().map(|last| value.wrapping_sub(*last)) {
            None => self.run = 1,
            Some(step) if step == self.step && self.run >= 2 => self.run += 1,
            Some(step) if i8::try_from(step).is_ok() => (self.run, self.step) = (2, step),
            Some(_) => self.run = 1,
        }
        self.pending.push(value);
        if self.run == RUN_MIN && self.pending.len() > RUN_MIN {
            self.literals(self.pending.len() - RUN_MIN);
        } else if self.run < RUN_MIN && self.pending.len() >= LITERALS_MAX {
            self.literals(self.pending.len() - self.run);
        }
    }

    fn end_run(&mut self) {
        self.encoded.push((self.pending.len() - RUN_MIN) as u8);
        self.encoded.push(self.step as i8 as u8);
        self.value(self.pending[0]);
        self.pending.clear();
        self.run = 0;
    }

    fn literals(&mut self, count: usize) {
        let pending = std::mem::take(&mut self.pending);
        for literals in pending[..count].chunks(LITERALS_MAX) {
            self.encoded.push((literals.len() as u8).wrapping_neg());
            for value in literals {
                self.value(*value);
            }
        }
        self.pending = pending;
        self.pending.drain(..count);
    }

    fn value(&mut self, value: i64) {
        let bits = if self.signed { (value << 1) ^ (value >> 63) } else { value };
        varint(bits as u64, &mut self.encoded);
    }

    /// All that was appended, encoded; after it nothing has been.
    pub fn take(&mut self) -> Vec<u8> {
        if self.run >= RUN_MIN && self.run == self.pending.len() {
            self.end_run();
        } else {
            self.literals(self.pending.len());
        }
        self.run = 0;
        std::mem::take(&mut self.encoded)
    }
}
