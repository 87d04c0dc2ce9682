//! Column statistics as the catalog keeps them: one record for each type of column.

use haar_platform::aws::glue as aws;
use haar_platform::kernel::Timestamp;
use haar_platform::store::Record;

use super::kept::{kept, kept_by_spelling};

kept! {
    /// Statistics of one column.
    ColumnStatistics of aws::ColumnStatistics {
        column_name: String,
        column_type: String,
        analyzed_time: Timestamp,
        statistics_data: ColumnStatisticsData,
    }
}

impl Record for ColumnStatistics {}

kept! {
    /// Exactly the member that `type` names is there.
    ColumnStatisticsData of aws::ColumnStatisticsData {
        r#type: String,
        boolean_column_statistics_data: Option<BooleanColumnStatisticsData>,
        date_column_statistics_data: Option<DateColumnStatisticsData>,
        decimal_column_statistics_data: Option<DecimalColumnStatisticsData>,
        double_column_statistics_data: Option<DoubleColumnStatisticsData>,
        long_column_statistics_data: Option<LongColumnStatisticsData>,
        string_column_statistics_data: Option<StringColumnStatisticsData>,
        binary_column_statistics_data: Option<BinaryColumnStatisticsData>,
    }
}

kept! {
    /// Of booleans.
    BooleanColumnStatisticsData of aws::BooleanColumnStatisticsData {
        number_of_trues: i64,
        number_of_falses: i64,
        number_of_nulls: i64,
    }
}

kept! {
    /// Of dates.
    DateColumnStatisticsData of aws::DateColumnStatisticsData {
        minimum_value: Option<Timestamp>,
        maximum_value: Option<Timestamp>,
        number_of_nulls: i64,
        number_of_distinct_values: i64,
    }
}

kept! {
    /// Of decimals.
    DecimalColumnStatisticsData of aws::DecimalColumnStatisticsData {
        minimum_value: Option<DecimalNumber>,
        maximum_value: Option<DecimalNumber>,
        number_of_nulls: i64,
        number_of_distinct_values: i64,
    }
}

kept! {
    /// A decimal.
    DecimalNumber of aws::DecimalNumber { unscaled_value: Vec<u8>, scale: i32 }
}

kept! {
    /// Of floating-point numbers.
    DoubleColumnStatisticsData of aws::DoubleColumnStatisticsData {
        minimum_value: Option<f64>,
        maximum_value: Option<f64>,
        number_of_nulls: i64,
        number_of_distinct_values: i64,
    }
}

kept! {
    /// Of whole numbers.
    LongColumnStatisticsData of aws::LongColumnStatisticsData {
        minimum_value: Option<i64>,
        maximum_value: Option<i64>,
        number_of_nulls: i64,
        number_of_distinct_values: i64,
    }
}

kept! {
    /// Of texts.
    StringColumnStatisticsData of aws::StringColumnStatisticsData {
        maximum_length: i64,
        average_length: f64,
        number_of_nulls: i64,
        number_of_distinct_values: i64,
    }
}

kept! {
    /// Of bytes.
    BinaryColumnStatisticsData of aws::BinaryColumnStatisticsData {
        maximum_length: i64,
        average_length: f64,
        number_of_nulls: i64,
    }
}

kept_by_spelling!(aws::ColumnStatisticsType);
