//! The numbers that units are stored by.

use haar_platform::aws::cloudwatch::StandardUnit;

/// By number, for ever: new ones come at the end. What has no unit is number 0.
const UNITS: [StandardUnit; 27] = [
    StandardUnit::None,
    StandardUnit::Seconds,
    StandardUnit::Microseconds,
    StandardUnit::Milliseconds,
    StandardUnit::Bytes,
    StandardUnit::Kilobytes,
    StandardUnit::Megabytes,
    StandardUnit::Gigabytes,
    StandardUnit::Terabytes,
    StandardUnit::Bits,
    StandardUnit::Kilobits,
    StandardUnit::Megabits,
    StandardUnit::Gigabits,
    StandardUnit::Terabits,
    StandardUnit::Percent,
    StandardUnit::Count,
    StandardUnit::BytesSecond,
    StandardUnit::KilobytesSecond,
    StandardUnit::MegabytesSecond,
    StandardUnit::GigabytesSecond,
    StandardUnit::TerabytesSecond,
    StandardUnit::BitsSecond,
    StandardUnit::KilobitsSecond,
    StandardUnit::MegabitsSecond,
    StandardUnit::GigabitsSecond,
    StandardUnit::TerabitsSecond,
    StandardUnit::CountSecond,
];

/// The number of a unit.
pub fn number(unit: StandardUnit) -> u8 {
    UNITS.iter().position(|known| *known == unit).map_or(0, |number| number as u8)
}

/// The unit of a number.
pub fn of(number: u8) -> StandardUnit {
    UNITS.get(usize::from(number)).copied().unwrap_or(StandardUnit::None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_has_its_number() {
        for unit in StandardUnit::ALL {
            assert_eq!(of(number(*unit)), *unit);
        }
        assert_eq!(number(StandardUnit::CountSecond), 26, "numbers are stored and never change");
    }
}
