//! Pages of lists: `Marker`, `MaxItems` and `IsTruncated`.

use haar_platform::kernel::Ctx;
use haar_platform::store::StoreError;

use super::error::Error;

/// Items of a page that asks for no number.
const ITEMS_DEFAULT: usize = 100;

/// The page that a caller asks for.
pub struct PageRequest {
    scope: String,
    after: Option<String>,
    items_max: usize,
}

/// A page, and the marker of the next.
pub struct Page<T> {
    pub items: Vec<T>,
    pub marker: Option<String>,
}

impl PageRequest {
    /// `scope` is the operation and all that selects its items: a marker is good for the same selection only.
    pub fn read(ctx: &Ctx, scope: String, marker: Option<&str>, max_items: Option<i32>) -> Result<Self, Error> {
        // IAM is global: a marker is good in every region, but tokens are bound to one.
        let after = marker
            .map(|marker| ctx.house.pager.open(&bound(ctx, &scope), marker))
            .transpose()
            .map_err(|_| Error::ValidationError("Invalid Marker.".into()))?;
        let items_max = max_items.and_then(|items| usize::try_from(items).ok());
        Ok(Self { scope, after, items_max: items_max.unwrap_or(ITEMS_DEFAULT) })
    }

    /// The cursor that the last page ended with.
    pub fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// Takes a page's worth of items, each with the cursor that stands for it, from a list that begins behind
    /// [`PageRequest::after`].
    pub fn fill<T>(
        &self,
        ctx: &Ctx,
        mut items: impl Iterator<Item = Result<(String, T), StoreError>>,
    ) -> Result<Page<T>, Error> {
        let mut page = Vec::new();
        let mut last = String::new();
        while page.len() < self.items_max {
            let Some((cursor, item)) = items.next().transpose()? else {
                return Ok(Page { items: page, marker: None });
            };
            page.push(item);
            last = cursor;
        }
        let more = items.next().transpose()?.is_some();
        let marker = more.then(|| ctx.house.pager.seal(&bound(ctx, &self.scope), &last));
        Ok(Page { items: page, marker })
    }

    /// A page of a short list that is whole in memory. Its cursor is a position.
    pub fn cut<T>(&self, ctx: &Ctx, items: impl IntoIterator<Item = T>) -> Result<Page<T>, Error> {
        let start = self.after().and_then(|position| position.parse().ok()).unwrap_or(0);
        let numbered = items.into_iter().enumerate().skip(start);
        self.fill(ctx, numbered.map(|(index, item)| Ok(((index + 1).to_string(), item))))
    }
}

impl<T> Page<T> {
    /// What `IsTruncated` says.
    pub fn is_truncated(&self) -> bool {
        self.marker.is_some()
    }

    /// Each item in another form.
    pub fn map<U>(self, form: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(form).collect(), marker: self.marker }
    }
}

fn bound(ctx: &Ctx, scope: &str) -> String {
    format!("iam/{}/{scope}", ctx.account)
}
