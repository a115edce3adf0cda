//! Everything of the application that can be chosen.

use std::sync::Arc;

use super::{App, AttemptLimits, Shared, Streams, Terms};
use crate::{mails::Mails, privacy::consents::LegalVersions, row_cache::RowCache, search_index::SearchIndex};
use auth::{PasswordHasher, RelyingParty};
use providers::{identity::IdentityProviders, payments::PaymentProvider, tzdata::Tzdata};
use store::{events::Cause, search::Reach};
use types::{Clock, Entropy};

/// Builds an [`App`].
pub struct AppBuilder(pub(super) Shared);

impl AppBuilder {
    /// What time it is; by default the system's clock.
    #[must_use]
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self(Shared { clock, ..self.0 })
    }

    /// Where random bytes come from; by default the operating system.
    #[must_use]
    pub fn entropy(self, entropy: Arc<dyn Entropy>) -> Self {
        Self(Shared { entropy, ..self.0 })
    }

    /// Another hasher of passwords.
    #[must_use]
    pub fn passwords(self, passwords: PasswordHasher) -> Self {
        Self(Shared { passwords, ..self.0 })
    }

    /// The domain of passkeys; by default there are none.
    #[must_use]
    pub fn passkeys(self, passkeys: Option<RelyingParty>) -> Self {
        Self(Shared { passkeys, ..self.0 })
    }

    /// Captures and refunds payments; by default the sandbox.
    #[must_use]
    pub fn payments(self, payments: Arc<dyn PaymentProvider>) -> Self {
        Self(Shared { payments, ..self.0 })
    }

    /// Say who somebody is; by default there are none.
    #[must_use]
    pub fn identity_providers(self, identity_providers: IdentityProviders) -> Self {
        Self(Shared { identity_providers, ..self.0 })
    }

    /// Sends mails; by default nowhere.
    #[must_use]
    pub fn mails(self, mails: Mails) -> Self {
        Self(Shared { mails, ..self.0 })
    }

    /// How many streams a member can have open at a time.
    #[must_use]
    pub fn streams_per_member(self, most: usize) -> Self {
        Self(Shared { streams: Streams::new(most), ..self.0 })
    }

    /// The rules of time zones; by default those built into the program.
    #[must_use]
    pub fn tzdata(self, tzdata: Tzdata) -> Self {
        Self(Shared { tzdata, ..self.0 })
    }

    /// How many listings a search for a stay checks first.
    #[must_use]
    pub fn reach(self, reach: Reach) -> Self {
        Self(Shared { reach, ..self.0 })
    }

    /// How many bytes of public rows stay in memory; by default none.
    #[must_use]
    pub fn row_cache(self, bytes: u64) -> Self {
        Self(Shared { rows: RowCache::new(bytes), ..self.0 })
    }

    /// Whether searches are answered from memory; by default they are not.
    #[must_use]
    pub fn search_index(self, is_on: bool) -> Self {
        Self(Shared { search_index: SearchIndex::new(is_on), ..self.0 })
    }

    /// Durations.
    #[must_use]
    pub fn terms(self, terms: Terms) -> Self {
        Self(Shared { terms, ..self.0 })
    }

    /// The current versions of the documents that people agree to; by default there are none.
    #[must_use]
    pub fn legal(self, legal: LegalVersions) -> Self {
        Self(Shared { legal, ..self.0 })
    }

    /// Rate limits of what can be guessed or hoarded.
    #[must_use]
    pub fn limits(self, limits: AttemptLimits) -> Self {
        Self(Shared { limits, ..self.0 })
    }

    /// The app.
    pub fn build(self) -> App {
        let database = self.0.database.clone();
        App { shared: Arc::new(self.0), database, jobs: Arc::default(), cause: Cause::Job("server"), acting: None }
    }
}
