//! A page reads what it shows, however far from the first it is, also among listings that are equal in its order.

use diesel::{QueryableByName, sql_types::Text};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use mysql_engine::Conn;
use store::search::{Criteria, Filter, Hit, Key};
use types::ListingOrder;

use super::world::World;

const PAGE: i64 = 10;

/// The rows that this connection has read so far, by any way into an index or a table.
async fn rows_read(conn: &mut Conn) -> i64 {
    #[derive(QueryableByName)]
    struct Counter {
        #[diesel(sql_type = Text)]
        #[diesel(column_name = "Value")]
        value: String,
    }
    let counters: Vec<Counter> =
        diesel::sql_query("SHOW SESSION STATUS LIKE 'Handler_read%'").load(conn).await.unwrap();
    counters.iter().map(|counter| counter.value.parse::<i64>().unwrap()).sum()
}

fn key(order: ListingOrder, hit: &Hit) -> Key {
    match order {
        ListingOrder::Rating => Key::Rating(hit.rating, hit.listing),
        ListingOrder::Recommended => Key::Recommended(hit.recommendation, hit.listing),
        ListingOrder::PriceAsc | ListingOrder::PriceDesc => Key::Price(hit.currency, hit.amount, hit.listing),
        ListingOrder::Newest => Key::Newest(hit.published_at.unwrap(), hit.listing),
        ListingOrder::Distance => unreachable!("no index has this order"),
    }
}

#[tokio::test]
async fn a_page_far_from_the_first_reads_as_few_rows() {
    let world = World::new(21, 300).await;
    let conn = &mut world.database.conn().await;
    // All are equal in every order but for their ids.
    let equal = "UPDATE listings SET status = 'PUBLISHED', rating_count = 0, rating_total = 0, base_price = 100, \
                 currency = 'EUR', published_at = '2026-01-01'";
    conn.batch_execute(equal).await.unwrap();
    store::imports::measure(conn).await.unwrap();
    let filter = Filter::default();
    for order in ListingOrder::ALL.iter().copied().filter(|order| *order != ListingOrder::Distance) {
        let (mut after, mut costs) = (None, Vec::new());
        loop {
            let first = rows_read(conn).await;
            let itself = rows_read(conn).await - first;
            let criteria = Criteria::new(&filter, None, order);
            let hits = store::search::page(conn, criteria, after.as_ref(), PAGE, None).await.unwrap();
            costs.push(rows_read(conn).await - first - 2 * itself);
            let Some(last) = hits.last() else { break };
            after = Some(key(order, last));
        }
        assert_eq!(costs.len(), 31, "{order}");
        let most = costs.iter().max().unwrap();
        assert!(*most <= 2 * costs[0], "{order}: {costs:?}");
    }
}
