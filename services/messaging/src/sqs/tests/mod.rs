//! Behaviour of SQS, through the pipeline and on a clock that tests move.
