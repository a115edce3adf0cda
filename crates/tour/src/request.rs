//! A request to book that the host accepts.

use super::accounts::{Account, unique_text};
use super::responses::{check_equal, instant, list, money, number, text};
use super::search::Stay;
use super::socket::Socket;
use super::stay::{compact, refunded};
use super::trip::Quote;
use super::{Accounts, Tour, operations};
use anyhow::Context as _;
use serde_json::json;

impl Tour {
    /// Two guests want the same nights of a listing without instant book.
    pub(super) async fn request(&mut self, accounts: &Accounts, home: &str, events: &mut Socket) -> anyhow::Result<()> {
        let Accounts { guest, second_guest, host } = accounts;
        let stay = Stay::ahead(6, 3);
        self.output.begin("Two guests request quotes for the same nights");
        self.output.fact("stay", stay);
        let quote = self.quote(guest, home, &stay).await?;
        let late = json!({ "listingId": home, "stay": stay.input() });
        let late = self.mutate(Some(second_guest), operations::QUOTE, late, "QuoteStaySuccess").await?;
        let late = text(&late, "/quote/id")?.to_owned();
        self.output.begin("The first guest requests to book");
        let key = unique_text();
        let booking = self.book(guest, &quote, &key, "REQUESTED").await?;
        self.check_replay(guest, &quote, &key, &booking).await?;
        self.decline(guest, &booking).await?;
        self.confirm(guest, &booking).await?;
        self.check_conflict(second_guest, &late, &stay).await?;
        self.accept(host, &booking).await?;
        self.output.begin("The guest sees the confirmation");
        let trip = self.trip(guest, &booking).await?;
        check_equal("the booking", "CONFIRMED", text(&trip, "/status")?)?;
        let happened = [
            "REQUESTED",
            "PAYMENT_DECLINED",
            "PAYMENT_CONFIRMATION_REQUIRED",
            "PAYMENT_AUTHORIZED",
            "PAYMENT_CAPTURED",
            "CONFIRMED",
        ];
        self.events(events, &booking, &happened).await?;
        self.output.passed(format!("CONFIRMED, arrival from {}", instant(&trip, "/details/checkInAt")?));
        self.cancel_as_host(accounts, &booking, &quote, events).await?;
        self.unlist_listing(host, home).await
    }

    /// A repeated request with the same key has no effect.
    async fn check_replay(&mut self, guest: &Account, quote: &Quote, key: &str, booking: &str) -> anyhow::Result<()> {
        self.output.begin("Retry with the same idempotency key, as after a lost response");
        let input = json!({ "quoteId": quote.id, "idempotencyKey": key });
        let replayed = self.mutate(Some(guest), operations::BOOK, input, "CreateBookingSuccess").await?;
        check_equal("replayed", true, replayed["replayed"] == true)?;
        check_equal("the booking", booking, text(&replayed, "/booking/id")?)?;
        self.output.passed("the stored response, replayed: true");
        Ok(())
    }

    /// Once money is authorized, the nights are not available to others.
    async fn check_conflict(&mut self, second_guest: &Account, quote: &str, stay: &Stay) -> anyhow::Result<()> {
        self.output.begin("The second guest is too late");
        let input = json!({ "quoteId": quote, "idempotencyKey": unique_text() });
        let refused = self.mutate(Some(second_guest), operations::BOOK, input, "NightsUnavailableProblem").await?;
        let nights: Vec<String> =
            list(&refused, "/nights")?.iter().filter_map(|night| night.as_str().map(str::to_owned)).collect();
        check_equal("the nights in conflict", stay.each_night(), nights)?;
        self.output.fact("problem", text(&refused, "/message")?);
        self.output.passed("NightsUnavailableProblem names the nights in conflict");
        Ok(())
    }

    async fn decline(&mut self, guest: &Account, booking: &str) -> anyhow::Result<()> {
        self.output.begin("Pay with a card that the bank declines");
        let input = Self::payment(booking, "CARD_DECLINED");
        let declined = self.mutate(Some(guest), operations::PAY, input, "PaymentDeclinedProblem").await?;
        check_equal("the code", "PAYMENT_DECLINED", text(&declined, "/code")?)?;
        check_equal("the reason", "CARD_DECLINED", text(&declined, "/declineReason")?)?;
        check_equal("the payment", "DECLINED", text(&declined, "/payment/status")?)?;
        self.output.fact("problem", text(&declined, "/message")?);
        let trip = self.trip(guest, booking).await?;
        check_equal("the booking", "REQUESTED", text(&trip, "/status")?)?;
        self.output.passed("PaymentDeclinedProblem; the booking is unchanged");
        Ok(())
    }

    async fn confirm(&mut self, guest: &Account, booking: &str) -> anyhow::Result<()> {
        self.output.begin("Pay with a card that requires confirmation by the bank");
        let input = Self::payment(booking, "CARD_NEEDS_CONFIRMATION");
        let paid = self.mutate(Some(guest), operations::PAY, input, "PayBookingSuccess").await?;
        check_equal("the payment", "REQUIRES_CONFIRMATION", text(&paid, "/payment/status")?)?;
        check_equal("what comes next", "CONFIRM", text(&paid, "/payment/nextAction/kind")?)?;
        self.output.fact("payment", "REQUIRES_CONFIRMATION, next action CONFIRM");
        let input = json!({ "paymentId": text(&paid, "/payment/id")?, "idempotencyKey": unique_text() });
        let confirmed = self.mutate(Some(guest), operations::CONFIRM, input, "ConfirmPaymentSuccess").await?;
        check_equal("the payment", "AUTHORIZED", text(&confirmed, "/payment/status")?)?;
        check_equal("the booking", "REQUESTED", text(&confirmed, "/booking/status")?)?;
        let amount = compact(&money(&paid, "/payment/amount")?);
        self.output.passed(format!("AUTHORIZED: {amount} authorized, not captured"));
        Ok(())
    }

    async fn accept(&mut self, host: &Account, booking: &str) -> anyhow::Result<()> {
        self.output.begin("The host reads the requests and accepts");
        let found = self.query(Some(host), operations::REQUESTS, json!(null)).await?;
        let requests = list(&found, "/me/hosting/bookings/nodes")?;
        let mine = requests.iter().find(|request| request["id"] == booking);
        let mine = mine.with_context(|| format!("expected {booking} among the requests, got {requests:?}"))?;
        let action = list(mine, "/availableActions")?.iter().find(|action| action["action"] == "ACCEPT");
        let action = action.with_context(|| format!("expected the action ACCEPT, got {}", mine["availableActions"]))?;
        check_equal("ACCEPT is allowed", true, action["allowed"] == true)?;
        let (who, payout) = (text(mine, "/guest/displayName")?, compact(&money(mine, "/hostPayout")?));
        let (from, to) = (text(mine, "/checkIn")?, text(mine, "/checkOut")?);
        self.output.fact("request", format!("{who}, {from} to {to}, payout {payout}"));
        self.output.fact("answer", format!("until {}", instant(mine, "/deadline")?));
        let input = json!({ "bookingId": booking, "idempotencyKey": unique_text() });
        let accepted = self.mutate(Some(host), operations::ACCEPT, input, "AcceptBookingSuccess").await?;
        check_equal("the booking", "CONFIRMED", text(&accepted, "/booking/status")?)?;
        self.output.passed("CONFIRMED, the authorized payment is captured");
        Ok(())
    }

    /// If the host cancels, the guest gets a full refund.
    async fn cancel_as_host(
        &mut self,
        accounts: &Accounts,
        booking: &str,
        quote: &Quote,
        events: &mut Socket,
    ) -> anyhow::Result<()> {
        self.output.begin("The host cancels: full refund");
        let input = json!({ "bookingId": booking, "idempotencyKey": unique_text() });
        let cancelled = self.mutate(Some(&accounts.host), operations::CANCEL, input, "CancelBookingSuccess").await?;
        self.undone(operations::CANCEL);
        check_equal("the booking", "CANCELLED", text(&cancelled, "/booking/status")?)?;
        check_equal("the refund", quote.total, number(&cancelled, "/refund/total/minorUnits")?)?;
        check_equal("the refunds together", quote.total, refunded(&self.trip(&accounts.guest, booking).await?)?)?;
        self.events(events, booking, &["CANCELLED_BY_HOST", "REFUND_CREATED"]).await?;
        self.output.passed(format!("{} refunded", compact(&money(&cancelled, "/refund/total")?)));
        Ok(())
    }
}
