//! What only the owner of an account, and sign-in, may read: the email, its state, and the password.

use diesel::{mysql::Mysql, prelude::*};
use diesel_async::RunQueryDsl;

use super::schema::{devices, users};
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{Email, Timestamp, UserId};

/// The name of a person who has deleted their account.
const FORMER_MEMBER: &str = "Former member";

/// What sign-in needs from an account.
#[derive(Debug, Clone, Queryable)]
pub struct Credentials {
    /// The account.
    pub user: UserId,
    /// PHC string.
    pub password_hash: Option<String>,
}

/// The private part of an account.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = users, check_for_backend(Mysql))]
pub struct Account {
    /// The account.
    pub id: UserId,
    /// The name shown to others.
    pub display_name: String,
    /// The verified email, in lower case.
    pub email: Option<String>,
    /// An email that is not verified: of a new account, or the one that is to replace `email`.
    pub unverified_email: Option<String>,
    /// PHC string.
    pub password_hash: Option<String>,
    /// BCP 47: the language of mails.
    pub locale: Option<String>,
    /// Since when staff have suspended it.
    pub suspended_at: Option<Timestamp>,
}

impl Account {
    /// The verified email.
    pub fn verified_email(&self) -> Option<Email> {
        self.email.clone().map(Email::stored)
    }

    /// The verified email; before there is one, the one that was typed.
    pub fn contact_email(&self) -> Option<Email> {
        self.email.clone().or_else(|| self.unverified_email.clone()).map(Email::stored)
    }

    /// The email that is to replace the verified one.
    pub fn new_email(&self) -> Option<Email> {
        self.email.as_ref().and(self.unverified_email.clone()).map(Email::stored)
    }
}

/// The credentials of the account with this verified email.
pub async fn credentials(conn: &mut Conn, email: &str) -> QueryResult<Option<Credentials>> {
    users::table.filter(users::email.eq(email)).select((users::id, users::password_hash)).first(conn).await.optional()
}

/// The credentials of an account that has signed in on this device, and whose email is this one but not verified yet.
pub async fn unverified_credentials(
    conn: &mut Conn,
    device_hash: &[u8],
    email: &str,
    now: Timestamp,
) -> QueryResult<Option<Credentials>> {
    devices::table
        .inner_join(users::table)
        .filter(devices::token_hash.eq(device_hash))
        .filter(devices::expires_at.gt(now))
        .filter(users::email.is_null())
        .filter(users::unverified_email.eq(email))
        .select((users::id, users::password_hash))
        .first(conn)
        .await
        .optional()
}

/// The account with this id.
pub async fn find(conn: &mut Conn, id: UserId) -> QueryResult<Option<Account>> {
    users::table.find(id).select(Account::as_select()).first(conn).await.optional()
}

/// The account with this id, locked until the transaction ends.
pub async fn lock(tx: &mut Conn, id: UserId) -> QueryResult<Option<Account>> {
    users::table.find(id).select(Account::as_select()).for_update().first(tx).await.optional()
}

/// The account with this verified email.
pub async fn by_email(conn: &mut Conn, email: &str) -> QueryResult<Option<Account>> {
    users::table.filter(users::email.eq(email)).select(Account::as_select()).first(conn).await.optional()
}

/// Whether the account has a verified email.
pub async fn has_verified_email(conn: &mut Conn, id: UserId) -> QueryResult<bool> {
    let found: Option<bool> = users::table.find(id).select(users::email.is_not_null()).first(conn).await.optional()?;
    Ok(found.unwrap_or_default())
}

/// Whether the account has a password.
pub async fn has_password(conn: &mut Conn, id: UserId) -> QueryResult<bool> {
    let has_password = users::table.find(id).select(users::password_hash.is_not_null());
    Ok(has_password.first(conn).await.optional()?.unwrap_or_default())
}

/// Makes `email` the verified email of an account.
///
/// # Errors
/// A unique violation when another account has verified it.
pub async fn set_verified_email(tx: &mut Conn, id: UserId, email: &str, now: Timestamp) -> QueryResult<usize> {
    diesel::update(users::table.find(id))
        .set((users::email.eq(email), users::unverified_email.eq(None::<String>), users::updated_at.eq(now)))
        .prepared()
        .execute(tx)
        .await
}

/// Sets the email that is to be verified.
pub async fn set_unverified_email(
    tx: &mut Conn,
    id: UserId,
    email: Option<&str>,
    now: Timestamp,
) -> QueryResult<usize> {
    diesel::update(users::table.find(id))
        .set((users::unverified_email.eq(email), users::updated_at.eq(now)))
        .prepared()
        .execute(tx)
        .await
}

/// Up to `limit` accounts that were made before `before` and have never verified an email.
pub async fn unverified(conn: &mut Conn, before: Timestamp, limit: i64) -> QueryResult<Vec<UserId>> {
    users::table
        .filter(users::unverified_email.is_not_null())
        .filter(users::email.is_null())
        .filter(users::created_at.lt(before))
        .limit(limit)
        .select(users::id)
        .load(conn)
        .await
}

/// Removes from an account everything that identifies the person. Nobody can sign in to it any more.
pub async fn erase(tx: &mut Conn, id: UserId, now: Timestamp) -> QueryResult<usize> {
    let nothing = None::<String>;
    let sign_in = (users::email.eq(&nothing), users::unverified_email.eq(&nothing), users::password_hash.eq(&nothing));
    let profile = (
        users::display_name.eq(FORMER_MEMBER),
        users::about.eq(&nothing),
        users::location.eq(&nothing),
        users::avatar_url.eq(&nothing),
        users::languages.eq("[]"),
        users::is_superhost.eq(false),
    );
    let mail = (users::locale.eq(&nothing), users::mail_refused_at.eq(None::<Timestamp>));
    diesel::update(users::table.find(id))
        .set((sign_in, profile, mail, users::deleted_at.eq(now), users::updated_at.eq(now)))
        .prepared()
        .execute(tx)
        .await
}

/// Replaces the password of an account.
pub async fn set_password(tx: &mut Conn, user: UserId, password_hash: &str, now: Timestamp) -> QueryResult<usize> {
    diesel::update(users::table.find(user))
        .set((users::password_hash.eq(password_hash), users::updated_at.eq(now)))
        .prepared()
        .execute(tx)
        .await
}

/// Records that a mail server has refused a mail to this email: with the account that has verified it, and with `user`, if it is the one
/// that `user` wants to verify.
pub async fn note_refused_mail(tx: &mut Conn, email: &str, user: Option<UserId>, now: Timestamp) -> QueryResult<()> {
    let refused = users::mail_refused_at.eq(now);
    diesel::update(users::table.filter(users::email.eq(email))).set(refused).prepared().execute(tx).await?;
    if let Some(user) = user {
        let own = users::table.find(user).filter(users::unverified_email.eq(email));
        diesel::update(own).set(refused).prepared().execute(tx).await?;
    }
    Ok(())
}
