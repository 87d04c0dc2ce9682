//! Expressions by precedence: OR, AND, NOT, predicates, `||`, sums, products, signs, AT TIME ZONE.

use super::{Parsed, Parser};
use crate::trino::syntax::ast::{Arithmetic, Call, Comparison, Expr, ExprKind, Quantifier};
use crate::trino::syntax::token::TokenKind;

impl Parser {
    pub(super) fn expression(&mut self) -> Parsed<Expr> {
        self.deeper(Parser::disjunction)
    }

    fn disjunction(&mut self) -> Parsed<Expr> {
        let at = self.at();
        let first = self.conjunction()?;
        if !self.is("OR") {
            self.note("'OR'");
            return Ok(first);
        }
        let mut terms = vec![first];
        while self.eat("OR") {
            terms.push(self.conjunction()?);
        }
        Ok(Expr::new(at, ExprKind::Or(terms)))
    }

    fn conjunction(&mut self) -> Parsed<Expr> {
        let at = self.at();
        let first = self.negation()?;
        if !self.is("AND") {
            self.note("'AND'");
            return Ok(first);
        }
        let mut terms = vec![first];
        while self.eat("AND") {
            terms.push(self.negation()?);
        }
        Ok(Expr::new(at, ExprKind::And(terms)))
    }

    fn negation(&mut self) -> Parsed<Expr> {
        let at = self.at();
        if self.is("NOT") {
            self.advance();
            let inner = self.deeper(Parser::negation)?;
            return Ok(Expr::new(at, ExprKind::Not(inner)));
        }
        let value = self.value()?;
        self.predicate(value)
    }

    fn comparison(&mut self) -> Option<Comparison> {
        let found = [
            ("=", Comparison::Equal),
            ("<>", Comparison::NotEqual),
            ("!=", Comparison::NotEqual),
            ("<", Comparison::Less),
            ("<=", Comparison::LessOrEqual),
            (">", Comparison::Greater),
            (">=", Comparison::GreaterOrEqual),
        ]
        .into_iter()
        .find(|(symbol, _)| self.is(symbol))?;
        self.advance();
        Some(found.1)
    }

    fn predicate(&mut self, value: Expr) -> Parsed<Expr> {
        let at = self.at();
        if let Some(operator) = self.comparison() {
            let quantifier = match (self.ahead(1).is("("), self.token()) {
                (true, token) if token.is("ALL") => Some(Quantifier::All),
                (true, token) if token.is("ANY") || token.is("SOME") => Some(Quantifier::Any),
                _ => None,
            };
            let kind = match quantifier {
                Some(quantifier) => {
                    self.advance();
                    let query = self.enclosed(Parser::query)?;
                    ExprKind::Quantified(operator, quantifier, value, Box::new(query))
                }
                None => ExprKind::Compare(operator, value, self.value()?),
            };
            return Ok(Expr::new(at, kind));
        }
        if self.is("IS") {
            self.advance();
            let negated = self.eat("NOT");
            let kind = if self.eat("NULL") {
                ExprKind::IsNull(value)
            } else {
                self.expect("DISTINCT")?;
                self.expect("FROM")?;
                ExprKind::IsDistinct(value, self.value()?)
            };
            return Ok(negate(negated, Expr::new(at, kind)));
        }
        let negated = self.is("NOT") && ["BETWEEN", "IN", "LIKE"].iter().any(|word| self.ahead(1).is(word));
        if negated {
            self.advance();
        }
        let kind = if self.is("BETWEEN") {
            self.advance();
            let low = self.value()?;
            self.expect("AND")?;
            ExprKind::Between(value, low, self.value()?)
        } else if self.is("IN") {
            self.advance();
            self.expect("(")?;
            let kind = if self.begins_query() {
                ExprKind::InQuery(value, Box::new(self.query()?))
            } else {
                ExprKind::In(value, self.list(Parser::expression)?)
            };
            self.expect(")")?;
            kind
        } else if self.is("LIKE") {
            self.advance();
            let pattern = self.value()?;
            let escape = if self.eat("ESCAPE") { Some(self.value()?) } else { None };
            ExprKind::Like(value, pattern, escape)
        } else {
            for operator in
                ["'='", "'<>'", "'<'", "'<='", "'>'", "'>='", "'BETWEEN'", "'IN'", "'IS'", "'LIKE'", "'NOT'"]
            {
                self.note(operator);
            }
            return Ok(value);
        };
        Ok(negate(negated, Expr::new(at, kind)))
    }

    /// Whether a query begins here: its first word may stand behind parentheses, which also enclose expressions.
    pub(super) fn begins_query(&self) -> bool {
        let first = (0..).find(|i| !self.ahead(*i).is("(")).unwrap_or(0);
        let token = self.ahead(first);
        let query = ["SELECT", "WITH", "VALUES"].iter().any(|word| token.is(word))
            || (token.is("TABLE") && !self.ahead(first + 1).is("("));
        if !query || first == 0 {
            return query;
        }
        // `((SELECT 1) + 1)` is an expression, `((SELECT 1) UNION …)` a query: what follows a parenthesis tells.
        let (mut open, mut leading) = (first, first);
        for i in first.. {
            let token = self.ahead(i);
            if token.kind == TokenKind::End {
                break;
            }
            open += usize::from(token.is("("));
            if !token.is(")") {
                continue;
            }
            open -= 1;
            if open >= leading {
                continue;
            }
            leading = open;
            let next = self.ahead(i + 1);
            if ["UNION", "INTERSECT", "EXCEPT", "ORDER", "LIMIT", "OFFSET", "FETCH"].iter().any(|word| next.is(word)) {
                return true;
            }
            if open == 0 || !next.is(")") {
                break;
            }
        }
        false
    }

    /// An operand of a predicate.
    pub(super) fn value(&mut self) -> Parsed<Expr> {
        let mut left = self.sum()?;
        loop {
            let at = self.at();
            if !self.eat("||") {
                return Ok(left);
            }
            let right = self.sum()?;
            self.link()?;
            left = Expr::new(at, ExprKind::Concat(left, right));
        }
    }

    fn sum(&mut self) -> Parsed<Expr> {
        let mut left = self.product()?;
        loop {
            let at = self.at();
            let operator = if self.eat("+") {
                Arithmetic::Add
            } else if self.eat("-") {
                Arithmetic::Subtract
            } else {
                return Ok(left);
            };
            let right = self.product()?;
            self.link()?;
            left = Expr::new(at, ExprKind::Arithmetic(operator, left, right));
        }
    }

    fn product(&mut self) -> Parsed<Expr> {
        let mut left = self.signed()?;
        loop {
            let at = self.at();
            let operator = if self.eat("*") {
                Arithmetic::Multiply
            } else if self.eat("/") {
                Arithmetic::Divide
            } else if self.eat("%") {
                Arithmetic::Modulus
            } else {
                return Ok(left);
            };
            let right = self.signed()?;
            self.link()?;
            left = Expr::new(at, ExprKind::Arithmetic(operator, left, right));
        }
    }

    fn signed(&mut self) -> Parsed<Expr> {
        let at = self.at();
        if self.is("-") {
            self.advance();
            // A sign belongs to its number: the smallest bigint has no positive twin.
            let text = self.token().text.clone();
            let literal = match self.token().kind {
                TokenKind::Integer => Some(ExprKind::Integer(format!("-{text}"))),
                TokenKind::Decimal => Some(ExprKind::Decimal(format!("-{text}"))),
                TokenKind::Double => Some(ExprKind::Double(format!("-{text}"))),
                _ => None,
            };
            if let Some(literal) = literal {
                self.advance();
                return self.zoned(Expr::new(at, literal));
            }
            let inner = self.deeper(Parser::signed)?;
            return Ok(Expr::new(at, ExprKind::Negative(inner)));
        }
        if self.is("+") {
            self.advance();
            let inner = self.deeper(Parser::signed)?;
            return Ok(Expr::new(at, ExprKind::Positive(inner)));
        }
        let primary = self.primary()?;
        self.zoned(primary)
    }

    fn zoned(&mut self, mut value: Expr) -> Parsed<Expr> {
        loop {
            let at = self.at();
            if !(self.is("AT") && self.ahead(1).is("TIME") && self.ahead(2).is("ZONE")) {
                self.note("'AT'");
                return Ok(value);
            }
            (0..3).for_each(|_| self.advance());
            let zone = self.primary()?;
            value = Expr::new(at, ExprKind::AtTimeZone(value, zone));
        }
    }

    /// A call of a function by its plain name.
    pub(super) fn call(name: &str, at: crate::error::Position, args: Vec<Expr>) -> Expr {
        Expr::new(at, ExprKind::Call(Call::plain(name, at, args)))
    }
}

fn negate(negated: bool, expr: Expr) -> Expr {
    if negated { Expr::new(expr.at.0, ExprKind::Not(expr)) } else { expr }
}
