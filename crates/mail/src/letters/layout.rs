//! The layout that all letters have.

use maud::{DOCTYPE, Markup, html};

use super::{Block, Brand, Draft};
use crate::Locale;

/// The text of a letter, with its links in full.
pub(super) fn text(draft: &Draft, brand: &Brand) -> String {
    let blocks = draft.blocks.iter().map(|block| match block {
        Block::Paragraph(text) => text.clone(),
        Block::Button { label, link } => format!("{label}:\n{link}"),
        Block::Code { label, code } => format!("{label}: {code}"),
        Block::Facts(facts) => {
            facts.iter().map(|(label, value)| format!("{label}: {value}")).collect::<Vec<_>>().join("\n")
        }
    });
    let mut parts = vec![draft.greeting.clone()];
    parts.extend(blocks);
    // Mailboxes recognize the signature by this line.
    parts.push(format!("-- \n{}\n{}\n{}", brand.name, brand.app_url, draft.footer));
    parts.join("\n\n") + "\n"
}

const BODY: &str =
    "margin:0;padding:24px 16px;font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif";
const BUTTON: &str = "display:inline-block;padding:12px 20px;border-radius:6px;background-color:#1d4ed8;color:#ffffff;\
                      font-weight:600;text-decoration:none";
const CODE: &str = "display:block;font:600 28px/1.4 ui-monospace,Consolas,monospace;letter-spacing:4px";
const FACT: &str = "padding:2px 16px 2px 0;text-align:left;vertical-align:top;font-weight:400";
const FOOTER: &str = "margin-top:32px;padding-top:16px;border-top:1px solid #808080;font-size:14px";

/// The HTML of a letter. Text and background have the colors of the mailbox, so that a dark one
/// stays dark; only the button has colors of its own, both of them.
pub(super) fn html(draft: &Draft, locale: Locale, brand: &Brand) -> String {
    let page = html! {
        (DOCTYPE)
        html lang=(locale.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="supported-color-schemes" content="light dark";
                title { (draft.subject) }
            }
            body style=(BODY) {
                div style="max-width:560px;margin:0 auto" {
                    p style="font-size:20px;font-weight:600" { (brand.name) }
                    p { (draft.greeting) }
                    @for block in &draft.blocks { (part(block)) }
                    p style=(FOOTER) {
                        a href=(brand.app_url) style="color:inherit" { (brand.name) }
                        br;
                        (draft.footer)
                    }
                }
            }
        }
    };
    page.into_string()
}

fn part(block: &Block) -> Markup {
    match block {
        Block::Paragraph(text) => html! { p { (text) } },
        Block::Button { label, link } => html! { p { a href=(link) style=(BUTTON) { (label) } } },
        Block::Code { label, code } => html! { p { (label) ": " strong style=(CODE) { (code) } } },
        Block::Facts(facts) => html! {
            table role="presentation" style="border-collapse:collapse" {
                @for (label, value) in facts {
                    tr { th style=(FACT) { (label) } td style=(FACT) { strong { (value) } } }
                }
            }
        },
    }
}
