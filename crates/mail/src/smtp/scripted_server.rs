//! An SMTP server that does what a test says.

use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

/// What a server does.
#[derive(Clone, Default)]
pub(super) struct Script {
    /// Replies in place of the usual ones, by the start of a command; `GREETING` and `CONTENT` are
    /// the greeting and the end of a mail.
    pub replies: Vec<(&'static str, &'static str)>,
    /// Where the server does not answer.
    pub silent_at: Option<&'static str>,
    /// Where the server closes the connection instead of an answer.
    pub drops_at: Option<&'static str>,
    /// Offers STARTTLS.
    pub starttls: Option<Arc<ServerConfig>>,
    /// TLS from the first byte.
    pub tls: Option<Arc<ServerConfig>>,
    /// Sent together with the answer to STARTTLS, before encryption.
    pub injected: &'static str,
    /// The methods to sign in.
    pub auth: Option<&'static str>,
}

/// What a server received.
#[derive(Clone, Default)]
pub(super) struct Received {
    /// The commands, each with `tls ` in front if it came encrypted.
    pub commands: Vec<String>,
    /// The mails, also those that were not accepted.
    pub mails: Vec<String>,
}

impl Received {
    pub fn has(&self, start: &str) -> bool {
        self.commands.iter().any(|command| command.starts_with(start))
    }
}

/// A server on a free port of this machine. Ends with its test.
pub(super) struct Server {
    pub port: u16,
    received: Arc<Mutex<Received>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// A server with one script for each connection, and the usual replies for all others.
    pub async fn start(scripts: Vec<Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let received = Arc::<Mutex<Received>>::default();
        let log = received.clone();
        let task = tokio::spawn(async move {
            let mut scripts = scripts.into_iter();
            while let Ok((stream, _)) = listener.accept().await {
                let script = scripts.next().unwrap_or_default();
                let mut session = Session { script, log: &log, is_encrypted: false };
                // The client may close the connection at any time.
                let _ = session.serve(stream).await;
            }
        });
        Self { port, received, task }
    }

    pub async fn with(script: Script) -> Self {
        Self::start(vec![script]).await
    }

    pub fn received(&self) -> Received {
        self.received.lock().unwrap().clone()
    }
}

struct Session<'a> {
    script: Script,
    log: &'a Mutex<Received>,
    is_encrypted: bool,
}

/// Why a session pauses.
#[derive(PartialEq)]
enum End {
    Closed,
    StartTls,
}

impl Session<'_> {
    async fn serve(&mut self, stream: TcpStream) -> std::io::Result<()> {
        if let Some(tls) = self.script.tls.clone() {
            self.is_encrypted = true;
            let stream = TlsAcceptor::from(tls).accept(stream).await?;
            return self.converse(&mut BufReader::new(stream), true).await.map(|_| ());
        }
        let mut stream = BufReader::new(stream);
        if self.converse(&mut stream, true).await? == End::StartTls {
            let tls = TlsAcceptor::from(self.script.starttls.clone().unwrap());
            let stream = tls.accept(stream.into_inner()).await?;
            self.is_encrypted = true;
            self.converse(&mut BufReader::new(stream), false).await?;
        }
        Ok(())
    }

    async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        stream: &mut BufReader<S>,
        greets: bool,
    ) -> std::io::Result<End> {
        if greets && !self.reply(stream, "GREETING", "220 mail.example.org ready").await? {
            return Ok(End::Closed);
        }
        let mut line = String::new();
        loop {
            line.clear();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(End::Closed);
            }
            let command = line.trim_end().to_owned();
            let prefix = if self.is_encrypted { "tls " } else { "" };
            self.log.lock().unwrap().commands.push(format!("{prefix}{command}"));
            let usual = self.usual_reply(&command);
            if !self.reply(stream, &command, &usual).await? || command == "QUIT" {
                return Ok(End::Closed);
            }
            if command == "STARTTLS" {
                return Ok(End::StartTls);
            }
            if command == "DATA" && !self.receive(stream).await? {
                return Ok(End::Closed);
            }
        }
    }

    fn usual_reply(&self, command: &str) -> String {
        let verb = command.split(' ').next().unwrap_or_default();
        match verb {
            "EHLO" => {
                let starttls = (self.script.starttls.is_some() && !self.is_encrypted).then_some("250-STARTTLS\r\n");
                let auth = self.script.auth.map(|methods| format!("250-AUTH {methods}\r\n")).unwrap_or_default();
                format!("250-mail.example.org\r\n{}{auth}250 PIPELINING", starttls.unwrap_or_default())
            }
            "STARTTLS" => format!("220 go ahead{}", self.script.injected),
            "AUTH" if command == "AUTH LOGIN" => "334 VXNlcm5hbWU6".to_owned(),
            "AUTH" => "235 2.7.0 accepted".to_owned(),
            // Lines of AUTH LOGIN, in base64: a user, then a password.
            "dXNlcg==" => "334 UGFzc3dvcmQ6".to_owned(),
            "aHVudGVyMg==" => "235 2.7.0 accepted".to_owned(),
            "DATA" => "354 send it".to_owned(),
            "QUIT" => "221 bye".to_owned(),
            _ => "250 2.0.0 ok".to_owned(),
        }
    }

    /// Receives a mail up to its last line.
    async fn receive<S: AsyncRead + AsyncWrite + Unpin>(&mut self, stream: &mut BufReader<S>) -> std::io::Result<bool> {
        let mut mail = String::new();
        let mut line = String::new();
        while stream.read_line(&mut line).await? > 0 && line != ".\r\n" {
            mail.push_str(line.strip_prefix('.').unwrap_or(&line));
            line.clear();
        }
        self.log.lock().unwrap().mails.push(mail);
        self.reply(stream, "CONTENT", "250 2.0.0 queued").await
    }

    /// Answers as the script says. `false`: the connection ends.
    async fn reply<S: AsyncWrite + Unpin>(&self, stream: &mut S, command: &str, usual: &str) -> std::io::Result<bool> {
        let is_here = |at: &Option<&str>| at.is_some_and(|start| command.starts_with(start));
        if is_here(&self.script.silent_at) {
            std::future::pending::<()>().await;
        }
        if is_here(&self.script.drops_at) {
            return Ok(false);
        }
        let own = self.script.replies.iter().find(|(start, _)| command.starts_with(start));
        let reply = own.map_or(usual, |(_, reply)| reply);
        stream.write_all(format!("{reply}\r\n").as_bytes()).await?;
        stream.flush().await?;
        Ok(true)
    }
}
