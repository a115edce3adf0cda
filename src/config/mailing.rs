//! Settings of mail.

use std::path::PathBuf;

use clap::Args;
use mail::{MailSettings, Sender};

use super::{ConfigError, PublicUrl, Secret, Storage, secret};

/// Settings of mail.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Mail")]
pub struct Mailing {
    /// Where mails go: `smtp://USER:PASSWORD@HOST` (STARTTLS), `smtps://USER:PASSWORD@HOST` (TLS),
    /// `file:FOLDER` (a file for each mail), or `off`. By default the folder `mail` in the data
    /// folder; with DATABASE_URL `off`.
    #[arg(long, env = "STAYGATE_MAIL", value_name = "URL", hide_env_values = true)]
    mail: Option<Secret>,

    /// A file that holds STAYGATE_MAIL.
    #[arg(long, env = "STAYGATE_MAIL_FILE", value_name = "FILE")]
    mail_file: Option<PathBuf>,

    /// The sender of mails: `no-reply@example.org`, or `Example <no-reply@example.org>`.
    #[arg(
        long,
        env = "STAYGATE_MAIL_FROM",
        value_name = "ADDRESS",
        default_value = "Staygate <no-reply@staygate.example>"
    )]
    pub mail_from: Sender,

    /// The address of the single-page app. Links in mails open its pages /verify-email,
    /// /reset-password and /sign-in. By default the address of this server.
    #[arg(long, env = "STAYGATE_APP_URL", value_name = "URL")]
    pub app_url: Option<PublicUrl>,
}

impl Mailing {
    /// Where mails go.
    ///
    /// # Errors
    /// [`ConfigError`] when it cannot be read or is not valid.
    pub fn destination(&self, storage: &Storage) -> Result<MailSettings, ConfigError> {
        const SETTING: &str = "STAYGATE_MAIL";
        match secret::read(SETTING, self.mail.as_ref(), "STAYGATE_MAIL_FILE", self.mail_file.as_ref())? {
            Some(text) => text.expose().parse().map_err(|error: mail::InvalidSettings| ConfigError::Invalid {
                setting: SETTING,
                reason: error.to_string(),
            }),
            None if storage.is_embedded()? => Ok(MailSettings::File(storage.data_dir.join("mail"))),
            None => Ok(MailSettings::Off),
        }
    }
}
