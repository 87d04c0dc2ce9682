//! The IAM policy language: parse, validate, evaluate and explain, without I/O and without a clock.
//!
//! A [`Document`] is compiled once and shared; [`decide`] weighs the documents that apply to one [`Request`] and says
//! what decided; [`denial`] words a refusal as AWS does. What a request is (its caller, its condition keys) is the
//! caller's to supply: nothing here looks anything up.

mod arn;
mod condition;
mod context;
mod decision;
mod denial;
mod document;
mod evaluation;
mod json;
mod malformed;
mod operand;
mod operator;
mod outline;
mod pattern;
mod principal;
mod resource;
mod statement;
pub mod suggest;

pub use context::{Context, Values};
pub use decision::{Decision, Layer, Matched, Outcome};
pub use denial::{denial, principal_name};
pub use document::{Document, Kind, quota_size};
pub use evaluation::{Policies, Request, Source, SourceKind, decide};
pub use json::Position;
pub use malformed::Malformed;
pub use principal::{NamedPrincipal, Principal};
pub use statement::{Effect, Statement};
