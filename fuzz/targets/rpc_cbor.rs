//! Fuzzes `rpc_cbor`, which the tests of `haar-wire` run too.
#![no_main]

#[path = "decoders.rs"]
mod decoders;

libfuzzer_sys::fuzz_target!(|data: &[u8]| decoders::targets::rpc_cbor(data));
