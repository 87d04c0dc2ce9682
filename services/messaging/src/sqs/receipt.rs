//! Receipt handles: opaque to callers, good for one queue and one receive.

use haar_platform::kernel::Ctx;

use super::address::Address;
use super::error::SqsError;
use super::model::MessageKey;

/// What a handle says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub key: MessageKey,
    /// Which receive of the message it was.
    pub receive_count: u32,
}

impl Receipt {
    /// The handle, which nobody but us can make.
    pub fn seal(&self, ctx: &Ctx, address: &Address) -> String {
        let Self { key: (number, sent, sequence), receive_count } = self;
        let text = format!("{number:x}.{sent:x}.{sequence:x}.{receive_count:x}");
        ctx.house.pager.seal(&scope(address), &text)
    }

    /// What a handle of that queue says.
    pub fn open(ctx: &Ctx, address: &Address, handle: &str) -> Result<Self, SqsError> {
        let text = ctx.house.pager.open(&scope(address), handle).ok();
        let receipt = text.as_deref().and_then(Self::parse);
        receipt.ok_or_else(|| SqsError::ReceiptHandleIsInvalid(handle.to_owned()))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(|part| u64::from_str_radix(part, 16).ok());
        let mut next = || parts.next().flatten();
        Some(Self { key: (next()?, next()?.cast_signed(), next()?), receive_count: u32::try_from(next()?).ok()? })
    }
}

fn scope(address: &Address) -> String {
    format!("sqs receipt {}", address.arn())
}
