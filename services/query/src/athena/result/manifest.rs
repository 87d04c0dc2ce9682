//! The list of files that CTAS, INSERT or UNLOAD wrote: `<id>-manifest.csv`, one URL a line.

use crate::athena::location::Location;

/// Where the manifest of an execution is, beside its other files: `result_file` is the common beginning of their names.
pub fn location(result_file: &Location) -> Location {
    // A prepared statement that writes was started as one that answers rows.
    let base = result_file.key.strip_suffix(".csv").unwrap_or(&result_file.key);
    Location { bucket: result_file.bucket.clone(), key: format!("{base}-manifest.csv") }
}

/// The file's bytes.
pub fn encode<'a>(files: impl IntoIterator<Item = &'a Location>) -> String {
    let mut text = String::new();
    for file in files {
        text.push_str(&file.to_string());
        text.push('\n');
    }
    text
}
