//! What staff find at the desk: people, listings, bookings and payments, by ids and emails. Each look at the
//! email of a person is recorded.

use std::{collections::HashMap, sync::Arc};

use serde_json::Value;

use crate::{
    app::App,
    audit::{self, NewEntry, Subject},
};
use auth::{Finance, Member, Staff, Support};
use mysql_engine::Conn;
use store::desk::{Bookings, Listings, Payments, Reviews};
pub use store::{
    bookings::{Booking, ByCheckIn},
    desk::{FoundListing, Person},
    payment_cards::PaymentCard,
    payments::Payment,
    reviews::Review,
};
use types::{
    AuditAction, BookingId, ConfirmationCode, Email, LastFour, ListingId, Newest, NodeId, Page, PageOf, PaymentId,
    ReviewId, UserId,
    error::{Error, Result},
};

/// What staff search for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Search {
    /// The object with this id, and what belongs to it.
    Id(NodeId),
    /// What belongs to the people with this email.
    Email(Email),
    /// The booking with this code, and what belongs to it.
    Code(ConfirmationCode),
    /// Payments with a card whose number ends so.
    Card(LastFour),
}

impl Search {
    /// Reads an id, an email, a confirmation code or the last four digits of a card.
    ///
    /// # Errors
    /// [`types::error::Refusal::BadUserInput`] when the text is neither.
    pub fn read(text: &str) -> Result<Self> {
        let text = text.trim();
        let card = || text.parse().ok().map(Self::Card);
        let code = || text.parse().ok().map(Self::Code).or_else(card);
        let id = || text.parse().ok().map(Self::Id).or_else(code);
        let found = if text.contains('@') { text.parse().ok().map(Self::Email) } else { id() };
        found.ok_or_else(|| {
            Error::bad_user_input(
                "`search` must be an id, such as `usr_…` or `bk_…`, an email, a confirmation code, or \
                 the last four digits of a card.",
            )
        })
    }

    /// The search for the booking of a confirmation code, if there is one; others as they are.
    async fn resolved(&self, conn: &mut Conn) -> Result<Self> {
        if let Self::Code(code) = self
            && let Some(booking) = store::desk::booking_with_code(conn, *code).await?
        {
            return Ok(Self::Id(NodeId::BookingId(booking)));
        }
        Ok(self.clone())
    }

    /// The people whom it names.
    async fn people(&self, conn: &mut Conn) -> Result<Vec<UserId>> {
        Ok(match self {
            Self::Email(email) => store::desk::with_email(conn, email.as_str()).await?,
            Self::Id(NodeId::UserId(id)) => vec![*id],
            Self::Id(NodeId::ListingId(id)) => store::desk::host_of_listing(conn, *id).await?.into_iter().collect(),
            Self::Id(NodeId::BookingId(id)) => {
                let both = store::desk::people_of_booking(conn, *id).await?;
                both.into_iter().flat_map(|(guest, host)| [guest, host]).collect()
            }
            Self::Id(_) | Self::Code(_) | Self::Card(_) => Vec::new(),
        })
    }
}

/// A page of the people that `search` names, newest first: by their id or email, or that of their listing or booking.
///
/// # Errors
/// When the database fails.
pub async fn people(
    app: &App,
    _support: &Support,
    search: &Search,
    page: &Page<Newest<UserId>>,
) -> Result<PageOf<Person>> {
    let conn = &mut app.conn().await?;
    let ids = search.resolved(conn).await?.people(conn).await?;
    Ok(page.cut(store::desk::people(conn, &ids, page).await?))
}

/// A page of the listings that `search` names, newest first: by their id, or the id or email of their host.
///
/// # Errors
/// When the database fails.
pub async fn listings(
    app: &App,
    _support: &Support,
    search: &Search,
    page: &Page<Newest<ListingId>>,
) -> Result<PageOf<FoundListing>> {
    let conn = &mut app.conn().await?;
    let which = match search.resolved(conn).await? {
        Search::Id(NodeId::ListingId(id)) => Listings::One(id),
        search => Listings::Of(search.people(conn).await?),
    };
    Ok(page.cut(store::desk::listings(conn, &which, page).await?))
}

/// A page of the bookings that `search` names, the latest check-in first: by their id, or that of their payment, listing, guest or host, or
/// by an email.
///
/// # Errors
/// When the database fails.
pub async fn bookings(app: &App, _staff: &Staff, search: &Search, page: &Page<ByCheckIn>) -> Result<PageOf<Booking>> {
    let conn = &mut app.conn().await?;
    let which = match search.resolved(conn).await? {
        Search::Id(NodeId::BookingId(id)) => Bookings::One(id),
        Search::Id(NodeId::ListingId(id)) => Bookings::At(id),
        Search::Id(NodeId::PaymentId(id)) => match store::desk::booking_of_payment(conn, id).await? {
            Some(booking) => Bookings::One(booking),
            None => Bookings::Of(Vec::new()),
        },
        search => Bookings::Of(search.people(conn).await?),
    };
    Ok(page.cut(store::desk::bookings(conn, &which, page).await?))
}

/// A page of the payments that `search` names, newest first: by their id, or that of their booking, its guest or its host, or
/// by an email, or by the last four digits of the card.
///
/// # Errors
/// When the database fails.
pub async fn payments(
    app: &App,
    _finance: &Finance,
    search: &Search,
    page: &Page<Newest<PaymentId>>,
) -> Result<PageOf<Payment>> {
    let conn = &mut app.conn().await?;
    let which = match search.resolved(conn).await? {
        Search::Id(NodeId::PaymentId(id)) => Payments::One(id),
        Search::Id(NodeId::BookingId(id)) => Payments::For(id),
        Search::Card(last_four) => Payments::With(last_four),
        search => Payments::Of(search.people(conn).await?),
    };
    Ok(page.cut(store::desk::payments(conn, &which, page).await?))
}

/// A page of the reviews that `search` names, newest first: by their id, or that of their booking, listing or author, or by an email of the
/// author.
///
/// # Errors
/// When the database fails.
pub async fn reviews(
    app: &App,
    _support: &Support,
    search: &Search,
    page: &Page<Newest<ReviewId>>,
) -> Result<PageOf<Review>> {
    let conn = &mut app.conn().await?;
    let which = match search.resolved(conn).await? {
        Search::Id(NodeId::ReviewId(id)) => Reviews::One(id),
        Search::Id(NodeId::BookingId(id)) => Reviews::For(id),
        Search::Id(NodeId::ListingId(id)) => Reviews::At(id),
        search => Reviews::By(search.people(conn).await?),
    };
    Ok(page.cut(store::desk::reviews(conn, &which, page).await?))
}

/// The review, for staff.
///
/// # Errors
/// When the database fails.
pub async fn review(app: &App, _support: &Support, id: ReviewId) -> Result<Option<Review>> {
    Ok(store::reviews::find(&mut app.conn().await?, id).await?)
}

/// The listings with these ids, for staff.
///
/// # Errors
/// When the database fails.
pub async fn listings_by_ids(
    app: &App,
    _viewer: &Member,
    keys: &[(Staff, ListingId)],
) -> Result<HashMap<(Staff, ListingId), Arc<FoundListing>>> {
    let ids: Vec<_> = keys.iter().map(|(_, id)| *id).collect();
    let rows = store::desk::listings_by_ids(&mut app.conn().await?, &ids).await?;
    let rows: HashMap<_, _> = rows.into_iter().map(|row| (row.id, Arc::new(row))).collect();
    Ok(keys.iter().filter_map(|key| Some((*key, Arc::clone(rows.get(&key.1)?)))).collect())
}

/// The bookings with these ids, for staff.
///
/// # Errors
/// When the database fails.
pub async fn bookings_by_ids(
    app: &App,
    _viewer: &Member,
    keys: &[(Staff, BookingId)],
) -> Result<HashMap<(Staff, BookingId), Arc<Booking>>> {
    let ids: Vec<_> = keys.iter().map(|(_, id)| *id).collect();
    let rows = store::desk::bookings_by_ids(&mut app.conn().await?, &ids).await?;
    let rows: HashMap<_, _> = rows.into_iter().map(|row| (row.id, Arc::new(row))).collect();
    Ok(keys.iter().filter_map(|key| Some((*key, Arc::clone(rows.get(&key.1)?)))).collect())
}

/// The cards of these payments, for staff.
///
/// # Errors
/// When the database fails.
pub async fn cards(
    app: &App,
    _viewer: &Member,
    keys: &[(Staff, PaymentId)],
) -> Result<HashMap<(Staff, PaymentId), PaymentCard>> {
    let ids: Vec<_> = keys.iter().map(|(_, id)| *id).collect();
    let cards = store::payment_cards::by_ids(&mut app.conn().await?, &ids).await?;
    let cards: HashMap<_, _> = cards.into_iter().map(|card| (card.payment_id, card)).collect();
    Ok(keys.iter().filter_map(|key| Some((*key, *cards.get(&key.1)?))).collect())
}

/// The payments with these ids, in no order.
///
/// # Errors
/// When the database fails.
pub async fn payments_by_ids(app: &App, _finance: &Finance, ids: &[PaymentId]) -> Result<Vec<Payment>> {
    Ok(store::desk::payments_by_ids(&mut app.conn().await?, ids).await?)
}

/// Records that the viewer looks at the emails of these people. A resolver returns an email only after this.
///
/// # Errors
/// When the database fails.
pub async fn record_views(
    app: &App,
    viewer: &Member,
    keys: &[(Support, UserId)],
) -> Result<HashMap<(Support, UserId), ()>> {
    let now = app.now();
    app.database
        .transaction(async |tx| {
            let seen = keys.iter().map(|(_, id)| viewed(viewer.id(), *id)).collect();
            audit::append(app, tx, seen, now).await
        })
        .await?;
    Ok(keys.iter().map(|key| (*key, ())).collect())
}

fn viewed(by: UserId, person: UserId) -> NewEntry {
    NewEntry {
        actor: Some(by),
        on_behalf_of: None,
        action: AuditAction::PersonViewed,
        subject: Subject::Person(person),
        reason: String::new(),
        before: Value::Null,
        after: Value::Null,
    }
}
