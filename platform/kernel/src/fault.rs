//! What went wrong, in AWS's words.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use crate::value::Value;

/// An error shape of a model: generated, one constant each.
#[derive(Debug, PartialEq)]
pub struct ErrorShape {
    /// The shape's name: the code in the JSON and CBOR protocols (`QueueDoesNotExist`).
    pub name: &'static str,
    /// The code in the query and XML protocols (`AWS.SimpleQueueService.NonExistentQueue`).
    pub code: &'static str,
    /// HTTP status.
    pub status: u16,
    /// True when the caller is at fault.
    pub sender: bool,
}

/// The answer to a call that did not work.
#[derive(Debug)]
pub struct Fault {
    /// The code for JSON and CBOR.
    pub name: Cow<'static, str>,
    /// The code for query and XML; the same unless the model says otherwise.
    pub code: Cow<'static, str>,
    /// HTTP status.
    pub status: u16,
    /// True when the caller is at fault.
    pub sender: bool,
    /// What the caller reads.
    pub message: String,
    /// Further members of the error's shape, by AWS's name.
    pub fields: Vec<(&'static str, Value)>,
    /// Further headers of the answer (`x-amz-bucket-region`), for protocols that have them: REST.
    pub headers: Headers,
    /// What the operator reads; never sent. Boxed twice: every result carries room for it, and few have one.
    pub cause: Option<Box<Box<dyn Error + Send + Sync>>>,
}

/// Headers of a fault's answer: few have any, so that they take little room where there are none.
#[derive(Debug, Default)]
pub struct Headers(Option<Box<Listed>>);

#[derive(Debug, Default)]
struct Listed(Vec<(&'static str, String)>);

impl Headers {
    /// One more.
    pub fn push(&mut self, name: &'static str, value: impl Into<String>) {
        self.0.get_or_insert_default().0.push((name, value.into()));
    }
}

impl std::ops::Deref for Headers {
    type Target = [(&'static str, String)];
    fn deref(&self) -> &Self::Target {
        self.0.as_ref().map_or(&[], |listed| &listed.0)
    }
}

impl Fault {
    /// An error of a model.
    pub fn of(shape: &'static ErrorShape, message: impl Into<String>) -> Self {
        Self {
            name: Cow::Borrowed(shape.name),
            code: Cow::Borrowed(shape.code),
            status: shape.status,
            sender: shape.sender,
            message: message.into(),
            fields: Vec::new(),
            headers: Headers::default(),
            cause: None,
        }
    }

    /// An error that no model lists: those of the front door, common to all services.
    pub fn common(code: impl Into<Cow<'static, str>>, status: u16, message: impl Into<String>) -> Self {
        let code = code.into();
        Self {
            name: code.clone(),
            code,
            status,
            sender: status < 500,
            message: message.into(),
            fields: Vec::new(),
            headers: Headers::default(),
            cause: None,
        }
    }

    /// We are broken: the cause goes to the log, the caller gets AWS's words for it.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let mut fault = Self::common("InternalFailure", 500, "We encountered an internal error. Please try again.");
        fault.cause = Some(Box::new(cause.into()));
        fault
    }

    /// An operation or a part of one that haar does not serve: the answer names it.
    pub fn not_served(what: impl fmt::Display) -> Self {
        Self::common(
            "NotImplemented",
            501,
            format!("haar does not serve {what}. COMPATIBILITY.md lists what it serves."),
        )
    }

    /// Whether haar does not serve what was asked for.
    pub fn is_not_served(&self) -> bool {
        self.status == 501
    }

    /// A streamed request body that broke off, or was not what had been signed.
    pub fn of_body(error: crate::body::BodyError) -> Self {
        match error.downcast::<Fault>() {
            Ok(fault) => *fault,
            Err(error) => {
                let mut fault = Self::common("IncompleteBody", 400, "The request body terminated unexpectedly");
                fault.cause = Some(Box::new(error));
                fault
            }
        }
    }

    /// Adds a member of the error's shape. S3's errors have elements that no model lists: `BucketName`, `Key`.
    pub fn with(mut self, member: &'static str, value: Value) -> Self {
        self.fields.push((member, value));
        self
    }

    /// Adds a header to the answer.
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push(name, value);
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.message)
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(|cause| &***cause as &(dyn Error + 'static))
    }
}

/// The error enum of a service: variants by AWS's names, `Display` is AWS's message.
pub trait AwsError: Error + Send + Sync + Sized + 'static {
    /// The generated constant behind the variant; `None` when the error is ours (a disk that fails), which the
    /// caller sees as an internal failure.
    fn shape(&self) -> Option<&'static ErrorShape>;

    /// Further members of the error's shape.
    fn fields(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }

    /// Further headers of the answer.
    fn headers(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// The answer.
    fn into_fault(self) -> Fault {
        match self.shape() {
            Some(shape) => {
                let mut fault = Fault::of(shape, self.to_string());
                fault.fields = self.fields();
                self.headers().into_iter().for_each(|(name, value)| fault.headers.push(name, value));
                fault
            }
            None => Fault::internal(self),
        }
    }
}

impl<E: AwsError> From<E> for Fault {
    fn from(error: E) -> Self {
        error.into_fault()
    }
}
