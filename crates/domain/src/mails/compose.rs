//! What a mail says, and to whom, at the moment when it is sent.

use super::Order;
use crate::{accounts::codes, app::App};
use mail::{Letter, Locale};
use store::{
    accounts::{self, Account},
    one_time_codes,
};
use types::{CodeId, CodePurpose, Email, MailId, Timestamp, UserId, error::Result};

/// A mail without its layout.
pub(super) struct Composed {
    pub to: Email,
    pub locale: Locale,
    pub letter: Letter,
}

/// The mail of an order that was given at `ordered_at`; None when it is outdated.
pub(super) async fn compose(app: &App, mail: MailId, order: &Order, ordered_at: Timestamp) -> Result<Option<Composed>> {
    match order {
        Order::VerifyEmail { user, code } => verify_email(app, *user, *code).await,
        Order::ResetPassword { email, locale } => {
            reset_password(app, mail, (email, locale.as_deref()), ordered_at).await
        }
        Order::PasswordChanged { user, at } => {
            let name_and_time = |account: &Account| Letter::PasswordChanged { name: name(account), at: *at };
            to_owner(app, *user, name_and_time).await
        }
    }
}

fn name(account: &Account) -> String {
    account.display_name.clone()
}

fn locale_of(account: &Account) -> Locale {
    Locale::from_tag(account.locale.as_deref().unwrap_or_default())
}

fn link(app: &App, path: &str, code: &str) -> String {
    app.mails.link(&format!("{path}?code={code}"))
}

/// A mail to the owner of an account, at their verified email.
async fn to_owner(app: &App, user: UserId, letter: impl FnOnce(&Account) -> Letter) -> Result<Option<Composed>> {
    let found = accounts::find(&mut app.conn().await?, user).await?;
    Ok(found.and_then(|account| {
        let to = account.email.clone().map(Email::stored)?;
        Some(Composed { to, locale: locale_of(&account), letter: letter(&account) })
    }))
}

async fn verify_email(app: &App, user: UserId, code: CodeId) -> Result<Option<Composed>> {
    let conn = &mut app.conn().await?;
    // A newer code may have replaced it.
    let found = one_time_codes::find(conn, code).await?;
    let Some(code) = found.filter(|code| codes::is_open(code, app.now())) else { return Ok(None) };
    let Some(account) = accounts::find(conn, user).await? else { return Ok(None) };
    let owner = accounts::by_email(conn, &code.email).await?;
    let to = Email::stored(code.email);
    Ok(Some(match owner {
        Some(owner) => {
            let letter = Letter::AccountExists { name: name(&owner), link: app.mails.link("/sign-in") };
            Composed { to, locale: locale_of(&owner), letter }
        }
        None => {
            let text = app.keys.code(code.id)?;
            let (link, expires) = (link(app, "/verify-email", &text), code.expires_at);
            let letter = Letter::ConfirmEmail { name: name(&account), code: text, link, expires };
            Composed { to, locale: locale_of(&account), letter }
        }
    }))
}

async fn reset_password(
    app: &App,
    mail: MailId,
    (email, locale): (&Email, Option<&str>),
    ordered_at: Timestamp,
) -> Result<Option<Composed>> {
    let owner = accounts::by_email(&mut app.conn().await?, email.as_str()).await?;
    let Some(owner) = owner else {
        let locale = Locale::from_tag(locale.unwrap_or_default());
        return Ok(Some(Composed { to: email.clone(), locale, letter: Letter::NoAccount }));
    };
    // The id follows from the mail's, so that a mail that is sent again has the same code.
    let id = CodeId::of_bytes(*mail.as_bytes());
    let made = codes::issue_once(app, (id, owner.id), (CodePurpose::ResetPassword, email), ordered_at).await?;
    let Some(made) = made else { return Ok(None) };
    let code = app.keys.link_code(id)?;
    let (link, expires) = (link(app, "/reset-password", &code), made.expires_at);
    let letter = Letter::ResetPassword { name: name(&owner), code, link, expires };
    Ok(Some(Composed { to: email.clone(), locale: locale_of(&owner), letter }))
}
