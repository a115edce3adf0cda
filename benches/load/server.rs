//! The server processes that are measured, all on one database.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::{
    client::Client,
    request_kind::{Documents, RequestKind},
};

/// The secret of all servers, so that the tokens of the guests hold at each.
pub const SECRET: &str = "bench-0123456789abcdef0123456789abcdef";
/// The pages of the plain search.
const PAGES: usize = 40;

/// A process that listens. It ends when it is dropped.
pub struct Server {
    pub name: String,
    /// Its address and port.
    pub address: String,
    /// The cursors of its pages of the plain search, which are its own.
    pub pages: Vec<Option<String>>,
    process: Child,
}

impl Server {
    /// This build, with these arguments besides the usual ones.
    pub fn product(name: &str, program: &str, arguments: &[&str], database: &str) -> anyhow::Result<Self> {
        let mut command = Command::new(program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--demo", "off"]);
        // The few guests of the benchmark book more than people do.
        for flag in ["--address-budget", "--viewer-budget"] {
            command.args([flag, "off"]);
        }
        for flag in ["--hold-cooldown-minutes", "--request-cooldown-minutes"] {
            command.args([flag, "0"]);
        }
        for flag in [
            "--holds-per-guest",
            "--holds-per-listing",
            "--requests-per-guest",
            "--requests-per-listing",
            "--bookings-per-address",
            "--quotes-per-guest",
            "--quotes-per-address",
        ] {
            command.args([flag, "100000"]);
        }
        command.args(arguments);
        command.env("DATABASE_URL", database).env("STAYGATE_JWT_SECRET", format!("bench:{SECRET}"));
        let mut process = command.stderr(Stdio::piped()).spawn().with_context(|| program.to_owned())?;
        let log = process.stderr.take().context("its log")?;
        let address = wait(log, |line| line.split("ready: open http://").nth(1)?.split(' ').next().map(str::to_owned));
        Self::ready(name, process, address)
    }

    /// A process, once its log has told that it is ready.
    pub fn ready(name: &str, mut process: Child, address: anyhow::Result<String>) -> anyhow::Result<Self> {
        match address {
            Ok(address) => Ok(Self { name: name.to_owned(), address, pages: vec![None], process }),
            Err(error) => {
                process.kill()?;
                process.wait()?;
                Err(error.context(format!("{name} did not start")))
            }
        }
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Follows the cursors of the plain search.
    pub async fn find_pages(&mut self, documents: &Documents) -> anyhow::Result<()> {
        let mut client = Client::connect(&self.address).await?;
        for _ in 1..PAGES {
            let variables = json!({ "after": self.pages.last() });
            let data = client.ask(documents.of(RequestKind::Search), &variables, None).await?;
            let info = &data["searchListings"]["pageInfo"];
            if info["hasNextPage"] != true {
                break;
            }
            let cursor = info["endCursor"].as_str().context("a cursor")?;
            self.pages.push(Some(cursor.to_owned()));
        }
        Ok(())
    }

    /// The data of a response.
    pub async fn ask(&self, document: &str, variables: &Value, token: Option<&str>) -> anyhow::Result<Value> {
        Client::connect(&self.address).await?.ask(document, variables, token).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error means that it has ended by itself, which the requests have told.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What `found` finds in a line of the log, which is then read to its end, so that the server can always write.
pub fn wait(log: impl Read + Send + 'static, found: impl Fn(&str) -> Option<String>) -> anyhow::Result<String> {
    let mut lines = BufReader::new(log).lines();
    let mut all = Vec::new();
    for line in lines.by_ref() {
        let line = line?;
        if let Some(found) = found(&line) {
            std::thread::spawn(move || lines.for_each(drop));
            return Ok(found);
        }
        all.push(line);
    }
    bail!("the server ended before it was ready:\n{}", all.join("\n"))
}
