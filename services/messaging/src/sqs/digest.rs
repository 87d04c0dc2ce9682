//! The MD5s that SQS answers with, so that clients can see that nothing was mangled on the way.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html>

use md5::{Digest, Md5};

use super::model::{Attribute, AttributeValue};

/// Of a body.
pub fn of_body(body: &str) -> String {
    hex(&Md5::digest(body.as_bytes()))
}

/// Of attributes, which must come sorted by name; none for none.
pub fn of_attributes<'a>(attributes: impl IntoIterator<Item = (&'a str, &'a Attribute)>) -> Option<String> {
    let mut digest = Md5::new();
    let mut any = false;
    for (name, attribute) in attributes {
        any = true;
        let mut part = |bytes: &[u8]| {
            digest.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
            digest.update(bytes);
        };
        part(name.as_bytes());
        part(attribute.data_type.as_bytes());
        let (kind, value) = match &attribute.value {
            AttributeValue::Text(text) => (1u8, text.as_bytes()),
            AttributeValue::Binary(bytes) => (2, bytes.as_slice()),
        };
        digest.update([kind]);
        digest.update(u32::try_from(value.len()).unwrap_or(u32::MAX).to_be_bytes());
        digest.update(value);
    }
    any.then(|| hex(&digest.finalize()))
}

/// What stands in for a deduplication id where a queue deduplicates by content.
pub fn content_id(body: &str) -> String {
    hex(ring::digest::digest(&ring::digest::SHA256, body.as_bytes()).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(data_type: &str, value: &str) -> Attribute {
        Attribute { data_type: data_type.into(), value: AttributeValue::Text(value.into()) }
    }

    /// Figures that AWS answered.
    #[test]
    fn digests_are_those_of_aws() {
        assert_eq!(of_body("message"), "78e731027d8fd50ed642340b7c9a63b3");
        assert_eq!(of_attributes([]), None);
        let foo = text("String", "Bar");
        assert_eq!(of_attributes([("Foo", &foo)]).as_deref(), Some("ae7155c6026991b6d54b11589678bf9c"));
        let (general, hello, help) = (text("String", "Kenobi"), text("String", "There"), text("String", "Me"));
        assert_eq!(
            of_attributes([("General", &general), ("Hello", &hello), ("Help.Me", &help)]).as_deref(),
            Some("4c360f3fdafd970e05fae2f149d997f5")
        );
    }
}
