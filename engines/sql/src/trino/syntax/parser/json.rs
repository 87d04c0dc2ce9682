//! SQL/JSON's own spelling, brought to calls of internal functions that `functions/json` has:
//!
//! - `$json_exists(input, path, on_error, name, value, …) -> boolean`
//! - `$json_value(input, path, on_empty, empty_default, on_error, error_default, name, value, …) -> T`
//! - `$json_query(input, path, wrapper, quotes, on_empty, on_error, name, value, …) -> varchar`
//! - `$json_object(absent_on_null, unique_keys, key, value, …) -> varchar`
//! - `$json_array(absent_on_null, value, …) -> varchar`
//!
//! Behaviours are text in SQL's words (`'NULL'`, `'EMPTY ARRAY'`, `'WITH CONDITIONAL'`, …), `input` is varchar, and
//! values are of type json. What RETURNING asks for is the type of `$json_value`'s defaults (a value that does not become
//! it is an error for ON ERROR), and a cast around the other calls.

use super::{Parsed, Parser};
use crate::error::{Position, SqlError};
use crate::trino::syntax::ast::{At, Expr, ExprKind};
use crate::trino::syntax::token::TokenKind;

impl Parser {
    pub(super) fn json(&mut self, word: &str) -> Parsed<Expr> {
        let at = self.at();
        self.advance();
        self.expect("(")?;
        let call = match word {
            "JSON_EXISTS" => self.json_exists(at),
            "JSON_VALUE" => self.json_value(at),
            "JSON_QUERY" => self.json_query(at),
            "JSON_OBJECT" => self.json_object(at),
            _ => self.json_array(at),
        }?;
        self.expect(")")?;
        Ok(call)
    }

    /// The input and the path, and what PASSING names.
    fn json_path(&mut self) -> Parsed<(Vec<Expr>, Vec<Expr>)> {
        let input = self.expression()?;
        self.json_format()?;
        self.expect(",")?;
        let path_at = self.at();
        let path = Expr::new(path_at, ExprKind::Text(self.text()?));
        if self.eat("AS") {
            self.name()?;
        }
        let mut passing = Vec::new();
        if self.eat("PASSING") {
            self.list(|parser| {
                let value = parser.json_argument()?;
                parser.expect("AS")?;
                let name_at = parser.at();
                passing.push(Expr::new(name_at, ExprKind::Text(parser.parameter_name()?)));
                passing.push(value);
                Ok(())
            })?;
        }
        Ok((vec![input, path], passing))
    }

    /// The name of a parameter. Paths tell upper from lower case, and SQL writes names without quotes in upper case.
    fn parameter_name(&mut self) -> Parsed<String> {
        let written = match &self.token().kind {
            TokenKind::QuotedName(name) => name.clone(),
            _ => self.token().text.to_uppercase(),
        };
        self.name()?;
        Ok(written)
    }

    /// `FORMAT JSON [ENCODING UTF8]`.
    fn json_format(&mut self) -> Parsed<bool> {
        let at = self.at();
        if !self.eat_all(&["FORMAT", "JSON"]) {
            return Ok(false);
        }
        if self.eat("ENCODING") && !self.eat("UTF8") {
            return Err(SqlError::not_supported("only the UTF8 encoding of JSON is supported").at(at));
        }
        Ok(true)
    }

    /// A value as JSON: already formatted, or an SQL value to convert.
    fn json_argument(&mut self) -> Parsed<Expr> {
        let value = self.expression()?;
        if self.json_format()? {
            let at = value.position();
            return Ok(Parser::call("json_parse", at, vec![value]));
        }
        let at = value.at;
        Ok(cast(value, "json".to_owned(), at))
    }

    fn json_exists(&mut self, at: Position) -> Parsed<Expr> {
        let (mut args, passing) = self.json_path()?;
        let mut on_error = "FALSE";
        if ["TRUE", "FALSE", "UNKNOWN", "ERROR"].iter().any(|word| self.is(word)) {
            on_error =
                self.one_of(&[("TRUE", "TRUE"), ("FALSE", "FALSE"), ("UNKNOWN", "UNKNOWN"), ("ERROR", "ERROR")])?;
            self.expect("ON")?;
            self.expect("ERROR")?;
        }
        args.push(text(at, on_error));
        args.extend(passing);
        Ok(Parser::call("$json_exists", at, args))
    }

    fn json_value(&mut self, at: Position) -> Parsed<Expr> {
        let (mut args, passing) = self.json_path()?;
        let (target, target_at) = self.returning()?.unwrap_or_else(|| ("varchar".to_owned(), At(at)));
        let null = || cast(Expr::new(at, ExprKind::Null), target.clone(), target_at);
        let mut empty = (text(at, "NULL"), null());
        let mut error = (text(at, "NULL"), null());
        while ["ERROR", "NULL", "DEFAULT"].iter().any(|word| self.is(word)) {
            let behavior = if self.eat("DEFAULT") {
                let value = self.expression()?;
                (text(at, "DEFAULT"), cast(value, target.clone(), target_at))
            } else {
                (text(at, self.one_of(&[("ERROR", "ERROR"), ("NULL", "NULL")])?), null())
            };
            self.expect("ON")?;
            if self.eat("EMPTY") {
                empty = behavior;
            } else {
                self.expect("ERROR")?;
                error = behavior;
            }
        }
        args.extend([empty.0, empty.1, error.0, error.1]);
        args.extend(passing);
        Ok(Parser::call("$json_value", at, args))
    }

    fn json_query(&mut self, at: Position) -> Parsed<Expr> {
        let (mut args, passing) = self.json_path()?;
        let returning = self.returning()?;
        let mut wrapper = "WITHOUT";
        if self.eat("WITHOUT") {
            self.eat("ARRAY");
            self.expect("WRAPPER")?;
        } else if self.eat("WITH") {
            wrapper = if self.eat("CONDITIONAL") {
                "WITH CONDITIONAL"
            } else {
                self.eat("UNCONDITIONAL");
                "WITH UNCONDITIONAL"
            };
            self.eat("ARRAY");
            self.expect("WRAPPER")?;
        }
        let mut quotes = "KEEP";
        if self.is("KEEP") || self.is("OMIT") {
            let quotes_at = self.at();
            quotes = self.one_of(&[("KEEP", "KEEP"), ("OMIT", "OMIT")])?;
            self.expect("QUOTES")?;
            if self.eat("ON") {
                self.expect("SCALAR")?;
                self.expect("STRING")?;
            }
            if quotes == "OMIT" && wrapper != "WITHOUT" {
                let message = format!("{quotes} QUOTES behavior specified with WITH WRAPPER behavior");
                return self.refuse(quotes_at, message);
            }
        }
        let (mut empty, mut error) = ("NULL", "NULL");
        while ["ERROR", "NULL", "EMPTY"].iter().any(|word| self.is(word)) {
            let behavior = if self.eat("EMPTY") {
                self.one_of(&[("ARRAY", "EMPTY ARRAY"), ("OBJECT", "EMPTY OBJECT")])?
            } else {
                self.one_of(&[("ERROR", "ERROR"), ("NULL", "NULL")])?
            };
            self.expect("ON")?;
            if self.eat("EMPTY") {
                empty = behavior;
            } else {
                self.expect("ERROR")?;
                error = behavior;
            }
        }
        args.extend([text(at, wrapper), text(at, quotes), text(at, empty), text(at, error)]);
        args.extend(passing);
        Ok(returned(Parser::call("$json_query", at, args), returning))
    }

    fn json_object(&mut self, at: Position) -> Parsed<Expr> {
        let mut members = Vec::new();
        let clause = |parser: &Parser| {
            let on_null = parser.ahead(1).is("ON") && (parser.is("NULL") || parser.is("ABSENT"));
            on_null || parser.is("WITH") || parser.is("WITHOUT") || parser.is("RETURNING") || parser.is(")")
        };
        if !clause(self) {
            self.list(|parser| {
                if parser.is("KEY") && !parser.ahead(1).is(":") && !parser.ahead(1).is("VALUE") {
                    parser.advance();
                }
                members.push(parser.expression()?);
                if !parser.eat(":") {
                    parser.expect("VALUE")?;
                }
                members.push(parser.json_argument()?);
                Ok(())
            })?;
        }
        let absent = self.absent_on_null(false)?;
        let unique = self.eat("WITH");
        if unique || self.eat("WITHOUT") {
            self.expect("UNIQUE")?;
            self.eat("KEYS");
        }
        let returning = self.returning()?;
        let mut args = vec![boolean(at, absent), boolean(at, unique)];
        args.extend(members);
        Ok(returned(Parser::call("$json_object", at, args), returning))
    }

    fn json_array(&mut self, at: Position) -> Parsed<Expr> {
        let mut values = Vec::new();
        let on_null = self.ahead(1).is("ON") && (self.is("NULL") || self.is("ABSENT"));
        if !on_null && !self.is("RETURNING") && !self.is(")") {
            values = self.list(Parser::json_argument)?;
        }
        let absent = self.absent_on_null(true)?;
        let returning = self.returning()?;
        let mut args = vec![boolean(at, absent)];
        args.extend(values);
        Ok(returned(Parser::call("$json_array", at, args), returning))
    }

    fn absent_on_null(&mut self, default: bool) -> Parsed<bool> {
        if !(self.is("NULL") || self.is("ABSENT")) {
            return Ok(default);
        }
        let absent = self.one_of(&[("NULL", false), ("ABSENT", true)])?;
        self.expect("ON")?;
        self.expect("NULL")?;
        Ok(absent)
    }

    fn returning(&mut self) -> Parsed<Option<(String, At)>> {
        if !self.eat("RETURNING") {
            return Ok(None);
        }
        let at = At(self.at());
        let target = self.type_name()?;
        self.json_format()?;
        Ok(Some((target, at)))
    }
}

fn text(at: Position, text: &str) -> Expr {
    Expr::new(at, ExprKind::Text(text.to_owned()))
}

fn boolean(at: Position, value: bool) -> Expr {
    Expr::new(at, ExprKind::Boolean(value))
}

fn cast(expr: Expr, target: String, target_at: At) -> Expr {
    let at = expr.position();
    Expr::new(at, ExprKind::Cast { expr, target, target_at, safe: false })
}

fn returned(call: Expr, returning: Option<(String, At)>) -> Expr {
    match returning {
        Some((target, at)) if target != "varchar" => cast(call, target, at),
        _ => call,
    }
}
