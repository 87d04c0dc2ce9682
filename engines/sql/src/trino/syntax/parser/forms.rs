//! Calls that SQL spells its own way: POSITION, SUBSTRING, TRIM, NORMALIZE, LISTAGG.

use super::{Parsed, Parser};
use crate::trino::syntax::ast::{Call, Expr, ExprKind};
use crate::trino::syntax::token::TokenKind;

impl Parser {
    /// `POSITION(x IN y)` is `strpos(y, x)`.
    pub(super) fn position(&mut self) -> Parsed<Expr> {
        let at = self.at();
        self.advance();
        self.expect("(")?;
        let part = self.value()?;
        self.expect("IN")?;
        let whole = self.value()?;
        self.expect(")")?;
        Ok(Parser::call("strpos", at, vec![whole, part]))
    }

    /// `SUBSTRING(x FROM y FOR z)`, or the plain call.
    pub(super) fn substring(&mut self) -> Parsed<Expr> {
        let at = self.at();
        self.advance();
        self.expect("(")?;
        let mut args = vec![self.expression()?];
        if self.eat("FROM") {
            args.push(self.value()?);
            if self.eat("FOR") {
                args.push(self.value()?);
            }
        } else {
            while self.eat(",") {
                args.push(self.expression()?);
            }
        }
        self.expect(")")?;
        Ok(Parser::call("substring", at, args))
    }

    /// `TRIM([BOTH|LEADING|TRAILING] [characters] [FROM] x)` and `TRIM(x, characters)`.
    pub(super) fn trim(&mut self) -> Parsed<Expr> {
        let at = self.at();
        self.advance();
        self.expect("(")?;
        let side = [("BOTH", "trim"), ("LEADING", "ltrim"), ("TRAILING", "rtrim")]
            .into_iter()
            .find(|(word, _)| self.is(word) && !self.ahead(1).is(")") && !self.ahead(1).is(","));
        let mut args = Vec::new();
        let name = match side {
            Some((_, name)) => {
                self.advance();
                if self.eat("FROM") {
                    args.push(self.value()?);
                } else {
                    let characters = self.value()?;
                    if self.eat("FROM") {
                        args.push(self.value()?);
                        args.push(characters);
                    } else {
                        args.push(characters);
                    }
                }
                name
            }
            None => {
                let first = self.value()?;
                if self.eat("FROM") {
                    args.push(self.value()?);
                    args.push(first);
                } else {
                    args.push(first);
                    if self.eat(",") {
                        args.push(self.value()?);
                    }
                }
                "trim"
            }
        };
        self.expect(")")?;
        Ok(Parser::call(name, at, args))
    }

    pub(super) fn normalize(&mut self) -> Parsed<Expr> {
        let at = self.at();
        self.advance();
        self.expect("(")?;
        let value = self.value()?;
        let mut form = "NFC";
        let form_at = self.at();
        if self.eat(",") {
            form = self.one_of(&[("NFD", "NFD"), ("NFC", "NFC"), ("NFKD", "NFKD"), ("NFKC", "NFKC")])?;
        }
        self.expect(")")?;
        Ok(Parser::call("normalize", at, vec![value, Expr::new(form_at, ExprKind::Text(form.to_owned()))]))
    }

    /// `LISTAGG(x, ',' ON OVERFLOW TRUNCATE '…' WITH COUNT) WITHIN GROUP (ORDER BY y)`: the call's arguments are the
    /// value, the separator and, after ON OVERFLOW, whether to fail, the filler and whether to count.
    pub(super) fn listagg(&mut self) -> Parsed<Expr> {
        let at = self.at();
        self.advance();
        let mut call = Call::plain("listagg", at, Vec::new());
        self.expect("(")?;
        if self.is("DISTINCT") || self.is("ALL") {
            call.distinct = self.is("DISTINCT");
            self.advance();
        }
        call.args.push(self.expression()?);
        let separator_at = self.at();
        let separator = if self.eat(",") { self.text()? } else { String::new() };
        call.args.push(Expr::new(separator_at, ExprKind::Text(separator)));
        if self.eat("ON") {
            self.expect("OVERFLOW")?;
            if !self.eat("ERROR") {
                self.expect("TRUNCATE")?;
                let filler_at = self.at();
                let filler =
                    if matches!(self.token().kind, TokenKind::Text(_)) { self.text()? } else { "...".to_owned() };
                let counted = self.one_of(&[("WITH", true), ("WITHOUT", false)])?;
                self.expect("COUNT")?;
                call.args.push(Expr::new(filler_at, ExprKind::Text(filler)));
                call.args.push(Expr::new(filler_at, ExprKind::Boolean(counted)));
            }
        }
        self.expect(")")?;
        self.expect("WITHIN")?;
        self.expect("GROUP")?;
        self.expect("(")?;
        self.expect("ORDER")?;
        self.expect("BY")?;
        call.order_by = self.list(Parser::sort_item)?;
        self.expect(")")?;
        self.after_call(&mut call)?;
        Ok(Expr::new(at, ExprKind::Call(call)))
    }
}
