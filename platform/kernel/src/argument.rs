//! S3's words for a request that breaks its model: one argument by its name on the wire, or the whole document.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>

use crate::check::Violation;
use crate::fault::Fault;
use crate::schema::{Kind, Location, Member, Model, Operation};
use crate::value::Value;

/// The words for a violation in the input of an operation.
pub(crate) fn fault(model: &Model, operation: &Operation, violation: &Violation) -> Fault {
    match member(model, operation, violation) {
        Some(member) if member.location != Location::Body => argument(member, violation),
        Some(member) if violation.value.is_none() && is_own(member, violation) => {
            Fault::common("MissingRequestBodyError", 400, "Request Body is empty")
        }
        _ => malformed_document(),
    }
}

/// The document does not fit the schema, whatever the detail.
pub fn malformed_document() -> Fault {
    Fault::common(
        "MalformedXML",
        400,
        "The XML you provided was not well-formed or did not validate against our published schema",
    )
}

/// A header or parameter whose value means nothing. S3 has sentences of its own for some.
pub fn invalid(name: &str, value: &str) -> Fault {
    let of = |code: &'static str, message: &str| Fault::common(code, 400, message);
    let fault = match name {
        "x-amz-storage-class" => {
            return of("InvalidStorageClass", "The storage class you specified is not valid")
                .with("StorageClassRequested", Value::String(value.to_owned()));
        }
        "x-amz-server-side-encryption" => of(
            "InvalidEncryptionAlgorithmError",
            "The encryption request you specified is not valid. Supported values: AES256, aws:kms, aws:kms:dsse.",
        ),
        "x-amz-checksum-algorithm" | "x-amz-sdk-checksum-algorithm" => {
            return of(
                "InvalidRequest",
                "Checksum algorithm provided is unsupported. Please try again with any of the valid types: \
                 [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
            );
        }
        "x-amz-checksum-type" => return of("InvalidRequest", "Value for x-amz-checksum-type header is invalid."),
        "x-amz-metadata-directive" => of("InvalidArgument", "Unknown metadata directive."),
        "x-amz-tagging-directive" => of("InvalidArgument", "Unknown tagging directive."),
        "x-amz-object-attributes" => of("InvalidArgument", "Invalid attribute name specified."),
        "encoding-type" => of("InvalidArgument", "Invalid Encoding Method specified in Request"),
        "partNumber" => of("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive"),
        "max-keys" | "max-parts" | "max-uploads" | "max-buckets" | "x-amz-max-parts" => {
            of("InvalidArgument", &format!("Provided {name} not an integer or within integer range"))
        }
        _ => of("InvalidArgument", &format!("The value of {name} is not valid.")),
    };
    fault.with("ArgumentName", Value::String(name.to_owned())).with("ArgumentValue", Value::String(value.to_owned()))
}

fn argument(member: &Member, violation: &Violation) -> Fault {
    let name = member.wire_name();
    match (&violation.value, member.location) {
        (None, Location::Header) => {
            Fault::common("InvalidRequest", 400, format!("Missing required header for this request: {name}"))
        }
        (value, _) => invalid(name, value.as_deref().unwrap_or_default()),
    }
}

/// The member of the input that the violation is in.
fn member(model: &Model, operation: &Operation, violation: &Violation) -> Option<&'static Member> {
    let Kind::Structure(structure) = &model.shape(operation.input?).kind else { return None };
    let first = violation.path.split('.').next()?;
    structure.members.iter().find(|member| member.name.eq_ignore_ascii_case(first))
}

fn is_own(member: &Member, violation: &Violation) -> bool {
    member.name.eq_ignore_ascii_case(&violation.path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_is_named_as_it_stands_on_the_wire() {
        let fault = invalid("max-keys", "many");
        assert_eq!(fault.message, "Provided max-keys not an integer or within integer range");
        assert_eq!(fault.fields[0], ("ArgumentName", Value::String("max-keys".into())));
        assert_eq!(fault.fields[1], ("ArgumentValue", Value::String("many".into())));
    }

    #[test]
    fn some_arguments_have_codes_of_their_own() {
        assert_eq!(invalid("x-amz-storage-class", "WARM").code, "InvalidStorageClass");
        assert_eq!(invalid("x-amz-checksum-algorithm", "CRC8").code, "InvalidRequest");
    }
}
