//! Clients that send requests as fast as they get responses. HTTP is written by hand, so that clients use little CPU time.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::{Value, json};
use store::search::Filter;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    measure::{Measured, run, share_out},
    request_kind::RequestKind,
    server::Server,
    world::{Load, Offer, World, key},
};

/// At least as many requests as there are connections.
pub const MANY: usize = 256;

/// One round at a server.
pub async fn round(
    (world, server): (&World, &Server),
    kind: RequestKind,
    connections: usize,
    load: &Load,
    time: Duration,
) -> anyhow::Result<Measured> {
    let document = world.documents.of(kind);
    let bytes = |call: &Call| request(&server.address, document, &call.variables, call.token.as_deref());
    let requests = calls(world, server, load)?.iter().map(bytes).collect();
    let mut clients = Vec::new();
    for _ in 0..connections {
        clients.push(Client::connect(&server.address).await?);
    }
    let shares = clients.into_iter().zip(share_out(requests, connections));
    run(world, Some(server.pid()), (kind, time), shares, |(client, share), end| client.send(kind, share, end)).await
}

/// The variables of a request, and the token of its guest.
pub struct Call {
    pub variables: Value,
    pub token: Option<String>,
}

/// The requests of a round.
pub fn calls(world: &World, server: &Server, load: &Load) -> anyhow::Result<Vec<Call>> {
    let public = |variables| Call { variables, token: None };
    let own = |guest: usize, variables| {
        let guest = &world.guests[guest % world.guests.len()];
        Call { variables, token: Some(guest.token.clone()) }
    };
    Ok(match load {
        Load::Pages => server.pages.iter().map(|after| public(json!({ "after": after }))).collect(),
        // The same page for each connection.
        Load::City(city) => (0..MANY).map(|_| public(json!({ "where": { "place": city } }))).collect(),
        Load::Filters(filters) => filters.iter().map(|(filter, stay)| public(filtered(filter, *stay))).collect(),
        Load::Listings(ids) => ids.iter().map(|id| public(json!({ "id": id.to_string() }))).collect(),
        Load::Trips => (0..world.guests.len()).map(|guest| own(guest, json!({}))).collect(),
        Load::Offers(offers) => {
            let of = |(index, (listing, stay)): (usize, &Offer)| {
                let stay = json!({ "checkIn": stay.check_in(), "checkOut": stay.check_out() });
                own(index, json!({ "input": { "listingId": listing.to_string(), "stay": stay } }))
            };
            offers.iter().enumerate().map(of).collect()
        }
        Load::Quotes(quotes) => {
            let of = |(guest, quote): &(usize, types::QuoteId)| {
                let input = json!({ "quoteId": quote.to_string(), "idempotencyKey": key(&world.app)?.to_string() });
                anyhow::Ok(own(*guest, json!({ "input": input })))
            };
            quotes.iter().map(of).collect::<Result<_, _>>()?
        }
    })
}

/// A request, as bytes.
fn request(address: &str, document: &str, variables: &Value, token: Option<&str>) -> Vec<u8> {
    let body = json!({ "query": document, "variables": variables }).to_string();
    let bearer = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: {address}\r\n{bearer}content-type: application/json\r\naccept: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.into_bytes(), body.into_bytes()].concat()
}

fn filtered(filter: &Filter, stay: types::Stay) -> Value {
    let area = filter
        .area
        .map(|area| json!({ "south": area.south, "west": area.west, "north": area.north, "east": area.east }));
    let price = filter.price.map(|price| json!({ "currency": price.currency.to_string(), "max": price.max }));
    json!({
        "where": { "box": area, "amenities": filter.amenities, "price": price },
        "stay": { "checkIn": stay.check_in(), "checkOut": stay.check_out() },
    })
}

/// A connection that is kept open.
pub struct Client {
    address: String,
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    /// A new one.
    pub async fn connect(address: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { address: address.to_owned(), stream, buffer: vec![0; 1 << 18] })
    }

    /// The data of a response.
    pub async fn ask(&mut self, document: &str, variables: &Value, token: Option<&str>) -> anyhow::Result<Value> {
        let request = request(&self.address, document, variables, token);
        let mut answer: Value = serde_json::from_str(self.exchange(&request).await?)?;
        if !answer["errors"].is_null() {
            bail!("{answer}");
        }
        Ok(answer["data"].take())
    }

    /// Sends requests until `end`, or each once; returns the response times.
    async fn send(
        mut self,
        kind: RequestKind,
        requests: Vec<Vec<u8>>,
        end: Option<Instant>,
    ) -> anyhow::Result<Vec<Duration>> {
        let mut latencies = Vec::new();
        let mut signs = 0;
        for request in requests.iter().cycle() {
            let begun = Instant::now();
            match end {
                Some(end) if begun >= end => break,
                None if latencies.len() == requests.len() => break,
                _ => {}
            }
            let answer = self.exchange(request).await?;
            latencies.push(begun.elapsed());
            if !answer.starts_with(r#"{"data":{"#) || answer.contains(r#""errors":["#) {
                bail!("{}: {answer}", kind.name());
            }
            signs += usize::from(answer.contains(kind.sign()));
        }
        // Some filtered searches find nothing.
        if signs * 2 < latencies.len() || (kind.is_counted() && signs < latencies.len()) {
            bail!("{}: {signs} of {} answers were as expected", kind.name(), latencies.len());
        }
        Ok(latencies)
    }

    async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<&str> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        let mut whole = None;
        loop {
            let read = self.stream.read(&mut self.buffer[filled..]).await?;
            if read == 0 {
                bail!("the server closed the connection, or its answer is too long");
            }
            filled += read;
            if whole.is_none() {
                whole = body(&self.buffer[..filled])?;
            }
            if let Some((from, to)) = whole.filter(|(_, to)| *to <= filled) {
                return Ok(std::str::from_utf8(&self.buffer[from..to])?);
            }
        }
    }
}

/// The start and end of the body, once the head is complete.
fn body(bytes: &[u8]) -> anyhow::Result<Option<(usize, usize)>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&bytes[..end])?;
    if !head.starts_with("HTTP/1.1 200") {
        bail!("{head}");
    }
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length: ")).context("the length of the body")?;
    Ok(Some((end + 4, end + 4 + length.parse::<usize>()?)))
}
