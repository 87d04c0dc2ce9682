//! Reads types as Trino spells them, and as people write them in casts: `array(row(a bigint))`, `INT`, `DECIMAL(10, 2)`.

use crate::error::{SqlError, TYPE_NOT_FOUND};

use super::Type;

/// Nesting that a type may have; deeper is refused rather than overflowing the stack.
const DEPTH_MAX: usize = 64;
/// The largest precision of a decimal.
const DECIMAL_PRECISION_MAX: u32 = 38;
/// The largest precision of a time or timestamp. Trino's largest is 12; Arrow ends at nanoseconds.
const FRACTION_MAX: u32 = 9;
/// The longest char.
const CHAR_LENGTH_MAX: u32 = 65_536;

impl Type {
    /// The type of that spelling: case-insensitive, with the synonyms that Trino knows (`int`, `dec`, `string`),
    /// and `array<…>` as older Presto and Hive write it.
    ///
    /// # Errors
    /// `TYPE_NOT_FOUND: Unknown type: …`, or what is wrong with its parameters.
    pub fn parse(spelling: &str) -> Result<Type, SqlError> {
        let mut reader = Reader { spelling, rest: spelling, depth: 0 };
        let parsed = reader.read()?;
        reader.skip_spaces();
        if reader.rest.is_empty() { Ok(parsed) } else { Err(reader.unknown()) }
    }
}

/// What is left to read of a spelling.
struct Reader<'a> {
    spelling: &'a str,
    rest: &'a str,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn unknown(&self) -> SqlError {
        SqlError::new(TYPE_NOT_FOUND, format!("Unknown type: {}", self.spelling))
    }

    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Takes the symbol if it comes next.
    fn take(&mut self, symbol: char) -> bool {
        self.skip_spaces();
        match self.rest.strip_prefix(symbol) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Takes these words, whatever their case and the space between them.
    fn take_words(&mut self, words: &[&str]) -> bool {
        let before = self.rest;
        for word in words {
            match self.word() {
                Some(next) if next.eq_ignore_ascii_case(word) => {}
                _ => {
                    self.rest = before;
                    return false;
                }
            }
        }
        true
    }

    /// The next word: letters, digits and underscores.
    fn word(&mut self) -> Option<&'a str> {
        self.skip_spaces();
        let end = self.rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    /// A parenthesised list of numbers, if one comes next.
    fn numbers(&mut self) -> Result<Vec<u32>, SqlError> {
        let mut numbers = Vec::new();
        if self.take('(') {
            loop {
                let number = self.word().and_then(|word| word.parse().ok());
                numbers.push(number.ok_or_else(|| self.unknown())?);
                if self.take(')') {
                    break;
                }
                if !self.take(',') {
                    return Err(self.unknown());
                }
            }
        }
        Ok(numbers)
    }

    fn read(&mut self) -> Result<Type, SqlError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.unknown());
        }
        let name = self.word().ok_or_else(|| self.unknown())?.to_ascii_lowercase();
        let read = self.read_named(&name);
        self.depth -= 1;
        read
    }

    fn read_named(&mut self, name: &str) -> Result<Type, SqlError> {
        Ok(match name {
            "boolean" | "bool" => Type::Boolean,
            "tinyint" => Type::Tinyint,
            "smallint" => Type::Smallint,
            "integer" | "int" => Type::Integer,
            "bigint" => Type::Bigint,
            "real" | "float" => Type::Real,
            "double" => {
                self.take_words(&["precision"]);
                Type::Double
            }
            "decimal" | "dec" | "numeric" => self.read_decimal()?,
            "varchar" => match self.numbers()?[..] {
                [] => Type::VARCHAR,
                [length] if length <= i32::MAX as u32 => Type::Varchar(Some(length)),
                _ => return Err(self.unknown()),
            },
            "string" => Type::VARCHAR,
            "char" | "character" => match self.numbers()?[..] {
                [] => Type::Char(1),
                [length] if length <= CHAR_LENGTH_MAX => Type::Char(length),
                _ => return Err(self.unknown()),
            },
            "varbinary" | "binary" => Type::Varbinary,
            "date" => Type::Date,
            "time" => {
                let fraction = self.fraction()?;
                if self.zoned() { Type::TimeTz(fraction) } else { Type::Time(fraction) }
            }
            "timestamp" => {
                let fraction = self.fraction()?;
                if self.zoned() { Type::TimestampTz(fraction) } else { Type::Timestamp(fraction) }
            }
            "interval" if self.take_words(&["day", "to", "second"]) => Type::IntervalDayToSecond,
            "interval" if self.take_words(&["year", "to", "month"]) => Type::IntervalYearToMonth,
            "json" => Type::Json,
            "uuid" => Type::Uuid,
            "ipaddress" => Type::IpAddress,
            "hyperloglog" => Type::HyperLogLog,
            "tdigest" => Type::TDigest,
            "unknown" => Type::Unknown,
            "array" => Type::array(self.parameters(1)?.remove(0)),
            "map" => {
                let mut parameters = self.parameters(2)?;
                let value = parameters.remove(1);
                Type::map(parameters.remove(0), value)
            }
            "row" => self.read_row()?,
            _ => return Err(self.unknown()),
        })
    }

    fn read_decimal(&mut self) -> Result<Type, SqlError> {
        let (precision, scale) = match self.numbers()?[..] {
            [] => (DECIMAL_PRECISION_MAX, 0),
            [precision] => (precision, 0),
            [precision, scale] => (precision, scale),
            _ => return Err(self.unknown()),
        };
        if precision == 0 || precision > DECIMAL_PRECISION_MAX {
            let message = format!("DECIMAL precision must be in range [1, 38]: {precision}");
            return Err(SqlError::invalid_argument(message));
        }
        if scale > precision {
            let message = format!("DECIMAL scale must be in range [0, precision ({precision})]: {scale}");
            return Err(SqlError::invalid_argument(message));
        }
        Ok(Type::Decimal(precision as u8, scale as i8))
    }

    /// The digits of a second's fraction: three unless said otherwise.
    fn fraction(&mut self) -> Result<u8, SqlError> {
        match self.numbers()?[..] {
            [] => Ok(3),
            [fraction] if fraction <= FRACTION_MAX => Ok(fraction as u8),
            _ => Err(self.unknown()),
        }
    }

    fn zoned(&mut self) -> bool {
        if self.take_words(&["with", "time", "zone"]) {
            return true;
        }
        self.take_words(&["without", "time", "zone"]);
        false
    }

    /// As many types in parentheses, or in angle brackets.
    fn parameters(&mut self, count: usize) -> Result<Vec<Type>, SqlError> {
        let close = if self.take('(') {
            ')'
        } else if self.take('<') {
            '>'
        } else {
            return Err(self.unknown());
        };
        let mut parameters = vec![self.read()?];
        while self.take(',') {
            parameters.push(self.read()?);
        }
        if self.take(close) && parameters.len() == count { Ok(parameters) } else { Err(self.unknown()) }
    }

    fn read_row(&mut self) -> Result<Type, SqlError> {
        if !self.take('(') {
            return Err(self.unknown());
        }
        let mut fields = Vec::new();
        loop {
            fields.push(self.read_field()?);
            if self.take(')') {
                return Ok(Type::Row(fields));
            }
            if !self.take(',') {
                return Err(self.unknown());
            }
        }
    }

    /// `name type`, `"quoted name" type` or only `type`.
    fn read_field(&mut self) -> Result<(Option<String>, Type), SqlError> {
        if self.take('"') {
            let mut name = String::new();
            loop {
                let end = self.rest.find('"').ok_or_else(|| self.unknown())?;
                name.push_str(&self.rest[..end]);
                self.rest = &self.rest[end + 1..];
                match self.rest.strip_prefix('"') {
                    Some(rest) => self.rest = rest,
                    None => break,
                }
                name.push('"');
            }
            return Ok((Some(name), self.read()?));
        }
        // A type on its own is followed by a comma or the end; so is one whose first word could be a name.
        let before = self.rest;
        if let Ok(alone) = self.read() {
            self.skip_spaces();
            if self.rest.starts_with([',', ')']) {
                return Ok((None, alone));
            }
        }
        self.rest = before;
        let name = self.word().ok_or_else(|| self.unknown())?;
        Ok((Some(name.to_ascii_lowercase()), self.read()?))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_type_is_read_back_from_its_own_spelling() {
        for spelling in [
            "boolean",
            "tinyint",
            "smallint",
            "integer",
            "bigint",
            "real",
            "double",
            "decimal(38,0)",
            "varchar",
            "varchar(10)",
            "char(3)",
            "varbinary",
            "date",
            "time(3)",
            "time(6) with time zone",
            "timestamp(3)",
            "timestamp(9) with time zone",
            "interval day to second",
            "interval year to month",
            "json",
            "uuid",
            "ipaddress",
            "HyperLogLog",
            "tdigest",
            "unknown",
            "array(row(a bigint, \"b c\" varchar(2)))",
            "map(varchar, array(double))",
            "row(integer, timestamp(3) with time zone)",
            "row(date date, x row(y json))",
        ] {
            assert_eq!(Type::parse(spelling).unwrap().to_string(), spelling);
        }
    }

    #[test]
    fn synonyms_and_defaults_are_understood() {
        for (spelling, meaning) in [
            ("INT", "integer"),
            ("string", "varchar"),
            ("DEC(10, 2)", "decimal(10,2)"),
            ("decimal", "decimal(38,0)"),
            ("timestamp", "timestamp(3)"),
            ("Timestamp With Time Zone", "timestamp(3) with time zone"),
            ("array<int>", "array(integer)"),
            ("double precision", "double"),
            ("char", "char(1)"),
        ] {
            assert_eq!(Type::parse(spelling).unwrap().to_string(), meaning);
        }
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        for spelling in ["", "blob", "array", "array(int", "map(int)", "int int", "timestamp(13)", "row()"] {
            let error = Type::parse(spelling).unwrap_err();
            assert_eq!(error.to_string(), format!("TYPE_NOT_FOUND: Unknown type: {spelling}"));
        }
        let error = Type::parse("decimal(39)").unwrap_err();
        assert_eq!(error.message, "DECIMAL precision must be in range [1, 38]: 39");
    }
}
