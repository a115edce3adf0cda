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
    ANSWER_CASE = "answer_case";
    AUDIT_LOG = "audit_log";
    BEGIN_SECOND_FACTOR = "begin_second_factor";
    BOOK = "book";
    CANCEL = "cancel";
    COMPLETE_SIGN_IN = "complete_sign_in";
    CONFIRM = "confirm";
    CONFIRM_EMAIL_CHANGE = "confirm_email_change";
    CONFIRM_SECOND_FACTOR = "confirm_second_factor";
    CREATE_LISTING = "create_listing";
    CREATE_WISHLIST = "create_wishlist";
    DELETE_ACCOUNT = "delete_account";
    DISABLE_SECOND_FACTOR = "disable_second_factor";
    END_IMPERSONATION = "end_impersonation";
    END_OTHER_SESSIONS = "end_other_sessions";
    FIND_AT_DESK = "find_at_desk";
    FIND_BOOKING = "find_booking";
    FIND_CITY = "find_city";
    IMPERSONATIONS = "impersonations";
    LISTING = "listing";
    ME = "me";
    MY_CASES = "my_cases";
    OPEN_CASE = "open_case";
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
    START_IMPERSONATION = "start_impersonation";
    SUSPEND_PERSON = "suspend_person";
    TRIP = "trip";
    TURN_OFF_INSTANT_BOOK = "turn_off_instant_book";
    UNLIST = "unlist";
    UPDATE_CASE = "update_case";
    UPDATE_PROFILE = "update_profile";
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
