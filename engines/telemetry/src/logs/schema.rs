//! The fixed schema of log events, as scans answer it and as segments keep it.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// The columns of a scan, in the order of the schema: what [`super::Scan::projection`] lists.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Column {
    /// The partition's name. `Utf8View`.
    Group = 0,
    /// The stream's name. `Utf8View`.
    Stream = 1,
    /// When it happened, as the sender says. `Timestamp(Millisecond)`.
    Timestamp = 2,
    /// When it came. `Timestamp(Millisecond)`.
    Ingestion = 3,
    /// `Utf8View`.
    Message = 4,
    /// Unique in the store, and growing in the order of arrival. `UInt64`.
    Sequence = 5,
}

impl Column {
    /// In the order of the schema.
    pub const ALL: [Self; 6] =
        [Self::Group, Self::Stream, Self::Timestamp, Self::Ingestion, Self::Message, Self::Sequence];

    fn field(self) -> Field {
        let time = DataType::Timestamp(TimeUnit::Millisecond, None);
        match self {
            Self::Group => Field::new("group", DataType::Utf8View, false),
            Self::Stream => Field::new("stream", DataType::Utf8View, false),
            Self::Timestamp => Field::new("timestamp", time, false),
            Self::Ingestion => Field::new("ingestion", time, false),
            Self::Message => Field::new("message", DataType::Utf8View, false),
            Self::Sequence => Field::new("sequence", DataType::UInt64, false),
        }
    }
}

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| Arc::new(Schema::new(Column::ALL.map(Column::field).to_vec())));

/// All columns: `group`, `stream`, `timestamp`, `ingestion`, `message`, `sequence`.
pub fn schema() -> SchemaRef {
    SCHEMA.clone()
}

/// The schema of a projection, in the order of the columns given.
pub fn projected(columns: &[Column]) -> SchemaRef {
    Arc::new(Schema::new(columns.iter().map(|column| column.field()).collect::<Vec<_>>()))
}

/// Columns of a segment's file: the stream by its id, and no group, because a segment has only one.
static STORED: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        Field::new("stream", DataType::UInt64, false),
        Column::Timestamp.field(),
        Column::Ingestion.field(),
        Column::Message.field(),
        Column::Sequence.field(),
    ]))
});

/// Where the columns are in a segment's file.
pub(super) mod stored {
    pub(in super::super) const STREAM: usize = 0;
    pub(in super::super) const TIMESTAMP: usize = 1;
    pub(in super::super) const INGESTION: usize = 2;
    pub(in super::super) const MESSAGE: usize = 3;
    pub(in super::super) const SEQUENCE: usize = 4;
}

pub(super) fn stored_schema() -> SchemaRef {
    STORED.clone()
}
