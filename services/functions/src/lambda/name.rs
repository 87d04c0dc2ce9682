//! Which function, and which of its versions: names, ARNs, and parts of ARNs.

use haar_platform::aws::lambda::MODEL;
use haar_platform::kernel::{Arn, Ctx};

use super::error::LambdaError;
use super::model::{LATEST, NameKey, QualifiedKey};

/// A function by its coordinates, and the qualifier that was given; neither need exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    pub account: String,
    pub region: String,
    pub name: String,
    pub qualifier: Option<String>,
}

/// What a qualifier means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Qualifier {
    Latest,
    Number(u64),
    Alias(String),
}

impl Reference {
    /// From what a call names: a name, a partial ARN (`123456789012:function:name`) or an ARN, each with or without
    /// a qualifier at its end.
    pub fn parse(ctx: &Ctx, text: &str, qualifier: Option<&str>) -> Result<Self, LambdaError> {
        let mut reference = Self::read(ctx, text)?;
        match (&reference.qualifier, qualifier) {
            (Some(derived), Some(given)) if derived != given => {
                return Err(LambdaError::invalid(
                    "The derived qualifier from the function name does not match the specified qualifier.",
                ));
            }
            (None, Some(given)) => reference.qualifier = Some(given.to_owned()),
            _ => {}
        }
        Ok(reference)
    }

    /// The same for operations on the function as a whole.
    pub fn unqualified(ctx: &Ctx, text: &str) -> Result<Self, LambdaError> {
        let reference = Self::read(ctx, text)?;
        if reference.qualifier.as_deref().is_some_and(|qualifier| qualifier != LATEST) {
            return Err(LambdaError::invalid("The function name provided must not be qualified."));
        }
        Ok(Self { qualifier: None, ..reference })
    }

    fn read(ctx: &Ctx, text: &str) -> Result<Self, LambdaError> {
        if let Ok(arn) = text.parse::<Arn>() {
            let found = Self::from_arn(&arn);
            let reference = found.ok_or_else(|| LambdaError::invalid(format!("{text} is not a valid function ARN")))?;
            if reference.region != ctx.region.as_str() {
                return Err(LambdaError::ResourceNotFound(format!(
                    "Functions from '{}' are not reachable in this region ('{}')",
                    reference.region, ctx.region
                )));
            }
            return Ok(reference);
        }
        let parts: Vec<_> = text.split(':').collect();
        let (account, rest) = match parts.as_slice() {
            [account, "function", rest @ ..] if !rest.is_empty() => (*account, rest),
            ["function", rest @ ..] if !rest.is_empty() => (ctx.account.as_str(), rest),
            rest => (ctx.account.as_str(), rest),
        };
        let (name, qualifier) = match rest {
            [name] => (*name, None),
            [name, qualifier] => (*name, Some((*qualifier).to_owned())),
            _ => return Err(LambdaError::invalid(format!("{text} is not a valid function name"))),
        };
        Ok(Self { account: account.to_owned(), region: ctx.region.to_string(), name: name.to_owned(), qualifier })
    }

    /// From a function's ARN, qualified or not.
    pub fn from_arn(arn: &Arn) -> Option<Self> {
        let mut parts = arn.resource.split(':');
        let is_function = arn.service == MODEL.service && parts.next() == Some("function");
        let name = parts.next().filter(|name| !name.is_empty())?.to_owned();
        let qualifier = parts.next().map(str::to_owned);
        (is_function && parts.next().is_none()).then(|| Self {
            account: arn.account.clone(),
            region: arn.region.clone(),
            name,
            qualifier,
        })
    }

    /// Of the function behind a key.
    pub fn of((account, region, name): &NameKey, qualifier: Option<String>) -> Self {
        Self { account: account.clone(), region: region.clone(), name: name.clone(), qualifier }
    }

    /// The key of the function's record, in its borrowed form.
    pub fn key(&self) -> (&str, &str, &str) {
        (&self.account, &self.region, &self.name)
    }

    /// The same, owned.
    pub fn owned_key(&self) -> NameKey {
        (self.account.clone(), self.region.clone(), self.name.clone())
    }

    /// The key of what hangs on a qualifier; the function itself has the empty one.
    pub fn qualified_key(&self) -> QualifiedKey {
        let qualifier = self.qualifier.clone().unwrap_or_default();
        (self.account.clone(), self.region.clone(), self.name.clone(), qualifier)
    }

    /// The function's ARN, without a qualifier.
    pub fn arn(&self) -> Arn {
        Arn::new("lambda", &self.region, &self.account, format!("function:{}", self.name))
    }

    /// The ARN as far as it was named.
    pub fn qualified_arn(&self) -> Arn {
        match &self.qualifier {
            Some(qualifier) => self.arn_of(qualifier),
            None => self.arn(),
        }
    }

    /// The ARN of a version or an alias.
    pub fn arn_of(&self, qualifier: &str) -> Arn {
        Arn::new("lambda", &self.region, &self.account, format!("function:{}:{qualifier}", self.name))
    }

    /// What the qualifier means; none means `$LATEST`.
    pub fn target(&self) -> Qualifier {
        match self.qualifier.as_deref() {
            None | Some(LATEST) => Qualifier::Latest,
            Some(text) => match text.parse() {
                Ok(number) => Qualifier::Number(number),
                Err(_) => Qualifier::Alias(text.to_owned()),
            },
        }
    }

    /// The error for a function or version that is not there.
    pub fn not_found(&self) -> LambdaError {
        LambdaError::FunctionNotFound(self.qualified_arn().to_string())
    }
}
