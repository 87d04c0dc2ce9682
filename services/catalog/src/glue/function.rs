//! User-defined functions: where Hive finds its classes.

use haar_platform::aws::glue as aws;
use haar_platform::kernel::{Access, Ctx, Fault};
use haar_platform::store::{Read, Span};

use super::Glue;
use super::access::Touch;
use super::database;
use super::error::Error;
use super::kept::Kept;
use super::listing::{self, Page};
use super::model::{DATABASES, FUNCTIONS, Function, FunctionInput};
use super::name::{DatabaseName, FunctionName};
use super::pattern::NamePattern;
use super::place::Place;
use super::quota::{self, Counted};

/// The function, its database and the catalog.
pub fn create_access(ctx: &Ctx, glue: &Glue, input: &aws::CreateUserDefinedFunctionRequest) -> Result<Access, Fault> {
    let name = input.function_input.function_name.as_deref().unwrap_or("*");
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.function(&input.database_name, name)?.done()
}

/// CreateUserDefinedFunction.
pub async fn create(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::CreateUserDefinedFunctionRequest,
) -> Result<aws::CreateUserDefinedFunctionResponse, Error> {
    let place = Place::enter(ctx, input.catalog_id.as_deref())?;
    let sent = input.function_input.function_name.as_deref();
    let name = FunctionName::of(sent.ok_or_else(|| Error::invalid("FunctionName cannot be null."))?);
    let database = DatabaseName::of(&input.database_name);
    let function = Function { created: ctx.now(), input: Kept::keep(input.function_input) };
    let quotas = glue.quotas;
    glue.store
        .write(move |tx| {
            let number = database::find(tx, &place, &database)?.number;
            if tx.contains(FUNCTIONS, &(number, name.as_str()))? {
                return Err(Error::AlreadyExists("Function".into()));
            }
            quota::add(tx, &quotas, &Counted::Functions(number))?;
            tx.put(FUNCTIONS, &(number, name.as_str()), &function)?;
            Ok(())
        })
        .await?;
    Ok(aws::CreateUserDefinedFunctionResponse {})
}

/// The function, its database and the catalog.
pub fn delete_access(ctx: &Ctx, glue: &Glue, input: &aws::DeleteUserDefinedFunctionRequest) -> Result<Access, Fault> {
    let touch = Touch::catalog(ctx, glue, input.catalog_id.as_deref())?;
    touch.function(&input.database_name, &input.function_name)?.done()
}

/// DeleteUserDefinedFunction.
pub async fn delete(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::DeleteUserDefinedFunctionRequest,
) -> Result<aws::DeleteUserDefinedFunctionResponse, Error> {
    let place = Place::enter(ctx, input.catalog_id.as_deref())?;
    let (database, name) = (DatabaseName::of(&input.database_name), FunctionName::of(&input.function_name));
    glue.store
        .write(move |tx| {
            let number = database::find(tx, &place, &database)?.number;
            let removed = tx.delete(FUNCTIONS, &(number, name.as_str()))?;
            removed.ok_or_else(|| Error::function_not_found(&name))?;
            quota::remove(tx, &Counted::Functions(number))?;
            Ok::<_, Error>(())
        })
        .await?;
    Ok(aws::DeleteUserDefinedFunctionResponse {})
}

/// The function, its database and the catalog.
pub fn get_access(ctx: &Ctx, glue: &Glue, input: &aws::GetUserDefinedFunctionRequest) -> Result<Access, Fault> {
    let touch = Touch::catalog(ctx, glue, input.catalog_id.as_deref())?;
    touch.function(&input.database_name, &input.function_name)?.done()
}

/// GetUserDefinedFunction.
pub async fn get(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::GetUserDefinedFunctionRequest,
) -> Result<aws::GetUserDefinedFunctionResponse, Error> {
    let place = Place::enter(ctx, input.catalog_id.as_deref())?;
    let (database, name) = (DatabaseName::of(&input.database_name), FunctionName::of(&input.function_name));
    let function = glue.store.read(|tx| {
        let number = database::find(tx, &place, &database)?.number;
        tx.get(FUNCTIONS, &(number, name.as_str()))?.ok_or_else(|| Error::function_not_found(&name))
    })?;
    let shown = show(&place, database.as_str(), name.as_str(), function);
    Ok(aws::GetUserDefinedFunctionResponse { user_defined_function: Some(shown) })
}

/// All functions of the database, or of all databases.
pub fn list_access(ctx: &Ctx, glue: &Glue, input: &aws::GetUserDefinedFunctionsRequest) -> Result<Access, Fault> {
    let database = input.database_name.as_deref().unwrap_or("*");
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.function(database, "*")?.done()
}

/// GetUserDefinedFunctions: of one database, or of all.
pub async fn list(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::GetUserDefinedFunctionsRequest,
) -> Result<aws::GetUserDefinedFunctionsResponse, Error> {
    let place = Place::enter(ctx, input.catalog_id.as_deref())?;
    let pattern = NamePattern::parse(&input.pattern)?;
    let one = input.database_name.as_deref().map(DatabaseName::of);
    let scope =
        format!("glue:GetUserDefinedFunctions {} {one:?} {} {:?}", place.account, input.pattern, input.function_type);
    let after = listing::cursor(ctx, &scope, input.next_token)?;
    let read = glue.store.snapshot();
    let databases: Vec<(String, u64)> = match &one {
        Some(name) => vec![(name.to_string(), database::find(&read, &place, name)?.number)],
        None => read
            .scan(DATABASES, Span::under(place.prefix()))
            .map(|row| row.map(|((_, _, name), database)| (name, database.number)))
            .collect::<Result<_, _>>()?,
    };
    let (after_database, after_function) = after.split_once('/').unwrap_or_default();
    let rows = databases.iter().filter(|(name, _)| name.as_str() >= after_database).flat_map(|(database, number)| {
        let after = if database == after_database { after_function } else { "" };
        let functions = read.scan(FUNCTIONS, Span::under((*number,)).after(&(*number, after)));
        functions
            .map(move |row| row.map(|((_, name), function)| (format!("{database}/{name}"), (database, name, function))))
    });
    let Page { items, next } =
        listing::cut(rows, listing::size(input.max_results), |_, (database, name, function)| {
            let has_type =
                input.function_type.is_none_or(|kind| function.input.function_type.as_deref() == Some(kind.as_str()));
            Ok((has_type && pattern.fits(&name)).then(|| show(&place, database, &name, function)))
        })?;
    Ok(aws::GetUserDefinedFunctionsResponse {
        user_defined_functions: Some(items),
        next_token: next.map(|cursor| ctx.page_token(&scope, &cursor)),
    })
}

/// The function, its database and the catalog.
pub fn update_access(ctx: &Ctx, glue: &Glue, input: &aws::UpdateUserDefinedFunctionRequest) -> Result<Access, Fault> {
    let touch = Touch::catalog(ctx, glue, input.catalog_id.as_deref())?;
    touch.function(&input.database_name, &input.function_name)?.done()
}

/// UpdateUserDefinedFunction: everything but the name and the time of creation is what the request says.
pub async fn update(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::UpdateUserDefinedFunctionRequest,
) -> Result<aws::UpdateUserDefinedFunctionResponse, Error> {
    let place = Place::enter(ctx, input.catalog_id.as_deref())?;
    let (database, name) = (DatabaseName::of(&input.database_name), FunctionName::of(&input.function_name));
    if input.function_input.function_name.as_deref().is_some_and(|sent| FunctionName::of(sent) != name) {
        return Err(Error::invalid("Function name cannot be changed."));
    }
    let changed: FunctionInput = Kept::keep(input.function_input);
    glue.store
        .write(move |tx| {
            let number = database::find(tx, &place, &database)?.number;
            let key = (number, name.as_str());
            let before = tx.get(FUNCTIONS, &key)?.ok_or_else(|| Error::function_not_found(&name))?;
            tx.put(FUNCTIONS, &key, &Function { input: changed, ..before })?;
            Ok::<_, Error>(())
        })
        .await?;
    Ok(aws::UpdateUserDefinedFunctionResponse {})
}

fn show(place: &Place, database: &str, name: &str, function: Function) -> aws::UserDefinedFunction {
    let sent: aws::UserDefinedFunctionInput = Kept::show(function.input);
    aws::UserDefinedFunction {
        function_name: Some(name.to_owned()),
        database_name: Some(database.to_owned()),
        class_name: sent.class_name,
        owner_name: sent.owner_name,
        function_type: sent.function_type,
        owner_type: sent.owner_type,
        create_time: Some(function.created),
        resource_uris: sent.resource_uris,
        artifact_location: sent.artifact_location,
        governance_mode: sent.governance_mode,
        catalog_id: Some(place.account.to_string()),
    }
}
