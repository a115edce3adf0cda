//! Stays and guests as clients write them, and what is wrong with them.

use async_graphql::{InputObject, Object};

use super::scalars::Date;
use crate::{
    error::{Error, Refusal},
    types::{self, Stay},
};

/// The most nights that one request can ask for.
pub const MAX_NIGHTS: u32 = 365;
/// The most adults, and the most children.
const MAX_PEOPLE: u8 = 50;
/// The most infants, and the most pets.
const MAX_OTHERS: u8 = 5;

/// A stay to search for: only listings that can be booked for all of it are found, and prices are those of the whole stay.
#[derive(Debug, Clone, Copy, InputObject)]
pub struct StayInput {
    /// First night.
    pub check_in: Date,
    /// Day of departure, after `checkIn`, at most 365 nights later.
    pub check_out: Date,
    /// Who comes; one adult when left out.
    pub guests: Option<GuestsInput>,
}

/// Who comes along.
#[derive(Debug, Clone, Copy, InputObject)]
pub struct GuestsInput {
    /// Adults, 1 to 50.
    #[graphql(default = 1)]
    pub adults: i32,
    /// Children from 2 to 12 years, 0 to 50.
    #[graphql(default = 0)]
    pub children: i32,
    /// Infants under 2 years, 0 to 5; they do not count as guests.
    #[graphql(default = 0)]
    pub infants: i32,
    /// Pets, 0 to 5.
    #[graphql(default = 0)]
    pub pets: i32,
}

/// What is wrong with a stay, and where in it. The caller says what that is to its own client: a problem or an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongStay {
    /// The field at fault, from the stay on.
    path: &'static [&'static str],
    message: String,
}

impl WrongStay {
    /// The problem of a mutation whose field at `parents`, from its input on, is the stay.
    pub fn in_input(self, parents: &[&str]) -> Error {
        Error::invalid(&[parents, self.path].concat(), self.message)
    }

    /// The error of a query whose argument `argument` is the stay.
    pub fn in_argument(self, argument: &str) -> Error {
        let path = [&[argument], self.path].concat().join(".");
        Refusal::BadUserInput(format!("`{path}`: {}", self.message)).into()
    }
}

impl StayInput {
    /// The nights and who comes.
    ///
    /// # Errors
    /// The first field that is out of bounds.
    pub fn parse(self) -> Result<(Stay, types::Guests), WrongStay> {
        let stay = Stay::new(self.check_in.0, self.check_out.0, MAX_NIGHTS)
            .map_err(|error| WrongStay { path: &["checkOut"], message: sentence(&error.to_string()) })?;
        let guests = self.guests.map_or(Ok(types::Guests::ONE), GuestsInput::parse)?;
        Ok((stay, guests))
    }
}

impl GuestsInput {
    fn parse(self) -> Result<types::Guests, WrongStay> {
        Ok(types::Guests {
            adults: bounded(self.adults, 1, MAX_PEOPLE, &["guests", "adults"])?,
            children: bounded(self.children, 0, MAX_PEOPLE, &["guests", "children"])?,
            infants: bounded(self.infants, 0, MAX_OTHERS, &["guests", "infants"])?,
            pets: bounded(self.pets, 0, MAX_OTHERS, &["guests", "pets"])?,
        })
    }
}

fn bounded(number: i32, min: u8, max: u8, path: &'static [&'static str]) -> Result<u8, WrongStay> {
    u8::try_from(number)
        .ok()
        .filter(|number| (min..=max).contains(number))
        .ok_or_else(|| WrongStay { path, message: format!("Must be from {min} to {max}.") })
}

/// `words` with a capital letter and a full stop.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

/// Who comes along on a stay.
#[derive(Debug, Clone, Copy)]
pub struct Guests(pub types::Guests);

/// Who comes along.
#[Object]
impl Guests {
    /// Adults.
    async fn adults(&self) -> i32 {
        self.0.adults.into()
    }

    /// Children from 2 to 12 years.
    async fn children(&self) -> i32 {
        self.0.children.into()
    }

    /// Infants under 2 years.
    async fn infants(&self) -> i32 {
        self.0.infants.into()
    }

    /// Pets.
    async fn pets(&self) -> i32 {
        self.0.pets.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stay(check_in: &str, check_out: &str, guests: Option<GuestsInput>) -> StayInput {
        StayInput { check_in: Date(check_in.parse().unwrap()), check_out: Date(check_out.parse().unwrap()), guests }
    }

    #[test]
    fn one_adult_comes_when_nobody_is_named() {
        let (nights, guests) = stay("2026-07-01", "2026-07-03", None).parse().unwrap();
        assert_eq!((nights.len(), guests), (2, types::Guests::ONE));
    }

    #[test]
    fn the_field_at_fault_is_named() {
        let backwards = stay("2026-07-03", "2026-07-03", None).parse().unwrap_err();
        let Error::Refused(Refusal::InvalidInput(problem)) = backwards.clone().in_input(&["stay"]) else { panic!() };
        assert_eq!(problem.path, ["input", "stay", "checkOut"]);
        assert_eq!(
            backwards.in_argument("stay").to_string(),
            "`stay.checkOut`: The stay must end at least one day after it begins."
        );
        assert!(stay("2026-07-01", "2027-07-02", None).parse().is_err(), "366 nights");
        let guests = GuestsInput { adults: 2, children: 0, infants: 6, pets: 0 };
        let many = stay("2026-07-01", "2026-07-02", Some(guests)).parse().unwrap_err();
        assert_eq!(many.in_argument("stay").to_string(), "`stay.guests.infants`: Must be from 0 to 5.");
        for adults in [0, -1, 51, 300, i32::MAX] {
            let guests = GuestsInput { adults, children: 0, infants: 0, pets: 0 };
            assert!(stay("2026-07-01", "2026-07-02", Some(guests)).parse().is_err(), "{adults}");
        }
    }
}
