//! Patterns over messages whose fields have spaces between them.

use std::collections::BTreeMap;

use super::BadPattern;
use super::expression::Expression;
use super::operand::{Operand, Operator};
use super::scanner::Scanner;

/// A space-delimited pattern.
#[derive(Debug)]
pub struct Fields {
    /// Before the ellipsis, or all.
    head: Vec<Field>,
    /// Behind it; `None` without one.
    tail: Option<Vec<Field>>,
}

#[derive(Debug)]
struct Field {
    name: Option<String>,
    condition: Option<Expression<Comparison>>,
}

#[derive(Debug)]
struct Comparison {
    name: String,
    operator: Operator,
    operand: Operand,
}

/// The fields of a message that matched.
pub struct FieldCaptures<'p, 'm> {
    pattern: &'p Fields,
    tokens: Vec<&'m str>,
}

impl Fields {
    /// What stands between the brackets.
    pub fn parse(inner: &str) -> Result<Self, BadPattern> {
        let mut fields = Self { head: Vec::new(), tail: None };
        for item in split(inner)? {
            if item.trim() == "..." {
                if fields.tail.is_some() {
                    return Err(BadPattern::Syntax);
                }
                fields.tail = Some(Vec::new());
                continue;
            }
            let field = field(item)?;
            fields.tail.as_mut().unwrap_or(&mut fields.head).push(field);
        }
        Ok(fields)
    }

    /// The fields of a message, if they are as many as the pattern says and all conditions hold.
    pub fn captures<'m>(&self, message: &'m str) -> Option<FieldCaptures<'_, 'm>> {
        let tokens = tokens(message);
        let fitting = match &self.tail {
            None => tokens.len() == self.head.len(),
            Some(tail) => tokens.len() >= self.head.len() + tail.len(),
        };
        (fitting && self.placed(&tokens).all(|(field, _, token)| field.holds(token)))
            .then_some(FieldCaptures { pattern: self, tokens })
    }

    /// Each field of the pattern with the position and the text of its token.
    fn placed<'a, 'm>(&'a self, tokens: &'a [&'m str]) -> impl Iterator<Item = (&'a Field, usize, &'m str)> {
        let head = self.head.iter().enumerate();
        let tail = self.tail.iter().flat_map(move |tail| {
            let first = tokens.len().saturating_sub(tail.len());
            tail.iter().enumerate().map(move |(index, field)| (first + index, field))
        });
        head.chain(tail).filter_map(|(place, field)| Some((field, place, *tokens.get(place)?)))
    }

    /// Whether a selector (`$size`, `$3`) names a field.
    pub fn has(&self, selector: &str) -> bool {
        let Some(name) = selector.strip_prefix('$') else { return false };
        let mut fields = self.head.iter().chain(self.tail.iter().flatten());
        fields.any(|field| field.name.as_deref() == Some(name)) || name.parse::<usize>().is_ok_and(|place| place > 0)
    }

    pub fn regex_count(&self) -> usize {
        let fields = self.head.iter().chain(self.tail.iter().flatten());
        let conditions = fields.filter_map(|field| field.condition.as_ref());
        conditions.flat_map(Expression::comparisons).filter(|comparison| comparison.operand.is_regex()).count()
    }
}

impl<'m> FieldCaptures<'_, 'm> {
    /// The field of a name (`$size`), or at a position that has none (`$3`, from 1).
    pub fn get(&self, selector: &str) -> Option<&'m str> {
        let name = selector.strip_prefix('$')?;
        let named = self.pattern.placed(&self.tokens).find(|(field, ..)| field.name.as_deref() == Some(name));
        match named {
            Some((.., token)) => Some(token),
            None => self.tokens.get(name.parse::<usize>().ok()?.checked_sub(1)?).copied(),
        }
    }

    /// All fields, by name or position.
    pub fn all(&self) -> BTreeMap<String, String> {
        let mut names: Vec<String> = (1..=self.tokens.len()).map(|place| format!("${place}")).collect();
        for (field, place, _) in self.pattern.placed(&self.tokens) {
            if let Some(name) = &field.name {
                names[place] = format!("${name}");
            }
        }
        names.into_iter().zip(self.tokens.iter().map(|token| (*token).to_owned())).collect()
    }
}

impl Field {
    fn holds(&self, token: &str) -> bool {
        let test = |comparison: &Comparison| comparison.operand.compare_text(comparison.operator, token);
        self.condition.as_ref().is_none_or(|condition| condition.holds(&test))
    }
}

/// The items between commas that stand in no quotes.
fn split(inner: &str) -> Result<Vec<&str>, BadPattern> {
    let mut items = Vec::new();
    let mut scanner = Scanner::new(inner);
    let mut item = inner;
    loop {
        scanner.take_while(|next| !matches!(next, ',' | '"' | '%'));
        match scanner.rest().chars().next() {
            None => {
                items.push(item);
                return Ok(items);
            }
            Some(quote @ ('"' | '%')) => {
                scanner.quoted(quote)?;
            }
            Some(_) => {
                items.push(&item[..item.len() - scanner.rest().len()]);
                item = &scanner.rest()[1..];
                scanner = Scanner::new(item);
            }
        }
    }
}

fn field(item: &str) -> Result<Field, BadPattern> {
    let item = item.trim();
    let is_name = |next: char| next.is_alphanumeric() || next == '_' || next == '-' || next == '.';
    if item.chars().all(is_name) {
        return Ok(Field { name: (!item.is_empty()).then(|| item.to_owned()), condition: None });
    }
    let mut scanner = Scanner::new(item);
    let condition = Expression::take(&mut scanner, &|scanner: &mut Scanner<'_>| {
        scanner.skip_space();
        let name = scanner.take_while(is_name).to_owned();
        let operator = Operator::take(scanner).ok_or(BadPattern::Syntax)?;
        let operand = Operand::take(scanner, |rest| {
            rest.starts_with(')') || rest.trim_start().starts_with("&&") || rest.trim_start().starts_with("||")
        })?;
        if operand.fits(operator) { Ok(Comparison { name, operator, operand }) } else { Err(BadPattern::Syntax) }
    })?;
    if !scanner.is_done() {
        return Err(BadPattern::Syntax);
    }
    let names: Vec<&str> = condition.comparisons().into_iter().map(|comparison| comparison.name.as_str()).collect();
    let name = names.first().copied().unwrap_or_default();
    if names.iter().any(|other| *other != name) {
        // A condition belongs to one field.
        return Err(BadPattern::Syntax);
    }
    let name = (!name.is_empty()).then(|| name.to_owned());
    Ok(Field { name, condition: Some(condition) })
}

/// The fields of a message: what stands in brackets or quotes is one.
fn tokens(message: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = message.trim_start();
    while let Some(first) = rest.chars().next() {
        let closing = match first {
            '[' => Some(']'),
            '"' => Some('"'),
            _ => None,
        };
        let grouped = closing.and_then(|closing| {
            let end = rest[1..].find(closing)? + 1;
            Some((&rest[1..end], &rest[end + 1..]))
        });
        let (token, behind) = grouped.unwrap_or_else(|| {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            rest.split_at(end)
        });
        tokens.push(token);
        rest = behind.trim_start();
    }
    tokens
}
