//! An OpenID Connect provider, in this process, that can lie and fail.

mod signing;

use std::{
    collections::{BTreeMap, HashMap},
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, body::Bytes, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use providers::identity::{ClientSecret, IdentityProviders, OidcProvider, ProviderSettings, Timeouts};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tokio::{net::TcpListener, task::JoinHandle};
use types::Timestamp;

use signing::Key;
pub use signing::{Algorithm, Forgery};

/// The page to which it sends people back.
pub const PAGE: &str = "https://stays.example.org/sign-in/provider";
/// The name of the client there, and its secret: with characters that a header and a form encode.
const CLIENT: (&str, &str) = ("staygate", "a secret: %+/=");
/// The timeout of requests to it: long enough for the rest of a test.
const TIMEOUT: Duration = Duration::from_secs(3);
/// What it can be asked.
const PATHS: [&str; 4] = ["/.well-known/openid-configuration", "/keys", "/token", "/userinfo"];

/// How it fails, at one of its paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// It never responds.
    Hangs,
    /// It closes the connection in the middle of the response.
    Drops,
    /// Its response never ends.
    Endless,
    /// It sends the client elsewhere.
    Redirects,
    /// It responds with this status.
    Status(u16),
    /// It responds with something else.
    Garbage,
}

/// What it has sent to the page.
#[derive(Debug, Clone)]
pub struct Approval {
    pub code: String,
    pub state: String,
}

/// A change of the claims of an ID token.
type Lie = Arc<dyn Fn(&mut Map<String, Value>) + Send + Sync>;

/// A code that was not exchanged yet.
struct Code {
    request: BTreeMap<String, String>,
    claims: Map<String, Value>,
}

struct State {
    keys: Vec<Key>,
    codes: HashMap<String, Code>,
    lie: Option<Lie>,
    forgery: Option<Forgery>,
    failures: HashMap<&'static str, Failure>,
    metadata: Map<String, Value>,
    asked: HashMap<&'static str, usize>,
    userinfo: Map<String, Value>,
    number: usize,
}

/// The provider.
pub struct IdentityServer {
    pub issuer: String,
    state: Arc<Mutex<State>>,
    serving: JoinHandle<()>,
}

impl Drop for IdentityServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl IdentityServer {
    /// Listens on a port until it is dropped.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State {
            keys: vec![Key::new("first", Algorithm::Es256)],
            codes: HashMap::new(),
            lie: None,
            forgery: None,
            failures: HashMap::new(),
            metadata: metadata(&issuer),
            asked: HashMap::new(),
            userinfo: Map::new(),
            number: 0,
        }));
        let serving = tokio::spawn(serve(listener, Arc::clone(&state)));
        Self { issuer, state, serving }
    }

    /// This provider, under a key.
    pub fn settings(&self, id: &str) -> ProviderSettings {
        ProviderSettings {
            id: id.to_owned(),
            name: format!("{id} ID"),
            issuer: self.issuer.clone(),
            client_id: CLIENT.0.to_owned(),
            client_secret: ClientSecret::new(CLIENT.1.to_owned()),
            scopes: ["openid", "email", "profile"].map(str::to_owned).to_vec(),
        }
    }

    /// These providers.
    pub fn all(settings: Vec<ProviderSettings>) -> IdentityProviders {
        Self::all_within(TIMEOUT, settings)
    }

    /// These providers, with a timeout of their own.
    pub fn all_within(request: Duration, settings: Vec<ProviderSettings>) -> IdentityProviders {
        let adapters = OidcProvider::all(settings, Timeouts { request }).unwrap();
        IdentityProviders::new(adapters, vec![PAGE.to_owned()])
    }

    /// A person approves what its page at `url` asks.
    pub fn approve(&self, url: &str, person: &Value, now: Timestamp) -> Approval {
        let (page, query) = url.split_once('?').unwrap();
        assert_eq!(page, format!("{}/authorize", self.issuer));
        let request: BTreeMap<String, String> =
            url::form_urlencoded::parse(query.as_bytes()).map(|(name, value)| (name.into(), value.into())).collect();
        assert_eq!((request["response_type"].as_str(), request["client_id"].as_str()), ("code", CLIENT.0));
        assert_eq!((request["code_challenge_method"].as_str(), request["redirect_uri"].as_str()), ("S256", PAGE));
        assert!(request["scope"].split(' ').any(|scope| scope == "openid"));
        let mut claims = person.as_object().unwrap().clone();
        let seconds = now.unix_seconds();
        let own = json!({ "iss": self.issuer, "aud": CLIENT.0, "exp": seconds + 300, "iat": seconds, "nonce": request["nonce"] });
        claims.extend(own.as_object().unwrap().clone());
        let mut state = self.state();
        state.number += 1;
        let (code, sent) = (format!("code-{}", state.number), request["state"].clone());
        state.codes.insert(code.clone(), Code { request, claims });
        Approval { code, state: sent }
    }

    /// From now on it changes the claims of ID tokens so.
    pub fn lie(&self, change: impl Fn(&mut Map<String, Value>) + Send + Sync + 'static) {
        self.state().lie = Some(Arc::new(change));
    }

    /// From now on it signs ID tokens so.
    pub fn forge(&self, forgery: Forgery) {
        self.state().forgery = Some(forgery);
    }

    /// From now on it fails so at a path.
    pub fn fail(&self, path: &'static str, failure: Failure) {
        assert!(PATHS.contains(&path));
        self.state().failures.insert(path, failure);
    }

    /// It is honest, and does not fail.
    pub fn recover(&self) {
        let mut state = self.state();
        (state.lie, state.forgery) = (None, None);
        state.failures.clear();
    }

    /// It signs with another key from now on; the others are gone.
    pub fn rotate(&self, kid: &str, algorithm: Algorithm) {
        self.state().keys = vec![Key::new(kid, algorithm)];
    }

    /// Changes its discovery document; null removes.
    pub fn describe(&self, name: &str, value: Value) {
        let mut state = self.state();
        match value {
            Value::Null => drop(state.metadata.remove(name)),
            value => drop(state.metadata.insert(name.to_owned(), value)),
        }
    }

    /// What it says about people when it is asked.
    pub fn say(&self, claims: &Value) {
        self.state().userinfo = claims.as_object().unwrap().clone();
        let endpoint = format!("{}/userinfo", self.issuer);
        self.describe("userinfo_endpoint", endpoint.into());
    }

    /// How often it was asked at a path.
    pub fn asked(&self, path: &str) -> usize {
        self.state().asked.get(path).copied().unwrap_or_default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

fn metadata(issuer: &str) -> Map<String, Value> {
    let document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "code_challenge_methods_supported": ["plain", "S256"],
    });
    document.as_object().unwrap().clone()
}

async fn serve(listener: TcpListener, state: Arc<Mutex<State>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        let answer = service_fn(move |request| answer(Arc::clone(&state), request));
        let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
        tokio::spawn(connection);
    }
}

/// A body: of one piece, or one that fails or never ends.
type Body = http_body_util::combinators::UnsyncBoxBody<Bytes, std::io::Error>;

fn whole(text: String) -> Body {
    Full::new(Bytes::from(text)).map_err(|never: Infallible| match never {}).boxed_unsync()
}

async fn answer(state: Arc<Mutex<State>>, request: Request<Incoming>) -> Result<Response<Body>, std::io::Error> {
    let (parts, body) = request.into_parts();
    let path = PATHS.into_iter().find(|path| *path == parts.uri.path());
    let form = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let Some(path) = path else { return Ok(reply(404, &json!({}))) };
    let failure = {
        let mut state = state.lock().unwrap();
        *state.asked.entry(path).or_default() += 1;
        state.failures.get(path).copied()
    };
    match failure {
        Some(failure) => fail(failure).await,
        None => {
            let header = parts.headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
            Ok(state.lock().unwrap().honest(path, header.as_deref(), &form))
        }
    }
}

fn reply(status: u16, value: &Value) -> Response<Body> {
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(whole(value.to_string()))
        .unwrap()
}

async fn fail(failure: Failure) -> Result<Response<Body>, std::io::Error> {
    let spaces = || Ok::<_, std::io::Error>(hyper::body::Frame::data(Bytes::from(" ".repeat(65_536))));
    let cut = || Err(std::io::Error::other("cut off"));
    Ok(match failure {
        Failure::Hangs => std::future::pending().await,
        Failure::Drops => {
            let frames = futures_util::stream::iter([spaces(), cut()]);
            Response::new(http_body_util::StreamBody::new(frames).boxed_unsync())
        }
        Failure::Endless => {
            let frames = futures_util::stream::repeat_with(spaces);
            Response::new(http_body_util::StreamBody::new(frames).boxed_unsync())
        }
        Failure::Redirects => {
            let elsewhere = Response::builder().status(302).header("location", "http://127.0.0.1:1/");
            elsewhere.body(whole(String::new())).unwrap()
        }
        Failure::Status(status) => reply(status, &json!({})),
        Failure::Garbage => Response::new(whole("<html>".to_owned())),
    })
}

impl State {
    fn honest(&mut self, path: &str, header: Option<&str>, form: &str) -> Response<Body> {
        match path {
            "/.well-known/openid-configuration" => reply(200, &Value::Object(self.metadata.clone())),
            "/keys" => reply(200, &json!({ "keys": self.keys.iter().map(Key::public).collect::<Vec<_>>() })),
            "/userinfo" if header == Some("Bearer an access token") => {
                reply(200, &Value::Object(self.userinfo.clone()))
            }
            "/userinfo" => reply(401, &json!({})),
            _ => self.exchange(header, form),
        }
    }

    /// Exchanges a code, once, for the client and the verifier that asked for it.
    fn exchange(&mut self, header: Option<&str>, form: &str) -> Response<Body> {
        let form: BTreeMap<String, String> =
            url::form_urlencoded::parse(form.as_bytes()).map(|(name, value)| (name.into(), value.into())).collect();
        if !self.is_client(header, &form) {
            return reply(401, &json!({ "error": "invalid_client" }));
        }
        let code = self.codes.remove(&form["code"]).filter(|code| {
            let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(form["code_verifier"].as_bytes()));
            code.request["code_challenge"] == challenge && code.request["redirect_uri"] == form["redirect_uri"]
        });
        let Some(Code { mut claims, .. }) = code else { return reply(400, &json!({ "error": "invalid_grant" })) };
        if let Some(lie) = &self.lie {
            lie(&mut claims);
        }
        let token = self.keys[0].sign(&Value::Object(claims), self.forgery);
        reply(200, &json!({ "access_token": "an access token", "token_type": "Bearer", "id_token": token }))
    }

    fn is_client(&self, header: Option<&str>, form: &BTreeMap<String, String>) -> bool {
        let in_form = form.get("client_secret").is_some_and(|secret| secret == CLIENT.1);
        let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!("{}:{}", encoded(CLIENT.0), encoded(CLIENT.1));
        let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
        match self.metadata.get("token_endpoint_auth_methods_supported") {
            Some(methods) if methods == &json!(["client_secret_post"]) => in_form && header.is_none(),
            _ => header == Some(basic.as_str()) && !in_form,
        }
    }
}
