//! Connections: how jobs and crawlers reach data stores. They are kept, not tried: nothing here connects.

use haar_platform::aws::glue::{self as aws, ConnectionPropertyKey as Property};
use haar_platform::kernel::{Access, Ctx, Fault, Timestamp};
use haar_platform::store::{Read, Span, Tx, Vault};

use super::Glue;
use super::access::Touch;
use super::error::Error;
use super::kept::Kept;
use super::listing;
use super::model::{CONNECTIONS, Connection, TAGS};
use super::place::{self, Place};
use super::quota::{self, Counted};
use super::tag;

/// Properties that are sealed at rest.
const SECRETS: [Property; 5] = [
    Property::Password,
    Property::KafkaClientKeystorePassword,
    Property::KafkaClientKeyPassword,
    Property::KafkaSaslPlainPassword,
    Property::KafkaSaslScramPassword,
];

/// The connection, with the tags that it shall have.
pub fn create_access(ctx: &Ctx, glue: &Glue, input: &aws::CreateConnectionRequest) -> Result<Access, Fault> {
    let touch = Touch::catalog(ctx, glue, input.catalog_id.as_deref())?;
    let access = touch.connection(&input.connection_input.name)?.done()?;
    Ok(tag::requested(access, input.tags.as_ref()))
}

/// CreateConnection.
pub async fn create(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::CreateConnectionRequest,
) -> Result<aws::CreateConnectionResponse, Fault> {
    let place = Place::enter(ctx, input.catalog_id.as_deref())?;
    let tags = tag::checked(input.tags.unwrap_or_default())?;
    let name = input.connection_input.name.clone();
    let connection = keep(ctx, glue.store.vault(), &place, input.connection_input, ctx.now())?;
    let quotas = glue.quotas;
    glue.store
        .write(move |tx| {
            if tx.contains(CONNECTIONS, &place.key(&name))? {
                return Err(Error::AlreadyExists("Connection".into()));
            }
            quota::add(tx, &quotas, &Counted::Connections(&place))?;
            tx.put(CONNECTIONS, &place.key(&name), &connection)?;
            if !tags.0.is_empty() {
                tx.put(TAGS, &place.key(&place::connection(&name)), &tags)?;
            }
            Ok(())
        })
        .await?;
    Ok(aws::CreateConnectionResponse { create_connection_status: Some(aws::ConnectionStatus::Ready) })
}

/// The connection and the catalog.
pub fn delete_access(ctx: &Ctx, glue: &Glue, input: &aws::DeleteConnectionRequest) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.connection(&input.connection_name)?.done()
}

/// DeleteConnection.
pub async fn delete(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::DeleteConnectionRequest,
) -> Result<aws::DeleteConnectionResponse, Error> {
    let place = Place::enter(ctx, input.catalog_id.as_deref())?;
    glue.store.write(move |tx| remove(tx, &place, &input.connection_name)).await?;
    Ok(aws::DeleteConnectionResponse {})
}

/// The connections and the catalog.
pub fn delete_many_access(ctx: &Ctx, glue: &Glue, input: &aws::BatchDeleteConnectionRequest) -> Result<Access, Fault> {
    let touch = Touch::catalog(ctx, glue, input.catalog_id.as_deref())?;
    input.connection_name_list.iter().try_fold(touch, |touch, name| touch.connection(name))?.done()
}

/// BatchDeleteConnection: those that exist are deleted, the others are reported.
pub async fn delete_many(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::BatchDeleteConnectionRequest,
) -> Result<aws::BatchDeleteConnectionResponse, Error> {
    let place = Place::enter(ctx, input.catalog_id.as_deref())?;
    glue.store
        .write(move |tx| {
            let (mut succeeded, mut errors) = (Vec::new(), std::collections::BTreeMap::new());
            for name in input.connection_name_list {
                match remove(tx, &place, &name) {
                    Ok(()) => succeeded.push(name),
                    Err(error) => {
                        let Some(detail) = error.detail() else { return Err(error) };
                        errors.insert(name, detail);
                    }
                }
            }
            Ok(aws::BatchDeleteConnectionResponse { succeeded: Some(succeeded), errors: Some(errors) })
        })
        .await
}

/// The connection and the catalog.
pub fn get_access(ctx: &Ctx, glue: &Glue, input: &aws::GetConnectionRequest) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.connection(&input.name)?.done()
}

/// GetConnection.
pub async fn get(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::GetConnectionRequest,
) -> Result<aws::GetConnectionResponse, Error> {
    let place = Place::enter(ctx, input.catalog_id.as_deref())?;
    let connection = glue.store.read(|tx| find(tx, &place, &input.name))?;
    let overrides = match input.apply_override_for_compute_environment {
        None => None,
        Some(aws::ComputeEnvironment::Spark) => connection.spark_properties.clone(),
        Some(aws::ComputeEnvironment::Athena) => connection.athena_properties.clone(),
        Some(aws::ComputeEnvironment::Python) => connection.python_properties.clone(),
    };
    let mut shown = show(glue.store.vault(), &place, &input.name, connection, input.hide_password == Some(true))?;
    if let Some(properties) = shown.connection_properties.as_mut() {
        properties.extend(overrides.unwrap_or_default());
    }
    Ok(aws::GetConnectionResponse { connection: Some(shown) })
}

/// All connections.
pub fn list_access(ctx: &Ctx, glue: &Glue, input: &aws::GetConnectionsRequest) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.connection("*")?.done()
}

/// GetConnections.
pub async fn list(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::GetConnectionsRequest,
) -> Result<aws::GetConnectionsResponse, Error> {
    let place = Place::enter(ctx, input.catalog_id.as_deref())?;
    let filter = input.filter.unwrap_or_default();
    let scope = format!("glue:GetConnections {} {filter:?}", place.account);
    let after = listing::cursor(ctx, &scope, input.next_token)?;
    let (read, vault) = (glue.store.snapshot(), glue.store.vault());
    let rows = read.scan(CONNECTIONS, Span::under(place.prefix()).after(&place.key(&after)));
    let rows = rows.map(|row| row.map(|((_, _, name), connection)| (name, connection)));
    let page = listing::cut(rows, listing::size(input.max_results), |name, connection| {
        if !fits(&filter, &connection) {
            return Ok(None);
        }
        show(vault, &place, name, connection, input.hide_password == Some(true)).map(Some)
    })?;
    Ok(aws::GetConnectionsResponse {
        connection_list: Some(page.items),
        next_token: page.next.map(|cursor| ctx.page_token(&scope, &cursor)),
    })
}

/// The connection and the catalog.
pub fn update_access(ctx: &Ctx, glue: &Glue, input: &aws::UpdateConnectionRequest) -> Result<Access, Fault> {
    Touch::catalog(ctx, glue, input.catalog_id.as_deref())?.connection(&input.name)?.done()
}

/// UpdateConnection: everything but the name and the time of creation is what the request says.
pub async fn update(
    ctx: &Ctx,
    glue: &Glue,
    input: aws::UpdateConnectionRequest,
) -> Result<aws::UpdateConnectionResponse, Fault> {
    let place = Place::enter(ctx, input.catalog_id.as_deref())?;
    let name = input.name;
    if input.connection_input.name != name {
        return Err(Error::invalid("Connection name cannot be changed.").into());
    }
    let changed = keep(ctx, glue.store.vault(), &place, input.connection_input, ctx.now())?;
    glue.store
        .write(move |tx| {
            let before = find(tx, &place, &name)?;
            tx.put(CONNECTIONS, &place.key(&name), &Connection { created: before.created, ..changed })?;
            Ok::<_, Error>(())
        })
        .await?;
    Ok(aws::UpdateConnectionResponse {})
}

fn find(read: &impl Read, place: &Place, name: &str) -> Result<Connection, Error> {
    read.get(CONNECTIONS, &place.key(name))?.ok_or_else(|| not_found(name))
}

fn remove(tx: &mut Tx, place: &Place, name: &str) -> Result<(), Error> {
    tx.delete(CONNECTIONS, &place.key(name))?.ok_or_else(|| not_found(name))?;
    tx.delete(TAGS, &place.key(&place::connection(name)))?;
    quota::remove(tx, &Counted::Connections(place))?;
    Ok(())
}

fn not_found(name: &str) -> Error {
    Error::EntityNotFound(format!("Connection {name} not found."))
}

fn fits(filter: &aws::GetConnectionsFilter, connection: &Connection) -> bool {
    let wanted = filter.match_criteria.as_deref().unwrap_or_default();
    let criteria = connection.match_criteria.as_deref().unwrap_or_default();
    wanted.iter().all(|criterion| criteria.contains(criterion))
        && filter.connection_type.is_none_or(|kind| kind.as_str() == connection.kind)
        && filter.connection_schema_version.is_none_or(|version| version == SCHEMA_VERSION)
}

/// The first form of connections. The second came with connectors to applications, which are not tried here.
const SCHEMA_VERSION: i32 = 1;

fn keep(
    ctx: &Ctx,
    vault: &Vault,
    place: &Place,
    input: aws::ConnectionInput,
    now: Timestamp,
) -> Result<Connection, Fault> {
    if input.validate_credentials == Some(true) {
        return Err(Fault::not_served("glue connections with ValidateCredentials"));
    }
    if input.validate_for_compute_environments.is_some_and(|environments| !environments.is_empty()) {
        return Err(Fault::not_served("glue connections with ValidateForComputeEnvironments"));
    }
    let mut properties = input.connection_properties;
    let mut secrets = Vec::new();
    for property in SECRETS {
        if let Some(secret) = properties.remove(property.as_str()) {
            let sealed = vault.seal(&belongs_to(place, &input.name, property.as_str()), secret.as_bytes());
            secrets.push((property.as_str().to_owned(), sealed.map_err(Error::from)?));
        }
    }
    Ok(Connection {
        created: now,
        updated: now,
        updated_by: ctx.caller.arn.clone(),
        description: input.description,
        kind: input.connection_type.as_str().to_owned(),
        match_criteria: input.match_criteria,
        properties,
        secrets,
        spark_properties: input.spark_properties,
        athena_properties: input.athena_properties,
        python_properties: input.python_properties,
        network: Kept::keep(input.physical_connection_requirements),
        authentication: input.authentication_configuration.map(authentication).transpose()?,
    })
}

/// A secret by its ARN is kept; credentials in the request itself would have to become a secret first.
fn authentication(sent: aws::AuthenticationConfigurationInput) -> Result<super::model::Authentication, Fault> {
    for (asked, what) in [
        (sent.o_auth2_properties.is_some(), "OAuth2Properties"),
        (sent.basic_authentication_credentials.is_some(), "BasicAuthenticationCredentials"),
        (sent.custom_authentication_credentials.is_some(), "CustomAuthenticationCredentials"),
    ] {
        if asked {
            return Err(Fault::not_served(format_args!("glue connections with {what}")));
        }
    }
    Ok(super::model::Authentication {
        authentication_type: Kept::keep(sent.authentication_type),
        secret_arn: sent.secret_arn,
        kms_key_arn: sent.kms_key_arn,
    })
}

fn show(
    vault: &Vault,
    place: &Place,
    name: &str,
    connection: Connection,
    hides_password: bool,
) -> Result<aws::Connection, Error> {
    let mut properties = connection.properties;
    for (property, sealed) in connection.secrets {
        if !hides_password {
            let secret = vault.open(&belongs_to(place, name, &property), &sealed)?;
            properties.insert(property, String::from_utf8(secret)?);
        }
    }
    Ok(aws::Connection {
        name: Some(name.to_owned()),
        description: connection.description,
        connection_type: aws::ConnectionType::parse(&connection.kind),
        match_criteria: connection.match_criteria,
        connection_properties: Some(properties),
        spark_properties: connection.spark_properties,
        athena_properties: connection.athena_properties,
        python_properties: connection.python_properties,
        physical_connection_requirements: Kept::show(connection.network),
        creation_time: Some(connection.created),
        last_updated_time: Some(connection.updated),
        last_updated_by: Some(connection.updated_by),
        status: Some(aws::ConnectionStatus::Ready),
        authentication_configuration: Kept::show(connection.authentication),
        connection_schema_version: Some(SCHEMA_VERSION),
        ..Default::default()
    })
}

/// A sealed property opens in its connection only.
fn belongs_to(place: &Place, name: &str, property: &str) -> Vec<u8> {
    format!("glue:{}:{}:connection/{name}:{property}", place.account, place.region).into_bytes()
}
