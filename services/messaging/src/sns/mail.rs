//! E-mail that nobody sends: it goes into an outbox, where people and tests read it back.

use haar_platform::kernel::Timestamp;
use haar_platform::store::{Read, Span};

use super::Sns;
use super::error::SnsError;
use super::model::{Kind, Mail, Message, OUTBOX, Protocol};
use super::notification::{subscribe_url, topic_arn, unsubscribe_url};

/// Mails that are kept; the oldest make way.
const KEPT_MAX: u64 = 10_000;

/// Who writes.
const SENDER: &str = "no-reply@sns.amazonaws.com";

/// A message as a mail. `text` is what the protocol gets: the plain text, or the JSON of `email-json`.
pub fn write(
    message: &Message,
    protocol: Protocol,
    to: &str,
    subscription_arn: &str,
    text: String,
    now: Timestamp,
) -> Mail {
    let confirm_url = subscribe_url(message);
    let is_notification = matches!(message.kind, Kind::Notification);
    let unsubscribe_url = is_notification.then(|| unsubscribe_url(message, subscription_arn));
    let subject = match message.kind {
        Kind::Notification => message.subject.clone().unwrap_or_else(|| "AWS Notification Message".into()),
        Kind::SubscriptionConfirmation { .. } => "AWS Notification - Subscription Confirmation".into(),
        Kind::UnsubscribeConfirmation { .. } => "AWS Notification - Unsubscribe Confirmation".into(),
    };
    let name = if message.display_name.is_empty() { "AWS Notifications" } else { &message.display_name };
    let text = match (protocol, &confirm_url, &unsubscribe_url) {
        (Protocol::EmailJson, _, _) => text,
        (_, Some(link), _) => format!("{text}\n\nTo confirm the subscription, visit:\n{link}\n"),
        (_, None, Some(link)) => {
            format!("{text}\n\n--\nTo stop receiving notifications from this topic, visit:\n{link}\n")
        }
        (_, None, None) => text,
    };
    Mail {
        sent: now,
        from: format!("{name} <{SENDER}>"),
        to: to.to_owned(),
        subject,
        text,
        topic_arn: topic_arn(message),
        message_id: message.message_id.clone(),
        confirm_url,
        unsubscribe_url,
    }
}

/// Puts a mail into the outbox.
pub async fn put(sns: &Sns, mail: Mail) -> Result<(), SnsError> {
    sns.store
        .write(move |tx| {
            let newest = tx.scan_back(OUTBOX, Span::all()).next().transpose()?.map_or(0, |(number, _)| number);
            tx.put(OUTBOX, &(newest + 1), &mail)?;
            if tx.count(OUTBOX)? > KEPT_MAX
                && let Some(oldest) = tx.scan_keys(OUTBOX, Span::all()).next().transpose()?
            {
                tx.delete(OUTBOX, &oldest)?;
            }
            Ok(())
        })
        .await
}

/// The newest mails, newest first.
pub fn newest(sns: &Sns, count: usize, to: Option<&str>) -> Result<Vec<Mail>, SnsError> {
    let mails = sns.store.read(|tx| {
        let rows = tx.scan_back(OUTBOX, Span::all()).map(|row| row.map(|(_, mail)| mail));
        let wanted = rows.filter(|row| !matches!(row, Ok(mail) if to.is_some_and(|to| mail.to != to)));
        wanted.take(count).collect::<Result<Vec<_>, _>>()
    })?;
    Ok(mails)
}
