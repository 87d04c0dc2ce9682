//! Fuzzes `recognition`, which the tests of `haar-wire` run too.
#![no_main]

#[path = "decoders.rs"]
mod decoders;

libfuzzer_sys::fuzz_target!(|data: &[u8]| decoders::targets::recognition(data));
