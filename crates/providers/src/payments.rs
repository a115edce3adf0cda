//! The port to payment providers, and the embedded sandbox.
//!
//! A provider knows intents, each by the id of our payment. Every call carries an idempotency key, which stays the same over all attempts, so
//! asking twice moves money once, and after a crash the same question finds the answer that was lost. What a provider says has an id of the
//! provider's own, whether it is an answer or comes by itself, so that a statement that is heard twice is applied once.

use std::{fmt, str::FromStr};

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use types::{DeclineReason, Money, PaymentId, SandboxMethod};

/// How to pay, as the provider knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentMethod {
    /// A test method of the sandbox.
    Sandbox(SandboxMethod),
}

impl fmt::Display for PaymentMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sandbox(method) => f.write_str(method.as_str()),
        }
    }
}

impl FromStr for PaymentMethod {
    type Err = types::UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self::Sandbox)
    }
}

/// The idempotency key of a call: it names the effect, and is the same for each attempt.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EffectKey(pub String);

/// When to take the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum CaptureMode {
    /// At once.
    Automatic,
    /// Later, by [`PaymentProvider::capture`]; until then it is reserved.
    Manual,
}

/// Money that a guest wants to pay.
#[derive(Debug, Clone, Copy)]
pub struct NewIntent {
    /// Our payment.
    pub payment: PaymentId,
    /// How much.
    pub amount: Money,
    /// How.
    pub method: PaymentMethod,
    /// When to take it.
    pub capture: CaptureMode,
}

/// Where an intent stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum IntentStatus {
    /// The guest must confirm, at the address if there is one.
    RequiresConfirmation {
        /// Where the bank asks the guest.
        url: Option<String>,
    },
    /// Reserved.
    Authorized,
    /// Captured: this much, in minor units.
    Captured(i64),
    /// Declined.
    Declined(DeclineReason),
    /// Voided: no money is reserved.
    Voided,
}

/// What a provider says of an intent, in an answer or by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The provider's id of this statement: said again, it is the same.
    pub event: String,
    /// Our payment.
    pub payment: PaymentId,
    /// The provider's name for the intent.
    pub reference: String,
    /// Where it stood when the provider said so.
    pub status: IntentStatus,
}

/// Why a call to a provider had no effect that we know of.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It did not answer; nobody knows whether it acted. The same call again will tell.
    #[error("the payment provider is not responding: {0}")]
    Unavailable(String),
    /// It refuses, and will refuse again.
    #[error("the payment provider refuses: {0}")]
    Rejected(String),
}

/// An answer of the provider.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, ProviderError>>;

/// Takes money and gives it back. Every call may be repeated with the same idempotency key.
pub trait PaymentProvider: Send + Sync + 'static {
    /// The name that payments carry.
    fn name(&self) -> &'static str;
    /// Starts an intent, or finds it again.
    fn create(&self, key: EffectKey, intent: NewIntent) -> Answer<'_, Notice>;
    /// Goes on after the guest has confirmed.
    fn confirm(&self, key: EffectKey, intent: NewIntent) -> Answer<'_, Notice>;
    /// Captures what was authorized.
    fn capture(&self, key: EffectKey, intent: NewIntent) -> Answer<'_, Notice>;
    /// Voids what was authorized.
    fn void(&self, key: EffectKey, payment: PaymentId) -> Answer<'_, Notice>;
    /// Gives back part of what was captured.
    fn refund(&self, key: EffectKey, payment: PaymentId, amount: Money) -> Answer<'_, ()>;
}

/// The embedded provider: no money moves, and the method decides the answer. It keeps nothing, so the same question has the same
/// answer on every server and after every crash.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sandbox;

impl Sandbox {
    /// What the sandbox says of a payment that stands there: always the same for the same status.
    pub fn notice(payment: PaymentId, status: IntentStatus) -> Notice {
        let word = match status {
            IntentStatus::RequiresConfirmation { .. } => "requires_confirmation",
            IntentStatus::Authorized => "authorized",
            IntentStatus::Captured(_) => "captured",
            IntentStatus::Declined(_) => "declined",
            IntentStatus::Voided => "voided",
        };
        Notice { event: format!("{payment}.{word}"), payment, reference: format!("sandbox_{payment}"), status }
    }

    fn paid(intent: &NewIntent) -> IntentStatus {
        match intent.capture {
            CaptureMode::Automatic => IntentStatus::Captured(intent.amount.minor),
            CaptureMode::Manual => IntentStatus::Authorized,
        }
    }

    fn answer<'a>(payment: PaymentId, status: IntentStatus) -> Answer<'a, Notice> {
        Box::pin(std::future::ready(Ok(Self::notice(payment, status))))
    }
}

impl PaymentProvider for Sandbox {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    fn create(&self, _key: EffectKey, intent: NewIntent) -> Answer<'_, Notice> {
        let PaymentMethod::Sandbox(method) = intent.method;
        let status = match method {
            SandboxMethod::CardOk => Self::paid(&intent),
            SandboxMethod::CardDeclined => IntentStatus::Declined(DeclineReason::CardDeclined),
            SandboxMethod::CardInsufficientFunds => IntentStatus::Declined(DeclineReason::InsufficientFunds),
            SandboxMethod::CardNeedsConfirmation | SandboxMethod::CardConfirmationFails => {
                IntentStatus::RequiresConfirmation { url: None }
            }
        };
        Self::answer(intent.payment, status)
    }

    fn confirm(&self, key: EffectKey, intent: NewIntent) -> Answer<'_, Notice> {
        let PaymentMethod::Sandbox(method) = intent.method;
        let status = match method {
            SandboxMethod::CardConfirmationFails => IntentStatus::Declined(DeclineReason::ConfirmationFailed),
            SandboxMethod::CardNeedsConfirmation => Self::paid(&intent),
            // Needs no confirmation: it stands where it stood.
            _ => return self.create(key, intent),
        };
        Self::answer(intent.payment, status)
    }

    fn capture(&self, _key: EffectKey, intent: NewIntent) -> Answer<'_, Notice> {
        Self::answer(intent.payment, IntentStatus::Captured(intent.amount.minor))
    }

    fn void(&self, _key: EffectKey, payment: PaymentId) -> Answer<'_, Notice> {
        Self::answer(payment, IntentStatus::Voided)
    }

    fn refund(&self, _key: EffectKey, _payment: PaymentId, _amount: Money) -> Answer<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }
}
