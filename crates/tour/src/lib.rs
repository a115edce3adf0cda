//! The whole journey of a guest and a host against a running server, as any client would do it:
//! over HTTP and a websocket.
//!
//! Each step prints what it does and checks the responses. The tour creates its own accounts, and
//! unlists or cancels what it created, also if it fails.

mod account_chapter;
mod accounts;
mod booking;
mod client;
mod desk_cases;
mod desk_chapter;
mod instant_book;
mod listing;
mod operations;
mod output;
mod request_to_book;
mod responses;
mod search;
mod second_factor;
mod socket;

use accounts::Account;
use anyhow::{Context as _, bail, ensure};
use clap::Args;
use client::Client;
use hyper::StatusCode;
use output::Output;
use serde_json::{Value, json};
use std::process::ExitCode;
use std::time::Instant;

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

/// Runs the whole tour and prints its steps.
///
/// # Errors
/// A step with an unexpected result. What the tour created is undone as far as possible.
pub async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let client = Client::new(&arguments.url)?;
    let started = Instant::now();
    println!("A tour of {}", arguments.url);
    let mut tour = Tour { client, output: Output::new(arguments.verbose), undo_steps: Vec::new() };
    if let Err(error) = Box::pin(tour.run_steps()).await {
        let error = error.context(tour.output.step());
        tour.clean_up().await;
        return Err(error);
    }
    let (steps, seconds) = (tour.output.steps(), started.elapsed().as_secs_f64());
    tour.output.print_done(&format!("All {steps} steps succeeded, in {seconds:.1} s."));
    Ok(ExitCode::SUCCESS)
}

/// An operation that undoes something if the tour fails.
struct UndoStep {
    token: String,
    operation: &'static str,
    input: Value,
}

/// The state of the tour.
struct Tour {
    client: Client,
    output: Output,
    undo_steps: Vec<UndoStep>,
}

/// The accounts of the tour.
struct Accounts {
    guest: Account,
    second_guest: Account,
    host: Account,
}

impl Tour {
    async fn run_steps(&mut self) -> anyhow::Result<()> {
        self.output.start_step("Is the server ready?");
        let (status, body) = self.client.get("/readyz").await?;
        ensure!(status == StatusCode::OK, "GET /readyz: expected 200, got {status} {}", body.trim());
        self.output.print_passed(body.trim());
        self.output.start_step("Create accounts");
        let accounts = Accounts {
            guest: self.register("guest").await?,
            second_guest: self.register("rival").await?,
            host: self.register("host").await?,
        };
        self.output.print_passed("three accounts, signed in");
        let mut own = None;
        self.output.start_part("Instant book: search, book, pay, cancel");
        let (hit, stay) = match self.search().await? {
            Some(found) => found,
            None => {
                self.output.print_line("This server has no instant book listings, because demo data is off (`staygate serve --demo on`, or import a city).");
                self.output.print_line("The tour continues with its own listing.");
                own = Some(self.publish_listing(&accounts.host, true).await?);
                self.search().await?.context("the search did not find the tour's own listing")?
            }
        };
        self.open_listing(&hit, &stay).await?;
        let mut events = self.watch(&accounts.guest).await?;
        self.book_instantly(&accounts.guest, &hit, &stay, &mut events).await?;
        self.output.start_part("Request to book: request, pay, accept");
        let home = match own {
            Some(home) => self.turn_off_instant_book(&accounts.host, home).await?,
            None => self.publish_listing(&accounts.host, false).await?,
        };
        let booking = self.request_to_book(&accounts, &home, &mut events).await?;
        events.close().await?;
        self.output.start_part("Account: verify, sign in, a second factor, reset, change the email, delete");
        self.live_with_an_account().await?;
        self.output.start_part("Desk: find, suspend, restore, decide a case, act as a person, and the log of it");
        self.sit_at_the_desk(&booking).await
    }

    /// The data of an operation.
    async fn query(&self, who: Option<&Account>, operation: &str, variables: Value) -> anyhow::Result<Value> {
        self.output.print_operation(operation, &variables);
        let token = who.map(|person| person.token.as_str());
        let mut response = self.client.graphql(token, operation, &variables).await?;
        if let Some(error) = response["errors"].get(0) {
            bail!("expected data, got the error {}: {}", error["extensions"]["code"], error["message"]);
        }
        Ok(response["data"].take())
    }

    /// Runs a mutation; its payload must be of the type `expected_type`.
    async fn mutate(
        &self,
        who: Option<&Account>,
        operation: &str,
        input: Value,
        expected_type: &str,
    ) -> anyhow::Result<Value> {
        let data = self.query(who, operation, json!({ "input": input })).await?;
        let payload = data.as_object().and_then(|data| data.values().next()).cloned().unwrap_or_default();
        let kind = payload["__typename"].as_str().unwrap_or("nothing");
        let message = payload["message"].as_str().map(|message| format!(": {message}")).unwrap_or_default();
        ensure!(kind == expected_type, "expected {expected_type}, got {kind}{message}");
        Ok(payload)
    }

    /// Records how to undo something.
    fn add_undo_step(&mut self, who: &Account, operation: &'static str, input: Value) {
        self.undo_steps.push(UndoStep { token: who.token.clone(), operation, input });
    }

    /// Removes a recorded undo operation.
    fn remove_undo_step(&mut self, operation: &str) {
        self.undo_steps.retain(|leftover| leftover.operation != operation);
    }

    /// Undoes what a failed tour has created, as far as possible.
    async fn clean_up(&mut self) {
        for UndoStep { token, operation, input } in self.undo_steps.drain(..).rev() {
            let variables = json!({ "input": &input });
            if let Err(error) = self.client.graphql(Some(&token), operation, &variables).await {
                tracing::warn!(%input, error = format!("{error:#}"), "not cleaned up on the server");
            }
        }
    }
}
