//! What a person must look at, and what failed for good.

use std::process::ExitCode;

use super::storage::with_database;
use crate::config::Storage;
use anyhow::bail;
use clap::{Args, Subcommand};
use domain::{mails, outbox, payments};
use mysql_engine::Database;
use types::{CaseId, Clock as _, EffectKind, MailId, PaymentId, RefundId, SystemClock, Timestamp};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    storage: Storage,
}

#[derive(Debug, Clone, Subcommand)]
enum Action {
    /// List open cases, and effects that failed for good (the default).
    List,
    /// Try once more what failed for good of a payment or refund, or a mail.
    Retry {
        /// `pay_…`, `rf_…` or `ml_…`.
        id: String,
    },
    /// Close a case that was looked at.
    Close {
        /// `case_…`.
        id: CaseId,
    },
}

/// Most lines of each kind.
const MOST: i64 = 100;

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let action = arguments.action.unwrap_or(Action::List);
    with_database(&arguments.storage, async |database| act(&database, action).await).await?;
    Ok(ExitCode::SUCCESS)
}

async fn act(database: &Database, action: Action) -> anyhow::Result<()> {
    match action {
        Action::List => list(database).await,
        Action::Retry { id } => retry(database, &id).await,
        Action::Close { id } => {
            if !payments::close_case(&mut database.conn().await?, id, SystemClock.now()).await? {
                bail!("{id} is not an open case");
            }
            println!("{id} is closed.");
            Ok(())
        }
    }
}

async fn list(database: &Database) -> anyhow::Result<()> {
    let conn = &mut database.conn().await?;
    let (cases, failed) = (payments::open_cases(conn, MOST).await?, outbox::failed(conn, MOST).await?);
    if cases.is_empty() && failed.is_empty() {
        println!("No open cases, and nothing has failed.");
    }
    for case in cases {
        let booking = case.booking_id.map_or_else(|| "no booking".to_owned(), |id| id.to_string());
        println!("{} {} {} {} {booking}: {}", case.id, at(case.opened_at), case.kind, case.payment_id, case.detail);
    }
    for effect in failed {
        let object = match effect.kind {
            EffectKind::SendRefund => RefundId::from(effect.object_id).to_string(),
            EffectKind::SendMail => MailId::from(effect.object_id).to_string(),
            _ => PaymentId::from(effect.object_id).to_string(),
        };
        let (attempts, error) = (effect.attempts, effect.error.unwrap_or_default());
        println!("failed {} {} {object} after {attempts} attempts: {error}", at(effect.updated_at), effect.kind);
    }
    Ok(())
}

fn at(time: Timestamp) -> String {
    time.utc().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

async fn retry(database: &Database, id: &str) -> anyhow::Result<()> {
    let now = SystemClock.now();
    let is_found = if let Ok(refund) = id.parse::<RefundId>() {
        payments::send_again(database, refund, now).await?
    } else if let Ok(payment) = id.parse::<PaymentId>() {
        payments::retry(database, payment, now).await? > 0
    } else if let Ok(mail) = id.parse::<MailId>() {
        mails::retry(database, mail, now).await? > 0
    } else {
        bail!("`{id}` is no id of a payment (`pay_…`), a refund (`rf_…`) or a mail (`ml_…`)");
    };
    if !is_found {
        bail!("nothing of {id} has failed");
    }
    println!("A running server tries it in a few seconds.");
    Ok(())
}
