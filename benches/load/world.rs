//! The measured world: a database with a city, guests with trips, and stays that can be booked.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, bail};
use auth::{Keys, Member, PasswordHasher, SigningKey};
use chrono::{Days, NaiveDate};
use client_limits::AddressPrefix;
use domain::{
    accounts::{self, Client},
    app::{App, AttemptLimits, HoldLimits, Terms},
    bookings, payments, quotes,
    search::{Filter, PriceRange, Search},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use mysql_engine::{
    Database, Options,
    embedded::{Durability, Embedded},
};
use providers::payments::PaymentMethod;
use tempfile::TempDir;
use types::{
    Clock, Email, GeoBox, Guests, IdempotencyKey, ListingId, ListingOrder, OsEntropy, Page, QuoteId, SandboxMethod,
    Stay, SystemClock,
};

use super::{
    city::City,
    measure::Status,
    request_kind::{Documents, RequestKind},
    server::SECRET,
};

/// The password of every guest.
const PASSWORD: &str = "correct horse";
/// Guests with trips, quotes and bookings.
const GUESTS: usize = 32;
/// Trips of each.
const TRIPS: usize = 20;
/// Nights of the stays that are booked.
const NIGHTS: u64 = 3;
/// The pages of the plain search.
const PAGES: usize = 40;
/// The city of all listings.
const CITY: &str = "Singapore";
/// Concurrent statements of the preparation.
const WIDTH: usize = 8;

/// A guest, and the token that proves it.
pub struct Guest {
    pub member: Member,
    pub token: String,
}

/// A stay that can be booked.
pub type Offer = (ListingId, Stay);

/// The parameters of the requests of a round.
pub enum Load {
    /// The pages of the search.
    Pages,
    /// The name of the city.
    City(String),
    /// Filters and stays.
    Filters(Vec<(Filter, Stay)>),
    /// Ids.
    Listings(Vec<ListingId>),
    /// The guests' own trips.
    Trips,
    /// Stays to be quoted.
    Offers(Vec<Offer>),
    /// Quotes to be booked, by guest.
    Quotes(Vec<(usize, QuoteId)>),
}

/// A database with a city.
pub struct World {
    pub app: App,
    pub guests: Vec<Guest>,
    pub documents: Documents,
    /// Cursors of pages of the search.
    pub pages: Vec<Option<String>>,
    database: Embedded,
    listings: Vec<ListingId>,
    offers: Vec<Offer>,
    rate_of_booking: f64,
    _folder: TempDir,
}

impl World {
    /// One with a generated city.
    pub async fn generated(listings: u64, documents: Documents) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let from = SystemClock.now().utc().date_naive();
        let files = City { listings, from, days: 120 }.write(folder.path())?;
        Self::new([&files.listings, &files.reviews, &files.calendar], documents).await
    }

    /// One with a real city.
    pub async fn of_files(folder: &Path, documents: Documents) -> anyhow::Result<Self> {
        let file = |name: &str| folder.join(name);
        let [listings, reviews, calendar] =
            ["listings", "reviews", "calendar"].map(|name| file(&format!("{name}.csv.gz")));
        Self::new([&listings, &reviews, &calendar], documents).await
    }

    async fn new([listings, reviews, calendar]: [&Path; 3], documents: Documents) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let database =
            Embedded::start(&folder.path().join("data"), staygate::config::DATABASE_NAME, Durability::Full).await?;
        let mut import = Command::new(env!("CARGO_BIN_EXE_staygate"));
        import.args(["import", "inside-airbnb", "--calendar-from", "today", "--city", CITY, "--listings"]);
        import.arg(listings).arg("--reviews").arg(reviews).arg("--calendar").arg(calendar);
        import.env("DATABASE_URL", database.url()).stdout(Stdio::null()).stderr(Stdio::null());
        if !import.status()?.success() {
            bail!("the city was not imported");
        }
        let pool = Database::connect(database.url(), Options::default()).await?;
        let app = app(pool)?;
        let mut world = Self {
            app,
            guests: Vec::new(),
            documents,
            pages: Vec::new(),
            database,
            listings: Vec::new(),
            offers: Vec::new(),
            rate_of_booking: 400.0,
            _folder: folder,
        };
        world.fill().await?;
        Ok(world)
    }

    /// The resources used by a process so far.
    pub async fn status(&self, process: u32) -> anyhow::Result<Status> {
        let database = self.database.pid().context("the database runs")?;
        Status::read(&self.app.database, process, database).await
    }

    /// The URL of the database.
    pub fn url(&self) -> &str {
        self.database.url()
    }

    /// The size of the database.
    pub async fn size(&self) -> anyhow::Result<String> {
        super::measure::size(&self.app.database).await
    }

    /// Stops the database.
    pub async fn close(self) -> anyhow::Result<()> {
        self.app.database.close();
        Ok(self.database.stop(Duration::ZERO).await?)
    }

    /// The parameters of a round.
    pub async fn load(&mut self, kind: RequestKind, connections: usize, time: Duration) -> anyhow::Result<Load> {
        Ok(match kind {
            RequestKind::Search => Load::Pages,
            RequestKind::City => Load::City(CITY.to_owned()),
            RequestKind::Filtered => Load::Filters(self.filters()?),
            RequestKind::Listing => Load::Listings(self.listings.clone()),
            RequestKind::Trips => Load::Trips,
            RequestKind::Quote => Load::Offers(self.offers.iter().take(4_000).copied().collect()),
            RequestKind::Book => {
                let share = [1.0, 2.5].get(connections / 4).copied().unwrap_or(4.0);
                let wanted = (self.rate_of_booking / 4.0 * share * time.as_secs_f64()) as usize;
                Load::Quotes(self.quotes(wanted.max(connections * 4)).await?)
            }
        })
    }

    async fn fill(&mut self) -> anyhow::Result<()> {
        for number in 0..GUESTS {
            let email: Email = format!("guest{number}@example.org").parse()?;
            accounts::create_demo(&self.app, &email, PASSWORD.to_owned(), &format!("Guest {number}")).await?;
            let signed_in = accounts::sign_in(&self.app, &email, PASSWORD.to_owned(), &Client::unknown()).await?;
            let tokens = signed_in.tokens;
            self.guests.push(Guest { member: tokens.member, token: tokens.access.text });
        }
        let search = Search::new(Filter::default(), None, ListingOrder::Rating)?;
        let prepared = search.clone().prepare(&self.app, &self.app).await?;
        self.pages.push(None);
        let mut after = None;
        for _ in 0..PAGES {
            let page = prepared.page(&self.app, &Page { first: 20, after: after.take() }, &self.app).await?;
            self.listings.extend(page.items.iter().map(|hit| hit.listing.id));
            let Some(last) = page.items.last().filter(|_| page.has_next) else { break };
            let cursor = search.cursors()(last);
            after = Some(search.key(&cursor)?);
            self.pages.push(Some(cursor));
        }
        self.find_offers().await?;
        self.make_trips().await
    }

    /// Stays at all listings from the day after the calendars on, without overlaps.
    async fn find_offers(&mut self) -> anyhow::Result<()> {
        let today = self.app.now().utc().date_naive();
        let mut day = today + Days::new(20);
        while self.offers.len() < 60_000 && day < today + Days::new(340) {
            let stay = Stay::new(day, day + Days::new(NIGHTS), 365)?;
            let search = Search::new(Filter::default(), Some((stay, Guests::ONE)), ListingOrder::Newest)?;
            let prepared = search.clone().prepare(&self.app, &self.app).await?;
            let mut after = None;
            // The first thousand of each stay.
            for _ in 0..10 {
                let page = prepared.page(&self.app, &Page { first: 100, after: after.take() }, &self.app).await?;
                self.offers.extend(page.items.iter().map(|hit| (hit.listing.id, stay)));
                let Some(last) = page.items.last().filter(|_| page.has_next) else { break };
                after = Some(search.key(&search.cursors()(last))?);
            }
            day = day + Days::new(NIGHTS + 1);
        }
        Ok(())
    }

    async fn make_trips(&mut self) -> anyhow::Result<()> {
        let quotes = self.quotes(GUESTS * TRIPS).await?;
        let (app, guests) = (&self.app, &self.guests);
        let book = |(guest, quote): (usize, QuoteId)| async move {
            let guest = &guests[guest].member;
            let booking = bookings::create(app, &guest.verified()?, AddressPrefix::of(None), quote, &key(app)?)
                .await?
                .stored
                .answer
                .booking;
            let booking = payments::BookingRef::Id(booking);
            payments::pay(app, &guest.owner()?, &booking, PaymentMethod::Sandbox(SandboxMethod::CardOk), &key(app)?)
                .await?;
            anyhow::Ok(())
        };
        stream::iter(quotes).map(book).buffer_unordered(WIDTH).try_collect().await
    }

    /// Quotes of all guests in turn.
    async fn quotes(&mut self, number: usize) -> anyhow::Result<Vec<(usize, QuoteId)>> {
        if self.offers.len() < number {
            bail!("there are no more stays to book: fewer rounds, please");
        }
        let offers = self.offers.split_off(self.offers.len() - number);
        let (app, guests) = (&self.app, &self.guests);
        let quote = |(index, (listing, stay)): (usize, Offer)| async move {
            let guest = index % GUESTS;
            let quote = quotes::create(
                app,
                (&guests[guest].member, AddressPrefix::of(None)),
                listing,
                (stay, Guests::ONE),
                app,
            )
            .await?;
            anyhow::Ok((guest, quote.id))
        };
        stream::iter(offers.into_iter().enumerate()).map(quote).buffer_unordered(WIDTH).try_collect().await
    }

    /// Realistic boxes and dates.
    fn filters(&self) -> anyhow::Result<Vec<(Filter, Stay)>> {
        let today = self.app.now().utc().date_naive();
        let mut filters = Vec::new();
        for index in 0..64_u64 {
            let day: NaiveDate = today + Days::new(7 + index);
            let south = 1.26 + (index % 8) as f64 * 0.01;
            let west = 103.75 + (index / 8) as f64 * 0.01;
            let filter = Filter {
                area: GeoBox::new(south, west, south + 0.1, west + 0.1),
                amenities: vec!["wifi".to_owned()],
                price: Some(PriceRange { currency: "SGD".parse()?, min: None, max: Some(150_000) }),
                ..Filter::default()
            };
            filters.push((filter, Stay::new(day, day + Days::new(NIGHTS), 365)?));
        }
        Ok(filters)
    }
}

/// A unique key.
pub fn key(app: &App) -> anyhow::Result<IdempotencyKey> {
    let random: u128 = u128::from_be_bytes(app.entropy.bytes());
    Ok(format!("bench-{random:032x}").parse()?)
}

fn app(database: Database) -> anyhow::Result<App> {
    let day = chrono::Duration::days(1);
    let secret = SECRET.as_bytes().to_vec();
    // The few guests of the benchmark book more than people do.
    let unlimited =
        domain::app::Caps { per_guest: u32::MAX, per_listing: u32::MAX, cooldown: chrono::Duration::zero() };
    let holds = HoldLimits { holds: unlimited, requests: unlimited, ..HoldLimits::default() };
    Ok(App::builder(
        database,
        Keys::new(SigningKey { id: "bench".to_owned(), secret }, &[]),
        PasswordHasher::new(2, &OsEntropy)?,
    )
    .terms(Terms { access_token: day, quote: day, holds, ..Terms::default() })
    .limits(AttemptLimits::none())
    .build())
}
