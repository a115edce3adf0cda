//! The mailbox of a development server: every mail that it wrote into a folder, for people (`/dev/mail`) and for programs
//! (`/dev/mail.json?to=EMAIL`). Mails have codes and links that give access to accounts, so the caller serves it only where mails go to
//! nobody else.

use async_graphql::Executor;
use graphql_transport::Gateway;
use mail::{FolderEntry, MailFolder, StoredMail};
use maud::{DOCTYPE, Markup, html};
use poem::{
    Endpoint, Request, Response, get,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST},
    },
};
use serde::Deserialize;
use serde_json::json;

/// A mail's own document has inline styles, and is shown in a frame without scripts.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'self'";
/// How many mails are read, the newest first.
const MOST: usize = 100;
const STYLE: &str = ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
    table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #8884}\
    pre{white-space:pre-wrap;border:1px solid #8884;border-radius:.5rem;padding:1rem}\
    iframe{width:100%;height:34rem;border:1px solid #8884;border-radius:.5rem;background:#fff}";

/// A gateway that also serves the mails in `folder`.
#[must_use]
pub fn serve_mailbox<E: Executor>(gateway: Gateway<E>, folder: MailFolder) -> Gateway<E> {
    let page = |kind| get(Mailbox { folder: folder.clone(), kind });
    gateway
        .route("/dev/mail", page(Kind::List))
        .route("/dev/mail.json", page(Kind::Json))
        .route("/dev/mail/:name", page(Kind::One))
}

/// What is shown.
#[derive(Clone, Copy)]
enum Kind {
    List,
    Json,
    One,
}

struct Mailbox {
    folder: MailFolder,
    kind: Kind,
}

/// What may be chosen in a URL.
#[derive(Default, Deserialize)]
struct Choice {
    /// Only mails to this email.
    to: Option<String>,
}

impl Endpoint for Mailbox {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        // A page of another site could otherwise read codes, under a name of its own for this machine.
        if !is_local(&request) {
            return Ok(StatusCode::NOT_FOUND.into());
        }
        let choice: Choice = request.params().unwrap_or_default();
        match self.kind {
            Kind::List => Ok(page(&list(&self.newest(&choice).await?))),
            Kind::Json => self.json(&choice).await,
            Kind::One => {
                let name: String = request.path_params().unwrap_or_default();
                let found = self.folder.read(&name).await.map_err(unreadable)?;
                Ok(found.map_or_else(|| StatusCode::NOT_FOUND.into(), |mail| page(&one(&mail))))
            }
        }
    }
}

fn is_local(request: &Request) -> bool {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, port)| if port.ends_with(']') { host } else { name });
    ["localhost", "127.0.0.1", "[::1]"].contains(&name)
}

fn unreadable(error: std::io::Error) -> poem::Error {
    poem::Error::new(error, StatusCode::INTERNAL_SERVER_ERROR)
}

impl Mailbox {
    async fn newest(&self, choice: &Choice) -> poem::Result<Vec<FolderEntry>> {
        let mails = self.folder.newest(MOST).await.map_err(unreadable)?;
        let is_chosen = |mail: &FolderEntry| choice.to.as_ref().is_none_or(|to| mail.to == *to);
        Ok(mails.into_iter().filter(is_chosen).collect())
    }

    async fn json(&self, choice: &Choice) -> poem::Result<Response> {
        let mut mails = Vec::new();
        for entry in self.newest(choice).await? {
            if let Some(mail) = self.folder.read(&entry.name).await.map_err(unreadable)? {
                mails.push(json!({ "to": mail.to, "subject": mail.subject, "date": mail.date, "text": mail.text }));
            }
        }
        let body = json!({ "mails": mails }).to_string();
        Ok(Response::builder().header(CACHE_CONTROL, "no-store").content_type("application/json").body(body))
    }
}

fn page(body: &Markup) -> Response {
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Mailbox" }
                style { (maud::PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    };
    Response::builder()
        .header(CACHE_CONTROL, "no-store")
        .header(CONTENT_SECURITY_POLICY, POLICY)
        .content_type("text/html; charset=utf-8")
        .body(document.into_string())
}

fn list(mails: &[FolderEntry]) -> Markup {
    html! {
        h1 { "Mailbox" }
        p {
            "Mails of this server go into a folder instead of to their recipients. Set " code { "STAYGATE_MAIL" } " to send them. "
            "Links in mails open the single-page app of " code { "STAYGATE_APP_URL" } "; without one, pass their codes to the API."
        }
        @if mails.is_empty() { p { "No mail yet. Register with GraphiQL, or ask to reset a password." } }
        @else {
            table {
                thead { tr { th { "To" } th { "Subject" } th { "Date" } } }
                tbody {
                    @for mail in mails {
                        tr {
                            td { (mail.to) }
                            td { a href={ "/dev/mail/" (mail.name) } { (mail.subject) } }
                            td { (mail.date) }
                        }
                    }
                }
            }
        }
    }
}

fn one(mail: &StoredMail) -> Markup {
    html! {
        p { a href="/dev/mail" { "All mails" } }
        h1 { (mail.subject) }
        p { "To " (mail.to) ", " (mail.date) }
        iframe sandbox="" title="The mail" srcdoc=(mail.html) {}
        h2 { "Plain text" }
        pre { (mail.text) }
    }
}
