//! The smallest expressions: literals, names, calls, CASE, CAST, and the forms that SQL spells its own way.

use super::reduce_agg;
use super::{Parsed, Parser};
use crate::trino::syntax::ast::{At, Call, Expr, ExprKind, Interval, IntervalField, QualifiedName};
use crate::trino::syntax::token::TokenKind;

impl Parser {
    /// A primary expression with its fields and subscripts.
    pub(super) fn primary(&mut self) -> Parsed<Expr> {
        let at = self.at();
        let mut expr = self.deeper(Parser::atom)?;
        loop {
            // The asterisk of `t.*` belongs to the select list.
            if self.is(".") && !self.ahead(1).is("*") {
                self.advance();
                let field = self.name()?;
                expr = Expr::new(at, ExprKind::Field(expr, field));
            } else if self.is("[") {
                self.advance();
                let index = self.value()?;
                self.expect("]")?;
                expr = Expr::new(at, ExprKind::Subscript(expr, index));
            } else {
                self.note("'.'");
                self.note("'['");
                return Ok(expr);
            }
        }
    }

    fn atom(&mut self) -> Parsed<Expr> {
        let at = self.at();
        let token = self.token().clone();
        let literal = match token.kind {
            TokenKind::Integer => Some(ExprKind::Integer(token.text.clone())),
            TokenKind::Decimal => Some(ExprKind::Decimal(token.text.clone())),
            TokenKind::Double => Some(ExprKind::Double(token.text.clone())),
            TokenKind::Text(text) => Some(ExprKind::Text(text)),
            TokenKind::Binary(bytes) => Some(ExprKind::Binary(bytes)),
            TokenKind::QuotedName(_) => return self.named(),
            TokenKind::End => return self.wanted("<expression>"),
            TokenKind::Symbol => return self.symbol(),
            TokenKind::Word => None,
        };
        if let Some(literal) = literal {
            self.advance();
            return Ok(Expr::new(at, literal));
        }
        match self.keyword(&token.text.to_ascii_uppercase())? {
            Some(expr) => Ok(expr),
            None => self.named(),
        }
    }

    fn symbol(&mut self) -> Parsed<Expr> {
        let at = self.at();
        if self.is("?") {
            let number = self.parameter();
            return Ok(Expr::new(at, ExprKind::Parameter(number)));
        }
        if !self.is("(") {
            return self.wanted("<expression>");
        }
        if let Some(names) = self.lambda_parameters() {
            (0..names).for_each(|_| self.advance());
            return self.lambda(at, names);
        }
        self.advance();
        if self.begins_query() {
            let query = self.query()?;
            self.expect(")")?;
            return Ok(Expr::new(at, ExprKind::Subquery(Box::new(query))));
        }
        let mut items = self.list(Parser::expression)?;
        self.expect(")")?;
        if items.len() > 1 {
            return Ok(Expr::new(at, ExprKind::Row(items)));
        }
        Ok(items.remove(0))
    }

    /// How many tokens `(x, y) ->` takes, if that is what stands here.
    fn lambda_parameters(&self) -> Option<usize> {
        let mut i = 1;
        while !self.ahead(i).is(")") {
            if !Parser::names(self.ahead(i)) {
                return None;
            }
            i += 1;
            if self.ahead(i).is(",") {
                i += 1;
            } else if !self.ahead(i).is(")") {
                return None;
            }
        }
        self.ahead(i + 1).is("->").then_some(i + 2)
    }

    /// The body of a lambda whose parameters were among the last tokens.
    fn lambda(&mut self, at: crate::error::Position, tokens: usize) -> Parsed<Expr> {
        let body = self.next;
        self.next -= tokens;
        let mut parameters = Vec::new();
        while self.next < body {
            if Parser::names(self.token()) {
                parameters.push(self.name()?);
            } else {
                self.advance();
            }
        }
        let body = self.expression()?;
        Ok(Expr::new(at, ExprKind::Lambda(parameters, body)))
    }

    /// A name, a call, a lambda, or a literal with its type before it.
    fn named(&mut self) -> Parsed<Expr> {
        let at = self.at();
        if !Parser::names(self.token()) {
            return self.wanted("<expression>");
        }
        if self.ahead(1).is("->") {
            self.advance();
            self.advance();
            return self.lambda(at, 2);
        }
        if let TokenKind::Text(text) = &self.ahead(1).kind {
            let text = text.clone();
            let name = self.name()?;
            self.advance();
            return Ok(Expr::new(at, ExprKind::Typed(name.value, text)));
        }
        // A call's name may have dots; whether it is a call shows at the parenthesis.
        let mut dots = 0;
        while self.ahead(2 * dots + 1).is(".") && Parser::names(self.ahead(2 * dots + 2)) {
            dots += 1;
        }
        if self.ahead(2 * dots + 1).is("(") {
            let name = self.qualified_name()?;
            return self.call_of(name);
        }
        let name = self.name()?;
        self.note("'('");
        Ok(Expr::new(at, ExprKind::Name(name)))
    }

    /// The arguments of a call and what may follow them.
    fn call_of(&mut self, name: QualifiedName) -> Parsed<Expr> {
        let at = name.at();
        let mut call = Call { name, ..Call::plain("", at, Vec::new()) };
        self.expect("(")?;
        if self.is("*") && self.ahead(1).is(")") {
            self.advance();
            call.star = true;
        } else if !self.is(")") {
            if self.is("DISTINCT") || self.is("ALL") {
                call.distinct = self.is("DISTINCT");
                self.advance();
            }
            if !self.is("ORDER") {
                call.args = self.list(Parser::expression)?;
            }
            if self.eat("ORDER") {
                self.expect("BY")?;
                call.order_by = self.list(Parser::sort_item)?;
            }
        }
        self.expect(")")?;
        self.after_call(&mut call)?;
        Ok(Expr::new(at, ExprKind::Call(reduce_agg::rewritten(call))))
    }

    /// FILTER, IGNORE NULLS and OVER.
    pub(super) fn after_call(&mut self, call: &mut Call) -> Parsed<()> {
        if self.eat_all(&["FILTER", "("]) {
            self.expect("WHERE")?;
            call.filter = Some(self.expression()?);
            self.expect(")")?;
        }
        if self.eat_all(&["IGNORE", "NULLS"]) {
            call.ignore_nulls = Some(true);
        } else if self.eat_all(&["RESPECT", "NULLS"]) {
            call.ignore_nulls = Some(false);
        }
        if self.eat("OVER") {
            call.over = Some(self.over()?);
        }
        Ok(())
    }

    /// An expression that begins with a keyword; nothing when the word is only a name.
    fn keyword(&mut self, word: &str) -> Parsed<Option<Expr>> {
        let at = self.at();
        let opens = self.ahead(1).is("(");
        let kind =
            match word {
                "NULL" => self.single(ExprKind::Null),
                "TRUE" => self.single(ExprKind::Boolean(true)),
                "FALSE" => self.single(ExprKind::Boolean(false)),
                "CASE" => self.case()?,
                "CAST" => self.cast(false)?,
                "TRY_CAST" if opens => self.cast(true)?,
                "EXISTS" => {
                    self.advance();
                    ExprKind::Exists(Box::new(self.enclosed(Parser::query)?))
                }
                "ROW" if opens => {
                    self.advance();
                    ExprKind::Row(self.enclosed(|parser| parser.list(Parser::expression))?)
                }
                "ARRAY" if self.ahead(1).is("[") => {
                    self.advance();
                    self.advance();
                    let items = if self.is("]") { Vec::new() } else { self.list(Parser::expression)? };
                    self.expect("]")?;
                    ExprKind::Array(items)
                }
                "INTERVAL" if self.begins_interval() => self.interval()?,
                "DOUBLE" if self.ahead(1).is("PRECISION") => {
                    self.advance();
                    self.advance();
                    ExprKind::Typed("double".to_owned(), self.text()?)
                }
                "EXTRACT" => {
                    self.advance();
                    self.expect("(")?;
                    let field = self.name()?;
                    self.expect("FROM")?;
                    let value = self.value()?;
                    self.expect(")")?;
                    ExprKind::Extract(field, value)
                }
                "GROUPING" => {
                    self.advance();
                    let names = self.enclosed(|parser| {
                        if parser.is(")") { Ok(Vec::new()) } else { parser.list(Parser::qualified_name) }
                    })?;
                    ExprKind::Grouping(names)
                }
                "CURRENT_DATE" | "CURRENT_USER" | "CURRENT_CATALOG" | "CURRENT_SCHEMA" | "CURRENT_PATH" => {
                    self.single(ExprKind::Call(Call::plain(&word.to_lowercase(), at, Vec::new())))
                }
                "CURRENT_TIME" | "CURRENT_TIMESTAMP" | "LOCALTIME" | "LOCALTIMESTAMP" => {
                    self.advance();
                    let mut args = Vec::new();
                    if self.is("(") {
                        let precision = self.enclosed(|parser| Ok((parser.at(), parser.integer()?)))?;
                        args.push(Expr::new(precision.0, ExprKind::Integer(precision.1)));
                    }
                    ExprKind::Call(Call::plain(&word.to_lowercase(), at, args))
                }
                "POSITION" if opens => return self.position().map(Some),
                "SUBSTRING" if opens => return self.substring().map(Some),
                "TRIM" => return self.trim().map(Some),
                "NORMALIZE" => return self.normalize().map(Some),
                "LISTAGG" => return self.listagg().map(Some),
                "JSON_EXISTS" | "JSON_VALUE" | "JSON_QUERY" | "JSON_OBJECT" | "JSON_ARRAY" => {
                    return self.json(word).map(Some);
                }
                _ => return Ok(None),
            };
        Ok(Some(Expr::new(at, kind)))
    }

    fn single(&mut self, kind: ExprKind) -> ExprKind {
        self.advance();
        kind
    }

    fn case(&mut self) -> Parsed<ExprKind> {
        self.advance();
        let operand = if self.eat("WHEN") {
            None
        } else {
            let operand = self.expression()?;
            self.expect("WHEN")?;
            Some(operand)
        };
        let mut whens = Vec::new();
        loop {
            let condition = self.expression()?;
            self.expect("THEN")?;
            whens.push((condition, self.expression()?));
            if !self.eat("WHEN") {
                break;
            }
        }
        let otherwise = if self.eat("ELSE") { Some(self.expression()?) } else { None };
        self.expect("END")?;
        Ok(ExprKind::Case { operand, whens, otherwise })
    }

    fn cast(&mut self, safe: bool) -> Parsed<ExprKind> {
        self.advance();
        self.expect("(")?;
        let expr = self.expression()?;
        self.expect("AS")?;
        let target_at = At(self.at());
        let target = self.type_name()?;
        self.expect(")")?;
        Ok(ExprKind::Cast { expr, target, target_at, safe })
    }

    fn begins_interval(&self) -> bool {
        let signed = usize::from(self.ahead(1).is("-") || self.ahead(1).is("+"));
        matches!(self.ahead(1 + signed).kind, TokenKind::Text(_))
    }

    fn interval(&mut self) -> Parsed<ExprKind> {
        self.advance();
        let negative = self.eat("-");
        if !negative {
            self.eat("+");
        }
        let value = self.text()?;
        let from = self.interval_field()?;
        let to = if self.eat("TO") { Some(self.interval_field()?) } else { None };
        Ok(ExprKind::Interval(Interval { negative, value, from, to }))
    }

    fn interval_field(&mut self) -> Parsed<IntervalField> {
        self.one_of(&[
            ("YEAR", IntervalField::Year),
            ("MONTH", IntervalField::Month),
            ("DAY", IntervalField::Day),
            ("HOUR", IntervalField::Hour),
            ("MINUTE", IntervalField::Minute),
            ("SECOND", IntervalField::Second),
        ])
    }
}
