//! Every vector that does not run, with its reason: the only place where a case may be left out.

/// A case that a server cannot or need not pass.
pub struct Skip {
    pub file: &'static str,
    /// The case's id; `*` for a whole file.
    pub case: &'static str,
    pub reason: &'static str,
}

const EC2: &str = "the ec2 flavour of awsQuery is not served";

pub const INPUTS: &[Skip] = &[
    Skip { file: "ec2", case: "*", reason: EC2 },
];

pub const OUTPUTS: &[Skip] = &[
    Skip { file: "ec2", case: "*", reason: EC2 },
];
