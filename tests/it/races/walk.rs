//! A long random walk of many users, with invariants.

use chrono::{Days, Duration};
use diesel::{QueryableByName, sql_types::Text};
use diesel_async::RunQueryDsl;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};

use providers::payments::IntentStatus;

use crate::harness::{
    actors::Actor,
    app::TestApp,
    bank::Fault::{Fails, LosesResponse},
};

/// Invariants, each as a query for rows that break it.
const BROKEN: &[(&str, &str)] = &[
    (
        "a booking without its nights",
        "SELECT HEX(b.id) AS name FROM bookings b WHERE b.status IN ('PENDING_PAYMENT', 'REQUESTED', 'CONFIRMED', 'CHECKED_IN') AND \
         b.hidden_from_host = FALSE AND DATEDIFF(b.check_out, b.check_in) <> (SELECT COUNT(*) FROM nights n WHERE n.booking_id = b.id AND \
         n.listing_id = b.listing_id AND n.night >= b.check_in AND n.night < b.check_out AND n.kind = \
         CASE b.status WHEN 'PENDING_PAYMENT' THEN 'HOLD' WHEN 'REQUESTED' THEN 'REQUEST' ELSE 'BOOKING' END)",
    ),
    (
        "an unpaid request with nights",
        "SELECT HEX(b.id) AS name FROM bookings b JOIN nights n ON n.booking_id = b.id WHERE b.hidden_from_host = TRUE",
    ),
    (
        "an unpaid booking that was paid or declined, or whose end is not its deadline",
        "SELECT HEX(id) AS name FROM bookings WHERE (held_until IS NULL AND status IN ('PENDING_PAYMENT', 'REQUESTED')) OR \
         (held_until IS NOT NULL AND (status = 'DECLINED' OR (confirmed_at IS NOT NULL AND (total > 0 OR held_since IS NULL)))) OR \
         (status IN ('PENDING_PAYMENT', 'REQUESTED') AND held_until <> deadline_at)",
    ),
    (
        "a night without a holder",
        "SELECT CONCAT(HEX(n.listing_id), ' ', n.night) AS name FROM nights n LEFT JOIN bookings b ON b.id = n.booking_id WHERE \
         b.id IS NULL AND n.kind NOT IN ('BLOCK', 'EXTERNAL')",
    ),
    (
        "a night of a booking that has ended",
        "SELECT HEX(n.booking_id) AS name FROM nights n JOIN bookings b ON b.id = n.booking_id WHERE \
         b.status IN ('DECLINED', 'EXPIRED') OR (b.status = 'CANCELLED' AND b.cancelled_at < b.check_in_at)",
    ),
    (
        "a confirmed night that expires",
        "SELECT HEX(n.booking_id) AS name FROM nights n JOIN bookings b ON b.id = n.booking_id WHERE \
         b.confirmed_at IS NOT NULL AND n.expires_at IS NOT NULL",
    ),
    (
        "a payment without a booking",
        "SELECT HEX(id) AS name FROM payments WHERE booking_id NOT IN (SELECT id FROM bookings)",
    ),
    (
        "a refund that does not add up",
        "SELECT HEX(p.id) AS name FROM payments p WHERE p.refunded > p.captured OR \
         p.refunded <> (SELECT COALESCE(SUM(r.amount), 0) FROM refunds r WHERE r.payment_id = p.id)",
    ),
    (
        "a confirmed booking that is not paid exactly",
        "SELECT HEX(b.id) AS name FROM bookings b WHERE b.confirmed_at IS NOT NULL AND b.total <> \
         (SELECT COALESCE(SUM(captured), 0) FROM payments p WHERE p.booking_id = b.id) - \
         (SELECT COALESCE(SUM(amount), 0) FROM refunds r WHERE r.booking_id = b.id AND r.reason IN ('HOLD_EXPIRED', 'UNEXPECTED_CAPTURE'))",
    ),
    (
        "a payment kept for a booking that was never confirmed",
        "SELECT HEX(b.id) AS name FROM bookings b JOIN payments p ON p.booking_id = b.id WHERE \
         b.confirmed_at IS NULL AND p.captured <> p.refunded",
    ),
    (
        "a payment or refund in flight without a pending effect",
        "SELECT HEX(p.id) AS name FROM payments p WHERE p.status IN ('AUTHORIZING', 'CAPTURING', 'VOIDING') AND NOT EXISTS \
         (SELECT 1 FROM outbox o WHERE o.object_id = p.id AND o.state <> 'DONE') UNION ALL \
         SELECT HEX(r.id) FROM refunds r WHERE r.status = 'PENDING' AND NOT EXISTS \
         (SELECT 1 FROM outbox o WHERE o.object_id = r.id AND o.state = 'PENDING')",
    ),
    (
        "an authorization that a booking does not need any more",
        "SELECT HEX(p.id) AS name FROM payments p JOIN bookings b ON b.id = p.booking_id WHERE \
         p.status IN ('AUTHORIZED', 'REQUIRES_CONFIRMATION') AND b.status NOT IN ('PENDING_PAYMENT', 'REQUESTED')",
    ),
    (
        "events with a gap",
        "SELECT HEX(b.id) AS name FROM bookings b LEFT JOIN events e ON e.subject_id = b.id GROUP BY b.id, b.event_sequence \
         HAVING COUNT(e.sequence) <> b.event_sequence OR MAX(e.sequence) <> b.event_sequence OR b.event_sequence = 0",
    ),
    (
        "a feed with a gap",
        "SELECT HEX(f.owner_id) AS name FROM feeds f LEFT JOIN feed_entries e ON e.owner_id = f.owner_id AND e.topic = f.topic \
         WHERE f.topic <> 'OWN' GROUP BY f.owner_id, f.topic, f.last_position HAVING COUNT(e.position) <> f.last_position OR \
         MAX(e.position) <> f.last_position OR MIN(e.position) <> 1",
    ),
    (
        "a subject's events with a gap",
        "SELECT HEX(f.owner_id) AS name FROM feeds f LEFT JOIN events e ON e.subject_id = f.owner_id WHERE f.topic = 'OWN' \
         GROUP BY f.owner_id, f.last_position HAVING COUNT(e.sequence) <> f.last_position OR MAX(e.sequence) <> f.last_position",
    ),
    (
        "an event of nights that is not in the catalog once",
        "SELECT HEX(e.subject_id) AS name FROM events e LEFT JOIN feed_entries f ON f.subject_id = e.subject_id AND \
         f.event_sequence = e.sequence AND f.topic = 'CATALOG' GROUP BY e.subject_id, e.sequence, e.subject, e.payload \
         HAVING COUNT(f.position) <> (e.subject <> 'BOOKING' OR e.payload LIKE '%\"nights\"%')",
    ),
    (
        "an event that is not in the feeds of those who know of the booking",
        "SELECT HEX(e.subject_id) AS name FROM events e JOIN bookings b ON b.id = e.subject_id LEFT JOIN feed_entries f ON \
         f.subject_id = e.subject_id AND f.event_sequence = e.sequence AND f.topic IN ('GUEST', 'HOST') \
         GROUP BY e.subject_id, e.sequence, b.hidden_from_host \
         HAVING COUNT(f.position) <> IF(b.hidden_from_host, 1, 2)",
    ),
    (
        "a host's feed that is out of order",
        "SELECT HEX(a.subject_id) AS name FROM feed_entries a JOIN feed_entries b ON a.owner_id = b.owner_id AND a.topic = b.topic AND \
         a.subject_id = b.subject_id WHERE a.position < b.position AND a.event_sequence > b.event_sequence",
    ),
    (
        "a state without its event, or an event without its state",
        "SELECT HEX(b.id) AS name FROM bookings b WHERE \
         (b.confirmed_at IS NOT NULL) <> EXISTS (SELECT 1 FROM events e WHERE e.subject_id = b.id AND e.kind = 'CONFIRMED') OR \
         (b.status = 'DECLINED') <> EXISTS (SELECT 1 FROM events e WHERE e.subject_id = b.id AND e.kind = 'DECLINED') OR \
         (b.status = 'EXPIRED') <> EXISTS (SELECT 1 FROM events e WHERE e.subject_id = b.id AND e.kind = 'EXPIRED') OR \
         (b.status = 'COMPLETED') <> EXISTS (SELECT 1 FROM events e WHERE e.subject_id = b.id AND e.kind = 'COMPLETED') OR \
         (b.status = 'CANCELLED') <> EXISTS (SELECT 1 FROM events e WHERE e.subject_id = b.id AND e.kind LIKE 'CANCELLED%') OR \
         (b.status IN ('CHECKED_IN', 'COMPLETED') AND NOT EXISTS \
         (SELECT 1 FROM events e WHERE e.subject_id = b.id AND e.kind = 'CHECKED_IN'))",
    ),
    (
        "an event that came twice",
        "SELECT HEX(subject_id) AS name FROM events WHERE subject = 'BOOKING' AND kind NOT LIKE 'PAYMENT%' AND \
         kind NOT IN ('REFUND_CREATED', 'LISTING_MOVED') \
         GROUP BY subject_id, kind HAVING COUNT(*) > 1",
    ),
];

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Nothing is broken.
pub async fn check(app: &TestApp) {
    nothing_is_broken(&mut app.conn().await).await;
}

/// Nothing in the database is.
pub async fn nothing_is_broken(conn: &mut mysql_engine::Conn) {
    for (what, sql) in BROKEN {
        let found: Vec<Name> =
            diesel::sql_query(*sql).load(conn).await.unwrap_or_else(|error| panic!("{what}: {error}"));
        let names: Vec<_> = found.into_iter().map(|row| row.name).collect();
        assert!(names.is_empty(), "{what}: {names:?}");
    }
}

/// The objects of the walk so far.
struct World {
    app: TestApp,
    rng: StdRng,
    host: Actor,
    guests: Vec<Actor>,
    listings: Vec<String>,
    /// Bookings with the index of their guest.
    bookings: Vec<(usize, String)>,
    payments: Vec<(usize, String)>,
}

const METHODS: &[&str] =
    &["CARD_OK", "CARD_OK", "CARD_OK", "CARD_DECLINED", "CARD_NEEDS_CONFIRMATION", "CARD_CONFIRMATION_FAILS"];

impl World {
    async fn new(seed: u64) -> Self {
        let app = TestApp::new().await;
        let host = app.host().await;
        let mut guests = Vec::new();
        for _ in 0..6 {
            guests.push(app.guest().await);
        }
        let at_once = host.listing(|_| {}).await;
        let asks = host
            .listing(|input| {
                input["instantBook"] = json!(false);
                input["rules"] = json!({ "preparationNights": 1 });
            })
            .await;
        let rng = StdRng::seed_from_u64(seed);
        Self { app, rng, host, guests, listings: vec![at_once, asks], bookings: Vec::new(), payments: Vec::new() }
    }

    fn stay(&mut self) -> (String, String, String) {
        let first = self.app.clock_day() + Days::new(self.rng.random_range(1..25));
        let last = first + Days::new(self.rng.random_range(1..5));
        (self.listings.choose(&mut self.rng).unwrap().clone(), first.to_string(), last.to_string())
    }

    async fn book(&mut self) {
        let (listing, from, to) = self.stay();
        let who = self.rng.random_range(0..self.guests.len());
        let quoted = self.guests[who].try_quote(&listing, &from, &to).await;
        let Some(quote) = quoted["quote"]["id"].as_str() else { return };
        let booked = self.guests[who].try_book(quote, &self.app.key()).await;
        match booked["booking"]["id"].as_str() {
            Some(id) => self.bookings.push((who, id.to_owned())),
            // Too many unpaid holds, or one that is being paid for.
            None => assert_eq!(booked["retryable"], true, "{booked}"),
        }
    }

    fn booking(&mut self) -> Option<(Actor, usize, String)> {
        // Usually a late one, which has more possible actions.
        let late = self.bookings.len().saturating_sub(6);
        let (who, id) = self.bookings[late..].choose(&mut self.rng)?.clone();
        Some((self.guests[who].clone(), who, id))
    }

    async fn pay(&mut self) {
        let Some((guest, who, booking)) = self.booking() else { return };
        let method = METHODS.choose(&mut self.rng).unwrap();
        let paid = guest.try_pay(&booking, method, &self.app.key()).await;
        if let Some(id) = paid["payment"]["id"].as_str() {
            self.payments.push((who, id.to_owned()));
        }
    }

    async fn confirm(&mut self) {
        let Some((who, payment)) = self.payments.choose(&mut self.rng).cloned() else { return };
        self.guests[who].confirm(&payment, &self.app.key()).await;
    }

    async fn answer(&mut self) {
        let Some((_, _, booking)) = self.booking() else { return };
        if self.rng.random_bool(0.7) {
            self.host.accept(&booking, &self.app.key()).await;
        } else {
            self.host.decline(&booking, &self.app.key()).await;
        }
    }

    async fn cancel(&mut self) {
        let Some((guest, _, booking)) = self.booking() else { return };
        let previewed = guest.booking(&booking).await["cancellationPreview"]["refund"]["total"].clone();
        if self.rng.random_bool(0.3) {
            self.host.cancel(&booking).await;
        } else {
            let done = guest.cancel(&booking).await;
            if done["__typename"] == "CancelBookingSuccess" {
                assert_eq!(done["refund"]["total"], previewed, "the cancellation equals its preview");
            }
        }
    }

    async fn block(&mut self) {
        let (listing, from, to) = self.stay();
        let what = *["blockNights", "openNights"].choose(&mut self.rng).unwrap();
        let input = format!("{}{}Input", what[..1].to_uppercase(), &what[1..]);
        let mutation = format!("mutation ($input: {input}!) {{ {what}(input: $input) {{ __typename }} }}");
        let key = self.app.key();
        let input: Value = json!({ "listingId": listing, "from": from, "to": to, "idempotencyKey": key });
        self.host.mutate(&mutation, input).await;
    }

    /// The provider repeats notifications: late, and in any order.
    async fn repeat_notice(&mut self) {
        if let Some(notice) = self.app.bank.notices().choose(&mut self.rng) {
            self.app.receive(notice).await;
        }
    }

    /// The provider captures a payment that it had declined or voided; its notification comes at once or later.
    async fn capture_after_the_end(&mut self) {
        let Some((_, payment)) = self.payments.choose(&mut self.rng).cloned() else { return };
        let payment = payment.parse().unwrap();
        if matches!(self.app.bank.status(payment), IntentStatus::Declined(_) | IntentStatus::Voided) {
            let notice = self.app.bank.force_status(payment, IntentStatus::Captured(self.app.bank.amount(payment)));
            if self.rng.random_bool(0.5) {
                self.app.receive(&notice).await;
            }
        }
    }

    async fn step(&mut self) {
        match self.rng.random_range(0..100) {
            0..25 => self.book().await,
            25..45 => self.pay().await,
            45..49 => self.repeat_notice().await,
            49..50 => self.capture_after_the_end().await,
            50..58 => self.confirm().await,
            58..68 => self.answer().await,
            68..76 => self.cancel().await,
            76..81 => self.block().await,
            81..86 => self.app.work().await,
            86..90 => self.app.bank.expect(&[*[Fails, LosesResponse].choose(&mut self.rng).unwrap()]),
            90..96 => self.app.pass(Duration::minutes(self.rng.random_range(1..20))),
            96..99 => self.app.pass(Duration::hours(self.rng.random_range(1..30))),
            _ => self.app.pass(Duration::days(self.rng.random_range(1..4))),
        }
    }

    /// All notifications are applied, and no effect is pending.
    async fn settle(&self) {
        for notice in self.app.bank.notices() {
            self.app.receive(&notice).await;
        }
        self.app.settle().await;
    }
}

async fn walk(seed: u64, steps: usize) {
    let mut world = World::new(seed).await;
    for step in 1..=steps {
        world.step().await;
        if step % 20 == 0 {
            check(&world.app).await;
        }
    }
    world.settle().await;
    check(&world.app).await;
    let kept = "SELECT CAST(COALESCE(SUM(captured - refunded), 0) AS CHAR) AS name FROM payments";
    let open = "SELECT CAST(COUNT(*) AS CHAR) AS name FROM payments WHERE status = 'AUTHORIZED'";
    let execute = async |sql: &'static str| {
        let row: Name = diesel::sql_query(sql).get_result(&mut world.app.conn().await).await.unwrap();
        row.name
    };
    assert_eq!(
        execute(kept).await,
        world.app.bank.balance().to_string(),
        "the balance of the provider equals the database"
    );
    assert_eq!(execute(open).await, world.app.bank.authorizations().to_string(), "and has authorized them");
    println!("{} bookings, {} payments", world.bookings.len(), world.payments.len());
    assert!(world.bookings.len() > steps / 20, "the walk led somewhere");
}

#[tokio::test]
async fn a_random_walk_breaks_nothing() {
    walk(1, 250).await;
}

#[tokio::test]
async fn another_random_walk_breaks_nothing() {
    walk(2, 250).await;
}
