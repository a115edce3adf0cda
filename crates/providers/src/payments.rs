//! The port to payment providers, and the embedded sandbox.
//!
//! A provider knows intents. Each carries the id of our payment as its idempotency key, so asking twice moves money once, and after
//! a crash the same question finds the answer that was lost.

use std::{fmt, str::FromStr};

use futures_util::future::BoxFuture;

use types::{DeclineReason, Money, PaymentId, RefundId, SandboxMethod};

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

/// When to take the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureMode {
    /// At once.
    Automatic,
    /// Later, by [`PaymentProvider::capture`]; until then it is reserved.
    Manual,
}

/// Money that a guest wants to pay.
#[derive(Debug, Clone, Copy)]
pub struct NewIntent {
    /// Our payment: the idempotency key.
    pub payment: PaymentId,
    /// How much.
    pub amount: Money,
    /// How.
    pub method: PaymentMethod,
    /// When to take it.
    pub capture: CaptureMode,
}

/// Where an intent stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IntentStatus {
    /// The guest must confirm, at the address if there is one.
    RequiresConfirmation {
        /// Where the bank asks the guest.
        url: Option<String>,
    },
    /// Reserved.
    Authorized,
    /// Taken.
    Captured,
    /// Declined.
    Declined(DeclineReason),
    /// Let go.
    Voided,
}

/// What the provider says of an intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// The provider's name for it.
    pub reference: String,
    /// Where it stands.
    pub status: IntentStatus,
}

/// The provider did not answer; nobody knows whether it acted. The same call again will tell.
#[derive(Debug, thiserror::Error)]
#[error("the payment provider is not responding: {0}")]
pub struct ProviderError(pub String);

/// An answer of the provider.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, ProviderError>>;

/// Takes money and gives it back. Every call may be repeated.
pub trait PaymentProvider: Send + Sync + 'static {
    /// The name that payments carry.
    fn name(&self) -> &'static str;
    /// Starts an intent, or finds it again.
    fn create(&self, intent: NewIntent) -> Answer<'_, Intent>;
    /// Goes on after the guest has confirmed.
    fn confirm(&self, intent: NewIntent) -> Answer<'_, Intent>;
    /// Takes what was reserved.
    fn capture(&self, intent: NewIntent) -> Answer<'_, Intent>;
    /// Lets go what was reserved.
    fn void(&self, payment: PaymentId) -> Answer<'_, Intent>;
    /// Gives back part of what was taken.
    fn refund(&self, refund: RefundId, payment: PaymentId, amount: Money) -> Answer<'_, ()>;
}

/// The embedded provider: no money moves, and the method decides the answer. It keeps nothing, so the same question has the same
/// answer on every server and after every crash.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sandbox;

impl Sandbox {
    fn intent(payment: PaymentId, status: IntentStatus) -> Intent {
        Intent { reference: format!("sandbox_{payment}"), status }
    }

    fn paid(capture: CaptureMode) -> IntentStatus {
        match capture {
            CaptureMode::Automatic => IntentStatus::Captured,
            CaptureMode::Manual => IntentStatus::Authorized,
        }
    }
}

impl PaymentProvider for Sandbox {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    fn create(&self, intent: NewIntent) -> Answer<'_, Intent> {
        let PaymentMethod::Sandbox(method) = intent.method;
        let status = match method {
            SandboxMethod::CardOk => Self::paid(intent.capture),
            SandboxMethod::CardDeclined => IntentStatus::Declined(DeclineReason::CardDeclined),
            SandboxMethod::CardInsufficientFunds => IntentStatus::Declined(DeclineReason::InsufficientFunds),
            SandboxMethod::CardNeedsConfirmation | SandboxMethod::CardConfirmationFails => {
                IntentStatus::RequiresConfirmation { url: None }
            }
        };
        Box::pin(std::future::ready(Ok(Self::intent(intent.payment, status))))
    }

    fn confirm(&self, intent: NewIntent) -> Answer<'_, Intent> {
        let PaymentMethod::Sandbox(method) = intent.method;
        let status = match method {
            SandboxMethod::CardConfirmationFails => IntentStatus::Declined(DeclineReason::ConfirmationFailed),
            SandboxMethod::CardNeedsConfirmation => Self::paid(intent.capture),
            // Needs no confirmation: it stands where it stood.
            _ => return self.create(intent),
        };
        Box::pin(std::future::ready(Ok(Self::intent(intent.payment, status))))
    }

    fn capture(&self, intent: NewIntent) -> Answer<'_, Intent> {
        Box::pin(std::future::ready(Ok(Self::intent(intent.payment, IntentStatus::Captured))))
    }

    fn void(&self, payment: PaymentId) -> Answer<'_, Intent> {
        Box::pin(std::future::ready(Ok(Self::intent(payment, IntentStatus::Voided))))
    }

    fn refund(&self, _refund: RefundId, _payment: PaymentId, _amount: Money) -> Answer<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }
}
