//! What names mean at a place in a query.

use std::collections::BTreeMap;

use datafusion::common::Column;
use datafusion::logical_expr::Expr;

use super::value::{Kind, Value};

/// The columns that there are, and what is shown in the end.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    names: BTreeMap<String, (String, Kind)>,
    /// Names that are made of columns where they are asked for: `@log`, `@ptr`.
    derived: BTreeMap<&'static str, Value>,
    /// So many columns were made.
    made: usize,
    /// What `fields` and `parse` named, in order.
    pub(super) shown: Vec<String>,
    /// What the last `display` named.
    pub(super) displayed: Option<Vec<String>>,
    /// Rows are groups, and no events any more.
    pub(super) grouped: bool,
    pub(super) sorted: bool,
    pub(super) limited: bool,
    /// The query's own time, for `now()`.
    pub(super) now_millis: i64,
}

impl Scope {
    /// Of a query that begins then.
    pub(super) fn at(now_millis: i64) -> Self {
        Self { now_millis, ..Self::default() }
    }

    /// Another column that is called so; it hides an older one of that name.
    pub(super) fn add(&mut self, name: &str, column: &str, kind: Kind) {
        self.names.insert(name.to_owned(), (column.to_owned(), kind));
    }

    /// A name for what is made of columns.
    pub(super) fn derive(&mut self, name: &'static str, value: Value) {
        self.derived.insert(name, value);
    }

    /// A name for a column that no other has.
    pub(super) fn fresh(&mut self) -> String {
        self.made += 1;
        format!("made{}", self.made)
    }

    /// The value that a name stands for; null where nothing has that name.
    pub(super) fn value(&self, name: &str) -> Value {
        match self.names.get(name) {
            Some((column, kind)) => Value::new(column_of(column), *kind),
            None if self.derived.contains_key(name) => self.derived[name].clone(),
            None => {
                let null = datafusion::common::ScalarValue::Utf8View(None);
                Value::new(Expr::Literal(null, None), Kind::Text)
            }
        }
    }

    /// Every column that a name means, once.
    pub(super) fn columns(&self) -> Vec<String> {
        let mut columns: Vec<String> = self.names.values().map(|(column, _)| column.clone()).collect();
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// Shows a name, once.
    pub(super) fn show(&mut self, name: &str) {
        if !self.shown.iter().any(|known| known == name) {
            self.shown.push(name.to_owned());
        }
    }

    /// Only groups' columns are left.
    pub(super) fn group(&mut self) {
        self.names.clear();
        self.derived.clear();
        self.shown.clear();
        self.displayed = None;
        self.grouped = true;
        self.sorted = false;
    }

    /// What is shown in the end.
    pub(super) fn results(&self) -> Vec<String> {
        match (&self.displayed, self.shown.is_empty()) {
            (Some(displayed), _) => displayed.clone(),
            (None, false) => self.shown.clone(),
            (None, true) => vec!["@timestamp".into(), "@message".into()],
        }
    }
}

/// A column by its name, with its case.
pub(super) fn column_of(name: &str) -> Expr {
    Expr::Column(Column::from_name(name))
}
