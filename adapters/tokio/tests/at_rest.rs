//! What a connection holds while nothing moves; counted by the allocator.

mod support;

use support::{in_time, piped};
use testkit::counting::{Counting, live};
use websocket_proto_tokio::Config;

#[global_allocator]
static COUNTING: Counting = Counting;

#[tokio::test]
async fn a_connection_at_rest_holds_no_read_buffer() {
    let before = live();
    let (mut server, mut client) = in_time(piped(1000, &Config::default())).await;
    assert!(live() - before > 16 * 1024, "a handshake has one");
    for text in ["Hello", "and again"] {
        in_time(async {
            client.send(text).await.unwrap();
            assert_eq!(server.next().await.unwrap().unwrap().payload(), text.as_bytes());
            server.send(text).await.unwrap();
            assert_eq!(client.next().await.unwrap().unwrap().payload(), text.as_bytes());
        })
        .await;
        // Both wait for more, in vain.
        tokio::select! {
            biased;
            _ = async { tokio::join!(server.next(), client.next()) } => panic!("nothing was sent"),
            () = tokio::task::yield_now() => {}
        }
        let held = live() - before;
        assert!(held < 6 * 1024, "{held} bytes for both ends and the pipe");
    }
}
