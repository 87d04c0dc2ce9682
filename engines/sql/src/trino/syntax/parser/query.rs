//! Queries: WITH, SELECT, VALUES, set operations, and what sorts and limits them.

use super::{Parsed, Parser};
use crate::error::SqlError;
use crate::trino::syntax::ast::{
    At, Body, Count, CountValue, Expr, ExprKind, GroupBy, GroupingElement, Limit, Name, NamedQuery, Query, Select,
    SelectItem, SetOperation, SetOperator, SortItem,
};
use crate::trino::syntax::token::TokenKind;

impl Parser {
    pub(super) fn query(&mut self) -> Parsed<Query> {
        self.deeper(|parser| {
            let at = At(parser.at());
            let (mut recursive, mut with) = (false, Vec::new());
            if parser.is("WITH") {
                parser.advance();
                recursive = parser.eat("RECURSIVE");
                with = parser.list(Parser::named_query)?;
            }
            let query = parser.query_without_with()?;
            Ok(Query { recursive, with, at, ..query })
        })
    }

    fn named_query(&mut self) -> Parsed<NamedQuery> {
        let name = self.name()?;
        let columns = self.column_names()?;
        self.expect("AS")?;
        let query = self.enclosed(Parser::query)?;
        Ok(NamedQuery { name, columns, query })
    }

    /// `(a, b)`, if it is there.
    pub(super) fn column_names(&mut self) -> Parsed<Option<Vec<Name>>> {
        if !self.eat("(") {
            return Ok(None);
        }
        let names = self.list(Parser::name)?;
        self.expect(")")?;
        Ok(Some(names))
    }

    fn query_without_with(&mut self) -> Parsed<Query> {
        let at = At(self.at());
        let body = self.union()?;
        let order_by = if self.eat("ORDER") {
            self.expect("BY")?;
            self.list(Parser::sort_item)?
        } else {
            Vec::new()
        };
        let mut offset = None;
        if self.eat("OFFSET") {
            offset = Some(self.count()?);
            let _ = self.eat("ROW") || self.eat("ROWS");
        }
        let limit = self.limit()?;
        Ok(Query { recursive: false, with: Vec::new(), body, order_by, offset, limit, at })
    }

    fn limit(&mut self) -> Parsed<Limit> {
        let at = At(self.at());
        if self.eat("LIMIT") {
            if self.eat("ALL") {
                return Ok(Limit::None);
            }
            return Ok(Limit::Rows(self.count()?));
        }
        if !self.eat("FETCH") {
            return Ok(Limit::None);
        }
        if !self.eat("FIRST") {
            self.expect("NEXT")?;
        }
        let rows = if self.is("ROW") || self.is("ROWS") { None } else { Some(self.count()?) };
        if !self.eat("ROW") {
            self.expect("ROWS")?;
        }
        let with_ties = !self.eat("ONLY");
        if with_ties {
            self.expect("WITH")?;
            self.expect("TIES")?;
        }
        Ok(Limit::Fetch { rows, with_ties, at })
    }

    fn count(&mut self) -> Parsed<Count> {
        let at = At(self.at());
        if self.is("?") {
            return Ok(Count { rows: CountValue::Parameter(self.parameter()), at });
        }
        let rows = CountValue::Literal(self.integer()?);
        Ok(Count { rows, at })
    }

    pub(super) fn parameter(&mut self) -> usize {
        self.advance();
        self.parameters += 1;
        self.parameters - 1
    }

    pub(super) fn sort_item(&mut self) -> Parsed<SortItem> {
        let expr = self.expression()?;
        let ascending = !self.eat("DESC");
        if ascending {
            self.eat("ASC");
        }
        let nulls_first = if self.eat("NULLS") {
            let first = self.eat("FIRST");
            if !first {
                self.expect("LAST")?;
            }
            first
        } else {
            false
        };
        Ok(SortItem { expr, ascending, nulls_first })
    }

    fn union(&mut self) -> Parsed<Body> {
        let mut left = self.intersect()?;
        loop {
            let at = At(self.at());
            let operator = if self.eat("UNION") {
                SetOperator::Union
            } else if self.eat("EXCEPT") {
                SetOperator::Except
            } else {
                return Ok(left);
            };
            let distinct = self.set_quantifier()?;
            let right = self.intersect()?;
            left = Body::Set(Box::new(SetOperation { operator, distinct, left, right, at }));
        }
    }

    fn intersect(&mut self) -> Parsed<Body> {
        let mut left = self.query_primary()?;
        loop {
            let at = At(self.at());
            if !self.eat("INTERSECT") {
                return Ok(left);
            }
            let distinct = self.set_quantifier()?;
            let right = self.query_primary()?;
            left = Body::Set(Box::new(SetOperation { operator: SetOperator::Intersect, distinct, left, right, at }));
        }
    }

    /// Whether equal rows are one: unless ALL says otherwise.
    fn set_quantifier(&mut self) -> Parsed<bool> {
        let distinct = !self.eat("ALL");
        if distinct {
            self.eat("DISTINCT");
        }
        if self.is("CORRESPONDING") {
            let at = self.at();
            return Err(SqlError::not_supported("CORRESPONDING in set operation is not supported").at(at));
        }
        Ok(distinct)
    }

    fn query_primary(&mut self) -> Parsed<Body> {
        if self.is("SELECT") {
            return Ok(Body::Select(Box::new(self.select()?)));
        }
        let at = At(self.at());
        if self.is("TABLE") {
            self.advance();
            return Ok(Body::Table(self.qualified_name()?));
        }
        if self.is("VALUES") {
            self.advance();
            return Ok(Body::Values(self.list(Parser::expression)?, at));
        }
        if self.is("(") {
            let query = self.deeper(|parser| parser.enclosed(Parser::query_without_with))?;
            return Ok(Body::Nested(Box::new(query)));
        }
        self.wanted("<query>")
    }

    fn select(&mut self) -> Parsed<Select> {
        let at = At(self.at());
        self.expect("SELECT")?;
        let distinct = self.eat("DISTINCT");
        if !distinct {
            self.eat("ALL");
        }
        let items = self.list(Parser::select_item)?;
        let from = if self.eat("FROM") { Some(self.relations()?) } else { None };
        let filter = if self.eat("WHERE") { Some(self.expression()?) } else { None };
        let group_by = self.group_by()?;
        let having = if self.eat("HAVING") { Some(self.expression()?) } else { None };
        let mut windows = Vec::new();
        if self.eat("WINDOW") {
            windows = self.list(|parser| {
                let name = parser.name()?;
                parser.expect("AS")?;
                Ok((name, parser.enclosed(Parser::window)?))
            })?;
        }
        Ok(Select { at, distinct, items, from, filter, group_by, having, windows })
    }

    fn select_item(&mut self) -> Parsed<SelectItem> {
        let at = At(self.at());
        if self.eat("*") {
            return Ok(SelectItem::All(at));
        }
        let expr = self.expression()?;
        if self.is(".") && self.ahead(1).is("*") {
            self.advance();
            self.advance();
            let columns = if self.eat("AS") { self.column_names()? } else { None };
            return Ok(SelectItem::AllOf(expr, columns));
        }
        Ok(SelectItem::Expr(expr, self.alias()?))
    }

    /// `AS x`, or only `x` where no clause begins with that word.
    pub(super) fn alias(&mut self) -> Parsed<Option<Name>> {
        if self.eat("AS") {
            return self.name().map(Some);
        }
        if self.begins_clause() || !Parser::names(self.token()) {
            return Ok(None);
        }
        self.name().map(Some)
    }

    /// Words that are names elsewhere, but begin a clause here by what follows them.
    fn begins_clause(&self) -> bool {
        if self.token().kind != TokenKind::Word {
            return false;
        }
        let after = self.ahead(1);
        let number = after.kind == TokenKind::Integer || after.is("?");
        match self.token().text.to_ascii_uppercase().as_str() {
            "LIMIT" => number || after.is("ALL"),
            "OFFSET" => number,
            "FETCH" => after.is("FIRST") || after.is("NEXT"),
            "WINDOW" => Parser::names(after) && self.ahead(2).is("AS"),
            "TABLESAMPLE" => after.is("BERNOULLI") || after.is("SYSTEM"),
            "MATCH_RECOGNIZE" => after.is("("),
            _ => false,
        }
    }

    fn group_by(&mut self) -> Parsed<Option<GroupBy>> {
        let at = At(self.at());
        if !self.eat("GROUP") {
            return Ok(None);
        }
        self.expect("BY")?;
        let distinct = self.eat("DISTINCT");
        if !distinct {
            self.eat("ALL");
        }
        let elements = self.list(Parser::grouping_element)?;
        Ok(Some(GroupBy { distinct, elements, at }))
    }

    fn grouping_element(&mut self) -> Parsed<GroupingElement> {
        if self.is("ROLLUP") {
            self.advance();
            return Ok(GroupingElement::Rollup(self.grouping_sets()?));
        }
        if self.is("CUBE") {
            self.advance();
            return Ok(GroupingElement::Cube(self.grouping_sets()?));
        }
        if self.is("GROUPING") && self.ahead(1).is("SETS") {
            self.advance();
            self.advance();
            return Ok(GroupingElement::Sets(self.grouping_sets()?));
        }
        Ok(GroupingElement::Simple(self.grouping_set()?))
    }

    fn grouping_sets(&mut self) -> Parsed<Vec<Vec<Expr>>> {
        self.enclosed(|parser| if parser.is(")") { Ok(Vec::new()) } else { parser.list(Parser::grouping_set) })
    }

    /// `(a, b)`, `()`, or one expression; `(a) + 1` is an expression.
    fn grouping_set(&mut self) -> Parsed<Vec<Expr>> {
        if self.is("(") && self.ahead(1).is(")") {
            self.advance();
            self.advance();
            return Ok(Vec::new());
        }
        // `(a, b)` reads as a row; ROW(a, b) is one value.
        let bare = self.is("(");
        let expr = self.expression()?;
        match *expr.kind {
            ExprKind::Row(items) if bare => Ok(items),
            kind => Ok(vec![Expr { at: expr.at, kind: Box::new(kind) }]),
        }
    }
}
