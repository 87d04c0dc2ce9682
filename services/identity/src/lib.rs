//! iam and sts.
