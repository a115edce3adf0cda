//! graphql-transport-ws: operations of all kinds over a websocket.
//!
//! One task serves one socket. It writes one message at a time and takes the next event only when
//! the client has read the last one, so nothing accumulates for a slow reader; one that reads
//! nothing for too long is disconnected.

mod close;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod messages;
mod socket;

use std::sync::Arc;

use poem::http::header::{SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use poem::http::{HeaderMap, StatusCode};
use poem::web::websocket::{WebSocket, WebSocketConfig};
use poem::{Body, FromRequest as _, IntoResponse as _, Request, Response};

use super::response_body::{ResponseBody, error};
use super::shared::{Shared, bearer};
use super::{RequestCookies, heads};
use close::Close;
use socket::{Client, Socket};

const SUBPROTOCOL: &str = "graphql-transport-ws";
/// The read buffer of a socket, in bytes, which an idle socket keeps: most messages of clients fit.
/// The library's default is 128 KiB.
const READ_BUFFER: usize = 1024;

/// Whether a request is a websocket handshake.
pub(super) fn is_upgrade(headers: &HeaderMap) -> bool {
    headers.get(UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Upgrades a request to a websocket, unless its origin is not allowed.
pub(super) async fn upgrade(shared: Arc<Shared>, request: Request, request_id: String) -> Response {
    let headers = request.headers();
    if !shared.allows_origin(headers) {
        return refuse(StatusCode::FORBIDDEN, "This origin is not allowed.", &request_id);
    }
    let offers_subprotocol = offers_subprotocol(headers);
    let address = shared.address(&request);
    let cookies = shared.cookies(headers, address).map(RequestCookies::read_only);
    let client = Client { bearer: bearer(headers), cookies, address, user_agent: heads::user_agent(headers) };
    let websocket = match WebSocket::from_request_without_body(&request).await {
        Ok(websocket) => websocket,
        Err(_) => return refuse(StatusCode::BAD_REQUEST, "This is not a websocket handshake.", &request_id),
    };
    let max = shared.settings.max_body_bytes;
    let config =
        WebSocketConfig::default().read_buffer_size(READ_BUFFER).max_message_size(Some(max)).max_frame_size(Some(max));
    let peer = request.remote_addr().as_socket_addr().copied();
    let serve = move |stream| async move {
        let _alive = shared.alive.clone();
        let permit = shared.admission.admit(client.address);
        peer.into_iter().filter(|_| permit.is_some()).for_each(|peer| shared.open_connections.release_permit(peer));
        let unread_bytes = peer.and_then(|peer| shared.open_connections.unread_bytes(peer)).unwrap_or_default();
        unread_bytes.start_counting(shared.gate.incoming(), client.address);
        let refused = match (offers_subprotocol, &permit) {
            (false, _) => Some(Close::SUBPROTOCOL),
            (true, None) => Some(Close::OVERLOADED),
            (true, Some(_)) => None,
        };
        // On the heap, because the framework's task would hold it twice.
        Box::pin(Socket::new(shared, (stream, unread_bytes), client, request_id).serve(refused)).await;
    };
    websocket.protocols([SUBPROTOCOL]).config(config).on_upgrade(serve).into_response()
}

fn offers_subprotocol(headers: &HeaderMap) -> bool {
    let offered = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    offered.flat_map(|value| value.split(',')).any(|protocol| protocol.trim() == SUBPROTOCOL)
}

fn refuse(status: StatusCode, message: &str, request_id: &str) -> Response {
    let response_body = ResponseBody::refused(vec![error("BAD_REQUEST", message)], request_id);
    Response::builder().status(status).content_type("application/json").body(Body::from_string(response_body.to_json()))
}
