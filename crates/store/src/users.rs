//! Users. Email addresses and passwords are not part of the row that others can see.

use chrono::NaiveDate;
use diesel::{mysql::Mysql, prelude::*};
use diesel_async::RunQueryDsl;

use super::{query_parts::among, schema::users};
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{Json, Timestamp, UserId};

/// The public profile of a user.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = users, check_for_backend(Mysql))]
pub struct User {
    /// The account.
    pub id: UserId,
    /// The name shown to others.
    pub display_name: String,
    /// Self-description.
    pub about: Option<String>,
    /// Where the person says they live.
    pub location: Option<String>,
    /// Web address of a portrait.
    pub avatar_url: Option<String>,
    /// Day the account was made.
    pub member_since: NaiveDate,
    /// Whether the platform has named the user a superhost.
    pub is_superhost: bool,
    /// The languages that the person speaks, as BCP 47 tags.
    pub languages: Json<Vec<String>>,
}

/// What people say of themselves.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = users, check_for_backend(Mysql), treat_none_as_null = true)]
pub struct Profile {
    /// The name shown to others.
    pub display_name: String,
    /// Self-description.
    pub about: Option<String>,
    /// Where the person says they live.
    pub location: Option<String>,
    /// Web address of a portrait.
    pub avatar_url: Option<String>,
    /// The languages that the person speaks, as BCP 47 tags.
    pub languages: Json<Vec<String>>,
}

/// A new account, or a person of an imported dataset who cannot sign in.
#[derive(Debug, Clone, PartialEq, Eq, Insertable)]
#[diesel(table_name = users, treat_none_as_default_value = false)]
pub struct NewUser {
    /// The account.
    pub id: UserId,
    /// Verified email, in lower case. With a password there is this or `unverified_email`.
    pub email: Option<String>,
    /// Email that is not verified yet, in lower case.
    pub unverified_email: Option<String>,
    /// PHC string of argon2id.
    pub password_hash: Option<String>,
    /// The name shown to others, at most 100 characters.
    pub display_name: String,
    /// Self-description.
    pub about: Option<String>,
    /// Where the person says they live, at most 200 characters.
    pub location: Option<String>,
    /// Web address of a portrait.
    pub avatar_url: Option<String>,
    /// Day the account was made.
    pub member_since: NaiveDate,
    /// Whether the platform has named the user a superhost.
    pub is_superhost: bool,
    /// BCP 47: the language of mails.
    pub locale: Option<String>,
    /// Dataset the row was imported from, with `source_id`.
    pub source: Option<String>,
    /// Its id there.
    pub source_id: Option<u64>,
    /// Now.
    pub created_at: Timestamp,
    /// Now.
    pub updated_at: Timestamp,
}

/// The people with these ids, in no order.
pub async fn by_ids(conn: &mut Conn, ids: &[UserId]) -> QueryResult<Vec<User>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let people = users::table.select(User::as_select()).filter(among(users::id, ids.iter().copied()));
    people.load(conn).await
}

/// The person with this id.
pub async fn find(conn: &mut Conn, id: UserId) -> QueryResult<Option<User>> {
    users::table.find(id).select(User::as_select()).first(conn).await.optional()
}

/// The profile of the person with this id, locked until the transaction ends.
pub async fn lock_profile(tx: &mut Conn, id: UserId) -> QueryResult<Option<Profile>> {
    users::table.find(id).select(Profile::as_select()).for_update().first(tx).await.optional()
}

/// Replaces the profile of a person.
pub async fn set_profile(tx: &mut Conn, id: UserId, profile: &Profile, now: Timestamp) -> QueryResult<usize> {
    diesel::update(users::table.find(id)).set((profile, users::updated_at.eq(now))).prepared().execute(tx).await
}

/// Writes a new row.
///
/// # Errors
/// A unique violation of `users_email` or `users_source`.
pub async fn insert(tx: &mut Conn, user: &NewUser) -> QueryResult<()> {
    diesel::insert_into(users::table).values(user).prepared().execute(tx).await?;
    Ok(())
}
