//! Labels: names for versions of a parameter. Each is on one version at a time.
//!
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-labels.html>

use haar_platform::aws::ssm::{
    LabelParameterVersionRequest, LabelParameterVersionResult, UnlabelParameterVersionRequest,
    UnlabelParameterVersionResult,
};
use haar_platform::kernel::{Access, Ctx, Fault};
use haar_platform::store::{Read, Tx};

use super::Ssm;
use super::error::Error;
use super::event::{Change, Scene};
use super::get;
use super::model::{PARAMETERS, Parameter};
use super::name::Reference;
use super::place::Place;

/// Labels of one version.
const LABELS_MAX: usize = 10;

/// The parameter by its name.
pub fn add_access(ctx: &Ctx, ssm: &Ssm, input: &LabelParameterVersionRequest) -> Result<Access, Fault> {
    let place = Place::of(ctx);
    let name = Reference::parse_name(&place, &input.name)?;
    Ok(ssm.access(&place, [name])?)
}

/// LabelParameterVersion: labels that fit are put on the version, or moved to it; the others are named.
pub async fn add(
    ctx: &Ctx,
    ssm: &Ssm,
    input: LabelParameterVersionRequest,
) -> Result<LabelParameterVersionResult, Fault> {
    let (place, now, bus) = (Place::of(ctx), ctx.now(), ssm.bus.clone());
    let name = Reference::parse_name(&place, &input.name)?.to_owned();
    let (labels, invalid): (Vec<_>, Vec<_>) = input.labels.into_iter().partition(|label| is_fit(label));
    let asked = input.parameter_version;
    let number = ssm
        .store
        .write(move |tx| {
            let (mut parameter, number) = find(tx, &place, &name, asked)?;
            if labels.is_empty() {
                return Ok::<_, Error>(number);
            }
            for label in labels {
                parameter.labels.retain(|(known, _)| *known != label);
                parameter.labels.push((label, number));
            }
            if parameter.labels.iter().filter(|(_, on)| *on == number).count() > LABELS_MAX {
                return Err(Error::ParameterVersionLabelLimitExceeded);
            }
            tx.put(PARAMETERS, &place.key(&name), &parameter)?;
            if let Some(version) = &get::version(tx, &place, &name, parameter, number)? {
                let (place, name) = (&place, name.as_str());
                let scene = Scene { place, now, name, version };
                scene.changed(&bus, tx, Change::LabelParameterVersion)?;
            }
            Ok(number)
        })
        .await?;
    Ok(LabelParameterVersionResult { invalid_labels: Some(invalid), parameter_version: Some(number) })
}

/// The parameter by its name.
pub fn remove_access(ctx: &Ctx, ssm: &Ssm, input: &UnlabelParameterVersionRequest) -> Result<Access, Fault> {
    let place = Place::of(ctx);
    let name = Reference::parse_name(&place, &input.name)?;
    Ok(ssm.access(&place, [name])?)
}

/// UnlabelParameterVersion: labels that are on the version are taken from it; the others are named.
pub async fn remove(
    ctx: &Ctx,
    ssm: &Ssm,
    input: UnlabelParameterVersionRequest,
) -> Result<UnlabelParameterVersionResult, Fault> {
    let place = Place::of(ctx);
    let name = Reference::parse_name(&place, &input.name)?.to_owned();
    let (labels, asked) = (input.labels, input.parameter_version);
    let (removed, invalid) = ssm
        .store
        .write(move |tx| {
            let (mut parameter, number) = find(tx, &place, &name, Some(asked))?;
            let on_it = |label: &String| parameter.labelled(label) == Some(number);
            let (removed, invalid): (Vec<_>, Vec<_>) = labels.into_iter().partition(on_it);
            parameter.labels.retain(|(label, _)| !removed.contains(label));
            tx.put(PARAMETERS, &place.key(&name), &parameter)?;
            Ok::<_, Error>((removed, invalid))
        })
        .await?;
    Ok(UnlabelParameterVersionResult { removed_labels: Some(removed), invalid_labels: Some(invalid) })
}

/// The parameter, and the version that is asked for: the latest, if none is.
fn find(tx: &Tx, place: &Place, name: &str, asked: Option<i64>) -> Result<(Parameter, i64), Error> {
    let parameter = tx.get(PARAMETERS, &place.key(name))?.ok_or(Error::ParameterNotFound)?;
    let number = asked.unwrap_or(parameter.latest.number);
    if (parameter.oldest()..=parameter.latest.number).contains(&number) {
        return Ok((parameter, number));
    }
    Err(Error::ParameterVersionNotFound { name: name.to_owned(), version: number.to_string() })
}

fn is_fit(label: &str) -> bool {
    let lower = label.to_ascii_lowercase();
    let reserved = lower.starts_with("aws") || lower.starts_with("ssm");
    let digit_first = label.starts_with(|first: char| first.is_ascii_digit());
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    !reserved && !digit_first && label.bytes().all(known)
}
