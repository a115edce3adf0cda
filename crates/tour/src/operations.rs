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
    AUDIT_LOG = "audit_log";
    BOOK = "book";
    CANCEL = "cancel";
    CONFIRM = "confirm";
    CONFIRM_EMAIL_CHANGE = "confirm_email_change";
    CREATE_LISTING = "create_listing";
    DELETE_ACCOUNT = "delete_account";
    END_OTHER_SESSIONS = "end_other_sessions";
    FIND_AT_DESK = "find_at_desk";
    FIND_BOOKING = "find_booking";
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
    RESTORE_PERSON = "restore_person";
    SEARCH = "search";
    SESSIONS = "sessions";
    SIGN_IN = "sign_in";
    SUSPEND_PERSON = "suspend_person";
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
