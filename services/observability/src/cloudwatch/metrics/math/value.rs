//! What expressions are about: scalars, time series, arrays of time series.

/// A value of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Scalar(f64),
    Series(Series),
    Array(Vec<Series>),
    /// The argument of SEARCH and METRICS.
    Text(String),
}

/// A time series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// What a graph would call it.
    pub label: String,
    /// Seconds between its points.
    pub period: i64,
    /// Seconds since 1970 and value, in ascending order; all values are finite.
    pub points: Vec<(i64, f64)>,
    /// The metric that it is, where it is one, or is made of one alone.
    pub origin: Option<Box<Origin>>,
}

/// Where a series comes from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Origin {
    pub namespace: String,
    pub name: String,
    pub dimensions: Vec<(String, String)>,
    /// As in the request.
    pub stat: String,
}

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MathError {
    #[error("Invalid syntax")]
    Syntax,
    #[error("Undefined variable '{0}'")]
    UndefinedVariable(String),
    #[error("Unsupported function {0}")]
    UnknownFunction(String),
    #[error("Unsupported operand type(s) for {operator}: '{left}' and '{right}'")]
    Operands { operator: &'static str, left: &'static str, right: &'static str },
    #[error("Unsupported operand type(s) for {function}: '{found}'")]
    Argument { function: String, found: &'static str },
    #[error("Incorrect number of arguments for function {0}")]
    ArgumentCount(String),
    #[error("{0}")]
    InvalidArgument(String),
    #[error("Circular dependency between expressions")]
    Circular,
    /// Something that AWS has and haar does not.
    #[error("{0}")]
    NotServed(&'static str),
    /// We are broken: reading the series failed.
    #[error("failed to read the series")]
    Store(#[from] SeriesFailure),
}

/// A failure of the store of the series, comparable for the sake of tests.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
pub struct SeriesFailure(#[from] haar_telemetry::series::SeriesError);

impl PartialEq for SeriesFailure {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_string() == other.0.to_string()
    }
}

impl From<haar_telemetry::series::SeriesError> for MathError {
    fn from(failure: haar_telemetry::series::SeriesError) -> Self {
        Self::Store(failure.into())
    }
}

impl Value {
    /// What it is, for a message.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Scalar(_) => "Scalar",
            Self::Series(_) => "TimeSeries",
            Self::Array(_) => "Array[TimeSeries]",
            Self::Text(_) => "String",
        }
    }
}

impl Series {
    /// With other points, of which those that are no numbers are left out: a division by zero is missing data.
    pub fn with(&self, points: impl IntoIterator<Item = (i64, f64)>) -> Self {
        let points = points.into_iter().filter(|(_, value)| value.is_finite()).collect();
        Self { points, label: self.label.clone(), period: self.period, origin: self.origin.clone() }
    }

    /// With each value changed.
    pub fn map(&self, change: impl Fn(f64) -> f64) -> Self {
        self.with(self.points.iter().map(|(time, value)| (*time, change(*value))))
    }

    /// The value at a time.
    pub fn at(&self, time: i64) -> Option<f64> {
        let found = self.points.binary_search_by_key(&time, |(time, _)| *time);
        found.ok().map(|index| self.points[index].1)
    }

    /// Values alone.
    pub fn values(&self) -> impl Iterator<Item = f64> + Clone {
        self.points.iter().map(|(_, value)| *value)
    }
}
