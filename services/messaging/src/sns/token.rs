//! Tokens of confirmations: they carry what they confirm, sealed, so that nothing has to be kept for them.

use std::time::Duration;

use haar_platform::kernel::{Ctx, Timestamp};
use serde::{Deserialize, Serialize};

use super::address::TopicAddress;
use super::error::SnsError;
use super::model::Protocol;

/// How long a confirmation is waited for.
/// <https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.confirm.html>
pub const VALIDITY: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// What a token confirms.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Token {
    /// Id of the subscription.
    pub id: String,
    pub until: Timestamp,
    /// Of a subscription that was ended: what it was, so that it can be had again.
    pub ended: Option<Ended>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ended {
    pub owner: String,
    pub principal: String,
    pub protocol: Protocol,
    pub endpoint: String,
}

impl Token {
    /// As text of hex digits, good for one topic.
    pub fn seal(&self, ctx: &Ctx, topic: &TopicAddress) -> String {
        let text = serde_json::to_string(self).expect("strings and numbers have a JSON form");
        let sealed = ctx.house.pager.seal(&scope(topic), &text);
        sealed.bytes().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads a token that is still good.
    pub fn open(ctx: &Ctx, topic: &TopicAddress, text: &str) -> Result<Self, SnsError> {
        let invalid = || SnsError::invalid("Token");
        let bytes: Option<Vec<u8>> = (0..text.len())
            .step_by(2)
            .map(|at| text.get(at..at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok()))
            .collect();
        let sealed = bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(invalid)?;
        let text = ctx.house.pager.open(&scope(topic), &sealed).map_err(|_| invalid())?;
        let token: Self = serde_json::from_str(&text).map_err(|_| invalid())?;
        if token.until > ctx.now() { Ok(token) } else { Err(invalid()) }
    }
}

fn scope(topic: &TopicAddress) -> String {
    format!("sns confirmation {}", topic.arn())
}
