//! Pages for people: the landing page and GraphiQL. Everything they load comes from this server.

mod html;

use async_graphql::Executor;
use graphql_transport::{File, Gateway};
use poem::get;
use serde::Serialize;

use html::{escape, in_query, linked};

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SVG: &str = "image/svg+xml";
const JS: &str = "text/javascript; charset=utf-8";

const LANDING_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";
/// GraphiQL's editor sets styles of its elements; its fonts and cursors are inside its style sheet.
const GRAPHIQL_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    font-src 'self' data:; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// What the landing page tells.
#[derive(Clone, Debug, Default)]
pub struct Landing {
    /// The name of the service.
    pub name: String,
    /// What it is, in a sentence.
    pub tagline: String,
    /// The version that runs.
    pub version: String,
    /// The address by which clients reach the server, without a slash at its end; where it is not known, addresses are shown
    /// without a host.
    pub url: String,
    /// Operations to open in GraphiQL, in the order in which they are run.
    pub examples: Vec<Example>,
    /// Accounts that anybody may try; empty where there are none.
    pub accounts: Vec<DemoAccount>,
    /// Where the data comes from and under which license, if that has to be said.
    pub attribution: Option<String>,
    /// Further links, as text and address.
    pub links: Vec<(String, String)>,
}

/// An operation to try.
#[derive(Clone, Debug, Serialize)]
pub struct Example {
    /// The name of the operation in the document.
    pub name: String,
    /// What it does, in a few words.
    pub title: String,
    /// What is to be seen or known.
    pub note: String,
    /// Who can run it.
    pub role: Role,
    /// The document.
    pub query: String,
    /// Its variables, as JSON; empty where it has none. A text `{{name}}` stands for a value that the page fills in.
    pub variables: String,
    /// What later operations use: a name, and where `{ "data": …, "variables": … }` has it, as a JSON pointer.
    pub finds: Vec<(String, String)>,
}

impl Example {
    /// The same, with a note.
    #[must_use]
    pub fn noted(self, note: &str) -> Self {
        Self { note: note.to_owned(), ..self }
    }

    /// The same, with names for values in its answer, each with the JSON pointer to it.
    #[must_use]
    pub fn finding(self, finds: &[(&str, &str)]) -> Self {
        let finds = finds.iter().map(|(name, pointer)| ((*name).to_owned(), (*pointer).to_owned())).collect();
        Self { finds, ..self }
    }
}

/// Who an operation is for, and what an account is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everybody, also without an account.
    Anyone,
    /// A signed-in guest.
    Guest,
    /// A signed-in host.
    Host,
}

/// An account that anybody may try.
#[derive(Clone, Debug, Serialize)]
pub struct DemoAccount {
    /// What people call it: "Demo guest".
    pub name: String,
    /// What it is good for.
    pub role: Role,
    /// The address to sign in with.
    pub email: String,
    /// The password to sign in with.
    pub password: String,
}

/// The files that pages load, by name.
fn assets() -> [(&'static str, File); 13] {
    [
        ("favicon.svg", File::included(SVG, include_bytes!("assets/favicon.svg"))),
        ("session.css", File::included(CSS, include_bytes!("assets/session.css"))),
        ("landing.css", File::included(CSS, include_bytes!("assets/landing.css"))),
        ("explorer.css", File::included(CSS, include_bytes!("assets/explorer.css"))),
        ("session.js", File::included(JS, include_bytes!("assets/session.js"))),
        ("sign-in.js", File::included(JS, include_bytes!("assets/sign-in.js"))),
        ("journey.js", File::included(JS, include_bytes!("assets/journey.js"))),
        ("stream.js", File::included(JS, include_bytes!("assets/stream.js"))),
        ("explorer.js", File::included(JS, include_bytes!("assets/explorer.js"))),
        ("graphiql.css", File::included(CSS, include_bytes!("assets/graphiql-3.9.0.min.css"))),
        ("graphiql.js", File::included(JS, include_bytes!("assets/graphiql-3.9.0.min.js"))),
        ("react.js", File::included(JS, include_bytes!("assets/react-18.3.1.production.min.js"))),
        ("react-dom.js", File::included(JS, include_bytes!("assets/react-dom-18.3.1.production.min.js"))),
    ]
}

/// What pages are made from.
struct Parts<'a> {
    landing: &'a Landing,
    /// Whether clients may read the contract.
    has_contract: bool,
    assets: &'a [(&'static str, File)],
}

/// A gateway that serves the pages and what they load as well: the landing page at `/`, GraphiQL to browsers at `/graphql`.
#[must_use]
pub fn serve<E: Executor>(mut gateway: Gateway<E>, landing: &Landing) -> Gateway<E> {
    let assets = assets();
    let parts = Parts { landing, has_contract: gateway.settings.publishes_contract, assets: &assets };
    let home = File::built(HTML, parts.home()).with_policy(LANDING_POLICY);
    gateway.explorer = Some(File::built(HTML, parts.explorer()).with_policy(GRAPHIQL_POLICY));
    gateway = gateway.route("/", get(home));
    for (name, file) in assets {
        gateway = gateway.route(format!("/assets/{name}"), get(file));
    }
    gateway
}

impl Parts<'_> {
    fn address(&self, name: &str) -> String {
        let file = self.assets.iter().find(|(known, _)| *known == name);
        format!("/assets/{name}?v={}", file.map_or("", |(_, file)| file.hash()))
    }

    /// A page with its style sheets and scripts.
    fn document(&self, title: &str, styles: &[&str], scripts: &[&str], body: &str) -> String {
        let styles: String =
            styles.iter().map(|name| format!("<link rel=\"stylesheet\" href=\"{}\">\n", self.address(name))).collect();
        let scripts: String =
            scripts.iter().map(|name| format!("<script defer src=\"{}\"></script>\n", self.address(name))).collect();
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
             <link rel=\"icon\" href=\"{icon}\">\n{styles}{scripts}</head>\n<body>\n{body}</body>\n</html>\n",
            icon = self.address("favicon.svg"),
        )
    }

    fn explorer(&self) -> String {
        let body = format!(
            "<div id=\"explorer\" data-name=\"{name}\" data-accounts=\"{accounts}\" data-journey=\"{journey}\" \
             data-introspection=\"{introspection}\">Loading …</div>\n",
            name = escape(&self.landing.name),
            accounts = in_attribute(&self.landing.accounts),
            journey = in_attribute(&self.landing.examples),
            introspection = self.has_contract,
        );
        let title = format!("{} · GraphiQL", escape(&self.landing.name));
        let styles = ["graphiql.css", "session.css", "explorer.css"];
        let scripts = [
            "react.js",
            "react-dom.js",
            "graphiql.js",
            "session.js",
            "sign-in.js",
            "journey.js",
            "stream.js",
            "explorer.js",
        ];
        self.document(&title, &styles, &scripts, &body)
    }

    fn home(&self) -> String {
        let landing = self.landing;
        let name = escape(&landing.name);
        let attribution = landing.attribution.as_ref();
        let body = format!(
            "<header>\n<div>\n<h1>{name} <small>{version}</small></h1>\n<p>{tagline}</p>\n{links}</div>\n</header>\n\
             <main>\n{accounts}{examples}{endpoints}</main>\n{attribution}",
            version = escape(&landing.version),
            tagline = escape(&landing.tagline),
            links = self.links(),
            accounts = accounts(&landing.accounts),
            examples = examples(&landing.examples),
            endpoints = self.endpoints(),
            attribution = attribution.map_or(String::new(), |text| format!("<footer>{}</footer>\n", linked(text))),
        );
        // Without accounts there is nothing for a script to do.
        let scripts: &[&str] = if landing.accounts.is_empty() { &[] } else { &["session.js", "sign-in.js"] };
        self.document(&name, &["session.css", "landing.css"], scripts, &body)
    }

    fn links(&self) -> String {
        let contract = self.has_contract.then_some(("Read the contract", "/schema.graphql"));
        let own = [Some(("Open GraphiQL", "/graphql")), contract, Some(("Health", "/healthz"))];
        let own = own.into_iter().flatten().map(|(text, to)| (text.to_owned(), to.to_owned()));
        let items = own.chain(self.landing.links.iter().cloned());
        let items: String =
            items.map(|(text, to)| format!("<a href=\"{}\">{}</a>\n", escape(&to), escape(&text))).collect();
        format!("<nav>\n{items}</nav>\n")
    }

    fn endpoints(&self) -> String {
        let url = &self.landing.url;
        // http becomes ws, https becomes wss.
        let socket = url.strip_prefix("http").map(|rest| format!("ws{rest}")).unwrap_or_default();
        let contract =
            if self.has_contract { "<a href=\"/schema.graphql\">/schema.graphql</a> (the contract), " } else { "" };
        format!(
            "<section>\n<h2>Endpoints</h2>\n<dl>\n\
             <dt>Queries, mutations</dt><dd><code class=\"copy\">{http}/graphql</code>\
             <span><code>POST</code> with <code>application/json</code></span></dd>\n\
             <dt>Subscriptions</dt><dd><code class=\"copy\">{socket}/graphql</code>\
             <span>subprotocol <code>graphql-transport-ws</code></span></dd>\n\
             <dt>Authentication</dt><dd><code class=\"copy\">Authorization: Bearer …</code>\
             <span>on a websocket as <code>authorization</code> in the payload of <code>connection_init</code></span></dd>\n\
             <dt>For programs</dt><dd><span>{contract}\
             <a href=\"/healthz\">/healthz</a> (alive), <a href=\"/readyz\">/readyz</a> (ready)</span></dd>\n\
             </dl>\n</section>\n",
            http = escape(url),
            socket = escape(&socket),
        )
    }
}

/// A value as JSON in an attribute, where scripts read it.
fn in_attribute(value: &impl Serialize) -> String {
    // Texts and lists of them can always be written as JSON.
    escape(&serde_json::to_string(value).unwrap_or_else(|_| "[]".to_owned()))
}

fn examples(examples: &[Example]) -> String {
    if examples.is_empty() {
        return String::new();
    }
    let card = |example: &Example| {
        let who = match example.role {
            Role::Anyone => "",
            Role::Guest => " <em>guest</em>",
            Role::Host => " <em>host</em>",
        };
        format!(
            "<li><a href=\"/graphql?tab={name}\"><strong>{title}</strong>{who}<span>{note}</span></a></li>\n",
            name = in_query(&example.name),
            title = escape(&example.title),
            note = escape(&example.note),
        )
    };
    let cards: String = examples.iter().map(card).collect();
    format!(
        "<section>\n<h2>The whole journey in GraphiQL</h2>\n<p>Each step is a tab. Run them in order: each uses values from earlier \
         ones. The search finds nothing if no listing is published.</p>\n<ol class=\"cards\">\n{cards}</ol>\n</section>\n"
    )
}

fn accounts(accounts: &[DemoAccount]) -> String {
    if accounts.is_empty() {
        return String::new();
    }
    let row = |account: &DemoAccount| {
        let [name, email, password] = [&account.name, &account.email, &account.password].map(|text| escape(text));
        format!(
            "<tr><td>{name}</td><td><code class=\"copy\">{email}</code></td>\
             <td><code class=\"copy\">{password}</code></td></tr>\n"
        )
    };
    let rows: String = accounts.iter().map(row).collect();
    format!(
        "<section>\n<h2>Demo accounts</h2>\n<div id=\"sign-in\" data-accounts=\"{accounts}\"></div>\n\
         <table>\n<thead><tr><th>Name</th><th>Email</th><th>Password</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</section>\n",
        accounts = in_attribute(&accounts),
    )
}
