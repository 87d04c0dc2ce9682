//! Where an event is, as callers hold on to it: event ids and page tokens.

use haar_telemetry::logs::Point;

/// Digits of an event id, as AWS's have.
const DIGITS: usize = 56;

/// Digits of the number in an id.
const SEQUENCE_DIGITS: usize = 36;

/// Ids sort as events do: by time, then by number.
pub fn event_id(point: Point) -> String {
    format!("3{:019}{:036}", point.ms.max(0), point.sequence)
}

/// A token of GetLogEvents: `f/…/s` goes on with the events from `point` on, `b/…/s` with those before it.
pub fn page_token(forward: bool, point: Point) -> String {
    format!("{}/{}/s", if forward { 'f' } else { 'b' }, event_id(point))
}

/// What a token of GetLogEvents says; `None` for what is no token.
pub fn parse_page_token(token: &str) -> Option<(bool, Point)> {
    let (forward, rest) = match token.split_at_checked(2)? {
        ("f/", rest) => (true, rest),
        ("b/", rest) => (false, rest),
        _ => return None,
    };
    let id = rest.strip_suffix("/s").unwrap_or(rest);
    if id.len() != DIGITS || !id.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (time, sequence) = id[1..].split_at(DIGITS - 1 - SEQUENCE_DIGITS);
    Some((forward, Point { ms: time.parse().ok()?, sequence: sequence.parse().ok()? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_back() {
        let point = Point { ms: 1_767_225_600_123, sequence: 42 };
        assert_eq!(event_id(point).len(), DIGITS);
        assert_eq!(parse_page_token(&page_token(true, point)), Some((true, point)));
        assert_eq!(parse_page_token(&page_token(false, point)), Some((false, point)));
        for broken in ["", "f/", "x/1/s", "f/1/s", "f/3é", &"9".repeat(60)] {
            assert_eq!(parse_page_token(broken), None, "{broken}");
        }
    }
}
