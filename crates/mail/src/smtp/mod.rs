//! Sends mails to an SMTP server: one connection for each mail.
//!
//! The commands are issued one by one, because what a refusal means depends on the command, and
//! because each has a timeout.

mod line_stream;
mod replies;
mod trust;

use std::{fmt, future::Future, io, time::Duration};

use lettre::transport::smtp::{
    authentication::{Credentials as SaslCredentials, DEFAULT_MECHANISMS},
    client::{AsyncSmtpConnection, TlsParameters},
    commands::{Data, Mail, Rcpt},
    extension::ClientId,
};
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};

use crate::{
    InvalidSettings, MailKey, MailTransport, Message, Security, SendError, Sender, Sending, SmtpSettings,
    message::Encoded,
};
use line_stream::LineStream;
use replies::{Secrets, Stage};

/// How long to wait for the goodbye of a server, after the mail was sent.
const QUIT_TIMEOUT: Duration = Duration::from_secs(1);

/// An SMTP server.
pub struct Smtp {
    settings: SmtpSettings,
    sender: Sender,
    /// `None`: not encrypted.
    tls: Option<TlsParameters>,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").field("settings", &self.settings).field("sender", &self.sender).finish_non_exhaustive()
    }
}

impl Smtp {
    /// The adapter for a server. Reads the certificates of the authorities; connects to nothing.
    ///
    /// # Errors
    /// There is no certificate of an authority.
    pub fn new(settings: SmtpSettings, sender: Sender) -> Result<Self, InvalidSettings> {
        let is_encrypted = settings.security != Security::None;
        let tls = is_encrypted.then(|| trust::parameters(&settings.host, settings.ca.as_deref())).transpose()?;
        Ok(Self { settings, sender, tls })
    }

    async fn deliver(&self, message: &Message, key: &MailKey) -> Result<(), SendError> {
        let mail = message.encode(&self.sender, key)?;
        let secrets = Secrets::new(&message.to, self.settings.credentials.as_ref());
        let sent = timeout(self.settings.timeouts.total, self.converse(&mail, &secrets)).await;
        sent.unwrap_or_else(|_| Err(SendError::Temporary("sending took too long".to_owned())))
    }

    async fn converse(&self, mail: &Encoded, secrets: &Secrets) -> Result<(), SendError> {
        let mut connection = self.connect(secrets).await?;
        self.sign_in(&mut connection, secrets).await?;
        self.transmit(&mut connection, mail, secrets).await?;
        // The mail is accepted, whatever the server answers now.
        let _ = timeout(QUIT_TIMEOUT, connection.abort()).await;
        Ok(())
    }

    /// A connection that is encrypted as the settings require.
    async fn connect(&self, secrets: &Secrets) -> Result<AsyncSmtpConnection, SendError> {
        let hello = ClientId::Domain(self.sender.domain().to_owned());
        let connection = match (&self.tls, self.settings.security) {
            (Some(tls), Security::Tls) => {
                let server = (self.settings.host.as_str(), self.settings.port);
                let limit = self.settings.timeouts.connect;
                let connecting =
                    AsyncSmtpConnection::connect_tokio1(server, Some(limit), &hello, Some(tls.clone()), None);
                self.step(Stage::Hello, secrets, connecting).await?
            }
            (Some(tls), _) => {
                let mut connection = self.greet(&hello, secrets).await?;
                if !connection.can_starttls() {
                    return Err(SendError::Misconfigured("the mail server does not offer STARTTLS".to_owned()));
                }
                self.step(Stage::Encrypt, secrets, connection.starttls(tls.clone(), &hello)).await?;
                connection
            }
            (None, _) => self.greet(&hello, secrets).await?,
        };
        if self.tls.is_some() && !connection.is_encrypted() {
            return Err(SendError::Misconfigured("the connection to the mail server is not encrypted".to_owned()));
        }
        Ok(connection)
    }

    /// A connection without encryption, after greeting and `EHLO`.
    async fn greet(&self, hello: &ClientId, secrets: &Secrets) -> Result<AsyncSmtpConnection, SendError> {
        let stream = self.dial().await.map_err(|error| SendError::Temporary(format!("no connection: {error}")))?;
        let stream = Box::new(LineStream::new(stream));
        self.step(Stage::Hello, secrets, AsyncSmtpConnection::connect_with_transport(stream, hello)).await
    }

    /// Connects to the first address of the host that accepts.
    async fn dial(&self) -> io::Result<TcpStream> {
        let limit = self.settings.timeouts.connect;
        let late = || io::Error::from(io::ErrorKind::TimedOut);
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        let host = (self.settings.host.as_str(), self.settings.port);
        for address in timeout(limit, lookup_host(host)).await.map_err(|_| late())?? {
            match timeout(limit, TcpStream::connect(address)).await.unwrap_or_else(|_| Err(late())) {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn sign_in(&self, connection: &mut AsyncSmtpConnection, secrets: &Secrets) -> Result<(), SendError> {
        let Some(credentials) = &self.settings.credentials else { return Ok(()) };
        let credentials = SaslCredentials::new(credentials.user.clone(), credentials.password.clone());
        self.step(Stage::SignIn, secrets, connection.auth(DEFAULT_MECHANISMS, &credentials)).await?;
        Ok(())
    }

    async fn transmit(
        &self,
        connection: &mut AsyncSmtpConnection,
        mail: &Encoded,
        secrets: &Secrets,
    ) -> Result<(), SendError> {
        let from = Mail::new(Some(mail.from.clone()), Vec::new());
        self.step(Stage::Sender, secrets, connection.command(from)).await?;
        let to = Rcpt::new(mail.to.clone(), Vec::new());
        self.step(Stage::Recipient, secrets, connection.command(to)).await?;
        self.step(Stage::Content, secrets, connection.command(Data)).await?;
        self.step(Stage::Content, secrets, connection.message(&mail.bytes)).await?;
        Ok(())
    }

    /// Waits for the answer to a command.
    async fn step<T>(
        &self,
        stage: Stage,
        secrets: &Secrets,
        answer: impl Future<Output = Result<T, lettre::transport::smtp::Error>>,
    ) -> Result<T, SendError> {
        match timeout(self.settings.timeouts.command, answer).await {
            Ok(answer) => answer.map_err(|error| stage.failure(&error, secrets)),
            Err(_) => Err(SendError::Temporary(format!("{stage}: the mail server does not answer"))),
        }
    }
}

impl MailTransport for Smtp {
    fn name(&self) -> &'static str {
        "smtp"
    }

    fn send<'a>(&'a self, message: &'a Message, key: &'a MailKey) -> Sending<'a> {
        Box::pin(self.deliver(message, key))
    }
}

#[cfg(test)]
mod authority;
#[cfg(test)]
mod encryption;
#[cfg(test)]
mod real_server;
#[cfg(test)]
mod scripted_server;
#[cfg(test)]
mod tests;
