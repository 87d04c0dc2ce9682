//! Pointers to single events: what Insights answers as `@ptr`.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Point;

/// Where an event is. As text it is opaque: URL-safe base64.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pointer {
    /// The group.
    pub group: String,
    /// The event's time and number.
    pub point: Point,
}

/// A text that is no pointer.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a pointer to a log event")]
pub struct NotAPointer;

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { group, point } = self;
        f.write_str(&URL_SAFE_NO_PAD.encode(format!("{} {} {group}", point.ms, point.sequence)))
    }
}

impl FromStr for Pointer {
    type Err = NotAPointer;

    fn from_str(text: &str) -> Result<Self, NotAPointer> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NotAPointer)?;
        let text = String::from_utf8(bytes).map_err(|_| NotAPointer)?;
        let mut parts = text.splitn(3, ' ');
        let mut next = || parts.next().ok_or(NotAPointer);
        let ms = next()?.parse().map_err(|_| NotAPointer)?;
        let sequence = next()?.parse().map_err(|_| NotAPointer)?;
        Ok(Self { group: next()?.to_owned(), point: Point { ms, sequence } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_is_read_back() {
        let pointer = Pointer { group: "1/r/a b".to_owned(), point: Point { ms: -5, sequence: 7 } };
        assert_eq!(pointer.to_string().parse(), Ok(pointer));
        for broken in ["", "!", "YQ"] {
            assert_eq!(broken.parse::<Pointer>(), Err(NotAPointer));
        }
    }
}
