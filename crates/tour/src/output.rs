//! The output of the tour: short lines for people, without colors if the output is not a terminal.

use serde_json::Value;
use std::fmt::Display;
use std::io::IsTerminal as _;

/// The width of the names of facts.
const NAME_WIDTH: usize = 9;

/// Prints the steps.
pub(super) struct Output {
    is_colored: bool,
    is_verbose: bool,
    step: usize,
    title: String,
}

impl Output {
    /// To standard output.
    pub fn new(is_verbose: bool) -> Self {
        let is_colored =
            std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty());
        Self { is_colored, is_verbose, step: 0, title: "Start".to_owned() }
    }

    /// The current step, for error messages.
    pub fn step(&self) -> String {
        format!("step {} ({})", self.step, self.title)
    }

    /// The number of steps so far.
    pub fn steps(&self) -> usize {
        self.step
    }

    /// Starts a part of the tour.
    pub fn start_part(&self, title: &str) {
        println!("\n{}", self.paint("1;36", title));
    }

    /// Starts a step.
    pub fn start_step(&mut self, title: impl Into<String>) {
        self.step += 1;
        self.title = title.into();
        println!("\n{}  {}", self.paint("36", &format!("{:>2}", self.step)), self.paint("1", &self.title));
    }

    /// Prints a fact with its name.
    pub fn print_fact(&self, name: &str, fact: impl Display) {
        println!("    {}  {fact}", self.paint("2", &format!("{name:<NAME_WIDTH$}")));
    }

    /// Prints a line below the facts.
    pub fn print_line(&self, text: impl Display) {
        println!("    {:NAME_WIDTH$}  {text}", "");
    }

    /// Prints that a check has passed.
    pub fn print_passed(&self, what: impl Display) {
        println!("    {}  {what}", self.paint("32", &format!("{:<NAME_WIDTH$}", "ok")));
    }

    /// Prints an operation as it was sent, if verbose.
    pub fn print_operation(&self, text: &str, variables: &Value) {
        if !self.is_verbose {
            return;
        }
        let mut shown = variables.clone();
        for secret in ["/input/password", "/input/newPassword", "/input/code"] {
            if let Some(secret) = shown.pointer_mut(secret) {
                *secret = Value::from("…");
            }
        }
        let variables = if shown.is_null() { String::new() } else { format!("variables {shown}") };
        for line in text.lines().chain(variables.lines()) {
            println!("    {}", self.paint("2", &format!("| {line}")));
        }
    }

    /// Prints the final line of a successful tour.
    pub fn print_done(&self, text: &str) {
        println!("\n{}", self.paint("1;32", text));
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.is_colored { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}
