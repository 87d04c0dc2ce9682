//! CREATE, DROP and ALTER DATABASE.

use std::collections::BTreeMap;

use haar_platform::aws::glue as aws;

use super::Answer;
use crate::athena::execution::run::Execution;
use crate::athena::model::Failure;
use crate::athena::statement::CreateDatabase;

/// CREATE DATABASE.
pub async fn create(execution: &Execution, create: CreateDatabase) -> Result<Answer, Failure> {
    let CreateDatabase { name, if_not_exists, comment, location, properties } = create;
    let input = aws::DatabaseInput {
        name: name.clone(),
        description: comment,
        location_uri: location,
        parameters: Some(properties).filter(|properties| !properties.is_empty()),
        ..Default::default()
    };
    let request = aws::CreateDatabaseRequest { database_input: input, ..Default::default() };
    match execution.call::<aws::CreateDatabase>(request).await {
        Ok(_) => Ok(Answer::nothing()),
        Err(fault) if fault.name == "AlreadyExistsException" && if_not_exists => Ok(Answer::nothing()),
        Err(fault) if fault.name == "AlreadyExistsException" => {
            Err(Failure::of_task(format_args!("Database {name} already exists")))
        }
        Err(fault) => Err(Failure::of_call(&fault)),
    }
}

/// DROP DATABASE. Glue takes the tables along, so that nobody but us asks whether there are any.
pub async fn drop(execution: &Execution, name: &str, if_exists: bool, cascade: bool) -> Result<Answer, Failure> {
    match execution.find_database(name).await.map_err(|fault| Failure::of_call(&fault))? {
        None if if_exists => return Ok(Answer::nothing()),
        None => execution.check_database(name).await?,
        Some(_) => {}
    }
    if !cascade {
        let request =
            aws::GetTablesRequest { database_name: name.to_owned(), max_results: Some(1), ..Default::default() };
        let answer = execution.call::<aws::GetTables>(request).await.map_err(|fault| Failure::of_call(&fault))?;
        if answer.table_list.is_some_and(|tables| !tables.is_empty()) {
            return Err(Failure::of_task(format_args!(
                "InvalidOperationException(message:Database {name} is not empty. One or more tables exist.)"
            )));
        }
    }
    let request = aws::DeleteDatabaseRequest { name: name.to_owned(), ..Default::default() };
    execution.call::<aws::DeleteDatabase>(request).await.map_err(|fault| Failure::of_call(&fault))?;
    Ok(Answer::nothing())
}

/// ALTER DATABASE: properties are added to those that are there.
pub async fn alter(
    execution: &Execution,
    name: &str,
    properties: BTreeMap<String, String>,
    location: Option<String>,
) -> Result<Answer, Failure> {
    execution.check_database(name).await?;
    let found = execution.find_database(name).await.map_err(|fault| Failure::of_call(&fault))?;
    let database = found.unwrap_or_default();
    let mut parameters = database.parameters.unwrap_or_default();
    parameters.extend(properties);
    let input = aws::DatabaseInput {
        name: database.name,
        description: database.description,
        location_uri: location.or(database.location_uri),
        parameters: Some(parameters),
        create_table_default_permissions: database.create_table_default_permissions,
        ..Default::default()
    };
    let request = aws::UpdateDatabaseRequest { name: name.to_owned(), database_input: input, ..Default::default() };
    execution.call::<aws::UpdateDatabase>(request).await.map_err(|fault| Failure::of_call(&fault))?;
    Ok(Answer::nothing())
}
