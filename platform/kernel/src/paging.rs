//! Paging tokens: opaque to callers, and evident when tampered with.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

/// Bytes of the authentication tag that a token carries.
const TAG_BYTES: usize = 16;

/// Makes and reads tokens. One per house; its key comes from the data directory, so tokens outlive a restart.
#[derive(Clone)]
pub struct Pager(hmac::Key);

/// The token was not made by us for this purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the paging token is not valid")]
pub struct InvalidToken;

impl Pager {
    /// With a secret of the house.
    pub fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// A token that stands for `cursor`, good only for the same `scope`: operation, account, region and filters.
    pub fn seal(&self, scope: &str, cursor: &str) -> String {
        let mut bytes = self.tag(scope, cursor.as_bytes());
        bytes.extend_from_slice(cursor.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The cursor behind a token.
    pub fn open(&self, scope: &str, token: &str) -> Result<String, InvalidToken> {
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| InvalidToken)?;
        let (tag, cursor) = bytes.split_at_checked(TAG_BYTES).ok_or(InvalidToken)?;
        if tag != self.tag(scope, cursor) {
            return Err(InvalidToken);
        }
        String::from_utf8(cursor.to_vec()).map_err(|_| InvalidToken)
    }

    fn tag(&self, scope: &str, cursor: &[u8]) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(&(scope.len() as u64).to_be_bytes());
        context.update(scope.as_bytes());
        context.update(cursor);
        context.sign().as_ref()[..TAG_BYTES].to_vec()
    }
}

/// A page: what fits, and the cursor of the next one. Give it one item more than the page holds; `cursor_of`
/// names the last item that was handed out.
pub fn cut<T>(mut items: Vec<T>, size_max: usize, cursor_of: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
    if items.len() <= size_max {
        return (items, None);
    }
    items.truncate(size_max);
    let cursor = items.last().map(cursor_of);
    (items, cursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_scope_only() {
        let pager = Pager::new(b"secret");
        let token = pager.seal("ssm:GetParametersByPath /a", "/a/b");
        assert_eq!(pager.open("ssm:GetParametersByPath /a", &token).as_deref(), Ok("/a/b"));
        assert_eq!(pager.open("ssm:GetParametersByPath /c", &token), Err(InvalidToken));
        assert_eq!(Pager::new(b"other").open("ssm:GetParametersByPath /a", &token), Err(InvalidToken));
    }

    #[test]
    fn a_changed_token_is_refused() {
        let pager = Pager::new(b"secret");
        let token = pager.seal("scope", "cursor");
        for index in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).expect("ASCII");
            assert!(changed == token || pager.open("scope", &changed).is_err(), "{index}");
        }
        assert_eq!(pager.open("scope", "!!"), Err(InvalidToken));
    }

    #[test]
    fn a_page_names_its_last_item() {
        assert_eq!(cut(vec![1, 2, 3], 3, i32::to_string), (vec![1, 2, 3], None));
        assert_eq!(cut(vec![1, 2, 3], 2, i32::to_string), (vec![1, 2], Some("2".into())));
    }
}
