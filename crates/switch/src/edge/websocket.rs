//! SIP over WebSocket (RFC 7118): each frame, text or binary, is one whole message.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use lineside_sip::{Flow, message::MAX_BYTES};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async_with_config,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
        http::{HeaderValue, StatusCode, header::SEC_WEBSOCKET_PROTOCOL},
        protocol::WebSocketConfig,
    },
};

use super::{
    Inbox, Input, Outlets,
    connection::{FIRST, WRITE},
};

/// The sub-protocol (RFC 7118 section 4).
const SIP: &str = "sip";

/// Serves a connection until it is closed by either side.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    flow: Flow,
    idle: Duration,
    inbox: &Inbox,
    outlets: &Outlets,
) {
    let config = WebSocketConfig::default().max_message_size(Some(MAX_BYTES)).max_frame_size(Some(MAX_BYTES));
    let handshake = accept_hdr_async_with_config(stream, agree, Some(config));
    let Ok(Ok(socket)) = timeout(FIRST, handshake).await else { return };
    let outgoing = outlets.add(flow.id);
    let (sink, stream) = socket.split();
    tokio::select! {
        () = read(stream, flow, idle, inbox) => {}
        () = write(sink, outgoing) => {}
    }
    outlets.remove(flow.id);
    inbox.command(Input::Closed(flow.id));
}

/// Only clients that ask for SIP are served, at whatever path.
#[expect(clippy::result_large_err, reason = "the library's own type")]
fn agree(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    let offered = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    let speaks_sip = offered.flat_map(|value| value.split(',')).any(|name| name.trim().eq_ignore_ascii_case(SIP));
    if speaks_sip {
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SIP));
        return Ok(response);
    }
    let mut refusal = ErrorResponse::new(Some("this WebSocket speaks the sub-protocol sip (RFC 7118)\n".to_owned()));
    *refusal.status_mut() = StatusCode::BAD_REQUEST;
    Err(refusal)
}

async fn read<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: SplitStream<WebSocketStream<S>>,
    flow: Flow,
    idle: Duration,
    inbox: &Inbox,
) {
    let mut patience = FIRST;
    loop {
        let bytes: Bytes = match timeout(patience, stream.next()).await {
            Ok(Some(Ok(Message::Text(text)))) => text.into(),
            Ok(Some(Ok(Message::Binary(bytes)))) => bytes,
            // The library answers pings by itself.
            Ok(Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)))) => continue,
            _ => return,
        };
        patience = idle;
        if !inbox.message(flow, bytes) {
            return;
        }
    }
}

async fn write<S: AsyncRead + AsyncWrite + Unpin>(
    mut sink: SplitSink<WebSocketStream<S>, Message>,
    mut outgoing: mpsc::Receiver<Bytes>,
) {
    while let Some(bytes) = outgoing.recv().await {
        // Browsers' libraries expect text; what is no UTF-8 can only be binary (RFC 7118 section 5.2).
        let frame = match String::from_utf8(bytes.to_vec()) {
            Ok(text) => Message::text(text),
            Err(_) => Message::Binary(bytes),
        };
        match timeout(WRITE, sink.send(frame)).await {
            Ok(Ok(())) => {}
            _ => return,
        }
    }
    let _ = sink.close().await;
}
