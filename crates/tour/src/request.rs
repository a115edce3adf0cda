//! A request that the host accepts, with everything that can come in between.

use super::answers::{instant, list, money, number, same, text};
use super::people::{Person, fresh};
use super::search::Stay;
use super::socket::Socket;
use super::stay::{refunded, squeezed};
use super::trip::Quote;
use super::{Cast, Tour, operations};
use anyhow::Context as _;
use serde_json::json;

impl Tour {
    /// Two guests want the same nights of a listing whose host wants to be asked.
    pub(super) async fn request(&mut self, cast: &Cast, home: &str, events: &mut Socket) -> anyhow::Result<()> {
        let Cast { guest, rival, host } = cast;
        let stay = Stay::ahead(6, 3);
        self.voice.begin("Two guests request quotes for the same nights");
        self.voice.fact("stay", stay);
        let quote = self.quote(guest, home, &stay).await?;
        let late = json!({ "listingId": home, "stay": stay.input() });
        let late = self.change(Some(rival), operations::QUOTE, late, "QuoteStaySuccess").await?;
        let late = text(&late, "/quote/id")?.to_owned();
        self.voice.begin("The first guest requests to book");
        let key = fresh();
        let booking = self.book(guest, &quote, &key, "REQUESTED").await?;
        self.again(guest, &quote, &key, &booking).await?;
        self.decline(guest, &booking).await?;
        self.confirm(guest, &booking).await?;
        self.too_late(rival, &late, &stay).await?;
        self.accept(host, &booking).await?;
        self.voice.begin("The guest sees the confirmation");
        let trip = self.trip(guest, &booking).await?;
        same("the booking", "CONFIRMED", text(&trip, "/status")?)?;
        let happened = [
            "REQUESTED",
            "PAYMENT_DECLINED",
            "PAYMENT_CONFIRMATION_REQUIRED",
            "PAYMENT_AUTHORIZED",
            "PAYMENT_CAPTURED",
            "CONFIRMED",
        ];
        self.events(events, &booking, &happened).await?;
        self.voice.holds(format!("CONFIRMED, arrival from {}", instant(&trip, "/details/checkInAt")?));
        self.call_off(cast, &booking, &quote, events).await?;
        self.close_home(host, home).await
    }

    /// The same key does nothing a second time.
    async fn again(&mut self, guest: &Person, quote: &Quote, key: &str, booking: &str) -> anyhow::Result<()> {
        self.voice.begin("Retry with the same idempotency key, as after a lost response");
        let input = json!({ "quoteId": quote.id, "idempotencyKey": key });
        let again = self.change(Some(guest), operations::BOOK, input, "CreateBookingSuccess").await?;
        same("replayed", true, again["replayed"] == true)?;
        same("the booking", booking, text(&again, "/booking/id")?)?;
        self.voice.holds("the stored response, replayed: true");
        Ok(())
    }

    /// With the money the nights are gone for everybody else.
    async fn too_late(&mut self, rival: &Person, quote: &str, stay: &Stay) -> anyhow::Result<()> {
        self.voice.begin("The second guest is too late");
        let input = json!({ "quoteId": quote, "idempotencyKey": fresh() });
        let refused = self.change(Some(rival), operations::BOOK, input, "NightsUnavailableProblem").await?;
        let nights: Vec<String> =
            list(&refused, "/nights")?.iter().filter_map(|night| night.as_str().map(str::to_owned)).collect();
        same("the nights in conflict", stay.each_night(), nights)?;
        self.voice.fact("problem", text(&refused, "/message")?);
        self.voice.holds("NightsUnavailableProblem names the nights in conflict");
        Ok(())
    }

    async fn decline(&mut self, guest: &Person, booking: &str) -> anyhow::Result<()> {
        self.voice.begin("Pay with a card that the bank declines");
        let input = Self::payment(booking, "CARD_DECLINED");
        let declined = self.change(Some(guest), operations::PAY, input, "PaymentDeclinedProblem").await?;
        same("the code", "PAYMENT_DECLINED", text(&declined, "/code")?)?;
        same("the reason", "CARD_DECLINED", text(&declined, "/declineReason")?)?;
        same("the payment", "DECLINED", text(&declined, "/payment/status")?)?;
        self.voice.fact("problem", text(&declined, "/message")?);
        let trip = self.trip(guest, booking).await?;
        same("the booking", "REQUESTED", text(&trip, "/status")?)?;
        self.voice.holds("PaymentDeclinedProblem; the booking is unchanged");
        Ok(())
    }

    async fn confirm(&mut self, guest: &Person, booking: &str) -> anyhow::Result<()> {
        self.voice.begin("Pay with a card that requires confirmation by the bank");
        let input = Self::payment(booking, "CARD_NEEDS_CONFIRMATION");
        let paid = self.change(Some(guest), operations::PAY, input, "PayBookingSuccess").await?;
        same("the payment", "REQUIRES_CONFIRMATION", text(&paid, "/payment/status")?)?;
        same("what comes next", "CONFIRM", text(&paid, "/payment/nextAction/kind")?)?;
        self.voice.fact("payment", "REQUIRES_CONFIRMATION, next action CONFIRM");
        let input = json!({ "paymentId": text(&paid, "/payment/id")?, "idempotencyKey": fresh() });
        let confirmed = self.change(Some(guest), operations::CONFIRM, input, "ConfirmPaymentSuccess").await?;
        same("the payment", "AUTHORIZED", text(&confirmed, "/payment/status")?)?;
        same("the booking", "REQUESTED", text(&confirmed, "/booking/status")?)?;
        let amount = squeezed(&money(&paid, "/payment/amount")?);
        self.voice.holds(format!("AUTHORIZED: {amount} authorized, not captured"));
        Ok(())
    }

    async fn accept(&mut self, host: &Person, booking: &str) -> anyhow::Result<()> {
        self.voice.begin("The host reads the requests and accepts");
        let found = self.ask(Some(host), operations::REQUESTS, json!(null)).await?;
        let requests = list(&found, "/me/hosting/bookings/nodes")?;
        let mine = requests.iter().find(|request| request["id"] == booking);
        let mine = mine.with_context(|| format!("expected {booking} among the requests, came {requests:?}"))?;
        let action = list(mine, "/availableActions")?.iter().find(|action| action["action"] == "ACCEPT");
        let action =
            action.with_context(|| format!("expected the action ACCEPT, came {}", mine["availableActions"]))?;
        same("ACCEPT is allowed", true, action["allowed"] == true)?;
        let (who, payout) = (text(mine, "/guest/displayName")?, squeezed(&money(mine, "/hostPayout")?));
        let (from, to) = (text(mine, "/checkIn")?, text(mine, "/checkOut")?);
        self.voice.fact("request", format!("{who}, {from} to {to}, payout {payout}"));
        self.voice.fact("answer", format!("until {}", instant(mine, "/deadline")?));
        let input = json!({ "bookingId": booking, "idempotencyKey": fresh() });
        let accepted = self.change(Some(host), operations::ACCEPT, input, "AcceptBookingSuccess").await?;
        same("the booking", "CONFIRMED", text(&accepted, "/booking/status")?)?;
        self.voice.holds("CONFIRMED, the authorized payment is captured");
        Ok(())
    }

    /// When the host cancels, everything comes back.
    async fn call_off(&mut self, cast: &Cast, booking: &str, quote: &Quote, events: &mut Socket) -> anyhow::Result<()> {
        self.voice.begin("The host cancels: full refund");
        let input = json!({ "bookingId": booking, "idempotencyKey": fresh() });
        let cancelled = self.change(Some(&cast.host), operations::CANCEL, input, "CancelBookingSuccess").await?;
        self.forget(operations::CANCEL);
        same("the booking", "CANCELLED", text(&cancelled, "/booking/status")?)?;
        same("the refund", quote.total, number(&cancelled, "/refund/total/minorUnits")?)?;
        same("the refunds together", quote.total, refunded(&self.trip(&cast.guest, booking).await?)?)?;
        self.events(events, booking, &["CANCELLED_BY_HOST", "REFUND_CREATED"]).await?;
        self.voice.holds(format!("{} refunded", squeezed(&money(&cancelled, "/refund/total")?)));
        Ok(())
    }
}
