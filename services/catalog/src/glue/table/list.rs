//! GetTables: the tables of a database.

use haar_platform::aws::glue as aws;
use haar_platform::kernel::{Access, Ctx, Fault};
use haar_platform::store::{Read, Span};

use super::super::Glue;
use super::super::access::Touch;
use super::super::model::TABLES;
use super::super::name::{DatabaseName, TableName};
use super::super::pattern::NamePattern;
use super::super::place::Place;
use super::super::{database, listing};
use super::Attributes;

/// All tables of the database.
pub fn access(ctx: &Ctx, glue: &Glue, input: &aws::GetTablesRequest) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.table(&input.database_name, "*")?.done()
}

/// GetTables.
pub async fn list(ctx: &Ctx, glue: &Glue, input: aws::GetTablesRequest) -> Result<aws::GetTablesResponse, Fault> {
    super::refuse_transaction(input.transaction_id.as_ref())?;
    super::refuse_past(input.query_as_of_time)?;
    let attributes = Attributes::parse(input.attributes_to_get)?;
    let place = Place::enter(ctx, input.catalog_id.as_deref())?;
    let name = DatabaseName::of(&input.database_name);
    let pattern = input.expression.as_deref().filter(|text| !text.is_empty()).map(NamePattern::parse).transpose()?;
    let scope = format!("glue:GetTables {} {name} {}", place.account, input.expression.as_deref().unwrap_or_default());
    let after = listing::cursor(ctx, &scope, input.next_token)?;

    let read = glue.store.snapshot();
    let number = database::find(&read, &place, &name)?.number;
    if input.resource_share_type == Some(aws::TableResourceShareType::Federated) {
        return Ok(aws::GetTablesResponse { table_list: Some(Vec::new()), next_token: None });
    }
    let rows = read.scan(TABLES, Span::under((number,)).after(&(number, after.as_str())));
    let rows = rows.map(|row| row.map(|((_, table), record)| (table, record)));
    let page = listing::cut(rows, listing::size(input.max_results), |table, record| {
        let fits = pattern.as_ref().is_none_or(|pattern| pattern.fits(table));
        Ok(fits.then(|| attributes.choose(super::show(&place, &name, &TableName::of(table), record))))
    })?;
    Ok(aws::GetTablesResponse {
        table_list: Some(page.items),
        next_token: page.next.map(|cursor| ctx.page_token(&scope, &cursor)),
    })
}
