//! A policy document: its text, checked as IAM checks it and compiled to statements.

use crate::malformed::Malformed;
use crate::outline::Outline;
use crate::principal::NamedPrincipal;
use crate::statement::Statement;

/// What a document is for, which decides the elements that it must and must not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An inline policy of a user, group or role, or a session policy.
    Identity,
    /// A managed policy (also as a permissions boundary): as [`Kind::Identity`], but never of version 2008-10-17.
    Managed,
    /// The policy of a resource: a queue, a bucket, a function.
    Resource,
    /// The trust policy of a role.
    Trust,
}

/// A policy document, compiled once and shared. It keeps its source text.
#[derive(Debug)]
pub struct Document {
    text: Box<str>,
    kind: Kind,
    id: Option<Box<str>>,
    statements: Box<[Statement]>,
}

impl Document {
    pub fn parse(text: &str, kind: Kind) -> Result<Document, Malformed> {
        let outline = Outline::read(text)?;
        if kind == Kind::Managed && !outline.has_variables {
            return Err(Malformed::Version);
        }
        let statements = outline.compile(kind)?;
        Ok(Document { text: text.into(), kind, id: outline.id.map(Into::into), statements })
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// The condition keys that the document reads, in conditions and policy variables, each once and in order: what
    /// `GetContextKeysForCustomPolicy` answers.
    pub fn context_keys(&self) -> Vec<&str> {
        let mut keys: Vec<&str> = self.statements.iter().flat_map(Statement::keys).collect();
        keys.sort_by_key(|key| key.to_ascii_lowercase());
        keys.dedup_by(|a, b| a.eq_ignore_ascii_case(b));
        keys
    }

    /// Whom the document names in `Principal` and `NotPrincipal`, so that IAM can refuse those that do not exist.
    pub fn principals(&self) -> impl Iterator<Item = &NamedPrincipal> {
        self.statements.iter().filter_map(|statement| statement.principal.as_ref()).flat_map(|element| &element.named)
    }
}

/// The size of a document as IAM's quotas count it: in characters, without white space.
pub fn quota_size(text: &str) -> usize {
    text.chars().filter(|character| !character.is_whitespace()).count()
}
