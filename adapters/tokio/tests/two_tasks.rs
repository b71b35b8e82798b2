//! One connection in two tasks, in both directions at once.

mod support;

use futures_util::{Sink, SinkExt, Stream, StreamExt};
use support::{Choppy, Ours, configs, in_time, message, pair, piped};
use tokio::io::{AsyncRead, AsyncWrite};
use websocket_proto_tokio::{CloseCode, Config, Error, OwnedMessage};

const MESSAGES: usize = 200;

async fn send<S: Sink<OwnedMessage, Error = Error> + Unpin>(mut sink: S) -> S {
    for i in 0..MESSAGES {
        sink.send(OwnedMessage::Text(message(i))).await.unwrap();
    }
    sink
}

async fn receive<S: Stream<Item = Result<OwnedMessage, Error>> + Unpin>(mut stream: S) -> S {
    for i in 0..MESSAGES {
        assert_eq!(stream.next().await.unwrap().unwrap(), OwnedMessage::Text(message(i)));
    }
    stream
}

/// Each side sends all of its messages while the other does, and through a pipe that holds much less; then one closes.
async fn both_ways<W, R, V, Q>((to_client, from_client): (W, R), (to_server, from_server): (V, Q))
where
    W: Sink<OwnedMessage, Error = Error> + Send + Unpin + 'static,
    V: Sink<OwnedMessage, Error = Error> + Send + Unpin + 'static,
    R: Stream<Item = Result<OwnedMessage, Error>> + Send + Unpin + 'static,
    Q: Stream<Item = Result<OwnedMessage, Error>> + Send + Unpin + 'static,
{
    let (sending, sending_too) = (tokio::spawn(send(to_client)), tokio::spawn(send(to_server)));
    let (reading, reading_too) = (tokio::spawn(receive(from_client)), tokio::spawn(receive(from_server)));
    in_time(async {
        let (mut to_client, _to_server) = (sending.await.unwrap(), sending_too.await.unwrap());
        let (mut from_client, mut from_server) = (reading.await.unwrap(), reading_too.await.unwrap());
        let (closed, ..) = tokio::join!(
            to_client.close(),
            async {
                assert!(from_server.next().await.is_none());
            },
            async {
                assert!(from_client.next().await.is_none());
            }
        );
        closed.unwrap();
    })
    .await;
}

async fn with_the_halves_of_futures<T>((server, client): Ours<T>)
where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    both_ways(server.split(), client.split()).await;
}

async fn with_our_halves<T>((server, client): Ours<T>, config: &Config)
where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let ((from_client, to_client), (from_server, to_server)) =
        (server.into_split(config), client.into_split(config).unwrap());
    both_ways((to_client, from_client), (to_server, from_server)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_halves_of_futures_work_in_both_directions_at_once() {
    for config in configs() {
        with_the_halves_of_futures(piped(1000, &config).await).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_halves_work_in_both_directions_at_once() {
    for config in configs() {
        with_our_halves(piped(1000, &config).await, &config).await;
    }
}

#[tokio::test]
async fn both_work_on_one_thread_and_over_a_transport_that_takes_little() {
    for config in configs() {
        let choppy = || {
            let (server, client) = tokio::io::duplex(5000);
            (Choppy::new(server, &[1, 4000, 14, 2]), Choppy::new(client, &[3000, 1, 126]))
        };
        let (server, client) = choppy();
        with_the_halves_of_futures(pair(server, client, &config).await).await;
        let (server, client) = choppy();
        with_our_halves(pair(server, client, &config).await, &config).await;
    }
}

/// The writing task is not polled by anything but its waker, which the reading task must not take away.
#[tokio::test]
async fn a_task_that_sends_is_woken_although_another_reads() {
    let config = Config::default();
    let (server, mut client) = piped(64, &config).await;
    let (mut reader, mut writer) = server.into_split(&config);
    let reading = tokio::spawn(async move { while reader.next().await.is_some() {} });
    let writing = tokio::spawn(async move {
        writer.send(&*"x".repeat(50_000)).await.unwrap();
        writer.close(CloseCode::NORMAL).await.unwrap();
    });
    in_time(async {
        tokio::task::yield_now().await;
        client.send("makes the reading task poll").await.unwrap();
        assert_eq!(client.next().await.unwrap().unwrap().payload().len(), 50_000);
        assert!(client.next().await.is_none());
        writing.await.unwrap();
        drop(client);
        reading.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_writer_learns_that_the_connection_has_ended() {
    let config = Config::default();
    let (server, mut client) = piped(64, &config).await;
    let (mut reader, mut writer) = server.into_split(&config);
    in_time(async {
        let (closed, heard) = tokio::join!(client.close(CloseCode::NORMAL), reader.next());
        assert_eq!((closed.unwrap(), heard.is_none()), (Some(CloseCode::NORMAL), true));
        assert!(matches!(writer.send("late").await, Err(Error::Send(_))));
        assert_eq!(reader.end(), Ok(Some(CloseCode::NORMAL)));
    })
    .await;
}
