//! Chunked bodies: every cut decodes alike, every change is noticed, nothing hostile gets through.

use bytes::Bytes;
use haar_wire::sigv4::{
    AmzDate, Body, CHUNK_BYTES_MIN, ChunkDecoder, ChunkEncoder, Payload, Request, SignedPayload, Signer, SigningKey,
    StreamError,
};
use http::HeaderMap;
use proptest::prelude::*;

use crate::{parts, verify};

const MODES: [SignedPayload<'static>; 3] =
    [SignedPayload::StreamingSigned, SignedPayload::StreamingSignedTrailer, SignedPayload::StreamingUnsignedTrailer];
const TRAILERS: [(&str, &str); 1] = [("x-amz-checksum-crc32", "AAAAAA==")];

/// A decoder for an upload of so many bytes, and the encoder that suits it.
fn upload(mode: SignedPayload<'_>, length: usize) -> (ChunkDecoder, ChunkEncoder) {
    let key = SigningKey::derive("secret", "20260314", "us-east-1", "s3");
    let date = AmzDate::parse("20260314T150926Z").unwrap();
    let signer = Signer { access_key_id: "AKID", key: &key, session_token: None, date };
    let length = length.to_string();
    let mut headers = vec![("x-amz-decoded-content-length", &*length)];
    if mode != SignedPayload::StreamingSigned {
        headers.push(("x-amz-trailer", "X-Amz-Checksum-Crc32"));
    }
    let mut parts = parts("PUT", "http://localhost/b/k", &headers);
    let seed = signer.sign(&mut parts, mode);
    let verified = verify(&Request::from(&parts), "secret", date.seconds(), Body::Streamed).unwrap();
    let Payload::Chunked(decoder) = verified.payload else { panic!("{verified:?}") };
    let is_signed = mode != SignedPayload::StreamingUnsignedTrailer;
    (*decoder, if is_signed { signer.chunk_encoder(&seed) } else { ChunkEncoder::unsigned() })
}

fn encode(mode: SignedPayload<'_>, mut encoder: ChunkEncoder, object: &[u8], chunk_bytes: usize) -> Vec<u8> {
    let mut body: Vec<u8> = object.chunks(chunk_bytes).flat_map(|chunk| encoder.chunk(chunk)).collect();
    let has_trailer = mode != SignedPayload::StreamingSigned;
    body.extend(encoder.end(if has_trailer { &TRAILERS } else { &[] }));
    body
}

/// Decodes a body that arrives in pieces.
fn decode<'a>(
    mut decoder: ChunkDecoder,
    pieces: impl Iterator<Item = &'a [u8]>,
) -> Result<(Vec<u8>, HeaderMap), StreamError> {
    let mut decoded = Vec::new();
    for piece in pieces {
        decoder.push(Bytes::copy_from_slice(piece), &mut decoded)?;
    }
    Ok((decoded.concat(), decoder.finish()?))
}

/// Decodes a handwritten unsigned body in one piece.
fn decode_text(length: usize, body: &str) -> Result<(Vec<u8>, HeaderMap), StreamError> {
    let (decoder, _) = upload(SignedPayload::StreamingUnsignedTrailer, length);
    decode(decoder, std::iter::once(body.as_bytes()))
}

#[test]
fn every_fixed_cut_decodes_alike() {
    let object: Vec<u8> = (0..20_000_u32).map(|number| number.to_le_bytes()[0]).collect();
    for mode in MODES {
        for cut in [1, 2, 3, 7, 85, 86, 8192, 100_000] {
            let (decoder, encoder) = upload(mode, object.len());
            let body = encode(mode, encoder, &object, 8192);
            let (decoded, trailers) = decode(decoder, body.chunks(cut)).unwrap();
            assert!(decoded == object, "{mode:?} cut every {cut}");
            assert_eq!(trailers.len(), usize::from(mode != SignedPayload::StreamingSigned));
        }
    }
}

#[test]
fn decoded_pieces_share_the_memory_of_the_input() {
    let (mut decoder, encoder) = upload(SignedPayload::StreamingSigned, 10);
    let body = Bytes::from(encode(SignedPayload::StreamingSigned, encoder, b"0123456789", 8192));
    let mut decoded = Vec::new();
    decoder.push(body.clone(), &mut decoded).unwrap();
    assert!(body.as_ptr_range().contains(&decoded[0].as_ptr()));
}

#[test]
fn a_body_cut_short_is_never_whole() {
    for mode in MODES {
        let (_, encoder) = upload(mode, 100);
        let body = encode(mode, encoder, &[7; 100], 8192);
        // Without its last empty line a trailer is whole already.
        let whole = if mode == SignedPayload::StreamingSigned { body.len() } else { body.len() - 2 };
        for length in 0..whole {
            let (decoder, _) = upload(mode, 100);
            let outcome = decode(decoder, std::iter::once(&body[..length]));
            assert_eq!(outcome.unwrap_err(), StreamError::Malformed, "{mode:?} cut to {length}");
        }
    }
}

#[test]
fn every_changed_bit_of_a_signed_body_is_noticed() {
    for mode in [SignedPayload::StreamingSigned, SignedPayload::StreamingSignedTrailer] {
        let (_, encoder) = upload(mode, 30);
        let body = encode(mode, encoder, &[b'a'; 30], 8192);
        for bit in 0..body.len() * 8 {
            let mut changed = body.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let (decoder, _) = upload(mode, 30);
            if let Ok((decoded, trailers)) = decode(decoder, std::iter::once(&*changed)) {
                // Names of headers have two cases and trailing lines two ends; nothing else may pass.
                assert_eq!(decoded, [b'a'; 30]);
                assert!(trailers.iter().all(|(name, value)| (name.as_str(), value.as_bytes()) == ("x-amz-checksum-crc32", b"AAAAAA==")));
            }
        }
    }
}

#[test]
fn chunks_cannot_be_swapped_or_dropped() {
    let mode = SignedPayload::StreamingSigned;
    let size = 8192;
    let (_, mut encoder) = upload(mode, 3 * size);
    let chunks: Vec<Vec<u8>> = [b'a', b'b', b'c'].iter().map(|byte| encoder.chunk(&vec![*byte; size])).collect();
    let end = encoder.end(&[]);
    let outcome = |order: &[usize]| {
        let (decoder, _) = upload(mode, order.len() * size);
        let pieces = order.iter().map(|index| &*chunks[*index]).chain(std::iter::once(&*end));
        decode(decoder, pieces).map(|_| ())
    };
    assert_eq!(outcome(&[0, 1, 2]), Ok(()));
    assert!(matches!(outcome(&[1, 0, 2]), Err(StreamError::SignatureMismatch(_))));
    assert!(matches!(outcome(&[0, 2]), Err(StreamError::SignatureMismatch(_))));
    assert!(matches!(outcome(&[0, 1]), Err(StreamError::SignatureMismatch(_))));
}

#[test]
fn the_length_must_be_as_declared() {
    let body = |size: usize| format!("{size:x}\r\n{}\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", "x".repeat(size));
    decode_text(10, &body(10)).unwrap();
    assert_eq!(decode_text(10, &body(11)).unwrap_err(), StreamError::LengthMismatch);
    assert_eq!(decode_text(10, &body(9)).unwrap_err(), StreamError::LengthMismatch);
}

#[test]
fn only_the_last_chunk_may_be_small() {
    let small = CHUNK_BYTES_MIN as usize - 1;
    let (_, mut encoder) = upload(SignedPayload::StreamingUnsignedTrailer, small + 1);
    let body = [encoder.chunk(&vec![0; small]), encoder.chunk(&[0])].concat();
    let (decoder, _) = upload(SignedPayload::StreamingUnsignedTrailer, small + 1);
    let expected = StreamError::ChunkTooSmall { chunk: 1, size_bytes: small as u64 };
    assert_eq!(decode(decoder, std::iter::once(&*body)).unwrap_err(), expected);
}

#[test]
fn hostile_frames_are_refused() {
    let frames = [
        "",
        "\r\n",
        "\n",
        "zz\r\n",
        "-1\r\n",
        "+5\r\nhello\r\n",
        "5\nhello\n0\n\n",
        "5\r\nhelloX\r\n",
        "5\r\nhello0\r\n\r\n",
        "ffffffffffffffff\r\n",
        "fffffffffffffffff\r\n",
        "10000000000000000000000000000000000000000000000\r\n",
        " 5\r\nhello\r\n",
        "5 \r\nhello\r\n",
        "5\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\r\n0\r\nx-amz-checksum-crc32",
        "5\r\nhello\r\n\u{0}\r\n",
    ];
    for frame in frames {
        assert!(decode_text(5, frame).is_err(), "{frame:?}");
    }
    let endless = format!("5;{}", "a".repeat(1 << 20));
    assert_eq!(decode_text(5, &endless).unwrap_err(), StreamError::Malformed);
}

#[test]
fn an_endless_line_is_not_gathered() {
    let (mut decoder, _) = upload(SignedPayload::StreamingUnsignedTrailer, 5);
    let mut decoded = Vec::new();
    let pushed = (0..100_000).take_while(|_| decoder.push(Bytes::from_static(b"0"), &mut decoded).is_ok()).count();
    assert!(pushed <= 1024, "{pushed}");
    assert_eq!(decoder.push(Bytes::from_static(b"\r\n"), &mut decoded), Err(StreamError::Malformed));
}

#[test]
fn only_declared_trailers_pass_and_each_once() {
    let body = |trailers: &str| format!("5\r\nhello\r\n0\r\n{trailers}\r\n");
    let checksum = "x-amz-checksum-crc32:AAAAAA==\r\n";
    let (_, trailers) = decode_text(5, &body(checksum)).unwrap();
    assert_eq!(trailers["x-amz-checksum-crc32"], "AAAAAA==");
    let refused = [
        "x-amz-checksum-sha1:AAAA\r\n",
        "no colon\r\n",
        &format!("{checksum}{checksum}"),
        &format!("{checksum}x-amz-trailer-signature:00\r\n"),
    ];
    for trailers in refused {
        assert_eq!(decode_text(5, &body(trailers)).unwrap_err(), StreamError::MalformedTrailer, "{trailers}");
    }
    assert_eq!(decode_text(5, &body("x-amz-checksum-crc32:a\u{1}b\r\n")).unwrap_err(), StreamError::MalformedTrailer);
    assert_eq!(decode_text(5, &format!("{}more", body(checksum))).unwrap_err(), StreamError::Malformed);
}

#[test]
fn chunks_whose_signatures_nobody_looks_at_are_unwrapped_all_the_same() {
    for mode in MODES {
        let (_, encoder) = upload(mode, 5);
        let body = encode(mode, encoder, b"hello", 8192);
        let name = match mode {
            SignedPayload::StreamingSigned => "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
            SignedPayload::StreamingSignedTrailer => "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
            _ => "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        };
        let headers =
            [("x-amz-content-sha256", name), ("x-amz-decoded-content-length", "5"), ("x-amz-trailer", TRAILERS[0].0)];
        let parts = parts("PUT", "http://localhost/b/k", &headers);
        let Payload::Chunked(decoder) = Payload::unverified(&Request::from(&parts)).unwrap() else { panic!("{name}") };
        assert_eq!(decoder.length(), 5);
        assert_eq!(decode(*decoder, std::iter::once(&*body)).unwrap().0, b"hello");
    }
    let plain = parts("PUT", "http://localhost/b/k", &[("x-amz-content-sha256", "UNSIGNED-PAYLOAD")]);
    assert!(matches!(Payload::unverified(&Request::from(&plain)), Ok(Payload::Unsigned)));
}

#[test]
fn a_signed_trailer_needs_its_signature() {
    let mode = SignedPayload::StreamingSignedTrailer;
    let (decoder, encoder) = upload(mode, 1);
    let body = String::from_utf8(encode(mode, encoder, b"x", 8192)).unwrap();
    let (unsigned, _) = body.split_once("x-amz-trailer-signature").unwrap();
    let outcome = decode(decoder, std::iter::once(format!("{unsigned}\r\n").as_bytes()));
    assert_eq!(outcome.unwrap_err(), StreamError::Malformed);
    let (decoder, _) = upload(mode, 1);
    let changed = body.replace("AAAAAA==", "BAAAAA==");
    let outcome = decode(decoder, std::iter::once(changed.as_bytes()));
    assert!(matches!(outcome, Err(StreamError::SignatureMismatch(_))));
}

proptest! {
    #[test]
    fn any_cut_decodes_alike(
        object in prop::collection::vec(any::<u8>(), 0..30_000),
        cuts in prop::collection::vec(1..4000_usize, 1..20),
        mode in 0..MODES.len(),
    ) {
        let (decoder, encoder) = upload(MODES[mode], object.len());
        let body = encode(MODES[mode], encoder, &object, 8192);
        let mut rest = &*body;
        let mut cuts = cuts.iter().cycle();
        let pieces = std::iter::from_fn(|| {
            let (piece, after) = rest.split_at(rest.len().min(*cuts.next()?));
            rest = after;
            (!piece.is_empty()).then_some(piece)
        });
        let (decoded, _) = decode(decoder, pieces).unwrap();
        prop_assert!(decoded == object);
    }

    #[test]
    fn any_input_is_decoded_or_refused(
        body in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"\r\n0158;:af".to_vec())], 0..400),
        length in 0..50_usize,
        mode in 0..MODES.len(),
    ) {
        let (decoder, _) = upload(MODES[mode], length);
        let whole = decode(decoder, std::iter::once(&*body));
        let (decoder, _) = upload(MODES[mode], length);
        prop_assert_eq!(whole, decode(decoder, body.chunks(1)));
    }
}
