//! SearchTables: tables of all databases by their words, names and times.
//!
//! <https://docs.aws.amazon.com/glue/latest/webapi/API_SearchTables.html>

use std::cmp::Ordering;

use haar_platform::aws::glue as aws;
use haar_platform::kernel::{Access, Ctx, Fault, Timestamp};
use haar_platform::store::{Read, Span};

use super::Glue;
use super::access::Touch;
use super::error::Error;
use super::listing;
use super::model::{DATABASES, TABLES, Table};
use super::name::{DatabaseName, TableName};
use super::place::Place;
use super::table;

/// All tables.
pub fn access(ctx: &Ctx, glue: &Glue, input: &aws::SearchTablesRequest) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.table("*", "*")?.done()
}

/// SearchTables. Each page looks at all tables, because any of them may sort first.
pub async fn search(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::SearchTablesRequest,
) -> Result<aws::SearchTablesResponse, Error> {
    let place = Place::enter(ctx, input.catalog_id.as_deref())?;
    let scope = format!(
        "glue:SearchTables {} {:?} {:?} {:?}",
        place.account, input.filters, input.search_text, input.sort_criteria
    );
    let skipped: usize = listing::cursor(ctx, &scope, input.next_token)?.parse().unwrap_or_default();
    if matches!(input.resource_share_type, Some(aws::ResourceShareType::Foreign | aws::ResourceShareType::Federated)) {
        return Ok(aws::SearchTablesResponse { next_token: None, table_list: Some(Vec::new()) });
    }
    let filters: Vec<Filter> =
        input.filters.unwrap_or_default().into_iter().map(Filter::parse).collect::<Result<_, _>>()?;
    let text = input.search_text.as_deref().map(SearchText::parse);
    let order: Vec<Sorting> =
        input.sort_criteria.unwrap_or_default().into_iter().map(Sorting::parse).collect::<Result<_, _>>()?;

    let read = glue.store.snapshot();
    let mut hits: Vec<Hit> = Vec::new();
    for row in read.scan(DATABASES, Span::under(place.prefix())) {
        let ((_, _, database), record) = row?;
        for row in read.scan(TABLES, Span::under((record.number,))) {
            let ((_, name), table) = row?;
            let seen = Seen { database: &database, name: &name, table: &table };
            if filters.iter().all(|filter| filter.fits(&seen)) && text.as_ref().is_none_or(|text| text.fits(&seen)) {
                let rank = order.iter().map(|sorting| seen.field(sorting.field)).collect();
                hits.push(Hit { rank, number: record.number, database: database.clone(), name });
            }
        }
    }
    hits.sort_by(|one, other| one.cmp_by(other, &order));
    let size_max = listing::size(input.max_results);
    let end = skipped.saturating_add(size_max).min(hits.len());
    let mut found = Vec::new();
    for hit in hits.get(skipped..end).unwrap_or_default() {
        // Both reads see one snapshot: what was a hit is there.
        if let Some(record) = read.get(TABLES, &(hit.number, hit.name.as_str()))? {
            found.push(table::show(&place, &DatabaseName::of(&hit.database), &TableName::of(&hit.name), record));
        }
    }
    let next_token = (end < hits.len()).then(|| ctx.page_token(&scope, &end.to_string()));
    Ok(aws::SearchTablesResponse { next_token, table_list: Some(found) })
}

/// A property of tables that can be filtered and sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Name,
    DatabaseName,
    Description,
    Owner,
    TableType,
    CreatedBy,
    Location,
    CreateTime,
    UpdateTime,
    LastAccessTime,
}

impl Field {
    fn parse(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "name" => Self::Name,
            "databasename" => Self::DatabaseName,
            "description" => Self::Description,
            "owner" => Self::Owner,
            "tabletype" => Self::TableType,
            "createdby" => Self::CreatedBy,
            "location" => Self::Location,
            "createtime" => Self::CreateTime,
            "updatetime" => Self::UpdateTime,
            "lastaccesstime" => Self::LastAccessTime,
            _ => return None,
        })
    }
}

/// What a property is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Content {
    Text(String),
    Time(Timestamp),
}

/// A table that is looked at.
struct Seen<'a> {
    database: &'a str,
    name: &'a str,
    table: &'a Table,
}

impl Seen<'_> {
    fn field(&self, field: Field) -> Content {
        let (version, input) = (&self.table.version, &self.table.version.input);
        let location = || input.storage_descriptor.as_ref().and_then(|storage| storage.location.as_deref());
        let text = match field {
            Field::Name => Some(self.name),
            Field::DatabaseName => Some(self.database),
            Field::Description => input.description.as_deref(),
            Field::Owner => input.owner.as_deref(),
            Field::TableType => input.table_type.as_deref(),
            Field::CreatedBy => Some(self.table.created_by.as_str()),
            Field::Location => location(),
            Field::CreateTime => return Content::Time(self.table.created),
            Field::UpdateTime => return Content::Time(version.updated),
            Field::LastAccessTime => return Content::Time(input.last_access_time.unwrap_or_default()),
        };
        Content::Text(text.unwrap_or_default().to_lowercase())
    }

    /// Everything about the table that is text.
    fn texts(&self) -> Vec<&str> {
        let input = &self.table.version.input;
        let mut texts = vec![self.database, self.name];
        texts.extend([&input.description, &input.owner, &input.table_type].into_iter().flatten().map(String::as_str));
        let stored = input.storage_descriptor.as_ref().and_then(|storage| storage.columns.as_ref());
        for column in stored.into_iter().chain(&input.partition_keys).flatten() {
            texts.push(&column.name);
            texts.extend(column.comment.as_deref());
        }
        for (key, value) in input.parameters.iter().flatten() {
            texts.extend([key.as_str(), value.as_str()]);
        }
        texts
    }
}

/// A filter of the request.
enum Filter {
    /// All these words are among those of the property.
    Words(Field, Vec<String>),
    /// The property compares to a time.
    Time(Field, aws::Comparator, Timestamp),
    /// A parameter of the table has these words.
    Parameter(String, Vec<String>),
}

impl Filter {
    fn parse(sent: aws::PropertyPredicate) -> Result<Self, Error> {
        let (key, value) = (sent.key.unwrap_or_default(), sent.value.unwrap_or_default());
        Ok(match Field::parse(&key) {
            Some(field @ (Field::CreateTime | Field::UpdateTime | Field::LastAccessTime)) => {
                let time = read_time(&value)
                    .ok_or_else(|| Error::invalid(format!("Value {value} of filter {key} is not a time.")))?;
                Self::Time(field, sent.comparator.unwrap_or(aws::Comparator::Equals), time)
            }
            Some(field) => Self::Words(field, words(&value)),
            None => Self::Parameter(key, words(&value)),
        })
    }

    fn fits(&self, seen: &Seen<'_>) -> bool {
        match self {
            Self::Words(field, wanted) => match seen.field(*field) {
                Content::Text(text) => has_words(&text, wanted),
                Content::Time(_) => false,
            },
            Self::Time(field, comparator, time) => {
                let Content::Time(found) = seen.field(*field) else { return false };
                let order = found.cmp(time);
                match comparator {
                    aws::Comparator::Equals => order.is_eq(),
                    aws::Comparator::GreaterThan => order.is_gt(),
                    aws::Comparator::LessThan => order.is_lt(),
                    aws::Comparator::GreaterThanEquals => order.is_ge(),
                    aws::Comparator::LessThanEquals => order.is_le(),
                }
            }
            Self::Parameter(key, wanted) => {
                let parameters = seen.table.version.input.parameters.as_ref();
                parameters.and_then(|parameters| parameters.get(key)).is_some_and(|value| has_words(value, wanted))
            }
        }
    }
}

/// The text of the request.
enum SearchText {
    /// In quotes: something about the table is exactly this.
    Exact(String),
    /// Each of the words is somewhere.
    Words(Vec<String>),
}

impl SearchText {
    fn parse(text: &str) -> Self {
        let trimmed = text.trim();
        match trimmed.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(exact) => Self::Exact(exact.to_lowercase()),
            None => Self::Words(words(trimmed)),
        }
    }

    fn fits(&self, seen: &Seen<'_>) -> bool {
        let texts = seen.texts();
        match self {
            Self::Exact(wanted) => texts.iter().any(|text| text.to_lowercase() == *wanted),
            Self::Words(wanted) => {
                wanted.iter().all(|word| texts.iter().any(|text| has_words(text, std::slice::from_ref(word))))
            }
        }
    }
}

/// AWS splits at punctuation: `customer-link` has the word `link`, `xxlinkyy` has not. An underscore is no punctuation
/// in names, so `daily_sales` is one word.
fn words(text: &str) -> Vec<String> {
    let split = text.split(|char: char| !char.is_alphanumeric() && char != '_');
    split.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

fn has_words(text: &str, wanted: &[String]) -> bool {
    let found = words(text);
    wanted.iter().all(|word| found.contains(word))
}

fn read_time(text: &str) -> Option<Timestamp> {
    let seconds = text.parse::<f64>().ok().map(|seconds| Timestamp::from_millis((seconds * 1000.0) as i64));
    seconds.or_else(|| Timestamp::parse_iso8601(text))
}

/// A sort criterion of the request.
struct Sorting {
    field: Field,
    descending: bool,
}

impl Sorting {
    fn parse(sent: aws::SortCriterion) -> Result<Self, Error> {
        let name = sent.field_name.unwrap_or_default();
        let field = Field::parse(&name).ok_or_else(|| Error::invalid(format!("Cannot sort by {name}.")))?;
        Ok(Self { field, descending: sent.sort == Some(aws::Sort::Desc) })
    }
}

/// A table that fits, small enough to sort all of them.
struct Hit {
    rank: Vec<Content>,
    number: u64,
    database: String,
    name: String,
}

impl Hit {
    fn cmp_by(&self, other: &Self, order: &[Sorting]) -> Ordering {
        for (sorting, (one, two)) in order.iter().zip(self.rank.iter().zip(&other.rank)) {
            let compared = if sorting.descending { two.cmp(one) } else { one.cmp(two) };
            if compared.is_ne() {
                return compared;
            }
        }
        (&self.database, &self.name).cmp(&(&other.database, &other.name))
    }
}
