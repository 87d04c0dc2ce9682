//! `regexp_replace` with a lambda, which makes the replacement out of each match's groups.

use arrow::array::{Array, ArrayRef, AsArray, ListBuilder, StringViewBuilder, UInt32Array};
use datafusion::error::DataFusionError;

use crate::trino::functions::regexp::Pattern;

use super::call::LambdaCall;

/// The text with all matches replaced; null where the lambda gives null for one of them.
pub(super) fn regexp_replace(call: &LambdaCall) -> Result<ArrayRef, DataFusionError> {
    let (texts, patterns) = (call.value(0)?.as_string_view(), call.value(1)?.as_string_view());
    let valid = |row: usize| texts.is_valid(row) && patterns.is_valid(row);
    let mut groups = ListBuilder::new(StringViewBuilder::new());
    let mut rows = Vec::new();
    let mut places = Vec::new();
    for row in (0..call.rows).filter(|row| valid(*row)) {
        let text = texts.value(row);
        Pattern::cached(patterns.value(row))?.each_captures(text, |found| {
            for group in &found[1..] {
                groups.values().append_option(group.map(|(begin, end)| &text[begin..end]));
            }
            groups.append(true);
            // A batch has far fewer rows than that.
            rows.push(u32::try_from(row).unwrap_or(u32::MAX));
            places.push(found[0].unwrap_or_default());
            Ok(())
        })?;
    }
    let groups: ArrayRef = std::sync::Arc::new(groups.finish());
    let replacements = call.apply(2, &[groups], &UInt32Array::from(rows.clone()))?;
    let replacements = replacements.as_string_view();
    let mut matches = rows.iter().zip(places).enumerate().peekable();
    let mut results = StringViewBuilder::with_capacity(call.rows);
    for row in 0..call.rows {
        if !valid(row) {
            results.append_null();
            continue;
        }
        let text = texts.value(row);
        let (mut out, mut last, mut whole) = (String::with_capacity(text.len()), 0, true);
        while let Some((index, (_, (begin, end)))) = matches.next_if(|(_, (of, _))| **of as usize == row) {
            out.push_str(&text[last..begin]);
            last = end;
            if replacements.is_valid(index) {
                out.push_str(replacements.value(index));
            } else {
                whole = false;
            }
        }
        out.push_str(&text[last..]);
        results.append_option(whole.then_some(out));
    }
    Ok(std::sync::Arc::new(results.finish()))
}
