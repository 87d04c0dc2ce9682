//! The metrics of AWS/SNS.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html>

use haar_platform::kernel::{Ctx, Measure};

use super::filter::Unwanted;
use super::model::Protocol;

const NAMESPACE: &str = "AWS/SNS";

/// Counts something of a topic.
pub fn count(ctx: &Ctx, name: &'static str, topic: &str, count: usize) {
    if count > 0 {
        ctx.measure(Measure::count(NAMESPACE, name, count as f64).of("TopicName", topic));
    }
}

/// A message was published.
pub fn published(ctx: &Ctx, topic: &str, bytes: usize) {
    count(ctx, "NumberOfMessagesPublished", topic, 1);
    ctx.measure(Measure::new(NAMESPACE, "PublishSize", bytes as f64, "Bytes").of("TopicName", topic));
}

/// Subscriptions did not want a message.
pub fn filtered(ctx: &Ctx, topic: &str, unwanted: &[Unwanted]) {
    count(ctx, "NumberOfNotificationsFilteredOut", topic, unwanted.len());
    let of = |reasons: &[Unwanted]| unwanted.iter().filter(|reason| reasons.contains(reason)).count();
    for (name, reasons) in [
        ("NumberOfNotificationsFilteredOut-MessageAttributes", &[Unwanted::Attributes, Unwanted::NoAttributes][..]),
        ("NumberOfNotificationsFilteredOut-NoMessageAttributes", &[Unwanted::NoAttributes]),
        ("NumberOfNotificationsFilteredOut-MessageBody", &[Unwanted::Body, Unwanted::InvalidBody]),
        ("NumberOfNotificationsFilteredOut-InvalidMessageBody", &[Unwanted::InvalidBody]),
    ] {
        count(ctx, name, topic, of(reasons));
    }
}

/// What AWS bills a delivery as.
/// <https://aws.amazon.com/sns/pricing/>
pub fn delivery_unit(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Sqs => "sns-deliveries-sqs",
        Protocol::Lambda => "sns-deliveries-lambda",
        Protocol::Http | Protocol::Https => "sns-deliveries-http",
        Protocol::Email | Protocol::EmailJson => "sns-deliveries-email",
    }
}
