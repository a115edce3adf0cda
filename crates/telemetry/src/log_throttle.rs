//! Limits log lines of frequent failures: each text at most once a second, with the number of suppressed lines.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// The time between two lines of one text.
const PAUSE: Duration = Duration::from_secs(1);
/// The most texts that are stored. Further texts are not limited.
const TEXTS: usize = 64;

static FAILURES: LazyLock<LogThrottle> = LazyLock::new(LogThrottle::default);

/// The number of lines with this text that were suppressed since the last one, if one can be logged now.
pub fn allow(text: &str) -> Option<u64> {
    FAILURES.allow(text, Instant::now())
}

#[derive(Default)]
struct LogThrottle(Mutex<HashMap<String, Text>>);

struct Text {
    written: Instant,
    left_out: u64,
}

impl LogThrottle {
    fn allow(&self, text: &str, now: Instant) -> Option<u64> {
        let mut texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match texts.get_mut(text) {
            Some(known) if now.saturating_duration_since(known.written) < PAUSE => {
                known.left_out += 1;
                None
            }
            Some(known) => {
                known.written = now;
                Some(std::mem::take(&mut known.left_out))
            }
            None => {
                if texts.len() >= TEXTS {
                    texts.retain(|_, known| now.saturating_duration_since(known.written) < PAUSE);
                }
                if texts.len() < TEXTS {
                    texts.insert(text.to_owned(), Text { written: now, left_out: 0 });
                }
                Some(0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_logged_once_a_second_with_the_number_suppressed() {
        let (throttle, now) = (LogThrottle::default(), Instant::now());
        assert_eq!(throttle.allow("broken", now), Some(0));
        assert_eq!((0..70).filter(|_| throttle.allow("broken", now).is_some()).count(), 0);
        assert_eq!(throttle.allow("something else", now), Some(0));
        assert_eq!(throttle.allow("broken", now + PAUSE), Some(70));
        assert_eq!(throttle.allow("broken", now + 2 * PAUSE), Some(0));
    }

    #[test]
    fn the_number_of_stored_texts_is_limited() {
        let (throttle, now) = (LogThrottle::default(), Instant::now());
        for number in 0..10 * TEXTS {
            assert_eq!(throttle.allow(&number.to_string(), now), Some(0));
        }
        assert_eq!(throttle.0.lock().unwrap().len(), TEXTS);
        assert_eq!(throttle.allow("later", now + PAUSE), Some(0));
        assert_eq!(throttle.0.lock().unwrap().len(), 1);
    }
}
