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
    TURN_OFF_INSTANT_BOOK = "ask_first";
    BOOK = "book";
    CANCEL = "cancel";
    CONFIRM = "confirm";
    CREATE_LISTING = "create_listing";
    FIND_CITY = "find_city";
    LISTING = "listing";
    PAY = "pay";
    PUBLISH = "publish";
    QUOTE = "quote";
    REGISTER = "register";
    REQUESTS = "requests";
    SEARCH = "search";
    TRIP = "trip";
    UNLIST = "unlist";
    WATCH = "watch";
    WHO = "who";
}

#[cfg(test)]
mod tests {
    use super::ALL;
    use graphql_contract::validate;

    #[test]
    fn every_operation_is_one_of_the_contract() {
        for text in ALL {
            assert_eq!(validate(graphql::CONTRACT, text), Vec::<String>::new(), "{text}");
        }
    }
}
