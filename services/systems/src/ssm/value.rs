//! What a value may be: the rules of its pattern, its data type, and of all values.

use fancy_regex::{Regex, RegexBuilder};

use super::error::Error;
use super::model::{DataType, Kind};

/// Steps back that matching a pattern may take: a pattern that needs more would hold up every writer.
const BACKTRACK_MAX: usize = 100_000;

/// Bytes of a compiled pattern.
const PATTERN_SIZE_BYTES_MAX: usize = 1 << 20;

/// A value must not refer to another parameter.
pub fn check_nesting(value: &str) -> Result<(), Error> {
    let nested = value.lines().filter_map(|line| line.split_once("{{")).any(|(_, rest)| rest.contains("}}"));
    if nested {
        return Err(Error::validation(
            "Parameter value can't nest another parameter. Do not use \"{{}}\" in the value.",
        ));
    }
    Ok(())
}

/// A value must match the whole of its pattern; of a list, each element must.
pub fn check_pattern(pattern: &str, kind: Kind, value: &str) -> Result<(), Error> {
    let regex = compile(pattern)?;
    let matches = |text: &str| regex.is_match(text).map_err(|_| Error::InvalidAllowedPattern);
    let fits = match kind {
        Kind::StringList => {
            let mut fits = true;
            for element in value.split(',') {
                fits &= matches(element)?;
            }
            fits
        }
        Kind::String | Kind::SecureString => matches(value)?,
    };
    match fits {
        true => Ok(()),
        false => Err(Error::ParameterPatternMismatch(pattern.to_owned())),
    }
}

/// Anchored at both ends. The pattern is also compiled alone, so that `)(` cannot borrow our parentheses.
fn compile(pattern: &str) -> Result<Regex, Error> {
    let build = |text: &str| {
        RegexBuilder::new(text)
            .backtrack_limit(BACKTRACK_MAX)
            .delegate_size_limit(PATTERN_SIZE_BYTES_MAX)
            .build()
            .map_err(|_| Error::InvalidAllowedPattern)
    };
    build(pattern)?;
    build(&format!(r"\A(?:{pattern})\z"))
}

/// A data type by its name.
pub fn parse_data_type(text: &str) -> Result<DataType, Error> {
    DataType::parse(text).ok_or_else(|| {
        Error::validation(format!(
            "The following data type is not supported: {text} (Data type names are all lowercase.)"
        ))
    })
}

/// A value must be what its data type says. AWS looks an image up; the form is all that can be checked here.
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-ec2-aliases.html>
pub fn check_data_type(data_type: DataType, kind: Kind, value: &str) -> Result<(), Error> {
    let wanted = match data_type {
        DataType::Text => return Ok(()),
        DataType::Ec2Image => Kind::String,
        DataType::SsmIntegration => Kind::SecureString,
    };
    if kind != wanted {
        return Err(Error::validation(format!(
            "The {} data type is not supported for the following input type: {}",
            data_type.as_str(),
            kind.as_str()
        )));
    }
    if data_type == DataType::Ec2Image && !is_image_id(value) {
        return Err(Error::validation(format!(
            "Parameter value {value} is not a valid Amazon Machine Image ID for the data type aws:ec2:image."
        )));
    }
    Ok(())
}

/// `ami-` and 8 or 17 hexadecimal digits.
fn is_image_id(value: &str) -> bool {
    value.strip_prefix("ami-").is_some_and(|digits| {
        matches!(digits.len(), 8 | 17)
            && digits.bytes().all(|digit| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit))
    })
}
