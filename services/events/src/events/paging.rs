//! Pages of lists.

use haar_platform::kernel::Ctx;

use super::error::Error;

/// Items of a page, unless the call asks for fewer.
const PAGE_SIZE: i32 = 100;

/// A part of a list.
pub struct Page<T> {
    pub items: Vec<T>,
    /// The token of the next part.
    pub next: Option<String>,
}

/// Cuts a page out of a sorted list, behind the item that the token names.
pub fn cut<T>(
    ctx: &Ctx,
    scope: &str,
    token: Option<String>,
    limit: Option<i32>,
    mut items: Vec<T>,
    name: impl Fn(&T) -> &str,
) -> Result<Page<T>, Error> {
    if let Some(token) = token {
        let invalid = |_| Error::parameter("NextToken", "Invalid token");
        let cursor = ctx.page_cursor(scope, &token).map_err(invalid)?;
        let start = items.partition_point(|item| name(item) <= cursor.as_str());
        items.drain(..start);
    }
    let size = limit.unwrap_or(PAGE_SIZE).max(1) as usize;
    let more = items.len() > size;
    items.truncate(size);
    let next = items.last().filter(|_| more).map(|last| ctx.page_token(scope, name(last)));
    Ok(Page { items, next })
}
