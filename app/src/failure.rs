//! What the command line says when something did not work: one primary line, detail, hint.

use std::fmt;

/// A command that failed.
#[derive(Debug)]
pub struct Failure {
    what: String,
    detail: Option<String>,
    hint: Option<String>,
}

impl Failure {
    /// What was attempted: "failed to listen on 127.0.0.1:4566".
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), detail: None, hint: None }
    }

    /// Why.
    pub fn because(mut self, detail: impl fmt::Display) -> Self {
        self.detail = Some(detail.to_string());
        self
    }

    /// What to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "error: {}", self.what)?;
        if let Some(detail) = &self.detail {
            writeln!(f, "  {detail}")?;
        }
        if let Some(hint) = &self.hint {
            writeln!(f, "  hint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}
