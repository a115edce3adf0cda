//! What is known of the cards of payments: the brand and the last four digits.

use diesel::{mysql::Mysql, prelude::*};
use diesel_async::RunQueryDsl;

use super::{
    query_parts::among,
    schema::{bookings, payment_cards, payments},
};
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{CardBrand, LastFour, PaymentId, UserId};

/// The card of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = payment_cards, check_for_backend(Mysql))]
pub struct PaymentCard {
    /// The payment.
    pub payment_id: PaymentId,
    /// Its brand.
    pub brand: CardBrand,
    /// The last four digits of its number.
    pub last_four: LastFour,
}

/// Writes the card of a payment, if none is written yet.
pub async fn record(tx: &mut Conn, card: &PaymentCard) -> QueryResult<usize> {
    diesel::insert_or_ignore_into(payment_cards::table).values(card).prepared().execute(tx).await
}

/// The cards of those of `ids` that `guest` made.
pub async fn visible(conn: &mut Conn, guest: UserId, ids: &[PaymentId]) -> QueryResult<Vec<PaymentCard>> {
    payment_cards::table
        .inner_join(payments::table.inner_join(bookings::table))
        .filter(among(payment_cards::payment_id, ids.iter().copied()))
        .filter(bookings::guest_id.eq(guest))
        .select(PaymentCard::as_select())
        .load(conn)
        .await
}

/// The cards of these payments.
pub async fn by_ids(conn: &mut Conn, ids: &[PaymentId]) -> QueryResult<Vec<PaymentCard>> {
    payment_cards::table
        .filter(among(payment_cards::payment_id, ids.iter().copied()))
        .select(PaymentCard::as_select())
        .load(conn)
        .await
}

/// Forgets the cards of all payments of a person.
pub async fn delete_all(tx: &mut Conn, guest: UserId) -> QueryResult<()> {
    let own: Vec<PaymentId> = payment_cards::table
        .inner_join(payments::table.inner_join(bookings::table))
        .filter(bookings::guest_id.eq(guest))
        .select(payment_cards::payment_id)
        .load(tx)
        .await?;
    diesel::delete(payment_cards::table.filter(among(payment_cards::payment_id, own))).execute(tx).await?;
    Ok(())
}
