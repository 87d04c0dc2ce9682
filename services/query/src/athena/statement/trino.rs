//! The frames that Trino's language puts around a query: CTAS, INSERT, UNLOAD, views, prepared statements, EXPLAIN.

use super::cursor::Cursor;
use super::token::{Kind, unquote};
use super::{CreateTableAs, ExplainOptions, ParseError, Properties, Statement, Value};

/// Whether `CREATE TABLE` takes its columns from a query.
pub fn is_create_table_as(mut cursor: Cursor<'_>) -> bool {
    cursor.take(&["CREATE", "TABLE"]);
    cursor.take(&["IF", "NOT", "EXISTS"]);
    // Of a name that is no name the frame's own parser complains.
    if cursor.peek().kind == Kind::BackQuoted || cursor.qualified_name("").is_err() {
        return false;
    }
    ["AS", "WITH", "COMMENT"].iter().any(|word| cursor.peek().is(word))
}

/// `CREATE TABLE [IF NOT EXISTS] name [COMMENT '…'] [WITH (…)] AS query [WITH [NO] DATA]`.
pub fn create_table_as(mut cursor: Cursor<'_>) -> Result<Statement, ParseError> {
    cursor.expect(&["CREATE", "TABLE"], "")?;
    let if_not_exists = cursor.take(&["IF", "NOT", "EXISTS"]);
    let name = cursor.qualified_name("")?;
    let comment = if cursor.take(&["COMMENT"]) { Some(cursor.text("")?) } else { None };
    let properties = if cursor.take(&["WITH"]) { properties(&mut cursor)? } else { Properties::new() };
    cursor.expect(&["AS"], "")?;
    not_empty(&cursor)?;
    let (query, with_data) = without_data_clause(&cursor);
    Ok(Statement::CreateTableAs(Box::new(CreateTableAs { name, if_not_exists, comment, properties, query, with_data })))
}

/// The rest of the text without `WITH [NO] DATA` at its end.
fn without_data_clause(cursor: &Cursor<'_>) -> (std::ops::Range<usize>, bool) {
    let rest = cursor.rest();
    let text = cursor.slice(rest.clone());
    let upper = text.to_ascii_uppercase();
    let mut words = upper.split_whitespace().rev();
    let (last, before, third) = (words.next(), words.next(), words.next());
    let (clause, with_data) = match (third, before, last) {
        (Some("WITH"), Some("NO"), Some("DATA")) => ("WITH", false),
        (_, Some("WITH"), Some("DATA")) => ("WITH", true),
        _ => return (rest, true),
    };
    let end = upper.rfind(clause).unwrap_or(text.len());
    (rest.start..rest.start + text[..end].trim_end().len(), with_data)
}

/// `(name = value, …)`.
fn properties(cursor: &mut Cursor<'_>) -> Result<Properties, ParseError> {
    let entries = cursor.list("", |cursor| {
        let name = match cursor.peek().kind {
            Kind::Text => cursor.text("")?.to_lowercase(),
            _ => cursor.name("")?,
        };
        cursor.expect_symbol("=", "")?;
        Ok((name, value(cursor)?))
    })?;
    Ok(entries.into_iter().collect())
}

fn value(cursor: &mut Cursor<'_>) -> Result<Value, ParseError> {
    let token = cursor.peek();
    match token.kind {
        Kind::Text => Ok(Value::Text(cursor.text("")?)),
        Kind::Number => Ok(Value::Number(cursor.bump().text.to_owned())),
        Kind::Word if token.is("true") || token.is("false") => Ok(Value::Boolean(cursor.bump().is("true"))),
        Kind::Word if token.is("ARRAY") => {
            cursor.bump();
            cursor.expect_symbol("[", "")?;
            let mut items = Vec::new();
            if !cursor.take_symbol("]") {
                items.push(cursor.text("")?);
                while cursor.take_symbol(",") {
                    items.push(cursor.text("")?);
                }
                cursor.expect_symbol("]", "")?;
            }
            Ok(Value::List(items))
        }
        _ => Err(cursor.mismatched(&["<expression>"])),
    }
}

/// `CREATE [OR REPLACE] VIEW name AS query`.
pub fn create_view(mut cursor: Cursor<'_>) -> Result<Statement, ParseError> {
    cursor.expect(&["CREATE"], "")?;
    let or_replace = cursor.take(&["OR", "REPLACE"]);
    cursor.expect(&["VIEW"], "")?;
    let name = cursor.qualified_name("")?;
    if cursor.take(&["COMMENT"]) {
        cursor.text("")?;
    }
    if cursor.take(&["SECURITY"]) {
        cursor.bump();
    }
    cursor.expect(&["AS"], "")?;
    not_empty(&cursor)?;
    Ok(Statement::CreateView { name, or_replace, query: cursor.rest() })
}

/// `INSERT INTO name [(columns)] query`.
pub fn insert(mut cursor: Cursor<'_>) -> Result<Statement, ParseError> {
    cursor.expect(&["INSERT", "INTO"], "")?;
    let name = cursor.qualified_name("")?;
    let ahead = cursor.ahead(1);
    let is_query = ["SELECT", "WITH", "VALUES", "TABLE"].iter().any(|word| ahead.is(word)) || ahead.text == "(";
    let columns =
        if cursor.peek().text == "(" && !is_query { cursor.list("", |cursor| cursor.name(""))? } else { Vec::new() };
    not_empty(&cursor)?;
    Ok(Statement::Insert { name, columns, query: cursor.rest() })
}

/// `UNLOAD (query) TO 's3://…' [WITH (…)]`.
pub fn unload(mut cursor: Cursor<'_>) -> Result<Statement, ParseError> {
    cursor.expect(&["UNLOAD"], "")?;
    let query = cursor.parenthesized("")?;
    cursor.expect(&["TO"], "")?;
    let location = cursor.text("")?;
    let properties = if cursor.take(&["WITH"]) { properties(&mut cursor)? } else { Properties::new() };
    cursor.end()?;
    Ok(Statement::Unload { query, location, properties })
}

/// `PREPARE name FROM statement`.
pub fn prepare(mut cursor: Cursor<'_>) -> Result<Statement, ParseError> {
    cursor.expect(&["PREPARE"], "")?;
    let name = statement_name(&mut cursor)?;
    cursor.expect(&["FROM"], "")?;
    not_empty(&cursor)?;
    Ok(Statement::Prepare { name, query: cursor.rest() })
}

/// Names of prepared statements keep their case.
fn statement_name(cursor: &mut Cursor<'_>) -> Result<String, ParseError> {
    let token = cursor.peek();
    cursor.name("")?;
    Ok(if token.kind == Kind::Word { token.text.to_owned() } else { unquote(token.text) })
}

/// `EXECUTE name [USING value, …]`.
pub fn execute(mut cursor: Cursor<'_>) -> Result<Statement, ParseError> {
    cursor.expect(&["EXECUTE"], "")?;
    if cursor.peek().is("IMMEDIATE") {
        return Ok(Statement::Unserved("athena statements EXECUTE IMMEDIATE"));
    }
    let name = statement_name(&mut cursor)?;
    let parameters = if cursor.take(&["USING"]) { expressions(&mut cursor)? } else { Vec::new() };
    cursor.end()?;
    Ok(Statement::Execute { name, parameters })
}

/// Expressions between commas, as they stand in the text.
fn expressions(cursor: &mut Cursor<'_>) -> Result<Vec<String>, ParseError> {
    let mut found = Vec::new();
    loop {
        let start = cursor.peek().start;
        let (mut depth, mut end) = (0i32, start);
        loop {
            let token = cursor.peek();
            if cursor.is_at_end() || (depth == 0 && token.text == "," && token.kind == Kind::Symbol) {
                break;
            }
            match (token.kind, token.text) {
                (Kind::Symbol, "(" | "[") => depth += 1,
                (Kind::Symbol, ")" | "]") => depth -= 1,
                _ => {}
            }
            end = token.end();
            cursor.bump();
        }
        if end == start {
            return Err(cursor.mismatched(&["<expression>"]));
        }
        found.push(cursor.slice(start..end).to_owned());
        if !cursor.take_symbol(",") {
            return Ok(found);
        }
    }
}

/// `DEALLOCATE PREPARE name`.
pub fn deallocate(mut cursor: Cursor<'_>) -> Result<Statement, ParseError> {
    cursor.expect(&["DEALLOCATE", "PREPARE"], "")?;
    let name = statement_name(&mut cursor)?;
    cursor.end()?;
    Ok(Statement::Deallocate { name })
}

/// `EXPLAIN [ANALYZE [VERBOSE]] [(option, …)] statement`.
pub fn explain(mut cursor: Cursor<'_>) -> Result<Statement, ParseError> {
    cursor.expect(&["EXPLAIN"], "")?;
    let mut options = ExplainOptions { analyze: cursor.take(&["ANALYZE"]), ..Default::default() };
    options.verbose = options.analyze && cursor.take(&["VERBOSE"]);
    let ahead = cursor.ahead(1);
    if cursor.peek().text == "(" && (ahead.is("TYPE") || ahead.is("FORMAT")) {
        let chosen = cursor.list("", |cursor| {
            let option = cursor.name("")?;
            Ok((option, cursor.bump().text.to_ascii_uppercase()))
        })?;
        for (option, value) in chosen {
            match option.as_str() {
                "type" => options.kind = Some(value),
                "format" => options.format = Some(value),
                _ => return Err(cursor.mismatched(&["'FORMAT'", "'TYPE'"])),
            }
        }
    }
    not_empty(&cursor)?;
    Ok(Statement::Explain { options, query: cursor.rest() })
}

fn not_empty(cursor: &Cursor<'_>) -> Result<(), ParseError> {
    if cursor.is_at_end() { Err(cursor.mismatched(&["<query>"])) } else { Ok(()) }
}
