//! Steps that all bookings share: quotes, events, reading the booking.

use super::accounts::{Account, unique_text};
use super::responses::{check_equal, instant, list, money, number, short, text};
use super::search::Stay;
use super::socket::Socket;
use super::{Tour, operations};
use anyhow::ensure;
use serde_json::{Value, json};

/// A locked price.
pub(super) struct Quote {
    /// Its id.
    pub id: String,
    /// The total in minor units.
    pub total: i64,
}

impl Tour {
    /// Subscribes to the events of all trips of `who`.
    pub(super) async fn watch(&mut self, who: &Account) -> anyhow::Result<Socket> {
        self.output.begin("Watch the guest's trips over a websocket");
        let url = self.client.socket_url();
        let mut socket = Socket::open(&url, &who.token).await?;
        self.output.fact("socket", format!("{url}, graphql-transport-ws"));
        self.output.operation(operations::WATCH, &Value::Null);
        socket.subscribe(operations::WATCH, operations::WHO).await?;
        self.output.passed("subscribed to myTripEvents");
        Ok(socket)
    }

    /// Expects these events of `booking`, in this order.
    pub(super) async fn events(&self, socket: &mut Socket, booking: &str, kinds: &[&str]) -> anyhow::Result<()> {
        for kind in kinds {
            let payload =
                socket.next().await.map_err(|error| error.context(format!("waiting for the event {kind}")))?;
            let event = &payload["data"]["myTripEvents"];
            check_equal("the next event", *kind, text(event, "/kind")?)?;
            check_equal("the booking of the event", booking, text(event, "/booking/id")?)?;
            let status = text(event, "/booking/status")?;
            self.output.fact("event", format!("{kind:<30} {}, booking {status}", instant(event, "/at")?));
        }
        Ok(())
    }

    /// Requests a quote and prints its lines.
    pub(super) async fn quote(&self, who: &Account, listing: &str, stay: &Stay) -> anyhow::Result<Quote> {
        let input = json!({ "listingId": listing, "stay": stay.input() });
        let quoted = self.mutate(Some(who), operations::QUOTE, input, "QuoteStaySuccess").await?;
        let mut sum = 0;
        for line in list(&quoted, "/quote/price/lines")? {
            sum += number(line, "/amount/minorUnits")?;
            let basis = line["basis"].as_str().map(|basis| format!("({basis})")).unwrap_or_default();
            self.output.line(format!("{}   {} {}", money(line, "/amount")?, text(line, "/title")?, short(&basis, 60)));
        }
        let total = number(&quoted, "/quote/price/total/minorUnits")?;
        self.output.line(format!("{}   in total", money(&quoted, "/quote/price/total")?));
        check_equal("the sum of the lines", total, sum)?;
        self.output.fact("policy", text(&quoted, "/quote/cancellationPolicy")?);
        self.output.passed(format!("the price is locked until {}", instant(&quoted, "/quote/expiresAt")?));
        Ok(Quote { id: text(&quoted, "/quote/id")?.to_owned(), total })
    }

    /// Books at the price of a quote with the idempotency key `key`; `wanted` is the expected
    /// status. Returns the ID of the booking.
    pub(super) async fn book(
        &mut self,
        who: &Account,
        quote: &Quote,
        key: &str,
        wanted: &str,
    ) -> anyhow::Result<String> {
        let input = json!({ "quoteId": quote.id, "idempotencyKey": key });
        let booked = self.mutate(Some(who), operations::BOOK, input, "CreateBookingSuccess").await?;
        let id = text(&booked, "/booking/id")?.to_owned();
        self.undo_later(who, operations::CANCEL, json!({ "bookingId": id, "idempotencyKey": unique_text() }));
        check_equal("the status", wanted, text(&booked, "/booking/status")?)?;
        check_equal("replayed", false, booked["replayed"] == true)?;
        check_equal("the price", quote.total, number(&booked, "/booking/price/total/minorUnits")?)?;
        self.output.fact("booking", &id);
        self.output.passed(format!("{wanted}, nights held until {}", instant(&booked, "/booking/deadline")?));
        Ok(id)
    }

    /// The input of `payBooking` with a test card.
    pub(super) fn payment(booking: &str, card: &str) -> Value {
        json!({ "booking": { "id": booking }, "method": { "sandbox": card }, "idempotencyKey": unique_text() })
    }

    /// The booking as `who` sees it.
    pub(super) async fn trip(&self, who: &Account, booking: &str) -> anyhow::Result<Value> {
        let mut found = self.query(Some(who), operations::TRIP, json!({ "id": booking })).await?;
        ensure!(found["booking"].is_object(), "expected the booking {booking}, got {}", found["booking"]);
        Ok(found["booking"].take())
    }
}
