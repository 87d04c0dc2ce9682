//! One key of a `Condition` element, compiled, and whether it holds for a request.

use crate::context::{Lookup, Values};
use crate::malformed::Malformed;
use crate::operand::Operands;
use crate::operator::{Operator, Quantifier};

#[derive(Debug)]
pub(crate) struct Condition {
    operator: Operator,
    key: Box<str>,
    operands: Operands,
}

impl Condition {
    pub fn compile(operator: Operator, key: &str, values: &[String], variables: bool) -> Result<Condition, Malformed> {
        let operands = Operands::compile(operator.comparison, values, variables)?;
        Ok(Condition { operator, key: key.into(), operands })
    }

    /// The rules for absent keys and for sets of values are those of
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html>.
    pub fn holds<'p>(&'p self, lookup: &mut Lookup<'_, 'p>) -> bool {
        let Operator { negated, if_exists, quantifier, .. } = self.operator;
        if let Operands::Absent(expected) = &self.operands {
            // Asking whether a key exists does not require it, so it is not reported as missing.
            let absent = lookup.context.get(&self.key).is_none_or(|values| values.as_slice().is_empty());
            return expected.contains(&absent);
        }
        let Some(values) = lookup.values(&self.key) else {
            return match quantifier {
                Quantifier::ForAllValues => true,
                Quantifier::ForAnyValue => if_exists,
                Quantifier::Plain => if_exists || negated,
            };
        };
        self.holds_for(&values, quantifier, negated, lookup)
    }

    fn holds_for<'p>(
        &'p self,
        values: &Values,
        quantifier: Quantifier,
        negated: bool,
        lookup: &mut Lookup<'_, 'p>,
    ) -> bool {
        let mut values = values.as_slice().iter();
        // A set that holds nothing but empty strings is an empty set.
        let is_empty = quantifier != Quantifier::Plain && values.clone().all(|value| value.is_empty());
        match quantifier {
            Quantifier::Plain => values.any(|value| self.operands.fits(value, lookup)) != negated,
            Quantifier::ForAllValues => is_empty || values.all(|value| self.operands.fits(value, lookup) != negated),
            Quantifier::ForAnyValue => !is_empty && values.any(|value| self.operands.fits(value, lookup) != negated),
        }
    }

    /// The condition keys it reads: its own, and those of the policy variables among its values.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&*self.key).chain(self.operands.keys())
    }
}
