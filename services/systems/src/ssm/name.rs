//! Names of parameters: the rules for new ones, and the ways to refer to one when reading.

use haar_platform::kernel::{Arn, Fault};

use super::error::Error;
use super::model::parent;
use super::place::Place;

/// Levels of a hierarchy, the parameter's own name included.
const LEVELS_MAX: usize = 15;

/// Characters of a parameter's ARN.
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html>
const ARN_LENGTH_MAX: usize = 1011;

/// What AWS says of most names that it does not like, whatever is wrong with them.
const UNFIT: &str = "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can \
                     consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, \
                     numbers and the following 3 symbols .-_";

const RESERVED: &str = "Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive).";

/// The backslashes are AWS's.
const UNFIT_PATH: &str = "The parameter doesn't meet the parameter name requirements. The parameter name must begin \
                          with a forward slash \"/\". It can't be prefixed with \\\"aws\\\" or \\\"ssm\\\" \
                          (case-insensitive). It must use only letters, numbers, or the following symbols: . \
                          (period), - (hyphen), _ (underscore). Special characters are not allowed. All sub-paths, \
                          if specified, must use the forward slash symbol \"/\". Valid example: \
                          /get/parameters2-/by1./path0_.";

const UNFIT_SELECTOR: &str =
    "Invalid parameter name. Please use correct syntax for referencing a version/label  <name>:<version/label>";

/// The name of a parameter that may be written.
#[derive(Clone, Debug)]
pub struct ParameterName(String);

impl ParameterName {
    /// AWS's rules for new names.
    pub fn parse(place: &Place, text: &str) -> Result<Self, Error> {
        let name = text.trim();
        refuse_reserved(name)?;
        if !has_fit_characters(name) {
            return Err(Error::validation(UNFIT));
        }
        if name.contains('/') && !name.starts_with('/') {
            return Err(Error::validation("Parameter name must be a fully qualified name."));
        }
        if name.ends_with('/') {
            return Err(Error::validation("Parameter name must not end with slash."));
        }
        let bare = name.strip_prefix('/').unwrap_or(name);
        if bare.split('/').any(str::is_empty) {
            return Err(Error::validation(UNFIT));
        }
        if bare.split('/').count() > LEVELS_MAX {
            return Err(Error::HierarchyLevelLimitExceeded);
        }
        if place.arn(name).len() > ARN_LENGTH_MAX {
            return Err(Error::validation(format!(
                "Parameter name: the fully qualified name, with the ARN that precedes it, must have length less than \
                 or equal to {ARN_LENGTH_MAX}."
            )));
        }
        Ok(Self(name.to_owned()))
    }

    /// As AWS writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn refuse_reserved(name: &str) -> Result<(), Error> {
    let bare = name.trim_start_matches('/').to_ascii_lowercase();
    if !bare.starts_with("aws") && !bare.starts_with("ssm") {
        return Ok(());
    }
    if !bare.contains('/') {
        return Err(Error::validation(RESERVED));
    }
    if bare.starts_with("aws") && name.starts_with('/') {
        return Err(Error::AccessDenied(name.to_owned()));
    }
    Err(Error::validation(UNFIT))
}

/// How a read names a parameter: by name or ARN, perhaps with a version or a label behind a colon.
#[derive(Clone, Copy, Debug)]
pub struct Reference<'a> {
    name: &'a str,
    /// `3` or `production`.
    pub selector: Option<&'a str>,
    by_arn: bool,
}

impl<'a> Reference<'a> {
    /// Reads a name; refuses what AWS has and haar does not, by name.
    pub fn parse(place: &Place, text: &'a str) -> Result<Self, Fault> {
        let text = text.trim();
        let (text, by_arn) = match text.starts_with("arn:") {
            true => (of_arn(place, text)?, true),
            false => (text, false),
        };
        refuse_public(text)?;
        let (name, selector) = match text.split_once(':') {
            None => (text, None),
            Some((name, selector)) if !selector.is_empty() && !selector.contains(':') => (name, Some(selector)),
            Some(_) => return Err(Error::validation(UNFIT_SELECTOR).into()),
        };
        if !has_fit_characters(name) || (name.contains('/') && !name.starts_with('/')) {
            return Err(Error::validation(UNFIT).into());
        }
        Ok(Self { name, selector, by_arn })
    }

    /// A name that carries no version or label.
    pub fn parse_whole(place: &Place, text: &'a str) -> Result<Self, Fault> {
        let reference = Self::parse(place, text)?;
        match reference.selector {
            None => Ok(reference),
            Some(_) => Err(Error::validation(UNFIT).into()),
        }
    }

    /// A name and nothing else: what changes a parameter takes no ARN.
    pub fn parse_name(place: &Place, text: &'a str) -> Result<&'a str, Fault> {
        let reference = Self::parse_whole(place, text)?;
        match reference.by_arn {
            false => Ok(reference.name),
            true => Err(Error::validation(UNFIT).into()),
        }
    }

    /// The names that it can mean: the ARN of `a` is also that of `/a`.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        let bare = self.name.strip_prefix('/').filter(|bare| !bare.contains('/'));
        std::iter::once(self.name).chain(bare.filter(|_| self.by_arn))
    }
}

/// `/a` of `arn:aws:ssm:us-east-1:000000000000:parameter/a`.
fn of_arn<'a>(place: &Place, text: &'a str) -> Result<&'a str, Fault> {
    let unfit = || Fault::from(Error::validation(UNFIT));
    let arn: Arn = text.parse().map_err(|_| unfit())?;
    if arn.service != "ssm" || !arn.resource.starts_with("parameter/") {
        return Err(unfit());
    }
    if arn.account != *place.account || arn.region != *place.region {
        return Err(Fault::not_served("parameters shared from another account or region"));
    }
    let resource = &text[text.len() - arn.resource.len()..];
    Ok(resource.trim_start_matches("parameter"))
}

/// AWS keeps parameters of its own under `/aws/`. That we do not have them is no reason to say that they don't exist.
fn refuse_public(name: &str) -> Result<(), Fault> {
    let root = name.get(.."/aws/".len());
    if !root.is_some_and(|root| root.eq_ignore_ascii_case("/aws/")) {
        return Ok(());
    }
    Err(Fault::not_served(format_args!("AWS's own parameters ({name})")))
}

fn has_fit_characters(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'/'))
}

/// A level of a hierarchy: `/`, or `/a/b` without a slash at its end.
#[derive(Clone, Debug)]
pub struct Path(String);

impl Path {
    /// Reads a path, with or without a slash at its end.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        refuse_public(text)?;
        let bare = text.strip_prefix('/').map(|rest| rest.strip_suffix('/').unwrap_or(rest));
        let fits = |bare: &str| bare.is_empty() || (has_fit_characters(bare) && !bare.split('/').any(str::is_empty));
        let reserved = |bare: &str| {
            let lower = bare.to_ascii_lowercase();
            lower.starts_with("aws") || lower.starts_with("ssm")
        };
        match bare {
            Some(bare) if fits(bare) && !reserved(bare) && text != "//" => Ok(Self(format!("/{bare}"))),
            _ => Err(Error::validation(UNFIT_PATH).into()),
        }
    }

    /// Without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the top, where everything is.
    pub fn is_root(&self) -> bool {
        self.0 == "/"
    }

    /// Whether a parameter is on this level, or at any depth below it.
    pub fn holds(&self, name: &str, recursive: bool) -> bool {
        if !recursive {
            return parent(name) == self.0;
        }
        let below = name.strip_prefix(self.as_str());
        self.is_root() || below.is_some_and(|rest| rest.starts_with('/'))
    }
}
