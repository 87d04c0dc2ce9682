//! Lists of parameters: where to look for them, and how a page of them is cut.

use haar_platform::kernel::Ctx;
use haar_platform::store::{Read, Span, StoreError};

use super::error::Error;
use super::model::{BY_PARENT, PARAMETERS, Parameter};
use super::name::Path;
use super::place::Place;

/// Parameters that one page looks at. With filters a page can come back short, or empty, and say where to go on; AWS
/// does the same.
const EXAMINED_MAX: usize = 10_000;

/// Where the parameters of a list are.
pub enum Source {
    /// Among all of the region.
    All,
    /// At any depth below a path.
    Below(Path),
    /// On the level of a path.
    Level(Path),
    /// Under these names, in order.
    Names(Vec<String>),
}

type Entries<'a> = Box<dyn Iterator<Item = Result<(String, Parameter), StoreError>> + 'a>;

impl Source {
    /// The parameters behind the name `after`, in the order of their names.
    pub fn entries<'a>(&'a self, read: &'a impl Read, place: &'a Place, after: &str) -> Entries<'a> {
        let here = place.prefix();
        let span = |span: Span<_>| {
            let rest = span.after(&place.key(after));
            let entries = read.scan(PARAMETERS, rest);
            Box::new(entries.map(|entry| entry.map(|((_, _, name), parameter)| (name, parameter))))
        };
        match self {
            Self::All => span(Span::under(here)),
            Self::Below(path) if path.is_root() => span(Span::under(here)),
            Self::Below(path) => span(Span::starting(here, &format!("{}/", path.as_str()))),
            Self::Level(path) => {
                let level = Span::between(here, path.as_str()..=path.as_str());
                let rest = level.after_entry(&place.key(path.as_str()), &place.key(after));
                let entries = read.scan_index(BY_PARENT, rest);
                Box::new(entries.map(|entry| entry.map(|(_, (_, _, name), parameter)| (name, parameter))))
            }
            Self::Names(names) => {
                let rest = names.partition_point(|name| name.as_str() <= after);
                Box::new(names[rest..].iter().filter_map(move |name| {
                    let found = read.get(PARAMETERS, &place.key(name)).transpose()?;
                    Some(found.map(|parameter| (name.clone(), parameter)))
                }))
            }
        }
    }
}

/// A part of a list, and where the next part begins.
pub struct Page<T> {
    /// What was chosen.
    pub items: Vec<T>,
    /// The last name that was looked at, if there are more.
    pub next: Option<String>,
}

/// Takes up to `size_max` of what `choose` makes of the entries.
pub fn cut<T>(
    entries: Entries<'_>,
    size_max: usize,
    mut choose: impl FnMut(&str, Parameter) -> Result<Option<T>, Error>,
) -> Result<Page<T>, Error> {
    let mut page = Page { items: Vec::new(), next: None };
    let mut last = None;
    for (examined, entry) in entries.enumerate() {
        if page.items.len() == size_max || examined == EXAMINED_MAX {
            page.next = last;
            break;
        }
        let (name, parameter) = entry?;
        page.items.extend(choose(&name, parameter)?);
        last = Some(name);
    }
    Ok(page)
}

/// The name behind which a page begins: all names are behind the empty one.
pub fn cursor(ctx: &Ctx, scope: &str, token: Option<String>) -> Result<String, Error> {
    match token {
        None => Ok(String::new()),
        Some(token) => ctx.page_cursor(scope, &token).map_err(|_| Error::InvalidNextToken),
    }
}
