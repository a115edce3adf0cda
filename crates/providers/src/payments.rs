//! The port to payment providers, and the embedded sandbox.
//!
//! A provider has intents, each with the id of our payment. Every call has an idempotency key, which is the same for all attempts, so that
//! a repeated call moves money once, and after a crash returns the lost response. Responses and notifications have ids of the provider, so
//! that one that is received twice is applied once.

use std::{fmt, str::FromStr};

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use types::{CardBrand, DeclineReason, LastFour, Money, PaymentId, SandboxMethod};

/// The payment method.
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
    type Err = types::UnknownValue;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self::Sandbox)
    }
}

/// The idempotency key of a call: identifies the effect, and is the same for each attempt.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EffectKey(pub String);

/// When to capture the payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum CaptureMode {
    /// At once.
    Automatic,
    /// Later, by [`PaymentProvider::capture`]; until then it is authorized.
    Manual,
}

/// A new payment.
#[derive(Debug, Clone, Copy)]
pub struct NewIntent {
    /// Our payment.
    pub payment: PaymentId,
    /// How much.
    pub amount: Money,
    /// How.
    pub method: PaymentMethod,
    /// When to capture it.
    pub capture: CaptureMode,
}

/// The status of an intent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum IntentStatus {
    /// The guest must confirm, at the URL if there is one.
    RequiresConfirmation {
        /// The bank's page for the confirmation.
        url: Option<String>,
    },
    /// Reserved.
    Authorized,
    /// Captured: this much, in minor units.
    Captured(i64),
    /// Declined.
    Declined(DeclineReason),
    /// Voided: no money is authorized.
    Voided,
}

/// The status of an intent, from a response or a notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The provider's id of the notification: the same when it is sent again.
    pub event: String,
    /// Our payment.
    pub payment: PaymentId,
    /// The provider's id of the intent.
    pub reference: String,
    /// The status at that time.
    pub status: IntentStatus,
    /// The card, if there is one and the provider says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<Card>,
}

/// What a provider says of a card. Its whole number never comes here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// The brand.
    pub brand: CardBrand,
    /// The last four digits of its number.
    pub last_four: LastFour,
}

/// Why a call to a provider failed.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It did not respond, and the outcome is unknown. Repeat the same call.
    #[error("the payment provider is not responding: {0}")]
    Unavailable(String),
    /// It refused, and will refuse again.
    #[error("the payment provider refuses: {0}")]
    Rejected(String),
}

/// A response of the provider.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, ProviderError>>;

/// Captures and refunds payments. Every call can be repeated with the same idempotency key.
pub trait PaymentProvider: Send + Sync + 'static {
    /// The name of the provider in payments.
    fn name(&self) -> &'static str;
    /// Creates an intent, or finds it.
    fn create(&self, key: EffectKey, intent: NewIntent) -> Answer<'_, Notice>;
    /// Continues after the guest has confirmed.
    fn confirm(&self, key: EffectKey, intent: NewIntent) -> Answer<'_, Notice>;
    /// Captures an authorized payment.
    fn capture(&self, key: EffectKey, intent: NewIntent) -> Answer<'_, Notice>;
    /// Voids an authorization.
    fn void(&self, key: EffectKey, payment: PaymentId) -> Answer<'_, Notice>;
    /// Refunds part of a captured payment.
    fn refund(&self, key: EffectKey, payment: PaymentId, amount: Money) -> Answer<'_, ()>;
}

/// The embedded provider: no money moves, and the method determines the response. It is stateless, so that the same call has the same
/// response on every server and after every crash.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sandbox;

impl Sandbox {
    /// The notification for a status: always the same for the same status.
    pub fn notice(payment: PaymentId, status: IntentStatus) -> Notice {
        let word = match status {
            IntentStatus::RequiresConfirmation { .. } => "requires_confirmation",
            IntentStatus::Authorized => "authorized",
            IntentStatus::Captured(_) => "captured",
            IntentStatus::Declined(_) => "declined",
            IntentStatus::Voided => "voided",
        };
        Notice {
            event: format!("{payment}.{word}"),
            payment,
            reference: format!("sandbox_{payment}"),
            status,
            card: None,
        }
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

    /// The test card of a method.
    pub fn card(PaymentMethod::Sandbox(method): PaymentMethod) -> Option<Card> {
        let (brand, digits) = match method {
            SandboxMethod::CardOk => (CardBrand::Visa, "4242"),
            SandboxMethod::CardDeclined => (CardBrand::Visa, "0002"),
            SandboxMethod::CardInsufficientFunds => (CardBrand::Mastercard, "9995"),
            SandboxMethod::CardNeedsConfirmation => (CardBrand::Mastercard, "3155"),
            SandboxMethod::CardConfirmationFails => (CardBrand::Amex, "0005"),
        };
        Some(Card { brand, last_four: digits.parse().ok()? })
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
        let notice = Notice { card: Self::card(intent.method), ..Self::notice(intent.payment, status) };
        Box::pin(std::future::ready(Ok(notice)))
    }

    fn confirm(&self, key: EffectKey, intent: NewIntent) -> Answer<'_, Notice> {
        let PaymentMethod::Sandbox(method) = intent.method;
        let status = match method {
            SandboxMethod::CardConfirmationFails => IntentStatus::Declined(DeclineReason::ConfirmationFailed),
            SandboxMethod::CardNeedsConfirmation => Self::paid(&intent),
            // Needs no confirmation: the status does not change.
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
