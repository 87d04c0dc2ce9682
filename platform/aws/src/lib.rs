//! AWS's words: types, schemas and error codes, generated from AWS's own models.
