//! Commands, separated by pipes.

use super::cursor::Cursor;
use super::expression;
use super::{Command, Direction, MalformedQuery, Named, Node, Pattern};

/// Of one query. AWS documents none; a query has at most 10,000 characters.
const COMMANDS_MAX: usize = 200;

/// Commands of AWS's that we do not serve: refused by name.
const UNSERVED: [&str; 8] = ["pattern", "diff", "anomaly", "lookup", "join", "filterindex", "source", "addtotals"];

/// Parses a query.
pub(in super::super) fn parse(text: &str) -> Result<Vec<Command>, MalformedQuery> {
    let mut cursor = Cursor::new(text);
    let mut commands = Vec::new();
    loop {
        // A query may begin or end with a pipe.
        while cursor.symbol("|") {}
        if cursor.ended() {
            break;
        }
        commands.push(command(&mut cursor)?);
        if commands.len() > COMMANDS_MAX {
            let at = cursor.at();
            return Err(cursor.malformed("too many commands", at, at));
        }
        if !cursor.ended() && !cursor.symbol("|") {
            return Err(cursor.unexpected());
        }
    }
    if commands.is_empty() {
        return Err(cursor.unexpected());
    }
    Ok(commands)
}

fn command(cursor: &mut Cursor<'_>) -> Result<Command, MalformedQuery> {
    let start = cursor.at();
    let word = cursor.peek_word().to_ascii_lowercase();
    if !word.is_empty() {
        cursor.name()?;
    }
    match word.as_str() {
        "fields" => Ok(Command::Fields(named_list(cursor)?)),
        "display" => Ok(Command::Display(named_list(cursor)?)),
        "filter" | "where" => Ok(Command::Filter(expression::parse(cursor)?)),
        "stats" => {
            let values = named_list(cursor)?;
            let by = if cursor.word("by") { named_list(cursor)? } else { Vec::new() };
            Ok(Command::Stats { values, by })
        }
        "sort" => sort(cursor),
        "limit" | "head" => limit(cursor),
        "parse" => pattern(cursor),
        "dedup" => Ok(Command::Dedup(named_list(cursor)?.into_iter().map(|named| named.node).collect())),
        "unnest" => {
            let input = expression::parse(cursor)?;
            if !cursor.word("into") {
                return Err(cursor.unexpected());
            }
            let name = cursor.name()?.ok_or_else(|| cursor.unexpected())?;
            Ok(Command::Unnest { input, name })
        }
        other if UNSERVED.contains(&other) => {
            let end = cursor.behind();
            Err(cursor.malformed(&format!("haar does not serve the command {other}"), start, end))
        }
        _ => {
            cursor.go_back(start);
            Err(cursor.unexpected())
        }
    }
}

/// Expressions with or without aliases.
fn named_list(cursor: &mut Cursor<'_>) -> Result<Vec<Named>, MalformedQuery> {
    let mut list = Vec::new();
    loop {
        let node = expression::parse(cursor)?;
        let name = match cursor.word("as") {
            true => cursor.name()?.ok_or_else(|| cursor.unexpected())?,
            false => written(cursor, &node),
        };
        list.push(Named { node, name });
        if !cursor.symbol(",") {
            return Ok(list);
        }
    }
}

/// What a column is called that has no alias.
fn written(cursor: &Cursor<'_>, node: &Node) -> String {
    match &node.kind {
        super::Kind::Field(name) => name.clone(),
        _ => cursor.slice(node.start, node.end).to_owned(),
    }
}

fn sort(cursor: &mut Cursor<'_>) -> Result<Command, MalformedQuery> {
    let mut keys = Vec::new();
    loop {
        let node = expression::parse(cursor)?;
        let direction = match cursor.word("desc") {
            true => Direction::Descending,
            false => {
                cursor.word("asc");
                Direction::Ascending
            }
        };
        keys.push((node, direction));
        if !cursor.symbol(",") {
            return Ok(Command::Sort(keys));
        }
    }
}

fn limit(cursor: &mut Cursor<'_>) -> Result<Command, MalformedQuery> {
    let start = cursor.at();
    match cursor.number()? {
        Some((count, "")) if count.fract() == 0.0 && count >= 1.0 => Ok(Command::Limit(count as u64)),
        Some(_) => {
            let end = cursor.behind();
            Err(cursor.malformed("a limit is a whole number", start, end))
        }
        None => Err(cursor.unexpected()),
    }
}

/// `parse @message "user=*, ip=*" as user, ip` and `parse @message /user=(?<user>\S+)/`.
fn pattern(cursor: &mut Cursor<'_>) -> Result<Command, MalformedQuery> {
    let before = cursor.at();
    // Without a field it is the message that is parsed.
    let bare = cursor.text()?.is_some() || cursor.regex()?.is_some();
    cursor.go_back(before);
    let input = match bare {
        true => Node { kind: super::Kind::Field("@message".into()), start: before, end: before },
        false => expression::primary(cursor)?,
    };
    let start = cursor.at();
    let (regex, mut names) = match cursor.text()? {
        Some(glob) => (cursor.compile(&glob_pattern(&glob), start)?, Vec::new()),
        None => {
            let regex = cursor.regex()?.ok_or_else(|| cursor.unexpected())?;
            let names = regex.capture_names().skip(1).map(|name| name.unwrap_or_default().to_owned()).collect();
            (regex, names)
        }
    };
    let groups = regex.captures_len() - 1;
    if cursor.word("as") {
        names.clear();
        loop {
            names.push(cursor.name()?.ok_or_else(|| cursor.unexpected())?);
            if !cursor.symbol(",") {
                break;
            }
        }
    }
    let end = cursor.behind();
    if names.len() != groups || groups == 0 {
        let message = format!("the pattern has {groups} wildcards, and {} names are given", names.len());
        return Err(cursor.malformed(&message, start, end));
    }
    if names.iter().all(String::is_empty) {
        return Err(cursor.malformed("the pattern names no field", start, end));
    }
    Ok(Command::Parse { input, pattern: Pattern { regex, names } })
}

/// `*` takes as little as it can, and the last one all that is left.
fn glob_pattern(glob: &str) -> String {
    let mut pieces = glob.split('*').peekable();
    let mut pattern = String::from("(?s)");
    while let Some(piece) = pieces.next() {
        pattern.push_str(&regex::escape(piece));
        match pieces.peek() {
            None => break,
            Some(&"") => pattern.push_str("(.*)"),
            Some(_) => pattern.push_str("(.*?)"),
        }
    }
    pattern
}
