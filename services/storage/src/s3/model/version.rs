//! Versions of a key, and their names.

use std::fmt;

use haar_platform::kernel::{Timestamp, ids};
use haar_platform::store::{Corrupt, Encode, Key, Record};
use serde::{Deserialize, Serialize};

use super::Object;

/// A sequence number that sorts the newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newest(pub u64);

impl Encode for Newest {
    type Key = Self;

    fn encode(&self, out: &mut Vec<u8>) {
        (!self.0).encode(out);
    }
}

impl Key for Newest {
    fn decode(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        u64::decode(bytes).map(|bits| Self(!bits))
    }
}

/// The name of a version or of an upload. Opaque to callers; to us it tells the sequence number, so that a version
/// is found by its name without an index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionId(String);

impl VersionId {
    /// A new name for the version with this sequence number.
    pub fn new(sequence: u64) -> Self {
        let mut bytes: [u8; 24] = ids::random();
        let (hidden, mask) = bytes.split_at_mut(8);
        for ((byte, bits), noise) in hidden.iter_mut().zip(sequence.to_be_bytes()).zip(mask) {
            *byte = bits ^ *noise;
        }
        Self(base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, bytes))
    }

    /// Reads a name: `None` if it cannot be one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, text).ok()?;
        (bytes.len() == 24).then(|| Self(text.to_owned()))
    }

    /// The sequence number behind it. Whether the version has this name is for the record to say.
    pub fn sequence(&self) -> u64 {
        let bytes = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, &self.0);
        let bytes = bytes.unwrap_or_default();
        let mut sequence = [0; 8];
        for (index, byte) in sequence.iter_mut().enumerate() {
            *byte = bytes.get(index).unwrap_or(&0) ^ bytes.get(index + 8).unwrap_or(&0);
        }
        u64::from_be_bytes(sequence)
    }

    /// As callers read it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A version of a key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Version {
    /// `None` is the null version.
    pub id: Option<VersionId>,
    /// The sequence number of the null version below this one, if there was one when this one was made. Versions are
    /// only ever added on top, so what the current version says here is true unless the null version has gone.
    pub null_below: Option<u64>,
    /// When it was made.
    pub modified: Timestamp,
    /// What it is.
    pub state: State,
}

impl Record for Version {}

/// What a version is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum State {
    /// The key reads as deleted.
    DeleteMarker,
    /// Something to read.
    Object(Box<Object>),
}

impl Version {
    /// As callers read it.
    pub fn id_text(&self) -> String {
        self.id.as_ref().map_or_else(|| "null".to_owned(), |id| id.as_str().to_owned())
    }

    /// The object, if it is one.
    pub fn object(&self) -> Option<&Object> {
        match &self.state {
            State::Object(object) => Some(object),
            State::DeleteMarker => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_id_tells_its_sequence_number_and_nothing_else() {
        for sequence in [1, 255, 1 << 40, u64::MAX] {
            let id = VersionId::new(sequence);
            assert_eq!(id.as_str().len(), 32);
            assert_eq!(id.sequence(), sequence);
            assert_eq!(VersionId::parse(id.as_str()), Some(id.clone()));
            assert_ne!(VersionId::new(sequence), id);
        }
    }

    #[test]
    fn what_cannot_be_a_version_id_is_refused() {
        for text in ["", "null", "short", &"A".repeat(31), &"A".repeat(33), &"é".repeat(16), &"/".repeat(32)] {
            assert_eq!(VersionId::parse(text), None, "{text}");
        }
    }
}
