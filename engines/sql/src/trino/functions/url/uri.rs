//! Takes URLs apart as Java's `java.net.URI` does, which is stricter than browsers: what it refuses has no parts at all.

use percent_encoding::percent_decode_str;

/// The parts of a URL. Those that are missing are `None`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Uri<'a> {
    pub scheme: Option<&'a str>,
    pub host: Option<&'a str>,
    pub port: Option<i64>,
    /// Not decoded, like the following two.
    pub path: Option<&'a str>,
    pub query: Option<&'a str>,
    pub fragment: Option<&'a str>,
}

impl<'a> Uri<'a> {
    /// Reads a URL; `None` when Java would not.
    pub fn parse(text: &'a str) -> Option<Uri<'a>> {
        if !is_well_formed(text) {
            return None;
        }
        let (rest, fragment) = match text.split_once('#') {
            Some((rest, fragment)) => (rest, Some(fragment)),
            None => (text, None),
        };
        if fragment.is_some_and(|fragment| fragment.contains('#')) {
            return None;
        }
        let mut uri = Uri { fragment, ..Uri::default() };
        let mut rest = rest;
        // A colon before any slash ends a scheme.
        let stop = rest.find(['/', '?']).unwrap_or(rest.len());
        if let Some(colon) = rest[..stop].find(':') {
            let scheme = &rest[..colon];
            if !is_scheme(scheme) {
                return None;
            }
            uri.scheme = Some(scheme);
            rest = &rest[colon + 1..];
            if !rest.starts_with('/') {
                // `mailto:someone`: one part that is not looked into.
                return (!rest.is_empty() && legal(rest, "?/:@&=+$,[];")).then_some(uri);
            }
        }
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query)),
            None => (rest, None),
        };
        uri.query = query;
        let path = match rest.strip_prefix("//") {
            Some(after) => {
                let end = after.find('/').unwrap_or(after.len());
                let (authority, path) = after.split_at(end);
                if authority.is_empty() && path.is_empty() && query.is_none() {
                    return None;
                }
                uri.read_authority(authority)?;
                path
            }
            None => rest,
        };
        if !legal(path, "/:@&=+$,;") || !legal_option(query, "?/:@&=+$,[];") || !legal_option(fragment, "?/:@&=+$,[];")
        {
            return None;
        }
        uri.path = Some(path);
        Some(uri)
    }

    /// `user@host:port`. What is no server's name is allowed, but has no host.
    fn read_authority(&mut self, authority: &'a str) -> Option<()> {
        let server = authority.rsplit_once('@').map_or(authority, |(_, server)| server);
        let (host, port) = if server.starts_with('[') {
            let end = server.find(']')?;
            let address = server[1..end].split('%').next()?;
            address.parse::<std::net::Ipv6Addr>().ok()?;
            (&server[..=end], server[end + 1..].strip_prefix(':'))
        } else {
            match server.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (server, None),
            }
        };
        let number = port.filter(|port| !port.is_empty()).map(str::parse::<i64>);
        let port_is_fine = match &number {
            Some(Ok(number)) => (0..=i64::from(i32::MAX)).contains(number),
            Some(Err(_)) => false,
            None => true,
        };
        if port_is_fine && (host.starts_with('[') || is_host(host)) {
            self.host = Some(host);
            self.port = number.and_then(Result::ok);
            return Some(());
        }
        legal(authority, "@:$,;&=+").then_some(())
    }

    /// A part as it is meant.
    pub fn decoded(part: &str) -> String {
        if part.contains('%') { percent_decode_str(part).decode_utf8_lossy().into_owned() } else { part.to_owned() }
    }
}

/// Whether percent signs are followed by two digits, and no character is one that no part may have.
fn is_well_formed(text: &str) -> bool {
    let bytes = text.as_bytes();
    !text.is_empty()
        && bytes.iter().enumerate().all(|(at, byte)| {
            *byte != b'%' || bytes.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit))
        })
}

/// Whether all characters are letters, digits, marks, escapes, others beyond ASCII, or of `further`.
fn legal(part: &str, further: &str) -> bool {
    part.chars().all(|letter| {
        if letter.is_ascii() {
            letter.is_ascii_alphanumeric() || "-_.!~*'()%".contains(letter) || further.contains(letter)
        } else {
            !letter.is_control() && !letter.is_whitespace()
        }
    })
}

fn legal_option(part: Option<&str>, further: &str) -> bool {
    part.is_none_or(|part| legal(part, further))
}

fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter))
}

/// Whether it is a server's name: labels of letters, digits and hyphens, of which the last of several begins with a
/// letter; or an address of four numbers.
fn is_host(host: &str) -> bool {
    if host.parse::<std::net::Ipv4Addr>().is_ok() {
        return true;
    }
    let labels: Vec<&str> = host.strip_suffix('.').unwrap_or(host).split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
    };
    let begins_with_letter = |label: &&&str| label.starts_with(|first: char| first.is_ascii_alphabetic());
    labels.iter().all(is_label) && (labels.len() == 1 || labels.last().filter(begins_with_letter).is_some())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn urls_come_apart() {
        let uri = Uri::parse("http://example.com/path1/p.php?k1=v1&k2=v2#Ref1").unwrap();
        assert_eq!((uri.scheme, uri.host, uri.port), (Some("http"), Some("example.com"), None));
        assert_eq!((uri.path, uri.query, uri.fragment), (Some("/path1/p.php"), Some("k1=v1&k2=v2"), Some("Ref1")));
        let uri = Uri::parse("http://user:pw@example.com:8080/").unwrap();
        assert_eq!((uri.host, uri.port, uri.path), (Some("example.com"), Some(8080), Some("/")));
        let uri = Uri::parse("https://[::1]:81").unwrap();
        assert_eq!((uri.host, uri.port, uri.path), (Some("[::1]"), Some(81), Some("")));
        let uri = Uri::parse("mailto:test@example.com").unwrap();
        assert_eq!((uri.scheme, uri.host, uri.path), (Some("mailto"), None, None));
        let uri = Uri::parse("foo").unwrap();
        assert_eq!((uri.scheme, uri.host, uri.path), (None, None, Some("foo")));
        assert_eq!(Uri::parse("http://not_a_host/x").unwrap().host, None);
        assert_eq!(Uri::parse("http://127.0.0.1/x").unwrap().host, Some("127.0.0.1"));
    }

    #[test]
    fn what_java_refuses_has_no_parts() {
        for text in [
            "",
            "not a url",
            "http://a b",
            "http://example.com/%zz",
            "1http://x",
            ":x",
            "http://",
            "http://x/|",
            "x:",
            "http://x#a#b",
        ] {
            assert_eq!(Uri::parse(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_url_or_none(url in "[a-c:/?#@%0-9\\[\\]. é-]*") {
            let _ = Uri::parse(&url);
        }
    }
}
