//! Storage classes: in name, for the answers and the bill.

use haar_platform::aws::s3 as api;
use serde::{Deserialize, Serialize};

/// The storage classes that haar keeps objects in: in name, for the answers and the bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StorageClass {
    Standard,
    ReducedRedundancy,
    StandardIa,
    OnezoneIa,
    IntelligentTiering,
    GlacierIr,
    Glacier,
    DeepArchive,
}

impl StorageClass {
    /// AWS's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "STANDARD",
            Self::ReducedRedundancy => "REDUCED_REDUNDANCY",
            Self::StandardIa => "STANDARD_IA",
            Self::OnezoneIa => "ONEZONE_IA",
            Self::IntelligentTiering => "INTELLIGENT_TIERING",
            Self::GlacierIr => "GLACIER_IR",
            Self::Glacier => "GLACIER",
            Self::DeepArchive => "DEEP_ARCHIVE",
        }
    }

    /// By AWS's spelling; `None` for classes of other products (OUTPOSTS, SNOW, EXPRESS_ONEZONE, …).
    pub fn parse(text: &str) -> Option<Self> {
        use StorageClass::*;
        let all =
            [Standard, ReducedRedundancy, StandardIa, OnezoneIa, IntelligentTiering, GlacierIr, Glacier, DeepArchive];
        all.into_iter().find(|class| class.as_str() == text)
    }

    /// The generated enumeration's word for it.
    pub fn api(self) -> api::StorageClass {
        api::StorageClass::parse(self.as_str()).expect("AWS knows our classes")
    }

    /// Whether it must be restored before it can be read.
    pub const fn archived(self) -> bool {
        matches!(self, Self::Glacier | Self::DeepArchive)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_storage_class_has_its_name() {
        for name in ["STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING"] {
            assert_eq!(StorageClass::parse(name).unwrap().api().as_str(), name);
        }
        for name in ["GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"] {
            assert_eq!(StorageClass::parse(name).unwrap().api().as_str(), name);
        }
        assert_eq!(StorageClass::parse("OUTPOSTS"), None);
    }
}
