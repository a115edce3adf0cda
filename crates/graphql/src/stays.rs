//! Parses stays and guests of clients.

use async_graphql::{InputObject, Object};

use chrono::NaiveDate;

use super::checked::Checked;
use types::scalars::Date;
use types::{
    InvalidStay, Stay,
    error::{Error, Validation},
};

/// The most nights of one request.
pub const MAX_NIGHTS: u32 = domain::calendar::restrictions::LONGEST;
/// The most adults, and the most children.
const MAX_PEOPLE: u8 = 50;
/// The most infants, and the most pets.
const MAX_OTHERS: u8 = 5;

/// A stay to search for: only listings that can be booked for the whole stay are found, and prices are those of the whole stay.
#[derive(Debug, Clone, Copy, InputObject)]
pub struct StayInput {
    /// First night.
    pub check_in: Checked<Date>,
    /// Day of departure, after `checkIn`, at most 365 nights later.
    pub check_out: Checked<Date>,
    /// The guests; one adult when omitted.
    pub guests: Option<GuestsInput>,
}

/// The guests of a stay.
#[derive(Debug, Clone, Copy, InputObject)]
pub struct GuestsInput {
    /// Adults, 1 to 50.
    #[graphql(default_with = "Some(1)")]
    pub adults: Option<i32>,
    /// Children from 2 to 12 years, 0 to 50.
    #[graphql(default_with = "Some(0)")]
    pub children: Option<i32>,
    /// Infants under 2 years, 0 to 5; they do not count as guests.
    #[graphql(default_with = "Some(0)")]
    pub infants: Option<i32>,
    /// Pets, 0 to 5.
    #[graphql(default_with = "Some(0)")]
    pub pets: Option<i32>,
}

/// The invalid fields of a stay. The caller turns them into a problem or an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongStay(Vec<WrongField>);

/// An invalid field of a stay.
#[derive(Debug, Clone, PartialEq, Eq)]
struct WrongField {
    /// The path, from the stay on.
    path: &'static [&'static str],
    message: String,
}

impl WrongStay {
    /// The problem of a mutation whose field at `parents`, from its input on, is the stay.
    pub fn in_input(self, parents: &[&str]) -> Error {
        let mut validation = Validation::default();
        for WrongField { path, message } in self.0 {
            validation.refuse(&[parents, path].concat(), message);
        }
        validation.finish().err().unwrap_or_else(|| Error::invalid(parents, "The stay is invalid."))
    }

    /// The error of a query whose argument at `argument` is the stay.
    pub fn in_argument(self, argument: &[&str]) -> Error {
        let sentence = |WrongField { path, message }| format!("`{}`: {message}", [argument, path].concat().join("."));
        let sentences: Vec<_> = self.0.into_iter().map(sentence).collect();
        Error::bad_user_input(sentences.join(" "))
    }
}

impl StayInput {
    /// The nights and the guests.
    ///
    /// # Errors
    /// All invalid fields.
    pub fn parse(self) -> Result<(Stay, types::Guests), WrongStay> {
        let mut wrong = Vec::new();
        let check_in = day(self.check_in, &["checkIn"], &mut wrong);
        let check_out = day(self.check_out, &["checkOut"], &mut wrong);
        let stay = check_in.zip(check_out).and_then(|(check_in, check_out)| {
            let refuse = |error: InvalidStay| {
                wrong.push(WrongField { path: &["checkOut"], message: sentence(&error.to_string()) });
            };
            Stay::new(check_in, check_out, MAX_NIGHTS).map_err(refuse).ok()
        });
        let guests = self.guests.map_or(types::Guests::ONE, |guests| guests.parse(&mut wrong));
        stay.filter(|_| wrong.is_empty()).map(|stay| (stay, guests)).ok_or(WrongStay(wrong))
    }
}

fn day(day: Checked<Date>, path: &'static [&'static str], wrong: &mut Vec<WrongField>) -> Option<NaiveDate> {
    match day.at(path) {
        Ok(Date(day)) => Some(day),
        Err(error) => {
            wrong.push(WrongField { path, message: error.to_string() });
            None
        }
    }
}

impl GuestsInput {
    /// The guests of an argument of a query.
    ///
    /// # Errors
    /// All invalid fields.
    pub fn parse_argument(self) -> Result<types::Guests, WrongStay> {
        let mut wrong = Vec::new();
        let guests = self.parse(&mut wrong);
        if wrong.is_empty() { Ok(guests) } else { Err(WrongStay(wrong)) }
    }

    fn parse(self, wrong: &mut Vec<WrongField>) -> types::Guests {
        let mut bounded = |number: Option<i32>, usual: u8, min, max, path| {
            let number = number.unwrap_or(usual.into());
            let number = u8::try_from(number).ok().filter(|number| (min..=max).contains(number));
            number.unwrap_or_else(|| {
                wrong.push(WrongField { path, message: format!("Must be from {min} to {max}.") });
                usual
            })
        };
        types::Guests {
            adults: bounded(self.adults, 1, 1, MAX_PEOPLE, &["guests", "adults"]),
            children: bounded(self.children, 0, 0, MAX_PEOPLE, &["guests", "children"]),
            infants: bounded(self.infants, 0, 0, MAX_OTHERS, &["guests", "infants"]),
            pets: bounded(self.pets, 0, 0, MAX_OTHERS, &["guests", "pets"]),
        }
    }
}

/// `words` with a capital letter and a full stop.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

/// The guests of a stay.
#[derive(Debug, Clone, Copy)]
pub struct Guests(pub types::Guests);

/// The guests of a stay.
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
