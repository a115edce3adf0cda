//! The number of hits: exact in memory, up to a limit in the database.

use diesel::{QueryableByName, sql_types::BigInt, sql_types::Text};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use domain::{
    search::{COUNTED, Filter, Search},
    search_index::fill_if_needed,
};
use mysql_engine::Conn;
use types::ListingOrder;

use super::{Answers, world::World};

/// Copies every listing of the world so many times.
async fn multiply(conn: &mut Conn, times: usize) {
    #[derive(QueryableByName)]
    struct Columns {
        #[diesel(sql_type = Text)]
        names: String,
    }
    let columns = "SELECT CAST(GROUP_CONCAT(column_name) AS CHAR) AS names FROM information_schema.columns WHERE \
                   table_schema = DATABASE() AND table_name = 'listings' AND COALESCE(generation_expression, '') = '' \
                   AND column_name <> 'id'";
    conn.batch_execute("SET SESSION group_concat_max_len = 100000").await.unwrap();
    let Columns { names } = diesel::sql_query(columns).get_result(conn).await.unwrap();
    let numbers = (1..=times).map(|n| format!("SELECT {n} AS n")).collect::<Vec<_>>().join(" UNION ALL ");
    let copies = format!(
        "INSERT INTO listings (id, {names}) SELECT UNHEX(LEFT(SHA2(CONCAT(HEX(t.id), s.n), 256), 32)), {names} \
         FROM (SELECT * FROM listings) t CROSS JOIN ({numbers}) s"
    );
    diesel::sql_query(copies).execute(conn).await.unwrap();
}

async fn published(conn: &mut Conn, condition: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    let query = format!("SELECT COUNT(*) AS n FROM listings WHERE status = 'PUBLISHED' AND {condition}");
    diesel::sql_query(query).get_result::<Count>(conn).await.unwrap().n
}

#[tokio::test]
async fn a_number_above_the_limit_is_exact_in_memory_and_null_in_the_database() {
    let world = World::shortlisted(41, 60, 128, true).await;
    let conn = &mut world.database.conn().await;
    multiply(conn, 40).await;
    fill_if_needed(&world.app).await.unwrap();
    let instant = Filter { instant_book: Some(true), ..Filter::default() };
    for (filter, condition) in [(Filter::default(), "1 = 1"), (instant, "instant_book = 1")] {
        let expected = published(conn, condition).await;
        assert!(expected > COUNTED, "{expected}");
        let search = Search::new(filter, None, ListingOrder::Rating).unwrap();
        for (in_memory, count) in [(true, Some(expected)), (false, None)] {
            let prepared = search.clone().prepare(&world.app, &Answers { app: &world.app, in_memory }).await.unwrap();
            assert_eq!(prepared.count(&world.app).await.unwrap(), count, "{condition}");
        }
    }
}
