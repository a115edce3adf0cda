//! Log lines of failures that may come by the thousand: each text at most once a second, with the number of those that were left out.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// The time between two lines of one text.
const PAUSE: Duration = Duration::from_secs(1);
/// Texts that are remembered. More are not held back.
const TEXTS: usize = 64;

static FAILURES: LazyLock<Quiet> = LazyLock::new(Quiet::default);

/// Whether a line with this text is to be written now; if so, how many were left out since the last one.
pub(super) fn may_log(text: &str) -> Option<u64> {
    FAILURES.may_log(text, Instant::now())
}

#[derive(Default)]
struct Quiet(Mutex<HashMap<String, Text>>);

struct Text {
    written: Instant,
    left_out: u64,
}

impl Quiet {
    fn may_log(&self, text: &str, now: Instant) -> Option<u64> {
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
    fn a_text_is_written_once_a_second_with_the_number_left_out() {
        let (quiet, now) = (Quiet::default(), Instant::now());
        assert_eq!(quiet.may_log("broken", now), Some(0));
        assert_eq!((0..70).filter(|_| quiet.may_log("broken", now).is_some()).count(), 0);
        assert_eq!(quiet.may_log("something else", now), Some(0));
        assert_eq!(quiet.may_log("broken", now + PAUSE), Some(70));
        assert_eq!(quiet.may_log("broken", now + 2 * PAUSE), Some(0));
    }

    #[test]
    fn few_texts_are_remembered() {
        let (quiet, now) = (Quiet::default(), Instant::now());
        for number in 0..10 * TEXTS {
            assert_eq!(quiet.may_log(&number.to_string(), now), Some(0));
        }
        assert_eq!(quiet.0.lock().unwrap().len(), TEXTS);
        assert_eq!(quiet.may_log("later", now + PAUSE), Some(0));
        assert_eq!(quiet.0.lock().unwrap().len(), 1);
    }
}
