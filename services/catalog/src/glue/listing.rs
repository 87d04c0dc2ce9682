//! Lists: how a page of them is cut, and where the next one begins.

use haar_platform::kernel::Ctx;
use haar_platform::store::StoreError;

use super::error::Error;

/// Rows that one page looks at. With filters a page can come back short, or empty, and say where to go on; AWS does
/// the same.
const EXAMINED_MAX: usize = 10_000;

/// Items of a page, where the caller does not say.
pub const PAGE_DEFAULT: usize = 100;

/// A part of a list.
pub struct Page<T> {
    /// What was chosen.
    pub items: Vec<T>,
    /// The last row that was looked at, if there are more.
    pub next: Option<String>,
}

/// Takes up to `size_max` of what `choose` makes of the rows. Rows come with what a later page begins behind.
pub fn cut<R, T>(
    rows: impl Iterator<Item = Result<(String, R), StoreError>>,
    size_max: usize,
    mut choose: impl FnMut(&str, R) -> Result<Option<T>, Error>,
) -> Result<Page<T>, Error> {
    let mut page = Page { items: Vec::new(), next: None };
    let mut last = None;
    for (examined, row) in rows.enumerate() {
        if page.items.len() == size_max || examined == EXAMINED_MAX {
            page.next = last;
            break;
        }
        let (cursor, row) = row?;
        page.items.extend(choose(&cursor, row)?);
        last = Some(cursor);
    }
    Ok(page)
}

/// The size of a page.
pub fn size(max_results: Option<i32>) -> usize {
    max_results.and_then(|max| usize::try_from(max).ok()).unwrap_or(PAGE_DEFAULT)
}

/// What a page begins behind; all rows are behind the empty one. Clients send an empty token for the first page.
pub fn cursor(ctx: &Ctx, scope: &str, token: Option<String>) -> Result<String, Error> {
    match token.filter(|token| !token.is_empty()) {
        None => Ok(String::new()),
        Some(token) => {
            ctx.page_cursor(scope, &token).map_err(|_| Error::invalid("The NextToken that was provided is not valid."))
        }
    }
}
