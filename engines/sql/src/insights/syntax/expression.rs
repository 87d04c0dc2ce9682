//! Expressions, by precedence.

use std::time::Duration;

use super::cursor::Cursor;
use super::{Kind, MalformedQuery, Matcher, Node, Operator, Period};

/// Parentheses and calls inside each other.
const DEPTH_MAX: usize = 60;

/// Words that end an expression where an operator could stand.
const KEYWORDS: [&str; 10] = ["as", "by", "asc", "desc", "and", "or", "not", "in", "like", "into"];

/// Parses an expression.
pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Node, MalformedQuery> {
    binary(cursor, 0, 0)
}

/// Parses a field, a literal, a call, or something in parentheses.
pub(super) fn primary(cursor: &mut Cursor<'_>) -> Result<Node, MalformedQuery> {
    unary(cursor, 0)
}

/// Binds tighter the larger it is.
fn precedence(operator: Operator) -> u8 {
    match operator {
        Operator::Or => 1,
        Operator::And => 2,
        operator if operator.compares() => 4,
        Operator::Plus | Operator::Minus => 5,
        Operator::Times | Operator::Divide | Operator::Modulo => 6,
        _ => 7,
    }
}

/// Of `not`: looser than a comparison.
const NOT: u8 = 3;

fn operator(cursor: &mut Cursor<'_>) -> Option<Operator> {
    const SYMBOLS: [(&str, Operator); 13] = [
        ("!=", Operator::NotEqual),
        ("<>", Operator::NotEqual),
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        ("==", Operator::Equal),
        ("<", Operator::Less),
        (">", Operator::Greater),
        ("+", Operator::Plus),
        ("-", Operator::Minus),
        ("*", Operator::Times),
        ("/", Operator::Divide),
        ("%", Operator::Modulo),
        ("^", Operator::Power),
    ];
    if cursor.word("or") {
        return Some(Operator::Or);
    }
    if cursor.word("and") {
        return Some(Operator::And);
    }
    let before = cursor.at();
    if cursor.symbol("=~") {
        cursor.go_back(before);
        return None;
    }
    if let Some((_, found)) = SYMBOLS.iter().find(|(symbol, _)| cursor.symbol(symbol)) {
        return Some(*found);
    }
    cursor.symbol("=").then_some(Operator::Equal)
}

fn binary(cursor: &mut Cursor<'_>, lowest: u8, depth: usize) -> Result<Node, MalformedQuery> {
    if depth > DEPTH_MAX {
        let at = cursor.at();
        return Err(cursor.malformed("the expression is nested too deeply", at, at));
    }
    let mut left = match cursor.peek_word().eq_ignore_ascii_case("not") {
        true => {
            let start = cursor.at();
            cursor.word("not");
            let node = binary(cursor, NOT, depth + 1)?;
            Node { start, end: node.end, kind: Kind::Not(Box::new(node)) }
        }
        false => unary(cursor, depth)?,
    };
    loop {
        let before = cursor.at();
        if lowest <= precedence(Operator::Equal)
            && let Some(matched) = matching(cursor, &left, depth)?
        {
            left = matched;
            continue;
        }
        let Some(operator) = operator(cursor) else { return Ok(left) };
        if precedence(operator) < lowest {
            cursor.go_back(before);
            return Ok(left);
        }
        // Powers lean to the right, everything else to the left.
        let next = precedence(operator) + u8::from(operator != Operator::Power);
        let right = binary(cursor, next, depth + 1)?;
        let (start, end) = (left.start, right.end);
        left = Node { kind: Kind::Binary(operator, Box::new(left), Box::new(right)), start, end };
    }
}

/// `like`, `not like`, `=~`, `in`, `not in`.
fn matching(cursor: &mut Cursor<'_>, left: &Node, depth: usize) -> Result<Option<Node>, MalformedQuery> {
    let before = cursor.at();
    let negated = cursor.word("not");
    let node = |kind, end| Some(Node { kind, start: left.start, end });
    let value = || Box::new(left.clone());
    if cursor.word("in") {
        let list = Box::new(unary(cursor, depth + 1)?);
        if !matches!(list.kind, Kind::List(_)) {
            return Err(cursor.malformed("in wants a list in brackets", list.start, list.end));
        }
        let end = list.end;
        return Ok(node(Kind::In { value: value(), list, negated }, end));
    }
    let insensitive = cursor.word("ilike");
    if insensitive || cursor.word("like") || cursor.symbol("=~") {
        let matcher = match cursor.text()? {
            Some(text) => Matcher::Text { text, insensitive },
            None => Matcher::Regex(cursor.regex()?.ok_or_else(|| cursor.unexpected())?),
        };
        return Ok(node(Kind::Like { value: value(), matcher, negated }, cursor.behind()));
    }
    cursor.go_back(before);
    Ok(None)
}

fn unary(cursor: &mut Cursor<'_>, depth: usize) -> Result<Node, MalformedQuery> {
    let start = cursor.at();
    if depth > DEPTH_MAX {
        return Err(cursor.malformed("the expression is nested too deeply", start, start));
    }
    if cursor.symbol("-") {
        let node = unary(cursor, depth + 1)?;
        return Ok(Node { start, end: node.end, kind: Kind::Negative(Box::new(node)) });
    }
    let kind = atom(cursor, depth)?;
    Ok(Node { kind, start, end: cursor.behind() })
}

fn atom(cursor: &mut Cursor<'_>, depth: usize) -> Result<Kind, MalformedQuery> {
    if cursor.symbol("(") {
        let node = binary(cursor, 0, depth + 1)?;
        cursor.expect(")")?;
        return Ok(node.kind);
    }
    if cursor.symbol("[") {
        return Ok(Kind::List(list(cursor, "]", depth)?));
    }
    if cursor.symbol("*") {
        return Ok(Kind::Star);
    }
    if let Some(text) = cursor.text()? {
        return Ok(Kind::Text(text));
    }
    let start = cursor.at();
    if let Some((number, unit)) = cursor.number()? {
        if unit.is_empty() {
            // `bin(5 minutes)`.
            return match period(number, cursor.peek_word()) {
                Some(period) => {
                    cursor.name()?;
                    Ok(Kind::Period(period))
                }
                None => Ok(Kind::Number(number)),
            };
        }
        let end = cursor.behind();
        return period(number, unit)
            .map(Kind::Period)
            .ok_or_else(|| cursor.malformed(&format!("{unit} is no unit of time"), start, end));
    }
    if KEYWORDS.iter().any(|keyword| cursor.peek_word().eq_ignore_ascii_case(keyword)) {
        return Err(cursor.unexpected());
    }
    let quoted = cursor.symbol("`");
    if quoted {
        cursor.go_back(start);
    }
    let name = cursor.name()?.ok_or_else(|| cursor.unexpected())?;
    if quoted {
        return Ok(Kind::Field(name));
    }
    if cursor.symbol("(") {
        return Ok(Kind::Call(name.to_ascii_lowercase(), list(cursor, ")", depth)?));
    }
    Ok(match name.to_ascii_lowercase().as_str() {
        "true" => Kind::Boolean(true),
        "false" => Kind::Boolean(false),
        _ => Kind::Field(name),
    })
}

fn list(cursor: &mut Cursor<'_>, end: &str, depth: usize) -> Result<Vec<Node>, MalformedQuery> {
    let mut nodes = Vec::new();
    if cursor.symbol(end) {
        return Ok(nodes);
    }
    loop {
        nodes.push(binary(cursor, 0, depth + 1)?);
        if !cursor.symbol(",") {
            cursor.expect(end)?;
            return Ok(nodes);
        }
    }
}

/// `5m`, `5 minutes`. <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-operations-functions.html>
fn period(number: f64, unit: &str) -> Option<Period> {
    let seconds = match unit.to_ascii_lowercase().as_str() {
        "ms" | "msec" | "millisecond" | "milliseconds" => 0.001,
        "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3600.0,
        "d" | "day" | "days" => 86_400.0,
        "w" | "wk" | "week" | "weeks" => 604_800.0,
        "mo" | "mon" | "month" | "months" => return Some(Period::Months(number as u32)),
        "q" | "qtr" | "quarter" | "quarters" => return Some(Period::Months(3 * number as u32)),
        "y" | "yr" | "year" | "years" => return Some(Period::Months(12 * number as u32)),
        _ => return None,
    };
    Duration::try_from_secs_f64(number * seconds).ok().map(Period::Exact)
}
