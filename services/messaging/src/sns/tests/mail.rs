//! E-mail, read back from the outbox.

use haar_platform::store::{Read, Span};

use super::*;
use crate::sns::model::{Mail, OUTBOX};

fn outbox(bench: &Bench) -> Vec<Mail> {
    let rows = bench.house.platform.store.read(|tx| tx.scan(OUTBOX, Span::all()).collect::<Result<Vec<_>, _>>());
    rows.unwrap().into_iter().map(|(_, mail)| mail).collect()
}

/// The token of a confirmation's link.
fn token(mail: &Mail) -> String {
    mail.confirm_url.as_ref().unwrap().rsplit_once("&Token=").unwrap().1.to_owned()
}

#[tokio::test]
async fn a_confirmed_reader_gets_the_subject_and_the_plain_text() {
    let bench = Bench::open();
    let topic = bench.try_create("a", &[("DisplayName", "Alarms")]).await.unwrap();
    let arn = bench.subscribe(&topic, "email", "ops@example.com", &[]).await;
    bench.publish(&topic, "too early").await;
    let asked = outbox(&bench).remove(0);
    assert_eq!((&*asked.to, &*asked.from), ("ops@example.com", "Alarms <no-reply@sns.amazonaws.com>"));
    let link = format!("http://localhost:4566/?Action=ConfirmSubscription&TopicArn={topic}&Token=");
    assert!(asked.confirm_url.as_ref().unwrap().starts_with(&link));
    assert_eq!(bench.confirm(&topic, &token(&asked)).await.unwrap(), arn);
    let attributes = bench.subscription(&arn).await;
    assert_eq!(attributes["PendingConfirmation"], "false");
    assert_eq!(attributes["ConfirmationWasAuthenticated"], "false");

    let input = PublishInput { subject: Some("ALARM".into()), ..letter(&topic, "it burns") };
    bench.try_publish(input).await.unwrap();
    let mails = outbox(&bench);
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[1].subject, "ALARM");
    assert!(mails[1].text.starts_with("it burns\n"));
    assert!(mails[1].text.contains(mails[1].unsubscribe_url.as_ref().unwrap()));
}

#[tokio::test]
async fn a_link_unsubscribes_and_another_one_brings_back() {
    let bench = Bench::open();
    let topic = bench.create("a").await;
    let arn = bench.subscribe(&topic, "email-json", "ops@example.com", &[]).await;
    bench.house.settle().await;
    bench.confirm(&topic, &token(&outbox(&bench)[0])).await.unwrap();
    bench.unsubscribe_unsigned(&arn).await.unwrap();
    bench.house.settle().await;
    let farewell = outbox(&bench).remove(1);
    assert_eq!(envelope(&farewell.text)["Type"], "UnsubscribeConfirmation");
    bench.publish(&topic, "nobody reads").await;
    assert_eq!(outbox(&bench).len(), 2);
    assert_eq!(bench.confirm(&topic, &token(&farewell)).await.unwrap(), arn);
    bench.publish(&topic, "back").await;
    assert_eq!(envelope(&outbox(&bench)[2].text)["Message"], "back");
}

#[tokio::test]
async fn a_token_is_good_for_its_topic_and_for_three_days() {
    let bench = Bench::open();
    let (topic, other) = (bench.create("a").await, bench.create("b").await);
    bench.subscribe(&topic, "email", "ops@example.com", &[]).await;
    bench.house.settle().await;
    let token = token(&outbox(&bench)[0]);
    refused(bench.confirm(&other, &token).await, "InvalidParameter", "Invalid parameter: Token");
    bench.advance(3 * 24 * 3600 + 1).await;
    refused(bench.confirm(&topic, &token).await, "InvalidParameter", "Invalid parameter: Token");
}

#[tokio::test]
async fn whoever_asked_for_it_is_not_unsubscribed_by_a_link() {
    let bench = Bench::open();
    let topic = bench.create("a").await;
    let arn = bench.subscribe(&topic, "email", "ops@example.com", &[]).await;
    bench.house.settle().await;
    let input = ConfirmSubscriptionInput {
        topic_arn: topic.clone(),
        token: token(&outbox(&bench)[0]),
        authenticate_on_unsubscribe: Some("true".into()),
    };
    bench.house.call::<ConfirmSubscription>(input).await.unwrap();
    assert_eq!(bench.unsubscribe_unsigned(&arn).await.unwrap_err().code, "AuthorizationError");
    bench.house.call::<Unsubscribe>(UnsubscribeInput { subscription_arn: arn }).await.unwrap();
}
