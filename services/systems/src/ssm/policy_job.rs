//! The job that acts on parameter policies: tells of expirations and of long silence, and deletes what has expired.

use haar_platform::kernel::{Ctx, Next, Timestamp};
use haar_platform::store::{Read, Span, Tx};

use super::Ssm;
use super::delete;
use super::error::Error;
use super::event::Scene;
use super::model::{BY_DUE, PARAMETERS, Parameter, ParameterKey};
use super::place::Place;
use super::policy::Action;

/// Parameters that one transaction acts on, so that other writers get their turn.
const BATCH_MAX: usize = 100;

/// Acts on what is due; comes back when the next policy is.
pub async fn act(ctx: &Ctx, ssm: &Ssm) -> Result<Next, Error> {
    loop {
        let now = ctx.now();
        let next = ssm.store.read(first_due)?;
        if next.is_none_or(|due| due > now) {
            return Ok(Next::at(next));
        }
        let writer = ssm.clone();
        ssm.store.write(move |tx| act_on_batch(&writer, tx, now)).await?;
    }
}

fn first_due(read: &impl Read) -> Result<Option<Timestamp>, Error> {
    let first = read.scan_index_keys(BY_DUE, Span::all()).next().transpose()?;
    Ok(first.map(|(due, _)| Timestamp::from_millis(due)))
}

fn act_on_batch(ssm: &Ssm, tx: &mut Tx, now: Timestamp) -> Result<(), Error> {
    let due = Span::between((), ..=now.millis());
    let batch: Result<Vec<_>, _> = tx.scan_index(BY_DUE, due).take(BATCH_MAX).collect();
    for (_, key, parameter) in batch? {
        act_on(ssm, tx, &key, parameter, now)?;
    }
    Ok(())
}

/// Every policy of a parameter that is due. Expiration comes last: notifications speak of a parameter that exists.
fn act_on(ssm: &Ssm, tx: &mut Tx, key: &ParameterKey, mut parameter: Parameter, now: Timestamp) -> Result<(), Error> {
    let place = Place::of_key(key);
    let name = key.2.as_str();
    let scene = Scene { place: &place, now, name, version: &parameter.latest.clone() };
    let mut expired = None;
    for policy in &mut parameter.latest.policies {
        if policy.due().is_none_or(|due| due > now) {
            continue;
        }
        policy.finished = true;
        match policy.action {
            Action::Expiration { .. } => expired = Some(policy.clone()),
            _ => scene.acted(&ssm.bus, tx, policy)?,
        }
    }
    match expired {
        None => tx.put(PARAMETERS, key, &parameter)?,
        Some(policy) => {
            scene.acted(&ssm.bus, tx, &policy)?;
            delete::delete(ssm, tx, &place, name, now)?;
        }
    }
    Ok(())
}
