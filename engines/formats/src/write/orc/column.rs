//! The columns of a stripe, as streams.

use super::encode::{Bits, Bytes, Integers};
use super::proto::{Message, varint};
use crate::error::FormatError;
use crate::types::HiveType;
use crate::write::cells::{Cells, inside};
use crate::write::not_supported;

/// 2015-01-01, from which ORC counts the seconds of timestamps.
const BASE_SECONDS: i64 = 1_420_070_400;

const PRESENT: u64 = 0;
const DATA: u64 = 1;
const LENGTH: u64 = 2;
const SECONDARY: u64 = 5;

/// A stream of a stripe, not yet compressed.
pub struct Stream {
    pub kind: u64,
    pub column: u64,
    pub bytes: Vec<u8>,
}

/// A column and those inside it.
pub struct ColumnWriter {
    number: u64,
    of: HiveType,
    present: Bits,
    /// In this stripe; a column without nulls has no such stream.
    stripe_has_null: bool,
    has_null: bool,
    values: u64,
    data: Data,
    children: Vec<ColumnWriter>,
}

enum Data {
    Bits(Bits),
    Bytes(Bytes),
    Integers(Integers),
    /// Numbers of fixed width.
    Plain(Vec<u8>),
    Texts(Vec<u8>, Integers),
    Timestamps(Integers, Integers),
    Decimals(Vec<u8>, Integers),
    Lengths(Integers),
    Nothing,
}

impl ColumnWriter {
    /// A column; `next` is the number of the next one, in the order of their descriptions.
    pub fn new(of: &HiveType, next: &mut u64) -> Result<ColumnWriter, FormatError> {
        let number = *next;
        *next += 1;
        let (data, inner): (Data, Vec<&HiveType>) = match of {
            HiveType::Boolean => (Data::Bits(Bits::default()), Vec::new()),
            HiveType::Tinyint => (Data::Bytes(Bytes::default()), Vec::new()),
            HiveType::Smallint | HiveType::Int | HiveType::Bigint | HiveType::Date => {
                (Data::Integers(Integers::new(true)), Vec::new())
            }
            HiveType::Float | HiveType::Double => (Data::Plain(Vec::new()), Vec::new()),
            HiveType::String | HiveType::Varchar(_) | HiveType::Char(_) | HiveType::Binary => {
                (Data::Texts(Vec::new(), Integers::new(false)), Vec::new())
            }
            HiveType::Timestamp => (Data::Timestamps(Integers::new(true), Integers::new(false)), Vec::new()),
            HiveType::Decimal(..) => (Data::Decimals(Vec::new(), Integers::new(true)), Vec::new()),
            HiveType::Array(item) => (Data::Lengths(Integers::new(false)), vec![item]),
            HiveType::Map(key, value) => (Data::Lengths(Integers::new(false)), vec![key, value]),
            HiveType::Struct(fields) => (Data::Nothing, fields.iter().map(|(_, of)| of).collect()),
            HiveType::Union(_) => return Err(not_supported(format!("Unsupported column type: {of}"))),
        };
        let children = inner.into_iter().map(|of| ColumnWriter::new(of, next)).collect::<Result<_, _>>()?;
        Ok(ColumnWriter {
            number,
            of: of.clone(),
            present: Bits::default(),
            stripe_has_null: false,
            has_null: false,
            values: 0,
            data,
            children,
        })
    }

    /// The columns inside.
    pub fn children(&mut self) -> &mut [ColumnWriter] {
        &mut self.children
    }

    /// Rows of the root, whose columns are appended apart.
    pub fn append_rows(&mut self, rows: usize) {
        self.values += rows as u64;
    }

    /// About how many bytes the stripe has so far.
    pub fn size(&self) -> usize {
        let own = match &self.data {
            Data::Bits(bits) => bits.bytes.encoded.len(),
            Data::Bytes(bytes) => bytes.encoded.len(),
            Data::Integers(values) | Data::Lengths(values) => values.encoded.len(),
            Data::Plain(bytes) => bytes.len(),
            Data::Texts(bytes, lengths) | Data::Decimals(bytes, lengths) => bytes.len() + lengths.encoded.len(),
            Data::Timestamps(seconds, nanos) => seconds.encoded.len() + nanos.encoded.len(),
            Data::Nothing => 0,
        };
        own + self.present.bytes.encoded.len() + self.children.iter().map(ColumnWriter::size).sum::<usize>()
    }

    /// Appends these rows. What is inside a NULL is not there for ORC.
    pub fn append(&mut self, cells: &Cells<'_>, rows: &[usize]) -> Result<(), FormatError> {
        let mut there = Vec::with_capacity(rows.len());
        for row in rows {
            let is_null = cells.is_null(*row);
            self.present.push(!is_null);
            if !is_null {
                there.push(*row);
            }
        }
        self.stripe_has_null |= there.len() < rows.len();
        self.values += there.len() as u64;
        match (&mut self.data, cells) {
            (Data::Bits(to), Cells::Boolean(array)) => there.iter().for_each(|row| to.push(array.value(*row))),
            (Data::Bytes(to), Cells::Tinyint(array)) => there.iter().for_each(|row| to.push(array.value(*row) as u8)),
            (Data::Integers(to), Cells::Smallint(array)) => {
                there.iter().for_each(|row| to.push(array.value(*row).into()))
            }
            (Data::Integers(to), Cells::Int(array)) => there.iter().for_each(|row| to.push(array.value(*row).into())),
            (Data::Integers(to), Cells::Bigint(array)) => there.iter().for_each(|row| to.push(array.value(*row))),
            (Data::Integers(to), Cells::Date(array)) => there.iter().for_each(|row| to.push(array.value(*row).into())),
            (Data::Plain(to), Cells::Float(array)) => {
                there.iter().for_each(|row| to.extend_from_slice(&array.value(*row).to_le_bytes()));
            }
            (Data::Plain(to), Cells::Double(array)) => {
                there.iter().for_each(|row| to.extend_from_slice(&array.value(*row).to_le_bytes()));
            }
            (Data::Texts(to, lengths), Cells::Text(array)) => {
                there.iter().for_each(|row| append_bytes(array.value(*row).as_bytes(), to, lengths));
            }
            (Data::Texts(to, lengths), Cells::Binary(array)) => {
                there.iter().for_each(|row| append_bytes(array.value(*row), to, lengths));
            }
            (Data::Timestamps(seconds, nanos), Cells::Timestamp(array)) => {
                for row in there {
                    append_millis(array.value(row), seconds, nanos)?;
                }
            }
            (Data::Decimals(to, scales), Cells::Decimal(array, scale)) => {
                for row in there {
                    append_zigzag(array.value(row), to);
                    scales.push(i64::from(*scale));
                }
            }
            (Data::Lengths(lengths), Cells::Array(list, items)) => {
                let rows = append_lengths(list.value_offsets(), &there, lengths);
                self.children[0].append(items, &rows)?;
            }
            (Data::Lengths(lengths), Cells::Map(map, keys, values)) => {
                let rows = append_lengths(map.value_offsets(), &there, lengths);
                self.children[0].append(keys, &rows)?;
                self.children[1].append(values, &rows)?;
            }
            (Data::Nothing, Cells::Struct(_, fields)) => {
                for (column, field) in self.children.iter_mut().zip(fields) {
                    column.append(field, &there)?;
                }
            }
            _ => return Err(not_supported(format!("the column is not of type {}", self.of))),
        }
        Ok(())
    }

    /// Takes the streams and encodings of the stripe; after it the next stripe begins.
    pub fn take(&mut self, streams: &mut Vec<Stream>, encodings: &mut Vec<u64>) {
        // All encodings are direct ones of version 1.
        encodings.push(0);
        let column = self.number;
        let mut stream = |kind, bytes| streams.push(Stream { kind, column, bytes });
        let present = self.present.take();
        if self.stripe_has_null {
            stream(PRESENT, present);
        }
        self.has_null |= std::mem::take(&mut self.stripe_has_null);
        match &mut self.data {
            Data::Bits(bits) => stream(DATA, bits.take()),
            Data::Bytes(bytes) => stream(DATA, bytes.take()),
            Data::Integers(values) => stream(DATA, values.take()),
            Data::Plain(bytes) => stream(DATA, std::mem::take(bytes)),
            Data::Texts(bytes, lengths) => {
                stream(DATA, std::mem::take(bytes));
                stream(LENGTH, lengths.take());
            }
            Data::Timestamps(seconds, nanos) => {
                stream(DATA, seconds.take());
                stream(SECONDARY, nanos.take());
            }
            Data::Decimals(bytes, scales) => {
                stream(DATA, std::mem::take(bytes));
                stream(SECONDARY, scales.take());
            }
            Data::Lengths(lengths) => stream(LENGTH, lengths.take()),
            Data::Nothing => {}
        }
        for child in &mut self.children {
            child.take(streams, encodings);
        }
    }

    /// Tells the type of this column and of those inside it, how many values it has, and whether it has NULLs.
    pub fn describe(&self, tell: &mut dyn FnMut(&Message, u64, bool)) {
        let mut of = Message::default();
        let kind = match &self.of {
            HiveType::Boolean => 0,
            HiveType::Tinyint => 1,
            HiveType::Smallint => 2,
            HiveType::Int => 3,
            HiveType::Bigint => 4,
            HiveType::Float => 5,
            HiveType::Double => 6,
            HiveType::String => 7,
            HiveType::Binary => 8,
            HiveType::Timestamp => 9,
            HiveType::Array(_) => 10,
            HiveType::Map(..) => 11,
            HiveType::Struct(_) => 12,
            HiveType::Union(_) => 13,
            HiveType::Decimal(..) => 14,
            HiveType::Date => 15,
            HiveType::Varchar(_) => 16,
            HiveType::Char(_) => 17,
        };
        of.number(1, kind);
        if !self.children.is_empty() {
            of.packed(2, &self.children.iter().map(|child| child.number).collect::<Vec<_>>());
        }
        match &self.of {
            HiveType::Struct(fields) => fields.iter().for_each(|(name, _)| of.text(3, name)),
            HiveType::Varchar(length) | HiveType::Char(length) => of.number(4, u64::from(*length)),
            HiveType::Decimal(precision, scale) => {
                of.number(5, u64::from(*precision));
                of.number(6, u64::from(*scale));
            }
            _ => {}
        }
        tell(&of, self.values, self.has_null);
        for child in &self.children {
            child.describe(tell);
        }
    }
}

fn append_bytes(bytes: &[u8], to: &mut Vec<u8>, lengths: &mut Integers) {
    to.extend_from_slice(bytes);
    lengths.push(bytes.len() as i64);
}

/// Appends the lengths of nested values, and returns the rows inside them.
fn append_lengths(offsets: &[i32], rows: &[usize], lengths: &mut Integers) -> Vec<usize> {
    let mut inner = Vec::new();
    for row in rows {
        let range = inside(offsets, *row);
        lengths.push(range.len() as i64);
        inner.extend(range);
    }
    inner
}

/// Seconds since ORC's base, and nanoseconds whose zeros at the end are counted in the last three bits.
fn append_millis(millis: i64, seconds: &mut Integers, nanos: &mut Integers) -> Result<(), FormatError> {
    let (mut second, fraction) = (millis.div_euclid(1_000), millis.rem_euclid(1_000));
    // ORC-763: readers take a second from what is before 1970 and has milliseconds, and in the last second before it
    // they cannot know.
    if second == -1 && fraction > 0 {
        return Err(not_supported(format!("the timestamp {millis} ms before 1970 cannot be written to ORC")));
    }
    if second < 0 && fraction > 0 {
        second += 1;
    }
    seconds.push(second - BASE_SECONDS);
    let (mut digits, mut zeros) = (fraction, 5);
    while digits > 0 && digits % 10 == 0 {
        digits /= 10;
        zeros += 1;
    }
    nanos.push(if digits == 0 { 0 } else { digits << 3 | zeros });
    Ok(())
}

/// A varint of any size.
fn append_zigzag(value: i128, to: &mut Vec<u8>) {
    let mut bits = ((value << 1) ^ (value >> 127)) as u128;
    while bits > u128::from(u64::MAX >> 1) {
        to.push(bits as u8 | 0x80);
        bits >>= 7;
    }
    varint(bits as u64, to);
}
