//! The names of condition operators: comparison, negation, `IfExists` and the set prefixes.

use crate::malformed::Malformed;

/// What is compared, and how. Negated operators are the same comparison with [`Operator::negated`] set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    StringEquals,
    StringEqualsIgnoreCase,
    StringLike,
    Numeric(Order),
    Date(Order),
    Bool,
    Binary,
    IpAddress,
    Arn,
    Null,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    pub fn holds<T: PartialOrd>(self, actual: &T, expected: &T) -> bool {
        match self {
            Order::Equal => actual == expected,
            Order::Less => actual < expected,
            Order::LessOrEqual => actual <= expected,
            Order::Greater => actual > expected,
            Order::GreaterOrEqual => actual >= expected,
        }
    }
}

/// How the values of a multivalued key combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantifier {
    /// No prefix: any for a positive operator, none for a negated one.
    Plain,
    ForAllValues,
    ForAnyValue,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operator {
    pub comparison: Comparison,
    pub negated: bool,
    pub if_exists: bool,
    pub quantifier: Quantifier,
}

impl Operator {
    /// Reads a name like `ForAllValues:StringNotLikeIfExists`. Case is ignored: AWS's own older examples write
    /// `IPAddress`.
    pub fn parse(name: &str) -> Result<Operator, Malformed> {
        let name = name.to_ascii_lowercase();
        let (quantifier, rest) = match name.split_once(':') {
            None => (Quantifier::Plain, name.as_str()),
            Some(("forallvalues", rest)) => (Quantifier::ForAllValues, rest),
            Some(("foranyvalue", rest)) => (Quantifier::ForAnyValue, rest),
            Some(_) => return Err(Malformed::Syntax),
        };
        let (rest, if_exists) = match rest.strip_suffix("ifexists") {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let (comparison, negated) = match rest {
            "stringequals" => (Comparison::StringEquals, false),
            "stringnotequals" => (Comparison::StringEquals, true),
            "stringequalsignorecase" => (Comparison::StringEqualsIgnoreCase, false),
            "stringnotequalsignorecase" => (Comparison::StringEqualsIgnoreCase, true),
            "stringlike" => (Comparison::StringLike, false),
            "stringnotlike" => (Comparison::StringLike, true),
            "bool" => (Comparison::Bool, false),
            "binaryequals" => (Comparison::Binary, false),
            "ipaddress" => (Comparison::IpAddress, false),
            "notipaddress" => (Comparison::IpAddress, true),
            "arnequals" | "arnlike" => (Comparison::Arn, false),
            "arnnotequals" | "arnnotlike" => (Comparison::Arn, true),
            // Null asks whether the key exists, so IfExists would be a contradiction; IAM refuses it.
            "null" if !if_exists => (Comparison::Null, false),
            _ => {
                if let Some(order) = rest.strip_prefix("numeric") {
                    let (order, negated) = ordering(order)?;
                    (Comparison::Numeric(order), negated)
                } else {
                    let (order, negated) = ordering(rest.strip_prefix("date").ok_or(Malformed::Syntax)?)?;
                    (Comparison::Date(order), negated)
                }
            }
        };
        Ok(Operator { comparison, negated, if_exists, quantifier })
    }
}

fn ordering(name: &str) -> Result<(Order, bool), Malformed> {
    match name {
        "equals" => Ok((Order::Equal, false)),
        "notequals" => Ok((Order::Equal, true)),
        "lessthan" => Ok((Order::Less, false)),
        "lessthanequals" => Ok((Order::LessOrEqual, false)),
        "greaterthan" => Ok((Order::Greater, false)),
        "greaterthanequals" => Ok((Order::GreaterOrEqual, false)),
        _ => Err(Malformed::Syntax),
    }
}
