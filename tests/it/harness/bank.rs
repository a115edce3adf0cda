//! A payment provider that remembers, and can be told to misbehave.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard},
};

use providers::payments::{Answer, Intent, IntentStatus, NewIntent, PaymentProvider, ProviderError, Sandbox};
use tokio::sync::Semaphore;
use types::{Money, PaymentId, RefundId};

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
/// what was let go cannot be taken.
pub struct Bank {
    state: Mutex<State>,
    hanging: Semaphore,
    released: Semaphore,
}

#[derive(Default)]
struct State {
    troubles: VecDeque<Trouble>,
    intents: HashMap<PaymentId, (NewIntent, Intent)>,
    refunds: HashMap<RefundId, (PaymentId, i64)>,
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
        self.state().troubles.clear();
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
        let taken = state.intents.values().filter(|(_, intent)| intent.status == IntentStatus::Captured);
        let taken: i64 = taken.map(|(new, _)| new.amount.minor).sum();
        taken - state.refunds.values().map(|(_, amount)| amount).sum::<i64>()
    }

    /// How many intents reserve money.
    pub fn reservations(&self) -> usize {
        self.state().intents.values().filter(|(_, intent)| intent.status == IntentStatus::Authorized).count()
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
            Some(Trouble::Fails) => return Err(ProviderError("down".into())),
            Some(Trouble::Hangs) => {
                self.hanging.add_permits(1);
                self.released.acquire().await.unwrap().forget();
            }
            Some(Trouble::LosesTheAnswer) | None => {}
        }
        let answer = act(&mut self.state())?;
        if trouble == Some(Trouble::LosesTheAnswer) {
            return Err(ProviderError("the connection was lost".into()));
        }
        Ok(answer)
    }
}

impl State {
    fn intent(&mut self, payment: PaymentId) -> Result<&mut (NewIntent, Intent), ProviderError> {
        self.intents.get_mut(&payment).ok_or_else(|| ProviderError(format!("{payment} is not known here")))
    }
}

/// The answer of the sandbox, which has no memory and never waits.
fn at_once<T>(answer: Answer<'_, T>) -> Result<T, ProviderError> {
    futures_util::FutureExt::now_or_never(answer).expect("the sandbox answers at once")
}

impl PaymentProvider for Bank {
    fn name(&self) -> &'static str {
        Sandbox.name()
    }

    fn create(&self, new: NewIntent) -> Answer<'_, Intent> {
        Box::pin(self.answer(move |state| {
            if let Some((_, known)) = state.intents.get(&new.payment) {
                return Ok(known.clone());
            }
            let intent = at_once(Sandbox.create(new))?;
            state.intents.insert(new.payment, (new, intent.clone()));
            Ok(intent)
        }))
    }

    fn confirm(&self, new: NewIntent) -> Answer<'_, Intent> {
        Box::pin(self.answer(move |state| {
            let (asked, intent) = state.intent(new.payment)?;
            if matches!(intent.status, IntentStatus::RequiresConfirmation { .. }) {
                *intent = at_once(Sandbox.confirm(*asked))?;
            }
            Ok(intent.clone())
        }))
    }

    fn capture(&self, new: NewIntent) -> Answer<'_, Intent> {
        Box::pin(self.answer(move |state| {
            let (_, intent) = state.intent(new.payment)?;
            if intent.status == IntentStatus::Authorized {
                intent.status = IntentStatus::Captured;
            }
            Ok(intent.clone())
        }))
    }

    fn void(&self, payment: PaymentId) -> Answer<'_, Intent> {
        Box::pin(self.answer(move |state| {
            let (_, intent) = state.intent(payment)?;
            if matches!(intent.status, IntentStatus::Authorized | IntentStatus::RequiresConfirmation { .. }) {
                intent.status = IntentStatus::Voided;
            }
            Ok(intent.clone())
        }))
    }

    fn refund(&self, refund: RefundId, payment: PaymentId, amount: Money) -> Answer<'_, ()> {
        Box::pin(self.answer(move |state| {
            let (new, intent) = state.intent(payment)?;
            assert_eq!(intent.status, IntentStatus::Captured, "only what was taken can be given back");
            let most = new.amount.minor;
            state.refunds.insert(refund, (payment, amount.minor));
            let given: i64 = state.refunds.values().filter(|(of, _)| *of == payment).map(|(_, part)| part).sum();
            assert!(given <= most, "{given} given back of {most}");
            Ok(())
        }))
    }
}
