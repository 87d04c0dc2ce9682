//! GetQueryResults: pages of a result, read back from its file as the caller.
//!
//! A page begins at a byte of the file, which its token names, and is read until it is full: memory stays bounded
//! whatever the size of the result.

use haar_platform::aws::athena as aws;
use haar_platform::aws::s3;
use haar_platform::kernel::{Access, Ctx, Fault};

use super::{columns, csv};
use crate::athena::Athena;
use crate::athena::error::Error;
use crate::athena::execution;
use crate::athena::listing;
use crate::athena::location::Location;
use crate::athena::model::{Progress, State, Submission};
use crate::athena::place::Place;

/// Rows on a page, where the caller does not say: also the most.
const ROWS_MAX: usize = 1000;

/// Bytes after which a page is full, whatever the number of its rows.
const PAGE_BYTES: usize = 4 << 20;

/// One row may take this much: Athena's own limit for a row. <https://docs.aws.amazon.com/athena/latest/ug/service-limits.html>
const ROW_BYTES_MAX: usize = 32 << 20;

/// The execution's workgroup.
pub fn access(ctx: &Ctx, athena: &Athena, input: &aws::GetQueryResultsInput) -> Result<Access, Fault> {
    execution::access(ctx, athena, std::slice::from_ref(&input.query_execution_id))
}

/// GetQueryResults.
pub async fn get(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::GetQueryResultsInput,
) -> Result<aws::GetQueryResultsOutput, Fault> {
    let id = input.query_execution_id;
    let (submission, progress) = athena.store.read(|tx| execution::find(tx, &Place::of(ctx), &id))?;
    match progress.state {
        State::Succeeded => {}
        state if state.is_final() => {
            let message = format!("Query did not finish successfully. Final query state: {}", state.as_str());
            return Err(Error::invalid(message).into());
        }
        state => {
            let message = format!("Query has not yet finished. Current state: {}", state.as_str());
            return Err(Error::invalid(message).into());
        }
    }
    let wants_manifest = input.query_result_type == Some(aws::QueryResultType::DataManifest);
    let Some(file) = file(&submission, &progress, wants_manifest) else {
        return Ok(answer(progress, Vec::new(), None));
    };
    let scope = format!("athena:GetQueryResults {id} {wants_manifest}");
    let start = match listing::cursor(ctx, &scope, input.next_token)? {
        cursor if cursor.is_empty() => 0,
        cursor => cursor.parse().map_err(Fault::internal)?,
    };
    let size = input.max_results.and_then(|max| usize::try_from(max).ok()).unwrap_or(ROWS_MAX).min(ROWS_MAX);
    let page = read_page(ctx, &file, start, size).await?;
    let next = page.next.map(|offset| ctx.page_token(&scope, &offset.to_string()));
    Ok(answer(progress, page.rows, next))
}

fn answer(progress: Progress, rows: Vec<aws::Row>, next_token: Option<String>) -> aws::GetQueryResultsOutput {
    let shown = progress.outcome.columns.into_iter().map(columns::show).collect();
    aws::GetQueryResultsOutput {
        update_count: Some(progress.outcome.update_count),
        result_set: Some(aws::ResultSet {
            rows: Some(rows),
            result_set_metadata: Some(aws::ResultSetMetadata { column_info: Some(shown) }),
        }),
        next_token,
    }
}

/// The file with the rows, if there is one: CTAS, INSERT and UNLOAD leave files of data and no rows.
fn file(submission: &Submission, progress: &Progress, wants_manifest: bool) -> Option<Location> {
    if wants_manifest {
        return progress.outcome.manifest.as_deref().and_then(Location::parse);
    }
    if progress.outcome.manifest.is_some() {
        return None;
    }
    let file = progress.outcome.file.as_deref().unwrap_or(&submission.result_file);
    Location::parse(file)
}

struct Page {
    rows: Vec<aws::Row>,
    /// Where the next one begins.
    next: Option<u64>,
}

async fn read_page(ctx: &Ctx, file: &Location, start: u64, size: usize) -> Result<Page, Fault> {
    let is_csv = file.key.ends_with(".csv") && !file.key.ends_with("-manifest.csv");
    let request = s3::GetObjectRequest {
        bucket: file.bucket.clone(),
        key: file.key.clone(),
        range: (start > 0).then(|| format!("bytes={start}-")),
        ..Default::default()
    };
    let mut answer = ctx.call_as::<s3::GetObject>(ctx.caller.clone(), request).await.map_err(unreadable)?;
    let mut page = Page { rows: Vec::new(), next: None };
    let (mut buffer, mut read, mut is_over): (Vec<u8>, usize, bool) = (Vec::new(), 0, false);
    loop {
        let mut at = 0;
        while page.rows.len() < size && read + at < PAGE_BYTES {
            let Some((row, length)) = read_row(&buffer[at..], is_csv, is_over) else { break };
            page.rows.push(row);
            at += length;
        }
        read += at;
        buffer.drain(..at);
        if page.rows.len() == size || read >= PAGE_BYTES {
            let has_more = !buffer.is_empty() || next_piece(&mut answer.body, &mut buffer).await?;
            page.next = has_more.then_some(start + read as u64);
            return Ok(page);
        }
        if is_over {
            return Ok(page);
        }
        if buffer.len() > ROW_BYTES_MAX {
            return Err(Error::invalid("The row is longer than the maximum of 32 MB").into());
        }
        is_over = !next_piece(&mut answer.body, &mut buffer).await?;
    }
}

/// Appends more of the file; false at its end.
async fn next_piece(body: &mut haar_platform::kernel::Body, buffer: &mut Vec<u8>) -> Result<bool, Fault> {
    match body.next().await {
        None => Ok(false),
        Some(Ok(piece)) => {
            buffer.extend_from_slice(&piece);
            Ok(true)
        }
        Some(Err(error)) => Err(Fault::internal(error)),
    }
}

/// A row of either kind of file, and its length. Texts have one value a line.
fn read_row(bytes: &[u8], is_csv: bool, is_over: bool) -> Option<(aws::Row, usize)> {
    if is_csv {
        let row = csv::read_row(bytes)?;
        let data = row.values.into_iter().map(|value| aws::Datum { var_char_value: value }).collect();
        return Some((aws::Row { data: Some(data) }, row.length));
    }
    let (line, length) = match bytes.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&bytes[..end], end + 1),
        None if is_over && !bytes.is_empty() => (bytes, bytes.len()),
        None => return None,
    };
    let text = String::from_utf8_lossy(line).into_owned();
    Some((aws::Row { data: Some(vec![aws::Datum { var_char_value: Some(text) }]) }, length))
}

/// What S3 answered, as Athena passes it on.
fn unreadable(fault: Fault) -> Fault {
    match fault.code.as_ref() {
        "NoSuchKey" | "NoSuchBucket" => Error::invalid("Could not find results").into(),
        "AccessDenied" => Error::invalid(format!("Access denied when reading query results. {}", fault.message)).into(),
        _ => fault,
    }
}
