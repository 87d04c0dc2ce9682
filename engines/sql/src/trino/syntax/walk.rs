//! Walks over trees: the parts of an expression, and the names of tables in a query.

use super::ast::{
    Body, Call, Criteria, Expr, ExprKind, FrameBound, GroupingElement, Name, Over, Period, QualifiedName, Query,
    Relation, RelationKind, Select, SelectItem, SortItem, Window,
};

impl Expr {
    /// Hands each direct part to the visitor. Subqueries are not parts.
    pub(crate) fn parts<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        match self.kind.as_ref() {
            ExprKind::Null
            | ExprKind::Boolean(_)
            | ExprKind::Integer(_)
            | ExprKind::Decimal(_)
            | ExprKind::Double(_)
            | ExprKind::Text(_)
            | ExprKind::Binary(_)
            | ExprKind::Typed(..)
            | ExprKind::Interval(_)
            | ExprKind::Parameter(_)
            | ExprKind::Name(_)
            | ExprKind::Subquery(_)
            | ExprKind::Exists(_)
            | ExprKind::Grouping(_) => {}
            ExprKind::Field(inner, _)
            | ExprKind::Negative(inner)
            | ExprKind::Positive(inner)
            | ExprKind::Not(inner)
            | ExprKind::IsNull(inner)
            | ExprKind::Lambda(_, inner)
            | ExprKind::Extract(_, inner)
            | ExprKind::InQuery(inner, _)
            | ExprKind::Quantified(_, _, inner, _)
            | ExprKind::Cast { expr: inner, .. } => visit(inner),
            ExprKind::Arithmetic(_, left, right)
            | ExprKind::Concat(left, right)
            | ExprKind::Compare(_, left, right)
            | ExprKind::IsDistinct(left, right)
            | ExprKind::AtTimeZone(left, right)
            | ExprKind::Subscript(left, right) => {
                visit(left);
                visit(right);
            }
            ExprKind::And(items) | ExprKind::Or(items) | ExprKind::Array(items) | ExprKind::Row(items) => {
                items.iter().for_each(visit);
            }
            ExprKind::Between(value, low, high) => [value, low, high].into_iter().for_each(visit),
            ExprKind::In(value, items) => {
                visit(value);
                items.iter().for_each(visit);
            }
            ExprKind::Like(value, pattern, escape) => {
                visit(value);
                visit(pattern);
                escape.iter().for_each(visit);
            }
            ExprKind::Case { operand, whens, otherwise } => {
                operand.iter().for_each(&mut *visit);
                for (condition, result) in whens {
                    visit(condition);
                    visit(result);
                }
                otherwise.iter().for_each(visit);
            }
            ExprKind::Call(call) => call.parts(visit),
        }
    }

    /// Hands the expression and all that is in it to the visitor, which says whether to go deeper.
    pub(crate) fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr) -> bool) {
        if visit(self) {
            self.parts(&mut |part| part.walk(visit));
        }
    }

    /// The subqueries of the expression and of its parts.
    pub(crate) fn subqueries<'a>(&'a self, visit: &mut dyn FnMut(&'a Query)) {
        match self.kind.as_ref() {
            ExprKind::Subquery(query)
            | ExprKind::Exists(query)
            | ExprKind::InQuery(_, query)
            | ExprKind::Quantified(_, _, _, query) => visit(query),
            _ => {}
        }
        self.parts(&mut |part| part.subqueries(visit));
    }
}

impl Call {
    fn parts<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        self.args.iter().for_each(&mut *visit);
        self.order_by.iter().for_each(|item| visit(&item.expr));
        self.filter.iter().for_each(&mut *visit);
        if let Some(Over::Window(window)) = &self.over {
            window.parts(visit);
        }
    }
}

impl Window {
    /// Hands the expressions of the window to the visitor.
    pub(crate) fn parts<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        self.partition_by.iter().for_each(&mut *visit);
        self.order_by.iter().for_each(|item| visit(&item.expr));
        let Some(frame) = &self.frame else { return };
        for bound in [Some(&frame.start), frame.end.as_ref()].into_iter().flatten() {
            if let FrameBound::Preceding(offset) | FrameBound::Following(offset) = bound {
                visit(offset);
            }
        }
    }
}

/// The tables that a query names, in the order of the text, with the time or version that is meant. Names that a WITH
/// around them defines are left out.
pub(crate) fn tables(query: &Query, visit: &mut dyn FnMut(&QualifiedName, Option<&Period>)) {
    Tables { visit, defined: Vec::new() }.query(query);
}

struct Tables<'v> {
    visit: &'v mut dyn FnMut(&QualifiedName, Option<&Period>),
    defined: Vec<Name>,
}

impl Tables<'_> {
    fn query(&mut self, query: &Query) {
        let outside = self.defined.len();
        for named in &query.with {
            if query.recursive {
                self.defined.push(named.name.clone());
                self.query(&named.query);
            } else {
                self.query(&named.query);
                self.defined.push(named.name.clone());
            }
        }
        self.body(&query.body);
        self.sort(&query.order_by);
        self.defined.truncate(outside);
    }

    fn body(&mut self, body: &Body) {
        match body {
            Body::Select(select) => self.select(select),
            Body::Table(name) => self.name(name, None),
            Body::Values(rows, _) => rows.iter().for_each(|row| self.expr(row)),
            Body::Set(operation) => {
                self.body(&operation.left);
                self.body(&operation.right);
            }
            Body::Nested(query) => self.query(query),
        }
    }

    fn name(&mut self, name: &QualifiedName, period: Option<&Period>) {
        let defined = matches!(name.0.as_slice(), [single] if self.defined.contains(single));
        if !defined {
            (self.visit)(name, period);
        }
    }

    fn sort(&mut self, items: &[SortItem]) {
        items.iter().for_each(|item| self.expr(&item.expr));
    }

    fn expr(&mut self, expr: &Expr) {
        let mut queries = Vec::new();
        expr.subqueries(&mut |query| queries.push(query));
        queries.into_iter().for_each(|query| self.query(query));
    }

    fn select(&mut self, select: &Select) {
        for item in &select.items {
            match item {
                SelectItem::Expr(expr, _) | SelectItem::AllOf(expr, _) => self.expr(expr),
                SelectItem::All(_) => {}
            }
        }
        select.from.iter().for_each(|relation| self.relation(relation));
        select.filter.iter().chain(&select.having).for_each(|expr| self.expr(expr));
        for element in select.group_by.iter().flat_map(|group_by| &group_by.elements) {
            match element {
                GroupingElement::Simple(exprs) => exprs.iter().for_each(|expr| self.expr(expr)),
                GroupingElement::Rollup(sets) | GroupingElement::Cube(sets) | GroupingElement::Sets(sets) => {
                    sets.iter().flatten().for_each(|expr| self.expr(expr));
                }
            }
        }
        for (_, window) in &select.windows {
            let mut parts = Vec::new();
            window.parts(&mut |part| parts.push(part));
            parts.into_iter().for_each(|part| self.expr(part));
        }
    }

    fn relation(&mut self, relation: &Relation) {
        match &relation.kind {
            RelationKind::Table { name, period } => self.name(name, period.as_ref()),
            RelationKind::Subquery(query) | RelationKind::Lateral(query) => self.query(query),
            RelationKind::Unnest { exprs, .. } => exprs.iter().for_each(|expr| self.expr(expr)),
            RelationKind::Aliased { relation, .. } => self.relation(relation),
            RelationKind::Sampled { relation, percentage, .. } => {
                self.relation(relation);
                self.expr(percentage);
            }
            RelationKind::Join(join) => {
                self.relation(&join.left);
                self.relation(&join.right);
                if let Criteria::On(condition) = &join.criteria {
                    self.expr(condition);
                }
            }
        }
    }
}
