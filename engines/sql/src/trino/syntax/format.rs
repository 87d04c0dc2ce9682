//! Expressions as Trino's messages write them: `(a + 1)`, `"sum"(x)`, `CAST(x AS bigint)`.

use std::fmt::{self, Display, Formatter};

use super::ast::{Call, Expr, ExprKind, Name, Over, Quantifier, SortItem};

impl Display for Name {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let plain = self.value.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
            && !self.value.starts_with(|c: char| c.is_ascii_digit());
        if plain { f.write_str(&self.value) } else { write!(f, "\"{}\"", self.value.replace('"', "\"\"")) }
    }
}

struct List<'a, T>(&'a [T], &'a str);

impl<T: Display> Display for List<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (i, item) in self.0.iter().enumerate() {
            let between = if i == 0 { "" } else { self.1 };
            write!(f, "{between}{item}")?;
        }
        Ok(())
    }
}

fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

impl Display for SortItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.expr, if self.ascending { "ASC" } else { "DESC" })?;
        f.write_str(if self.nulls_first { " NULLS FIRST" } else { "" })
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.kind.as_ref() {
            ExprKind::Null => f.write_str("null"),
            ExprKind::Boolean(value) => write!(f, "{value}"),
            ExprKind::Integer(text) => f.write_str(text),
            ExprKind::Decimal(text) => write!(f, "DECIMAL '{text}'"),
            ExprKind::Double(text) => f.write_str(text),
            ExprKind::Text(text) => f.write_str(&quote(text)),
            ExprKind::Binary(bytes) => {
                f.write_str("X'")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02X}"))?;
                f.write_str("'")
            }
            ExprKind::Typed(name, text) => write!(f, "{} {}", name.to_uppercase(), quote(text)),
            ExprKind::Interval(interval) => {
                let sign = if interval.negative { "- " } else { "" };
                let field = format!("{:?}", interval.from).to_uppercase();
                write!(f, "INTERVAL {sign}{} {field}", quote(&interval.value))?;
                match interval.to {
                    Some(to) => write!(f, " TO {}", format!("{to:?}").to_uppercase()),
                    None => Ok(()),
                }
            }
            ExprKind::Parameter(_) => f.write_str("?"),
            ExprKind::Name(name) => write!(f, "{name}"),
            ExprKind::Field(base, name) => write!(f, "{base}.{name}"),
            ExprKind::Negative(inner) => write!(f, "-{inner}"),
            ExprKind::Positive(inner) => write!(f, "+{inner}"),
            ExprKind::Arithmetic(operator, left, right) => {
                write!(f, "({left} {} {right})", operator.symbol())
            }
            ExprKind::Concat(left, right) => write!(f, "({left} || {right})"),
            ExprKind::Compare(operator, left, right) => {
                write!(f, "({left} {} {right})", operator.symbol())
            }
            ExprKind::Quantified(operator, quantifier, left, _) => {
                let quantifier = if *quantifier == Quantifier::All { "ALL" } else { "ANY" };
                write!(f, "({left} {} {quantifier} (SELECT ...))", operator.symbol())
            }
            ExprKind::And(terms) => write!(f, "({})", List(terms, " AND ")),
            ExprKind::Or(terms) => write!(f, "({})", List(terms, " OR ")),
            ExprKind::Not(inner) => match inner.kind.as_ref() {
                ExprKind::IsNull(value) => write!(f, "({value} IS NOT NULL)"),
                _ => write!(f, "(NOT {inner})"),
            },
            ExprKind::Between(value, low, high) => write!(f, "({value} BETWEEN {low} AND {high})"),
            ExprKind::In(value, items) => write!(f, "({value} IN ({}))", List(items, ", ")),
            ExprKind::InQuery(value, _) => write!(f, "({value} IN (SELECT ...))"),
            ExprKind::Like(value, pattern, None) => write!(f, "({value} LIKE {pattern})"),
            ExprKind::Like(value, pattern, Some(escape)) => {
                write!(f, "({value} LIKE {pattern} ESCAPE {escape})")
            }
            ExprKind::IsNull(value) => write!(f, "({value} IS NULL)"),
            ExprKind::IsDistinct(left, right) => write!(f, "({left} IS DISTINCT FROM {right})"),
            ExprKind::AtTimeZone(value, zone) => write!(f, "{value} AT TIME ZONE {zone}"),
            ExprKind::Case { operand, whens, otherwise } => {
                f.write_str("(CASE")?;
                operand.iter().try_for_each(|operand| write!(f, " {operand}"))?;
                whens.iter().try_for_each(|(condition, result)| write!(f, " WHEN {condition} THEN {result}"))?;
                otherwise.iter().try_for_each(|result| write!(f, " ELSE {result}"))?;
                f.write_str(" END)")
            }
            ExprKind::Cast { expr, target, safe, .. } => {
                write!(f, "{}CAST({expr} AS {target})", if *safe { "TRY_" } else { "" })
            }
            ExprKind::Array(items) => write!(f, "ARRAY[{}]", List(items, ",")),
            ExprKind::Row(items) => write!(f, "ROW ({})", List(items, ", ")),
            ExprKind::Subscript(base, index) => write!(f, "{base}[{index}]"),
            ExprKind::Lambda(names, body) => write!(f, "({}) -> {body}", List(names, ", ")),
            ExprKind::Subquery(_) => f.write_str("(SELECT ...)"),
            ExprKind::Exists(_) => f.write_str("(EXISTS (SELECT ...))"),
            ExprKind::Extract(field, value) => {
                write!(f, "EXTRACT({} FROM {value})", field.value.to_uppercase())
            }
            ExprKind::Grouping(names) => {
                let names: Vec<_> = names.iter().map(|name| name.text()).collect();
                write!(f, "GROUPING ({})", names.join(", "))
            }
            ExprKind::Call(call) => write!(f, "{call}"),
        }
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", List(&self.name.0, "."))?;
        f.write_str(if self.star { "*" } else { "" })?;
        f.write_str(if self.distinct { "DISTINCT " } else { "" })?;
        write!(f, "{}", List(&self.args, ", "))?;
        if !self.order_by.is_empty() {
            write!(f, " ORDER BY {}", List(&self.order_by, ", "))?;
        }
        f.write_str(")")?;
        if let Some(filter) = &self.filter {
            write!(f, " FILTER (WHERE {filter})")?;
        }
        match &self.over {
            None => Ok(()),
            Some(Over::Named(name)) => write!(f, " OVER {name}"),
            Some(Over::Window(window)) => {
                f.write_str(" OVER (")?;
                if !window.partition_by.is_empty() {
                    write!(f, "PARTITION BY {}", List(&window.partition_by, ", "))?;
                }
                if !window.order_by.is_empty() {
                    let space = if window.partition_by.is_empty() { "" } else { " " };
                    write!(f, "{space}ORDER BY {}", List(&window.order_by, ", "))?;
                }
                f.write_str(")")
            }
        }
    }
}
