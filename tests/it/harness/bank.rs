//! A payment provider with state, which can be made to fail.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    sync::{Mutex, MutexGuard},
};

use providers::payments::{
    Answer, EffectKey, IntentStatus, NewIntent, Notice, PaymentProvider, ProviderError, Sandbox,
};
use tokio::sync::Semaphore;
use types::{Money, PaymentId};

/// A failure of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It fails and does nothing.
    Fails,
    /// It succeeds, and the response is lost.
    LosesResponse,
    /// It waits until [`Bank::release`], then succeeds.
    Hangs,
}

/// The sandbox with state, like a real provider: intents are stored, a captured payment cannot be voided, a voided one cannot be captured.
/// It knows each effect by its key, and performs it once.
pub struct Bank {
    state: Mutex<State>,
    hanging: Semaphore,
    released: Semaphore,
}

#[derive(Default)]
struct State {
    faults: VecDeque<Fault>,
    intents: HashMap<PaymentId, (NewIntent, IntentStatus)>,
    refunds: HashMap<EffectKey, (PaymentId, i64)>,
    /// Payments that cannot be refunded, and whether the bank reports it.
    closed: HashMap<PaymentId, bool>,
    /// All notifications, in order.
    said: Vec<Notice>,
    calls: usize,
}

impl Default for Bank {
    fn default() -> Self {
        Self { state: Mutex::default(), hanging: Semaphore::new(0), released: Semaphore::new(0) }
    }
}

impl Bank {
    /// The next calls fail in this way, one after the other.
    pub fn expect(&self, faults: &[Fault]) {
        self.state().faults.extend(faults);
    }

    /// No call fails any more.
    pub fn recover(&self) {
        let mut state = self.state();
        state.faults.clear();
        state.closed.clear();
    }

    /// Refunds of this payment fail from now on; `says_so`: the bank refuses them, instead of not responding.
    pub fn close_account(&self, payment: PaymentId, says_so: bool) {
        self.state().closed.insert(payment, says_so);
    }

    /// Waits until a call hangs.
    pub async fn hangs(&self) {
        self.hanging.acquire().await.unwrap().forget();
    }

    /// Releases one hanging call.
    pub fn release(&self) {
        self.released.add_permits(1);
    }

    /// How often it was called.
    pub fn calls(&self) -> usize {
        self.state().calls
    }

    /// What it has captured and not refunded, in minor units.
    pub fn balance(&self) -> i64 {
        let state = self.state();
        let taken: i64 = state.intents.values().map(|(_, status)| captured(status)).sum();
        taken - state.refunds.values().map(|(_, amount)| amount).sum::<i64>()
    }

    /// How many intents are authorized.
    pub fn authorizations(&self) -> usize {
        self.state().intents.values().filter(|(_, status)| *status == IntentStatus::Authorized).count()
    }

    /// All notifications so far, in order.
    pub fn notices(&self) -> Vec<Notice> {
        self.state().said.clone()
    }

    /// Changes an intent without a request. Returns the notification.
    pub fn force_status(&self, payment: PaymentId, status: IntentStatus) -> Notice {
        let mut state = self.state();
        state.intents.get_mut(&payment).expect("a requested payment").1 = status;
        state.notice(payment)
    }

    /// The status of the intent.
    pub fn status(&self, payment: PaymentId) -> IntentStatus {
        self.state().intents[&payment].1.clone()
    }

    /// The requested amount.
    pub fn amount(&self, payment: PaymentId) -> i64 {
        self.state().intents[&payment].0.amount.minor
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    async fn answer<T>(&self, act: impl FnOnce(&mut State) -> Result<T, ProviderError>) -> Result<T, ProviderError> {
        let fault = {
            let mut state = self.state();
            state.calls += 1;
            state.faults.pop_front()
        };
        match fault {
            Some(Fault::Fails) => return Err(ProviderError::Unavailable("down".into())),
            Some(Fault::Hangs) => {
                self.hanging.add_permits(1);
                self.released.acquire().await.unwrap().forget();
            }
            Some(Fault::LosesResponse) | None => {}
        }
        let answer = act(&mut self.state())?;
        if fault == Some(Fault::LosesResponse) {
            return Err(ProviderError::Unavailable("the connection was lost".into()));
        }
        Ok(answer)
    }
}

fn captured(status: &IntentStatus) -> i64 {
    match status {
        IntentStatus::Captured(amount) => *amount,
        _ => 0,
    }
}

impl State {
    fn intent(&mut self, payment: PaymentId) -> Result<&mut (NewIntent, IntentStatus), ProviderError> {
        self.intents.get_mut(&payment).ok_or_else(|| ProviderError::Rejected(format!("{payment} is not known here")))
    }

    /// The notification of an intent now.
    fn notice(&mut self, payment: PaymentId) -> Notice {
        let (intent, status) = &self.intents[&payment];
        let notice = Notice { card: Sandbox::card(intent.method), ..Sandbox::notice(payment, status.clone()) };
        self.said.push(notice.clone());
        notice
    }
}

/// The response of the sandbox, which has no state and never waits.
fn at_once(answer: Answer<'_, Notice>) -> Result<IntentStatus, ProviderError> {
    futures_util::FutureExt::now_or_never(answer).expect("the sandbox answers at once").map(|notice| notice.status)
}

impl PaymentProvider for Bank {
    fn name(&self) -> &'static str {
        Sandbox.name()
    }

    fn create(&self, key: EffectKey, new: NewIntent) -> Answer<'_, Notice> {
        Box::pin(self.answer(move |state| {
            if let Entry::Vacant(unknown) = state.intents.entry(new.payment) {
                unknown.insert((new, at_once(Sandbox.create(key, new))?));
            }
            Ok(state.notice(new.payment))
        }))
    }

    fn confirm(&self, key: EffectKey, new: NewIntent) -> Answer<'_, Notice> {
        Box::pin(self.answer(move |state| {
            let (asked, status) = state.intent(new.payment)?;
            if matches!(status, IntentStatus::RequiresConfirmation { .. }) {
                *status = at_once(Sandbox.confirm(key, *asked))?;
            }
            Ok(state.notice(new.payment))
        }))
    }

    fn capture(&self, _key: EffectKey, new: NewIntent) -> Answer<'_, Notice> {
        Box::pin(self.answer(move |state| {
            let (asked, status) = state.intent(new.payment)?;
            if *status == IntentStatus::Authorized {
                *status = IntentStatus::Captured(asked.amount.minor);
            }
            Ok(state.notice(new.payment))
        }))
    }

    fn void(&self, _key: EffectKey, payment: PaymentId) -> Answer<'_, Notice> {
        Box::pin(self.answer(move |state| {
            let (_, status) = state.intent(payment)?;
            if matches!(status, IntentStatus::Authorized | IntentStatus::RequiresConfirmation { .. }) {
                *status = IntentStatus::Voided;
            }
            Ok(state.notice(payment))
        }))
    }

    fn refund(&self, key: EffectKey, payment: PaymentId, amount: Money) -> Answer<'_, ()> {
        Box::pin(self.answer(move |state| {
            match state.closed.get(&payment) {
                Some(true) => return Err(ProviderError::Rejected("the card account is closed".into())),
                Some(false) => return Err(ProviderError::Unavailable("down".into())),
                None => {}
            }
            let captured = captured(&state.intent(payment)?.1);
            state.refunds.insert(key, (payment, amount.minor));
            let given: i64 = state.refunds.values().filter(|(of, _)| *of == payment).map(|(_, part)| part).sum();
            assert!(given <= captured, "{given} given back of {captured}");
            Ok(())
        }))
    }
}
