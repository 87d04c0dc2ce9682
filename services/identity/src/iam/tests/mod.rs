//! Behaviour of IAM, through the pipeline.
