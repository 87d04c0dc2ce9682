//! Lists: how a page of them is cut, and where the next one begins.

use haar_platform::kernel::Ctx;
use haar_platform::store::{Span, StoreError};

use super::error::Error;
use super::model::HistoryKey;
use super::place::Place;

/// Items of a page, where the caller does not say: also the most that most lists give.
pub const PAGE_DEFAULT: usize = 50;

/// A part of a list.
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// The token of the next one.
    pub next: Option<String>,
}

/// Takes up to `size` rows, which come with what a later page begins behind.
pub fn cut<T>(
    ctx: &Ctx,
    scope: &str,
    rows: impl Iterator<Item = Result<(String, T), StoreError>>,
    size: usize,
) -> Result<Page<T>, Error> {
    let mut page = Page { items: Vec::new(), next: None };
    let mut last = None;
    for row in rows {
        if page.items.len() == size {
            page.next = last.map(|cursor: String| ctx.page_token(scope, &cursor));
            break;
        }
        let (cursor, item) = row?;
        page.items.push(item);
        last = Some(cursor);
    }
    Ok(page)
}

/// The size of a page. Athena takes zero for "as many as there may be".
pub fn size(max_results: Option<i32>) -> usize {
    max_results.and_then(|max| usize::try_from(max).ok()).filter(|max| *max > 0).unwrap_or(PAGE_DEFAULT)
}

/// What a page begins behind; all rows are behind the empty one.
pub fn cursor(ctx: &Ctx, scope: &str, token: Option<String>) -> Result<String, Error> {
    match token {
        None => Ok(String::new()),
        Some(token) => ctx.page_cursor(scope, &token).map_err(|_| Error::invalid("Invalid NextToken.")),
    }
}

/// What of a workgroup's history comes behind a cursor.
pub fn history(place: &Place, number: u64, after: &str) -> Span<HistoryKey> {
    let (account, region) = place.prefix();
    let span = Span::under((account, region, number));
    match after.split_once('/').and_then(|(order, id)| Some((order.parse::<i64>().ok()?, id))) {
        Some((order, id)) => span.after(&(account, region, number, order, id)),
        None => span,
    }
}

/// What a page of a history ends with.
pub fn history_cursor(order: i64, id: &str) -> String {
    format!("{order}/{id}")
}
