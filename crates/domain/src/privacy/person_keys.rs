//! The key of each person. It encrypts texts about them that cannot be removed later: reasons in the audit log, and what a legal hold keeps.

use std::collections::HashMap;

use crate::app::App;
use auth::{PersonKey, Sealed};
use mysql_engine::Conn;
use store::person_keys::{self, StoredKey};
use types::{
    UserId,
    error::{Error, Result},
};

fn open(app: &App, stored: StoredKey) -> Result<PersonKey> {
    let sealed = Sealed { key_id: stored.key_id, bytes: stored.sealed_key };
    PersonKey::open(&app.keys, stored.user_id, &sealed)
}

/// The key of a person; it is made if there is none and the account is open. None: the person was erased, or never had an account.
pub(crate) async fn key_for(app: &App, tx: &mut Conn, person: UserId) -> Result<Option<PersonKey>> {
    if let Some(stored) = person_keys::of(tx, &[person]).await?.pop() {
        return open(app, stored).map(Some);
    }
    if !person_keys::share_open(tx, person).await? {
        return Ok(None);
    }
    let sealed = PersonKey::new(&*app.entropy).seal(&app.keys, person, &*app.entropy)?;
    let made = StoredKey { user_id: person, key_id: sealed.key_id, sealed_key: sealed.bytes, created_at: app.now() };
    person_keys::insert(tx, &made).await?;
    // Another transaction may have made one meanwhile: then it is that one.
    person_keys::lock(tx, person).await?.map(|stored| open(app, stored)).transpose()
}

/// The keys of these people that exist and can be read.
pub(crate) async fn keys_of(app: &App, conn: &mut Conn, people: &[UserId]) -> Result<HashMap<UserId, PersonKey>> {
    let mut keys = HashMap::new();
    for stored in person_keys::of(conn, people).await? {
        let person = stored.user_id;
        match open(app, stored) {
            Ok(key) => drop(keys.insert(person, key)),
            // Its signing key is missing: the others can be read.
            Err(error) => tracing::error!(%person, "the key of a person cannot be read: {error:#}"),
        }
    }
    Ok(keys)
}

/// Encrypts again, with the current key, at most `limit` keys that an older one has encrypted, so that it can be removed. Returns how many.
///
/// # Errors
/// When the database fails.
pub(crate) async fn encrypt_again(app: &App, limit: u32) -> Result<usize> {
    let current = app.keys.sealing_key_id();
    let people = person_keys::of_other_keys(&mut app.conn().await?, current, limit.into()).await?;
    let mut done = 0;
    for person in people {
        match app.database.transaction(async |tx| encrypt_one_again(app, tx, person).await).await {
            Ok(()) => done += 1,
            // Its signing key is missing: the others go on.
            Err(Error::Internal(error)) => tracing::error!(%person, "the key of a person cannot be read: {error:#}"),
            Err(other) => return Err(other),
        }
    }
    Ok(done)
}

async fn encrypt_one_again(app: &App, tx: &mut Conn, person: UserId) -> Result<()> {
    let Some(stored) = person_keys::lock(tx, person).await? else { return Ok(()) };
    let sealed = open(app, stored)?.seal(&app.keys, person, &*app.entropy)?;
    person_keys::replace(tx, person, &sealed.key_id, &sealed.bytes).await?;
    Ok(())
}
