//! The types of columns in Hive's data definition language.

use super::ParseError;
use super::cursor::Cursor;
use super::token::Kind;

const RULE: &str = "column type";

/// Names that begin a type.
const KNOWN: [&str; 21] = [
    "tinyint",
    "smallint",
    "int",
    "integer",
    "bigint",
    "boolean",
    "float",
    "double",
    "decimal",
    "dec",
    "numeric",
    "string",
    "char",
    "varchar",
    "binary",
    "date",
    "timestamp",
    "array",
    "map",
    "struct",
    "uniontype",
];

/// Nested types may be this deep: the parser calls itself for each level.
const DEPTH_MAX: usize = 64;

/// A type, in the spelling that Glue keeps: small letters, no spaces.
pub fn read(cursor: &mut Cursor<'_>) -> Result<String, ParseError> {
    nested(cursor, 0)
}

fn nested(cursor: &mut Cursor<'_>, depth: usize) -> Result<String, ParseError> {
    let token = cursor.peek();
    if token.kind != Kind::Word || depth == DEPTH_MAX {
        return Err(cursor.unrecognized(RULE));
    }
    let name = token.text.to_ascii_lowercase();
    if !KNOWN.contains(&name.as_str()) {
        return Err(cursor.unrecognized(RULE));
    }
    cursor.bump();
    match name.as_str() {
        "integer" => Ok("int".to_owned()),
        "double" => {
            cursor.take(&["precision"]);
            Ok(name)
        }
        "decimal" | "dec" | "numeric" => decimal(cursor),
        "char" | "varchar" => {
            cursor.expect_symbol("(", RULE)?;
            let length = number(cursor)?;
            cursor.expect_symbol(")", RULE)?;
            Ok(format!("{name}({length})"))
        }
        "array" => {
            cursor.expect_symbol("<", RULE)?;
            let item = nested(cursor, depth + 1)?;
            cursor.expect_symbol(">", RULE)?;
            Ok(format!("array<{item}>"))
        }
        "map" => {
            cursor.expect_symbol("<", RULE)?;
            let key = nested(cursor, depth + 1)?;
            cursor.expect_symbol(",", RULE)?;
            let value = nested(cursor, depth + 1)?;
            cursor.expect_symbol(">", RULE)?;
            Ok(format!("map<{key},{value}>"))
        }
        "struct" => {
            let fields = separated(cursor, |cursor| {
                let field = cursor.name(RULE)?;
                cursor.expect_symbol(":", RULE)?;
                let kind = nested(cursor, depth + 1)?;
                if cursor.take(&["comment"]) {
                    cursor.text(RULE)?;
                }
                Ok(format!("{field}:{kind}"))
            })?;
            Ok(format!("struct<{fields}>"))
        }
        "uniontype" => {
            let kinds = separated(cursor, |cursor| nested(cursor, depth + 1))?;
            Ok(format!("uniontype<{kinds}>"))
        }
        _ => Ok(name),
    }
}

fn separated(
    cursor: &mut Cursor<'_>,
    mut item: impl FnMut(&mut Cursor<'_>) -> Result<String, ParseError>,
) -> Result<String, ParseError> {
    cursor.expect_symbol("<", RULE)?;
    let mut items = vec![item(cursor)?];
    while cursor.take_symbol(",") {
        items.push(item(cursor)?);
    }
    cursor.expect_symbol(">", RULE)?;
    Ok(items.join(","))
}

/// Hive's decimals have ten digits and no fraction where nobody says otherwise.
fn decimal(cursor: &mut Cursor<'_>) -> Result<String, ParseError> {
    if !cursor.take_symbol("(") {
        return Ok("decimal(10,0)".to_owned());
    }
    let precision = number(cursor)?;
    let scale = if cursor.take_symbol(",") { number(cursor)? } else { "0".to_owned() };
    cursor.expect_symbol(")", RULE)?;
    Ok(format!("decimal({precision},{scale})"))
}

fn number(cursor: &mut Cursor<'_>) -> Result<String, ParseError> {
    let token = cursor.peek();
    if token.kind != Kind::Number || token.text.contains('.') {
        return Err(cursor.unrecognized(RULE));
    }
    Ok(cursor.bump().text.to_owned())
}
