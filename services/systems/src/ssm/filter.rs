//! Filters of lists: what callers may ask for, and which parameters fit.

use haar_platform::aws::ssm::{
    ParameterStringFilter, ParameterTier, ParameterType, ParametersFilter, ParametersFilterKey,
};
use haar_platform::kernel::Fault;
use haar_platform::store::Read;

use super::error::Error;
use super::get;
use super::listing::Source;
use super::model::{Parameter, TAGS, Tags, Version};
use super::name::Path;
use super::place::Place;

/// How a text is compared with the values of a filter. One that fits is enough.
#[derive(Debug)]
struct Matcher {
    comparison: Comparison,
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Comparison {
    Equals,
    BeginsWith,
    Contains,
}

impl Matcher {
    fn fits(&self, text: &str) -> bool {
        self.values.iter().any(|value| match self.comparison {
            Comparison::Equals => text == value,
            Comparison::BeginsWith => text.starts_with(value.as_str()),
            Comparison::Contains => text.contains(value.as_str()),
        })
    }
}

/// One filter of DescribeParameters.
#[derive(Debug)]
enum Filter {
    /// The names, as if all began with a slash.
    Name(Matcher),
    Type(Matcher),
    KeyId(Matcher),
    Tier(Matcher),
    DataType(Matcher),
    Path {
        paths: Vec<Path>,
        recursive: bool,
    },
    /// Without values, the key is enough.
    Tag {
        key: String,
        values: Option<Matcher>,
    },
}

/// The filters of DescribeParameters: a parameter must fit all of them.
#[derive(Debug)]
pub struct Filters(Vec<Filter>);

impl Filters {
    /// The older filters: values of names are beginnings.
    pub fn parse_legacy(filters: Vec<ParametersFilter>) -> Self {
        let filters = filters.into_iter().map(|ParametersFilter { key, values }| match key {
            ParametersFilterKey::Name => Filter::Name(Matcher {
                comparison: Comparison::BeginsWith,
                values: values.iter().map(|value| slashed(value)).collect(),
            }),
            ParametersFilterKey::Type => Filter::Type(equals(values)),
            ParametersFilterKey::KeyId => Filter::KeyId(equals(values)),
        });
        Self(filters.collect())
    }

    /// ParameterFilters. The model has checked their keys.
    pub fn parse(filters: Vec<ParameterStringFilter>) -> Result<Self, Fault> {
        refuse_duplicates(&filters)?;
        filters.into_iter().map(parse).collect::<Result<_, _>>().map(Self)
    }

    /// The narrowest place where all that fits can be found.
    pub fn source(&self) -> Source {
        for filter in &self.0 {
            match filter {
                Filter::Name(matcher) if matcher.comparison == Comparison::Equals => {
                    let bare = |name: &String| name[1..].to_owned();
                    let level = matcher.values.iter().filter(|name| !name[1..].contains('/')).map(bare);
                    let mut names: Vec<_> = matcher.values.iter().cloned().chain(level).collect();
                    names.sort();
                    names.dedup();
                    return Source::Names(names);
                }
                Filter::Path { paths, recursive } if paths.len() == 1 => {
                    let path = paths[0].clone();
                    return if *recursive { Source::Below(path) } else { Source::Level(path) };
                }
                _ => {}
            }
        }
        Source::All
    }

    /// Whether a parameter fits.
    pub fn fit(&self, read: &impl Read, place: &Place, name: &str, parameter: &Parameter) -> Result<bool, Error> {
        let version = &parameter.latest;
        for filter in &self.0 {
            let fits = match filter {
                Filter::Name(matcher) => matcher.fits(&slashed(name)),
                Filter::Type(matcher) => matcher.fits(version.kind.as_str()),
                Filter::KeyId(matcher) => version.key_id.as_ref().is_some_and(|key| matcher.fits(key)),
                Filter::Tier(matcher) => matcher.fits(version.tier.as_str()),
                Filter::DataType(matcher) => matcher.fits(version.data_type.as_str()),
                Filter::Path { paths, recursive } => paths.iter().any(|path| path.holds(name, *recursive)),
                Filter::Tag { key, values } => {
                    let tags: Option<Tags> = read.get(TAGS, &place.key(name))?;
                    let tag = tags.iter().flat_map(|tags| &tags.0).find(|(known, _)| known == key);
                    tag.is_some_and(|(_, value)| values.as_ref().is_none_or(|values| values.fits(value)))
                }
            };
            if !fits {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The filters of GetParametersByPath.
#[derive(Debug, Default)]
pub struct PathFilters {
    kinds: Option<Matcher>,
    key_ids: Option<Matcher>,
    labels: Option<Matcher>,
}

impl PathFilters {
    /// The model has checked their keys; not all of them are for paths.
    pub fn parse(filters: Vec<ParameterStringFilter>) -> Result<Self, Error> {
        refuse_duplicates(&filters)?;
        let mut parsed = Self::default();
        for filter in filters {
            match filter.key.as_str() {
                "Type" => parsed.kinds = Some(kinds(filter)?),
                "KeyId" => parsed.key_ids = Some(matcher(filter, &[Comparison::BeginsWith, Comparison::Equals])?),
                "Label" => parsed.labels = Some(matcher(filter, &[Comparison::Equals])?),
                key => return Err(invalid_key(key, "[Type, KeyId, Label]")),
            }
        }
        Ok(parsed)
    }

    /// The version of a parameter that fits: the latest, or the one with the label that is asked for.
    pub fn choose(
        &self,
        read: &impl Read,
        place: &Place,
        name: &str,
        parameter: Parameter,
    ) -> Result<Option<Version>, Error> {
        let version = match &self.labels {
            None => Some(parameter.latest),
            Some(labels) => match labels.values.iter().find_map(|label| parameter.labelled(label)) {
                Some(number) => get::version(read, place, name, parameter, number)?,
                None => None,
            },
        };
        Ok(version.filter(|version| {
            let kind = self.kinds.as_ref().is_none_or(|kinds| kinds.fits(version.kind.as_str()));
            let key = |keys: &Matcher| version.key_id.as_ref().is_some_and(|key| keys.fits(key));
            kind && self.key_ids.as_ref().is_none_or(key)
        }))
    }
}

fn parse(filter: ParameterStringFilter) -> Result<Filter, Fault> {
    const USUAL: &[Comparison] = &[Comparison::BeginsWith, Comparison::Equals];
    Ok(match filter.key.as_str() {
        "Name" => {
            let mut matcher = matcher(filter, &[Comparison::BeginsWith, Comparison::Equals, Comparison::Contains])?;
            if matcher.comparison != Comparison::Contains {
                matcher.values = matcher.values.iter().map(|value| slashed(value)).collect();
            }
            Filter::Name(matcher)
        }
        "Type" => Filter::Type(kinds(filter)?),
        "KeyId" => Filter::KeyId(matcher(filter, USUAL)?),
        "DataType" => Filter::DataType(matcher(filter, USUAL)?),
        "Tier" => {
            let matcher = matcher(filter, USUAL)?;
            let known = |value: &str| ParameterTier::parse(value).is_some();
            refuse_values(&matcher, known, "[Standard, Advanced, Intelligent-Tiering]")?;
            Filter::Tier(matcher)
        }
        "Path" => parse_path(filter)?,
        "Label" => return Err(invalid_key("Label", "[Path, Name, Type, KeyId, Tier]").into()),
        key => {
            let key = key.trim_start_matches("tag:").to_owned();
            let values = match filter.values {
                Some(_) => Some(matcher(filter, USUAL)?),
                None => None,
            };
            Filter::Tag { key, values }
        }
    })
}

fn parse_path(filter: ParameterStringFilter) -> Result<Filter, Fault> {
    let recursive = match filter.option.as_deref().unwrap_or("OneLevel") {
        "OneLevel" => false,
        "Recursive" => true,
        option => return Err(invalid_option(option, "[Recursive, OneLevel]").into()),
    };
    let mut paths = Vec::new();
    for value in values(&filter)? {
        let lower = value.to_ascii_lowercase();
        let global = lower.starts_with("/aws/");
        if !global && (lower.starts_with("/aws") || lower.starts_with("/ssm")) {
            return Err(Error::validation(
                "Filters for common parameters can't be prefixed with \"aws\" or \"ssm\" (case-insensitive). When \
                 using global parameters, please specify within a global namespace.",
            )
            .into());
        }
        paths.push(Path::parse(&value)?);
    }
    Ok(Filter::Path { paths, recursive })
}

fn kinds(filter: ParameterStringFilter) -> Result<Matcher, Error> {
    let matcher = matcher(filter, &[Comparison::BeginsWith, Comparison::Equals])?;
    let known = |value: &str| ParameterType::parse(value).is_some();
    refuse_values(&matcher, known, "[String, StringList, SecureString]")?;
    Ok(matcher)
}

fn matcher(filter: ParameterStringFilter, allowed: &[Comparison]) -> Result<Matcher, Error> {
    let comparison = match filter.option.as_deref() {
        None | Some("Equals") => Some(Comparison::Equals),
        Some("BeginsWith") => Some(Comparison::BeginsWith),
        Some("Contains") => Some(Comparison::Contains),
        Some(_) => None,
    };
    let Some(comparison) = comparison.filter(|comparison| allowed.contains(comparison)) else {
        let names: Vec<_> =
            allowed.iter().filter(|one| **one != Comparison::Contains).map(|one| format!("{one:?}")).collect();
        // AWS leaves Contains out of this message, even for names.
        let option = filter.option.unwrap_or_default();
        return Err(invalid_option(&option, &format!("[{}]", names.join(", "))));
    };
    let values = values(&filter)?;
    Ok(Matcher { comparison, values })
}

fn values(filter: &ParameterStringFilter) -> Result<Vec<String>, Error> {
    filter.values.clone().ok_or_else(|| {
        let key = &filter.key;
        Error::InvalidFilterValue(format!("The following filter values are missing : null for filter key {key}"))
    })
}

fn equals(values: Vec<String>) -> Matcher {
    let comparison = Comparison::Equals;
    Matcher { comparison, values }
}

/// `a` and `/a` are the same to filters.
fn slashed(name: &str) -> String {
    format!("/{}", name.trim_start_matches('/'))
}

fn refuse_duplicates(filters: &[ParameterStringFilter]) -> Result<(), Error> {
    for (index, filter) in filters.iter().enumerate() {
        let key = &filter.key;
        if filters[..index].iter().any(|earlier| earlier.key == *key) {
            return Err(Error::InvalidFilterKey(format!(
                "The following filter is duplicated in the request: {key}. A request can contain only one occurrence \
                 of a specific filter."
            )));
        }
    }
    Ok(())
}

fn refuse_values(matcher: &Matcher, known: impl Fn(&str) -> bool, valid: &str) -> Result<(), Error> {
    match matcher.values.iter().find(|value| !known(value)) {
        None => Ok(()),
        Some(value) => Err(Error::InvalidFilterValue(format!(
            "The following filter value is not valid: {value}. Valid values include: {valid}."
        ))),
    }
}

fn invalid_key(key: &str, valid: &str) -> Error {
    Error::InvalidFilterKey(format!(
        "The following filter key is not valid: {key}. Valid filter keys include: {valid}."
    ))
}

fn invalid_option(option: &str, valid: &str) -> Error {
    Error::InvalidFilterOption(format!(
        "The following filter option is not valid: {option}. Valid options include: {valid}."
    ))
}
