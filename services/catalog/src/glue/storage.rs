//! Where and how the data of a table or partition is stored, as the catalog keeps it.

use haar_platform::aws::glue as aws;
use haar_platform::kernel::Fault;

use super::kept::{Map, kept};

kept! {
    /// A column, or a partition key.
    Column of aws::Column {
        name: String,
        r#type: Option<String>,
        comment: Option<String>,
        parameters: Option<Map>,
    }
}

kept! {
    /// The largest part of the catalog: it is stored as it was sent.
    StorageDescriptor of aws::StorageDescriptor {
        columns: Option<Vec<Column>>,
        location: Option<String>,
        additional_locations: Option<Vec<String>>,
        input_format: Option<String>,
        output_format: Option<String>,
        compressed: Option<bool>,
        number_of_buckets: Option<i32>,
        serde_info: Option<SerDeInfo>,
        bucket_columns: Option<Vec<String>>,
        sort_columns: Option<Vec<Order>>,
        parameters: Option<Map>,
        skewed_info: Option<SkewedInfo>,
        stored_as_sub_directories: Option<bool>,
    } refused { schema_reference }
}

kept! {
    /// How rows are read and written.
    SerDeInfo of aws::SerDeInfo {
        name: Option<String>,
        serialization_library: Option<String>,
        parameters: Option<Map>,
    }
}

kept! {
    /// A column that buckets are sorted by.
    Order of aws::Order { column: String, sort_order: i32 }
}

kept! {
    /// Values that appear very often.
    SkewedInfo of aws::SkewedInfo {
        skewed_column_names: Option<Vec<String>>,
        skewed_column_values: Option<Vec<String>>,
        skewed_column_value_location_maps: Option<Map>,
    }
}

/// Refuses the parts of a storage descriptor that nobody here would honour.
pub fn check(descriptor: Option<&aws::StorageDescriptor>) -> Result<(), Fault> {
    match descriptor.and_then(|descriptor| descriptor.schema_reference.as_ref()) {
        Some(_) => Err(Fault::not_served("glue tables with a schema in a registry (SchemaReference)")),
        None => Ok(()),
    }
}

/// A storage descriptor as Glue answers it: what was not sent and has a default is filled in.
pub fn answer(kept: StorageDescriptor) -> aws::StorageDescriptor {
    let shown = super::kept::Kept::show(kept);
    aws::StorageDescriptor {
        compressed: shown.compressed.or(Some(false)),
        number_of_buckets: shown.number_of_buckets.or(Some(0)),
        stored_as_sub_directories: shown.stored_as_sub_directories.or(Some(false)),
        ..shown
    }
}
