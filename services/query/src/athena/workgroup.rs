//! Workgroups: how queries run, and whose they are.
//!
//! <https://docs.aws.amazon.com/athena/latest/ug/workgroups-manage-queries-control-costs.html>

use haar_platform::aws::athena as aws;
use haar_platform::kernel::{Access, Ctx, Fault, ids};
use haar_platform::store::{Read, Span, Tx};

use super::Athena;
use super::configuration::{self, show_engine_version};
use super::error::Error;
use super::listing;
use super::model::{
    NAMED_QUERIES, NAMED_QUERIES_BY_WORKGROUP, STATEMENTS, SUBMISSIONS_BY_WORKGROUP, TAGS, WORKGROUPS, Workgroup,
};
use super::place::{self, Place};
use super::tag;

/// The workgroup that every account has, and that queries run in which name none.
pub const PRIMARY: &str = "primary";

/// In an account's region, `primary` not counted. <https://docs.aws.amazon.com/athena/latest/ug/service-limits.html>
const WORKGROUPS_MAX: u64 = 1000;

/// The workgroup of a name.
pub fn find(read: &impl Read, place: &Place, name: &str) -> Result<Workgroup, Error> {
    match read.get(WORKGROUPS, &place.key(name))? {
        Some(workgroup) => Ok(workgroup),
        None if name == PRIMARY => Ok(primary()),
        None => Err(Error::workgroup_not_found(name)),
    }
}

fn primary() -> Workgroup {
    Workgroup { number: 0, created: None, description: None, enabled: true, configuration: configuration::primary() }
}

/// The workgroup that a request names, or `primary`.
pub fn or_primary(name: Option<&str>) -> String {
    name.unwrap_or(PRIMARY).to_owned()
}

/// The workgroup, with the tags that it shall have.
pub fn create_access(ctx: &Ctx, athena: &Athena, input: &aws::CreateWorkGroupInput) -> Result<Access, Fault> {
    let access = place::touch(ctx, &athena.store, place::workgroup(&input.name))?;
    Ok(tag::requested(access, input.tags.as_ref()))
}

/// CreateWorkGroup.
pub async fn create(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::CreateWorkGroupInput,
) -> Result<aws::CreateWorkGroupOutput, Fault> {
    let (place, name) = (Place::of(ctx), input.name);
    let tags = tag::checked(input.tags.unwrap_or_default())?;
    let workgroup = Workgroup {
        number: u64::from_be_bytes(ids::random()),
        created: Some(ctx.now()),
        description: input.description,
        enabled: true,
        configuration: configuration::create(input.configuration)?,
    };
    athena
        .store
        .write(move |tx| {
            if name == PRIMARY || tx.contains(WORKGROUPS, &place.key(&name))? {
                return Err(Error::invalid("WorkGroup is already created"));
            }
            if tx.count_in(WORKGROUPS, Span::under(place.prefix()))? >= WORKGROUPS_MAX {
                return Err(Error::invalid("You have reached the limit of workgroups for this account"));
            }
            if !tags.0.is_empty() {
                tx.put(TAGS, &place.key(&place::workgroup(&name)), &tags)?;
            }
            Ok(tx.put(WORKGROUPS, &place.key(&name), &workgroup)?)
        })
        .await?;
    Ok(aws::CreateWorkGroupOutput {})
}

/// The workgroup.
pub fn get_access(ctx: &Ctx, athena: &Athena, input: &aws::GetWorkGroupInput) -> Result<Access, Fault> {
    place::touch(ctx, &athena.store, place::workgroup(&input.work_group))
}

/// GetWorkGroup.
pub async fn get(ctx: &Ctx, athena: &Athena, input: aws::GetWorkGroupInput) -> Result<aws::GetWorkGroupOutput, Error> {
    let workgroup = athena.store.read(|tx| find(tx, &Place::of(ctx), &input.work_group))?;
    Ok(aws::GetWorkGroupOutput {
        work_group: Some(aws::WorkGroup {
            name: input.work_group,
            state: Some(state(&workgroup)),
            description: Some(workgroup.description.unwrap_or_default()),
            creation_time: workgroup.created,
            configuration: Some(configuration::show(workgroup.configuration)),
            identity_center_application_arn: None,
        }),
    })
}

fn state(workgroup: &Workgroup) -> aws::WorkGroupState {
    if workgroup.enabled { aws::WorkGroupState::Enabled } else { aws::WorkGroupState::Disabled }
}

/// The workgroup.
pub fn update_access(ctx: &Ctx, athena: &Athena, input: &aws::UpdateWorkGroupInput) -> Result<Access, Fault> {
    place::touch(ctx, &athena.store, place::workgroup(&input.work_group))
}

/// UpdateWorkGroup: what the request does not name stays.
pub async fn update(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::UpdateWorkGroupInput,
) -> Result<aws::UpdateWorkGroupOutput, Fault> {
    let (place, name) = (Place::of(ctx), input.work_group);
    athena
        .store
        .write(move |tx| {
            let mut workgroup = find(tx, &place, &name)?;
            workgroup.description = input.description.or(workgroup.description);
            if let Some(state) = input.state {
                workgroup.enabled = state == aws::WorkGroupState::Enabled;
            }
            if let Some(updates) = input.configuration_updates {
                workgroup.configuration = match configuration::update(workgroup.configuration, updates) {
                    Ok(configuration) => configuration,
                    Err(refusal) => return Ok(Some(refusal)),
                };
            }
            tx.put(WORKGROUPS, &place.key(&name), &workgroup)?;
            Ok::<_, Error>(None)
        })
        .await?
        .map_or(Ok(aws::UpdateWorkGroupOutput {}), Err)
}

/// The workgroup.
pub fn delete_access(ctx: &Ctx, athena: &Athena, input: &aws::DeleteWorkGroupInput) -> Result<Access, Fault> {
    place::touch(ctx, &athena.store, place::workgroup(&input.work_group))
}

/// DeleteWorkGroup. Executions stay in reach of their ids until they are old.
pub async fn delete(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::DeleteWorkGroupInput,
) -> Result<aws::DeleteWorkGroupOutput, Error> {
    let (place, name) = (Place::of(ctx), input.work_group);
    if name == PRIMARY {
        return Err(Error::invalid("The primary workgroup cannot be deleted."));
    }
    athena
        .store
        .write(move |tx| {
            let workgroup = find(tx, &place, &name)?;
            if input.recursive_delete_option != Some(true) && !is_empty(tx, &place, workgroup.number)? {
                return Err(Error::invalid(format!("WorkGroup {name} is not empty")));
            }
            delete_contents(tx, &place, workgroup.number)?;
            tx.delete(TAGS, &place.key(&place::workgroup(&name)))?;
            tx.delete(WORKGROUPS, &place.key(&name))?;
            Ok(aws::DeleteWorkGroupOutput {})
        })
        .await
}

fn is_empty(tx: &Tx, place: &Place, number: u64) -> Result<bool, Error> {
    let (account, region) = place.prefix();
    let prefix = (account, region, number);
    Ok(tx.scan_index_keys(NAMED_QUERIES_BY_WORKGROUP, Span::under(prefix)).next().is_none()
        && tx.scan_index_keys(SUBMISSIONS_BY_WORKGROUP, Span::under(prefix)).next().is_none()
        && tx.scan_keys(STATEMENTS, Span::under(prefix)).next().is_none())
}

fn delete_contents(tx: &mut Tx, place: &Place, number: u64) -> Result<(), Error> {
    let (account, region) = place.prefix();
    let prefix = (account, region, number);
    let queries: Vec<_> =
        tx.scan_index_keys(NAMED_QUERIES_BY_WORKGROUP, Span::under(prefix)).collect::<Result<_, _>>()?;
    for (_, key) in &queries {
        tx.delete(NAMED_QUERIES, key)?;
    }
    let statements: Vec<_> = tx.scan_keys(STATEMENTS, Span::under(prefix)).collect::<Result<_, _>>()?;
    for key in &statements {
        tx.delete(STATEMENTS, key)?;
    }
    Ok(())
}

/// No workgroup in particular.
pub fn list_access(_: &Ctx, _: &Athena, _: &aws::ListWorkGroupsInput) -> Result<Access, Fault> {
    Ok(Access::all())
}

/// ListWorkGroups: `primary` among the others, in the order of their names.
pub async fn list(
    ctx: &Ctx,
    athena: &Athena,
    input: aws::ListWorkGroupsInput,
) -> Result<aws::ListWorkGroupsOutput, Error> {
    const SCOPE: &str = "athena:ListWorkGroups";
    let place = Place::of(ctx);
    let after = listing::cursor(ctx, SCOPE, input.next_token)?;
    let size = listing::size(input.max_results);
    let page = athena.store.read(|tx| {
        let stored = tx.scan(WORKGROUPS, Span::under(place.prefix()).after(&place.key(&after)));
        // One more than the page holds, so that it is known whether there is another.
        let mut rows = stored
            .map(|row| row.map(|((_, _, name), workgroup)| (name, workgroup)))
            .take(size + 1)
            .collect::<Result<Vec<_>, _>>()?;
        if after.as_str() < PRIMARY && !tx.contains(WORKGROUPS, &place.key(PRIMARY))? {
            let position = rows.partition_point(|(name, _)| name.as_str() < PRIMARY);
            rows.insert(position, (PRIMARY.to_owned(), primary()));
        }
        let rows = rows.into_iter().map(|(name, workgroup)| Ok((name.clone(), summary(name, workgroup))));
        listing::cut(ctx, SCOPE, rows, size)
    })?;
    Ok(aws::ListWorkGroupsOutput { work_groups: Some(page.items), next_token: page.next })
}

fn summary(name: String, workgroup: Workgroup) -> aws::WorkGroupSummary {
    aws::WorkGroupSummary {
        name: Some(name),
        state: Some(state(&workgroup)),
        description: Some(workgroup.description.unwrap_or_default()),
        creation_time: workgroup.created,
        engine_version: Some(show_engine_version(workgroup.configuration.engine_version)),
        identity_center_application_arn: None,
    }
}

/// No workgroup in particular.
pub fn engine_versions_access(_: &Ctx, _: &Athena, _: &aws::ListEngineVersionsInput) -> Result<Access, Fault> {
    Ok(Access::all())
}

/// ListEngineVersions.
pub async fn engine_versions(
    ctx: &Ctx,
    _: &Athena,
    input: aws::ListEngineVersionsInput,
) -> Result<aws::ListEngineVersionsOutput, Error> {
    const SCOPE: &str = "athena:ListEngineVersions";
    let after = listing::cursor(ctx, SCOPE, input.next_token)?;
    let selections = [configuration::ENGINE_VERSION_AUTO, configuration::ENGINE_VERSION];
    let start = selections.iter().position(|selection| *selection == after).map_or(0, |position| position + 1);
    let rows = selections[start..]
        .iter()
        .map(|selection| Ok(((*selection).to_owned(), show_engine_version((*selection).to_owned()))));
    let page = listing::cut(ctx, SCOPE, rows, listing::size(input.max_results))?;
    Ok(aws::ListEngineVersionsOutput { engine_versions: Some(page.items), next_token: page.next })
}
