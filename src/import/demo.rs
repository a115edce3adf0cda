//! What a first look needs: real listings, and accounts to sign in with.

use anyhow::Context as _;

use super::{Silent, fixture::fixture};
use crate::{
    app::App,
    domain::accounts::{self, Registration},
    error::{Error, Refusal},
    types::Email,
};

/// Where the listings come from, and under which licence.
pub const ATTRIBUTION: &str = "Data: Inside Airbnb (https://insideairbnb.com), Singapore, 23 September 2023, licensed under CC BY 4.0 \
    (https://creativecommons.org/licenses/by/4.0/). Changes: e-mail addresses, phone numbers and messenger handles masked; names and \
    ids of persons replaced; subset of listings, reviews and days; days moved to the present.";

/// An account that anybody may try.
#[derive(Debug, Clone, Copy)]
pub struct Account {
    /// What it is good for.
    pub role: &'static str,
    /// The address to sign in with.
    pub email: &'static str,
    /// The password, which everybody knows.
    pub password: &'static str,
}

/// The accounts of a first look.
pub const ACCOUNTS: &[Account] = &[
    Account { role: "Demo guest", email: "guest@demo.staygate.example", password: "demo-guest-password" },
    Account { role: "Demo host", email: "host@demo.staygate.example", password: "demo-host-password" },
];

/// Fills an empty database with demo data and demo accounts, once. Returns whether they are there: a database that holds other data is
/// left as it is.
///
/// # Errors
/// When the database fails, or its rows cannot be written.
pub async fn load(app: &App) -> anyhow::Result<bool> {
    let conn = &mut app.conn().await?;
    if crate::store::imports::is_foreign(conn, super::fixture::DATASET).await? {
        return Ok(false);
    }
    fixture(conn, app.now(), &mut Silent).await.context("loading the demo listings")?;
    for account in ACCOUNTS {
        let email: Email = account.email.parse()?;
        let new = Registration { email, password: account.password.to_owned(), display_name: account.role.to_owned() };
        match accounts::register(app, new, None).await {
            Ok(_) => tracing::info!(role = account.role, email = account.email, "made a demo account"),
            // It was made before.
            Err(Error::Refused(Refusal::EmailTaken(_))) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(true)
}
