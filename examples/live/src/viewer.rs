//! A viewer's connection: video and comments one way, comments the other.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;

use websocket_proto_axum::{
    CloseCode, CloseFrame, Config, Error, OwnedMessage, Prepared, Reader, Transport, WebSocket, Writer,
};

use crate::channel::{Channel, Cursor};
use crate::said::{Allowance, Said, comment};

/// A comment is shorter.
pub const MAX_MESSAGE_LEN: u64 = 4 * 1024;

/// Serves a viewer until it goes; how many units it did not get, since it was too slow for them.
pub async fn watch(socket: WebSocket, config: &Config, channel: Arc<Channel>) -> (Result<(), Error>, u64) {
    let _seat = channel.sit_down();
    let (mut reader, mut writer) = socket.into_split(config);
    let (answer, mut answers) = mpsc::channel(4);
    let mut cursor = Cursor::default();
    // Two futures, since what is heard does not wait for what is sent: it is what keeps the clock.
    let end = tokio::select! {
        end = hear(&mut reader, &channel, &answer) => end,
        Err(error) = show(&mut writer, &channel, &mut cursor, &mut answers) => Err(error),
    };
    (end, cursor.skipped)
}

/// Sends what there is, and waits for more; a slow viewer waits here, and for nobody else.
async fn show(
    writer: &mut Writer<Transport>,
    channel: &Channel,
    cursor: &mut Cursor,
    answers: &mut mpsc::Receiver<Result<Prepared, CloseFrame>>,
) -> Result<Infallible, Error> {
    let mut news = channel.news();
    loop {
        news.borrow_and_update();
        while let Some(message) = channel.next(cursor) {
            writer.feed_prepared(&message).await?;
        }
        writer.flush().await?;
        if channel.closes() {
            return close(writer, CloseCode::GOING_AWAY.into()).await;
        }
        tokio::select! {
            _ = news.changed() => {}
            Some(answer) = answers.recv() => match answer {
                Ok(message) => writer.feed_prepared(&message).await?,
                Err(frame) => return close(writer, frame).await,
            },
        }
    }
}

/// Nothing is sent afterwards, and the reader hears the end.
async fn close(writer: &mut Writer<Transport>, frame: CloseFrame) -> Result<Infallible, Error> {
    writer.close(frame).await?;
    std::future::pending().await
}

/// Takes comments until the connection has ended.
async fn hear(
    reader: &mut Reader<Transport>,
    channel: &Channel,
    answers: &mpsc::Sender<Result<Prepared, CloseFrame>>,
) -> Result<(), Error> {
    let mut allowance = Allowance::new(Instant::now());
    while let Some(message) = reader.next().await {
        let said = match message? {
            _ if !allowance.take(Instant::now()) => Err("expected at most one comment a second"),
            OwnedMessage::Text(json) => comment(&json),
            OwnedMessage::Binary(_) => {
                let close = CloseFrame::new(CloseCode::UNSUPPORTED_DATA, "expected comments as text");
                // A viewer that has answers waiting gets this one later, or is gone.
                let _ = answers.try_send(close.map_or(Err(CloseCode::UNSUPPORTED_DATA.into()), Err));
                continue;
            }
        };
        match said {
            Ok(comment) => channel.comment(&comment),
            Err(why) => {
                if let Some(message) = (Said::Refused { why }).prepared() {
                    let _ = answers.try_send(Ok(message));
                }
            }
        }
    }
    Ok(())
}
