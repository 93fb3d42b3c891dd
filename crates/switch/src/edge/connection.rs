//! One TCP or TLS connection: framed bytes in, whole messages out.

use std::time::Duration;

use bytes::Bytes;
use lineside_sip::{
    Flow,
    stream::{Frame, Framer, PONG},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf},
    sync::mpsc,
    time::timeout,
};

use super::{Inbox, Input, Outlets};

/// A connection that has not brought its first message by then is closed.
pub(super) const FIRST: Duration = Duration::from_secs(30);
/// A peer that takes no bytes for that long is gone.
pub(super) const WRITE: Duration = Duration::from_secs(10);

/// What waits to be sent over a connection.
pub(super) type Outgoing = mpsc::Receiver<Bytes>;

/// Serves a connection that somebody made to us, until it is closed by either side.
pub(super) async fn accepted<S: AsyncRead + AsyncWrite>(
    stream: S,
    flow: Flow,
    idle: Duration,
    inbox: &Inbox,
    outlets: &Outlets,
) {
    let outgoing = outlets.add(flow.id);
    serve(stream, flow, (FIRST, idle), outgoing, inbox, outlets).await;
    outlets.remove(flow.id);
    inbox.command(Input::Closed(flow.id));
}

/// Carries messages both ways. `patience`: how long the first message may take, and each other.
pub(super) async fn serve<S: AsyncRead + AsyncWrite>(
    stream: S,
    flow: Flow,
    patience: (Duration, Duration),
    outgoing: Outgoing,
    inbox: &Inbox,
    outlets: &Outlets,
) {
    let (reader, writer) = tokio::io::split(stream);
    tokio::select! {
        () = read(reader, flow, patience, inbox, outlets) => {}
        () = write(writer, outgoing) => {}
    }
}

async fn read<S: AsyncRead>(
    mut reader: ReadHalf<S>,
    flow: Flow,
    (mut patience, idle): (Duration, Duration),
    inbox: &Inbox,
    outlets: &Outlets,
) {
    let mut framer = Framer::new();
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let length = match timeout(patience, reader.read(&mut buffer)).await {
            Ok(Ok(length)) if length > 0 => length,
            _ => return,
        };
        framer.push(&buffer[..length]);
        while let Some(frame) = framer.next_frame() {
            match frame {
                Frame::Message(bytes) => {
                    patience = idle;
                    // A stream can not lose a message and go on: the peer would wait for an answer for ever.
                    if !inbox.message(flow, bytes) {
                        return;
                    }
                }
                Frame::Ping => {
                    outlets.send(lineside_sip::Transmit { flow, bytes: Bytes::from_static(PONG) });
                }
                Frame::Lost(bytes) => {
                    // The core answers and then closes the way out; that ends the writer, and the connection.
                    inbox.command(Input::Last(flow, bytes));
                    tokio::time::sleep(WRITE).await;
                    return;
                }
            }
        }
    }
}

async fn write<S: AsyncWrite>(mut writer: WriteHalf<S>, mut outgoing: Outgoing) {
    while let Some(bytes) = outgoing.recv().await {
        let sent = timeout(WRITE, async {
            writer.write_all(&bytes).await?;
            // TLS keeps a record back until it is told that it is whole.
            writer.flush().await
        });
        match sent.await {
            Ok(Ok(())) => {}
            _ => return,
        }
    }
    let _ = writer.shutdown().await;
}
