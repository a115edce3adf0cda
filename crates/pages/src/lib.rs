//! The pages for people: the landing page, GraphiQL, and the mailbox of a development server. They load nothing from other servers.

mod html;
mod mailbox;

use async_graphql::Executor;
use graphql_transport::{File, Gateway};
use poem::get;
use serde::Serialize;

use html::PageContext;
pub use mailbox::serve_mailbox;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SVG: &str = "image/svg+xml";
const JS: &str = "text/javascript; charset=utf-8";

const LANDING_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";
/// GraphiQL's editor sets inline styles; its fonts and cursors are embedded in its style sheet.
const GRAPHIQL_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    font-src 'self' data:; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// The content of the landing page.
#[derive(Clone, Debug, Default)]
pub struct Landing {
    /// The name of the service.
    pub name: String,
    /// A description in one sentence.
    pub tagline: String,
    /// The running version.
    pub version: String,
    /// The URL of the server for clients, without a slash at its end; empty if unknown: endpoints
    /// are then shown without a host.
    pub url: String,
    /// Operations to open in GraphiQL, in the order they are run.
    pub examples: Vec<Example>,
    /// Demo accounts; may be empty.
    pub accounts: Vec<DemoAccount>,
    /// The source of the data and its license, if required.
    pub attribution: Option<String>,
    /// Further links, as text and URL.
    pub links: Vec<(String, String)>,
}

/// An example operation.
#[derive(Clone, Debug, Serialize)]
pub struct Example {
    /// The name of the operation in the document.
    pub name: String,
    /// A short description.
    pub title: String,
    /// What to look at, or to know before.
    pub note: String,
    /// Who can run it.
    pub role: Role,
    /// The document.
    pub query: String,
    /// Its variables, as JSON; empty if it has none. The page replaces a placeholder `{{name}}` by
    /// a value.
    pub variables: String,
    /// Values for later operations: a name, and a JSON pointer into `{ "data": …, "variables": …
    /// }`.
    pub finds: Vec<(String, String)>,
}

impl Example {
    /// Sets the note.
    #[must_use]
    pub fn with_note(self, note: &str) -> Self {
        Self { note: note.to_owned(), ..self }
    }

    /// Sets the values for later operations: names, and JSON pointers into the response.
    #[must_use]
    pub fn with_values(self, finds: &[(&str, &str)]) -> Self {
        let finds = finds.iter().map(|(name, pointer)| ((*name).to_owned(), (*pointer).to_owned())).collect();
        Self { finds, ..self }
    }
}

/// Who an operation, or a demo account, is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Anyone, also without an account.
    Anyone,
    /// A signed-in guest.
    Guest,
    /// A signed-in host.
    Host,
}

/// A demo account.
#[derive(Clone, Debug, Serialize)]
pub struct DemoAccount {
    /// Its name, such as "Demo guest".
    pub name: String,
    /// Who it is for.
    pub role: Role,
    /// The email to sign in with.
    pub email: String,
    /// The password to sign in with.
    pub password: String,
}

/// The assets of the pages, by name.
fn assets() -> [(&'static str, File); 13] {
    [
        ("favicon.svg", File::embedded(SVG, include_bytes!("assets/favicon.svg"))),
        ("session.css", File::embedded(CSS, include_bytes!("assets/session.css"))),
        ("landing.css", File::embedded(CSS, include_bytes!("assets/landing.css"))),
        ("explorer.css", File::embedded(CSS, include_bytes!("assets/explorer.css"))),
        ("session.js", File::embedded(JS, include_bytes!("assets/session.js"))),
        ("sign-in.js", File::embedded(JS, include_bytes!("assets/sign-in.js"))),
        ("journey.js", File::embedded(JS, include_bytes!("assets/journey.js"))),
        ("stream.js", File::embedded(JS, include_bytes!("assets/stream.js"))),
        ("explorer.js", File::embedded(JS, include_bytes!("assets/explorer.js"))),
        ("graphiql.css", File::embedded(CSS, include_bytes!("assets/graphiql-3.9.0.min.css"))),
        ("graphiql.js", File::embedded(JS, include_bytes!("assets/graphiql-3.9.0.min.js"))),
        ("react.js", File::embedded(JS, include_bytes!("assets/react-18.3.1.production.min.js"))),
        ("react-dom.js", File::embedded(JS, include_bytes!("assets/react-dom-18.3.1.production.min.js"))),
    ]
}

/// A gateway that also serves the pages and their assets: the landing page at `/`, and GraphiQL to
/// browsers at `/graphql`.
#[must_use]
pub fn serve<E: Executor>(mut gateway: Gateway<E>, landing: &Landing) -> Gateway<E> {
    let assets = assets();
    let context = PageContext { landing, has_contract: gateway.settings.publishes_contract, assets: &assets };
    let home = File::generated(HTML, context.home().into_string()).with_policy(LANDING_POLICY);
    gateway.explorer = Some(File::generated(HTML, context.explorer().into_string()).with_policy(GRAPHIQL_POLICY));
    gateway = gateway.route("/", get(home));
    for (name, file) in assets {
        gateway = gateway.route(format!("/assets/{name}"), get(file));
    }
    gateway
}
