//! Reads a policy document's JSON into the grammar's shape, checks it as IAM does, and compiles its statements.

use std::collections::HashSet;

use serde_json::value::RawValue;

use crate::condition::Condition;
use crate::document::Kind;
use crate::json::{self, Cursor, Position};
use crate::malformed::Malformed;
use crate::operator::Operator;
use crate::pattern::{Pattern, Syntax};
use crate::principal::{NamedPrincipal, PrincipalElement};
use crate::resource;
use crate::statement::{Effect, Patterns, Statement};

/// The actions that a trust policy may name.
const TRUST_ACTIONS: [&str; 14] = [
    "AssumeRole",
    "AssumeRoleWithSAML",
    "AssumeRoleWithWebIdentity",
    "AssumeRoot",
    "DecodeAuthorizationMessage",
    "GetAccessKeyInfo",
    "GetCallerIdentity",
    "GetFederationToken",
    "GetServiceBearerToken",
    "GetSessionToken",
    "GetWebIdentityToken",
    "SetContext",
    "SetSourceIdentity",
    "TagSession",
];

/// A document whose JSON has the right shape, before its values are looked at.
pub(crate) struct Outline {
    /// Version 2012-10-17 has policy variables, 2008-10-17 (also the version of a document that says none) has not.
    pub has_variables: bool,
    pub id: Option<String>,
    statements: Vec<RawStatement>,
}

struct RawStatement {
    sid: Option<String>,
    effect: String,
    principal: Option<RawPrincipal>,
    action: Option<RawList>,
    resource: Option<RawList>,
    /// Operator, key, values.
    conditions: Vec<(Operator, String, Vec<String>)>,
    start: Position,
    end: Position,
}

struct RawList {
    values: Vec<String>,
    negated: bool,
}

struct RawPrincipal {
    named: Vec<(String, String)>,
    negated: bool,
}

impl Outline {
    pub fn read(text: &str) -> Result<Outline, Malformed> {
        let mut outline = Outline { has_variables: false, id: None, statements: Vec::new() };
        for (name, value) in json::members(json::document(text)?)? {
            match name.as_str() {
                "Version" => {
                    outline.has_variables = match json::string(value)?.as_str() {
                        "2012-10-17" => true,
                        "2008-10-17" => false,
                        _ => return Err(Malformed::Syntax),
                    }
                }
                "Id" => outline.id = Some(json::string(value)?),
                "Statement" => {
                    // For a lone statement outside a list AWS tells the position behind its brace, as in the AWS CLI
                    // reference's example of simulate-custom-policy; in a list it tells that of the brace.
                    let skipped = usize::from(value.get().starts_with('{'));
                    let mut cursor = Cursor::new(text);
                    for statement in json::elements(value)? {
                        let offset = json::offset(text, statement);
                        let start = cursor.advance(offset + skipped);
                        let end = cursor.advance(offset + statement.get().len());
                        outline.statements.push(RawStatement::read(statement, start, end)?);
                    }
                }
                _ => return Err(Malformed::Syntax),
            }
        }
        if outline.statements.is_empty() { Err(Malformed::Syntax) } else { Ok(outline) }
    }

    /// Checks and compiles the statements. The checks run in IAM's order: each over the whole document before the next.
    pub fn compile(&self, kind: Kind) -> Result<Box<[Statement]>, Malformed> {
        let statements = &self.statements;
        let compiled =
            statements.iter().map(|statement| statement.compile(kind, self.has_variables)).collect::<Result<_, _>>();
        // Bad values come first in IAM's order, but a bad principal comes last.
        if matches!(compiled, Err(Malformed::Legacy)) {
            return compiled;
        }
        let mut sids = HashSet::new();
        for sid in statements.iter().filter_map(|statement| statement.sid.as_deref()).filter(|sid| !sid.is_empty()) {
            if kind != Kind::Resource && !sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return Err(Malformed::Sid);
            }
            if !sids.insert(sid) {
                return Err(Malformed::DuplicateSid);
            }
        }
        if statements.iter().any(|statement| statement.action.as_ref().is_none_or(|action| action.values.is_empty())) {
            return Err(Malformed::NoActions);
        }
        for statement in statements {
            statement.check(kind)?;
        }
        compiled
    }
}

impl RawStatement {
    fn read(value: &RawValue, start: Position, end: Position) -> Result<RawStatement, Malformed> {
        let mut statement = RawStatement {
            sid: None,
            effect: String::new(),
            principal: None,
            action: None,
            resource: None,
            conditions: Vec::new(),
            start,
            end,
        };
        for (name, value) in json::members(value)? {
            match name.as_str() {
                "Sid" => statement.sid = Some(json::string(value)?),
                "Effect" => statement.effect = json::string(value)?,
                "Principal" | "NotPrincipal" if statement.principal.is_none() => {
                    statement.principal = Some(RawPrincipal::read(value, name == "NotPrincipal")?);
                }
                "Action" | "NotAction" if statement.action.is_none() => {
                    statement.action = Some(RawList { values: json::strings(value)?, negated: name == "NotAction" });
                }
                "Resource" | "NotResource" if statement.resource.is_none() => {
                    statement.resource =
                        Some(RawList { values: json::strings(value)?, negated: name == "NotResource" });
                }
                "Condition" => statement.conditions = read_conditions(value)?,
                _ => return Err(Malformed::Syntax),
            }
        }
        match statement.effect.to_ascii_lowercase().as_str() {
            "allow" | "deny" => Ok(statement),
            _ => Err(Malformed::Syntax),
        }
    }

    fn check(&self, kind: Kind) -> Result<(), Malformed> {
        let resources = self.resource.as_ref().map(|resource| resource.values.as_slice()).unwrap_or_default();
        // Only IAM's own policies are held to ARNs; SQS still knows resources like "/123456789012/queue".
        if matches!(kind, Kind::Identity | Kind::Managed) {
            resources.iter().try_for_each(|value| resource::check(value))?;
        }
        let actions = self.action.as_ref().map(|action| action.values.as_slice()).unwrap_or_default();
        actions.iter().try_for_each(|action| check_action(action))?;
        match kind {
            Kind::Identity | Kind::Managed => {
                if self.principal.is_some() {
                    return Err(Malformed::UnwantedPrincipal);
                }
                if resources.is_empty() {
                    return Err(Malformed::NoResources);
                }
            }
            Kind::Resource => {
                if self.principal.is_none() {
                    return Err(Malformed::MissingField("Principal"));
                }
                if resources.is_empty() {
                    return Err(Malformed::MissingField("Resource"));
                }
            }
            Kind::Trust => {
                if !actions.iter().all(|action| is_trust_action(action)) {
                    return Err(Malformed::TrustAction);
                }
                if self.resource.is_some() {
                    return Err(Malformed::ProhibitedField("Resource"));
                }
                if self.principal.is_none() {
                    return Err(Malformed::MissingField("Principal"));
                }
            }
        }
        Ok(())
    }

    fn compile(&self, kind: Kind, variables: bool) -> Result<Statement, Malformed> {
        let effect = match self.effect.as_str() {
            "Allow" => Effect::Allow,
            "Deny" => Effect::Deny,
            _ => return Err(Malformed::Legacy),
        };
        let action = Syntax { wildcards: true, variables: false, segments: false, ignore_case: true };
        let resource = Syntax { wildcards: true, variables, segments: true, ignore_case: false };
        let resources = match &self.resource {
            Some(list) if kind != Kind::Trust => Some(list.compile(resource)?),
            _ => None,
        };
        let conditions = self
            .conditions
            .iter()
            .map(|(operator, key, values)| Condition::compile(*operator, key, values, variables))
            .collect::<Result<_, _>>()?;
        Ok(Statement {
            sid: self.sid.as_deref().map(Into::into),
            effect,
            actions: match &self.action {
                Some(list) => list.compile(action)?,
                None => Patterns { list: Box::default(), negated: false },
            },
            resources,
            conditions,
            principal: self.principal.as_ref().map(RawPrincipal::compile).transpose()?,
            start: self.start,
            end: self.end,
        })
    }
}

impl RawList {
    fn compile(&self, syntax: Syntax) -> Result<Patterns, Malformed> {
        let list = self.values.iter().map(|value| Pattern::compile(value, syntax)).collect::<Result<_, _>>()?;
        Ok(Patterns { list, negated: self.negated })
    }
}

impl RawPrincipal {
    fn read(value: &RawValue, negated: bool) -> Result<RawPrincipal, Malformed> {
        if let Ok(everyone) = json::string(value) {
            return match everyone.as_str() {
                "*" => Ok(RawPrincipal { named: vec![("AWS".into(), everyone)], negated }),
                _ => Err(Malformed::Syntax),
            };
        }
        let mut named = Vec::new();
        for (kind, values) in json::members(value)? {
            if !["AWS", "Service", "Federated", "CanonicalUser"].contains(&kind.as_str()) {
                return Err(Malformed::Syntax);
            }
            named.extend(json::strings(values)?.into_iter().map(|value| (kind.clone(), value)));
        }
        Ok(RawPrincipal { named, negated })
    }

    fn compile(&self) -> Result<PrincipalElement, Malformed> {
        let named = self
            .named
            .iter()
            .map(|(kind, value)| NamedPrincipal::parse(kind, value.clone()))
            .collect::<Result<_, _>>()?;
        Ok(PrincipalElement { named, negated: self.negated })
    }
}

fn read_conditions(value: &RawValue) -> Result<Vec<(Operator, String, Vec<String>)>, Malformed> {
    let mut conditions = Vec::new();
    for (operator, keys) in json::members(value)? {
        let keys = json::members(keys)?;
        if keys.is_empty() {
            continue;
        }
        let operator = Operator::parse(&operator)?;
        for (key, values) in keys {
            conditions.push((operator, key, json::scalars(values)?));
        }
    }
    Ok(conditions)
}

fn check_action(action: &str) -> Result<(), Malformed> {
    match action.split_once(':') {
        None if action == "*" => Ok(()),
        None => Err(Malformed::NoVendor),
        Some((_, name)) if name.contains(':') => Err(Malformed::Colons),
        Some(("*", _)) => Ok(()),
        Some((vendor, _)) => {
            let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
            if vendor.bytes().all(known) { Ok(()) } else { Err(Malformed::Vendor(vendor.into())) }
        }
    }
}

fn is_trust_action(action: &str) -> bool {
    action.split_once(':').is_some_and(|(vendor, name)| {
        let known = TRUST_ACTIONS.iter().any(|known| known.eq_ignore_ascii_case(name));
        vendor.eq_ignore_ascii_case("sts") && (known || name.contains(['*', '?']))
    })
}
