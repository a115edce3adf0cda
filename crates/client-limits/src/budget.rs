//! The size and refill rate of a token bucket.

use std::fmt;
use std::str::FromStr;

/// The refill rate and capacity of a token bucket. With a rate of 0 there is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Units per second.
    pub per_second: u32,
    /// Units in a full bucket.
    pub burst: u32,
}

impl Budget {
    /// No limit.
    pub const NONE: Self = Self { per_second: 0, burst: 0 };
}

/// `off`, or `20000/200000`: units per second, and units in a full bucket.
impl FromStr for Budget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "off" {
            return Ok(Self::NONE);
        }
        let parts = text.split_once('/').and_then(|(rate, burst)| Some((rate.parse().ok()?, burst.parse().ok()?)));
        match parts {
            Some((per_second, burst)) if per_second > 0 && burst >= per_second => Ok(Self { per_second, burst }),
            _ => Err("write `off`, or units per second and the largest burst, such as 20000/200000".to_owned()),
        }
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::NONE { f.write_str("off") } else { write!(f, "{}/{}", self.per_second, self.burst) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_written_as_rate_and_burst() {
        assert_eq!("20000/200000".parse(), Ok(Budget { per_second: 20_000, burst: 200_000 }));
        assert_eq!("off".parse(), Ok(Budget::NONE));
        assert_eq!("20000/200000".parse::<Budget>().unwrap().to_string(), "20000/200000");
        for wrong in ["", "5", "0/0", "0/5", "10/5", "-1/5", "a/b", "5/6/7"] {
            assert!(wrong.parse::<Budget>().is_err(), "{wrong}");
        }
    }
}
