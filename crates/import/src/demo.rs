//! Demo data: real listings, and accounts to sign in with.

use anyhow::Context as _;

use super::{Silent, fixture::fixture};
use auth::{Member, PasswordHasher};
use domain::{
    accounts::{self, Client},
    app::App,
    events::Cause,
    listings::{self, Changes, NewPhoto, PlaceChanges, PricingChanges, RulesChanges},
    role_grants,
};
use mysql_engine::Conn;
use types::{
    CancellationPolicy, Email, ListingStatus, Page, PropertyType, RoomType, UserId,
    error::{Error, Refusal},
};

/// The source of the listings, and its license.
pub const ATTRIBUTION: &str = "Data: Inside Airbnb (https://insideairbnb.com), Singapore, 23 September 2023, licensed under CC BY 4.0 \
    (https://creativecommons.org/licenses/by/4.0/). Changes: email addresses, phone numbers and messenger handles masked; names and \
    ids of persons replaced; subset of listings, reviews and days; days moved to the present.";

/// What a demo account is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Books.
    Guest,
    /// Has a listing.
    Host,
    /// Sits at the desk, as an admin.
    Admin,
}

/// A demo account.
#[derive(Debug, Clone, Copy)]
pub struct Account {
    /// The name shown to others.
    pub name: &'static str,
    /// What it is for.
    pub role: Role,
    /// The email to sign in with.
    pub email: &'static str,
    /// The password, which is public.
    pub password: &'static str,
}

const GUEST: Account = Account {
    name: "Demo guest",
    role: Role::Guest,
    email: "guest@demo.staygate.example",
    password: "demo-guest-password",
};
const HOST: Account = Account {
    name: "Demo host",
    role: Role::Host,
    email: "host@demo.staygate.example",
    password: "demo-host-password",
};
const ADMIN: Account = Account {
    name: "Demo admin",
    role: Role::Admin,
    email: "admin@demo.staygate.example",
    password: "demo-admin-password",
};

/// The demo accounts.
pub const ACCOUNTS: &[Account] = &[GUEST, HOST, ADMIN];

/// The headline of the demo host's own listing.
const STUDIO: &str = "Demo studio by the river";

/// Loads demo data and demo accounts into an empty database, once: the listings of the fixture,
/// which can be booked instantly, and one of the demo host, with requests to book. Completes an
/// interrupted earlier run. Returns whether the demo data is there: a database with other data is
/// not changed.
///
/// # Errors
/// When the database fails, or rows cannot be written.
pub async fn load(app: &App) -> anyhow::Result<bool> {
    {
        let conn = &mut app.conn().await?;
        if store::imports::is_foreign(conn, super::fixture::DATASET).await? {
            return Ok(false);
        }
        let loaded = fixture(conn, app.now(), &mut Silent).await.context("loading the demo listings")?;
        if loaded.parts.iter().any(|part| !part.already_done) {
            let listings = loaded.part(super::Part::Listings).map_or(0, |part| part.created);
            tracing::info!(listings, "loaded demo data: Inside Airbnb, Singapore, CC BY 4.0");
        }
    }
    for account in ACCOUNTS {
        match account.create(app).await {
            Ok(_) => tracing::debug!(email = account.email, "created a demo account"),
            // It was created before.
            Err(Error::Refused(Refusal::EmailTaken(_))) => unlock(app, account).await?,
            Err(error) => return Err(error.into()),
        }
    }
    open_desk(app).await.context("making the demo admin an admin")?;
    open_studio(app).await.context("creating the demo host's listing")?;
    Ok(true)
}

/// Restores the public password of a demo account, if a start without demo data has removed it.
async fn unlock(app: &App, account: &Account) -> anyhow::Result<()> {
    if !account.opens(&mut app.conn().await?, &app.passwords).await? {
        accounts::set_password(app, &account.email.parse()?, account.password.to_owned()).await?;
        tracing::info!(email = account.email, "a demo account can sign in again");
    }
    Ok(())
}

/// Removes the public passwords of demo accounts that an earlier start has created, ends their
/// sessions, and logs it.
///
/// # Errors
/// When the database fails.
pub async fn lock_accounts(app: &App) -> anyhow::Result<()> {
    for account in ACCOUNTS {
        if account.opens(&mut app.conn().await?, &app.passwords).await? {
            accounts::lock(app, &account.email.parse()?).await?;
            tracing::warn!(
                email = account.email,
                "the demo is off: this demo account, whose password is public, is now locked, and its sessions have ended"
            );
        }
    }
    Ok(())
}

impl Account {
    /// Whether anyone can sign in to it with the public password.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn opens(&self, conn: &mut Conn, passwords: &PasswordHasher) -> anyhow::Result<bool> {
        Ok(accounts::opens(conn, passwords, &self.email.parse()?, self.password.to_owned()).await?)
    }

    async fn create(&self, app: &App) -> Result<UserId, Error> {
        let email: Email = self.email.parse().map_err(anyhow::Error::from)?;
        accounts::create_demo(app, &email, self.password.to_owned(), self.name).await
    }
}

/// Makes the demo admin an admin, unless an earlier run has.
async fn open_desk(app: &App) -> anyhow::Result<()> {
    let conn = &mut app.conn().await?;
    let admin = store::accounts::credentials(conn, ADMIN.email).await?.context("the demo admin has an account")?.user;
    if store::role_grants::roles(conn, admin, app.now()).await?.is_empty() {
        role_grants::grant_first(&app.caused_by(Cause::Job("demo")), admin).await?;
    }
    Ok(())
}

/// Creates and publishes the listing of the demo host, or publishes the draft of an earlier run. If
/// the host has any other listing, or has unlisted this one, the account is in use and not changed.
async fn open_studio(app: &App) -> anyhow::Result<()> {
    let host = store::accounts::credentials(&mut app.conn().await?, HOST.email).await?;
    let host = host.context("the demo host has an account")?.user;
    let part = listings::own_part(None, Page { first: 2, after: None });
    let own = store::listings::of_host(&mut app.conn().await?, host, &[part]).await?.concat();
    let draft = match own.as_slice() {
        [] => None,
        [one] if one.status == ListingStatus::Draft && one.words.title == STUDIO => Some(one.id),
        _ => return Ok(()),
    };
    let email: Email = HOST.email.parse()?;
    let signed_in = accounts::sign_in(app, &email, HOST.password.to_owned(), &Client::unknown()).await?;
    let member: &Member = &signed_in.tokens.member;
    let studio = match draft {
        Some(id) => id,
        None => listings::create(app, member, &studio()?, None).await?.answer.id,
    };
    listings::publish(app, &member.verified()?, studio).await?;
    accounts::sign_out(app, &signed_in.tokens.refresh).await?;
    tracing::info!(listing = %studio, "created the demo host's listing, without instant book");
    Ok(())
}

/// A fictional listing with realistic prices.
#[expect(clippy::too_many_lines, reason = "one value")]
fn studio() -> anyhow::Result<Changes> {
    Ok(Changes {
        title: Some(STUDIO.to_owned()),
        description: Some(Some(
            "A quiet studio on the first floor, two minutes from the water: one double bed, a desk, a small kitchen.\n\nThe demo \
             host answers requests: sign in as the host and accept, or decline."
                .to_owned(),
        )),
        neighborhood_overview: Some(Some("Cafés and shophouses along the river; the museum is across the bridge.".to_owned())),
        room_type: Some(RoomType::EntireHome),
        property_type: Some(PropertyType::Apartment),
        max_guests: Some(3),
        bedrooms: Some(Some(0)),
        beds: Some(Some(2)),
        bathrooms: Some(Some(1.0)),
        amenities: Some(["Wifi", "Kitchen", "Air conditioning", "Washer"].map(str::to_owned).to_vec()),
        // It cannot be published without a photo. Names under `.example` are reserved.
        photos: Some(vec![NewPhoto {
            url: "https://photos.staygate.example/studio-by-the-river.jpg".to_owned(),
            caption: Some("The studio in the morning".to_owned()),
        }]),
        place: PlaceChanges {
            city: Some("Singapore".to_owned()),
            neighborhood: Some(Some("Singapore River".to_owned())),
            region: Some(Some("Central Region".to_owned())),
            country_code: Some(Some("SG".to_owned())),
            latitude: Some(1.2894),
            longitude: Some(103.8465),
            ..PlaceChanges::default()
        },
        pricing: PricingChanges {
            currency: Some("SGD".parse()?),
            base_price: Some(14_500),
            weekend_price: Some(Some(17_500)),
            cleaning_fee: Some(Some(4_500)),
            extra_guest_fee: Some(Some(2_500)),
            guests_included: Some(Some(2)),
            weekly_discount: Some(Some(8)),
            monthly_discount: Some(Some(20)),
            ..PricingChanges::default()
        },
        rules: RulesChanges {
            min_nights: Some(2),
            max_nights: Some(60),
            advance_notice_hours: Some(24),
            ..RulesChanges::default()
        },
        instant_book: Some(false),
        cancellation_policy: Some(CancellationPolicy::Moderate),
        ..Changes::default()
    })
}
