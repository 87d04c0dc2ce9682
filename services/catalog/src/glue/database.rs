//! Databases: the first level of the catalog.

use haar_platform::aws::glue::{self as aws};
use haar_platform::kernel::{Access, Ctx, Fault, ids};
use haar_platform::store::{Read, Span};

use super::Glue;
use super::access::Touch;
use super::error::Error;
use super::event::Teller;
use super::kept::Kept;
use super::listing;
use super::model::{
    DATABASES, DataLakePrincipal, Database, DatabaseInput, GONE, Gone, PrincipalPermissions, TABLES, TAGS,
};
use super::name::{DatabaseName, TableName};
use super::place::{self, OBJECTS, Place};
use super::quota::{self, Counted};
use super::tag;

/// Whom Lake Formation lets do everything, where nobody said otherwise: those whom IAM lets.
const IAM_ALLOWED_PRINCIPALS: &str = "IAM_ALLOWED_PRINCIPALS";

/// Tables whose names the event of their database's deletion carries.
const TABLES_TOLD_MAX: usize = 100;

/// The database of a name.
pub fn find(read: &impl Read, place: &Place, name: &DatabaseName) -> Result<Database, Error> {
    read.get(DATABASES, &place.key(name.as_str()))?.ok_or_else(|| Error::database_not_found(name))
}

/// The database, with the tags that it shall have.
pub fn create_access(ctx: &Ctx, glue: &Glue, input: &aws::CreateDatabaseRequest) -> Result<Access, Fault> {
    let touch = Touch::catalog(ctx, glue, input.catalog_id.as_deref())?;
    let access = touch.database(&input.database_input.name)?.done()?;
    Ok(tag::requested(access, input.tags.as_ref()))
}

/// CreateDatabase.
pub async fn create(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::CreateDatabaseRequest,
) -> Result<aws::CreateDatabaseResponse, Fault> {
    let place = Place::enter(ctx, input.catalog_id.as_deref())?;
    refuse_links(&input.database_input)?;
    let tags = tag::checked(input.tags.unwrap_or_default())?;
    let name = DatabaseName::of(&input.database_input.name);
    let database = Database {
        number: u64::from_be_bytes(ids::random()),
        created: ctx.now(),
        input: Kept::keep(input.database_input),
    };
    let (quotas, teller) = (glue.quotas, Teller::new(&glue.bus, ctx, &place, "CreateDatabase"));
    glue.store
        .write(move |tx| {
            if tx.contains(DATABASES, &place.key(name.as_str()))? {
                return Err(Error::AlreadyExists("Database".into()));
            }
            quota::add(tx, &quotas, &Counted::Databases(&place))?;
            tx.put(DATABASES, &place.key(name.as_str()), &database)?;
            if !tags.0.is_empty() {
                tx.put(TAGS, &place.key(&place::database(&name)), &tags)?;
            }
            Ok(teller.database(tx, &name, &[])?)
        })
        .await?;
    ctx.meter(OBJECTS, 1);
    Ok(aws::CreateDatabaseResponse {})
}

/// The database, and all that is deleted with it.
pub fn delete_access(ctx: &Ctx, glue: &Glue, input: &aws::DeleteDatabaseRequest) -> Result<Access, Fault> {
    let touch = Touch::catalog(ctx, glue, input.catalog_id.as_deref())?;
    touch.table(&input.name, "*")?.resource(format!("userDefinedFunction/{}/*", DatabaseName::of(&input.name)))?.done()
}

/// DeleteDatabase: gone at once; what belonged to it is swept away behind it.
pub async fn delete(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::DeleteDatabaseRequest,
) -> Result<aws::DeleteDatabaseResponse, Error> {
    let place = Place::enter(ctx, input.catalog_id.as_deref())?;
    let name = DatabaseName::of(&input.name);
    let (teller, sweeper) = (Teller::new(&glue.bus, ctx, &place, "DeleteDatabase"), glue.sweeper.clone());
    glue.store
        .write(move |tx| {
            let database = find(tx, &place, &name)?;
            let keys = tx.scan_keys(TABLES, Span::under((database.number,))).take(TABLES_TOLD_MAX);
            let tables: Vec<TableName> =
                keys.map(|key| key.map(|(_, table)| TableName::of(&table))).collect::<Result<_, _>>()?;
            tx.delete(DATABASES, &place.key(name.as_str()))?;
            tx.delete(TAGS, &place.key(&place::database(&name)))?;
            tx.put(GONE, &database.number, &Gone::Database)?;
            quota::remove(tx, &Counted::Databases(&place))?;
            tx.on_commit(move || sweeper.wake());
            Ok(teller.database(tx, &name, &tables)?)
        })
        .await
        .map(|()| aws::DeleteDatabaseResponse {})
}

/// The database.
pub fn get_access(ctx: &Ctx, glue: &Glue, input: &aws::GetDatabaseRequest) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.database(&input.name)?.done()
}

/// GetDatabase.
pub async fn get(ctx: &Ctx, glue: &Glue, input: aws::GetDatabaseRequest) -> Result<aws::GetDatabaseResponse, Error> {
    let place = Place::enter(ctx, input.catalog_id.as_deref())?;
    let name = DatabaseName::of(&input.name);
    let database = glue.store.read(|tx| find(tx, &place, &name))?;
    Ok(aws::GetDatabaseResponse { database: Some(show(&place, name.as_str(), database)) })
}

/// All databases.
pub fn list_access(ctx: &Ctx, glue: &Glue, input: &aws::GetDatabasesRequest) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.database("*")?.done()
}

/// GetDatabases. Nobody shares databases with anybody here, so lists of foreign ones are empty.
pub async fn list(ctx: &Ctx, glue: &Glue, input: aws::GetDatabasesRequest) -> Result<aws::GetDatabasesResponse, Error> {
    let place = Place::enter(ctx, input.catalog_id.as_deref())?;
    if matches!(input.resource_share_type, Some(aws::ResourceShareType::Foreign | aws::ResourceShareType::Federated)) {
        return Ok(aws::GetDatabasesResponse::default());
    }
    let scope = format!("glue:GetDatabases {}", place.account);
    let after = listing::cursor(ctx, &scope, input.next_token)?;
    let names_only = input.attributes_to_get.is_some_and(|attributes| !attributes.is_empty());
    let read = glue.store.snapshot();
    let rows = read.scan(DATABASES, Span::under(place.prefix()).after(&place.key(&after)));
    let rows = rows.map(|row| row.map(|((_, _, name), database)| (name, database)));
    let page = listing::cut(rows, listing::size(input.max_results), |name, database| {
        let shown = show(&place, name, database);
        Ok(Some(if names_only { aws::Database { name: shown.name, ..Default::default() } } else { shown }))
    })?;
    Ok(aws::GetDatabasesResponse {
        database_list: page.items,
        next_token: page.next.map(|cursor| ctx.page_token(&scope, &cursor)),
    })
}

/// The database.
pub fn update_access(ctx: &Ctx, glue: &Glue, input: &aws::UpdateDatabaseRequest) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.database(&input.name)?.done()
}

/// UpdateDatabase: everything but the name and the time of creation is what the request says.
pub async fn update(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::UpdateDatabaseRequest,
) -> Result<aws::UpdateDatabaseResponse, Fault> {
    let place = Place::enter(ctx, input.catalog_id.as_deref())?;
    refuse_links(&input.database_input)?;
    let name = DatabaseName::of(&input.name);
    if DatabaseName::of(&input.database_input.name) != name {
        return Err(Error::invalid("Database name cannot be changed.").into());
    }
    let changed: DatabaseInput = Kept::keep(input.database_input);
    glue.store
        .write(move |tx| {
            let before = find(tx, &place, &name)?;
            let database = Database { input: changed, ..before };
            tx.put(DATABASES, &place.key(name.as_str()), &database)?;
            Ok::<_, Error>(())
        })
        .await?;
    Ok(aws::UpdateDatabaseResponse {})
}

fn refuse_links(input: &aws::DatabaseInput) -> Result<(), Fault> {
    if input.target_database.is_some() {
        return Err(Fault::not_served("glue resource links (DatabaseInput.TargetDatabase)"));
    }
    if input.federated_database.is_some() {
        return Err(Fault::not_served("glue federated databases (DatabaseInput.FederatedDatabase)"));
    }
    Ok(())
}

fn show(place: &Place, name: &str, database: Database) -> aws::Database {
    let Database { created, input, .. } = database;
    let permissions = input.create_table_default_permissions.unwrap_or_else(|| {
        let principal = DataLakePrincipal { data_lake_principal_identifier: Some(IAM_ALLOWED_PRINCIPALS.into()) };
        vec![PrincipalPermissions { principal: Some(principal), permissions: Some(vec!["ALL".into()]) }]
    });
    aws::Database {
        name: name.to_owned(),
        description: input.description,
        location_uri: input.location_uri,
        parameters: input.parameters,
        create_time: Some(created),
        create_table_default_permissions: Some(Kept::show(permissions)),
        target_database: None,
        catalog_id: Some(place.account.to_string()),
        federated_database: None,
    }
}
