//! Listings of all kinds, made from a seed, with their calendars; and the handle that searches them.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{Days, Duration, NaiveDate, NaiveTime};
use diesel_async::SimpleAsyncConnection;
use domain::{
    app::App,
    calendar::{Night, NightRate},
    search::Reach,
};
use mysql_engine::Conn;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use store::{
    amenities::Amenity,
    listings::{Home, Listing, Origin, Place, Pricing, Ratings, Rules, Words},
    photos::Photo,
    users::NewUser,
};
use types::{
    BookingId, CancellationPolicy, Entropy, ListingId, ListingStatus, ManualClock, Money, NightKind, Point,
    PropertyType, RoomType, SeededEntropy, Timestamp, UserId,
};

use crate::harness::database::TestDatabase;

/// Some days before clocks change in New York, Berlin and Lord Howe.
pub const NOW: &str = "2027-03-10T14:30:00.250Z";
/// Days in which calendars differ from the listing.
const HORIZON: u64 = 150;
const ZONES: [&str; 5] =
    ["Asia/Singapore", "Europe/Berlin", "America/New_York", "Pacific/Auckland", "Australia/Lord_Howe"];
/// Three clusters, the last on the 180° meridian.
const MIDDLES: [(f64, f64); 3] = [(1.3, 103.8), (52.5, 13.4), (-17.0, 180.0)];
pub const CITIES: [&str; 6] = ["Singapore", "Sing_pore", "Gießen", "Suva", "Saint-Denis", "Zürich"];
pub const REGIONS: [&str; 3] = ["Central Region", "Mitte", "100% North"];
const COUNTRIES: [&str; 2] = ["SG", "DE"];
/// Words of titles; the last is of one in many.
const TITLES: [&str; 4] = ["sunny ROOM", "Sunny loft", "Grüne Straße", "river-side Room"];
pub const SLUGS: [&str; 5] = ["wifi", "pool", "kitchen", "heating", "sauna"];

/// A listing with everything that search uses.
pub struct Sample {
    pub listing: Listing,
    pub has_superhost: bool,
    pub amenities: Vec<&'static str>,
    pub held: Vec<Night>,
    pub rates: Vec<NightRate>,
}

pub struct World {
    pub app: App,
    pub now: Timestamp,
    pub samples: Vec<Sample>,
    pub database: TestDatabase,
}

pub fn now() -> Timestamp {
    chrono::DateTime::parse_from_rfc3339(NOW).unwrap().to_utc().into()
}

pub fn day(number: u64) -> NaiveDate {
    now().utc().date_naive() + Days::new(number)
}

impl World {
    /// `count` listings.
    pub async fn new(seed: u64, count: usize) -> Self {
        Self::with(seed, count, Reach::default(), false).await
    }

    /// `count` listings, of which a search for a stay checks the first `least` to 16 times as many, or all in memory.
    pub async fn shortlisted(seed: u64, count: usize, least: i64, in_memory: bool) -> Self {
        Self::with(seed, count, Reach::new(least), in_memory).await
    }

    async fn with(seed: u64, count: usize, reach: Reach, in_memory: bool) -> Self {
        let database = TestDatabase::new().await;
        let mut maker = Maker { rng: StdRng::seed_from_u64(seed), entropy: SeededEntropy::new(seed) };
        let samples: Vec<Sample> = (0..count).map(|number| maker.sample(number)).collect();
        write(&mut database.conn().await, &samples).await;
        store::imports::measure(&mut database.conn().await).await.unwrap();
        let app = app(&database, reach, in_memory);
        Self { app, now: now(), samples, database }
    }
}

impl World {
    /// Another server on the same database, which searches there.
    pub fn without_index(&self) -> App {
        app(&self.database, Reach::new(5), false)
    }
}

fn app(database: &TestDatabase, reach: Reach, in_memory: bool) -> App {
    let entropy = SeededEntropy::new(1);
    let key = auth::SigningKey { id: "test".into(), secret: vec![7; 32] };
    App::builder(database.database.clone(), auth::Keys::new(key, &[]), auth::PasswordHasher::new(1, &entropy).unwrap())
        .clock(Arc::new(ManualClock::at(now())))
        .entropy(Arc::new(entropy))
        .reach(reach)
        .search_index(in_memory)
        .build()
}

async fn write(conn: &mut Conn, samples: &[Sample]) {
    // Nights refer to bookings that do not matter here.
    conn.batch_execute("SET foreign_key_checks = 0").await.unwrap();
    for sample in samples {
        let host = NewUser {
            id: sample.listing.host_id,
            email: None,
            unverified_email: None,
            locale: None,
            password_hash: None,
            display_name: "Host".into(),
            about: None,
            location: None,
            avatar_url: None,
            member_since: day(0),
            is_superhost: sample.has_superhost,
            source: None,
            source_id: None,
            created_at: now(),
            updated_at: now(),
        };
        store::users::insert(conn, &host).await.unwrap();
        store::listings::insert(conn, &sample.listing).await.unwrap();
        let id = sample.listing.id;
        let photo = Photo { listing_id: id, position: 0, url: "https://example.org/a.jpg".into(), caption: None };
        store::photos::replace(conn, id, &[photo]).await.unwrap();
        let offers: Vec<_> =
            sample.amenities.iter().map(|&slug| Amenity { slug: slug.into(), name: slug.into() }).collect();
        store::amenities::replace(conn, id, &offers).await.unwrap();
        store::night_rates::set(conn, &sample.rates).await.unwrap();
        if !sample.held.is_empty() {
            store::nights::claim(conn, &sample.held).await.unwrap();
        }
    }
    conn.batch_execute("SET foreign_key_checks = 1").await.unwrap();
}

struct Maker {
    rng: StdRng,
    entropy: SeededEntropy,
}

impl Maker {
    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        *items.choose(&mut self.rng).unwrap()
    }

    fn maybe<T>(&mut self, chance: f64, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.rng.random_bool(chance).then(|| make(self))
    }

    fn sample(&mut self, number: usize) -> Sample {
        // Few instants, so that ids must break ties.
        let at = now() - Duration::hours(self.rng.random_range(1..20));
        let entropy: &dyn Entropy = &self.entropy;
        let (id, host_id) = (ListingId::new(at, entropy), UserId::new(at, entropy));
        let status = if number.is_multiple_of(12) { ListingStatus::Unlisted } else { ListingStatus::Published };
        let listing = Listing {
            id,
            host_id,
            status,
            words: Words {
                title: format!("Place {number} {}", self.pick(&TITLES)),
                description: String::new(),
                neighborhood_overview: None,
            },
            home: self.home(),
            place: self.place(),
            pricing: self.pricing(),
            rules: self.rules(),
            ratings: self.ratings(),
            origin: Origin::default(),
            created_at: at,
            updated_at: at,
            published_at: Some(at),
        };
        let amenities = SLUGS.into_iter().filter(|_| self.rng.random_bool(0.6)).collect();
        let (held, rates) = (self.held(id), self.rates(id));
        Sample { listing, has_superhost: self.rng.random_bool(0.4), amenities, held, rates }
    }

    fn home(&mut self) -> Home {
        Home {
            room_type: self.pick(RoomType::ALL),
            property_type: self.pick(&PropertyType::ALL[..4]),
            property_label: "Place".into(),
            max_guests: self.rng.random_range(1..6),
            bedrooms: self.maybe(0.8, |maker| maker.rng.random_range(0..4)),
            beds: self.maybe(0.8, |maker| maker.rng.random_range(0..5)),
            bathroom_halves: self.maybe(0.8, |maker| maker.rng.random_range(0..6)),
            bathrooms_shared: false,
        }
    }

    fn place(&mut self) -> Place {
        let (latitude, longitude) = self.pick(&MIDDLES);
        let longitude = longitude + self.rng.random_range(-0.3..0.3);
        let longitude = if longitude > 180.0 { longitude - 360.0 } else { longitude };
        let point = Point::new(latitude + self.rng.random_range(-0.3..0.3), longitude).unwrap();
        let (city, zone) = (self.pick(&CITIES), self.pick(&ZONES));
        let mut place = Place::new(city.into(), point, zone.into());
        place.country_code = self.maybe(0.7, |maker| maker.pick(&COUNTRIES).into());
        place.region = self.maybe(0.5, |maker| maker.pick(&REGIONS).into());
        place.neighborhood = self.maybe(0.3, |maker| maker.pick(&CITIES).into());
        place
    }

    fn pricing(&mut self) -> Pricing {
        // Small amounts, so that many shares end in a half; and some that are too great for a stay.
        // The second is so great that only with its fees it has no price (S2).
        let huge =
            self.maybe(0.04, |maker| maker.pick(&[Money::MAX_MINOR / 3, 8_500_000_000_000_000, Money::MAX_MINOR]));
        let base_price = huge.unwrap_or_else(|| self.rng.random_range(1..900));
        Pricing {
            currency: self.pick(&["SGD", "SGD", "SGD", "EUR", "JPY"]).parse().unwrap(),
            base_price,
            weekend_price: self.maybe(0.4, |maker| maker.rng.random_range(1..1_200)),
            cleaning_fee: self.rng.random_range(0..3) * 25,
            extra_guest_fee: self.rng.random_range(0..3) * 5,
            guests_included: self.rng.random_range(1..4),
            pet_fee: self.rng.random_range(0..3) * 7,
            weekly_discount: self.pick(&[0, 5, 10, 33]),
            monthly_discount: self.pick(&[0, 15, 25, 50]),
        }
    }

    fn rules(&mut self) -> Rules {
        let time = |text: &str| text.parse::<NaiveTime>().unwrap();
        Rules {
            check_in_from: time(self.pick(&["00:00:00", "02:30:00", "15:00:00", "23:59:00"])),
            check_out_by: time("11:00:00"),
            min_nights: self.pick(&[1, 1, 2, 5]),
            max_nights: self.pick(&[6, 30, 365]),
            advance_notice_hours: self.pick(&[0, 0, 12, 24, 96]),
            preparation_nights: self.pick(&[0, 0, 1, 3]),
            booking_window_days: self.pick(&[3, 30, 90, 365]),
            pets_allowed: self.rng.random_bool(0.7),
            instant_book: self.rng.random_bool(0.5),
            cancellation_policy: self.pick(CancellationPolicy::ALL),
        }
    }

    fn ratings(&mut self) -> Ratings {
        let rating_count = self.pick(&[0, 1, 3, 7]);
        // From a few grades, so that ids must break ties.
        let mut grade = || u64::from(*[350u32, 400, 450, 500].choose(&mut self.rng).unwrap());
        let rating_total = (0..rating_count).map(|_| grade()).sum();
        Ratings { rating_count, rating_total, ..Ratings::default() }
    }

    /// A few short ranges, by all kinds of holders, some of them expired.
    fn held(&mut self, listing_id: ListingId) -> Vec<Night> {
        let mut held = BTreeMap::new();
        for _ in 0..self.rng.random_range(0..4) {
            let kind = self.pick(NightKind::ALL);
            let booked = !matches!(kind, NightKind::Block | NightKind::External);
            let booking_id = booked.then(|| BookingId::new(now(), &self.entropy));
            let lapses = matches!(kind, NightKind::Hold | NightKind::Request | NightKind::Preparation);
            let expires_at = lapses.then(|| now() + Duration::minutes(self.pick(&[-5, 0, 15])));
            let first = self.rng.random_range(0..HORIZON);
            for night in first..first + self.rng.random_range(1..5) {
                let night = day(night);
                held.insert(night, Night { listing_id, night, kind, booking_id, expires_at });
            }
        }
        held.into_values().collect()
    }

    fn rates(&mut self, listing_id: ListingId) -> Vec<NightRate> {
        let density = self.pick(&[0.0, 0.1, 0.9]);
        let nights: Vec<u64> = (0..HORIZON).filter(|_| self.rng.random_bool(density)).collect();
        nights
            .into_iter()
            .map(|night| NightRate {
                listing_id,
                night: day(night),
                price: self.maybe(0.7, |maker| {
                    let huge = maker.maybe(0.005, |_| 8_500_000_000_000_000);
                    huge.unwrap_or_else(|| maker.rng.random_range(1..1_500))
                }),
                min_nights: self.maybe(0.1, |maker| maker.rng.random_range(1..9)),
                max_nights: self.maybe(0.1, |maker| maker.rng.random_range(3..30)),
                closed_to_arrival: self.rng.random_bool(0.1),
                closed_to_departure: self.rng.random_bool(0.1),
            })
            .collect()
    }
}
