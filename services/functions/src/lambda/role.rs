//! The role that a function works with.

use haar_platform::kernel::{Ctx, Fault};
use haar_platform::role::{self, Session};

/// A session of a function's role, which must trust Lambda. `ctx` is of the function's account. The session is named
/// after the function, as on AWS.
pub async fn assume(ctx: &Ctx, role_arn: &str, function: &str) -> Result<Session, Fault> {
    role::assume(ctx, "lambda", role_arn, &session_name(function)).await
}

/// Functions may have names of one letter, and sessions may not.
fn session_name(function: &str) -> String {
    format!("{function:_<2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_has_the_name_of_its_function() {
        assert_eq!(session_name("echo"), "echo");
        assert_eq!(session_name("f"), "f_");
    }
}
