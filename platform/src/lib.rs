//! The ground floor, assembled: what a service is built on.
