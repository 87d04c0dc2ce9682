//! The text of an expression as words and signs.

use super::value::MathError;

/// One of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    Number(f64),
    /// In single or double quotes, which may hold the other kind; a backslash keeps what follows.
    Text(String),
    /// A variable, a function or a keyword.
    Word(String),
    Sign(&'static str),
}

/// Longer ones first: the first that fits is taken.
const SIGNS: [&str; 19] =
    ["==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "^", "(", ")", "[", "]", ",", "%"];

/// Cuts an expression up.
pub fn tokens(text: &str) -> Result<Vec<Token>, MathError> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, behind) = match first {
            '0'..='9' | '.' => number(rest)?,
            '\'' | '"' => quoted(rest, first)?,
            'a'..='z' | 'A'..='Z' | '_' => {
                let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
                (Token::Word(rest[..end].to_owned()), &rest[end..])
            }
            _ => {
                let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign)).ok_or(MathError::Syntax)?;
                (Token::Sign(sign), &rest[sign.len()..])
            }
        };
        found.push(token);
        rest = behind.trim_start();
    }
    Ok(found)
}

fn number(rest: &str) -> Result<(Token, &str), MathError> {
    let digits = |from: usize| rest[from..].find(|c: char| !c.is_ascii_digit()).map_or(rest.len(), |end| from + end);
    let mut end = digits(0);
    if rest[end..].starts_with('.') {
        end = digits(end + 1);
    }
    if rest[end..].starts_with(['e', 'E']) {
        let sign = usize::from(rest[end + 1..].starts_with(['+', '-']));
        let exponent = digits(end + 1 + sign);
        if exponent > end + 1 + sign {
            end = exponent;
        }
    }
    let number = rest[..end].parse().ok().filter(|number: &f64| number.is_finite()).ok_or(MathError::Syntax)?;
    Ok((Token::Number(number), &rest[end..]))
}

fn quoted(rest: &str, quote: char) -> Result<(Token, &str), MathError> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' => text.extend(chars.next().map(|(_, kept)| kept)),
            _ if char == quote => return Ok((Token::Text(text), &rest[at + 1..])),
            _ => text.push(char),
        }
    }
    Err(MathError::Syntax)
}
