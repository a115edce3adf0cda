//! The HTML of the pages.

use graphql_transport::File;
use maud::{DOCTYPE, Markup, html};
use serde::Serialize;

use super::{DemoAccount, Example, Landing, Role};

/// The inputs of the pages.
pub(super) struct PageContext<'a> {
    pub landing: &'a Landing,
    /// Whether the contract is served and can be introspected.
    pub has_contract: bool,
    pub assets: &'a [(&'static str, File)],
}

impl PageContext<'_> {
    /// The URL of an asset, which changes with its content.
    fn asset_url(&self, name: &str) -> String {
        let file = self.assets.iter().find(|(known, _)| *known == name);
        format!("/assets/{name}?v={}", file.map_or("", |(_, file)| file.hash()))
    }

    fn document(&self, title: &str, styles: &[&str], scripts: &[&str], body: &Markup) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (title) }
                    link rel="icon" href=(self.asset_url("favicon.svg"));
                    @for name in styles { link rel="stylesheet" href=(self.asset_url(name)); }
                    @for name in scripts { script defer src=(self.asset_url(name)) {} }
                }
                body { (body) }
            }
        }
    }

    /// The page with GraphiQL.
    pub fn explorer(&self) -> Markup {
        let landing = self.landing;
        let body = html! {
            div id="explorer" data-name=(landing.name) data-accounts=(json(&landing.accounts))
                data-journey=(json(&landing.examples)) data-introspection=(self.has_contract) { "Loading …" }
        };
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
        self.document(&format!("{} · GraphiQL", landing.name), &styles, &scripts, &body)
    }

    /// The landing page.
    pub fn home(&self) -> Markup {
        let landing = self.landing;
        let body = html! {
            header {
                div {
                    h1 { (landing.name) " " small { (landing.version) } }
                    p { (landing.tagline) }
                    (self.links())
                }
            }
            main {
                @if !landing.accounts.is_empty() { (accounts(&landing.accounts)) }
                @if !landing.examples.is_empty() { (examples(&landing.examples)) }
                (self.endpoints())
            }
            @if let Some(text) = &landing.attribution { footer { (with_links(text)) } }
        };
        // The scripts are only for signing in.
        let scripts: &[&str] = if landing.accounts.is_empty() { &[] } else { &["session.js", "sign-in.js"] };
        self.document(&landing.name, &["session.css", "landing.css"], scripts, &body)
    }

    fn links(&self) -> Markup {
        html! {
            nav {
                a href="/graphql" { "Open GraphiQL" } " "
                @if self.has_contract { a href="/schema.graphql" { "Read the contract" } " " }
                a href="/healthz" { "Health" }
                @for (text, url) in &self.landing.links { " " a href=(url) { (text) } }
            }
        }
    }

    fn endpoints(&self) -> Markup {
        let url = &self.landing.url;
        // http becomes ws, and https becomes wss.
        let socket = url.strip_prefix("http").map(|rest| format!("ws{rest}")).unwrap_or_default();
        html! {
            section {
                h2 { "Endpoints" }
                dl {
                    dt { "Queries, mutations" }
                    dd {
                        code.copy { (url) "/graphql" }
                        span { code { "POST" } " with " code { "application/json" } }
                    }
                    dt { "Subscriptions" }
                    dd {
                        code.copy { (socket) "/graphql" }
                        span { "subprotocol " code { "graphql-transport-ws" } }
                    }
                    dt { "Authentication" }
                    dd {
                        code.copy { "Authorization: Bearer …" }
                        span {
                            "on a websocket as " code { "authorization" } " in the payload of " code { "connection_init" }
                        }
                    }
                    dt { "For programs" }
                    dd {
                        span {
                            @if self.has_contract { a href="/schema.graphql" { "/schema.graphql" } " (the contract), " }
                            a href="/healthz" { "/healthz" } " (alive), " a href="/readyz" { "/readyz" } " (ready)"
                        }
                    }
                }
            }
        }
    }
}

/// A value as JSON, for an attribute that scripts read.
fn json(value: &impl Serialize) -> String {
    // Strings and lists of them can always be serialized.
    serde_json::to_string(value).unwrap_or_else(|_| "[]".to_owned())
}

fn examples(examples: &[Example]) -> Markup {
    html! {
        section {
            h2 { "The whole journey in GraphiQL" }
            p {
                "Each step is a tab. Run them in order: each uses values from earlier ones. The search finds nothing if no \
                 listing is published."
            }
            ol.cards {
                @for example in examples {
                    li {
                        a href={ "/graphql?tab=" (encode_query(&example.name)) } {
                            strong { (example.title) }
                            @match example.role {
                                Role::Anyone => {}
                                Role::Guest => { " " em { "guest" } }
                                Role::Host => { " " em { "host" } }
                            }
                            span { (example.note) }
                        }
                    }
                }
            }
        }
    }
}

fn accounts(accounts: &[DemoAccount]) -> Markup {
    html! {
        section {
            h2 { "Demo accounts" }
            div id="sign-in" data-accounts=(json(&accounts)) {}
            table {
                thead { tr { th { "Name" } th { "Email" } th { "Password" } } }
                tbody {
                    @for account in accounts {
                        tr {
                            td { (account.name) }
                            td { code.copy { (account.email) } }
                            td { code.copy { (account.password) } }
                        }
                    }
                }
            }
        }
    }
}

/// Encodes a value for the query of a URL.
fn encode_query(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// A text with its web addresses as links.
fn with_links(text: &str) -> Markup {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("https://") {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| c.is_whitespace() || matches!(c, ')' | ',' | ';')).unwrap_or(from.len());
        let (url, after) = from.split_at(end);
        parts.push((before, url));
        rest = after;
    }
    html! {
        @for (before, url) in parts {
            (before)
            a href=(url) rel="noreferrer" { (url.trim_start_matches("https://").trim_end_matches('/')) }
        }
        (rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_characters_in_a_query_are_encoded() {
        assert_eq!(encode_query("{ a(b: \"ü&\") }"), "%7B+a%28b%3A+%22%C3%BC%26%22%29+%7D");
    }

    #[test]
    fn web_addresses_become_links_and_all_other_text_is_escaped() {
        let html = with_links("<b> (https://a.example/x?y=1&z), https://b.example/ & more");
        let expected = "&lt;b&gt; (<a href=\"https://a.example/x?y=1&amp;z\" rel=\"noreferrer\">a.example/x?y=1&amp;z</a>), \
                        <a href=\"https://b.example/\" rel=\"noreferrer\">b.example</a> &amp; more";
        assert_eq!(html.into_string(), expected);
        assert_eq!(with_links("plain").into_string(), "plain");
    }
}
