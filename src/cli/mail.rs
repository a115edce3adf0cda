//! Shows what mails look like, without sending any.

use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, Subcommand};
use mail::{Brand, Letter, Locale, RenderedLetter};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Clone, Subcommand)]
enum Action {
    /// Print an example of a mail, or of each.
    Preview {
        /// Its name, such as `reset_password`; without one, all.
        letter: Option<String>,
        /// The language: `en` or `de`.
        #[arg(long, value_name = "TAG", default_value = "en")]
        locale: String,
        /// Print the HTML instead of the plain text. Needs the name of a mail.
        #[arg(long, requires = "letter")]
        html: bool,
    },
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let Action::Preview { letter, locale, html } = &arguments.action;
    let examples = Letter::examples();
    let is_wanted = |example: &&Letter| letter.as_ref().is_none_or(|name| example.name() == name);
    let wanted: Vec<_> = examples.iter().filter(is_wanted).collect();
    if wanted.is_empty() {
        let mut names: Vec<_> = examples.iter().map(Letter::name).collect();
        names.dedup();
        bail!("there is no mail `{}`: choose one of {}", letter.as_deref().unwrap_or_default(), names.join(", "));
    }
    let brand = Brand { name: "Staygate".to_owned(), app_url: "https://example.org".to_owned() };
    for example in wanted {
        let RenderedLetter { subject, text, html: document } = example.render(Locale::from_tag(locale), &brand);
        match html {
            true => println!("{document}"),
            false => println!("# {}\nSubject: {subject}\n\n{text}\n", example.name()),
        }
    }
    Ok(ExitCode::SUCCESS)
}
