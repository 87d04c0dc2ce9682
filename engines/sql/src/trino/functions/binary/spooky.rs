//! SpookyHash V2, Bob Jenkins's hash in the public domain: no maintained crate has it.

/// A constant that is not zero, odd, and has no pattern: the algorithm's own choice.
const SEED_CONSTANT: u64 = 0xdead_beef_dead_beef;
/// Words of the long form's state.
const WORDS: usize = 12;
const BLOCK_BYTES: usize = WORDS * 8;
/// Messages shorter than this take the short form.
const LONG_BYTES_MIN: usize = BLOCK_BYTES * 2;

/// The hash's first 64 bits, with seed zero.
pub fn hash64(message: &[u8]) -> u64 {
    if message.len() < LONG_BYTES_MIN { short(message) } else { long(message) }
}

/// The hash's first 32 bits, with seed zero.
pub fn hash32(message: &[u8]) -> u32 {
    (hash64(message) & 0xffff_ffff) as u32
}

/// The little-endian word at that byte; bytes that are missing are zero.
fn word(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    let end = bytes.len().min(at + 8);
    if at < end {
        word[..end - at].copy_from_slice(&bytes[at..end]);
    }
    u64::from_le_bytes(word)
}

fn short(message: &[u8]) -> u64 {
    let mut h = [0, 0, SEED_CONSTANT, SEED_CONSTANT];
    let mut rest = message;
    while rest.len() >= 32 {
        h[2] = h[2].wrapping_add(word(rest, 0));
        h[3] = h[3].wrapping_add(word(rest, 8));
        short_mix(&mut h);
        h[0] = h[0].wrapping_add(word(rest, 16));
        h[1] = h[1].wrapping_add(word(rest, 24));
        rest = &rest[32..];
    }
    if rest.len() >= 16 {
        h[2] = h[2].wrapping_add(word(rest, 0));
        h[3] = h[3].wrapping_add(word(rest, 8));
        short_mix(&mut h);
        rest = &rest[16..];
    }
    h[3] = h[3].wrapping_add((message.len() as u64) << 56);
    if rest.is_empty() {
        h[2] = h[2].wrapping_add(SEED_CONSTANT);
        h[3] = h[3].wrapping_add(SEED_CONSTANT);
    } else {
        h[2] = h[2].wrapping_add(word(rest, 0));
        h[3] = h[3].wrapping_add(word(rest, 8));
    }
    short_end(&mut h);
    h[0]
}

fn short_mix(h: &mut [u64; 4]) {
    const ROTATIONS: [u32; 12] = [50, 52, 30, 41, 54, 48, 38, 37, 62, 34, 5, 36];
    for (step, rotation) in ROTATIONS.into_iter().enumerate() {
        let (a, b, c) = ((step + 2) % 4, (step + 3) % 4, step % 4);
        h[a] = h[a].rotate_left(rotation).wrapping_add(h[b]);
        h[c] ^= h[a];
    }
}

fn short_end(h: &mut [u64; 4]) {
    const ROTATIONS: [u32; 11] = [15, 52, 26, 51, 28, 9, 47, 54, 32, 25, 63];
    for (step, rotation) in ROTATIONS.into_iter().enumerate() {
        let (a, b) = ((step + 3) % 4, (step + 2) % 4);
        h[a] ^= h[b];
        h[b] = h[b].rotate_left(rotation);
        h[a] = h[a].wrapping_add(h[b]);
    }
}

fn long(message: &[u8]) -> u64 {
    let mut state = [0; WORDS];
    for (index, word) in state.iter_mut().enumerate() {
        *word = if index % 3 == 2 { SEED_CONSTANT } else { 0 };
    }
    let mut blocks = message.chunks_exact(BLOCK_BYTES);
    for block in &mut blocks {
        mix(&mut state, block);
    }
    let rest = blocks.remainder();
    let mut last = [0; BLOCK_BYTES];
    last[..rest.len()].copy_from_slice(rest);
    last[BLOCK_BYTES - 1] = rest.len() as u8;
    for (index, of) in state.iter_mut().enumerate() {
        *of = of.wrapping_add(word(&last, index * 8));
    }
    for _ in 0..3 {
        end(&mut state);
    }
    state[0]
}

fn mix(state: &mut [u64; WORDS], block: &[u8]) {
    const ROTATIONS: [u32; WORDS] = [11, 32, 43, 31, 17, 28, 39, 57, 55, 54, 22, 46];
    for (index, rotation) in ROTATIONS.into_iter().enumerate() {
        let at = |offset: usize| (index + offset) % WORDS;
        state[index] = state[index].wrapping_add(word(block, index * 8));
        state[at(2)] ^= state[at(10)];
        state[at(11)] ^= state[index];
        state[index] = state[index].rotate_left(rotation);
        state[at(11)] = state[at(11)].wrapping_add(state[at(1)]);
    }
}

fn end(state: &mut [u64; WORDS]) {
    const ROTATIONS: [u32; WORDS] = [44, 15, 34, 21, 38, 33, 10, 13, 38, 53, 42, 54];
    for (index, rotation) in ROTATIONS.into_iter().enumerate() {
        let at = |offset: usize| (index + offset) % WORDS;
        state[at(11)] = state[at(11)].wrapping_add(state[at(1)]);
        state[at(2)] ^= state[at(11)];
        state[at(1)] = state[at(1)].rotate_left(rotation);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_reference() {
        assert_eq!(hash32(b""), 0x6bf5_0919);
        assert_eq!(hash32(b"hello"), 0xd382_e6ca);
        assert_eq!(hash64(b"hello"), 0x3768_826a_d382_e6ca);
        for (length, hash) in [
            (0, 0x2327_06fc_6bf5_0919),
            (1, 0x8ae2_f418_0429_1280),
            (15, 0xd9aa_86de_65dc_278b),
            (16, 0x3402_25d6_331f_2651),
            (31, 0xa396_2a6c_761f_fe09),
            (32, 0x57f5_0b68_e262_3fd2),
            (100, 0x227a_7341_0f9a_8c4c),
            (191, 0x7104_3a03_b5bb_462f),
            (192, 0x02d1_3f94_b2a3_1a54),
            (250, 0xdf1b_56f0_7365_12ac),
            (288, 0xcd19_59f5_c2c4_5178),
            (300, 0x7c86_3b37_33cc_61fa),
            (1_000, 0xe0fb_b544_72b2_d8be),
        ] {
            let message: Vec<u8> = (0..length).map(|index: u32| (index % 256) as u8).collect();
            assert_eq!(hash64(&message), hash, "{length} bytes");
        }
    }
}
