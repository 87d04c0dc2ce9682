//! Tiers: how large a value may be, how many parameters there may be, and which tier a request comes to.

use haar_platform::aws::ssm::ParameterTier;

use super::error::Error;
use super::model::{Counts, Tier};

/// Characters of a value in the standard tier.
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html>
pub const STANDARD_VALUE_MAX: usize = 4096;

/// Characters of a value in the advanced tier.
pub const ADVANCED_VALUE_MAX: usize = 8192;

/// Interactions with parameters of the standard tier, which AWS bills at higher throughput only.
const STANDARD_INTERACTIONS: &str = "ssm-parameter-interactions";

/// Interactions with parameters of the advanced tier.
const ADVANCED_INTERACTIONS: &str = "ssm-advanced-parameter-interactions";

impl Tier {
    /// What reading or writing a version is billed as. <https://aws.amazon.com/systems-manager/pricing/>
    pub fn interactions(self) -> &'static str {
        match self {
            Self::Standard => STANDARD_INTERACTIONS,
            Self::Advanced => ADVANCED_INTERACTIONS,
        }
    }
}

/// How many parameters an account may have in a region.
#[derive(Clone, Copy, Debug)]
pub struct Quotas {
    /// In the standard tier.
    pub standard: u64,
    /// In the advanced tier.
    pub advanced: u64,
}

impl Default for Quotas {
    /// AWS's. <https://docs.aws.amazon.com/general/latest/gr/ssm.html>
    fn default() -> Self {
        Self { standard: 10_000, advanced: 100_000 }
    }
}

/// What decides about the tier of a version.
pub struct Wish {
    /// What the request asks for.
    pub asked: Option<ParameterTier>,
    /// What the parameter has been in.
    pub before: Option<Tier>,
    /// Characters of the value.
    pub value_length: usize,
    /// Whether the version has policies.
    pub policies: bool,
}

impl Wish {
    /// The tier that AWS would choose, if the version fits into it.
    pub fn settle(&self, counts: &Counts, quotas: &Quotas) -> Result<Tier, Error> {
        let tier = match self.asked {
            None => self.before.unwrap_or(Tier::Standard),
            Some(ParameterTier::Standard) => Tier::Standard,
            Some(ParameterTier::Advanced) => Tier::Advanced,
            Some(ParameterTier::IntelligentTiering) if self.needs_advanced(counts, quotas) => Tier::Advanced,
            Some(ParameterTier::IntelligentTiering) => Tier::Standard,
        };
        match tier {
            Tier::Standard => self.fits_standard()?,
            Tier::Advanced if self.value_length > ADVANCED_VALUE_MAX => {
                return Err(Error::validation(format!(
                    "Advanced tier parameters support a maximum parameter value of {ADVANCED_VALUE_MAX} characters."
                )));
            }
            Tier::Advanced => {}
        }
        Ok(tier)
    }

    fn needs_advanced(&self, counts: &Counts, quotas: &Quotas) -> bool {
        let full = self.before.is_none() && counts.standard >= quotas.standard;
        self.before == Some(Tier::Advanced) || self.value_length > STANDARD_VALUE_MAX || self.policies || full
    }

    fn fits_standard(&self) -> Result<(), Error> {
        if self.before == Some(Tier::Advanced) {
            return Err(Error::validation(format!(
                "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the \
                 advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced \
                 parameter and recreate it as a standard parameter. Be aware that standard parameters have a value \
                 limit of {STANDARD_VALUE_MAX} characters."
            )));
        }
        if self.value_length > STANDARD_VALUE_MAX {
            return Err(Error::validation(format!(
                "Standard tier parameters support a maximum parameter value of {STANDARD_VALUE_MAX} characters. To \
                 create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more \
                 information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/\
                 parameter-store-advanced-parameters.html"
            )));
        }
        if self.policies {
            return Err(Error::validation(
                "Standard tier parameters don't support parameter policies. To assign policies, upgrade the parameter \
                 to use the advanced-parameter tier. For more information, see https://docs.aws.amazon.com/\
                 systems-manager/latest/userguide/parameter-store-policies.html",
            ));
        }
        Ok(())
    }
}
