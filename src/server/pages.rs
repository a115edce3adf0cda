//! Pages for people: the landing page and GraphiQL. Everything they load comes from this server.

use poem::http::HeaderMap;
use poem::{Response, Route, get};

use super::files::File;
use super::html::{escape, in_query, linked};

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

const LANDING_POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
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
    /// Operations to open in GraphiQL.
    pub examples: Vec<Example>,
    /// Accounts that anybody may try; empty where there are none.
    pub accounts: Vec<DemoAccount>,
    /// A command for a shell that signs in with one of them.
    pub sign_in: Option<String>,
    /// Where the data comes from and under which licence, if that has to be said.
    pub attribution: Option<String>,
    /// Further links, as text and address.
    pub links: Vec<(String, String)>,
}

/// An operation to try.
#[derive(Clone, Debug)]
pub struct Example {
    /// What it does, in a few words.
    pub title: String,
    /// What is to be seen or known.
    pub note: String,
    /// The operation.
    pub query: String,
    /// Its variables, as JSON; empty where it has none.
    pub variables: String,
}

/// An account that anybody may try.
#[derive(Clone, Debug)]
pub struct DemoAccount {
    /// What the account is good for: "guest", "host".
    pub role: String,
    /// The address to sign in with.
    pub email: String,
    /// The password to sign in with.
    pub password: String,
}

/// One page.
#[derive(Clone)]
pub(super) struct Page(File);

impl Page {
    pub fn respond(&self, headers: &HeaderMap) -> Response {
        let mut response = self.0.respond(headers, false);
        response.headers_mut().append("vary", poem::http::HeaderValue::from_static("accept"));
        response
    }
}

/// The files that pages load, by name.
fn assets() -> [(&'static str, File); 7] {
    [
        ("landing.css", File::included(CSS, include_bytes!("assets/landing.css"))),
        ("explorer.css", File::included(CSS, include_bytes!("assets/explorer.css"))),
        ("explorer.js", File::included(JS, include_bytes!("assets/explorer.js"))),
        ("graphiql.css", File::included(CSS, include_bytes!("assets/graphiql-3.9.0.min.css"))),
        ("graphiql.js", File::included(JS, include_bytes!("assets/graphiql-3.9.0.min.js"))),
        ("react.js", File::included(JS, include_bytes!("assets/react-18.3.1.production.min.js"))),
        ("react-dom.js", File::included(JS, include_bytes!("assets/react-dom-18.3.1.production.min.js"))),
    ]
}

/// The pages and their assets as routes, and the page of GraphiQL.
pub(super) fn build(landing: &Landing, mut routes: Route) -> (Route, Option<Page>) {
    let assets = assets();
    let address = |name: &str| {
        let file = assets.iter().find(|(known, _)| *known == name);
        format!("/assets/{name}?v={}", file.map_or("", |(_, file)| file.hash()))
    };
    let page = Page(File::built(HTML, explorer(landing, &address)).with_policy(GRAPHIQL_POLICY));
    let home = File::built(HTML, home(landing, &address)).with_policy(LANDING_POLICY);
    routes = routes.at("/", get(home));
    for (name, file) in assets {
        routes = routes.at(format!("/assets/{name}"), get(file));
    }
    (routes, Some(page))
}

fn explorer(landing: &Landing, address: &dyn Fn(&str) -> String) -> String {
    let scripts = ["react.js", "react-dom.js", "graphiql.js", "explorer.js"];
    let scripts: String =
        scripts.iter().map(|name| format!("<script defer src=\"{}\"></script>\n", address(name))).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{name} · GraphiQL</title>\n<link rel=\"icon\" href=\"data:,\">\n\
         <link rel=\"stylesheet\" href=\"{css}\">\n\
         <link rel=\"stylesheet\" href=\"{own_css}\">\n{scripts}</head>\n\
         <body><div id=\"explorer\">Loading …</div></body>\n</html>\n",
        name = escape(&landing.name),
        css = address("graphiql.css"),
        own_css = address("explorer.css"),
    )
}

fn home(landing: &Landing, address: &dyn Fn(&str) -> String) -> String {
    let name = escape(&landing.name);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{name}</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n<link rel=\"stylesheet\" href=\"{css}\">\n</head>\n<body>\n<header>\n<div>\n\
         <h1>{name} <small>{version}</small></h1>\n<p>{tagline}</p>\n{links}</div>\n</header>\n<main>\n\
         {endpoints}{examples}{accounts}</main>\n{attribution}</body>\n</html>\n",
        css = address("landing.css"),
        version = escape(&landing.version),
        tagline = escape(&landing.tagline),
        links = links(landing),
        endpoints = endpoints(&landing.url),
        examples = examples(&landing.examples),
        accounts = accounts(landing),
        attribution =
            landing.attribution.as_ref().map_or(String::new(), |text| format!("<footer>{}</footer>\n", linked(text))),
    )
}

fn links(landing: &Landing) -> String {
    let own = [("Open GraphiQL", "/graphql"), ("Read the contract", "/schema.graphql"), ("Health", "/healthz")];
    let own = own.iter().map(|(text, to)| ((*text).to_owned(), (*to).to_owned()));
    let items = own.chain(landing.links.iter().cloned());
    let items: String =
        items.map(|(text, to)| format!("<a href=\"{}\">{}</a>\n", escape(&to), escape(&text))).collect();
    format!("<nav>\n{items}</nav>\n")
}

fn endpoints(url: &str) -> String {
    // http becomes ws, https becomes wss.
    let socket = url.strip_prefix("http").map(|rest| format!("ws{rest}")).unwrap_or_default();
    format!(
        "<section>\n<h2>Endpoints</h2>\n<dl>\n\
         <dt>Queries, mutations</dt><dd><code class=\"copy\">{http}/graphql</code>\
         <span><code>POST</code> with <code>application/json</code></span></dd>\n\
         <dt>Subscriptions</dt><dd><code class=\"copy\">{socket}/graphql</code>\
         <span>subprotocol <code>graphql-transport-ws</code></span></dd>\n\
         <dt>Signed in</dt><dd><code class=\"copy\">Authorization: Bearer …</code>\
         <span>on a websocket the same, as <code>authorization</code> in the payload of <code>connection_init</code></span></dd>\n\
         <dt>For machines</dt><dd><span><a href=\"/schema.graphql\">/schema.graphql</a>, \
         <a href=\"/healthz\">/healthz</a> (alive), <a href=\"/readyz\">/readyz</a> (ready to work)</span></dd>\n\
         </dl>\n</section>\n",
        http = escape(url),
        socket = escape(&socket),
    )
}

fn examples(examples: &[Example]) -> String {
    if examples.is_empty() {
        return String::new();
    }
    let card = |example: &Example| {
        let variables = if example.variables.is_empty() {
            String::new()
        } else {
            format!("&amp;variables={}", in_query(&example.variables))
        };
        format!(
            "<li><a href=\"/graphql?query={query}{variables}\"><strong>{title}</strong><span>{note}</span></a></li>\n",
            query = in_query(&example.query),
            title = escape(&example.title),
            note = escape(&example.note),
        )
    };
    let cards: String = examples.iter().map(card).collect();
    format!("<section>\n<h2>Try it in GraphiQL</h2>\n<ul class=\"cards\">\n{cards}</ul>\n</section>\n")
}

fn accounts(landing: &Landing) -> String {
    if landing.accounts.is_empty() {
        return String::new();
    }
    let rows: String = landing
        .accounts
        .iter()
        .map(|account| {
            let [role, email, password] = [&account.role, &account.email, &account.password].map(|text| escape(text));
            format!(
                "<tr><td>{role}</td><td><code class=\"copy\">{email}</code></td>\
                 <td><code class=\"copy\">{password}</code></td></tr>\n"
            )
        })
        .collect();
    let sign_in = landing.sign_in.as_ref().map_or(String::new(), |command| {
        format!(
            "<p>Sign in from a shell; the answer holds the access token:</p>\n<pre class=\"copy\">{}</pre>\n",
            escape(command)
        )
    });
    format!(
        "<section>\n<h2>Accounts to try</h2>\n<table>\n<thead><tr><th>Who</th><th>E-mail</th><th>Password</th></tr></thead>\n\
         <tbody>\n{rows}</tbody>\n</table>\n{sign_in}</section>\n"
    )
}
