//! Keys and names inside URLs, lists and messages.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

const NAME: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
const KEY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b'/').remove(b' ');

/// As in a query: everything but letters, digits and four signs.
pub fn encode_name(text: &str) -> String {
    utf8_percent_encode(text, NAME).to_string()
}

/// As lists (`encoding-type=url`) and notifications write keys: a space is a plus, a slash stays.
pub fn encode_key(key: &str) -> String {
    utf8_percent_encode(key, KEY).to_string().replace(' ', "+")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_written_as_in_a_form() {
        assert_eq!(encode_key("a b/ä+c*.jpg"), "a+b/%C3%A4%2Bc*.jpg");
    }

    #[test]
    fn names_are_written_as_in_a_query() {
        assert_eq!(encode_name("a b/~1"), "a%20b%2F~1");
    }
}
