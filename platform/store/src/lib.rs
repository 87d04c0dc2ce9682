//! Durable typed tables, blobs, an append-only log and sealed secrets.
