//! What a publisher may write: sizes, subjects, structures, attributes.
//! <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>

use std::collections::BTreeMap;

use haar_platform::aws::sns::MessageAttributeValue;
use serde_json::Value;

use super::error::SnsError;
use super::model::{Attribute, AttributeValue, Body};

/// Bytes of a message with its attributes, and of a batch.
pub const MESSAGE_BYTES_MAX: usize = 256 * 1024;

/// Characters of a subject.
const SUBJECT_CHARS_MAX: usize = 100;

/// Bytes of an attribute's name, and of its type.
const NAME_BYTES_MAX: usize = 256;

/// Checks a subject.
pub fn check_subject(subject: &str) -> Result<(), SnsError> {
    let length = subject.chars().count();
    let plain = !subject.chars().any(char::is_control);
    if (1..=SUBJECT_CHARS_MAX).contains(&length) && plain { Ok(()) } else { Err(SnsError::invalid("Subject")) }
}

/// Reads a message by its structure: one text for all, or one for each protocol.
pub fn body(message: String, structure: Option<&str>) -> Result<Body, SnsError> {
    if message.is_empty() {
        return Err(SnsError::invalid("Empty message"));
    }
    match structure {
        None | Some("") => Ok(Body::Same(message)),
        Some("json") => {
            let failed = || SnsError::invalid("Message Structure - JSON message body failed to parse");
            let Value::Object(texts) = serde_json::from_str(&message).map_err(|_| failed())? else {
                return Err(failed());
            };
            // What is not a string is ignored, as the documentation says.
            let texts: BTreeMap<_, _> =
                texts.into_iter().filter_map(|(protocol, text)| Some((protocol, text.as_str()?.to_owned()))).collect();
            if !texts.contains_key("default") {
                return Err(SnsError::invalid("Message Structure - No default entry in JSON message body"));
            }
            Ok(Body::ByProtocol(texts))
        }
        Some(_) => Err(SnsError::invalid("MessageStructure")),
    }
}

/// Checks attributes; sorted by name.
pub fn attributes(
    given: Option<BTreeMap<String, MessageAttributeValue>>,
) -> Result<Vec<(String, Attribute)>, SnsError> {
    given
        .unwrap_or_default()
        .into_iter()
        .map(|(name, value)| {
            check_name(&name)?;
            let attribute = attribute(&name, value)?;
            Ok((name, attribute))
        })
        .collect()
}

/// Bytes that attributes count for.
pub fn attributes_size(attributes: &[(String, Attribute)]) -> usize {
    let size = |(name, attribute): &(String, Attribute)| {
        let value = match &attribute.value {
            AttributeValue::Text(text) => text.len(),
            AttributeValue::Binary(bytes) => bytes.len(),
        };
        name.len() + attribute.data_type.len() + value
    };
    attributes.iter().map(size).sum()
}

fn check_name(name: &str) -> Result<(), SnsError> {
    let refuse = |message: &str| Err(SnsError::ParameterValueInvalid(message.to_owned()));
    if name.is_empty() {
        return refuse("Message attribute name can not be null or empty.");
    }
    if name.len() > NAME_BYTES_MAX {
        return refuse("Length of message attribute name must be less than 256 bytes.");
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if !name.bytes().all(plain) {
        return refuse(
            "Message attribute name can contain only alphanumeric characters, underscores, hyphens, and periods.",
        );
    }
    if name.starts_with('.') || name.ends_with('.') || name.contains("..") {
        return refuse("Message attribute name can not start or end with a period, or have successive periods.");
    }
    let lower = name.to_ascii_lowercase();
    if lower.starts_with("aws.") || lower.starts_with("amazon.") {
        return refuse("Message attribute name can not start with 'AWS.' or 'Amazon.'.");
    }
    Ok(())
}

fn attribute(name: &str, value: MessageAttributeValue) -> Result<Attribute, SnsError> {
    let MessageAttributeValue { data_type, string_value, binary_value } = value;
    let refuse = |message: String| Err(SnsError::ParameterValueInvalid(message));
    if data_type.is_empty() {
        return refuse(format!("The message attribute '{name}' must contain non-empty message attribute type."));
    }
    let empty = || {
        SnsError::ParameterValueInvalid(format!(
            "The message attribute '{name}' must contain non-empty message attribute value for message attribute \
             type '{data_type}'."
        ))
    };
    let base = data_type.split('.').next().unwrap_or_default();
    let value = match base {
        "String" | "Number" => {
            let text = string_value.filter(|text| !text.is_empty()).ok_or_else(empty)?;
            let is_list = || matches!(serde_json::from_str(&text), Ok(Value::Array(_)));
            if base == "Number" && !text.parse::<f64>().is_ok_and(f64::is_finite) {
                return refuse(format!("Could not cast message attribute '{name}' value to number."));
            }
            if data_type == "String.Array" && !is_list() {
                return refuse(format!("The message attribute '{name}' of type 'String.Array' must be a JSON array."));
            }
            AttributeValue::Text(text)
        }
        "Binary" => {
            let bytes = binary_value.filter(|bytes| !bytes.is_empty()).ok_or_else(empty)?;
            AttributeValue::Binary(bytes.into())
        }
        _ => {
            return refuse(format!(
                "The message attribute '{name}' has an invalid message attribute type, the set of supported type \
                 prefixes is Binary, Number, and String."
            ));
        }
    };
    if data_type.len() > NAME_BYTES_MAX {
        return refuse("Length of message attribute type must be less than 256 bytes.".to_owned());
    }
    Ok(Attribute { data_type, value })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_json_message_needs_a_default() {
        let read = |text: &str| body(text.to_owned(), Some("json"));
        assert!(
            matches!(read(r#"{"default": "a", "sqs": "b", "n": 1}"#), Ok(Body::ByProtocol(texts)) if texts.len() == 2)
        );
        assert_eq!(
            read(r#"{"sqs": "b"}"#).unwrap_err().to_string(),
            "Invalid parameter: Message Structure - No default entry in JSON message body"
        );
        for bad in ["[]", "a", r#"{"default""#] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn subjects_are_one_line_of_at_most_a_hundred_characters() {
        assert!(check_subject(&"é".repeat(100)).is_ok());
        for bad in ["", "a\nb", &"a".repeat(101)] {
            assert!(check_subject(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn attributes_have_the_value_of_their_type() {
        let given = |data_type: &str, text: Option<&str>| {
            let value = MessageAttributeValue {
                data_type: data_type.into(),
                string_value: text.map(str::to_owned),
                binary_value: None,
            };
            attributes(Some(BTreeMap::from([("a".to_owned(), value)])))
        };
        assert!(given("String", Some("x")).is_ok());
        assert!(given("Number.int", Some("1e3")).is_ok());
        assert!(given("String.Array", Some("[1]")).is_ok());
        for (data_type, text) in
            [("String", None), ("Number", Some("x")), ("Binary", Some("x")), ("", Some("x")), ("Float", Some("1"))]
        {
            assert!(given(data_type, text).is_err(), "{data_type} {text:?}");
        }
    }
}
