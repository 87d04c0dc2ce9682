//! Random identifiers in AWS's formats.

use std::cell::RefCell;

use ring::rand::{SecureRandom, SystemRandom};

/// Bytes asked of the operating system at once: a request needs a few dozen, and each question is a system call.
const DRAWN_BYTES: usize = 1024;

thread_local! {
    static DRAWN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Random bytes from the operating system. None is handed out twice.
pub fn random<const N: usize>() -> [u8; N] {
    DRAWN.with_borrow_mut(|drawn| {
        if drawn.len() < N {
            drawn.resize(DRAWN_BYTES.max(N), 0);
            SystemRandom::new().fill(drawn).expect("the operating system always has random bytes");
        }
        let rest = drawn.len() - N;
        let mut bytes = [0; N];
        bytes.copy_from_slice(&drawn[rest..]);
        drawn[rest..].fill(0);
        drawn.truncate(rest);
        bytes
    })
}

/// Lower-case hex digits.
pub fn hex(digits: usize) -> String {
    from_alphabet(digits, b"0123456789abcdef")
}

/// A version 4 UUID: request ids, message ids.
pub fn uuid() -> String {
    let mut bytes: [u8; 16] = random();
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.into_iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 0x0f)]));
    }
    text
}

/// An IAM unique id: a four-letter prefix (`AIDA`, `AROA`, `AKIA`, `ASIA` …) and 17 characters; 16 for keys.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>
pub fn iam(prefix: &str, length: usize) -> String {
    format!("{prefix}{}", from_alphabet(length - prefix.len(), b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
}

/// A secret access key: 40 characters.
pub fn secret_key() -> String {
    from_alphabet(40, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
}

/// `length` characters of an alphabet, each as likely as the others.
pub fn from_alphabet(length: usize, alphabet: &[u8]) -> String {
    let fair = 256 - 256 % alphabet.len();
    let mut text = String::with_capacity(length);
    while text.len() < length {
        for byte in random::<64>() {
            if usize::from(byte) < fair && text.len() < length {
                text.push(char::from(alphabet[usize::from(byte) % alphabet.len()]));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_their_formats() {
        assert_eq!(iam("AIDA", 21).len(), 21);
        assert_eq!(secret_key().len(), 40);
        let id = uuid();
        assert_eq!(id.len(), 36);
        assert_eq!(id.as_bytes()[14], b'4');
        assert_ne!(id, uuid());
    }
}
