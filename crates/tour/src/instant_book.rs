//! A booking with instant book, up to its cancellation.

use super::accounts::{Account, unique_text};
use super::booking::Quote;
use super::responses::{check_equal, instant, list, money, number, text};
use super::search::{Hit, Stay};
use super::socket::Socket;
use super::{Tour, operations};
use serde_json::{Value, json};

impl Tour {
    /// Quotes, books, pays and cancels.
    pub(super) async fn book_instantly(
        &mut self,
        guest: &Account,
        hit: &Hit,
        stay: &Stay,
        events: &mut Socket,
    ) -> anyhow::Result<()> {
        self.output.start_step("Get a locked price");
        let quote = self.request_quote(guest, &hit.listing, stay).await?;
        check_equal("the price that the search gave", hit.total, quote.total)?;
        self.output.start_step("Book");
        let booking = self.book(guest, &quote, &unique_text(), "PENDING_PAYMENT").await?;
        self.output.start_step("Pay with a card that works");
        let input = Self::payment_input(&booking, "CARD_OK");
        let paid = self.mutate(Some(guest), operations::PAY, input, "PayBookingSuccess").await?;
        check_equal("the payment", "CAPTURED", text(&paid, "/payment/status")?)?;
        check_equal("the amount", quote.total, number(&paid, "/payment/amount/minorUnits")?)?;
        check_equal("the booking", "CONFIRMED", text(&paid, "/booking/status")?)?;
        self.output.print_passed(format!("{} captured, booking CONFIRMED", compact(&money(&paid, "/payment/amount")?)));
        self.output.start_step("Check the events on the websocket");
        self.expect_events(events, &booking, &["CREATED", "PAYMENT_CAPTURED", "CONFIRMED"]).await?;
        self.output.print_passed("each event arrived once, in order");
        let preview = self.preview_refund(guest, &booking, &quote).await?;
        self.cancel(guest, &booking, preview, events).await
    }

    /// Prints the refund of a cancellation, now and later. Returns the refund now, in minor units.
    async fn preview_refund(&mut self, guest: &Account, booking: &str, quote: &Quote) -> anyhow::Result<i64> {
        self.output.start_step("Preview the refund of a cancellation");
        let trip = self.read_booking(guest, booking).await?;
        self.output.print_fact("policy", text(&trip, "/cancellationPolicy")?);
        for tier in list(&trip, "/cancellationTimeline")? {
            let until = if tier["until"].is_null() {
                "later".to_owned()
            } else {
                format!("until {}", instant(tier, "/until")?)
            };
            self.output.print_line(format!("{}   {until}", money(tier, "/refund")?));
        }
        let refund = number(&trip, "/cancellationPreview/refund/total/minorUnits")?;
        let kept = number(&trip, "/cancellationPreview/kept/minorUnits")?;
        check_equal("refund and kept together", quote.total, refund + kept)?;
        let (back, kept) =
            (money(&trip, "/cancellationPreview/refund/total")?, money(&trip, "/cancellationPreview/kept")?);
        self.output.print_passed(format!("{} would be refunded now, {} would not", compact(&back), compact(&kept)));
        Ok(refund)
    }

    async fn cancel(
        &mut self,
        guest: &Account,
        booking: &str,
        preview: i64,
        events: &mut Socket,
    ) -> anyhow::Result<()> {
        self.output.start_step("Cancel");
        let input = json!({ "bookingId": booking, "expectedRefund": preview, "idempotencyKey": unique_text() });
        let cancelled = self.mutate(Some(guest), operations::CANCEL, input, "CancelBookingSuccess").await?;
        self.remove_undo_step(operations::CANCEL);
        check_equal("the booking", "CANCELLED", text(&cancelled, "/booking/status")?)?;
        check_equal("the refund", preview, number(&cancelled, "/refund/total/minorUnits")?)?;
        let trip = self.read_booking(guest, booking).await?;
        check_equal("the refunds together", preview, refunded(&trip)?)?;
        let expected: &[&str] =
            if preview > 0 { &["CANCELLED_BY_GUEST", "REFUND_CREATED"] } else { &["CANCELLED_BY_GUEST"] };
        self.expect_events(events, booking, expected).await?;
        self.output
            .print_passed(format!("{} refunded, as the preview showed", compact(&money(&cancelled, "/refund/total")?)));
        Ok(())
    }
}

/// The sum of all refunds of a booking, in minor units.
pub(super) fn refunded(trip: &Value) -> anyhow::Result<i64> {
    list(trip, "/refunds")?.iter().map(|refund| number(refund, "/amount/minorUnits")).sum()
}

/// An amount within a sentence.
pub(super) fn compact(money: &str) -> String {
    money.split_whitespace().collect::<Vec<_>>().join(" ")
}
