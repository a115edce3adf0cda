//! Makes admins: the first one cannot be made by another.

use std::io::Read as _;
use std::process::ExitCode;
use std::time::Duration;

use super::storage::{OpenStorage, app_on, pool_options, unused_keys};
use crate::config::Storage;
use anyhow::{Context as _, bail};
use auth::{NewPassword, Password};
use clap::{Args, Subcommand};
use domain::app::App;
use domain::events::Cause;
use domain::{accounts, role_grants};
use mysql_engine::Database;
use store::migrate;
use types::{Email, OsEntropy};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make an admin: a new account with a verified email, or the existing account with it.
    ///
    /// The password of a new account is random and printed once, unless it is read from standard
    /// input. That of an existing account stays as it is.
    Create {
        /// The email of the admin.
        #[arg(long, value_name = "EMAIL")]
        email: Email,
        /// The name that others see, of a new account.
        #[arg(long, value_name = "NAME", default_value = "Admin")]
        name: String,
        /// Read the password of a new account from standard input.
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        storage: Storage,
    },
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Action::Create { email, name, password_stdin, storage } = arguments.action;
    let password = password_stdin.then(|| read_password(&email, &name)).transpose()?;
    let opened = OpenStorage::for_command(&storage).await?;
    let done = async {
        opened.wait_until_reachable(&storage).await?;
        migrate::up(opened.url()).await?;
        let database = Database::connect(opened.url(), pool_options(&storage, &OsEntropy)).await?;
        let app = app_on(database, unused_keys())?.caused_by(Cause::Job("staygate admin create"));
        create(&app, &email, name, password).await
    };
    let done = done.await;
    let closed = opened.close(Duration::from_secs(3600)).await;
    done?;
    closed?;
    Ok(ExitCode::SUCCESS)
}

/// The password on standard input, without the end of its line.
fn read_password(email: &Email, name: &str) -> anyhow::Result<NewPassword> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("reading the password from standard input")?;
    let password = Password::typed(text.trim_end_matches(['\r', '\n']).to_owned());
    NewPassword::checked(password, &[email.as_str(), name]).map_err(|weakness| anyhow::anyhow!("{weakness}"))
}

async fn create(app: &App, email: &Email, name: String, password: Option<NewPassword>) -> anyhow::Result<()> {
    let found = accounts::verified(app, email).await?;
    if found.is_some() && password.is_some() {
        bail!("{email} has an account, whose password stays as it is: leave out --password-stdin");
    }
    let (user, printed) = match found {
        Some(user) => (user, None),
        None => {
            let secret: String = app.entropy.bytes::<16>().iter().map(|byte| format!("{byte:02x}")).collect();
            let printed = password.is_none().then(|| secret.clone());
            let password = password.unwrap_or_else(|| NewPassword::of_program(secret));
            (accounts::create_verified(app, email, &password, name).await?, printed)
        }
    };
    role_grants::grant_first(app, user).await?;
    println!("{email} ({user}) is an admin.");
    if let Some(printed) = printed {
        println!("The password is {printed}\nIt is not shown again. Change it with changePassword.");
    }
    Ok(())
}
