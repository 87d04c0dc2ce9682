//! Named queries: query texts that are kept for later.

use haar_platform::aws::athena as aws;
use haar_platform::kernel::{Access, Ctx, Fault, ids};
use haar_platform::store::Read;

use super::Athena;
use super::error::Error;
use super::idempotence;
use super::listing;
use super::model::{NAMED_QUERIES, NAMED_QUERIES_BY_WORKGROUP, NamedQuery};
use super::place::{self, Place};
use super::workgroup::{self, or_primary};

/// The workgroup.
pub fn create_access(ctx: &Ctx, athena: &Athena, input: &aws::CreateNamedQueryInput) -> Result<Access, Fault> {
    place::touch(ctx, &athena.store, place::workgroup(&or_primary(input.work_group.as_deref())))
}

/// CreateNamedQuery: the same request token gives the same id again.
pub async fn create(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::CreateNamedQueryInput,
) -> Result<aws::CreateNamedQueryOutput, Error> {
    let (place, now, id) = (Place::of(ctx), ctx.now(), ids::uuid());
    let fingerprint = idempotence::fingerprint(&[
        "named query",
        &input.name,
        input.description.as_deref().unwrap_or_default(),
        &input.database,
        &input.query_string,
        input.work_group.as_deref().unwrap_or_default(),
    ]);
    let id = athena
        .store
        .write(move |tx| {
            if let Some(token) = &input.client_request_token
                && let Some(id) = idempotence::find(tx, &place, token, &fingerprint)?
            {
                return Ok(id);
            }
            let workgroup_name = or_primary(input.work_group.as_deref());
            let query = NamedQuery {
                workgroup: workgroup::find(tx, &place, &workgroup_name)?.number,
                workgroup_name,
                name: input.name,
                description: input.description,
                database: input.database,
                query: input.query_string,
                created: now,
            };
            tx.put(NAMED_QUERIES, &place.key(&id), &query)?;
            if let Some(token) = &input.client_request_token {
                idempotence::keep(tx, &place, token, &id, fingerprint)?;
            }
            Ok::<_, Error>(id)
        })
        .await?;
    Ok(aws::CreateNamedQueryOutput { named_query_id: Some(id) })
}

/// The workgroups of named queries. Those that are not there touch `primary`, so that nobody learns more than they may.
fn access(ctx: &Ctx, athena: &Athena, ids: &[String]) -> Result<Access, Fault> {
    let place = Place::of(ctx);
    let workgroups = athena.store.read(|tx| {
        let mut workgroups = Vec::new();
        for id in ids {
            let found = tx.get(NAMED_QUERIES, &place.key(id))?;
            workgroups.push(found.map_or_else(|| or_primary(None), |query| query.workgroup_name));
        }
        workgroups.sort_unstable();
        workgroups.dedup();
        Ok::<_, Error>(workgroups)
    })?;
    place::touch_all(ctx, &athena.store, workgroups.iter().map(|name| place::workgroup(name)))
}

/// The query's workgroup.
pub fn get_access(ctx: &Ctx, athena: &Athena, input: &aws::GetNamedQueryInput) -> Result<Access, Fault> {
    access(ctx, athena, std::slice::from_ref(&input.named_query_id))
}

/// GetNamedQuery.
pub async fn get(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::GetNamedQueryInput,
) -> Result<aws::GetNamedQueryOutput, Error> {
    let query = find(ctx, athena, &input.named_query_id)?;
    Ok(aws::GetNamedQueryOutput { named_query: Some(show(input.named_query_id, query)) })
}

fn find(ctx: &Ctx, athena: &Athena, id: &str) -> Result<NamedQuery, Error> {
    let found = athena.store.read(|tx| tx.get(NAMED_QUERIES, &Place::of(ctx).key(id)))?;
    found.ok_or_else(|| Error::named_query_not_found(id))
}

fn show(id: String, query: NamedQuery) -> aws::NamedQuery {
    aws::NamedQuery {
        name: query.name,
        description: query.description,
        database: query.database,
        query_string: query.query,
        named_query_id: Some(id),
        work_group: Some(query.workgroup_name),
    }
}

/// The queries' workgroups.
pub fn get_many_access(ctx: &Ctx, athena: &Athena, input: &aws::BatchGetNamedQueryInput) -> Result<Access, Fault> {
    access(ctx, athena, &input.named_query_ids)
}

/// BatchGetNamedQuery.
pub async fn get_many(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::BatchGetNamedQueryInput,
) -> Result<aws::BatchGetNamedQueryOutput, Error> {
    let (mut queries, mut unprocessed) = (Vec::new(), Vec::new());
    for id in input.named_query_ids {
        match find(ctx, athena, &id) {
            Ok(query) => queries.push(show(id, query)),
            Err(Error::Store(error)) => return Err(error.into()),
            Err(error) => unprocessed.push(aws::UnprocessedNamedQueryId {
                named_query_id: Some(id),
                error_code: error.entry_code(),
                error_message: Some(error.to_string()),
            }),
        }
    }
    Ok(aws::BatchGetNamedQueryOutput { named_queries: Some(queries), unprocessed_named_query_ids: Some(unprocessed) })
}

/// The query's workgroup.
pub fn update_access(ctx: &Ctx, athena: &Athena, input: &aws::UpdateNamedQueryInput) -> Result<Access, Fault> {
    access(ctx, athena, std::slice::from_ref(&input.named_query_id))
}

/// UpdateNamedQuery: name and text are what the request says.
pub async fn update(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::UpdateNamedQueryInput,
) -> Result<aws::UpdateNamedQueryOutput, Error> {
    let place = Place::of(ctx);
    athena
        .store
        .write(move |tx| {
            let found = tx.get(NAMED_QUERIES, &place.key(&input.named_query_id))?;
            let mut query = found.ok_or_else(|| Error::named_query_not_found(&input.named_query_id))?;
            query.name = input.name;
            query.query = input.query_string;
            query.description = input.description.or(query.description);
            Ok::<_, Error>(tx.put(NAMED_QUERIES, &place.key(&input.named_query_id), &query)?)
        })
        .await?;
    Ok(aws::UpdateNamedQueryOutput {})
}

/// The query's workgroup.
pub fn delete_access(ctx: &Ctx, athena: &Athena, input: &aws::DeleteNamedQueryInput) -> Result<Access, Fault> {
    access(ctx, athena, std::slice::from_ref(&input.named_query_id))
}

/// DeleteNamedQuery.
pub async fn delete(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::DeleteNamedQueryInput,
) -> Result<aws::DeleteNamedQueryOutput, Error> {
    let place = Place::of(ctx);
    athena
        .store
        .write(move |tx| {
            let gone = tx.delete(NAMED_QUERIES, &place.key(&input.named_query_id))?;
            gone.map(|_| ()).ok_or_else(|| Error::named_query_not_found(&input.named_query_id))
        })
        .await?;
    Ok(aws::DeleteNamedQueryOutput {})
}

/// The workgroup.
pub fn list_access(ctx: &Ctx, athena: &Athena, input: &aws::ListNamedQueriesInput) -> Result<Access, Fault> {
    place::touch(ctx, &athena.store, place::workgroup(&or_primary(input.work_group.as_deref())))
}

/// ListNamedQueries, newest first.
pub async fn list(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::ListNamedQueriesInput,
) -> Result<aws::ListNamedQueriesOutput, Error> {
    let (place, name) = (Place::of(ctx), or_primary(input.work_group.as_deref()));
    let scope = format!("athena:ListNamedQueries {name}");
    let after = listing::cursor(ctx, &scope, input.next_token)?;
    let page = athena.store.read(|tx| {
        let number = workgroup::find(tx, &place, &name)?.number;
        let span = listing::history(&place, number, &after);
        let rows = tx.scan_index_keys(NAMED_QUERIES_BY_WORKGROUP, span);
        let rows = rows.map(|row| row.map(|((_, _, _, order, id), _)| (listing::history_cursor(order, &id), id)));
        listing::cut(ctx, &scope, rows, listing::size(input.max_results))
    })?;
    Ok(aws::ListNamedQueriesOutput { named_query_ids: Some(page.items), next_token: page.next })
}
