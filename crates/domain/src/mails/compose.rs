//! What a mail says, and to whom, at the moment when it is sent.

use super::Order;
use crate::{accounts::codes, app::App, support_case_rules};
use mail::{Letter, Locale};
use store::{
    accounts::{self, Account},
    one_time_codes::{self, OneTimeCode},
};
use types::{
    CoHostId, CodeId, CodePurpose, ConfirmationCode, Email, ImpersonationId, MailId, SupportCaseId, SupportCaseStatus,
    Timestamp, UserId, error::Result,
};

/// A mail without its layout.
pub(super) struct Composed {
    pub to: Email,
    pub locale: Locale,
    pub letter: Letter,
}

/// The mail of an order that was given at `ordered_at`; None when it is outdated.
pub(super) async fn compose(app: &App, mail: MailId, order: &Order, ordered_at: Timestamp) -> Result<Option<Composed>> {
    match order {
        Order::VerifyEmail { user, code } | Order::NewEmail { user, code } => confirm_email(app, *user, *code).await,
        Order::OldEmail { user, code } => approve_email_change(app, *user, *code).await,
        Order::AccountDeleted { to, name, locale, .. } => Ok(Some(Composed {
            to: to.clone(),
            locale: Locale::from_tag(locale.as_deref().unwrap_or_default()),
            letter: Letter::AccountDeleted { name: name.clone() },
        })),
        Order::EmailChanged { user, old, new } => email_changed(app, *user, (old, new)).await,
        Order::ResetPassword { email, locale } => {
            reset_password(app, mail, (email, locale.as_deref()), ordered_at).await
        }
        Order::CoHostInvitation { invitation } => invitation_to_help(app, *invitation).await,
        Order::ImpersonationStarted { user, impersonation } => impersonation_started(app, *user, *impersonation).await,
        Order::CaseDecided { user, case } => case_decided(app, *user, *case).await,
        Order::NewDevice { user, .. }
        | Order::DeletionScheduled { user, .. }
        | Order::DataExportRequested { user, .. }
        | Order::PasswordChanged { user, .. }
        | Order::ProviderChanged { user, .. }
        | Order::SecondFactorChanged { user, .. }
        | Order::PasskeyChanged { user, .. } => to_owner(app, *user, |account| notice(order, name(account))).await,
    }
}

/// What happened to an account, for its owner. Orders that are no such notice have no letter here.
fn notice(order: &Order, name: String) -> Option<Letter> {
    Some(match order.clone() {
        Order::NewDevice { at, network, user_agent, .. } => {
            Letter::NewDevice { name, at, network, device: user_agent.unwrap_or_default() }
        }
        Order::DeletionScheduled { at, .. } => Letter::DeletionScheduled { name, at },
        Order::DataExportRequested { at, .. } => Letter::DataExportRequested { name, at },
        Order::PasswordChanged { at, .. } => Letter::PasswordChanged { name, at },
        Order::ProviderChanged { provider, what, at, .. } => Letter::ProviderChanged { name, provider, what, at },
        Order::SecondFactorChanged { what, at, .. } => Letter::SecondFactorChanged { name, what, at },
        Order::PasskeyChanged { what, at, .. } => Letter::PasskeyChanged { name, what, at },
        _ => return None,
    })
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
async fn to_owner(
    app: &App,
    user: UserId,
    letter: impl FnOnce(&Account) -> Option<Letter>,
) -> Result<Option<Composed>> {
    let found = accounts::find(&mut app.conn().await?, user).await?;
    Ok(found.and_then(|account| {
        let to = account.verified_email()?;
        Some(Composed { to, locale: locale_of(&account), letter: letter(&account)? })
    }))
}

/// A code that is still open, and the account of `user`. A newer code may have replaced it.
async fn open_code(app: &App, user: UserId, code: CodeId) -> Result<Option<(OneTimeCode, Account)>> {
    let conn = &mut app.conn().await?;
    let code = one_time_codes::find(conn, code).await?.filter(|code| codes::is_open(code, app.now()));
    Ok(code.zip(accounts::find(conn, user).await?))
}

/// To an email that an account wants to have.
async fn confirm_email(app: &App, user: UserId, code: CodeId) -> Result<Option<Composed>> {
    let Some((code, account)) = open_code(app, user, code).await? else { return Ok(None) };
    let owner = accounts::by_email(&mut app.conn().await?, &code.email).await?;
    let to = Email::stored(code.email);
    Ok(Some(match owner {
        Some(owner) => {
            let letter = Letter::AccountExists { name: name(&owner), link: app.mails.link("/sign-in") };
            Composed { to, locale: locale_of(&owner), letter }
        }
        None => {
            let (text, name, expires) = (app.keys.code(code.id)?, name(&account), code.expires_at);
            let letter = if code.purpose == CodePurpose::NewEmail {
                let link = link(app, "/change-email", &text);
                Letter::ConfirmNewEmail { name, code: text, link, expires }
            } else {
                let link = link(app, "/verify-email", &text);
                Letter::ConfirmEmail { name, code: text, link, expires }
            };
            Composed { to, locale: locale_of(&account), letter }
        }
    }))
}

async fn approve_email_change(app: &App, user: UserId, code: CodeId) -> Result<Option<Composed>> {
    let Some((code, account)) = open_code(app, user, code).await? else { return Ok(None) };
    let Some(new_email) = account.new_email() else { return Ok(None) };
    let (text, expires) = (app.keys.code(code.id)?, code.expires_at);
    let (name, link) = (name(&account), link(app, "/change-email", &text));
    let letter = Letter::ApproveEmailChange { name, new_email, code: text, link, expires };
    Ok(Some(Composed { to: Email::stored(code.email), locale: locale_of(&account), letter }))
}

async fn email_changed(app: &App, user: UserId, (old, new): (&Email, &Email)) -> Result<Option<Composed>> {
    let found = accounts::find(&mut app.conn().await?, user).await?;
    Ok(found.map(|account| {
        let letter = Letter::EmailChanged { name: name(&account), new_email: new.clone() };
        Composed { to: old.clone(), locale: locale_of(&account), letter }
    }))
}

/// To somebody who is invited to help a host, unless the invitation was answered, withdrawn or sent again to another email.
async fn invitation_to_help(app: &App, id: CoHostId) -> Result<Option<Composed>> {
    let conn = &mut app.conn().await?;
    let found = store::co_hosts::find_titled(conn, id).await?.filter(|(row, _)| row.waits(app.now()));
    let Some((row, title)) = found else { return Ok(None) };
    let (Some(email), Some(expires)) = (row.email, row.expires_at) else { return Ok(None) };
    let host = accounts::find(conn, row.invited_by).await?.filter(|host| host.suspended_at.is_none());
    let Some(host) = host else { return Ok(None) };
    let invited = accounts::by_email(conn, &email).await?;
    let link = app.mails.link("/co-hosting");
    let letter = Letter::CoHostInvitation {
        name: invited.as_ref().map(name),
        host: name(&host),
        listing: title,
        access: row.access,
        link,
        expires,
    };
    let locale = locale_of(invited.as_ref().unwrap_or(&host));
    Ok(Some(Composed { to: Email::stored(email), locale, letter }))
}

/// To the person as whom staff act.
async fn impersonation_started(app: &App, user: UserId, id: ImpersonationId) -> Result<Option<Composed>> {
    let found = store::impersonations::find(&mut app.conn().await?, id).await?;
    let Some(row) = found else { return Ok(None) };
    let (reason, at, until) = (row.reason, row.started_at, row.expires_at);
    let letter = |account: &Account| Letter::ImpersonationStarted { name: name(account), reason, at, until };
    to_owner(app, user, |account| Some(letter(account))).await
}

/// To who opened a case that is decided, or to the other party of its booking.
async fn case_decided(app: &App, user: UserId, id: SupportCaseId) -> Result<Option<Composed>> {
    let found = store::support_cases::find(&mut app.conn().await?, id).await?;
    let Some(case) = found.filter(|case| support_case_rules::is_final(case.status)) else { return Ok(None) };
    let booking = case.booking_id.map(|id| ConfirmationCode::from(id).to_string());
    let letter = |account: &Account| {
        let name = name(account);
        if case.opened_by != user {
            return Some(Letter::BookingCaseDecided { name, booking: booking?, link: app.mails.link("/bookings") });
        }
        let is_rejected = case.status == SupportCaseStatus::Rejected;
        Some(Letter::CaseDecided { name, kind: case.kind, booking, is_rejected, link: app.mails.link("/cases") })
    };
    to_owner(app, user, letter).await
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
