//! Behaviour of Parameter Store, through the pipeline.
