//! GetAccountSettings: what an account may have, and has.

use haar_platform::aws::lambda::{AccountLimit, AccountUsage, GetAccountSettingsRequest, GetAccountSettingsResponse};
use haar_platform::kernel::Ctx;
use haar_platform::store::{Read, Span};

use super::Lambda;
use super::concurrency::{CONCURRENT_MAX, reserved_in};
use super::error::LambdaError;
use super::model::{FUNCTIONS, LAYER_VERSIONS, VERSIONS};

/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const CODE_BYTES_MAX: i64 = 80_530_636_800;
const UNZIPPED_BYTES_MAX: i64 = 262_144_000;
const ZIPPED_BYTES_MAX: i64 = 52_428_800;

/// GetAccountSettings.
pub async fn settings(
    ctx: &Ctx,
    lambda: &Lambda,
    _: GetAccountSettingsRequest,
) -> Result<GetAccountSettingsResponse, LambdaError> {
    let here = (ctx.account.as_str(), ctx.region.as_str());
    let (functions, bytes, reserved) = lambda.store.read(|tx| {
        let (mut functions, mut bytes) = (0, 0);
        for entry in tx.scan(FUNCTIONS, Span::under(here)) {
            functions += 1;
            bytes += entry?.1.latest.code.size_bytes;
        }
        for entry in tx.scan(VERSIONS, Span::under(here)) {
            bytes += entry?.1.code.size_bytes;
        }
        for entry in tx.scan(LAYER_VERSIONS, Span::under(here)) {
            bytes += entry?.1.code.size_bytes;
        }
        Ok::<_, LambdaError>((functions, bytes, reserved_in(tx, here, None)?))
    })?;
    Ok(GetAccountSettingsResponse {
        account_limit: Some(AccountLimit {
            total_code_size: Some(CODE_BYTES_MAX),
            code_size_unzipped: Some(UNZIPPED_BYTES_MAX),
            code_size_zipped: Some(ZIPPED_BYTES_MAX),
            concurrent_executions: Some(CONCURRENT_MAX.cast_signed()),
            unreserved_concurrent_executions: Some((CONCURRENT_MAX - reserved.min(CONCURRENT_MAX)).cast_signed()),
        }),
        account_usage: Some(AccountUsage {
            total_code_size: Some(bytes.cast_signed()),
            function_count: Some(functions),
        }),
    })
}
