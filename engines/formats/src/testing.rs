//! Objects of bytes and tables of words, for the tests of this crate.

use std::ops::Range;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use bytes::Bytes;
use haar_kernel::Timestamp;
use haar_kernel::objects::{ObjectMeta, ObjectsError, OpenObject};

use crate::format::{Storage, TableFormat};
use crate::types::{Column, HiveType};

struct Object {
    meta: ObjectMeta,
    bytes: Bytes,
}

impl OpenObject for Object {
    fn meta(&self) -> &ObjectMeta {
        &self.meta
    }

    fn read_at(&self, range: Range<u64>) -> Result<Bytes, ObjectsError> {
        assert!(range.end <= self.meta.size, "reads lie within the object");
        Ok(self.bytes.slice(range.start as usize..range.end as usize))
    }
}

/// An object of these bytes under this key.
pub fn object(key: &str, bytes: impl Into<Bytes>) -> Arc<dyn OpenObject> {
    let bytes = bytes.into();
    let meta = ObjectMeta {
        key: key.to_owned(),
        size: bytes.len() as u64,
        etag: "etag".into(),
        modified: Timestamp::from_millis(0),
        readable: true,
    };
    Arc::new(Object { meta, bytes })
}

/// The format of a table with this SerDe and these properties.
pub fn table(serde: &str, properties: &[(&str, &str)]) -> TableFormat {
    let properties = properties.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let none = std::collections::BTreeMap::new();
    let storage = Storage {
        input_format: None,
        serde_library: Some(serde),
        serde_parameters: &properties,
        table_parameters: &none,
    };
    TableFormat::of(&storage).expect("the test's table makes sense")
}

/// Columns as in `a int, b array<string>`: a comma and a blank between them.
pub fn columns(text: &str) -> Vec<Column> {
    let columns = text.split(", ").filter(|column| !column.is_empty());
    let parsed = columns.map(|column| {
        let (name, hive_type) = column.split_once(' ').expect("a name and a type");
        Column::new(name, HiveType::parse(hive_type).expect("a type"))
    });
    parsed.collect()
}

/// All rows of an object with all columns; see [`show`].
pub fn read_rows(format: &TableFormat, source: Arc<dyn OpenObject>, text: &str) -> Result<Vec<String>, String> {
    let columns = columns(text);
    let all: Vec<usize> = (0..columns.len()).collect();
    let batches = format.read(source, None, &columns, &all, 2).map_err(|error| error.to_string())?;
    let mut rows = Vec::new();
    for batch in batches {
        let batch = batch.map_err(|error| error.to_string())?;
        for (column, field) in columns.iter().zip(batch.schema().fields()) {
            assert_eq!(field.data_type(), &column.hive_type.arrow(), "the layout is the type's");
        }
        rows.extend(show(&batch));
    }
    Ok(rows)
}

/// The rows of a batch: values between bars, NULL in words.
pub fn show(batch: &RecordBatch) -> Vec<String> {
    let options = FormatOptions::new().with_null("NULL");
    let columns = batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).expect("shown"));
    let columns: Vec<_> = columns.collect();
    let row = |at| columns.iter().map(|column| column.value(at).to_string()).collect::<Vec<_>>().join("|");
    (0..batch.num_rows()).map(row).collect()
}
