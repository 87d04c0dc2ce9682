//! From text to tree: Trino's grammar by recursive descent.
//!
//! Hand-written rather than `sqlparser`'s: Athena's callers see Trino's refusals (`mismatched input 'FORM'.
//! Expecting: …`) with a place for every operator, and much of what a general parser takes (`::`, QUALIFY,
//! `LIMIT 1, 2`) is no Trino.
//!
//! Every question whether the next token is some keyword leaves a note of what would have been welcome; when nothing
//! fits, the notes of the furthest place become the list after `Expecting:`.

mod expression;
mod forms;
mod json;
mod primary;
mod query;
mod reduce_agg;
mod relation;
mod types;
mod window;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::ast::{At, Expr, Name, QualifiedName, Query};
use super::token::{Token, TokenKind, tokenize};
use crate::error::{Position, SYNTAX_ERROR, SqlError};

/// Deeper nesting of one statement is refused before it could exhaust the stack.
const DEPTH_MAX: usize = 500;
/// More operators of one statement are refused: the tree of `a + b + c + …` is as deep as it is long.
const LINKS_MAX: usize = 10_000;

/// Words that cannot be a name without quotes.
const RESERVED: [&str; 81] = [
    "ALTER",
    "AND",
    "AS",
    "BETWEEN",
    "BY",
    "CASE",
    "CAST",
    "CONSTRAINT",
    "CREATE",
    "CROSS",
    "CUBE",
    "CURRENT_CATALOG",
    "CURRENT_DATE",
    "CURRENT_PATH",
    "CURRENT_ROLE",
    "CURRENT_SCHEMA",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "CURRENT_USER",
    "DEALLOCATE",
    "DELETE",
    "DESCRIBE",
    "DISTINCT",
    "DROP",
    "ELSE",
    "END",
    "ESCAPE",
    "EXCEPT",
    "EXECUTE",
    "EXISTS",
    "EXTRACT",
    "FALSE",
    "FOR",
    "FROM",
    "FULL",
    "GROUP",
    "GROUPING",
    "HAVING",
    "IN",
    "INNER",
    "INSERT",
    "INTERSECT",
    "INTO",
    "IS",
    "JOIN",
    "JSON_ARRAY",
    "JSON_EXISTS",
    "JSON_OBJECT",
    "JSON_QUERY",
    "JSON_VALUE",
    "LEFT",
    "LIKE",
    "LISTAGG",
    "LOCALTIME",
    "LOCALTIMESTAMP",
    "NATURAL",
    "NORMALIZE",
    "NOT",
    "NULL",
    "ON",
    "OR",
    "ORDER",
    "OUTER",
    "PREPARE",
    "RECURSIVE",
    "RIGHT",
    "ROLLUP",
    "SELECT",
    "SKIP",
    "TABLE",
    "THEN",
    "TRIM",
    "TRUE",
    "UESCAPE",
    "UNION",
    "UNNEST",
    "USING",
    "VALUES",
    "WHEN",
    "WHERE",
    "WITH",
];

fn too_large() -> SqlError {
    SqlError::new("STACK_OVERFLOW", "statement is too large (stack overflow during parsing)")
}

/// The tree of a query. What frames queries (EXPLAIN, INSERT, CTAS) is read by who runs them.
pub(crate) fn parse_statement(sql: &str) -> Result<Query, SqlError> {
    let mut parser = Parser::new(sql)?;
    let query = parser.query()?;
    parser.end()?;
    Ok(query)
}

/// The tree of one expression, as it is given for a `?`.
pub(crate) fn parse_expression(sql: &str) -> Result<Expr, SqlError> {
    let mut parser = Parser::new(sql)?;
    let expr = parser.expression()?;
    parser.end()?;
    Ok(expr)
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    /// Where the notes of `welcome` were taken: the furthest token that anything was asked of.
    furthest: usize,
    welcome: BTreeSet<String>,
    parameters: usize,
    depth: usize,
    links: usize,
}

type Parsed<T> = Result<T, SqlError>;

impl Parser {
    fn new(sql: &str) -> Parsed<Parser> {
        let tokens = tokenize(sql)?;
        Ok(Parser { tokens, next: 0, furthest: 0, welcome: BTreeSet::new(), parameters: 0, depth: 0, links: 0 })
    }

    // ---- tokens

    fn token(&self) -> &Token {
        self.ahead(0)
    }

    /// The token after so many others; the end repeats itself.
    fn ahead(&self, count: usize) -> &Token {
        &self.tokens[(self.next + count).min(self.tokens.len() - 1)]
    }

    fn at(&self) -> Position {
        self.token().at
    }

    fn advance(&mut self) {
        self.next = (self.next + 1).min(self.tokens.len() - 1);
    }

    /// Whether the next token is the word, without a note.
    fn is(&self, word: &str) -> bool {
        self.token().is(word)
    }

    /// Takes the word if it is there; notes it otherwise.
    fn eat(&mut self, word: &str) -> bool {
        if self.is(word) {
            self.advance();
            return true;
        }
        self.note(format!("'{word}'"));
        false
    }

    /// Takes words that stand together, or none of them.
    fn eat_all(&mut self, words: &[&str]) -> bool {
        if words.iter().enumerate().all(|(i, word)| self.ahead(i).is(word)) {
            words.iter().for_each(|_| self.advance());
            return true;
        }
        self.note(format!("'{}'", words[0]));
        false
    }

    fn expect(&mut self, word: &str) -> Parsed<()> {
        if self.eat(word) { Ok(()) } else { Err(self.mismatch()) }
    }

    fn note(&mut self, what: impl Into<String>) {
        if self.next > self.furthest {
            self.furthest = self.next;
            self.welcome.clear();
        }
        if self.next == self.furthest {
            self.welcome.insert(what.into());
        }
    }

    /// Nothing fits here but this.
    fn wanted<T>(&mut self, what: &str) -> Parsed<T> {
        self.note(what);
        Err(self.mismatch())
    }

    /// The refusal of the furthest token that anything was asked of.
    fn mismatch(&self) -> SqlError {
        let token = &self.tokens[self.furthest.max(self.next).min(self.tokens.len() - 1)];
        let mut message = format!("mismatched input '{}'", token.text);
        if self.furthest >= self.next && !self.welcome.is_empty() {
            let welcome: Vec<_> = self.welcome.iter().map(String::as_str).collect();
            message = format!("{message}. Expecting: {}", welcome.join(", "));
        }
        SqlError::new(SYNTAX_ERROR, message).at(token.at)
    }

    fn refuse<T>(&self, at: Position, message: impl Into<String>) -> Parsed<T> {
        Err(SqlError::new(SYNTAX_ERROR, message).at(at))
    }

    fn end(&mut self) -> Parsed<()> {
        if self.token().kind == TokenKind::End {
            return Ok(());
        }
        // Athena takes one statement; a semicolon after it is fine.
        if self.is(";") && self.ahead(1).kind == TokenKind::End {
            return Ok(());
        }
        self.wanted("<EOF>")
    }

    /// Reads one level deeper.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Parser) -> Parsed<T>) -> Parsed<T> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(too_large());
        }
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Counts the operators of one statement, whose tree may be as deep as they are many.
    fn link(&mut self) -> Parsed<()> {
        self.links += 1;
        if self.links > LINKS_MAX { Err(too_large()) } else { Ok(()) }
    }

    /// One or more, with commas.
    fn list<T>(&mut self, mut read: impl FnMut(&mut Parser) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut items = vec![read(self)?];
        while self.eat(",") {
            items.push(read(self)?);
        }
        Ok(items)
    }

    /// Something in parentheses.
    fn enclosed<T>(&mut self, read: impl FnOnce(&mut Parser) -> Parsed<T>) -> Parsed<T> {
        self.expect("(")?;
        let inner = read(self)?;
        self.expect(")")?;
        Ok(inner)
    }

    // ---- names

    /// Whether a token can be a name.
    fn names(token: &Token) -> bool {
        match &token.kind {
            TokenKind::QuotedName(_) => true,
            TokenKind::Word => RESERVED.binary_search(&token.text.to_ascii_uppercase().as_str()).is_err(),
            _ => false,
        }
    }

    fn name(&mut self) -> Parsed<Name> {
        if !Parser::names(self.token()) {
            return self.wanted("<identifier>");
        }
        let token = self.token();
        let at = At(token.at);
        let value = match &token.kind {
            TokenKind::QuotedName(name) => name.to_lowercase(),
            _ => token.text.to_lowercase(),
        };
        if value.is_empty() {
            return self.refuse(at.0, "Zero-length delimited identifier not allowed");
        }
        self.advance();
        Ok(Name { value, at })
    }

    fn qualified_name(&mut self) -> Parsed<QualifiedName> {
        let mut parts = vec![self.name()?];
        while self.eat(".") {
            parts.push(self.name()?);
        }
        Ok(QualifiedName(parts))
    }

    fn text(&mut self) -> Parsed<String> {
        let TokenKind::Text(text) = &self.token().kind else {
            return self.wanted("<string>");
        };
        let text = text.clone();
        self.advance();
        Ok(text)
    }

    fn integer(&mut self) -> Parsed<String> {
        if self.token().kind != TokenKind::Integer {
            return self.wanted("<integer>");
        }
        let text = self.token().text.clone();
        self.advance();
        Ok(text)
    }

    fn one_of<T: Copy>(&mut self, choices: &[(&str, T)]) -> Parsed<T> {
        for (word, choice) in choices {
            if self.eat(word) {
                return Ok(*choice);
            }
        }
        Err(self.mismatch())
    }
}
