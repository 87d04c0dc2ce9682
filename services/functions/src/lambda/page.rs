//! Pages of Lambda's lists: at most fifty, and a marker for the next.

use haar_platform::kernel::Ctx;

use super::error::LambdaError;

/// Items of a page, however many are asked for.
const ITEMS_MAX: i32 = 50;

/// How many items a page holds.
pub fn size(asked: Option<i32>) -> usize {
    asked.unwrap_or(ITEMS_MAX).clamp(1, ITEMS_MAX).unsigned_abs() as usize
}

/// Where a page begins.
pub fn cursor(ctx: &Ctx, scope: &str, marker: Option<&str>) -> Result<Option<String>, LambdaError> {
    // Some clients send an empty marker for the first page.
    let marker = marker.filter(|marker| !marker.is_empty());
    let opened = marker.map(|marker| ctx.page_cursor(scope, marker)).transpose();
    opened.map_err(|_| LambdaError::invalid("The marker is not valid."))
}
