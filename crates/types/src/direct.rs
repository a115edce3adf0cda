//! Scalars that write themselves as JSON.

use async_graphql::ScalarType;
use graphql_direct::{Indirect, Output, Plan, WriteDirect};

use crate::{
    Currency, Timestamp,
    scalars::{Cursor, Date, Decimal, LocalTime, MinorUnits, TimeZone, Url},
};

macro_rules! write_direct {
    ($($scalar:ty)*) => {$(
        impl WriteDirect for $scalar {
            fn write<'a>(&self, _: &Plan<'a>, out: &mut Output<'a>) -> Result<(), Indirect> {
                out.value(&ScalarType::to_value(self));
                Ok(())
            }
        }
    )*};
}

write_direct! { Timestamp Date LocalTime TimeZone Currency MinorUnits Decimal Url Cursor }
