//! The whole journey, played against a running server as any client would: over HTTP and a websocket.
//!
//! Each step prints what it does and checks what comes back. The tour makes accounts of its own, and takes off or cancels what
//! it made, also when it fails half-way.

mod answers;
mod client;
mod home;
mod operations;
mod people;
mod request;
mod search;
mod socket;
mod stay;
mod trip;
mod voice;

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use client::Client;
use hyper::StatusCode;
use people::Person;
use serde_json::{Value, json};
use std::process::ExitCode;
use std::time::Instant;
use voice::Voice;

/// The arguments of `staygate tour`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The URL of the server.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    /// Print every operation and its variables as well.
    #[arg(long)]
    verbose: bool,
}

/// Plays the whole tour and prints its steps.
///
/// # Errors
/// A step that did not go as it should. What the tour made is undone as far as that goes.
pub async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let client = Client::new(&arguments.url)?;
    let began = Instant::now();
    println!("A tour of {}", arguments.url);
    let mut tour = Tour { client, voice: Voice::new(arguments.verbose), leftovers: Vec::new() };
    if let Err(error) = Box::pin(tour.play()).await {
        let error = error.context(tour.voice.step());
        tour.tidy_up().await;
        return Err(error);
    }
    let (steps, seconds) = (tour.voice.steps(), began.elapsed().as_secs_f64());
    tour.voice.done(&format!("All {steps} steps succeeded, in {seconds:.1} s."));
    Ok(ExitCode::SUCCESS)
}

/// Something to undo if the tour fails.
struct Leftover {
    token: String,
    operation: &'static str,
    input: Value,
}

/// The tour and what it needs all the time.
struct Tour {
    client: Client,
    voice: Voice,
    leftovers: Vec<Leftover>,
}

/// Who takes part.
struct Cast {
    guest: Person,
    rival: Person,
    host: Person,
}

impl Tour {
    async fn play(&mut self) -> anyhow::Result<()> {
        self.voice.begin("Is the server ready?");
        let (status, body) = self.client.get("/readyz").await?;
        ensure!(status == StatusCode::OK, "GET /readyz: expected 200, got {status} {}", body.trim());
        self.voice.holds(body.trim());
        self.voice.begin("Create accounts");
        let cast = Cast {
            guest: self.register("guest").await?,
            rival: self.register("rival").await?,
            host: self.register("host").await?,
        };
        self.voice.holds("three accounts, signed in");
        let mut own = None;
        self.voice.part("Instant book: search, book, pay, cancel");
        let (hit, stay) = match self.search().await? {
            Some(found) => found,
            None => {
                self.voice.line("This server has no instant book listings, because demo data is off (`staygate serve --demo on`, or import a city).");
                self.voice.line("The tour continues with its own listing.");
                own = Some(self.open_home(&cast.host, true).await?);
                self.search().await?.context("the search did not find the tour's own listing")?
            }
        };
        self.open_listing(&hit, &stay).await?;
        let mut events = self.watch(&cast.guest).await?;
        self.stay(&cast.guest, &hit, &stay, &mut events).await?;
        self.voice.part("Request to book: request, pay, accept");
        let home = match own {
            Some(home) => self.ask_first(&cast.host, home).await?,
            None => self.open_home(&cast.host, false).await?,
        };
        self.request(&cast, &home, &mut events).await?;
        events.close().await
    }

    /// The data of an operation.
    async fn ask(&self, who: Option<&Person>, operation: &str, variables: Value) -> anyhow::Result<Value> {
        self.voice.operation(operation, &variables);
        let token = who.map(|person| person.token.as_str());
        let mut answer = self.client.graphql(token, operation, &variables).await?;
        if let Some(error) = answer["errors"].get(0) {
            bail!("expected data, got the error {}: {}", error["extensions"]["code"], error["message"]);
        }
        Ok(answer["data"].take())
    }

    /// The payload of a mutation, which must be a `wanted`.
    async fn change(&self, who: Option<&Person>, operation: &str, input: Value, wanted: &str) -> anyhow::Result<Value> {
        let data = self.ask(who, operation, json!({ "input": input })).await?;
        let payload = data.as_object().and_then(|data| data.values().next()).cloned().unwrap_or_default();
        let kind = payload["__typename"].as_str().unwrap_or("nothing");
        let message = payload["message"].as_str().map(|message| format!(": {message}")).unwrap_or_default();
        ensure!(kind == wanted, "expected {wanted}, got {kind}{message}");
        Ok(payload)
    }

    /// Remembers how to undo something.
    fn remember(&mut self, who: &Person, operation: &'static str, input: Value) {
        self.leftovers.push(Leftover { token: who.token.clone(), operation, input });
    }

    /// What `operation` would undo is undone.
    fn forget(&mut self, operation: &str) {
        self.leftovers.retain(|leftover| leftover.operation != operation);
    }

    /// Undoes what a failed tour has left, as far as that works.
    async fn tidy_up(&mut self) {
        for Leftover { token, operation, input } in self.leftovers.drain(..).rev() {
            let variables = json!({ "input": &input });
            if let Err(error) = self.client.graphql(Some(&token), operation, &variables).await {
                tracing::warn!(%input, error = format!("{error:#}"), "not cleaned up on the server");
            }
        }
    }
}
