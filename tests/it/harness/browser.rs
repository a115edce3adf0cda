//! A browser: it keeps cookies, sends them with every request to their server, and says which page causes a request.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};

use super::wire::{JSON, POST, exchange};

/// A browser with a page of one origin. Clones are tabs of it.
#[derive(Clone)]
pub struct Browser {
    to: String,
    origin: String,
    cookies: Arc<Mutex<BTreeMap<String, String>>>,
}

/// A response, with everything that a script of the page can read.
#[derive(Debug, Clone)]
pub struct Page {
    pub status: u16,
    /// Without cookies.
    pub body: Value,
    /// The `Set-Cookie` headers, which a script cannot read.
    pub set: Vec<String>,
}

impl Page {
    /// The code of its first error.
    pub fn code(&self) -> Option<&str> {
        self.body["errors"][0]["extensions"]["code"].as_str()
    }

    /// The value of its only root field; the response must have no errors.
    #[track_caller]
    pub fn field(&self) -> &Value {
        assert!(self.status == 200 && self.body.get("errors").is_none(), "{self:?}");
        self.body["data"].as_object().and_then(|fields| fields.values().next()).unwrap_or_else(|| panic!("{self:?}"))
    }
}

impl Browser {
    /// One that shows a page of the server itself.
    pub fn new(to: impl ToString) -> Self {
        let to = to.to_string();
        let origin = format!("http://{to}");
        Self { to, origin, cookies: Arc::default() }
    }

    /// The same browser, with a page of another origin.
    pub fn at(&self, origin: &str) -> Self {
        Self { origin: origin.to_owned(), ..self.clone() }
    }

    /// Another browser with the same cookies, as if they were copied.
    pub fn copied(&self) -> Self {
        Self { cookies: Arc::new(Mutex::new(self.cookies())), ..self.clone() }
    }

    /// The cookies, by name.
    pub fn cookies(&self) -> BTreeMap<String, String> {
        self.cookies.lock().unwrap().clone()
    }

    /// The value of the cookie whose name ends so.
    pub fn cookie(&self, end: &str) -> Option<String> {
        self.cookies().into_iter().find(|(name, _)| name.ends_with(end)).map(|(_, value)| value)
    }

    /// Forgets a cookie.
    pub fn forget(&self, end: &str) {
        self.cookies.lock().unwrap().retain(|name, _| !name.ends_with(end));
    }

    /// The `Cookie` header.
    pub fn header(&self) -> String {
        let pairs: Vec<_> = self.cookies().iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    /// Runs an operation in cookie mode.
    pub async fn run(&self, query: &str, variables: Value) -> Page {
        self.run_with(&[("staygate-session", "cookie")], query, variables).await
    }

    /// Runs a mutation in cookie mode, and returns its payload.
    pub async fn mutate(&self, mutation: &str, input: Value) -> Value {
        self.run(mutation, json!({ "input": input })).await.field().clone()
    }

    /// Runs an operation with these headers, and keeps the cookies of the response.
    pub async fn run_with(&self, headers: &[(&str, &str)], query: &str, variables: Value) -> Page {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let cookie = self.header();
        let mut all = vec![JSON, ("origin", self.origin.as_str())];
        all.extend(Some(("cookie", cookie.as_str())).filter(|(_, cookie)| !cookie.is_empty()));
        all.extend_from_slice(headers);
        if !headers.iter().any(|(name, _)| *name == "accept") {
            all.push(("accept", "application/json"));
        }
        let (head, body) = exchange(&self.to, POST, &all, &body).await.unwrap();
        let lines: Vec<(&str, &str)> = head.lines().filter_map(|line| line.split_once(": ")).collect();
        let set = lines.iter().filter(|(name, _)| *name == "set-cookie").map(|(_, value)| (*value).to_owned());
        let set: Vec<String> = set.collect();
        set.iter().for_each(|cookie| self.keep(cookie));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        Page { status, body: serde_json::from_str(&body).unwrap_or(Value::String(body)), set }
    }

    fn keep(&self, set: &str) {
        let (pair, attributes) = set.split_once("; ").unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        let mut cookies = self.cookies.lock().unwrap();
        if attributes.contains("Max-Age=0") {
            cookies.remove(name);
        } else {
            cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}
