//! What a sender may write: sizes, characters, attributes.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>

use std::collections::BTreeMap;

use haar_platform::aws::sqs::{MessageAttributeValue, MessageSystemAttributeValue};
use haar_platform::kernel::Bytes;

use super::error::SqsError;
use super::model::{Attribute, AttributeValue, Content};

/// Attributes of one message.
const ATTRIBUTES_MAX: usize = 10;

/// Bytes of an attribute's name, and of its type.
const ATTRIBUTE_NAME_BYTES_MAX: usize = 256;

/// The only system attribute that senders may write.
pub const TRACE_HEADER: &str = "AWSTraceHeader";

type Attributes = Option<BTreeMap<String, MessageAttributeValue>>;
type SystemAttributes = Option<BTreeMap<String, MessageSystemAttributeValue>>;

/// Checks and takes over what a sender wrote.
pub fn parse(body: String, attributes: Attributes, system: SystemAttributes) -> Result<Content, SqsError> {
    if body.is_empty() {
        return Err(SqsError::MissingParameter("MessageBody"));
    }
    check_characters(&body).map_err(SqsError::InvalidMessageContents)?;
    let attributes = attributes.unwrap_or_default();
    if attributes.len() > ATTRIBUTES_MAX {
        let count = attributes.len();
        return Err(SqsError::InvalidParameterValue(format!(
            "Number of message attributes [{count}] exceeds the allowed maximum [{ATTRIBUTES_MAX}]."
        )));
    }
    let attributes = attributes
        .into_iter()
        .map(|(name, value)| {
            check_name(&name)?;
            let attribute = attribute("user", &name, value)?;
            Ok((name, attribute))
        })
        .collect::<Result<Vec<_>, SqsError>>()?;
    Ok(Content { body, attributes, trace_header: trace_header(system)? })
}

/// Bytes that count towards the maximum message size: body and attributes, but no system attributes.
pub fn size(content: &Content) -> usize {
    let attributes = content.attributes.iter();
    content.body.len() + attributes.map(|(name, attribute)| name.len() + weight(attribute)).sum::<usize>()
}

fn weight(attribute: &Attribute) -> usize {
    attribute.data_type.len()
        + match &attribute.value {
            AttributeValue::Text(text) => text.len(),
            AttributeValue::Binary(bytes) => bytes.len(),
        }
}

/// The characters that XML can carry; `Err` is AWS's message.
fn check_characters(text: &str) -> Result<(), String> {
    let allowed =
        |char: char| matches!(char, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
    match text.chars().find(|char| !allowed(*char)) {
        None => Ok(()),
        Some(char) => Err(format!(
            "Invalid binary character '#x{:X}' was found in the message body, the set of allowed characters is #x9 | \
             #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
            u32::from(char)
        )),
    }
}

fn check_name(name: &str) -> Result<(), SqsError> {
    let refuse = |message: &str| Err(SqsError::InvalidParameterValue(message.into()));
    if name.len() >= ATTRIBUTE_NAME_BYTES_MAX {
        return refuse("Message (user) attribute names must be shorter than 256 Bytes");
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if name.is_empty() || !name.bytes().all(plain) {
        return refuse(
            "Message (user) attributes name can only contain upper and lower score characters, digits, periods, \
             hyphens and underscores. ",
        );
    }
    let lower = name.to_ascii_lowercase();
    let reserved = lower.starts_with("aws.") || lower.starts_with("amazon.");
    if reserved || name.starts_with('.') || name.ends_with('.') || name.contains("..") {
        return refuse(
            "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for \
             internal use. Additionally, they cannot start or end with '.'.",
        );
    }
    Ok(())
}

fn attribute(kind: &str, name: &str, value: MessageAttributeValue) -> Result<Attribute, SqsError> {
    let MessageAttributeValue { string_value, binary_value, string_list_values, binary_list_values, data_type } = value;
    let refuse = |message: String| Err(SqsError::InvalidParameterValue(message));
    let is_list = |length: Option<usize>| length.is_some_and(|length| length > 0);
    if is_list(string_list_values.map(|list| list.len())) || is_list(binary_list_values.map(|list| list.len())) {
        return refuse("Message attribute list values in SendMessage operation are not supported.".into());
    }
    if data_type.len() >= ATTRIBUTE_NAME_BYTES_MAX {
        return refuse(format!("Message ({kind}) attribute types must be shorter than 256 Bytes"));
    }
    let base = data_type.split('.').next().unwrap_or_default();
    let empty = || {
        SqsError::InvalidParameterValue(format!(
            "Message ({kind}) attribute '{name}' must contain a non-empty value of type '{base}'."
        ))
    };
    let value = match base {
        "String" | "Number" => {
            let text = string_value.filter(|text| !text.is_empty()).ok_or_else(empty)?;
            check_characters(&text).map_err(SqsError::InvalidParameterValue)?;
            if base == "Number" && !is_number(&text) {
                return refuse(format!("Could not cast message attribute '{name}' value to number."));
            }
            AttributeValue::Text(text)
        }
        "Binary" => {
            let bytes = binary_value.filter(|bytes| !bytes.is_empty()).ok_or_else(empty)?;
            AttributeValue::Binary(Bytes::into(bytes))
        }
        "" => {
            return refuse(format!("The message attribute '{name}' must contain non-empty message attribute type."));
        }
        _ => {
            return refuse(format!(
                "The message attribute '{name}' has an invalid message attribute type, the set of supported type \
                 prefixes is Binary, Number, and String."
            ));
        }
    };
    Ok(Attribute { data_type, value })
}

/// Up to 38 significant digits, an exponent between -128 and 126.
fn is_number(text: &str) -> bool {
    let digits = text.split(['e', 'E']).next().unwrap_or_default();
    let significant = digits.bytes().filter(u8::is_ascii_digit).skip_while(|digit| *digit == b'0').count();
    let plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E');
    significant <= 38
        && text.bytes().all(plain)
        && text.parse::<f64>().is_ok_and(|number| number == 0.0 || (1e-128..=1e126).contains(&number.abs()))
}

fn trace_header(system: SystemAttributes) -> Result<Option<Attribute>, SqsError> {
    let mut header = None;
    for (name, value) in system.unwrap_or_default() {
        if name != TRACE_HEADER {
            return Err(SqsError::InvalidParameterValue(format!("Message system attribute name '{name}' is invalid.")));
        }
        if value.data_type != "String" {
            return Err(SqsError::InvalidParameterValue(format!(
                "Message (system) attribute '{name}' must be of type 'String'."
            )));
        }
        let value = MessageAttributeValue {
            string_value: value.string_value,
            binary_value: value.binary_value,
            string_list_values: value.string_list_values,
            binary_list_values: value.binary_list_values,
            data_type: value.data_type,
        };
        header = Some(attribute("system", &name, value)?);
    }
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_at_most_38_digits() {
        for good in ["0", "-1", "3.14", "+7e2", "1e126", &"9".repeat(38), "0000000000000000000000000000000000000000001"]
        {
            assert!(is_number(good), "{good}");
        }
        for bad in ["", "one", "1e127", "1e-129", "NaN", "inf", &"9".repeat(39), "1 "] {
            assert!(!is_number(bad), "{bad}");
        }
    }

    #[test]
    fn characters_outside_xml_are_refused() {
        assert!(check_characters("a\t\n\r é 😀\u{FFFD}").is_ok());
        for bad in ["\0", "\u{1F}", "\u{FFFE}", "\u{FFFF}"] {
            assert!(check_characters(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn names_with_reserved_prefixes_are_refused() {
        for good in ["a", "A-b_c.d", "awsome"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", "aws.x", "Amazon.x", ".a", "a.", "a..b", "a b", &"a".repeat(256)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
