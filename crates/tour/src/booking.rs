//! Steps that both kinds of booking share: quotes, events, reading the booking.

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
        self.output.start_step("Watch the guest's trips over a websocket");
        let url = self.client.socket_url();
        let mut socket = Socket::open(&url, &who.token).await?;
        self.output.print_fact("socket", format!("{url}, graphql-transport-ws"));
        self.output.print_operation(operations::WATCH, &Value::Null);
        socket.subscribe(operations::WATCH, operations::ME).await?;
        self.output.print_passed("subscribed to myTripEvents");
        Ok(socket)
    }

    /// Waits for these events of `booking`, in this order.
    pub(super) async fn expect_events(&self, socket: &mut Socket, booking: &str, kinds: &[&str]) -> anyhow::Result<()> {
        for kind in kinds {
            let payload =
                socket.next().await.map_err(|error| error.context(format!("waiting for the event {kind}")))?;
            let event = &payload["data"]["myTripEvents"];
            check_equal("the next event", *kind, text(event, "/kind")?)?;
            check_equal("the booking of the event", booking, text(event, "/booking/id")?)?;
            let status = text(event, "/booking/status")?;
            self.output.print_fact("event", format!("{kind:<30} {}, booking {status}", instant(event, "/at")?));
        }
        Ok(())
    }

    /// Requests a quote and prints its lines.
    pub(super) async fn request_quote(&self, who: &Account, listing: &str, stay: &Stay) -> anyhow::Result<Quote> {
        let input = json!({ "listingId": listing, "stay": stay.input() });
        let quoted = self.mutate(Some(who), operations::QUOTE, input, "QuoteStaySuccess").await?;
        let mut sum = 0;
        for line in list(&quoted, "/quote/price/lines")? {
            sum += number(line, "/amount/minorUnits")?;
            let basis = line["basis"].as_str().map(|basis| format!("({basis})")).unwrap_or_default();
            self.output.print_line(format!(
                "{}   {} {}",
                money(line, "/amount")?,
                text(line, "/title")?,
                short(&basis, 60)
            ));
        }
        let total = number(&quoted, "/quote/price/total/minorUnits")?;
        self.output.print_line(format!("{}   in total", money(&quoted, "/quote/price/total")?));
        check_equal("the sum of the lines", total, sum)?;
        self.output.print_fact("policy", text(&quoted, "/quote/cancellationPolicy")?);
        self.output.print_passed(format!("the price is locked until {}", instant(&quoted, "/quote/expiresAt")?));
        Ok(Quote { id: text(&quoted, "/quote/id")?.to_owned(), total })
    }

    /// Books at the price of a quote with the idempotency key `key`, and checks the status. Returns
    /// the ID of the booking.
    pub(super) async fn book(
        &mut self,
        who: &Account,
        quote: &Quote,
        key: &str,
        expected_status: &str,
    ) -> anyhow::Result<String> {
        let input = json!({ "quoteId": quote.id, "idempotencyKey": key });
        let booked = self.mutate(Some(who), operations::BOOK, input, "CreateBookingSuccess").await?;
        let id = text(&booked, "/booking/id")?.to_owned();
        self.add_undo_step(who, operations::CANCEL, json!({ "bookingId": id, "idempotencyKey": unique_text() }));
        check_equal("the status", expected_status, text(&booked, "/booking/status")?)?;
        check_equal("replayed", false, booked["replayed"] == true)?;
        check_equal("the price", quote.total, number(&booked, "/booking/price/total/minorUnits")?)?;
        self.output.print_fact("booking", &id);
        self.output
            .print_passed(format!("{expected_status}, nights held until {}", instant(&booked, "/booking/deadline")?));
        Ok(id)
    }

    /// The input of `payBooking` with a test card.
    pub(super) fn payment_input(booking: &str, card: &str) -> Value {
        json!({ "booking": { "id": booking }, "method": { "sandbox": card }, "idempotencyKey": unique_text() })
    }

    /// The booking as `who` sees it.
    pub(super) async fn read_booking(&self, who: &Account, booking: &str) -> anyhow::Result<Value> {
        let mut found = self.query(Some(who), operations::TRIP, json!({ "id": booking })).await?;
        ensure!(found["booking"].is_object(), "expected the booking {booking}, got {}", found["booking"]);
        Ok(found["booking"].take())
    }
}
