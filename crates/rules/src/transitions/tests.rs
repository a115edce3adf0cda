use proptest::prelude::*;

use super::*;

fn at(seconds: i64) -> Timestamp {
    chrono::DateTime::from_timestamp(seconds, 0).unwrap().into()
}

const FINAL: [BookingStatus; 4] =
    [BookingStatus::Completed, BookingStatus::Declined, BookingStatus::Expired, BookingStatus::Cancelled];

#[test]
fn bookings_follow_the_transition_table() {
    use BookingStatus::{Cancelled, CheckedIn, Completed, Confirmed, Declined, Expired, PendingPayment, Requested};
    let leaves_to = |from| BookingStatus::ALL.iter().copied().filter(|&to| allowed(from, to)).collect::<Vec<_>>();
    assert_eq!(leaves_to(PendingPayment), [Confirmed, Expired, Cancelled]);
    assert_eq!(leaves_to(Requested), [Confirmed, Declined, Expired, Cancelled]);
    assert_eq!(leaves_to(Confirmed), [CheckedIn, Cancelled]);
    assert_eq!(leaves_to(CheckedIn), [Completed, Cancelled]);
    for &status in BookingStatus::ALL {
        assert_eq!(is_final(status), FINAL.contains(&status), "{status:?}");
        assert_eq!(holds_nights(status), !FINAL.contains(&status), "{status:?}");
    }
}

#[test]
fn each_side_has_only_its_own_actions() {
    use BookingAction::{Accept, Cancel, Decline, Pay, Review};
    let can = |side, status| {
        let offers = actions(side, status).into_iter();
        offers.filter(|offer| offer.refusal.is_none()).map(|offer| offer.action).collect::<Vec<_>>()
    };
    for (status, guest, host) in [
        (BookingStatus::PendingPayment, vec![Pay, Cancel], vec![]),
        (BookingStatus::Requested, vec![Pay, Cancel], vec![Accept, Decline]),
        (BookingStatus::Confirmed, vec![Cancel], vec![Cancel]),
        (BookingStatus::CheckedIn, vec![Cancel], vec![Cancel]),
        (BookingStatus::Completed, vec![Review], vec![]),
        (BookingStatus::Declined, vec![], vec![]),
        (BookingStatus::Expired, vec![], vec![]),
        (BookingStatus::Cancelled, vec![], vec![]),
    ] {
        assert_eq!(can(Side::Guest, status), guest, "guest, {status:?}");
        assert_eq!(can(Side::Host, status), host, "host, {status:?}");
    }
    assert!(!is_allowed(Side::Host, Pay, BookingStatus::PendingPayment));
    assert!(!is_allowed(Side::Guest, Accept, BookingStatus::Requested));
}

#[test]
fn deadlines_count_when_a_booking_is_read() {
    use BookingStatus::{Cancelled, CheckedIn, Completed, Confirmed, Expired, PendingPayment, Requested};
    for (stored, now, seen) in [
        (PendingPayment, 99, PendingPayment),
        (PendingPayment, 100, Expired),
        (Requested, 99, Requested),
        (Requested, 2_500, Expired),
        (Confirmed, 999, Confirmed),
        (Confirmed, 1_000, CheckedIn),
        (Confirmed, 1_999, CheckedIn),
        (Confirmed, 2_000, Completed),
        (CheckedIn, 999, CheckedIn),
        (CheckedIn, 1_999, CheckedIn),
        (CheckedIn, 2_000, Completed),
        (Cancelled, 5_000, Cancelled),
    ] {
        assert_eq!(status_at(stored, Some(at(100)), at(1_000), at(2_000), at(now)), seen, "{stored:?} at {now}");
    }
}

proptest! {
    #[test]
    fn elapsed_transitions_follow_the_table(stored in prop::sample::select(BookingStatus::ALL), deadline in 0i64..3_000, now in 0i64..3_000, later in 0i64..3_000) {
        let seen = |now| status_at(stored, Some(at(deadline)), at(1_000), at(2_000), at(now));
        let reaches = |from: BookingStatus, to| {
            from == to
                || allowed_for(from, to, Trigger::Time)
                || (from, to) == (BookingStatus::Confirmed, BookingStatus::Completed)
        };
        prop_assert!(reaches(stored, seen(now)));
        prop_assert!(reaches(seen(now), seen(now + later)), "a passed state stays");
        prop_assert_eq!(status_at(seen(now), Some(at(deadline)), at(1_000), at(2_000), at(now)), seen(now));
    }

    #[test]
    fn a_refused_action_has_a_reason(side in prop::sample::select(vec![Side::Guest, Side::Host]), status in prop::sample::select(BookingStatus::ALL)) {
        for offer in actions(side, status) {
            prop_assert_eq!(offer.refusal.is_none(), is_allowed(side, offer.action, status));
        }
    }
}
