//! What a function takes and gives, written as Trino writes it, and which of several overloads a call means.
//!
//! `(array(T), T) -> boolean`: a name that is one capital letter, with or without digits, is a type variable.
//! `decimal(p,s)`, `varchar(x)`, `char(x)`, `time(p)`, `timestamp(p)` and `timestamp(p) with time zone` take any
//! numbers, which the result may repeat. `(varchar...)` repeats its last parameter. `function(T, R)` takes a lambda, and
//! `any` whatever it is given.

use std::collections::BTreeMap;
use std::fmt;

use crate::error::{FUNCTION_NOT_FOUND, SqlError};
use crate::types::Type;

use super::pattern::{Pattern, Variables, split};

/// What one argument of a call is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Argument {
    /// A value of this type.
    Value(Type),
    /// A lambda, with the type of its result once that is known.
    Lambda(Option<Type>),
}

impl From<Type> for Argument {
    fn from(value: Type) -> Argument {
        Argument::Value(value)
    }
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Argument::Value(value) => value.fmt(f),
            Argument::Lambda(_) => f.write_str("<function>"),
        }
    }
}

/// What a function takes and gives.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Signature {
    parameters: Vec<Pattern>,
    variadic: bool,
    result: Pattern,
}

/// A call of one signature: its variables are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bound {
    /// The type that each argument is cast to; of a lambda, the type of its result.
    pub(crate) arguments: Vec<Type>,
    /// The types of each lambda's parameters, by the argument's index.
    pub(crate) lambdas: BTreeMap<usize, Vec<Type>>,
    pub(crate) result: Type,
}

impl Signature {
    /// Reads `(bigint, T) -> array(T)`.
    ///
    /// # Panics
    /// When it is not a signature: they are written in this crate, and a test reads them all.
    pub(crate) fn parse(spelling: &str) -> Signature {
        let (parameters, result) = spelling.rsplit_once("->").expect("a signature has an arrow");
        let inside = parameters.trim().strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        let inside = inside.expect("a signature's parameters are in parentheses").trim();
        let (inside, variadic) = match inside.strip_suffix("...") {
            Some(rest) => (rest, true),
            None => (inside, false),
        };
        let parameters = split(inside).into_iter().map(Pattern::parse).collect();
        Signature { parameters, variadic, result: Pattern::parse(result) }
    }

    /// The parameter for the argument at that index.
    fn parameter(&self, index: usize) -> Option<&Pattern> {
        self.parameters.get(index).or(if self.variadic { self.parameters.last() } else { None })
    }

    /// Whether it says what it takes without variables.
    fn is_concrete(&self) -> bool {
        self.parameters.iter().all(|parameter| matches!(parameter, Pattern::Exact(_)))
    }

    /// The call with these arguments, if each is or becomes what the parameters say.
    pub(crate) fn bind(&self, arguments: &[Argument]) -> Option<Bound> {
        let expected = self.parameters.len();
        let fits = if self.variadic { arguments.len() + 1 >= expected } else { arguments.len() == expected };
        if !fits {
            return None;
        }
        let mut variables = Variables::default();
        for (index, argument) in arguments.iter().enumerate() {
            if !variables.unify(self.parameter(index)?, argument) {
                return None;
            }
        }
        let mut bound = Bound { arguments: Vec::new(), lambdas: BTreeMap::new(), result: Type::Unknown };
        for (index, argument) in arguments.iter().enumerate() {
            match (self.parameter(index)?, argument) {
                (Pattern::Function(takes, gives), Argument::Lambda(known)) => {
                    bound.lambdas.insert(index, takes.iter().map(|pattern| variables.apply(pattern)).collect());
                    let gives = variables.apply(gives);
                    if known.as_ref().is_some_and(|known| !known.coerces_to(&gives)) {
                        return None;
                    }
                    bound.arguments.push(gives);
                }
                (Pattern::Any, Argument::Value(actual)) => bound.arguments.push(actual.clone()),
                (pattern, Argument::Value(actual)) => {
                    let wanted = variables.apply(pattern);
                    if !actual.coerces_to(&wanted) {
                        return None;
                    }
                    bound.arguments.push(wanted);
                }
                (_, Argument::Lambda(_)) => return None,
            }
        }
        bound.result = variables.apply(&self.result);
        Some(bound)
    }
}

/// Trino's spelling of the parameters, without the result.
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (index, parameter) in self.parameters.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}{parameter}")?;
        }
        f.write_str(")")
    }
}

/// Which of the signatures a call means, as Trino decides: first those that fit as they are, and of several that fit
/// after coercions the one whose parameters become those of all others.
///
/// # Errors
/// `FUNCTION_NOT_FOUND: Unexpected parameters (…) for function …. Expected: …`
pub(crate) fn resolve(
    name: &str,
    signatures: &[&Signature],
    arguments: &[Argument],
) -> Result<(usize, Bound), SqlError> {
    let mut fitting = Vec::new();
    for (index, signature) in signatures.iter().enumerate() {
        if let Some(bound) = signature.bind(arguments) {
            fitting.push((index, bound));
        }
    }
    let exact = |(_, bound): &&(usize, Bound)| {
        arguments.iter().zip(&bound.arguments).all(|(argument, wanted)| match argument {
            Argument::Value(actual) => same_base(actual, wanted),
            Argument::Lambda(_) => true,
        })
    };
    let concrete = |(index, _): &&(usize, Bound)| signatures[*index].is_concrete();
    // One is more specific than another if the other could be called with what the one takes.
    let specific = |(_, bound): &&(usize, Bound)| {
        let taken: Vec<_> = arguments
            .iter()
            .zip(&bound.arguments)
            .map(|(argument, taken)| match argument {
                Argument::Value(_) => Argument::Value(taken.clone()),
                lambda => lambda.clone(),
            })
            .collect();
        fitting.iter().all(|(index, _)| signatures[*index].bind(&taken).is_some())
    };
    let chosen = fitting
        .iter()
        .filter(concrete)
        .find(exact)
        .or_else(|| fitting.iter().find(exact))
        .or_else(|| fitting.iter().find(specific))
        .or_else(|| fitting.first());
    match chosen {
        Some((index, bound)) => Ok((*index, bound.clone())),
        None => Err(unexpected(name, signatures, arguments)),
    }
}

/// A varchar of any length is what `varchar` says.
fn same_base(actual: &Type, wanted: &Type) -> bool {
    actual == wanted || matches!((actual, wanted), (Type::Varchar(_), Type::Varchar(_)))
}

fn unexpected(name: &str, signatures: &[&Signature], arguments: &[Argument]) -> SqlError {
    let arguments: Vec<_> = arguments.iter().map(Argument::to_string).collect();
    let expected: Vec<_> = signatures.iter().map(|signature| format!("{name}{signature}")).collect();
    let message = format!(
        "Unexpected parameters ({}) for function {name}. Expected: {}",
        arguments.join(", "),
        expected.join(", "),
    );
    SqlError::new(FUNCTION_NOT_FOUND, message)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn called(signatures: &[&str], arguments: &[&str]) -> String {
        let signatures: Vec<_> = signatures.iter().map(|spelling| Signature::parse(spelling)).collect();
        let arguments: Vec<_> = arguments.iter().map(|a| Argument::Value(Type::parse(a).unwrap())).collect();
        match resolve("f", &signatures.iter().collect::<Vec<_>>(), &arguments) {
            Ok((_, bound)) => {
                let arguments: Vec<_> = bound.arguments.iter().map(Type::to_string).collect();
                format!("({}) -> {}", arguments.join(", "), bound.result)
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn variables_take_what_the_arguments_have_in_common() {
        assert_eq!(
            called(&["(array(T), T) -> boolean"], &["array(bigint)", "integer"]),
            "(array(bigint), bigint) -> boolean"
        );
        assert_eq!(
            called(&["(map(K,V), K) -> V"], &["map(varchar, double)", "varchar(3)"]),
            "(map(varchar, double), varchar) -> double"
        );
        assert_eq!(called(&["(T...) -> array(T)"], &["integer", "double"]), "(double, double) -> array(double)");
        assert_eq!(
            called(&["(array(row(K,V))) -> map(K,V)"], &["array(row(a date, b json))"]).rsplit("-> ").next(),
            Some("map(date, json)")
        );
    }

    #[test]
    fn numbers_are_taken_and_given() {
        assert_eq!(called(&["(decimal(p,s)) -> decimal(p,s)"], &["decimal(5,2)"]), "(decimal(5,2)) -> decimal(5,2)");
        assert_eq!(called(&["(varchar(x)) -> varchar(x)"], &["varchar(3)"]), "(varchar(3)) -> varchar(3)");
        assert_eq!(called(&["(timestamp(p)) -> bigint"], &["date"]), "(timestamp(0)) -> bigint");
    }

    #[test]
    fn the_overload_that_fits_as_it_is_wins_and_then_the_most_specific() {
        let abs =
            ["(double) -> double", "(bigint) -> bigint", "(integer) -> integer", "(decimal(p,s)) -> decimal(p,s)"];
        assert_eq!(called(&abs, &["integer"]), "(integer) -> integer");
        assert_eq!(called(&abs, &["smallint"]), "(integer) -> integer");
        assert_eq!(called(&abs, &["real"]), "(double) -> double");
        assert_eq!(called(&abs, &["decimal(4,1)"]), "(decimal(4,1)) -> decimal(4,1)");
    }

    #[test]
    fn a_call_that_fits_nothing_is_told_what_would() {
        assert_eq!(
            called(
                &["(varchar, varchar) -> bigint", "(varchar, varchar, bigint) -> bigint"],
                &["varchar(3)", "integer"]
            ),
            "FUNCTION_NOT_FOUND: Unexpected parameters (varchar(3), integer) for function f. \
             Expected: f(varchar, varchar), f(varchar, varchar, bigint)"
        );
    }

    #[test]
    fn lambdas_learn_the_types_of_their_parameters() {
        let transform = Signature::parse("(array(T), function(T, R)) -> array(R)");
        let array = Argument::Value(Type::array(Type::Bigint));
        let bound = transform.bind(&[array.clone(), Argument::Lambda(None)]).unwrap();
        assert_eq!(bound.lambdas[&1], [Type::Bigint]);
        let bound = transform.bind(&[array, Argument::Lambda(Some(Type::Double))]).unwrap();
        assert_eq!(bound.result, Type::array(Type::Double));
    }
}
