//! SHOW DATABASES, TABLES, VIEWS, COLUMNS, PARTITIONS and TBLPROPERTIES.

use fancy_regex::Regex;

use super::{Answer, is_view, partition};
use crate::athena::execution::run::Execution;
use crate::athena::model::Failure;
use crate::athena::statement::{Name, Spec};

/// A pattern as people write them here: Hive's `*` and `|`, or a regular expression.
struct Pattern(Option<Regex>);

impl Pattern {
    fn parse(text: Option<String>) -> Result<Self, Failure> {
        let Some(text) = text else { return Ok(Self(None)) };
        let mut regex = String::from("(?i)^(?:");
        let mut before = ' ';
        for next in text.chars() {
            if next == '*' && !matches!(before, '.' | ')' | ']' | '\\') {
                regex.push('.');
            }
            regex.push(next);
            before = next;
        }
        regex.push_str(")$");
        let compiled = Regex::new(&regex)
            .map_err(|_| Failure::semantic(format_args!("the pattern '{text}' cannot be understood")))?;
        Ok(Self(Some(compiled)))
    }

    fn lets_through(&self, name: &str) -> bool {
        // A pattern that gives up on a name does not match it.
        self.0.as_ref().is_none_or(|regex| regex.is_match(name).unwrap_or(false))
    }
}

/// SHOW DATABASES.
pub async fn databases(execution: &Execution, like: Option<String>) -> Result<Answer, Failure> {
    let pattern = Pattern::parse(like)?;
    let mut names = execution.database_names().await.map_err(|fault| Failure::of_call(&fault))?;
    names.retain(|name| pattern.lets_through(name));
    Ok(Answer::column("database_name", names))
}

/// SHOW TABLES: views too.
pub async fn tables(execution: &Execution, database: Option<String>, like: Option<String>) -> Result<Answer, Failure> {
    Ok(Answer::column("tab_name", named(execution, database, like, false).await?))
}

/// SHOW VIEWS.
pub async fn views(execution: &Execution, database: Option<String>, like: Option<String>) -> Result<Answer, Failure> {
    Ok(Answer::column("views", named(execution, database, like, true).await?))
}

async fn named(
    execution: &Execution,
    database: Option<String>,
    like: Option<String>,
    views_only: bool,
) -> Result<Vec<String>, Failure> {
    let pattern = Pattern::parse(like)?;
    let database = database.unwrap_or_else(|| execution.database());
    execution.check_database(&database).await?;
    let tables = execution.tables(&database).await.map_err(|fault| Failure::of_call(&fault))?;
    let wanted = tables.into_iter().filter(|table| !views_only || is_view(table)).map(|table| table.name);
    Ok(wanted.filter(|name| pattern.lets_through(name)).collect())
}

/// SHOW COLUMNS: partition keys last.
pub async fn columns(execution: &Execution, name: &Name) -> Result<Answer, Failure> {
    let table = execution.table(&execution.resolve(name)?).await?;
    let columns = table.storage_descriptor.and_then(|storage| storage.columns).unwrap_or_default();
    let all = columns.into_iter().chain(table.partition_keys.unwrap_or_default());
    Ok(Answer::column("field", all.map(|column| format!("{:<20}", column.name)).collect()))
}

/// SHOW PARTITIONS, sorted.
pub async fn partitions(execution: &Execution, name: &Name, spec: Option<Spec>) -> Result<Answer, Failure> {
    let name = execution.resolve(name)?;
    let table = execution.table(&name).await?;
    if table.partition_keys.as_deref().unwrap_or_default().is_empty() {
        return Err(Failure::of_task(format_args!("Table {} is not a partitioned table", name.name)));
    }
    let found = partition::matching(execution, &name, &table, &spec.unwrap_or_default()).await?;
    let values = found.into_iter().filter_map(|partition| partition.values);
    let mut lines: Vec<String> = values.map(|values| partition::path(&table, &values)).collect();
    lines.sort_unstable();
    Ok(Answer::column("partition", lines))
}

/// SHOW TBLPROPERTIES.
pub async fn properties(execution: &Execution, name: &Name, property: Option<String>) -> Result<Answer, Failure> {
    let name = execution.resolve(name)?;
    let parameters = execution.table(&name).await?.parameters.unwrap_or_default();
    let lines = match property {
        None => parameters.into_iter().map(|(name, value)| format!("{name}\t{value}")).collect(),
        Some(property) => match parameters.get(&property) {
            Some(value) => vec![value.clone()],
            None => vec![format!("Table {name} does not have property: {property}")],
        },
    };
    Ok(Answer { columns: vec!["prpt_name", "prpt_value"], lines })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn matches(pattern: &str, name: &str) -> bool {
        Pattern::parse(Some(pattern.to_owned())).unwrap().lets_through(name)
    }

    #[test]
    fn a_star_is_any_text_and_a_regular_expression_is_one() {
        assert!(matches("flight*", "flights_2020"));
        assert!(matches("a*|b*", "boats"));
        assert!(matches(".*sales.*", "my_sales_db"));
        assert!(!matches("sales", "my_sales"));
        assert!(matches("Sales", "sales"));
        assert!(Pattern::parse(Some("(".to_owned())).is_err());
    }
}
