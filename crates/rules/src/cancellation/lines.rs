//! Refunds, line by line.

use super::paid_parts::{Parts, is_of_nights, is_once};
use crate::{money::share, rule_sets::RuleSet};
use types::{PriceLine, PriceLineKind, Timestamp};

/// Splits `refund` into the paid `lines`, for a cancellation at `at`: the result sums exactly to `refund`. A full refund has the same lines
/// as the price.
pub fn refund_lines(lines: &[PriceLine], check_in_at: Timestamp, at: Timestamp, refund: i64) -> Vec<PriceLine> {
    if refund == lines.iter().map(|line| line.amount).sum::<i64>() {
        return lines.to_vec();
    }
    let nights = lines.iter().find(|line| line.kind == PriceLineKind::Nights).map_or(1, |line| line.nightly.len());
    let parts = Parts::of(lines, u32::try_from(nights.max(1)).unwrap_or(1));
    let from_host = parts.host_part(refund);
    let fees = if at <= check_in_at { parts.fees.min(from_host) } else { 0 };
    let mut back = Vec::new();
    push(&mut back, lines, is_of_nights, from_host - fees, (PriceLineKind::Nights, "Refunded nights"));
    push(&mut back, lines, is_once, fees, (PriceLineKind::CleaningFee, "Refunded fees"));
    let mut taxes = parts.taxes_with(from_host);
    // A rounding remainder, if other rules decided the refund.
    if let Some(first) = taxes.first_mut() {
        let sum: i64 = back.iter().map(|line| line.amount).sum();
        let others = parts.taxes_with(from_host).iter().skip(1).sum::<i64>();
        *first = refund - sum - others;
    }
    let paid = lines.iter().filter(|line| line.kind == PriceLineKind::Tax);
    back.extend(paid.zip(taxes).filter(|(_, amount)| *amount != 0).map(|(line, amount)| PriceLine {
        amount,
        basis: if amount == line.amount { line.basis.clone() } else { None },
        ..line.clone()
    }));
    back
}

/// What the host earns when `refund` of the paid `lines` is refunded for a cancellation at `at`: the host's charges that are not refunded,
/// less the host's fee on them. 0 if everything is refunded.
pub fn payout_after(lines: &[PriceLine], check_in_at: Timestamp, at: Timestamp, refund: i64, rules: &RuleSet) -> i64 {
    let hosts = |lines: &[PriceLine]| -> i64 {
        let own = lines.iter().filter(|line| is_of_nights(line) || is_once(line));
        own.map(|line| line.amount).sum()
    };
    let back = if refund == 0 { 0 } else { hosts(&refund_lines(lines, check_in_at, at, refund)) };
    let kept = hosts(lines) - back;
    // A part of an amount that fits.
    kept - share(kept, rules.host_fee) as i64
}

/// Appends the paid lines that are `wanted`, if they are refunded in full, else one line with the refunded part.
fn push(
    back: &mut Vec<PriceLine>,
    paid: &[PriceLine],
    wanted: fn(&PriceLine) -> bool,
    amount: i64,
    part: (PriceLineKind, &str),
) {
    let all: Vec<&PriceLine> = paid.iter().filter(|line| wanted(line)).collect();
    if amount == all.iter().map(|line| line.amount).sum::<i64>() {
        back.extend(all.into_iter().cloned());
    } else if amount != 0 {
        back.push(PriceLine { kind: part.0, title: part.1.to_owned(), amount, basis: None, nightly: Vec::new() });
    }
}
