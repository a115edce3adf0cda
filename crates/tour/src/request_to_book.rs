//! A request to book that the host accepts.

use super::accounts::{Account, unique_text};
use super::booking::Quote;
use super::instant_book::{compact, refunded};
use super::responses::{check_equal, instant, list, money, number, text};
use super::search::Stay;
use super::socket::Socket;
use super::{Accounts, Tour, operations};
use anyhow::Context as _;
use serde_json::json;

impl Tour {
    /// Two guests want the same nights of a listing without instant book.
    pub(super) async fn request_to_book(
        &mut self,
        accounts: &Accounts,
        home: &str,
        events: &mut Socket,
    ) -> anyhow::Result<String> {
        let Accounts { guest, second_guest, host } = accounts;
        let stay = Stay::in_weeks(6, 3);
        self.output.start_step("Two guests request quotes for the same nights");
        self.output.print_fact("stay", stay);
        let quote = self.request_quote(guest, home, &stay).await?;
        let second_quote = json!({ "listingId": home, "stay": stay.input() });
        let second_quote = self.mutate(Some(second_guest), operations::QUOTE, second_quote, "QuoteStaySuccess").await?;
        let second_quote = text(&second_quote, "/quote/id")?.to_owned();
        self.output.start_step("The first guest requests to book");
        let key = unique_text();
        let booking = self.book(guest, &quote, &key, "REQUESTED").await?;
        self.check_replay(guest, &quote, &key, &booking).await?;
        self.pay_with_declined_card(guest, &booking).await?;
        self.pay_with_confirmation(guest, &booking).await?;
        self.check_conflict(second_guest, &second_quote, &stay).await?;
        self.accept(host, &booking).await?;
        self.output.start_step("The guest sees the confirmation");
        let trip = self.read_booking(guest, &booking).await?;
        check_equal("the booking", "CONFIRMED", text(&trip, "/status")?)?;
        let expected_events = [
            "REQUESTED",
            "PAYMENT_DECLINED",
            "PAYMENT_CONFIRMATION_REQUIRED",
            "PAYMENT_AUTHORIZED",
            "PAYMENT_CAPTURED",
            "CONFIRMED",
        ];
        self.expect_events(events, &booking, &expected_events).await?;
        self.output.print_passed(format!("CONFIRMED, arrival from {}", instant(&trip, "/details/checkInAt")?));
        self.cancel_as_host(accounts, &booking, &quote, events).await?;
        self.unlist_listing(host, home).await?;
        Ok(booking)
    }

    /// Checks that a repeated request with the same key has no further effect.
    async fn check_replay(&mut self, guest: &Account, quote: &Quote, key: &str, booking: &str) -> anyhow::Result<()> {
        self.output.start_step("Retry with the same idempotency key, as after a lost response");
        let input = json!({ "quoteId": quote.id, "idempotencyKey": key });
        let replayed = self.mutate(Some(guest), operations::BOOK, input, "CreateBookingSuccess").await?;
        check_equal("replayed", true, replayed["replayed"] == true)?;
        check_equal("the booking", booking, text(&replayed, "/booking/id")?)?;
        self.output.print_passed("the stored response, replayed: true");
        Ok(())
    }

    /// Checks that the nights are not available to others once money is authorized.
    async fn check_conflict(&mut self, second_guest: &Account, quote: &str, stay: &Stay) -> anyhow::Result<()> {
        self.output.start_step("The second guest tries to book the same nights");
        let input = json!({ "quoteId": quote, "idempotencyKey": unique_text() });
        let refused = self.mutate(Some(second_guest), operations::BOOK, input, "NightsUnavailableProblem").await?;
        let nights: Vec<String> =
            list(&refused, "/nights")?.iter().filter_map(|night| night.as_str().map(str::to_owned)).collect();
        check_equal("the nights in conflict", stay.each_night(), nights)?;
        self.output.print_fact("problem", text(&refused, "/message")?);
        self.output.print_passed("NightsUnavailableProblem names the nights in conflict");
        Ok(())
    }

    async fn pay_with_declined_card(&mut self, guest: &Account, booking: &str) -> anyhow::Result<()> {
        self.output.start_step("Pay with a card that the bank declines");
        let input = Self::payment_input(booking, "CARD_DECLINED");
        let declined = self.mutate(Some(guest), operations::PAY, input, "PaymentDeclinedProblem").await?;
        check_equal("the code", "PAYMENT_DECLINED", text(&declined, "/code")?)?;
        check_equal("the reason", "CARD_DECLINED", text(&declined, "/declineReason")?)?;
        check_equal("the payment", "DECLINED", text(&declined, "/payment/status")?)?;
        self.output.print_fact("problem", text(&declined, "/message")?);
        let trip = self.read_booking(guest, booking).await?;
        check_equal("the booking", "REQUESTED", text(&trip, "/status")?)?;
        self.output.print_passed("PaymentDeclinedProblem; the booking is unchanged");
        Ok(())
    }

    async fn pay_with_confirmation(&mut self, guest: &Account, booking: &str) -> anyhow::Result<()> {
        self.output.start_step("Pay with a card that requires confirmation by the bank");
        let input = Self::payment_input(booking, "CARD_NEEDS_CONFIRMATION");
        let paid = self.mutate(Some(guest), operations::PAY, input, "PayBookingSuccess").await?;
        check_equal("the payment", "REQUIRES_CONFIRMATION", text(&paid, "/payment/status")?)?;
        check_equal("the next action", "CONFIRM", text(&paid, "/payment/nextAction/kind")?)?;
        self.output.print_fact("payment", "REQUIRES_CONFIRMATION, next action CONFIRM");
        let input = json!({ "paymentId": text(&paid, "/payment/id")?, "idempotencyKey": unique_text() });
        let confirmed = self.mutate(Some(guest), operations::CONFIRM, input, "ConfirmPaymentSuccess").await?;
        check_equal("the payment", "AUTHORIZED", text(&confirmed, "/payment/status")?)?;
        check_equal("the booking", "REQUESTED", text(&confirmed, "/booking/status")?)?;
        let amount = compact(&money(&paid, "/payment/amount")?);
        self.output.print_passed(format!("AUTHORIZED: {amount} authorized, not captured"));
        Ok(())
    }

    async fn accept(&mut self, host: &Account, booking: &str) -> anyhow::Result<()> {
        self.output.start_step("The host reads the requests and accepts");
        let found = self.query(Some(host), operations::REQUESTS, json!(null)).await?;
        let requests = list(&found, "/me/hosting/bookings/nodes")?;
        let request = requests.iter().find(|request| request["id"] == booking);
        let request = request.with_context(|| format!("expected {booking} among the requests, got {requests:?}"))?;
        let action = list(request, "/availableActions")?.iter().find(|action| action["action"] == "ACCEPT");
        let action =
            action.with_context(|| format!("expected the action ACCEPT, got {}", request["availableActions"]))?;
        check_equal("ACCEPT is allowed", true, action["allowed"] == true)?;
        let (who, payout) = (text(request, "/guest/displayName")?, compact(&money(request, "/hostPayout")?));
        let (from, to) = (text(request, "/checkIn")?, text(request, "/checkOut")?);
        self.output.print_fact("request", format!("{who}, {from} to {to}, payout {payout}"));
        self.output.print_fact("answer", format!("until {}", instant(request, "/deadline")?));
        let input = json!({ "bookingId": booking, "idempotencyKey": unique_text() });
        let accepted = self.mutate(Some(host), operations::ACCEPT, input, "AcceptBookingSuccess").await?;
        check_equal("the booking", "CONFIRMED", text(&accepted, "/booking/status")?)?;
        self.output.print_passed("CONFIRMED, the authorized payment is captured");
        Ok(())
    }

    /// Cancels as the host, which gives the guest a full refund.
    async fn cancel_as_host(
        &mut self,
        accounts: &Accounts,
        booking: &str,
        quote: &Quote,
        events: &mut Socket,
    ) -> anyhow::Result<()> {
        self.output.start_step("The host cancels: full refund");
        let input = json!({ "bookingId": booking, "idempotencyKey": unique_text() });
        let cancelled = self.mutate(Some(&accounts.host), operations::CANCEL, input, "CancelBookingSuccess").await?;
        self.remove_undo_step(operations::CANCEL);
        check_equal("the booking", "CANCELLED", text(&cancelled, "/booking/status")?)?;
        check_equal("the refund", quote.total, number(&cancelled, "/refund/total/minorUnits")?)?;
        check_equal(
            "the refunds together",
            quote.total,
            refunded(&self.read_booking(&accounts.guest, booking).await?)?,
        )?;
        self.expect_events(events, booking, &["CANCELLED_BY_HOST", "REFUND_CREATED"]).await?;
        self.output.print_passed(format!("{} refunded", compact(&money(&cancelled, "/refund/total")?)));
        Ok(())
    }
}
