//! Input of a client: websocket frames, a websocket message, the body of a POST, the query of a
//! GET. The first byte determines which.

#![no_main]

use std::io::{self, Cursor, Read, Write};

use graphql_transport::{Settings, fuzzing};
use libfuzzer_sys::fuzz_target;
use tungstenite::{
    Message, WebSocket,
    protocol::{Role, WebSocketConfig},
};

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else { return };
    match kind {
        b'f' => frames(rest),
        b'b' => fuzzing::body(rest),
        b'q' => fuzzing::query(pairs(rest)),
        _ => std::str::from_utf8(rest).iter().for_each(|text| fuzzing::message(text)),
    }
});

/// Reads frames as the server's library does, with the server's limits, until the connection ends.
fn frames(bytes: &[u8]) {
    let max = Settings::default().max_body_bytes;
    let config =
        WebSocketConfig::default().read_buffer_size(4 * 1024).max_message_size(Some(max)).max_frame_size(Some(max));
    let mut socket = WebSocket::from_raw_socket(Wire(Cursor::new(bytes)), Role::Server, Some(config));
    while let Ok(message) = socket.read() {
        assert!(message.len() <= max);
        if let Message::Text(text) = message {
            fuzzing::message(&text);
        }
    }
}

fn pairs(bytes: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(bytes);
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// A client that has sent this, and reads all that it receives.
struct Wire<'a>(Cursor<&'a [u8]>);

impl Read for Wire<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
