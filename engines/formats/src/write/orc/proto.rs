//! Protocol buffers, as few of them as ORC's footers need.

/// A message that is being encoded.
#[derive(Clone, Debug, Default)]
pub struct Message(Vec<u8>);

impl Message {
    /// The encoded message.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// A field that is a number.
    pub fn number(&mut self, field: u64, value: u64) {
        varint(field << 3, &mut self.0);
        varint(value, &mut self.0);
    }

    /// A field that is a message.
    pub fn message(&mut self, field: u64, message: &Message) {
        self.delimited(field, &message.0);
    }

    /// A field that is text.
    pub fn text(&mut self, field: u64, text: &str) {
        self.delimited(field, text.as_bytes());
    }

    /// A field that is several numbers.
    pub fn packed(&mut self, field: u64, values: &[u64]) {
        let mut packed = Vec::new();
        for value in values {
            varint(*value, &mut packed);
        }
        self.delimited(field, &packed);
    }

    fn delimited(&mut self, field: u64, bytes: &[u8]) {
        varint(field << 3 | 2, &mut self.0);
        varint(bytes.len() as u64, &mut self.0);
        self.0.extend_from_slice(bytes);
    }
}

/// Seven bits a byte, the lowest first.
pub fn varint(mut value: u64, into: &mut Vec<u8>) {
    while value >= 0x80 {
        into.push(value as u8 | 0x80);
        value >>= 7;
    }
    into.push(value as u8);
}
