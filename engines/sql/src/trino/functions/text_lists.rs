//! Builds results of type array(varchar), row by row.

use std::sync::Arc;

use arrow::array::{ArrayRef, ListBuilder, StringViewBuilder};

use crate::error::SqlError;

use super::call::Call;

/// The array of one row while it is made.
pub(crate) struct Texts<'a>(&'a mut StringViewBuilder);

impl Texts<'_> {
    pub(crate) fn push(&mut self, text: &str) {
        self.0.append_value(text);
    }

    pub(crate) fn push_option(&mut self, text: Option<&str>) {
        self.0.append_option(text);
    }
}

impl Call<'_> {
    /// A result of arrays of text; rows that lack an argument are not asked for.
    pub(crate) fn to_text_lists(
        &self,
        mut row: impl FnMut(usize, &mut Texts) -> Result<(), SqlError>,
    ) -> Result<ArrayRef, SqlError> {
        let mut builder = ListBuilder::new(StringViewBuilder::new());
        for index in 0..self.rows {
            if self.is_valid(index) {
                row(index, &mut Texts(builder.values()))?;
                builder.append(true);
            } else {
                builder.append_null();
            }
        }
        Ok(Arc::new(builder.finish()))
    }
}
