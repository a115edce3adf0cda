//! What staff do as a person: each of their mutations leaves an entry in the audit log, and their events name them.
//!
//! Functions that change something need not know. The handle of the operation ends each of its transactions with the entry
//! ([`mysql_engine::LastStep`]), so that there is no change without one, and [`crate::events`] takes the actor from the handle.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::{FutureExt as _, future::BoxFuture};
use serde_json::{Value, json};

use crate::{
    app::App,
    audit::{self, NewEntry, Subject},
};
use auth::Member;
use mysql_engine::{Conn, DatabaseError, LastStep};
pub(crate) use store::events::Impersonator;
use types::{AuditAction, ImpersonationId, error::Result};

/// An operation in which staff act as a person.
pub struct Acting {
    /// Who acts as whom.
    pub(crate) impersonator: Impersonator,
    impersonation: ImpersonationId,
    /// A handle without this.
    app: App,
    /// The mutation that runs. They run one after the other.
    mutation: Mutex<Option<Mutation>>,
}

/// A mutation of an operation.
struct Mutation {
    /// Where its result is in the response.
    key: String,
    field: String,
    about: About,
    is_recorded: bool,
}

/// The ids in the input of a mutation, by their fields: of the booking or the listing that it changes.
pub type About = BTreeMap<String, String>;

impl Acting {
    /// What `member` does in the operation of `app`; None when the member acts for themselves.
    pub(crate) fn of(app: &App, member: &Member) -> Option<Arc<Self>> {
        let (staff, impersonation) = member.impersonation()?;
        let impersonator = Impersonator { staff, person: member.id() };
        Some(Arc::new(Self { impersonator, impersonation, app: app.clone(), mutation: Mutex::default() }))
    }

    /// The mutation `field`, whose result is at `key`, runs now. It is called each time that it needs the app.
    pub fn begin(&self, key: &str, field: &str, about: impl FnOnce() -> About) {
        let mut current = self.current();
        if current.as_ref().is_none_or(|mutation| mutation.key != key) {
            let (key, field) = (key.to_owned(), field.to_owned());
            *current = Some(Mutation { key, field, about: about(), is_recorded: false });
        }
    }

    fn current(&self) -> MutexGuard<'_, Option<Mutation>> {
        self.mutation.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the entry of the mutation that runs says, unless it is written.
    fn unrecorded(&self) -> Option<Value> {
        let current = self.current();
        let mutation = current.as_ref().filter(|mutation| !mutation.is_recorded)?;
        Some(json!({ "impersonation": self.impersonation, "mutation": mutation.field, "about": mutation.about }))
    }

    async fn record(&self, tx: &mut Conn) -> Result<()> {
        let Some(after) = self.unrecorded() else { return Ok(()) };
        let Impersonator { staff, person } = self.impersonator;
        let entry = NewEntry {
            actor: Some(staff),
            on_behalf_of: Some(person),
            action: AuditAction::ActedAsPerson,
            subject: Subject::Person(person),
            reason: String::new(),
            before: Value::Null,
            after,
        };
        audit::append(&self.app, tx, vec![entry], self.app.now()).await
    }
}

impl LastStep for Acting {
    fn run<'a>(&'a self, tx: &'a mut Conn) -> BoxFuture<'a, Result<(), DatabaseError>> {
        async { self.record(tx).await.map_err(types::error::Error::into_database_error) }.boxed()
    }

    fn committed(&self) {
        if let Some(mutation) = self.current().as_mut() {
            mutation.is_recorded = true;
        }
    }
}
