//! The identity room: who may call, and what they may do.
//!
//! [`authority`] answers the front door's questions from what [`iam`] and [`sts`] store.

pub mod authority;
pub mod iam;
pub mod sts;

pub use authority::HouseAuthority;
