//! What a caller sees when the store fails: an internal failure, with the cause for the operator.

use haar_kernel::{AwsError, ErrorShape};

use crate::error::StoreError;

impl AwsError for StoreError {
    fn shape(&self) -> Option<&'static ErrorShape> {
        None
    }
}
