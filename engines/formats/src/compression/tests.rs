//! What is compressed in every way comes back, and what is broken is refused.

#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};

use proptest::prelude::*;

use super::*;
use crate::testing::object;

const TEXT: &[u8] = b"the quick brown fox jumps over the lazy dog, again and again and again and again\n";

fn read(key: &str, bytes: Vec<u8>) -> std::io::Result<Vec<u8>> {
    let mut decoded_bytes = Vec::new();
    let mut reader = decoded(object(key, bytes)).map_err(std::io::Error::other)?;
    reader.read_to_end(&mut decoded_bytes)?;
    Ok(decoded_bytes)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn hadoop_blocks(blocks: &[&[&[u8]]], compress: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut file = Vec::new();
    for chunks in blocks {
        let size: usize = chunks.iter().map(|chunk| chunk.len()).sum();
        file.extend((size as u32).to_be_bytes());
        for chunk in *chunks {
            let compressed = compress(chunk);
            file.extend((compressed.len() as u32).to_be_bytes());
            file.extend(compressed);
        }
    }
    file
}

#[test]
fn gzip_of_several_members_is_one_text() {
    let mut file = gzip(TEXT);
    file.extend(gzip(TEXT));
    assert_eq!(read("a.csv.gz", file).unwrap(), [TEXT, TEXT].concat());
}

#[test]
fn bzip2_of_several_streams_is_one_text() {
    let compress = || {
        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        encoder.write_all(TEXT).unwrap();
        encoder.finish().unwrap()
    };
    assert_eq!(read("a.bz2", [compress(), compress()].concat()).unwrap(), [TEXT, TEXT].concat());
}

#[test]
fn zstd_of_several_frames_and_a_window_of_two_gibibytes_is_one_text() {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(31).unwrap();
    encoder.write_all(TEXT).unwrap();
    let wide = encoder.finish().unwrap();
    let narrow = zstd::encode_all(TEXT, 3).unwrap();
    assert_eq!(read("RC_2015-01.zst", [wide, narrow].concat()).unwrap(), [TEXT, TEXT].concat());
}

#[test]
fn snappy_is_hadoops_blocks_or_frames() {
    let compress = |chunk: &[u8]| snap::raw::Encoder::new().compress_vec(chunk).unwrap();
    let blocks = hadoop_blocks(&[&[TEXT, TEXT], &[], &[TEXT]], compress);
    assert_eq!(read("a.snappy", blocks).unwrap(), TEXT.repeat(3));
    let mut encoder = snap::write::FrameEncoder::new(Vec::new());
    encoder.write_all(TEXT).unwrap();
    assert_eq!(read("a.snappy", encoder.into_inner().unwrap()).unwrap(), TEXT);
}

#[test]
fn lz4_is_hadoops_blocks_or_frames() {
    let blocks = hadoop_blocks(&[&[TEXT, TEXT], &[TEXT]], lz4_flex::block::compress);
    assert_eq!(read("a.lz4", blocks).unwrap(), TEXT.repeat(3));
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    encoder.write_all(TEXT).unwrap();
    assert_eq!(read("a.lz4", encoder.finish().unwrap()).unwrap(), TEXT);
}

#[test]
fn deflate_is_zlibs_format_or_bare() {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(TEXT).unwrap();
    assert_eq!(read("a.deflate", encoder.finish().unwrap()).unwrap(), TEXT);
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(TEXT).unwrap();
    assert_eq!(read("a.deflate", encoder.finish().unwrap()).unwrap(), TEXT);
}

#[test]
fn a_name_without_a_codec_is_plain_even_when_its_bytes_are_not() {
    let compressed = gzip(TEXT);
    assert_eq!(read("a.csv", compressed.clone()).unwrap(), compressed);
    assert_eq!(Compression::of_magic(&compressed), Some(Compression::Gzip));
    assert_eq!(Compression::of_key("dir.gz/plain"), None);
}

#[test]
fn a_name_that_lies_is_an_error() {
    for key in ["a.gz", "a.bz2", "a.zst", "a.snappy", "a.lz4"] {
        assert!(read(key, TEXT.to_vec()).is_err(), "{key}");
    }
    let mut cut = gzip(TEXT);
    cut.truncate(cut.len() - 9);
    assert!(read("a.gz", cut).is_err());
}

proptest! {
    #[test]
    fn any_bytes_are_an_error_or_decode(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for ending in ["gz", "bz2", "zst", "snappy", "deflate", "lz4"] {
            let _ = read(&format!("a.{ending}"), bytes.clone());
        }
    }
}
