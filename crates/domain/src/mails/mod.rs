//! Mails to people. A transaction orders one, as an effect in the outbox; it is written and sent after the commit, by any server, once for
//! each order. What it says is decided when it is sent, so that no request takes a different time because an account exists.

mod compose;

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::{
    app::App,
    outbox::{self, Effect, Failure, NewEffect},
};
use mail::{
    Brand, MailKey, MailTransport, Message, Off, PasskeyChange, ProviderChange, RenderedLetter, SecondFactorChange,
    SendError,
};
use mysql_engine::{Conn, Database};
use providers::payments::ProviderError;
use store::outbox::Ending;
use types::{
    CoHostId, CodeId, EffectKind, Email, ImpersonationId, MailId, ObjectId, SupportCaseId, Timestamp, UserId,
    error::{Error, Result},
};

/// How long sending one mail can take: [`mail::Timeouts`].
pub(crate) const LONGEST: Duration = Duration::from_secs(90);

/// How mails are sent, and what they say of the platform.
#[derive(Clone)]
pub struct Mails {
    /// Sends them.
    pub transport: Arc<dyn MailTransport>,
    /// The name of the platform, and the address of its pages.
    pub brand: Brand,
    /// Wakes this server's worker when a mail was ordered here, so that people need not wait for its next round.
    pub ordered: Arc<Notify>,
}

impl Mails {
    /// Discards every mail.
    pub fn off() -> Self {
        Self::new(Arc::new(Off), Brand { name: String::new(), app_url: String::new() })
    }

    /// The address of a page of the single-page app.
    fn link(&self, path: &str) -> String {
        format!("{}{path}", self.brand.app_url.trim_end_matches('/'))
    }

    /// Sends mails with `transport`.
    pub fn new(transport: Arc<dyn MailTransport>, brand: Brand) -> Self {
        Self { transport, brand, ordered: Arc::default() }
    }
}

/// A mail to write and send. Stored as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "letter")]
pub(crate) enum Order {
    /// To an email that an account wants to verify: the code, or, if the email is another account's, a notice to its owner.
    VerifyEmail {
        /// The account.
        user: UserId,
        /// The code.
        code: CodeId,
    },
    /// To somebody who wants to reset a password: a link, or a notice that there is no such account.
    ResetPassword {
        /// Where it is sent.
        email: Email,
        /// BCP 47, for an email without an account.
        locale: Option<String>,
    },
    /// To an email that is to replace another: the code, or, if the email is another account's, a notice to its owner.
    NewEmail {
        /// The account.
        user: UserId,
        /// The code.
        code: CodeId,
    },
    /// To the email that is to be replaced: the code.
    OldEmail {
        /// The account.
        user: UserId,
        /// The code.
        code: CodeId,
    },
    /// To an email that was replaced.
    EmailChanged {
        /// The account.
        user: UserId,
        /// Where it is sent.
        old: Email,
        /// The email of the account now.
        new: Email,
    },
    /// Somebody has signed in on a device that the account did not have.
    NewDevice {
        /// The account.
        user: UserId,
        /// When.
        at: Timestamp,
        /// The network, if it is known.
        network: Option<String>,
        /// What the client said of itself.
        user_agent: Option<String>,
    },
    /// To the email of an account that was deleted.
    AccountDeleted {
        /// The account.
        user: UserId,
        /// Where it is sent.
        to: Email,
        /// The name of the person.
        name: String,
        /// BCP 47.
        locale: Option<String>,
    },
    /// To an email that is invited to help a host.
    CoHostInvitation {
        /// The invitation.
        invitation: CoHostId,
    },
    /// The account is to be deleted.
    DeletionScheduled {
        /// The account.
        user: UserId,
        /// When.
        at: Timestamp,
    },
    /// All data of the account can be read in one of its sessions.
    DataExportRequested {
        /// The account.
        user: UserId,
        /// When.
        at: Timestamp,
    },
    /// Staff act as the member.
    ImpersonationStarted {
        /// The account.
        user: UserId,
        /// The impersonation.
        impersonation: ImpersonationId,
    },
    /// The platform has decided a case.
    CaseDecided {
        /// Whom the mail is to: who opened the case, or the other party of the booking.
        user: UserId,
        /// The case.
        case: SupportCaseId,
    },
    /// The password has changed.
    PasswordChanged {
        /// The account.
        user: UserId,
        /// When.
        at: Timestamp,
    },
    /// The account was linked with an identity provider, or unlinked.
    ProviderChanged {
        /// The account.
        user: UserId,
        /// The name of the provider.
        provider: String,
        /// How.
        what: ProviderChange,
        /// When.
        at: Timestamp,
    },
    /// The second factor has changed, or a recovery code was used.
    SecondFactorChanged {
        /// The account.
        user: UserId,
        /// How.
        what: SecondFactorChange,
        /// When.
        at: Timestamp,
    },
    /// A passkey was added, removed or refused.
    PasskeyChanged {
        /// The account.
        user: UserId,
        /// How.
        what: PasskeyChange,
        /// When.
        at: Timestamp,
    },
}

/// Orders a mail to a member.
pub(crate) async fn order(app: &App, tx: &mut Conn, user: UserId, order: &Order, now: Timestamp) -> Result<()> {
    let mail = MailId::new(now, &*app.entropy);
    write(tx, mail.into(), user.into(), order, now).await
}

/// Orders a mail to somebody who may have no account.
pub(crate) async fn order_for_anyone(app: &App, tx: &mut Conn, order: &Order, now: Timestamp) -> Result<()> {
    let mail = MailId::new(now, &*app.entropy);
    write(tx, mail.into(), mail.into(), order, now).await
}

async fn write(tx: &mut Conn, object_id: ObjectId, group_id: ObjectId, order: &Order, now: Timestamp) -> Result<()> {
    let payload = serde_json::to_string(order).map_err(anyhow::Error::from)?;
    outbox::order(tx, &NewEffect { object_id, kind: EffectKind::SendMail, group_id, payload: &payload }, now).await
}

/// Writes and sends the mail of a leased effect. If the server crashes before it is recorded as sent, it is sent again with the same
/// Message-ID.
pub(crate) async fn send(app: &App, effect: &Effect) -> Result<(), Failure> {
    if let Some(message) = message_of(app, effect).await? {
        let key = MailKey::new(outbox::key_of(effect, &MailId::from(effect.object_id)).0);
        app.mails.transport.send(&message, &key.map_err(anyhow::Error::from)?).await.map_err(failure)?;
    }
    finish(app, effect, Ending::Done).await?;
    Ok(())
}

/// The message of an effect; None when there is nothing left to say.
async fn message_of(app: &App, effect: &Effect) -> Result<Option<Message>> {
    let order: Order = serde_json::from_str(&effect.payload).map_err(anyhow::Error::from)?;
    let id = MailId::from(effect.object_id);
    let Some(mail) = compose::compose(app, id, &order, effect.created_at).await? else { return Ok(None) };
    let RenderedLetter { subject, text, html } = mail.letter.render(mail.locale, &app.mails.brand);
    Ok(Some(Message { to: mail.to, subject, text, html, date: effect.created_at }))
}

/// The account that ordered a mail; None when it is not known.
fn user_of(effect: &Effect) -> Result<Option<UserId>> {
    let order: Order = serde_json::from_str(&effect.payload).map_err(anyhow::Error::from)?;
    Ok(match order {
        Order::VerifyEmail { user, .. }
        | Order::NewEmail { user, .. }
        | Order::OldEmail { user, .. }
        | Order::EmailChanged { user, .. }
        | Order::NewDevice { user, .. }
        | Order::AccountDeleted { user, .. }
        | Order::DeletionScheduled { user, .. }
        | Order::DataExportRequested { user, .. }
        | Order::ImpersonationStarted { user, .. }
        | Order::CaseDecided { user, .. }
        | Order::PasswordChanged { user, .. }
        | Order::ProviderChanged { user, .. }
        | Order::SecondFactorChanged { user, .. }
        | Order::PasskeyChanged { user, .. } => Some(user),
        Order::ResetPassword { .. } | Order::CoHostInvitation { .. } => None,
    })
}

fn failure(error: SendError) -> Failure {
    Failure::Provider(match error {
        SendError::Rejected(reason) => ProviderError::Rejected(reason),
        other => ProviderError::Unavailable(other.to_string()),
    })
}

/// Ends a mail that cannot be sent. One that the recipient's server has refused is noted with the account.
pub(crate) async fn give_up(app: &App, effect: &Effect, ending: Ending<'_>) -> Result<()> {
    if matches!(ending, Ending::Refused(_))
        && let Some(message) = message_of(app, effect).await?
    {
        let (user, now) = (user_of(effect)?, app.now());
        let note = async |tx: &mut Conn| {
            store::accounts::note_refused_mail(tx, message.to.as_str(), user, now).await?;
            Ok::<_, Error>(())
        };
        app.database.transaction(note).await?;
    }
    finish(app, effect, ending).await
}

/// Retries a mail that failed for good. Returns how many there were.
///
/// # Errors
/// When the database fails.
pub async fn retry(database: &Database, id: MailId, now: Timestamp) -> Result<usize> {
    database.transaction(async |tx| Ok::<_, Error>(store::outbox::revive(tx, id.into(), now).await?)).await
}

async fn finish(app: &App, effect: &Effect, ending: Ending<'_>) -> Result<()> {
    let now = app.now();
    app.database
        .write(async |conn| {
            store::outbox::end(conn, effect, ending, now).await?;
            Ok::<_, Error>(())
        })
        .await
}
