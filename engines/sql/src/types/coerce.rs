//! Which types become which by themselves, and what two types have in common: Trino's implicit coercions.

use super::Type;

/// The digits that a whole number of this type needs as a decimal.
fn digits_of(integral: &Type) -> Option<u8> {
    Some(match integral {
        Type::Tinyint => 3,
        Type::Smallint => 5,
        Type::Integer => 10,
        Type::Bigint => 19,
        _ => return None,
    })
}

impl Type {
    /// Whether values of this type become values of the other without a cast.
    pub fn coerces_to(&self, other: &Type) -> bool {
        self.common(other).as_ref() == Some(other)
    }

    /// The smallest type that both become without a cast: of the branches of a `CASE`, of two sides of `=`.
    pub fn common(&self, other: &Type) -> Option<Type> {
        if self == other {
            return Some(self.clone());
        }
        match (self, other) {
            (Type::Unknown, known) | (known, Type::Unknown) => Some(known.clone()),
            (Type::Decimal(p, s), Type::Decimal(q, t)) => Some(common_decimal((*p, *s), (*q, *t))),
            (Type::Varchar(a), Type::Varchar(b)) => Some(Type::Varchar(longer(*a, *b))),
            (Type::Char(a), Type::Char(b)) => Some(Type::Char(*a.max(b))),
            // Literals are varchar; they are padded when they meet a char.
            (Type::Varchar(text), Type::Char(padded)) | (Type::Char(padded), Type::Varchar(text)) => {
                Some(Type::Char(text.unwrap_or(CHAR_LENGTH_MAX).min(CHAR_LENGTH_MAX).max(*padded)))
            }
            (Type::Array(a), Type::Array(b)) => Some(Type::array(a.common(b)?)),
            (Type::Map(k, v), Type::Map(l, w)) => Some(Type::map(k.common(l)?, v.common(w)?)),
            (Type::Row(fields), Type::Row(others)) => common_row(fields, others),
            (a, b) => time_or_number(a, b).or_else(|| time_or_number(b, a)),
        }
    }

    /// What all of them have in common; `Unknown` of none.
    pub fn common_of<'a>(types: impl IntoIterator<Item = &'a Type>) -> Option<Type> {
        types.into_iter().try_fold(Type::Unknown, |common, next| common.common(next))
    }
}

/// The longest char.
const CHAR_LENGTH_MAX: u32 = 65_536;

/// The common type of two different types of which the first is the narrower.
fn time_or_number(narrow: &Type, wide: &Type) -> Option<Type> {
    let widens = match narrow {
        Type::Tinyint => matches!(wide, Type::Smallint | Type::Integer | Type::Bigint | Type::Real | Type::Double),
        Type::Smallint => matches!(wide, Type::Integer | Type::Bigint | Type::Real | Type::Double),
        Type::Integer => matches!(wide, Type::Bigint | Type::Real | Type::Double),
        Type::Bigint | Type::Decimal(..) => matches!(wide, Type::Real | Type::Double),
        Type::Real => *wide == Type::Double,
        Type::Date => matches!(wide, Type::Timestamp(_) | Type::TimestampTz(_)),
        _ => false,
    };
    if widens {
        return Some(wide.clone());
    }
    match (narrow, wide) {
        (integral, Type::Decimal(p, s)) => Some(common_decimal((digits_of(integral)?, 0), (*p, *s))),
        (Type::Time(p), Type::Time(q)) => Some(Type::Time(*p.max(q))),
        (Type::Time(p) | Type::TimeTz(p), Type::TimeTz(q)) => Some(Type::TimeTz(*p.max(q))),
        (Type::Timestamp(p), Type::Timestamp(q)) => Some(Type::Timestamp(*p.max(q))),
        (Type::Timestamp(p) | Type::TimestampTz(p), Type::TimestampTz(q)) => Some(Type::TimestampTz(*p.max(q))),
        _ => None,
    }
}

/// A decimal that has room for the digits of both, as far as 38 digits go.
fn common_decimal((p, s): (u8, i8), (q, t): (u8, i8)) -> Type {
    let scale = s.max(t);
    let whole = (p as i8 - s).max(q as i8 - t);
    Type::Decimal((whole + scale).min(38) as u8, scale)
}

fn longer(a: Option<u32>, b: Option<u32>) -> Option<u32> {
    Some(a?.max(b?))
}

type RowField = (Option<String>, Type);

/// Field by field; a name stays if both have it.
fn common_row(fields: &[RowField], others: &[RowField]) -> Option<Type> {
    if fields.len() != others.len() {
        return None;
    }
    let mut common = Vec::with_capacity(fields.len());
    for ((name, field), (other_name, other)) in fields.iter().zip(others) {
        let name = if name == other_name { name.clone() } else { None };
        common.push((name, field.common(other)?));
    }
    Some(Type::Row(common))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn common(a: &str, b: &str) -> Option<String> {
        let (a, b) = (Type::parse(a).unwrap(), Type::parse(b).unwrap());
        assert_eq!(a.common(&b), b.common(&a));
        a.common(&b).map(|common| common.to_string())
    }

    #[test]
    fn two_types_meet_in_the_smallest_that_holds_both() {
        for (a, b, both) in [
            ("integer", "bigint", "bigint"),
            ("integer", "decimal(5,2)", "decimal(12,2)"),
            ("bigint", "decimal(38,10)", "decimal(38,10)"),
            ("decimal(10,2)", "decimal(8,4)", "decimal(12,4)"),
            ("decimal(10,2)", "real", "real"),
            ("bigint", "double", "double"),
            ("varchar(3)", "varchar(5)", "varchar(5)"),
            ("varchar(3)", "varchar", "varchar"),
            ("varchar(3)", "char(5)", "char(5)"),
            ("date", "timestamp(3)", "timestamp(3)"),
            ("timestamp(6)", "timestamp(3) with time zone", "timestamp(6) with time zone"),
            ("unknown", "json", "json"),
            ("array(integer)", "array(double)", "array(double)"),
            ("row(a integer, b date)", "row(a bigint, c timestamp(3))", "row(a bigint, timestamp(3))"),
        ] {
            assert_eq!(common(a, b).as_deref(), Some(both), "{a}, {b}");
        }
    }

    #[test]
    fn strangers_have_nothing_in_common() {
        for (a, b) in [("integer", "varchar(3)"), ("boolean", "integer"), ("date", "varchar"), ("json", "varchar")] {
            assert_eq!(common(a, b), None, "{a}, {b}");
        }
    }

    #[test]
    fn coercion_only_widens() {
        assert!(Type::Integer.coerces_to(&Type::Bigint));
        assert!(!Type::Bigint.coerces_to(&Type::Integer));
        assert!(Type::Varchar(Some(3)).coerces_to(&Type::VARCHAR));
        assert!(!Type::VARCHAR.coerces_to(&Type::Varchar(Some(3))));
        assert!(!Type::Char(3).coerces_to(&Type::VARCHAR));
    }
}
