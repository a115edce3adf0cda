//! The operations of the tour. A test validates each of them against the contract.

macro_rules! operations {
    ($($name:ident = $file:literal;)*) => {
        $(pub const $name: &str = include_str!(concat!("operations/", $file, ".graphql"));)*
        #[cfg(test)]
        const ALL: &[&str] = &[$($name),*];
    };
}

operations! {
    ACCEPT = "accept";
    BOOK = "book";
    CANCEL = "cancel";
    CONFIRM = "confirm";
    CONFIRM_EMAIL_CHANGE = "confirm_email_change";
    CREATE_LISTING = "create_listing";
    DELETE_ACCOUNT = "delete_account";
    END_OTHER_SESSIONS = "end_other_sessions";
    FIND_CITY = "find_city";
    LISTING = "listing";
    ME = "me";
    PAY = "pay";
    PUBLISH = "publish";
    QUOTE = "quote";
    REGISTER = "register";
    REQUESTS = "requests";
    REQUEST_EMAIL_CHANGE = "request_email_change";
    REQUEST_RESET = "request_reset";
    RESET_PASSWORD = "reset_password";
    SEARCH = "search";
    SESSIONS = "sessions";
    SIGN_IN = "sign_in";
    TRIP = "trip";
    TURN_OFF_INSTANT_BOOK = "turn_off_instant_book";
    UNLIST = "unlist";
    VERIFY_EMAIL = "verify_email";
    WATCH = "watch";
}

#[cfg(test)]
mod tests {
    use super::ALL;
    use graphql_contract::validate;

    #[test]
    fn every_operation_is_valid_against_the_contract() {
        for text in ALL {
            assert_eq!(validate(graphql::CONTRACT, text), Vec::<String>::new(), "{text}");
        }
    }
}
