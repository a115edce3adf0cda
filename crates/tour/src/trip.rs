//! What all bookings have in common: quotes, events, and how a booking stands.

use super::answers::{instant, list, money, number, same, short, text};
use super::people::{Person, fresh};
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
    /// Watches everything that happens to the trips of `who`.
    pub(super) async fn watch(&mut self, who: &Person) -> anyhow::Result<Socket> {
        self.voice.begin("Watch the guest's trips over a websocket");
        let url = self.client.socket_url();
        let mut socket = Socket::open(&url, &who.token).await?;
        self.voice.fact("socket", format!("{url}, graphql-transport-ws"));
        self.voice.operation(operations::WATCH, &Value::Null);
        socket.subscribe(operations::WATCH, operations::WHO).await?;
        self.voice.holds("subscribed to myTripEvents");
        Ok(socket)
    }

    /// Expects these kinds of events of `booking`, in this order.
    pub(super) async fn events(&self, socket: &mut Socket, booking: &str, kinds: &[&str]) -> anyhow::Result<()> {
        for kind in kinds {
            let payload =
                socket.next().await.map_err(|error| error.context(format!("waiting for the event {kind}")))?;
            let event = &payload["data"]["myTripEvents"];
            same("the next event", *kind, text(event, "/kind")?)?;
            same("the booking of the event", booking, text(event, "/booking/id")?)?;
            let status = text(event, "/booking/status")?;
            self.voice.fact("event", format!("{kind:<30} {}, booking {status}", instant(event, "/at")?));
        }
        Ok(())
    }

    /// Quotes a stay and shows the locked lines.
    pub(super) async fn quote(&self, who: &Person, listing: &str, stay: &Stay) -> anyhow::Result<Quote> {
        let input = json!({ "listingId": listing, "stay": stay.input() });
        let quoted = self.change(Some(who), operations::QUOTE, input, "QuoteStaySuccess").await?;
        let mut sum = 0;
        for line in list(&quoted, "/quote/price/lines")? {
            sum += number(line, "/amount/minorUnits")?;
            let basis = line["basis"].as_str().map(|basis| format!("({basis})")).unwrap_or_default();
            self.voice.line(format!("{}   {} {}", money(line, "/amount")?, text(line, "/title")?, short(&basis, 60)));
        }
        let total = number(&quoted, "/quote/price/total/minorUnits")?;
        self.voice.line(format!("{}   in total", money(&quoted, "/quote/price/total")?));
        same("the sum of the lines", total, sum)?;
        self.voice.fact("policy", text(&quoted, "/quote/cancellationPolicy")?);
        self.voice.holds(format!("the price is locked until {}", instant(&quoted, "/quote/expiresAt")?));
        Ok(Quote { id: text(&quoted, "/quote/id")?.to_owned(), total })
    }

    /// Books at the price of a quote, under `key`; `wanted` is the state that the booking must have. Returns the booking's id.
    pub(super) async fn book(
        &mut self,
        who: &Person,
        quote: &Quote,
        key: &str,
        wanted: &str,
    ) -> anyhow::Result<String> {
        let input = json!({ "quoteId": quote.id, "idempotencyKey": key });
        let booked = self.change(Some(who), operations::BOOK, input, "CreateBookingSuccess").await?;
        let id = text(&booked, "/booking/id")?.to_owned();
        self.remember(who, operations::CANCEL, json!({ "bookingId": id, "idempotencyKey": fresh() }));
        same("the status", wanted, text(&booked, "/booking/status")?)?;
        same("replayed", false, booked["replayed"] == true)?;
        same("the price", quote.total, number(&booked, "/booking/price/total/minorUnits")?)?;
        self.voice.fact("booking", &id);
        self.voice.holds(format!("{wanted}, nights held until {}", instant(&booked, "/booking/deadline")?));
        Ok(id)
    }

    /// The input of `payBooking` with a test card.
    pub(super) fn payment(booking: &str, card: &str) -> Value {
        json!({ "booking": { "id": booking }, "method": { "sandbox": card }, "idempotencyKey": fresh() })
    }

    /// The booking as `who` sees it.
    pub(super) async fn trip(&self, who: &Person, booking: &str) -> anyhow::Result<Value> {
        let mut found = self.ask(Some(who), operations::TRIP, json!({ "id": booking })).await?;
        ensure!(found["booking"].is_object(), "expected the booking {booking}, came {}", found["booking"]);
        Ok(found["booking"].take())
    }
}
