//! Puts messages into queues and takes them out, and keeps everything in step that depends on them: stock, groups,
//! hidden messages, waiting receivers. Every change of a message goes through here.

use haar_platform::kernel::Timestamp;
use haar_platform::store::{Read, Span, Tx};

use super::content;
use super::error::SqsError;
use super::live::Ripple;
use super::model::{BY_GROUP, CONTENTS, Content, GROUPS, Group, MESSAGES, Message, MessageKey, STOCKS};

/// Bytes of bodies and attributes that stay in the message's record. Larger ones are written once, beside it.
const CONTENT_BYTES_INLINE_MAX: usize = 8 * 1024;

/// The transaction and its consequences.
pub struct Inventory<'a> {
    pub tx: &'a mut Tx,
    pub ripple: &'a mut Ripple,
    pub now: Timestamp,
}

impl Inventory<'_> {
    /// Adds a message and gives its sequence number. `sent` is when its age begins.
    pub fn add(
        &mut self,
        number: u64,
        sent: Timestamp,
        mut message: Message,
        retention_seconds: u32,
    ) -> Result<u64, SqsError> {
        // A number without a stock was retired since the queue was looked up, which one transaction rules out.
        let mut stock = self.tx.get(STOCKS, &number)?.ok_or(SqsError::QueueDoesNotExist)?;
        let sequence = stock.next_sequence;
        stock.next_sequence += 1;
        stock.messages += 1;
        self.tx.put(STOCKS, &number, &stock)?;

        let key = (number, sent.millis(), sequence);
        if let Some(content) = message.content.take_if(|carried| content::size(carried) > CONTENT_BYTES_INLINE_MAX) {
            self.tx.put(CONTENTS, &key, &content)?;
        }
        self.tx.put(MESSAGES, &key, &message)?;
        if let Some(place) = &message.place {
            let group = (number, place.group.as_str());
            if !self.tx.contains(GROUPS, &group)? {
                let ready_at = message.visible_at;
                self.tx.put(GROUPS, &group, &Group { ready_at })?;
            }
        }
        if message.visible_at > self.now {
            self.ripple.hide(number, message.was_received(), message.visible_at);
            self.ripple.ring_everyone(number);
        } else {
            self.ripple.ring(number);
        }
        self.ripple.expires(sent + std::time::Duration::from_secs(u64::from(retention_seconds)));
        Ok(sequence)
    }

    /// Removes a message, with what it carried.
    pub fn remove(&mut self, key: &MessageKey, message: &Message) -> Result<(), SqsError> {
        let (number, _, _) = *key;
        self.tx.delete(MESSAGES, key)?;
        if message.content.is_none() {
            self.tx.delete(CONTENTS, key)?;
        }
        if let Some(mut stock) = self.tx.get(STOCKS, &number)? {
            stock.messages = stock.messages.saturating_sub(1);
            self.tx.put(STOCKS, &number, &stock)?;
        }
        self.ripple.reveal(number, message.was_received(), message.visible_at);
        self.regroup(number, message)
    }

    /// Stores a message whose visibility changed; `before` is how it was.
    pub fn change(&mut self, key: &MessageKey, before: &Message, after: &Message) -> Result<(), SqsError> {
        let (number, _, _) = *key;
        self.tx.put(MESSAGES, key, after)?;
        self.ripple.reveal(number, before.was_received(), before.visible_at);
        if after.visible_at > self.now {
            self.ripple.hide(number, after.was_received(), after.visible_at);
        }
        self.regroup(number, after)
    }

    /// What a message carries.
    pub fn content(&self, key: &MessageKey, message: &Message) -> Result<Content, SqsError> {
        content_of(self.tx, key, message)
    }

    /// Brings the group of a message that changed or went up to date with its first message.
    fn regroup(&mut self, number: u64, message: &Message) -> Result<(), SqsError> {
        let Some(place) = &message.place else { return Ok(()) };
        let group = (number, place.group.as_str());
        let first = self.tx.scan_index(BY_GROUP, Span::under(group)).next().transpose()?;
        let Some((_, _, first)) = first else {
            self.tx.delete(GROUPS, &group)?;
            return Ok(());
        };
        // A group that was served just now goes behind those that wait: nobody starves.
        let ready_at = first.visible_at.max(self.now);
        if self.tx.get(GROUPS, &group)? != Some(Group { ready_at }) {
            self.tx.put(GROUPS, &group, &Group { ready_at })?;
            self.ripple.ring_everyone(number);
        }
        Ok(())
    }
}

/// What a message carries, wherever it is stored.
pub fn content_of(tx: &impl Read, key: &MessageKey, message: &Message) -> Result<Content, SqsError> {
    match &message.content {
        Some(content) => Ok(content.clone()),
        // Written and deleted with the message: it is there.
        None => Ok(tx.get(CONTENTS, key)?.unwrap_or_else(|| Content {
            body: String::new(),
            attributes: Vec::new(),
            trace_header: None,
        })),
    }
}
