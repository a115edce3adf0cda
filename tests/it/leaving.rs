//! Clients that disconnect during a mutation: it runs completely or not at all, and the same key shows which.

use std::time::Duration;

use diesel::{QueryableByName, sql_types::BigInt};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use mysql_engine::{Conn, Options};
use serde_json::{Value, json};

use crate::{
    harness::{
        actors::{Actor, BOOK, PAY},
        app::{Served, TestApp},
        database::is_mariadb,
        wire,
    },
    races::walk,
};

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

async fn count(conn: &mut Conn, sql: &str) -> i64 {
    let row: Count = diesel::sql_query(sql).get_result(conn).await.unwrap();
    row.n
}

struct World {
    app: TestApp,
    server: Served,
    guest: Actor,
    listing: String,
}

impl World {
    async fn new() -> Self {
        let app = TestApp::without_hold_limits(Options::default()).await;
        let (server, host, guest) = (app.serve().await, app.host().await, app.guest().await);
        let listing = host.listing(|_| {}).await;
        Self { app, server, guest, listing }
    }

    fn address(&self) -> String {
        self.server.address.to_string()
    }

    async fn run_query(&self, query: &str, input: &Value) -> Value {
        let reply = wire::post(&self.address(), &self.guest.access, query, &json!({ "input": input })).await;
        reply.unwrap().field().clone()
    }

    /// Sends a mutation that waits for `lock`, disconnects, releases the lock, and sends it again.
    async fn leave_while_it_waits(&self, lock: &str, query: &str, input: &Value) -> Value {
        let mut holder = self.app.conn().await;
        holder.batch_execute(&format!("BEGIN; {lock}")).await.unwrap();
        let input = json!({ "input": input });
        let sent = wire::send(&self.address(), &self.guest.access, query, &input).await.unwrap();
        let mut conn = self.app.conn().await;
        // MySQL stumbles over ids in the texts of statements that its older tables show.
        let waits = if is_mariadb(&mut conn).await {
            "SELECT COUNT(*) AS n FROM information_schema.INNODB_TRX t JOIN information_schema.PROCESSLIST p ON \
             p.ID = t.trx_mysql_thread_id WHERE t.trx_state = 'LOCK WAIT' AND p.DB = DATABASE()"
        } else {
            "SELECT COUNT(*) AS n FROM performance_schema.data_lock_waits w JOIN performance_schema.threads t ON \
             t.THREAD_ID = w.REQUESTING_THREAD_ID WHERE t.PROCESSLIST_DB = DATABASE()"
        };
        while count(&mut conn, waits).await == 0 {
            // The server renews this table only when nobody has looked at it for 100 ms.
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
        drop(sent);
        // Others are served meanwhile, and the server has noticed the disconnect.
        for _ in 0..3 {
            let me =
                wire::post(&self.address(), &self.guest.access, "{ me { user { displayName } } }", &json!({})).await;
            assert_eq!(me.unwrap().field()["user"]["displayName"], "Gina Guest");
        }
        holder.batch_execute("COMMIT").await.unwrap();
        self.run_query(query, &input["input"]).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_booking_whose_client_leaves_at_once_is_made_once_or_not_at_all() {
    let world = World::new().await;
    let mut inputs = Vec::new();
    for day in 1..=20 {
        let (from, to) = (format!("2026-04-{day:02}"), format!("2026-04-{:02}", day + 1));
        let quote = world.guest.quote(&world.listing, &from, &to).await;
        inputs.push(json!({ "quoteId": quote, "idempotencyKey": world.app.key() }));
    }
    for input in &inputs {
        let input = json!({ "input": input });
        drop(wire::send(&world.address(), &world.guest.access, BOOK, &input).await.unwrap());
    }
    let mut done_before = 0;
    for input in &inputs {
        let answer = world.run_query(BOOK, input).await;
        assert_eq!(answer["__typename"], "CreateBookingSuccess", "{answer}");
        done_before += u32::from(answer["replayed"] == true);
        let again = world.run_query(BOOK, input).await;
        assert_eq!((&again["replayed"], &again["booking"]["id"]), (&json!(true), &answer["booking"]["id"]));
    }
    println!("{done_before} of {} ran to their end without their client", inputs.len());
    let mut conn = world.app.conn().await;
    assert_eq!(count(&mut conn, "SELECT COUNT(*) AS n FROM bookings").await, 20);
    assert_eq!(count(&mut conn, "SELECT COUNT(*) AS n FROM idempotency_keys").await, 20);
    walk::check(&world.app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mutations_whose_client_leaves_while_they_wait_for_a_lock_have_one_effect() {
    let world = World::new().await;
    let quote = world.guest.quote(&world.listing, "2026-04-01", "2026-04-07").await;
    let input = json!({ "quoteId": quote, "idempotencyKey": world.app.key() });
    let booked = world.leave_while_it_waits("SELECT id FROM listings FOR UPDATE", BOOK, &input).await;
    assert_eq!(
        (&booked["__typename"], &booked["replayed"]),
        (&json!("CreateBookingSuccess"), &json!(true)),
        "{booked}"
    );
    let booking = &booked["booking"]["id"];
    let method = json!({ "sandbox": "CARD_OK" });
    let input = json!({ "booking": { "id": booking }, "method": method, "idempotencyKey": world.app.key() });
    let paid = world.leave_while_it_waits("SELECT id FROM bookings FOR UPDATE", PAY, &input).await;
    assert_eq!((&paid["__typename"], &paid["payment"]["status"]), (&json!("PayBookingSuccess"), &json!("CAPTURED")));
    assert_eq!(world.app.bank.balance(), 68_520);
    let mut conn = world.app.conn().await;
    assert_eq!(count(&mut conn, "SELECT COUNT(*) AS n FROM bookings").await, 1);
    assert_eq!(count(&mut conn, "SELECT COUNT(*) AS n FROM payments").await, 1);
    walk::check(&world.app).await;
}
