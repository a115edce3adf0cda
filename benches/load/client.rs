//! Clients that ask as fast as they get answers. HTTP is written by hand, so that as little as possible of the machine's time is theirs.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::{Value, json};
use store::search::Filter;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    ask::Ask,
    measure::{Measured, run, share_out},
    world::{Load, World, key},
};

/// One round at the server.
pub async fn round(
    world: &World,
    ask: Ask,
    connections: usize,
    load: Load,
    time: Duration,
) -> anyhow::Result<Measured> {
    let requests = requests(world, ask, &load)?;
    let mut clients = Vec::new();
    for _ in 0..connections {
        clients.push(Client::connect(&world.address).await?);
    }
    let shares = clients.into_iter().zip(share_out(requests, connections));
    run(world, ask, time, shares, |(client, share), end| client.ask(ask, share, end)).await
}

/// The requests of a round, as bytes.
fn requests(world: &World, ask: Ask, load: &Load) -> anyhow::Result<Vec<Vec<u8>>> {
    let request = |guest: Option<usize>, variables: Value| {
        let body = json!({ "query": ask.document(), "variables": variables }).to_string();
        let bearer = guest.map(|guest| format!("authorization: Bearer {}\r\n", world.guests[guest].token));
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: {}\r\n{}content-type: application/json\r\naccept: application/json\r\ncontent-length: {}\r\n\r\n",
            world.address,
            bearer.unwrap_or_default(),
            body.len()
        );
        [head.into_bytes(), body.into_bytes()].concat()
    };
    Ok(match load {
        Load::Pages(cursors) => cursors.iter().map(|after| request(None, json!({ "after": after }))).collect(),
        Load::Filters(filters) => filters.iter().map(|(filter, stay)| request(None, filtered(filter, *stay))).collect(),
        Load::Listings(ids) => ids.iter().map(|id| request(None, json!({ "id": id.to_string() }))).collect(),
        Load::Trips => (0..world.guests.len()).map(|guest| request(Some(guest), json!({}))).collect(),
        Load::Offers(offers) => {
            let of = |(index, (listing, stay)): (usize, &(_, types::Stay))| {
                let stay = json!({ "checkIn": stay.check_in(), "checkOut": stay.check_out() });
                let listing: &types::ListingId = listing;
                request(
                    Some(index % world.guests.len()),
                    json!({ "input": { "listingId": listing.to_string(), "stay": stay } }),
                )
            };
            offers.iter().enumerate().map(of).collect()
        }
        Load::Quotes(quotes) => {
            let of = |(guest, quote): &(usize, types::QuoteId)| {
                let input = json!({ "quoteId": quote.to_string(), "idempotencyKey": key(&world.app)?.to_string() });
                anyhow::Ok(request(Some(*guest), json!({ "input": input })))
            };
            quotes.iter().map(of).collect::<Result<_, _>>()?
        }
    })
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
struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    async fn connect(address: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; 1 << 18] })
    }

    /// Asks until `end`, or each request once; returns how long each answer took.
    async fn ask(mut self, ask: Ask, requests: Vec<Vec<u8>>, end: Option<Instant>) -> anyhow::Result<Vec<Duration>> {
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
                bail!("{}: {answer}", ask.name());
            }
            signs += usize::from(answer.contains(ask.sign()));
        }
        // A filtered search may find nothing here and there.
        if signs * 2 < latencies.len() || (ask.is_counted() && signs < latencies.len()) {
            bail!("{}: {signs} of {} answers were as expected", ask.name(), latencies.len());
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

/// Where the body begins and ends, once the head is there.
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
