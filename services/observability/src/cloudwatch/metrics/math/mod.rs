//! Metric math: expressions over time series.
//!
//! ```text
//!   token     text into words and signs
//!   syntax    words and signs into a tree
//!   value     what expressions are about: scalars, series, arrays of series
//!   evaluate  a tree into a value; variables and searches come from the surroundings
//!   function  what the functions do
//!   calendar  MINUTE, HOUR, DAY and their like
//!   search    the language inside of SEARCH
//! ```
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html>

mod calendar;
mod evaluate;
mod function;
pub mod search;
mod syntax;
mod token;
mod value;

#[cfg(test)]
mod tests;

pub use evaluate::{Grid, Surroundings, evaluate};
pub use syntax::{Expression, parse};
pub use value::{MathError, Origin, Series, SeriesFailure, Value};
