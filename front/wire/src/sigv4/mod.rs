//! AWS Signature Version 4: who signed this request, and is the signature true? Pure: no I/O, no clock.
//!
//! The way through, as the gateway walks it:
//!
//! 1. [`Authentication::of`] reads what the request claims: key id, scope, signature. Nothing is believed yet.
//! 2. The caller looks the access key up and derives a [`SigningKey`], which may be cached for its day.
//! 3. [`Verifier::verify`] checks times, signed headers and the signature, and says what is left to do
//!    for the body: nothing, hash it, or decode its signed chunks.
//! 4. Any [`AuthError`] knows its [`Answer`] in the words of each protocol [`Family`].
//!
//! [`Signer`] does the same as a client. It shares the canonical form with the verifier, so only AWS's
//! vectors and botocore's requests, not a round trip, prove that the form is right.

mod answer;
mod answer_s3;
mod authentication;
mod canonical;
mod chain;
mod chunk_decoder;
mod date;
mod digest;
mod error;
mod key;
mod rules;
mod sign;
mod verify;

pub use answer::{Answer, Family};
pub use authentication::{Authentication, Mechanism};
pub use canonical::Request;
pub use chunk_decoder::{CHUNK_BYTES_MAX, CHUNK_BYTES_MIN, ChunkDecoder, StreamError};
pub use date::AmzDate;
pub use digest::PayloadHasher;
pub use error::{AuthError, Mismatch, Place};
pub use key::{Scope, SigningKey};
pub use rules::PRESIGNED_SECONDS_MAX;
pub use sign::{ChunkEncoder, SignedPayload, Signer};
pub use verify::{Body, Payload, Verified, Verifier};
