//! A stay with instant book, to its cancellation.

use super::answers::{instant, list, money, number, same, text};
use super::people::{Person, fresh};
use super::search::{Hit, Stay};
use super::socket::Socket;
use super::trip::Quote;
use super::{Tour, operations};
use serde_json::{Value, json};

impl Tour {
    /// Quotes, books, pays and cancels.
    pub(super) async fn stay(
        &mut self,
        guest: &Person,
        hit: &Hit,
        stay: &Stay,
        events: &mut Socket,
    ) -> anyhow::Result<()> {
        self.voice.begin("Get a locked price");
        let quote = self.quote(guest, &hit.listing, stay).await?;
        same("the price that the search gave", hit.total, quote.total)?;
        self.voice.begin("Book");
        let booking = self.book(guest, &quote, &fresh(), "PENDING_PAYMENT").await?;
        self.voice.begin("Pay with a card that works");
        let input = Self::payment(&booking, "CARD_OK");
        let paid = self.change(Some(guest), operations::PAY, input, "PayBookingSuccess").await?;
        same("the payment", "CAPTURED", text(&paid, "/payment/status")?)?;
        same("the amount", quote.total, number(&paid, "/payment/amount/minorUnits")?)?;
        same("the booking", "CONFIRMED", text(&paid, "/booking/status")?)?;
        self.voice.holds(format!("{} captured, booking CONFIRMED", squeezed(&money(&paid, "/payment/amount")?)));
        self.voice.begin("Check the events on the websocket");
        self.events(events, &booking, &["CREATED", "PAYMENT_CAPTURED", "CONFIRMED"]).await?;
        self.voice.holds("each event arrived once, in order");
        let preview = self.preview(guest, &booking, &quote).await?;
        self.cancel(guest, &booking, preview, events).await
    }

    /// Shows what a cancellation gives back: now, and later.
    async fn preview(&mut self, guest: &Person, booking: &str, quote: &Quote) -> anyhow::Result<i64> {
        self.voice.begin("Preview the refund of a cancellation");
        let trip = self.trip(guest, booking).await?;
        self.voice.fact("policy", text(&trip, "/cancellationPolicy")?);
        for tier in list(&trip, "/cancellationTimeline")? {
            let until = if tier["until"].is_null() {
                "later".to_owned()
            } else {
                format!("until {}", instant(tier, "/until")?)
            };
            self.voice.line(format!("{}   {until}", money(tier, "/refund")?));
        }
        let refund = number(&trip, "/cancellationPreview/refund/total/minorUnits")?;
        let kept = number(&trip, "/cancellationPreview/kept/minorUnits")?;
        same("refund and kept together", quote.total, refund + kept)?;
        let (back, kept) =
            (money(&trip, "/cancellationPreview/refund/total")?, money(&trip, "/cancellationPreview/kept")?);
        self.voice.holds(format!("{} would be refunded now, {} would not", squeezed(&back), squeezed(&kept)));
        Ok(refund)
    }

    async fn cancel(&mut self, guest: &Person, booking: &str, preview: i64, events: &mut Socket) -> anyhow::Result<()> {
        self.voice.begin("Cancel");
        let input = json!({ "bookingId": booking, "expectedRefund": preview, "idempotencyKey": fresh() });
        let cancelled = self.change(Some(guest), operations::CANCEL, input, "CancelBookingSuccess").await?;
        self.forget(operations::CANCEL);
        same("the booking", "CANCELLED", text(&cancelled, "/booking/status")?)?;
        same("the refund", preview, number(&cancelled, "/refund/total/minorUnits")?)?;
        let trip = self.trip(guest, booking).await?;
        same("the refunds together", preview, refunded(&trip)?)?;
        let expected: &[&str] =
            if preview > 0 { &["CANCELLED_BY_GUEST", "REFUND_CREATED"] } else { &["CANCELLED_BY_GUEST"] };
        self.events(events, booking, expected).await?;
        self.voice.holds(format!("{} refunded, as the preview showed", squeezed(&money(&cancelled, "/refund/total")?)));
        Ok(())
    }
}

/// All refunds of a booking in minor units.
pub(super) fn refunded(trip: &Value) -> anyhow::Result<i64> {
    list(trip, "/refunds")?.iter().map(|refund| number(refund, "/amount/minorUnits")).sum()
}

/// An amount inside a sentence.
pub(super) fn squeezed(money: &str) -> String {
    money.split_whitespace().collect::<Vec<_>>().join(" ")
}
