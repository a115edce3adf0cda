//! Flexible dates of searches.

use async_graphql::{InputObject, Object, OneofObject};
use graphql_direct::direct;

use super::{
    checked::Checked,
    stays::{GuestsInput, StayInput},
};
use domain::search::FlexibleDates;
use types::{Guests, Stay, error::Result, scalars::Date};

/// Several stays of one length, of which each listing needs one.
#[derive(InputObject)]
pub struct FlexibleStayInput {
    /// The stays to try.
    dates: FlexibleDatesInput,
    /// The guests; one adult when omitted.
    guests: Option<GuestsInput>,
}

/// The stays to try: one of these.
#[derive(OneofObject)]
pub enum FlexibleDatesInput {
    /// The stays of the same length that begin up to some days earlier or later.
    Around(DatesAroundInput),
    /// The weekends of a month, named by any day in it: from Friday to Sunday, two nights that are both in the month.
    WeekendIn(Date),
    /// All stays of seven nights that are all in a month, named by any day in it.
    WeekIn(Date),
    /// All stays of a number of nights that are all in a month.
    NightsIn(NightsInMonthInput),
}

/// A stay, and how much earlier or later it can begin.
#[derive(InputObject)]
pub struct DatesAroundInput {
    /// First night.
    check_in: Checked<Date>,
    /// Day of departure, after `checkIn`, at most 365 nights later.
    check_out: Checked<Date>,
    /// The most days by which the whole stay moves, 1 to 7: with 3, seven stays are tried.
    days: i32,
}

/// A number of nights within a month.
#[derive(InputObject)]
pub struct NightsInMonthInput {
    /// Any day of the month.
    month: Date,
    /// Nights, 1 to 28.
    nights: i32,
}

impl FlexibleStayInput {
    /// The stays and the guests, whose limits the search checks.
    ///
    /// # Errors
    /// All invalid fields.
    pub fn parse(self) -> Result<(FlexibleDates, Guests)> {
        let guests = self.guests.map_or(Ok(Guests::ONE), GuestsInput::parse_argument);
        let guests = guests.map_err(|wrong| wrong.in_argument(&["flexible"]))?;
        Ok((self.dates.parse()?, guests))
    }
}

impl FlexibleDatesInput {
    fn parse(self) -> Result<FlexibleDates> {
        Ok(match self {
            Self::Around(DatesAroundInput { check_in, check_out, days }) => {
                let stay = StayInput { check_in, check_out, guests: None }.parse();
                let (stay, _) = stay.map_err(|wrong| wrong.in_argument(&["flexible", "dates", "around"]))?;
                FlexibleDates::Around(stay, u64::try_from(days).unwrap_or(0))
            }
            Self::WeekendIn(month) => FlexibleDates::WeekendIn(month.0),
            Self::WeekIn(month) => FlexibleDates::WeekIn(month.0),
            Self::NightsIn(NightsInMonthInput { month, nights }) => {
                FlexibleDates::NightsIn(month.0, u32::try_from(nights).unwrap_or(0))
            }
        })
    }
}

/// The dates of a stay that was found.
#[derive(Debug, Clone, Copy)]
pub struct StayDates(pub Stay);

/// The dates of a stay.
#[direct]
#[Object]
impl StayDates {
    /// First night.
    async fn check_in(&self) -> Date {
        Date(self.0.check_in())
    }

    /// Day of departure.
    async fn check_out(&self) -> Date {
        Date(self.0.check_out())
    }
}
