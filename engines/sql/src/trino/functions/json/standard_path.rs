//! The path language of the SQL standard: `lax $.children[0 to last]?(@.age > 10).name`.

use crate::error::{SYNTAX_ERROR, SqlError};

use super::standard_parser::Parser;

/// A path with its mode.
#[derive(Debug, Clone, PartialEq)]
pub struct StandardPath {
    /// Forgives missing members, and takes arrays for their elements and elements for arrays.
    pub lax: bool,
    pub root: Path,
}

/// What a path is made of. Each gives a sequence of items.
#[derive(Debug, Clone, PartialEq)]
pub enum Path {
    Literal(Literal),
    /// `$`
    Input,
    /// `$name`
    Variable(String),
    /// `@`
    Current,
    /// `last`
    Last,
    Sign {
        negative: bool,
        of: Box<Path>,
    },
    Arithmetic(Arithmetic, Box<Path>, Box<Path>),
    /// `.name`, or `.*`
    Member(Box<Path>, Option<String>),
    /// `..name`
    Descendants(Box<Path>, String),
    /// `[1, 2 to last]`; no subscripts are `[*]`.
    Elements(Box<Path>, Vec<(Path, Option<Path>)>),
    Filter(Box<Path>, Box<Predicate>),
    Method(Box<Path>, Method),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    Null,
    Bool(bool),
    Integer(i64),
    /// Unscaled value and scale.
    Decimal(i128, u32),
    Double(f64),
    Text(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Abs,
    Ceiling,
    Double,
    Floor,
    KeyValue,
    Size,
    Type,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Predicate {
    Compare(Comparison, Path, Path),
    And(Box<Predicate>, Box<Predicate>),
    Or(Box<Predicate>, Box<Predicate>),
    Not(Box<Predicate>),
    Exists(Path),
    StartsWith(Path, Path),
    /// With the flags in front: `(?i)…`.
    LikeRegex(Path, String),
    IsUnknown(Box<Predicate>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
}

impl StandardPath {
    /// Reads a path.
    ///
    /// # Errors
    /// `SYNTAX_ERROR: mismatched input '…'`
    pub fn parse(text: &str) -> Result<StandardPath, SqlError> {
        let mut parser = Parser::new(text);
        parser.path().ok_or_else(|| {
            let found = match parser.unread() {
                "" => "<EOF>",
                rest => rest,
            };
            SqlError::new(SYNTAX_ERROR, format!("mismatched input '{found}' in JSON path"))
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn root(text: &str) -> Path {
        StandardPath::parse(text).unwrap().root
    }

    #[test]
    fn accessors_follow_one_another() {
        let a = Path::Member(Box::new(Path::Input), Some("a".to_owned()));
        assert_eq!(root("lax $.a"), a);
        assert_eq!(root("lax $.\"a\""), a);
        assert_eq!(root("strict $ . a . size ( )"), Path::Method(Box::new(a.clone()), Method::Size));
        assert_eq!(root("lax $.a..type"), Path::Descendants(Box::new(a.clone()), "type".to_owned()));
        let subscripts =
            vec![(Path::Literal(Literal::Integer(1)), None), (Path::Literal(Literal::Integer(2)), Some(Path::Last))];
        assert_eq!(root("lax $.a[1, 2 to last]"), Path::Elements(Box::new(a.clone()), subscripts));
        assert_eq!(root("lax $.a[*]"), Path::Elements(Box::new(a), Vec::new()));
        assert_eq!(root("lax $param"), Path::Variable("param".to_owned()));
    }

    #[test]
    fn numbers_are_whole_exact_or_approximate() {
        assert_eq!(root("lax 12"), Path::Literal(Literal::Integer(12)));
        assert_eq!(root("lax 1.50"), Path::Literal(Literal::Decimal(150, 2)));
        assert_eq!(root("lax 1.2e3"), Path::Literal(Literal::Double(1200.0)));
    }

    #[test]
    fn paths_that_are_none_are_refused() {
        for text in [
            "",
            "$",
            "lax",
            "lax $.",
            "lax $[",
            "lax $[]",
            "lax $.a b",
            "lax $?(@.a)",
            "lax $.f()",
            "lax $?(@ = 1)",
            "lax $?(@ > 1",
        ] {
            assert!(StandardPath::parse(text).is_err(), "{text}");
        }
        let error = StandardPath::parse("lax $.a b").unwrap_err();
        assert_eq!(error.to_string(), "SYNTAX_ERROR: mismatched input 'b' in JSON path");
        let deep = format!("lax {}1{}", "(".repeat(10_000), ")".repeat(10_000));
        assert!(StandardPath::parse(&deep).is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_path_or_refused(text in "(lax|strict) [$@.a-c\\[\\]()*?&|!<=>+\"0-9 é-]*") {
            drop(StandardPath::parse(&text));
        }
    }
}
