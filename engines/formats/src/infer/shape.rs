//! What the values of a column are, as far as they have been seen: types that widen until they fit everything.

use crate::types::HiveType;

/// A type under observation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Nothing but nulls so far.
    #[default]
    Nothing,
    /// Values without parts. What does not go together is a string.
    Scalar(HiveType),
    /// Lists, and what is in them.
    Array(Box<Shape>),
    /// Maps of a keyed format: keys, values.
    Map(Box<Shape>, Box<Shape>),
    /// Objects, with their fields in the order of their first appearance.
    Struct(Vec<(String, Shape)>),
}

impl Shape {
    /// Text, into which everything else widens.
    pub const TEXT: Shape = Shape::Scalar(HiveType::String);

    /// The type of a schema that is known.
    pub fn of(hive: &HiveType) -> Shape {
        match hive {
            HiveType::Array(item) => Shape::Array(Box::new(Shape::of(item))),
            HiveType::Map(key, value) => Shape::Map(Box::new(Shape::of(key)), Box::new(Shape::of(value))),
            HiveType::Struct(fields) => {
                Shape::Struct(fields.iter().map(|(name, of)| (name.clone(), Shape::of(of))).collect())
            }
            scalar => Shape::Scalar(scalar.clone()),
        }
    }

    /// The type that a crawler writes down; of what was always null it says string.
    pub fn hive(&self) -> HiveType {
        match self {
            Shape::Nothing => HiveType::String,
            Shape::Scalar(hive) => hive.clone(),
            Shape::Array(item) => HiveType::Array(Box::new(item.hive())),
            Shape::Map(key, value) => HiveType::Map(Box::new(key.hive()), Box::new(value.hive())),
            Shape::Struct(fields) => {
                // Hive's spelling of a type has no way to quote these characters.
                let name = |name: &str| name.replace([':', ',', '<', '>', '`'], "_");
                HiveType::Struct(fields.iter().map(|(field, shape)| (name(field), shape.hive())).collect())
            }
        }
    }

    /// Widens until the other's values fit as well.
    pub fn widen(&mut self, other: &Shape) {
        match (&mut *self, other) {
            (_, Shape::Nothing) => {}
            (Shape::Nothing, _) => *self = other.clone(),
            (Shape::Scalar(own), Shape::Scalar(other)) => {
                if own != other {
                    *own = wider(own, other);
                }
            }
            (Shape::Array(own), Shape::Array(other)) => own.widen(other),
            (Shape::Map(key, value), Shape::Map(other_key, other_value)) => {
                key.widen(other_key);
                value.widen(other_value);
            }
            (Shape::Struct(own), Shape::Struct(other)) => {
                for (at, (name, shape)) in other.iter().enumerate() {
                    field(own, at, name).widen(shape);
                }
            }
            _ => *self = Shape::TEXT,
        }
    }

    /// Whether both can be one column without turning into text that neither was.
    pub fn agrees(&self, other: &Shape) -> bool {
        match (self, other) {
            (Shape::Nothing, _) | (_, Shape::Nothing) => true,
            (Shape::Scalar(one), Shape::Scalar(other)) => {
                one == other || is_text(one) && is_text(other) || !is_text(&wider(one, other))
            }
            (Shape::Array(one), Shape::Array(other)) => one.agrees(other),
            (Shape::Map(..), Shape::Map(..)) | (Shape::Struct(_), Shape::Struct(_)) => true,
            _ => false,
        }
    }
}

/// The shape of a field, which comes into being when it is not there. Objects tend to have their fields in one order,
/// so the place where the name is likely to stand is looked at first.
pub fn field<'a>(fields: &'a mut Vec<(String, Shape)>, likely: usize, name: &str) -> &'a mut Shape {
    let at = match fields.get(likely) {
        Some((known, _)) if known == name => likely,
        _ => match fields.iter().position(|(known, _)| known == name) {
            Some(at) => at,
            None => {
                fields.push((name.to_owned(), Shape::Nothing));
                fields.len() - 1
            }
        },
    };
    &mut fields[at].1
}

fn is_text(hive: &HiveType) -> bool {
    matches!(hive, HiveType::String | HiveType::Varchar(_) | HiveType::Char(_))
}

/// The narrowest type that both fit in.
fn wider(one: &HiveType, other: &HiveType) -> HiveType {
    use HiveType::{Bigint, Date, Decimal, Double, Float, Int, Smallint, String, Timestamp, Tinyint};
    const INTEGERS: [HiveType; 4] = [Tinyint, Smallint, Int, Bigint];
    let rank = |hive: &HiveType| INTEGERS.iter().position(|integer| integer == hive);
    match (one, other) {
        _ if one == other => one.clone(),
        (Decimal(precision, own_scale), Decimal(other_precision, other_scale)) => {
            let scale = *own_scale.max(other_scale);
            let whole = (precision - own_scale).max(other_precision - other_scale);
            if whole + scale <= 38 { Decimal(whole + scale, scale) } else { Double }
        }
        (Date, Timestamp) | (Timestamp, Date) => Timestamp,
        _ => match (rank(one), rank(other)) {
            (Some(one), Some(other)) => INTEGERS[one.max(other)].clone(),
            (one_rank, other_rank) => {
                let is_number = |hive: &HiveType, rank: Option<usize>| {
                    rank.is_some() || matches!(hive, Float | Double | Decimal(..))
                };
                if is_number(one, one_rank) && is_number(other, other_rank) { Double } else { String }
            }
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn shape(text: &str) -> Shape {
        Shape::of(&HiveType::parse(text).unwrap())
    }

    #[test]
    fn types_widen_until_everything_fits() {
        for (one, other, wide) in [
            ("int", "bigint", "bigint"),
            ("bigint", "double", "double"),
            ("int", "string", "string"),
            ("boolean", "double", "string"),
            ("boolean", "boolean", "boolean"),
            ("float", "double", "double"),
            ("tinyint", "int", "int"),
            ("date", "timestamp", "timestamp"),
            ("date", "int", "string"),
            ("decimal(5,2)", "decimal(6,1)", "decimal(7,2)"),
            ("decimal(38,0)", "decimal(10,9)", "double"),
            ("decimal(5,2)", "int", "double"),
            ("array<int>", "array<double>", "array<double>"),
            ("array<int>", "string", "string"),
            ("struct<a:int>", "struct<b:string,a:bigint>", "struct<a:bigint,b:string>"),
            ("struct<a:int>", "array<int>", "string"),
            ("map<string,int>", "map<string,double>", "map<string,double>"),
        ] {
            for (one, other) in [(one, other), (other, one)] {
                let mut widened = shape(one);
                widened.widen(&shape(other));
                let (widened, wide) = (sorted(&widened.hive()), sorted(&HiveType::parse(wide).unwrap()));
                assert_eq!(widened, wide, "{one} and {other}");
            }
        }
    }

    /// Fields by their names: which came first is no matter here.
    fn sorted(hive: &HiveType) -> HiveType {
        match hive {
            HiveType::Struct(fields) => {
                let mut fields = fields.clone();
                fields.sort_by(|one, other| one.0.cmp(&other.0));
                HiveType::Struct(fields)
            }
            other => other.clone(),
        }
    }

    #[test]
    fn nulls_are_anything() {
        let mut seen = Shape::Nothing;
        assert_eq!(seen.hive(), HiveType::String);
        seen.widen(&shape("int"));
        seen.widen(&Shape::Nothing);
        assert_eq!(seen.hive(), HiveType::Int);
    }

    #[test]
    fn numbers_agree_with_numbers_and_text_with_text() {
        for (one, other, agrees) in [
            ("int", "double", true),
            ("int", "string", false),
            ("string", "varchar(3)", true),
            ("boolean", "double", false),
            ("array<int>", "array<string>", false),
            ("struct<a:int>", "struct<b:int>", true),
            ("struct<a:int>", "string", false),
        ] {
            assert_eq!(shape(one).agrees(&shape(other)), agrees, "{one} and {other}");
        }
    }
}
