//! Webhooks: confirmation, signatures, retries, farewell.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use haar_platform::store::Read;
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, RsaParameters, UnparsedPublicKey,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{self, ServerConfig};
use x509_cert::Certificate;
use x509_cert::der::{DecodePem, Encode};

use super::hooks::Hook;
use super::*;
use crate::sns::model::SIGNING;
use crate::sns::signature::make;

/// Checks a message as AWS documents it, with the certificate that the house serves.
#[track_caller]
fn verify(bench: &Bench, body: &Value) {
    let record = bench.house.platform.store.read(|tx| tx.get(SIGNING, &0u64)).unwrap().unwrap();
    let url = body["SigningCertURL"].as_str().unwrap();
    assert_eq!(url, format!("http://localhost:4566/SimpleNotificationService-{}.pem", record.id));
    let certificate = Certificate::from_pem(&record.certificate_pem).unwrap();
    let info = certificate.tbs_certificate().subject_public_key_info();
    let key = info.subject_public_key.as_bytes().unwrap();
    let names: &[&str] = match body["Type"].as_str().unwrap() {
        "Notification" => &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
        _ => &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
    };
    let lines = names.iter().filter_map(|name| Some(format!("{name}\n{}\n", body[name].as_str()?)));
    let algorithm: &'static RsaParameters = match body["SignatureVersion"].as_str().unwrap() {
        "1" => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
        _ => &RSA_PKCS1_2048_8192_SHA256,
    };
    let signature = STANDARD.decode(body["Signature"].as_str().unwrap()).unwrap();
    let text: String = lines.collect();
    UnparsedPublicKey::new(algorithm, key).verify(text.as_bytes(), &signature).expect("the signature is true");
}

/// A topic with a webhook that has confirmed, and its subscription.
async fn confirmed(bench: &Bench, hook: &Hook, attributes: &[(&str, &str)]) -> (String, String) {
    let topic = bench.create("a").await;
    let arn = bench.subscribe(&topic, "http", &hook.url, attributes).await;
    bench.house.settle().await;
    let token = hook.bodies()[0]["Token"].as_str().unwrap().to_owned();
    assert_eq!(bench.confirm(&topic, &token).await.unwrap(), arn);
    (topic, arn)
}

#[tokio::test]
async fn a_webhook_confirms_and_gets_signed_messages() {
    let bench = Bench::open();
    let hook = Hook::open(&bench, &[]).await;
    let (topic, arn) = confirmed(&bench, &hook, &[]).await;
    let asked = &hook.calls()[0];
    assert_eq!(asked.header("x-amz-sns-message-type"), Some("SubscriptionConfirmation"));
    assert_eq!(asked.header("x-amz-sns-topic-arn"), Some(&*topic));
    assert_eq!(asked.header("x-amz-sns-subscription-arn"), None);
    assert_eq!(asked.header("content-type"), Some("text/plain; charset=UTF-8"));
    verify(&bench, &envelope(&asked.body));
    let input = PublishInput { subject: Some("Hi".into()), ..letter(&topic, "Hello\n\"world\"") };
    let id = bench.try_publish(input).await.unwrap().message_id.unwrap();
    let told = &hook.calls()[1];
    assert_eq!(told.header("x-amz-sns-message-type"), Some("Notification"));
    assert_eq!(told.header("x-amz-sns-message-id"), Some(&*id));
    assert_eq!(told.header("x-amz-sns-subscription-arn"), Some(&*arn));
    verify(&bench, &envelope(&told.body));
    bench.set(&topic, "SignatureVersion", "2").await.unwrap();
    bench.publish(&topic, "newer").await;
    let body = hook.bodies().remove(2);
    assert_eq!(body["SignatureVersion"], "2");
    verify(&bench, &body);
    bench.unsubscribe_unsigned(&arn).await.unwrap();
    bench.house.settle().await;
    let farewell = &hook.calls()[3];
    assert_eq!(farewell.header("x-amz-sns-message-type"), Some("UnsubscribeConfirmation"));
    verify(&bench, &envelope(&farewell.body));
}

#[tokio::test]
async fn a_raw_webhook_gets_the_text_alone() {
    let bench = Bench::open();
    let hook = Hook::open(&bench, &[]).await;
    let policy = json!({"requestPolicy": {"headerContentType": "application/json"}}).to_string();
    let attributes = [("RawMessageDelivery", "true"), ("DeliveryPolicy", &*policy)];
    let (topic, _) = confirmed(&bench, &hook, &attributes).await;
    bench.publish(&topic, "{}").await;
    let told = &hook.calls()[1];
    assert_eq!(told.body, "{}");
    assert_eq!(told.header("x-amz-sns-rawdelivery"), Some("true"));
    assert_eq!(told.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn a_failing_webhook_is_tried_again_by_its_policy_and_then_given_up() {
    let bench = Bench::open();
    let dead = bench.queue("dead").await;
    let hook = Hook::open(&bench, &[200, 500, 503, 500, 500, 500]).await;
    let policy = json!({"healthyRetryPolicy": {
        "numRetries": 3, "numNoDelayRetries": 1, "minDelayTarget": 10, "maxDelayTarget": 30,
    }});
    let attributes = [("DeliveryPolicy", &*policy.to_string()), ("RedrivePolicy", &redrive_to(&dead))];
    let (topic, _) = confirmed(&bench, &hook, &attributes).await;
    bench.publish(&topic, "try").await;
    let attempts = || hook.calls().len() - 1;
    assert_eq!(attempts(), 2, "the first attempt, and one at once");
    bench.advance(19).await;
    assert_eq!(attempts(), 2);
    bench.advance(1).await;
    assert_eq!(attempts(), 3);
    assert!(bench.bodies(&dead).await.is_empty());
    bench.advance(30).await;
    assert_eq!(attempts(), 4);
    assert_eq!(bench.messages(&dead).await, ["try"]);
    bench.advance(3600).await;
    assert_eq!(attempts(), 4);
}

#[tokio::test]
async fn a_webhook_that_recovers_gets_the_message() {
    let bench = Bench::open();
    let hook = Hook::open(&bench, &[200, 500]).await;
    let (topic, _) = confirmed(&bench, &hook, &[]).await;
    let id = bench.publish(&topic, "try").await;
    bench.advance(20).await;
    let bodies = hook.bodies();
    assert_eq!(bodies.len(), 3);
    assert!(bodies[1..].iter().all(|body| body["MessageId"] == id));
}

#[tokio::test]
async fn a_webhook_that_refuses_is_not_asked_again() {
    let bench = Bench::open();
    let hook = Hook::open(&bench, &[200, 404]).await;
    let (topic, _) = confirmed(&bench, &hook, &[]).await;
    bench.publish(&topic, "no").await;
    bench.advance(3600).await;
    assert_eq!(hook.calls().len(), 2);
}

#[tokio::test]
async fn a_throttled_webhook_gets_so_many_a_second() {
    let bench = Bench::open();
    let hook = Hook::open(&bench, &[]).await;
    let policy = json!({"throttlePolicy": {"maxReceivesPerSecond": 2}}).to_string();
    let (topic, _) = confirmed(&bench, &hook, &[("DeliveryPolicy", &policy)]).await;
    bench.advance(10).await;
    for number in 0..6 {
        bench.house.call::<Publish>(letter(&topic, &number.to_string())).await.unwrap();
    }
    bench.house.settle().await;
    assert_eq!(hook.calls().len(), 1 + 1);
    bench.advance(1).await;
    assert_eq!(hook.calls().len(), 1 + 3);
    bench.advance(2).await;
    assert_eq!(hook.calls().len(), 1 + 6);
}

/// A server with a certificate of its own: what became of the first connection.
async fn untrusted(bench: &Bench) -> (String, tokio::sync::oneshot::Receiver<String>) {
    let made = make(bench.house.now()).unwrap();
    let certificate = Certificate::from_pem(&made.certificate_pem).unwrap().to_der().unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.key));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(certificate)], key)
        .unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/hook", listener.local_addr().unwrap().port());
    let (tell, told) = tokio::sync::oneshot::channel();
    bench.house.platform.house.tasks.spawn_forever("untrusted server", async move {
        let (stream, _) = listener.accept().await.unwrap();
        let met = tokio_rustls::TlsAcceptor::from(Arc::new(config)).accept(stream).await;
        tell.send(met.map_or_else(|error| error.to_string(), |_| "trusted".to_owned())).unwrap();
    });
    (url, told)
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_not_accepted() {
    let bench = Bench::open();
    let (url, told) = untrusted(&bench).await;
    let topic = bench.create("a").await;
    bench.subscribe(&topic, "https", &url, &[]).await;
    bench.house.settle().await;
    let told = told.await.unwrap();
    assert!(told.contains("alert"), "{told}");
}
