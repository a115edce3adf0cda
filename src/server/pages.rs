//! Pages for people: the landing page and GraphiQL. Everything they load comes from this server.

use poem::http::HeaderMap;
use poem::{Response, Route, get};

use super::files::File;
use super::html::escape;

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
    /// Accounts that anybody may try; empty where there are none.
    pub accounts: Vec<DemoAccount>,
    /// Where the data comes from and under which licence, if that has to be said.
    pub attribution: Option<String>,
    /// Further links, as text and address.
    pub links: Vec<(String, String)>,
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
fn assets() -> [(&'static str, File); 6] {
    [
        ("landing.css", File::included(CSS, include_bytes!("assets/landing.css"))),
        ("explorer.js", File::included(JS, include_bytes!("assets/explorer.js"))),
        ("graphiql.css", File::included(CSS, include_bytes!("assets/graphiql-3.9.0.min.css"))),
        ("graphiql.js", File::included(JS, include_bytes!("assets/graphiql-3.9.0.min.js"))),
        ("react.js", File::included(JS, include_bytes!("assets/react-18.3.1.production.min.js"))),
        ("react-dom.js", File::included(JS, include_bytes!("assets/react-dom-18.3.1.production.min.js"))),
    ]
}

/// The pages and their assets as routes, and the page of GraphiQL.
pub(super) fn build(landing: &Landing, mut routes: Route) -> (Route, Page) {
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
    (routes, page)
}

fn explorer(landing: &Landing, address: &dyn Fn(&str) -> String) -> String {
    let scripts = ["react.js", "react-dom.js", "graphiql.js", "explorer.js"];
    let scripts: String =
        scripts.iter().map(|name| format!("<script defer src=\"{}\"></script>\n", address(name))).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{name} · GraphiQL</title>\n<link rel=\"icon\" href=\"data:,\">\n\
         <link rel=\"stylesheet\" href=\"{css}\">\n{scripts}</head>\n\
         <body style=\"margin:0\"><div id=\"explorer\" style=\"height:100vh\">Loading …</div></body>\n</html>\n",
        name = escape(&landing.name),
        css = address("graphiql.css"),
    )
}

fn home(landing: &Landing, address: &dyn Fn(&str) -> String) -> String {
    let name = escape(&landing.name);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{name}</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n<link rel=\"stylesheet\" href=\"{css}\">\n</head>\n<body>\n<main>\n\
         <header>\n<h1>{name} <small>{version}</small></h1>\n<p>{tagline}</p>\n</header>\n{links}{accounts}{how}{attribution}\
         </main>\n</body>\n</html>\n",
        css = address("landing.css"),
        version = escape(&landing.version),
        tagline = escape(&landing.tagline),
        links = links(landing),
        accounts = accounts(&landing.accounts),
        how = HOW,
        attribution =
            landing.attribution.as_ref().map_or(String::new(), |text| format!("<footer>{}</footer>\n", escape(text))),
    )
}

const HOW: &str = "<section>\n<h2>From a program</h2>\n<dl>\n\
    <dt>Queries and mutations</dt><dd><code>POST /graphql</code> with <code>application/json</code></dd>\n\
    <dt>Subscriptions</dt><dd>a websocket at <code>/graphql</code>, subprotocol <code>graphql-transport-ws</code></dd>\n\
    <dt>Signed in</dt><dd><code>Authorization: Bearer …</code>, or the same under <code>authorization</code> in \
    <code>connection_init</code></dd>\n</dl>\n</section>\n";

fn links(landing: &Landing) -> String {
    let own = [("Try it in GraphiQL", "/graphql"), ("Read the contract", "/schema.graphql")];
    let own = own.iter().map(|(text, to)| ((*text).to_owned(), (*to).to_owned()));
    let items = own.chain(landing.links.iter().cloned());
    let items: String =
        items.map(|(text, to)| format!("<a href=\"{}\">{}</a>\n", escape(&to), escape(&text))).collect();
    format!("<nav>\n{items}</nav>\n")
}

fn accounts(accounts: &[DemoAccount]) -> String {
    if accounts.is_empty() {
        return String::new();
    }
    let rows: String = accounts
        .iter()
        .map(|account| {
            let [role, email, password] = [&account.role, &account.email, &account.password].map(|text| escape(text));
            format!("<tr><td>{role}</td><td><code>{email}</code></td><td><code>{password}</code></td></tr>\n")
        })
        .collect();
    format!(
        "<section>\n<h2>Accounts to try</h2>\n<table>\n<thead><tr><th>Who</th><th>E-mail</th><th>Password</th></tr></thead>\n\
         <tbody>\n{rows}</tbody>\n</table>\n</section>\n"
    )
}
