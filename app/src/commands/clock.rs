//! `haar clock`: shows or moves the house's time.

use std::time::Duration;

use http::Method;

use crate::cli::{Clock, ClockAction};
use crate::client::Client;
use crate::failure::Failure;

/// Shows the time, or moves it first.
pub async fn run(clock: &Clock) -> Result<(), Failure> {
    let client = Client::new(&clock.house.endpoint);
    let answer = match &clock.action {
        None => client.page(Method::GET, "/_haar/clock").await?,
        Some(ClockAction::Advance { by }) => {
            let seconds = duration(by)?.as_secs();
            client.page(Method::POST, &format!("/_haar/clock?advance={seconds}")).await?
        }
    };
    let ahead = answer["ahead_seconds"].as_u64().unwrap_or(0);
    println!("{}  ({} ahead of this machine)", answer["now"].as_str().unwrap_or_default(), spoken(ahead));
    Ok(())
}

/// Reads `90s`, `15m`, `24h`, `7d`, and sums of them: `1d12h`.
pub fn duration(text: &str) -> Result<Duration, Failure> {
    let refused = || Failure::new(format!("{text} is no span of time")).hint("write it as 90s, 15m, 24h, 7d or 1d12h");
    let mut seconds = 0_u64;
    let mut digits = String::new();
    for character in text.chars() {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        let unit = match character {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return Err(refused()),
        };
        let count: u64 = digits.parse().map_err(|_| refused())?;
        seconds = count.checked_mul(unit).and_then(|part| seconds.checked_add(part)).ok_or_else(refused)?;
        digits.clear();
    }
    if !digits.is_empty() || text.is_empty() { Err(refused()) } else { Ok(Duration::from_secs(seconds)) }
}

fn spoken(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, minutes) => format!("{minutes}m"),
        (0, hours, minutes) => format!("{hours}h {minutes}m"),
        (days, hours, _) => format!("{days}d {hours}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_people_write_them() {
        for (text, seconds) in [("90s", 90), ("15m", 900), ("24h", 86_400), ("7d", 604_800), ("1d12h", 129_600)] {
            assert_eq!(duration(text).expect("a span").as_secs(), seconds);
        }
        for text in ["", "5", "h", "1w", "-1h", "99999999999999999999d", "300000000000000d"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
