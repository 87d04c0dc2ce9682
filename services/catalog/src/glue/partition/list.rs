//! GetPartitions: the partitions of a table that fit an expression.
//!
//! Partitions lie in the order of their values. As soon as the first values of one rule it out, the scan goes on behind
//! all partitions that begin with them: `year = 2020` looks at one partition of every other year.

use haar_platform::aws::glue as aws;
use haar_platform::kernel::{Access, Ctx, Fault};
use haar_platform::store::{Read, Span};

use super::super::Glue;
use super::super::access::Touch;
use super::super::error::Error;
use super::super::expression::Condition;
use super::super::listing;
use super::super::model::{PARTITIONS, Partition};
use super::super::name;
use super::super::table::{self, TableRef};

/// Partitions of a page, where the caller does not say; he can ask for no more.
const PAGE_MAX: usize = 1000;

/// Partitions that one page looks at. A page can come back short, or empty, and say where to go on; AWS does the same.
const EXAMINED_MAX: usize = 10_000;

/// The table, its database and the catalog.
pub fn access(ctx: &Ctx, glue: &Glue, input: &aws::GetPartitionsRequest) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.table(&input.database_name, &input.table_name)?.done()
}

/// GetPartitions.
pub async fn list(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::GetPartitionsRequest,
) -> Result<aws::GetPartitionsResponse, Fault> {
    table::refuse_transaction(input.transaction_id.as_ref())?;
    table::refuse_past(input.query_as_of_time)?;
    let at = TableRef::enter(ctx, input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let segment = input.segment.as_ref().map(Segment::parse).transpose()?;
    let expression = input.expression.unwrap_or_default();
    let scope = format!("{} {segment:?} {expression}", at.scope("GetPartitions"));
    let after = listing::cursor(ctx, &scope, input.next_token)?;
    let size_max = input.max_results.map_or(PAGE_MAX, |max| max as usize);

    let read = glue.store.snapshot();
    let (_, table) = at.find(&read)?;
    let is_blank = expression.trim().is_empty();
    let condition = if is_blank { None } else { Some(Condition::parse(&expression, &super::keys(&table))?) };
    let search = Search { number: table.number, condition, segment, size_max };
    let (found, next) = search.run(&read, after)?;
    let partitions = found.into_iter().map(|partition| {
        let mut shown = super::show(&at, partition);
        if let Some(storage) = shown.storage_descriptor.as_mut().filter(|_| input.exclude_column_schema == Some(true)) {
            storage.columns = Some(Vec::new());
        }
        shown
    });
    Ok(aws::GetPartitionsResponse {
        partitions: Some(partitions.collect()),
        next_token: next.map(|cursor| ctx.page_token(&scope, &cursor)),
    })
}

/// A part of a table's partitions, so that several callers can read it at once.
#[derive(Clone, Copy, Debug)]
struct Segment {
    number: u64,
    total: u64,
}

impl Segment {
    fn parse(segment: &aws::Segment) -> Result<Self, Error> {
        if segment.segment_number >= segment.total_segments {
            return Err(Error::invalid("Segment number must be smaller than the total number of segments."));
        }
        Ok(Self { number: segment.segment_number as u64, total: segment.total_segments as u64 })
    }

    /// Whether a partition is in it: by a hash of its sort key (FNV-1a), which is the same on every page.
    fn has(self, key: &str) -> bool {
        let hash = key
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        (hash ^ hash >> 32) % self.total == self.number
    }
}

/// What is looked for.
struct Search {
    number: u64,
    condition: Option<Condition>,
    segment: Option<Segment>,
    size_max: usize,
}

impl Search {
    /// A page of partitions behind a sort key, and the key that the next page begins behind.
    fn run(&self, read: &impl Read, after: String) -> Result<(Vec<Partition>, Option<String>), Error> {
        let (mut found, mut examined) = (Vec::new(), 0);
        let mut last = after.clone();
        let mut rows = read.scan(PARTITIONS, Span::under((self.number,)).after(&(self.number, after)));
        while let Some(row) = rows.next() {
            if found.len() == self.size_max || examined == EXAMINED_MAX {
                return Ok((found, Some(last)));
            }
            let ((_, key), partition) = row?;
            examined += 1;
            let values = partition.input.values.as_deref().unwrap_or_default();
            let ruled_out = self.condition.as_ref().map_or(Ok(None), |condition| condition.ruled_out(values))?;
            match ruled_out {
                Some(0) => return Ok((found, None)),
                Some(known) if known < values.len() => {
                    let beyond = name::behind(name::sort_key(&values[..known]));
                    rows = read.scan(PARTITIONS, Span::between((self.number,), beyond..));
                }
                Some(_) => {}
                None if self.segment.is_none_or(|segment| segment.has(&key)) => found.push(partition),
                None => {}
            }
            last = key;
        }
        Ok((found, None))
    }
}
