//! The tail of an ORC file, looked at before the library reads it: a description of types that goes round in circles
//! would overflow its stack, and lengths that lie would overflow its sums.

use std::io::Read;

use bytes::Bytes;
use haar_kernel::objects::OpenObject;

use crate::error::FormatError;
use crate::types::TYPE_DEPTH_MAX;

/// What a block may decode to. Writers use 64 to 256 KiB, and the format's length field ends at 8 MiB.
const BLOCK_BYTES_MAX: u64 = 8 << 20;

/// What a footer may decode to.
const FOOTER_BYTES_MAX: usize = 64 << 20;

/// Nobody has written it for years, and such a footer cannot be checked here.
const LZO: u64 = 3;

/// Checks that the tail makes sense; anything else is left to the library.
pub fn check(source: &dyn OpenObject) -> Result<(), FormatError> {
    let (path, size) = (&source.meta().key, source.meta().size);
    let malformed = |what: &str| FormatError::open_split(format!("Malformed ORC file. {what} [{path}]"));
    if size < 4 {
        return Err(malformed("Invalid file tail"));
    }
    let tail = source.read_at(size - size.min(256)..size)?;
    let length = usize::from(tail[tail.len() - 1]);
    let Some(begin) = (tail.len() - 1).checked_sub(length) else {
        return Err(malformed("Invalid postscript length"));
    };
    let postscript = Postscript::parse(&tail[begin..tail.len() - 1]).ok_or_else(|| malformed("Invalid postscript"))?;
    let after_footer = size - 1 - length as u64;
    let lengths = postscript.footer.checked_add(postscript.metadata).filter(|both| *both <= after_footer);
    if lengths.is_none() {
        return Err(malformed("Invalid footer length"));
    } else if postscript.block > BLOCK_BYTES_MAX {
        return Err(malformed("Invalid compression block size"));
    }
    let footer = source.read_at(after_footer - postscript.footer..after_footer)?;
    let footer = decode(footer, &postscript).map_err(malformed)?;
    check_types(&footer).ok_or_else(|| malformed("Invalid types"))
}

struct Postscript {
    footer: u64,
    metadata: u64,
    codec: u64,
    block: u64,
}

impl Postscript {
    fn parse(bytes: &[u8]) -> Option<Postscript> {
        let mut postscript = Postscript { footer: 0, metadata: 0, codec: 0, block: 256 << 10 };
        let mut fields = Fields(bytes);
        while !fields.0.is_empty() {
            match fields.next()? {
                (1, Value::Number(length)) => postscript.footer = length,
                (2, Value::Number(codec)) => postscript.codec = codec,
                (3, Value::Number(block)) => postscript.block = block,
                (5, Value::Number(length)) => postscript.metadata = length,
                _ => {}
            }
        }
        Some(postscript)
    }
}

/// The blocks of the footer, decoded.
fn decode(bytes: Bytes, postscript: &Postscript) -> Result<Bytes, &'static str> {
    if postscript.codec == 0 {
        return Ok(bytes);
    }
    let (mut rest, mut decoded) = (bytes.as_ref(), Vec::new());
    while let [a, b, c, after @ ..] = rest {
        let header = u32::from_le_bytes([*a, *b, *c, 0]);
        let block = after.get(..(header >> 1) as usize).ok_or("Invalid footer block")?;
        rest = &after[block.len()..];
        if header & 1 == 1 {
            decoded.extend_from_slice(block);
        } else if postscript.codec == LZO {
            return Err("LZO compression is not supported");
        } else {
            decode_block(block, postscript, &mut decoded).ok_or("Invalid footer block")?;
        }
        if decoded.len() > FOOTER_BYTES_MAX {
            return Err("The footer is too large");
        }
    }
    Ok(decoded.into())
}

fn decode_block(block: &[u8], postscript: &Postscript, decoded: &mut Vec<u8>) -> Option<()> {
    let (begin, size_max) = (decoded.len(), postscript.block as usize);
    match postscript.codec {
        1 => drop(flate2::read::DeflateDecoder::new(block).take(postscript.block).read_to_end(decoded).ok()?),
        2 => {
            let size = snap::raw::decompress_len(block).ok().filter(|size| *size <= size_max)?;
            decoded.resize(begin + size, 0);
            snap::raw::Decoder::new().decompress(block, &mut decoded[begin..]).ok()?;
        }
        4 => {
            decoded.resize(begin + size_max, 0);
            let size = lz4_flex::block::decompress_into(block, &mut decoded[begin..]).ok()?;
            decoded.truncate(begin + size);
        }
        5 => drop(zstd::Decoder::new(block).ok()?.take(postscript.block).read_to_end(decoded).ok()?),
        _ => return None,
    }
    Some(())
}

/// Types come in the order of a walk through their tree: children after their parents, and each has one parent.
fn check_types(footer: &[u8]) -> Option<()> {
    let mut children: Vec<Vec<u64>> = Vec::new();
    let mut fields = Fields(footer);
    while !fields.0.is_empty() {
        if let (4, Value::Bytes(of)) = fields.next()? {
            children.push(subtypes(of)?);
        }
    }
    let mut depths: Vec<Option<usize>> = vec![None; children.len()];
    *depths.first_mut()? = Some(0);
    for (parent, children) in children.iter().enumerate() {
        let depth = depths[parent]? + 1;
        for child in children {
            let child = usize::try_from(*child).ok().filter(|child| *child > parent)?;
            let known = depths.get_mut(child)?;
            if known.is_some() || depth > TYPE_DEPTH_MAX {
                return None;
            }
            *known = Some(depth);
        }
    }
    Some(())
}

fn subtypes(of: &[u8]) -> Option<Vec<u64>> {
    let (mut found, mut fields) = (Vec::new(), Fields(of));
    while !fields.0.is_empty() {
        match fields.next()? {
            (2, Value::Number(child)) => found.push(child),
            (2, Value::Bytes(packed)) => {
                let mut packed = Fields(packed);
                while !packed.0.is_empty() {
                    found.push(packed.varint()?);
                }
            }
            _ => {}
        }
    }
    Some(found)
}

/// The fields of a protocol buffer that have not been read yet.
struct Fields<'a>(&'a [u8]);

enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Fixed,
}

impl<'a> Fields<'a> {
    fn next(&mut self) -> Option<(u64, Value<'a>)> {
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Value::Number(self.varint()?),
            1 => self.take(8).map(|_| Value::Fixed)?,
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                Value::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Value::Fixed)?,
            _ => return None,
        };
        Some((key >> 3, value))
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = *self.take(1)?.first()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::object;

    /// A file without rows whose types have these children.
    fn check_children(children: &[&[u8]]) -> Result<(), FormatError> {
        let mut footer = Vec::new();
        for children in children {
            // Field 4: a type with field 2, packed.
            footer.extend([0x22, children.len() as u8 + 2, 0x12, children.len() as u8]);
            footer.extend_from_slice(children);
        }
        let mut file = b"ORC".to_vec();
        file.extend_from_slice(&footer);
        file.extend([0x08, footer.len() as u8, 0x10, 0, 4]);
        check(object("f.orc", file).as_ref())
    }

    #[test]
    fn types_are_a_tree() {
        assert_eq!(check_children(&[&[1, 3], &[2], &[], &[]]), Ok(()));
        for circle in [&[&[0][..]][..], &[&[1], &[1]], &[&[1], &[0]], &[&[1, 1], &[]], &[&[2], &[], &[]], &[&[9]], &[]]
        {
            assert!(check_children(circle).is_err(), "{circle:?}");
        }
        let deep: Vec<Vec<u8>> = (1..100).map(|child| vec![child]).chain([vec![]]).collect();
        assert!(check_children(&deep.iter().map(Vec::as_slice).collect::<Vec<_>>()).is_err());
    }

    #[test]
    fn lengths_lie_within_the_file() {
        for file in
            [&b"ORC"[..], b"ORC\xff", &[0x4f, 0x52, 0x43, 0x08, 0x7f, 2], &[0x4f, 0x52, 0x43, 0x08, 0xff, 0xff, 3]]
        {
            assert!(check(object("f.orc", file.to_vec()).as_ref()).is_err());
        }
    }
}
