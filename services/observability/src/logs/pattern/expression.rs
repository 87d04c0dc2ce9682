//! `&&`, `||` and parentheses over comparisons of any kind.

use super::BadPattern;
use super::scanner::Scanner;

/// Parentheses within parentheses.
const DEPTH_MAX: usize = 32;

/// A condition over comparisons `C`.
#[derive(Debug)]
pub enum Expression<C> {
    One(C),
    All(Vec<Self>),
    Any(Vec<Self>),
}

impl<C> Expression<C> {
    /// The condition that the scanner is at, as far as it goes.
    pub fn take(
        scanner: &mut Scanner<'_>,
        one: &impl Fn(&mut Scanner<'_>) -> Result<C, BadPattern>,
    ) -> Result<Self, BadPattern> {
        Self::any(scanner, one, 0)
    }

    fn any(
        scanner: &mut Scanner<'_>,
        one: &impl Fn(&mut Scanner<'_>) -> Result<C, BadPattern>,
        depth: usize,
    ) -> Result<Self, BadPattern> {
        let mut parts = vec![Self::all(scanner, one, depth)?];
        while scanner.take("||") {
            parts.push(Self::all(scanner, one, depth)?);
        }
        Ok(Self::joined(parts, Self::Any))
    }

    fn all(
        scanner: &mut Scanner<'_>,
        one: &impl Fn(&mut Scanner<'_>) -> Result<C, BadPattern>,
        depth: usize,
    ) -> Result<Self, BadPattern> {
        let mut parts = vec![Self::unit(scanner, one, depth)?];
        while scanner.take("&&") {
            parts.push(Self::unit(scanner, one, depth)?);
        }
        Ok(Self::joined(parts, Self::All))
    }

    fn unit(
        scanner: &mut Scanner<'_>,
        one: &impl Fn(&mut Scanner<'_>) -> Result<C, BadPattern>,
        depth: usize,
    ) -> Result<Self, BadPattern> {
        if !scanner.take("(") {
            return Ok(Self::One(one(scanner)?));
        }
        if depth == DEPTH_MAX {
            return Err(BadPattern::Syntax);
        }
        let inner = Self::any(scanner, one, depth + 1)?;
        if scanner.take(")") { Ok(inner) } else { Err(BadPattern::Syntax) }
    }

    fn joined(mut parts: Vec<Self>, join: fn(Vec<Self>) -> Self) -> Self {
        match parts.len() {
            1 => parts.remove(0),
            _ => join(parts),
        }
    }

    /// Whether the condition holds.
    pub fn holds(&self, test: &impl Fn(&C) -> bool) -> bool {
        match self {
            Self::One(one) => test(one),
            Self::All(parts) => parts.iter().all(|part| part.holds(test)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(test)),
        }
    }

    /// All comparisons in the order in which they are written.
    pub fn comparisons(&self) -> Vec<&C> {
        match self {
            Self::One(one) => vec![one],
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::comparisons).collect(),
        }
    }
}
