//! Values of some days, of which few are different: each day has the number of its value.

/// Values by day.
#[derive(Debug, Clone, PartialEq)]
pub struct Dictionary<T> {
    first: u16,
    codes: Codes,
    values: Box<[T]>,
}

/// For each day from the first one: 0 for none, else the number of the value.
#[derive(Debug, Clone, PartialEq)]
enum Codes {
    Short(Box<[u8]>),
    Long(Box<[u16]>),
}

impl<T> Default for Dictionary<T> {
    fn default() -> Self {
        Self { first: 0, codes: Codes::Short(Box::default()), values: Box::default() }
    }
}

impl<T: Copy + PartialEq> Dictionary<T> {
    /// The values of these days; of two values of a day the last one counts.
    pub fn new(days: &[(u16, T)]) -> Self {
        let (Some(first), Some(last)) =
            (days.iter().map(|(day, _)| *day).min(), days.iter().map(|(day, _)| *day).max())
        else {
            return Self::default();
        };
        let mut values: Vec<T> = Vec::new();
        let mut codes = vec![0_u16; usize::from(last - first) + 1];
        for (day, value) in days {
            let number = values.iter().position(|known| known == value).unwrap_or_else(|| {
                values.push(*value);
                values.len() - 1
            });
            // There are at most as many values as days.
            codes[usize::from(day - first)] = u16::try_from(number + 1).unwrap_or(u16::MAX);
        }
        let codes = match codes.iter().map(|&code| u8::try_from(code)).collect::<Result<_, _>>() {
            Ok(short) => Codes::Short(short),
            Err(_) => Codes::Long(codes.into()),
        };
        Self { first, codes, values: values.into() }
    }

    /// The value of a day.
    pub fn get(&self, day: u16) -> Option<T> {
        let index = usize::from(day.checked_sub(self.first)?);
        let code = match &self.codes {
            Codes::Short(codes) => usize::from(*codes.get(index)?),
            Codes::Long(codes) => usize::from(*codes.get(index)?),
        };
        self.values.get(code.checked_sub(1)?).copied()
    }

    /// Whether no day has a value.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Its memory besides itself.
    pub fn bytes(&self) -> usize {
        let codes = match &self.codes {
            Codes::Short(codes) => codes.len(),
            Codes::Long(codes) => codes.len() * 2,
        };
        codes + self.values.len() * size_of::<T>()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_day_has_its_value(days in prop::collection::btree_map(0..2_000_u16, 0..400_i64, 0..600)) {
            let pairs: Vec<_> = days.iter().map(|(day, value)| (*day, *value)).collect();
            let dictionary = Dictionary::new(&pairs);
            let read: BTreeMap<_, _> = (0..2_100).filter_map(|day| dictionary.get(day).map(|value| (day, value))).collect();
            prop_assert_eq!(dictionary.is_empty(), days.is_empty());
            prop_assert_eq!(read, days);
        }
    }
}
