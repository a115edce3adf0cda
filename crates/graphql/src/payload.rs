//! Payloads of mutations: a union of the success and the expected problems.

/// Declares a payload. A refusal that is not in the mutation's union is passed on as an error.
macro_rules! payload {
    ($(#[$doc:meta])* $payload:ident($success:ident) { $($refusal:ident => $problem:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(async_graphql::Union)]
        pub enum $payload {
            /// The mutation succeeded.
            Success($success),
            $(
                #[doc = concat!("Refused: `", stringify!($problem), "`.")]
                $refusal($crate::problems::$problem),
            )*
        }

        impl $payload {
            /// The payload of `outcome`.
            pub fn of(outcome: types::error::Result<$success>) -> $crate::error::Result<Self> {
                use types::error::{Error, Refusal};
                if let Err(Error::Refused(refusal)) = &outcome {
                    graphql_transport::outcome::record_problem(refusal.code().as_str());
                }
                match outcome {
                    Ok(success) => Ok(Self::Success(success)),
                    $(Err(Error::Refused(Refusal::$refusal(data))) => {
                        Ok(Self::$refusal(data.into()))
                    })*
                    Err(other) => Err(other.into()),
                }
            }
        }
    };
}

pub(super) use payload;
