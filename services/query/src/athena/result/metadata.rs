//! The file beside a result that says what its columns are: `<id>.csv.metadata`.
//!
//! AWS does not document it; drivers that read results from S3 know it. It is a protobuf message with the engine's own
//! query id (1) and, for each column (4), catalog (1), name (4), label (5), type (6), precision (7), scale (8), nullable
//! (9: 3 is unknown) and case sensitivity (10). Nested types have no precision, scale or case.

use haar_platform::kernel::{Timestamp, ids};

use crate::athena::model::ResultColumn;

const UNKNOWN: u64 = 3;

/// The file's bytes.
pub fn encode(engine_query_id: &str, columns: &[ResultColumn]) -> Vec<u8> {
    let mut out = Vec::new();
    push_bytes(&mut out, 1, engine_query_id.as_bytes());
    for column in columns {
        let mut inner = Vec::new();
        push_bytes(&mut inner, 1, b"hive");
        push_bytes(&mut inner, 4, column.name.as_bytes());
        push_bytes(&mut inner, 5, column.name.as_bytes());
        push_bytes(&mut inner, 6, column.kind.as_bytes());
        let is_nested = matches!(column.kind.as_str(), "array" | "map" | "row");
        if !is_nested {
            push_number(&mut inner, 7, u64::try_from(column.precision).unwrap_or_default());
            push_number(&mut inner, 8, u64::try_from(column.scale).unwrap_or_default());
        }
        push_number(&mut inner, 9, UNKNOWN);
        if !is_nested {
            push_number(&mut inner, 10, u64::from(column.case_sensitive));
        }
        push_bytes(&mut out, 4, &inner);
    }
    out
}

/// An id as the engine gives its queries: `20190423_125128_00001_ehtur`.
pub fn engine_query_id(now: Timestamp) -> String {
    let digits = ids::from_alphabet(5, b"0123456789");
    let letters = ids::from_alphabet(5, b"abcdefghijkmnpqrstuvwxyz23456789");
    format!("{}_{digits}_{letters}", now.format("%Y%m%d_%H%M%S"))
}

fn push_number(out: &mut Vec<u8>, field: u8, number: u64) {
    out.push(field << 3);
    push_varint(out, number);
}

fn push_bytes(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    out.push(field << 3 | 2);
    push_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn push_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, kind: &str, precision: i32) -> ResultColumn {
        ResultColumn { name: name.into(), kind: kind.into(), precision, scale: 0, case_sensitive: false }
    }

    /// The bytes of a file that Athena wrote, as a driver's tests have it.
    #[test]
    fn a_scalar_column_has_all_members() {
        let bytes = encode("20190513_152236_00114_n7swu", &[column("_col0", "integer", 10)]);
        let mut expected = b"\x0a\x1b20190513_152236_00114_n7swu".to_vec();
        expected.extend_from_slice(b"\"\x25\x0a\x04hive\"\x05_col0*\x05_col02\x07integer8\x0a@\x00H\x03P\x00");
        assert_eq!(bytes, expected);
    }

    #[test]
    fn a_nested_column_has_no_precision() {
        let bytes = encode("20190423_125128_00001_ehtur", &[column("ary", "array", 0)]);
        let mut expected = b"\x0a\x1b20190423_125128_00001_ehtur".to_vec();
        expected.extend_from_slice(b"\"\x19\x0a\x04hive\"\x03ary*\x03ary2\x05arrayH\x03");
        assert_eq!(bytes, expected);
    }

    #[test]
    fn an_engines_id_begins_with_the_time() {
        let id = engine_query_id(Timestamp::from_seconds(1_556_023_888));
        assert!(id.starts_with("20190423_125128_"));
        assert_eq!(id.len(), 27);
    }
}
