//! `a=b&c=d`: query strings and form bodies, as the pairs that they carry.

use std::borrow::Cow;

use haar_kernel::Fault;
use percent_encoding::percent_decode;

/// The pairs of a query string or form body, decoded, in order. A name without `=` has an empty value.
pub(crate) fn pairs(text: &[u8]) -> impl Iterator<Item = Result<(Cow<'_, str>, Cow<'_, str>), Fault>> {
    text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let middle = pair.iter().position(|byte| *byte == b'=');
        let (name, value) = middle.map_or((pair, &b""[..]), |middle| (&pair[..middle], &pair[middle + 1..]));
        Ok((decoded(name)?, decoded(value)?))
    })
}

/// The value of the first pair of that name; pairs that cannot be decoded do not count.
pub(crate) fn find<'a>(text: &'a [u8], name: &str) -> Option<Cow<'a, str>> {
    pairs(text).filter_map(Result::ok).find(|(found, _)| found == name).map(|(_, value)| value)
}

/// Undoes percent-encoding and `+` for a blank.
fn decoded(text: &[u8]) -> Result<Cow<'_, str>, Fault> {
    if !text.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return std::str::from_utf8(text).map(Cow::Borrowed).map_err(|_| malformed());
    }
    let blanks: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let bytes: Vec<u8> = percent_decode(&blanks).collect();
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| malformed())
}

fn malformed() -> Fault {
    Fault::common("MalformedQueryString", 404, "The query string contains a syntax error.")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<(String, String)> {
        pairs(text.as_bytes()).map(|pair| pair.map(|(a, b)| (a.into_owned(), b.into_owned())).unwrap()).collect()
    }

    #[test]
    fn blanks_and_percent_signs_are_decoded() {
        assert_eq!(
            all("a=b+c%2Bd&&e&f=g=h"),
            [("a".to_owned(), "b c+d".to_owned()), ("e".to_owned(), String::new()), ("f".to_owned(), "g=h".to_owned()),]
        );
    }

    #[test]
    fn bytes_that_are_not_utf8_are_a_syntax_error() {
        let fault = pairs(b"a=%FF").next().unwrap().unwrap_err();
        assert_eq!((&*fault.code, fault.status), ("MalformedQueryString", 404));
    }
}
