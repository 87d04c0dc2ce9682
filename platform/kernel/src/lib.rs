//! Our own words: schemas and values, operation table, context, fault, ARN, clock, paging, jobs.
