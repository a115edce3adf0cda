//! A payment provider that remembers, and can be told to misbehave.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    sync::{Mutex, MutexGuard},
};

use providers::payments::{
    Answer, EffectKey, IntentStatus, NewIntent, Notice, PaymentProvider, ProviderError, Sandbox,
};
use tokio::sync::Semaphore;
use types::{Money, PaymentId};

/// What goes wrong with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It fails and does nothing.
    Fails,
    /// It does what it was asked for, and the answer is lost.
    LosesTheAnswer,
    /// It waits until [`Bank::release`], then does what it was asked for.
    Hangs,
}

/// The sandbox with a memory, as a real provider has one: an intent that was made stays what it is, what was taken cannot be let go,
/// what was let go cannot be taken. It knows each effect by its key, and does it once.
pub struct Bank {
    state: Mutex<State>,
    hanging: Semaphore,
    released: Semaphore,
}

#[derive(Default)]
struct State {
    troubles: VecDeque<Trouble>,
    intents: HashMap<PaymentId, (NewIntent, IntentStatus)>,
    refunds: HashMap<EffectKey, (PaymentId, i64)>,
    /// Payments whose money cannot be given back, and whether the bank says so.
    closed: HashMap<PaymentId, bool>,
    /// All that it has said, in order.
    said: Vec<Notice>,
    calls: usize,
}

impl Default for Bank {
    fn default() -> Self {
        Self { state: Mutex::default(), hanging: Semaphore::new(0), released: Semaphore::new(0) }
    }
}

impl Bank {
    /// The next calls go wrong, one after the other.
    pub fn expect(&self, troubles: &[Trouble]) {
        self.state().troubles.extend(troubles);
    }

    /// Nothing goes wrong any more.
    pub fn recover(&self) {
        let mut state = self.state();
        state.troubles.clear();
        state.closed.clear();
    }

    /// Refunds of this payment fail from now on; `says_so`: the bank refuses them, instead of not responding.
    pub fn close_account(&self, payment: PaymentId, says_so: bool) {
        self.state().closed.insert(payment, says_so);
    }

    /// Until a call hangs.
    pub async fn hangs(&self) {
        self.hanging.acquire().await.unwrap().forget();
    }

    /// Lets one call that hangs go on.
    pub fn release(&self) {
        self.released.add_permits(1);
    }

    /// How often it was called.
    pub fn calls(&self) -> usize {
        self.state().calls
    }

    /// What it has taken and not given back, in minor units.
    pub fn balance(&self) -> i64 {
        let state = self.state();
        let taken: i64 = state.intents.values().map(|(_, status)| captured(status)).sum();
        taken - state.refunds.values().map(|(_, amount)| amount).sum::<i64>()
    }

    /// How many intents reserve money.
    pub fn reservations(&self) -> usize {
        self.state().intents.values().filter(|(_, status)| *status == IntentStatus::Authorized).count()
    }

    /// All that it has said so far, in order.
    pub fn said(&self) -> Vec<Notice> {
        self.state().said.clone()
    }

    /// Something happens to an intent that nobody asked for. Returns what the bank would say of it.
    pub fn turn(&self, payment: PaymentId, status: IntentStatus) -> Notice {
        let mut state = self.state();
        state.intents.get_mut(&payment).expect("a payment that was asked for").1 = status;
        state.say(payment)
    }

    /// Where the intent stands.
    pub fn status(&self, payment: PaymentId) -> IntentStatus {
        self.state().intents[&payment].1.clone()
    }

    /// What was asked for.
    pub fn amount(&self, payment: PaymentId) -> i64 {
        self.state().intents[&payment].0.amount.minor
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    async fn answer<T>(&self, act: impl FnOnce(&mut State) -> Result<T, ProviderError>) -> Result<T, ProviderError> {
        let trouble = {
            let mut state = self.state();
            state.calls += 1;
            state.troubles.pop_front()
        };
        match trouble {
            Some(Trouble::Fails) => return Err(ProviderError::Unavailable("down".into())),
            Some(Trouble::Hangs) => {
                self.hanging.add_permits(1);
                self.released.acquire().await.unwrap().forget();
            }
            Some(Trouble::LosesTheAnswer) | None => {}
        }
        let answer = act(&mut self.state())?;
        if trouble == Some(Trouble::LosesTheAnswer) {
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

    /// What it says of an intent now.
    fn say(&mut self, payment: PaymentId) -> Notice {
        let notice = Sandbox::notice(payment, self.intents[&payment].1.clone());
        self.said.push(notice.clone());
        notice
    }
}

/// The answer of the sandbox, which has no memory and never waits.
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
            Ok(state.say(new.payment))
        }))
    }

    fn confirm(&self, key: EffectKey, new: NewIntent) -> Answer<'_, Notice> {
        Box::pin(self.answer(move |state| {
            let (asked, status) = state.intent(new.payment)?;
            if matches!(status, IntentStatus::RequiresConfirmation { .. }) {
                *status = at_once(Sandbox.confirm(key, *asked))?;
            }
            Ok(state.say(new.payment))
        }))
    }

    fn capture(&self, _key: EffectKey, new: NewIntent) -> Answer<'_, Notice> {
        Box::pin(self.answer(move |state| {
            let (asked, status) = state.intent(new.payment)?;
            if *status == IntentStatus::Authorized {
                *status = IntentStatus::Captured(asked.amount.minor);
            }
            Ok(state.say(new.payment))
        }))
    }

    fn void(&self, _key: EffectKey, payment: PaymentId) -> Answer<'_, Notice> {
        Box::pin(self.answer(move |state| {
            let (_, status) = state.intent(payment)?;
            if matches!(status, IntentStatus::Authorized | IntentStatus::RequiresConfirmation { .. }) {
                *status = IntentStatus::Voided;
            }
            Ok(state.say(payment))
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
