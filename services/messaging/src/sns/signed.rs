//! Signatures of messages, each made once however many endpoints get the message.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use haar_platform::kernel::Timestamp;
use parking_lot::Mutex;
use tokio::sync::OnceCell;

use super::Sns;
use super::error::SnsError;
use super::model::{Body, Message, Protocol};
use super::signature::{canonical, off_thread};

/// Signatures that are kept.
const KEPT_MAX: usize = 4096;

/// Number of the message, and the protocol where protocols get texts of their own.
type Of = (u64, Option<Protocol>);

/// The newest signatures.
#[derive(Default)]
pub struct Signatures(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    cells: HashMap<Of, Arc<OnceCell<Signature>>>,
    order: VecDeque<Of>,
}

/// A signature, and the key that made it.
#[derive(Clone, Debug)]
pub struct Signature {
    /// Base64.
    pub text: String,
    pub key_id: String,
}

impl Signatures {
    /// The signature of a message, by its number, as one protocol gets it.
    pub async fn of(
        &self,
        sns: &Sns,
        now: Timestamp,
        number: u64,
        message: &Message,
        protocol: Protocol,
    ) -> Result<Signature, SnsError> {
        let by_protocol = matches!(message.body, Body::ByProtocol(_)).then_some(protocol);
        let cell = self.cell((number, by_protocol));
        let made = cell.get_or_try_init(|| async {
            let signer = sns.live.signing.signer(&sns.store, now).await?;
            let signed = canonical(message, message.body.for_protocol(protocol));
            let (version, key) = (message.signature_version, signer.clone());
            let text = off_thread(move || key.sign(version, &signed)).await?;
            Ok::<_, SnsError>(Signature { text, key_id: signer.id.clone() })
        });
        made.await.cloned()
    }

    fn cell(&self, of: Of) -> Arc<OnceCell<Signature>> {
        let mut kept = self.0.lock();
        if let Some(cell) = kept.cells.get(&of) {
            return cell.clone();
        }
        if kept.order.len() >= KEPT_MAX
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.cells.remove(&oldest);
        }
        kept.order.push_back(of);
        kept.cells.entry(of).or_default().clone()
    }
}
