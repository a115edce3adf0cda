//! Generated from the table in `refusals.rs`: [`Refusal`], [`ErrorCode`], and a struct for the data of each refusal.

use chrono::NaiveDate;

use super::{Error, InvalidField, Result};
use crate::{
    BookingId, ConsentDocument, DeclineReason, Feature, Hidden, IdentityMethod, ListingStatus, Money, PaymentId,
    PriceLineKind, QuoteId, StaffRole, Timestamp, UnavailableReason, enums::enums, refusals,
};

/// The data of a refusal: a unit struct when there is none.
macro_rules! data {
    ($(#[$doc:meta])* $name:ident {}) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name;
    };
    ($(#[$doc:meta])* $name:ident { $($fields:tt)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name { $($fields)+ }
    };
}

macro_rules! declare {
    (problems { $($problems:tt)* } errors { $($errors:tt)* } codes { $($codes:tt)* }) => {
        declare! { @all { $($codes)* } $($problems)* $($errors)* }
    };
    (@all { $($codes:tt)* } $(
        $(#[$doc:meta])* $name:ident { $($fields:tt)* } $(=> $problem:ident $(($own:ident))?)? {
            $($(#[$code_doc:meta])+ code: $code:ident = $text:literal,)?
            $(code: $shared:ident,)?
            message: $message:expr,
            $(retryable: $retryable:expr,)?
            $(path: $path:expr,)?
        }
    )*) => {
        enums! {
            /// The codes of problems in payloads, and of errors in `errors[].extensions.code`.
            ErrorCode {
                $($($(#[$code_doc])+ $code = $text,)?)*
                $($codes)*
            }
        }

        /// An expected outcome that is not success. Each is a problem type of the contract, or an error code of a query.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Refusal {
            $($(#[$doc])* $name($name),)*
        }

        impl Refusal {
            /// The code in the contract.
            pub fn code(&self) -> ErrorCode {
                match self {
                    $(Self::$name(_) => ErrorCode::$($code)?$($shared)?,)*
                }
            }

            /// What happened and what to do next, for people.
            pub fn message(&self) -> String {
                match self {
                    $(Self::$name(refusal) => {
                        let message: fn(&$name) -> String = $message;
                        message(refusal)
                    })*
                }
            }

            /// Whether the same request can succeed later, unchanged.
            pub fn is_retryable(&self) -> bool {
                match self {
                    $($(Self::$name(refusal) => {
                        let retryable: fn(&$name) -> bool = $retryable;
                        retryable(refusal)
                    })?)*
                    _ => false,
                }
            }

            /// The path of the invalid field of the input, if it is a single one.
            pub fn path(&self) -> Option<Vec<String>> {
                let path = match self {
                    $($(Self::$name(refusal) => {
                        let path: fn(&$name) -> Vec<String> = $path;
                        path(refusal)
                    })?)*
                    _ => Vec::new(),
                };
                Some(path).filter(|path| !path.is_empty())
            }
        }

        $(
            data! { $(#[$doc])* $name { $($fields)* } }

            impl From<$name> for Refusal {
                fn from(refusal: $name) -> Self {
                    Self::$name(refusal)
                }
            }

            impl From<$name> for Error {
                fn from(refusal: $name) -> Self {
                    Self::Refused(refusal.into())
                }
            }
        )*
    };
}

refusals!(declare);

/// A night that is not available, and the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct NightConflict {
    /// The night.
    pub night: NaiveDate,
    /// Why not.
    pub reason: UnavailableReason,
}

/// One rule that a stay breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The rule.
    pub reason: UnavailableReason,
    /// The rule in words, with its number.
    pub message: String,
    /// The night it is about; None: the stay as a whole.
    pub night: Option<NaiveDate>,
}

/// One line that differs between two prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceDifference {
    /// The line.
    pub kind: PriceLineKind,
    /// Before; None: new.
    pub before: Option<Money>,
    /// Now; None: gone.
    pub after: Option<Money>,
}

impl NightsUnavailable {
    /// The refusal that names `conflicts`; Ok when there are none.
    ///
    /// # Errors
    /// [`Refusal::NightsUnavailable`].
    pub fn unless_free(conflicts: Vec<NightConflict>) -> Result<()> {
        if conflicts.is_empty() { Ok(()) } else { Err(Self { conflicts }.into()) }
    }
}
