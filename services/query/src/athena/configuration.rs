//! How a workgroup's queries run: what a caller may set, and what is refused.

use haar_platform::aws::athena as aws;
use haar_platform::kernel::Fault;

use super::error::Error;
use super::location;
use super::model::{Configuration, Encryption, ResultSettings};

/// The only engine that there is. <https://docs.aws.amazon.com/athena/latest/ug/engine-versions-reference-0003.html>
pub const ENGINE_VERSION: &str = "Athena engine version 3";

/// AWS chooses the version.
pub const ENGINE_VERSION_AUTO: &str = "AUTO";

/// Of the workgroup `primary` that nobody has changed yet.
pub fn primary() -> Configuration {
    Configuration { engine_version: ENGINE_VERSION_AUTO.to_owned(), ..Configuration::default() }
}

/// Of a new workgroup.
pub fn create(input: Option<aws::WorkGroupConfiguration>) -> Result<Configuration, Fault> {
    let input = input.unwrap_or_default();
    refuse_unserved(&Unserved {
        managed: input.managed_query_results_configuration.as_ref().is_some_and(|managed| managed.enabled),
        spark: input.additional_configuration.is_some()
            || input.execution_role.is_some()
            || input.engine_configuration.is_some()
            || input.monitoring_configuration.is_some()
            || input.customer_content_encryption_configuration.is_some(),
        minimum_encryption: input.enable_minimum_encryption_configuration == Some(true),
        identity_center: input
            .identity_center_configuration
            .as_ref()
            .is_some_and(|center| center.enable_identity_center == Some(true)),
        access_grants: input
            .query_results_s3_access_grants_configuration
            .as_ref()
            .is_some_and(|grants| grants.enable_s3_access_grants),
        system_tables: input
            .system_table_statuses
            .as_ref()
            .is_some_and(|statuses| statuses.iter().any(|status| status.enabled)),
    })?;
    Ok(Configuration {
        result: result_settings(input.result_configuration)?,
        enforced: input.enforce_work_group_configuration.unwrap_or(true),
        metrics_published: input.publish_cloud_watch_metrics_enabled.unwrap_or(true),
        scanned_bytes_max: input.bytes_scanned_cutoff_per_query,
        requester_pays: input.requester_pays_enabled.unwrap_or(false),
        engine_version: engine_version(input.engine_version)?.unwrap_or_else(|| ENGINE_VERSION_AUTO.to_owned()),
    })
}

/// Of a workgroup that is changed: what the request does not name stays.
pub fn update(mut current: Configuration, updates: aws::WorkGroupConfigurationUpdates) -> Result<Configuration, Fault> {
    refuse_unserved(&Unserved {
        managed: updates
            .managed_query_results_configuration_updates
            .as_ref()
            .is_some_and(|managed| managed.enabled == Some(true)),
        spark: updates.additional_configuration.is_some()
            || updates.execution_role.is_some()
            || updates.engine_configuration.is_some()
            || updates.monitoring_configuration.is_some()
            || updates.customer_content_encryption_configuration.is_some(),
        minimum_encryption: updates.enable_minimum_encryption_configuration == Some(true),
        identity_center: false,
        access_grants: updates
            .query_results_s3_access_grants_configuration
            .as_ref()
            .is_some_and(|grants| grants.enable_s3_access_grants),
        system_tables: false,
    })?;
    if let Some(result) = updates.result_configuration_updates {
        current.result = update_result(current.result, result)?;
    }
    current.enforced = updates.enforce_work_group_configuration.unwrap_or(current.enforced);
    current.metrics_published = updates.publish_cloud_watch_metrics_enabled.unwrap_or(current.metrics_published);
    current.requester_pays = updates.requester_pays_enabled.unwrap_or(current.requester_pays);
    if updates.remove_bytes_scanned_cutoff_per_query == Some(true) {
        current.scanned_bytes_max = None;
    }
    current.scanned_bytes_max = updates.bytes_scanned_cutoff_per_query.or(current.scanned_bytes_max);
    if let Some(version) = engine_version(updates.engine_version)? {
        current.engine_version = version;
    }
    Ok(current)
}

/// Where results go, as a request or a workgroup says it.
pub fn result_settings(input: Option<aws::ResultConfiguration>) -> Result<ResultSettings, Fault> {
    let input = input.unwrap_or_default();
    if let Some(location) = &input.output_location {
        location::check_output(location)?;
    }
    Ok(ResultSettings {
        output_location: input.output_location.filter(|location| !location.is_empty()),
        encryption: input.encryption_configuration.map(encryption).transpose()?,
        expected_bucket_owner: input.expected_bucket_owner,
        owner_full_control: input.acl_configuration.is_some(),
    })
}

fn update_result(
    mut current: ResultSettings,
    updates: aws::ResultConfigurationUpdates,
) -> Result<ResultSettings, Fault> {
    if updates.remove_output_location == Some(true) {
        current.output_location = None;
    }
    if let Some(location) = updates.output_location {
        location::check_output(&location)?;
        current.output_location = Some(location).filter(|location| !location.is_empty());
    }
    if updates.remove_encryption_configuration == Some(true) {
        current.encryption = None;
    }
    if let Some(chosen) = updates.encryption_configuration {
        current.encryption = Some(encryption(chosen)?);
    }
    if updates.remove_expected_bucket_owner == Some(true) {
        current.expected_bucket_owner = None;
    }
    current.expected_bucket_owner = updates.expected_bucket_owner.or(current.expected_bucket_owner);
    current.owner_full_control = match updates.acl_configuration {
        Some(_) => true,
        None => current.owner_full_control && updates.remove_acl_configuration != Some(true),
    };
    Ok(current)
}

fn encryption(input: aws::EncryptionConfiguration) -> Result<Encryption, Fault> {
    let aws::EncryptionConfiguration { encryption_option, kms_key } = input;
    match encryption_option {
        aws::EncryptionOption::CseKms => Err(Fault::not_served("athena results with client-side encryption (CSE_KMS)")),
        aws::EncryptionOption::SseKms if kms_key.is_none() => {
            Err(Error::invalid("KmsKey is required for EncryptionOption SSE_KMS").into())
        }
        option => Ok(Encryption { option: option.as_str().to_owned(), kms_key }),
    }
}

/// The version that a request chooses, if it chooses one.
fn engine_version(input: Option<aws::EngineVersion>) -> Result<Option<String>, Fault> {
    match input.and_then(|version| version.selected_engine_version) {
        Some(version) if version.starts_with("PySpark") => {
            Err(Fault::not_served(format_args!("athena workgroups for Spark ({version})")))
        }
        Some(version) if version != ENGINE_VERSION && version != ENGINE_VERSION_AUTO => {
            Err(Error::invalid(format!("Invalid engine version: {version}")).into())
        }
        version => Ok(version),
    }
}

/// What a request asks for that is not here.
struct Unserved {
    managed: bool,
    spark: bool,
    minimum_encryption: bool,
    identity_center: bool,
    access_grants: bool,
    system_tables: bool,
}

fn refuse_unserved(unserved: &Unserved) -> Result<(), Fault> {
    let refusals = [
        (unserved.managed, "athena managed query results (ManagedQueryResultsConfiguration)"),
        (
            unserved.spark,
            "athena workgroups for Spark (AdditionalConfiguration, ExecutionRole, EngineConfiguration, MonitoringConfiguration, CustomerContentEncryptionConfiguration)",
        ),
        (unserved.minimum_encryption, "athena minimum encryption (EnableMinimumEncryptionConfiguration)"),
        (unserved.identity_center, "athena workgroups of IAM Identity Center (IdentityCenterConfiguration)"),
        (unserved.access_grants, "athena S3 access grants (QueryResultsS3AccessGrantsConfiguration)"),
        (unserved.system_tables, "athena system tables (SystemTableStatuses)"),
    ];
    match refusals.into_iter().find(|(asked, _)| *asked) {
        Some((_, what)) => Err(Fault::not_served(what)),
        None => Ok(()),
    }
}

/// As answers show it.
pub fn show(configuration: Configuration) -> aws::WorkGroupConfiguration {
    aws::WorkGroupConfiguration {
        result_configuration: Some(show_result(configuration.result)),
        enforce_work_group_configuration: Some(configuration.enforced),
        publish_cloud_watch_metrics_enabled: Some(configuration.metrics_published),
        bytes_scanned_cutoff_per_query: configuration.scanned_bytes_max,
        requester_pays_enabled: Some(configuration.requester_pays),
        engine_version: Some(show_engine_version(configuration.engine_version)),
        ..Default::default()
    }
}

/// As answers show it.
pub fn show_result(settings: ResultSettings) -> aws::ResultConfiguration {
    let encryption = settings.encryption.map(|Encryption { option, kms_key }| aws::EncryptionConfiguration {
        encryption_option: aws::EncryptionOption::parse(&option).unwrap_or_default(),
        kms_key,
    });
    aws::ResultConfiguration {
        output_location: settings.output_location,
        encryption_configuration: encryption,
        expected_bucket_owner: settings.expected_bucket_owner,
        acl_configuration: settings
            .owner_full_control
            .then_some(aws::AclConfiguration { s3_acl_option: aws::S3AclOption::BucketOwnerFullControl }),
    }
}

/// As answers show it.
pub fn show_engine_version(selected: String) -> aws::EngineVersion {
    aws::EngineVersion {
        selected_engine_version: Some(selected),
        effective_engine_version: Some(ENGINE_VERSION.to_owned()),
    }
}
