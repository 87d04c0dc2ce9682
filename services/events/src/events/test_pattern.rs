//! TestEventPattern: does an event match?

use haar_platform::aws::events as aws;
use haar_platform::kernel::Ctx;
use haar_platform::pattern::Pattern;
use serde_json::Value;

use super::Events;
use super::error::Error;

/// What an event must have to be one.
/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html>
const REQUIRED: [&str; 7] = ["id", "account", "source", "time", "region", "resources", "detail-type"];

/// TestEventPattern.
pub async fn test(
    _: &Ctx,
    _: &Events,
    input: aws::TestEventPatternRequest,
) -> Result<aws::TestEventPatternResponse, Error> {
    let pattern = Pattern::parse(&input.event_pattern)?;
    let event: Value = serde_json::from_str(&input.event)
        .ok()
        .filter(Value::is_object)
        .ok_or_else(|| Error::parameter("Event", "Event is not a valid JSON object."))?;
    if let Some(missing) = REQUIRED.iter().find(|name| event.get(**name).is_none()) {
        return Err(Error::parameter("Event", format_args!("The event has no member {missing}.")));
    }
    Ok(aws::TestEventPatternResponse { result: Some(pattern.matches(&event)) })
}
