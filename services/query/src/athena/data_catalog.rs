//! Data catalogs: where databases and tables are found. `AwsDataCatalog`, the account's Glue Data Catalog, is always
//! there.
//!
//! Others are kept as they are registered. A `GLUE` catalog of the own account is another name for the built-in one;
//! `HIVE` and `LAMBDA` catalogs need functions to answer for them, and queries on them are refused.
//! <https://docs.aws.amazon.com/athena/latest/ug/data-sources-managing.html>

use haar_platform::aws::athena as aws;
use haar_platform::kernel::{Access, Ctx, Fault};
use haar_platform::store::{Read, Span};

use super::Athena;
use super::error::Error;
use super::listing;
use super::model::{CATALOGS, DataCatalog, TAGS};
use super::place::{self, Place};
use super::tag;

/// The name of the built-in catalog; names of catalogs are compared without case.
pub const BUILT_IN: &str = "AwsDataCatalog";

/// In an account's region.
const CATALOGS_MAX: u64 = 100;

/// Whether the name is that of the built-in catalog.
pub fn is_built_in(name: &str) -> bool {
    name.eq_ignore_ascii_case(BUILT_IN)
}

fn find(read: &impl Read, place: &Place, name: &str) -> Result<DataCatalog, Error> {
    if is_built_in(name) {
        return Ok(DataCatalog { kind: "GLUE".into(), description: None, parameters: Default::default() });
    }
    read.get(CATALOGS, &place.key(name))?.ok_or_else(|| Error::catalog_not_found(name))
}

/// As queries name it: without case.
fn find_folded(read: &impl Read, place: &Place, name: &str) -> Result<DataCatalog, Error> {
    match find(read, place, name) {
        Err(Error::InvalidRequest { .. }) => {}
        found => return found,
    }
    for row in read.scan(CATALOGS, Span::under(place.prefix())) {
        let ((_, _, known), catalog) = row?;
        if known.eq_ignore_ascii_case(name) {
            return Ok(catalog);
        }
    }
    Err(Error::catalog_not_found(name))
}

/// Refuses to look into a catalog that only its own function could answer for.
pub fn check_usable(ctx: &Ctx, athena: &Athena, name: &str) -> Result<(), Fault> {
    let place = Place::of(ctx);
    let catalog = athena.store.read(|tx| find_folded(tx, &place, name))?;
    match catalog.parameters.get("catalog-id") {
        None if is_built_in(name) => Ok(()),
        Some(id) if catalog.kind == "GLUE" && id == place.account.as_str() => Ok(()),
        _ => Err(Fault::not_served(format_args!("athena queries on data catalogs of type {} ({name})", catalog.kind))),
    }
}

/// The catalog, with the tags that it shall have.
pub fn create_access(ctx: &Ctx, athena: &Athena, input: &aws::CreateDataCatalogInput) -> Result<Access, Fault> {
    let access = place::touch(ctx, &athena.store, place::data_catalog(&input.name))?;
    Ok(tag::requested(access, input.tags.as_ref()))
}

/// CreateDataCatalog.
pub async fn create(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::CreateDataCatalogInput,
) -> Result<aws::CreateDataCatalogOutput, Fault> {
    let place = Place::of(ctx);
    let catalog = described(input.r#type, input.description, input.parameters)?;
    let tags = tag::checked(input.tags.unwrap_or_default())?;
    let (name, kept) = (input.name, catalog.clone());
    let shown = show(name.clone(), catalog);
    athena
        .store
        .write(move |tx| {
            if is_built_in(&name) || tx.contains(CATALOGS, &place.key(&name))? {
                return Err(Error::invalid(format!("DataCatalog {name} already exists")));
            }
            if tx.count_in(CATALOGS, Span::under(place.prefix()))? >= CATALOGS_MAX {
                return Err(Error::invalid("You have reached the limit of data catalogs for this account"));
            }
            if !tags.0.is_empty() {
                tx.put(TAGS, &place.key(&place::data_catalog(&name)), &tags)?;
            }
            Ok(tx.put(CATALOGS, &place.key(&name), &kept)?)
        })
        .await?;
    Ok(aws::CreateDataCatalogOutput { data_catalog: Some(shown) })
}

/// A catalog as a request describes it, with the parameters that its type demands.
fn described(
    kind: aws::DataCatalogType,
    description: Option<String>,
    parameters: Option<std::collections::BTreeMap<String, String>>,
) -> Result<DataCatalog, Fault> {
    let parameters = parameters.unwrap_or_default();
    let demanded: &[&str] = match kind {
        aws::DataCatalogType::Federated => return Err(Fault::not_served("athena data catalogs of type FEDERATED")),
        aws::DataCatalogType::Glue => &["catalog-id"],
        aws::DataCatalogType::Hive => &["metadata-function"],
        aws::DataCatalogType::Lambda if parameters.contains_key("function") => &["function"],
        aws::DataCatalogType::Lambda => &["metadata-function", "record-function"],
    };
    if let Some(missing) = demanded.iter().find(|name| !parameters.contains_key(**name)) {
        return Err(Error::invalid(format!("Missing required parameter {missing} for data catalog type {kind}")).into());
    }
    Ok(DataCatalog { kind: kind.as_str().to_owned(), description, parameters })
}

fn show(name: String, catalog: DataCatalog) -> aws::DataCatalog {
    aws::DataCatalog {
        name,
        description: catalog.description,
        r#type: aws::DataCatalogType::parse(&catalog.kind).unwrap_or_default(),
        parameters: Some(catalog.parameters),
        status: Some(aws::DataCatalogStatus::CreateComplete),
        connection_type: None,
        error: None,
    }
}

/// The catalog.
pub fn get_access(ctx: &Ctx, athena: &Athena, input: &aws::GetDataCatalogInput) -> Result<Access, Fault> {
    place::touch(ctx, &athena.store, place::data_catalog(&input.name))
}

/// GetDataCatalog.
pub async fn get(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::GetDataCatalogInput,
) -> Result<aws::GetDataCatalogOutput, Error> {
    let mut catalog = athena.store.read(|tx| find(tx, &Place::of(ctx), &input.name))?;
    if is_built_in(&input.name) {
        catalog.parameters.insert("catalog-id".into(), ctx.account.to_string());
    }
    Ok(aws::GetDataCatalogOutput { data_catalog: Some(show(input.name, catalog)) })
}

/// The catalog.
pub fn update_access(ctx: &Ctx, athena: &Athena, input: &aws::UpdateDataCatalogInput) -> Result<Access, Fault> {
    place::touch(ctx, &athena.store, place::data_catalog(&input.name))
}

/// UpdateDataCatalog.
pub async fn update(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::UpdateDataCatalogInput,
) -> Result<aws::UpdateDataCatalogOutput, Fault> {
    let place = Place::of(ctx);
    let catalog = described(input.r#type, input.description, input.parameters)?;
    let name = input.name;
    athena
        .store
        .write(move |tx| {
            if is_built_in(&name) {
                return Err(Error::invalid(format!("DataCatalog {BUILT_IN} cannot be changed")));
            }
            find(tx, &place, &name)?;
            Ok(tx.put(CATALOGS, &place.key(&name), &catalog)?)
        })
        .await?;
    Ok(aws::UpdateDataCatalogOutput {})
}

/// The catalog.
pub fn delete_access(ctx: &Ctx, athena: &Athena, input: &aws::DeleteDataCatalogInput) -> Result<Access, Fault> {
    place::touch(ctx, &athena.store, place::data_catalog(&input.name))
}

/// DeleteDataCatalog. `DeleteCatalogOnly` is about what federated catalogs leave behind: none do here.
pub async fn delete(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::DeleteDataCatalogInput,
) -> Result<aws::DeleteDataCatalogOutput, Error> {
    let (place, name) = (Place::of(ctx), input.name);
    let gone = athena
        .store
        .write({
            let name = name.clone();
            move |tx| {
                if is_built_in(&name) {
                    return Err(Error::invalid(format!("DataCatalog {BUILT_IN} cannot be deleted")));
                }
                tx.delete(TAGS, &place.key(&place::data_catalog(&name)))?;
                tx.delete(CATALOGS, &place.key(&name))?.ok_or_else(|| Error::catalog_not_found(&name))
            }
        })
        .await?;
    let mut shown = show(name, gone);
    shown.status = Some(aws::DataCatalogStatus::DeleteComplete);
    Ok(aws::DeleteDataCatalogOutput { data_catalog: Some(shown) })
}

/// No catalog in particular.
pub fn list_access(_: &Ctx, _: &Athena, _: &aws::ListDataCatalogsInput) -> Result<Access, Fault> {
    Ok(Access::all())
}

/// ListDataCatalogs: the built-in one first, then the others by their names.
pub async fn list(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::ListDataCatalogsInput,
) -> Result<aws::ListDataCatalogsOutput, Error> {
    const SCOPE: &str = "athena:ListDataCatalogs";
    let place = Place::of(ctx);
    let cursor = listing::cursor(ctx, SCOPE, input.next_token)?;
    let page = athena.store.read(|tx| {
        let built_in = cursor.is_empty().then(|| Ok((BUILT_IN.to_owned(), summary(BUILT_IN, "GLUE"))));
        // The built-in catalog's name is no name that a user's catalog can have: it stands for the beginning.
        let after = if cursor == BUILT_IN { "" } else { cursor.as_str() };
        let stored = tx.scan(CATALOGS, Span::under(place.prefix()).after(&place.key(after)));
        let stored = stored.map(|row| {
            row.map(|((_, _, name), catalog)| {
                let shown = summary(&name, &catalog.kind);
                (name, shown)
            })
        });
        listing::cut(ctx, SCOPE, built_in.into_iter().chain(stored), listing::size(input.max_results))
    })?;
    Ok(aws::ListDataCatalogsOutput { data_catalogs_summary: Some(page.items), next_token: page.next })
}

fn summary(name: &str, kind: &str) -> aws::DataCatalogSummary {
    aws::DataCatalogSummary {
        catalog_name: Some(name.to_owned()),
        r#type: aws::DataCatalogType::parse(kind),
        status: Some(aws::DataCatalogStatus::CreateComplete),
        connection_type: None,
        error: None,
    }
}
