//! What a query runs in: who asks, where its unqualified names live, what time it is.

use haar_kernel::timestamp::Timestamp;

/// How SQL is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Trino, as Athena engine version 3 documents it.
    Trino,
}

/// The surroundings of one query.
#[derive(Clone, Debug)]
pub struct Session {
    /// Where names without a catalog are looked for: `awsdatacatalog`.
    pub catalog: String,
    /// Where names without a schema are looked for.
    pub schema: Option<String>,
    /// What `current_user` answers.
    pub user: String,
    /// What `now()` answers: the query's start.
    pub now: Timestamp,
    /// The zone of `current_timestamp` and of casts between times with and without a zone: `UTC` on Athena.
    pub zone: String,
    /// In the names of files that are written, and in logs.
    pub query_id: String,
    /// What stands for `?`, in order, each an SQL expression as text: `'a'`, `12`, `DATE '2020-01-01'`.
    pub parameters: Vec<String>,
    /// The query fails when it has read more than this (a workgroup's cutoff).
    pub scan_bytes_max: Option<u64>,
}

impl Session {
    /// A session as Athena begins it.
    pub fn new(catalog: &str, schema: Option<&str>, user: &str, now: Timestamp, query_id: &str) -> Self {
        Self {
            catalog: catalog.to_lowercase(),
            schema: schema.map(str::to_lowercase),
            user: user.to_owned(),
            now,
            zone: "UTC".to_owned(),
            query_id: query_id.to_owned(),
            parameters: Vec::new(),
            scan_bytes_max: None,
        }
    }
}
