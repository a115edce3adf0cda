//! Figures over many bookings: sales, nights and quotes in a range of days, by day, by city or by host. Each function is one statement that
//! reads a range of one index.

use chrono::NaiveDate;
use diesel::{QueryableByName, mysql::Mysql, query_builder::BoxedSqlQuery, sql_types};
use diesel_async::RunQueryDsl;

use mysql_engine::Conn;
use types::{AnalyticsBy, Currency, Timestamp};

/// The most cities or hosts.
pub const MOST_GROUPS: i64 = 100;

/// The longest stay, in days: a stay that begins earlier has ended before the range.
const LONGEST_STAY: i64 = 366;

/// How long after it was made a quote can expire at the latest, in hours.
const LONGEST_QUOTE: i64 = 24;

/// The range of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first day.
    pub from: NaiveDate,
    /// The day after the last one.
    pub to: NaiveDate,
    /// When the first day begins, UTC.
    pub begin: Timestamp,
    /// When the last day ends, UTC.
    pub end: Timestamp,
    /// Only bookings and quotes in this currency.
    pub currency: Currency,
}

/// What was sold.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Sales {
    /// The day, the key of the city, or the id of the host in hexadecimal.
    #[diesel(sql_type = sql_types::Text)]
    pub group: String,
    /// The name of a city.
    #[diesel(sql_type = sql_types::Nullable<sql_types::Text>)]
    pub name: Option<String>,
    /// Bookings that were confirmed.
    #[diesel(sql_type = sql_types::BigInt)]
    pub bookings: i64,
    /// What was captured for them, in minor units.
    #[diesel(sql_type = sql_types::BigInt)]
    pub captured: i64,
    /// What was refunded of that.
    #[diesel(sql_type = sql_types::BigInt)]
    pub refunded: i64,
}

/// A number of things in a group.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Counted {
    /// As in [`Sales`].
    #[diesel(sql_type = sql_types::Text)]
    pub group: String,
    /// How many.
    #[diesel(sql_type = sql_types::BigInt)]
    pub number: i64,
    /// How many of these became bookings; for nights and listings the same number.
    #[diesel(sql_type = sql_types::BigInt)]
    pub booked: i64,
}

/// Stays with the same days.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Stays {
    /// Check-in day.
    #[diesel(sql_type = sql_types::Date)]
    pub check_in: NaiveDate,
    /// Check-out day.
    #[diesel(sql_type = sql_types::Date)]
    pub check_out: NaiveDate,
    /// How many.
    #[diesel(sql_type = sql_types::BigInt)]
    pub number: i64,
}

type Query<'a> = BoxedSqlQuery<'a, Mysql, diesel::query_builder::SqlQuery>;

/// What groups the rows of the table with this alias, whose column `at` has the day.
fn group(by: AnalyticsBy, alias: &str, at: &str) -> String {
    match by {
        AnalyticsBy::Day => format!("CAST(DATE({alias}.{at}) AS CHAR)"),
        AnalyticsBy::City => "COALESCE(l.city_key, '')".to_owned(),
        AnalyticsBy::Host => "HEX(l.host_id)".to_owned(),
    }
}

/// A condition that leaves only `groups`, which are cities or hosts; of days, all.
fn only(by: AnalyticsBy, groups: &[String]) -> String {
    let marks = vec!["?"; groups.len()].join(", ");
    match by {
        AnalyticsBy::Day => String::new(),
        AnalyticsBy::City => format!(" AND l.city_key IN ({marks})"),
        AnalyticsBy::Host => format!(" AND l.host_id IN ({})", vec!["UNHEX(?)"; groups.len()].join(", ")),
    }
}

fn bind_groups<'a>(mut query: Query<'a>, by: AnalyticsBy, groups: &'a [String]) -> Query<'a> {
    if by != AnalyticsBy::Day {
        for group in groups {
            query = query.bind::<sql_types::Text, _>(group);
        }
    }
    query
}

/// What was confirmed in the range, by day in order; or of the 100 cities or hosts that sold most, in that order.
pub async fn sales(conn: &mut Conn, range: &Range, by: AnalyticsBy) -> diesel::QueryResult<Vec<Sales>> {
    let group = group(by, "b", "confirmed_at");
    let (name, order) = match by {
        AnalyticsBy::Day => ("NULL", "1"),
        AnalyticsBy::City => ("MIN(l.city)", "captured DESC, 1"),
        AnalyticsBy::Host => ("NULL", "captured DESC, 1"),
    };
    let sql = format!(
        "SELECT {group} AS `group`, {name} AS name, COUNT(DISTINCT b.id) AS bookings, \
         CAST(COALESCE(SUM(p.captured), 0) AS SIGNED) AS captured, CAST(COALESCE(SUM(p.refunded), 0) AS SIGNED) AS refunded \
         FROM bookings b JOIN listings l ON l.id = b.listing_id LEFT JOIN payments p ON p.booking_id = b.id AND p.captured > 0 \
         WHERE b.currency = ? AND b.confirmed_at >= ? AND b.confirmed_at < ? GROUP BY 1 ORDER BY {order} LIMIT ?"
    );
    let most = if by == AnalyticsBy::Day { LONGEST_STAY } else { MOST_GROUPS };
    diesel::sql_query(sql)
        .bind::<sql_types::Text, _>(range.currency)
        .bind::<sql_types::Datetime, _>(range.begin)
        .bind::<sql_types::Datetime, _>(range.end)
        .bind::<sql_types::BigInt, _>(most)
        .load(conn)
        .await
}

/// How many stays had which days, of those that were not canceled and have nights in the range.
pub async fn stays(conn: &mut Conn, range: &Range) -> diesel::QueryResult<Vec<Stays>> {
    let sql = format!(
        "SELECT b.check_in, b.check_out, COUNT(*) AS number FROM bookings b {} GROUP BY b.check_in, b.check_out",
        NIGHTS_IN_RANGE
    );
    with_range(diesel::sql_query(sql).into_boxed(), range).load(conn).await
}

/// The conditions of a stay in the range; the second day is redundant, and lets the index begin near the range.
const NIGHTS_IN_RANGE: &str = "WHERE b.status IN ('CONFIRMED', 'CHECKED_IN', 'COMPLETED') AND b.check_in_at >= ? - INTERVAL 368 DAY \
     AND b.check_in_at < ? + INTERVAL 2 DAY AND b.currency = ? AND b.check_out > ? AND b.check_in < ?";

fn with_range<'a>(query: Query<'a>, range: &Range) -> Query<'a> {
    query
        .bind::<sql_types::Datetime, _>(range.begin)
        .bind::<sql_types::Datetime, _>(range.end)
        .bind::<sql_types::Text, _>(range.currency)
        .bind::<sql_types::Date, _>(range.from)
        .bind::<sql_types::Date, _>(range.to)
}

/// How many nights of these cities or hosts are sold in the range.
pub async fn nights(
    conn: &mut Conn,
    range: &Range,
    by: AnalyticsBy,
    groups: &[String],
) -> diesel::QueryResult<Vec<Counted>> {
    let nights = "CAST(SUM(DATEDIFF(LEAST(b.check_out, ?), GREATEST(b.check_in, ?))) AS SIGNED)";
    let sql = format!(
        "SELECT {} AS `group`, {nights} AS number, 0 AS booked FROM bookings b JOIN listings l ON l.id = b.listing_id {}{} GROUP BY 1",
        group(by, "b", "check_in_at"),
        NIGHTS_IN_RANGE,
        only(by, groups)
    );
    let query =
        diesel::sql_query(sql).into_boxed().bind::<sql_types::Date, _>(range.to).bind::<sql_types::Date, _>(range.from);
    bind_groups(with_range(query, range), by, groups).load(conn).await
}

/// How many published listings there are now: in all, or of these cities or hosts.
pub async fn listings(conn: &mut Conn, by: AnalyticsBy, groups: &[String]) -> diesel::QueryResult<Vec<Counted>> {
    let named = if by == AnalyticsBy::Day { "''".to_owned() } else { group(by, "l", "created_at") };
    let sql = format!(
        "SELECT {named} AS `group`, COUNT(*) AS number, 0 AS booked FROM listings l WHERE l.status = 'PUBLISHED'{} GROUP BY 1",
        only(by, groups)
    );
    bind_groups(diesel::sql_query(sql).into_boxed(), by, groups).load(conn).await
}

/// How many quotes were made in the range, and how many of them became confirmed bookings.
pub async fn quotes(
    conn: &mut Conn,
    range: &Range,
    by: AnalyticsBy,
    groups: &[String],
) -> diesel::QueryResult<Vec<Counted>> {
    let sql = format!(
        "SELECT {} AS `group`, COUNT(*) AS number, COUNT(b.id) AS booked FROM quotes q JOIN listings l ON l.id = q.listing_id \
         LEFT JOIN bookings b ON b.quote_id = q.id AND b.confirmed_at IS NOT NULL \
         WHERE q.currency = ? AND q.created_at >= ? AND q.created_at < ? AND q.expires_at >= ? \
         AND q.expires_at < ? + INTERVAL {LONGEST_QUOTE} HOUR{} GROUP BY 1",
        group(by, "q", "created_at"),
        only(by, groups)
    );
    let query = diesel::sql_query(sql)
        .into_boxed()
        .bind::<sql_types::Text, _>(range.currency)
        .bind::<sql_types::Datetime, _>(range.begin)
        .bind::<sql_types::Datetime, _>(range.end)
        .bind::<sql_types::Datetime, _>(range.begin)
        .bind::<sql_types::Datetime, _>(range.end);
    bind_groups(query, by, groups).load(conn).await
}
