//! The lake beside nginx, dd and DuckDB: objects, queries, crawls.

pub mod crawl;
pub mod get_object;
pub mod list_objects;
pub mod memory;
pub mod put_object;
mod query;
pub mod tpch;

use anyhow::Result;

use crate::load::Connection;
use crate::requests;

/// The bucket of the figures.
const BUCKET: &str = "bench";

async fn create_bucket(address: &str) -> Result<()> {
    Connection::to(address).succeed(&requests::s3(address, "PUT", &format!("/{BUCKET}"))).await?;
    Ok(())
}

/// Puts one object whose bytes are all there.
async fn put(address: &str, key: &str, body: &[u8]) -> Result<()> {
    let head = requests::s3_put_head(address, &format!("/{BUCKET}/{key}"), body.len() as u64);
    Connection::to(address).upload(&head, body.len() as u64, body).await
}

/// Bytes that do not compress, the same at every call.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}
