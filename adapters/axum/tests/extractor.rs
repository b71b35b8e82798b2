//! The extractor's conveniences, with peers that are not ours, and what stands around it: other routes, middleware, HTTP/2.

mod support;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::any;
use futures_util::{SinkExt, StreamExt};
use support::{echo, echoes, exchange, in_time, serve};
use testkit::upgrades::{CLOSE, TEXT, request, split_answer};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error as TheirError, Message as Theirs};
use websocket_proto_axum::{OwnedMessage, Rejection, Timeouts, UpgradeError, WebSocket, WebSocketUpgrade};

/// A tungstenite client that offers these subprotocols, and the fields of the response.
async fn tungstenite(
    address: std::net::SocketAddr,
    protocols: &str,
) -> (
    impl futures_util::Sink<Theirs, Error = TheirError> + futures_util::Stream<Item = Result<Theirs, TheirError>> + Unpin,
    HeaderMap,
) {
    let mut request = format!("ws://{address}/").into_client_request().unwrap();
    if !protocols.is_empty() {
        request.headers_mut().insert("sec-websocket-protocol", protocols.parse().unwrap());
    }
    let (client, response) = tokio_tungstenite::connect_async(request).await.unwrap();
    (client, response.headers().clone())
}

#[tokio::test]
async fn a_tungstenite_client_gets_each_message_back_and_closes() {
    let address = serve(echoes()).await;
    in_time(async {
        let (mut client, fields) = tungstenite(address, "news, chat").await;
        assert_eq!(fields["sec-websocket-protocol"], "chat");
        for message in [Theirs::text("Grüße"), Theirs::binary(vec![7; 1_000_000]), Theirs::text("")] {
            client.send(message.clone()).await.unwrap();
            assert_eq!(client.next().await.unwrap().unwrap(), message);
        }
        client.send(Theirs::Close(None)).await.unwrap();
        while let Some(message) = client.next().await {
            assert!(message.unwrap().is_close());
        }
    })
    .await;
}

#[tokio::test]
async fn frames_that_come_in_one_segment_with_the_head_are_not_lost() {
    let address = serve(echoes()).await;
    let answer = exchange(address, &[&request(&[])[..], TEXT, TEXT, CLOSE].concat()).await;
    assert_eq!(split_answer(&answer).2, b"\x81\x01a\x81\x01a\x88\x02\x03\xe8");
}

#[tokio::test]
async fn compression_is_agreed_on_where_it_is_turned_on() {
    let plain = async |upgrade: WebSocketUpgrade| upgrade.on_upgrade(echo);
    let (with, without) = (serve(echoes()).await, serve(Router::new().route("/", any(plain))).await);
    let head = request(&[("", "Sec-WebSocket-Extensions: permessage-deflate")]);
    let long = [&[0x81, 0xfe, 0, 126, 0, 0, 0, 0][..], &[b'a'; 126]].concat();
    for (address, agreed, first) in [(with, true, 0xc1), (without, false, 0x81)] {
        let answer = exchange(address, &[&head[..], &long, CLOSE].concat()).await;
        let (status, head, frames) = split_answer(&answer);
        assert_eq!((status, frames[0]), (101, first));
        assert_eq!(head.contains("\r\nsec-websocket-extensions: permessage-deflate"), agreed, "{head}");
    }
}

#[tokio::test]
async fn the_application_sees_what_is_asked_for_before_it_answers() {
    let upgrade = async |upgrade: WebSocketUpgrade| {
        assert_eq!(upgrade.requested_protocols().collect::<Vec<_>>(), ["v3", "v1"]);
        assert_eq!(upgrade.origin(), Some(&b"https://app.example"[..]));
        assert_eq!(upgrade.selected_protocol(), None);
        let upgrade = upgrade.protocols(["v2", "v1"]).allow_origins(["https://app.example"]);
        assert_eq!(upgrade.selected_protocol(), Some("v1"));
        match upgrade.selected_protocol() {
            Some(_) => upgrade.on_upgrade(echo),
            None => StatusCode::BAD_REQUEST.into_response(),
        }
    };
    let address = serve(Router::new().route("/", any(upgrade))).await;
    let head = request(&[("", "Sec-WebSocket-Protocol: v3,, v1\r\nOrigin: https://app.example")]);
    let answer = exchange(address, &[&head[..], CLOSE].concat()).await;
    let (status, head, _) = split_answer(&answer);
    assert_eq!(status, 101);
    assert!(head.contains("\r\nsec-websocket-protocol: v1\r\n"), "{head}");
}

#[tokio::test]
async fn pages_of_other_hosts_get_403_unless_they_are_allowed() {
    let own = async |upgrade: WebSocketUpgrade| upgrade.on_upgrade(async |_| panic!("it was refused"));
    let listed = async |upgrade: WebSocketUpgrade| upgrade.allow_origins(["https://app.example"]).on_upgrade(echo);
    let all = async |upgrade: WebSocketUpgrade| upgrade.allow_any_origin().on_upgrade(echo);
    let app = Router::new().route("/", any(own)).route("/listed", any(listed)).route("/all", any(all));
    let address = serve(app).await;
    for (path, origin, status) in [
        ("/", "https://app.example", 403),
        ("/listed", "https://app.example", 101),
        ("/listed", "https://example.com", 101),
        ("/listed", "https://evil.example", 403),
        ("/all", "https://evil.example", 101),
    ] {
        let head = request(&[("GET", &format!("GET {path} HTTP/1.1")), ("", &format!("Origin: {origin}"))]);
        let answer = exchange(address, &[&head[..], CLOSE].concat()).await;
        assert_eq!(split_answer(&answer).0, status, "{path} {origin}");
    }
}

#[tokio::test]
async fn a_longer_message_than_allowed_closes_with_1009() {
    let upgrade = async |upgrade: WebSocketUpgrade| upgrade.max_message_size(10).on_upgrade(echo);
    let address = serve(Router::new().route("/", any(upgrade))).await;
    in_time(async {
        let (mut client, _) = tungstenite(address, "").await;
        client.send(Theirs::text("0123456789")).await.unwrap();
        assert_eq!(client.next().await.unwrap().unwrap(), Theirs::text("0123456789"));
        client.send(Theirs::text("0123456789a")).await.unwrap();
        let Some(Ok(Theirs::Close(Some(close)))) = client.next().await else { panic!("expected a Close") };
        assert_eq!(close.code, CloseCode::Size);
    })
    .await;
}

#[tokio::test]
async fn the_connection_is_a_stream_and_a_sink_and_can_be_split() {
    let talk = async |socket: WebSocket| {
        let (sink, stream) = StreamExt::split(socket);
        let upper = stream.map(|message| match message? {
            OwnedMessage::Text(text) => Ok(text.to_uppercase().into()),
            binary => Ok(binary),
        });
        upper.forward(sink).await.unwrap();
    };
    let upgrade = async move |upgrade: WebSocketUpgrade| upgrade.on_upgrade(talk);
    let address = serve(Router::new().route("/", any(upgrade))).await;
    in_time(async {
        let (mut client, _) = tungstenite(address, "").await;
        for _ in 0..10 {
            client.send(Theirs::text("grün")).await.unwrap();
            assert_eq!(client.next().await.unwrap().unwrap(), Theirs::text("GRÜN"));
        }
        client.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_page_is_served_where_the_extractor_is_optional() {
    let handler = async |upgrade: Option<WebSocketUpgrade>| match upgrade {
        Some(upgrade) => upgrade.on_upgrade(echo),
        None => Html("a page").into_response(),
    };
    let address = serve(Router::new().route("/", any(handler))).await;
    let page = exchange(address, &request(&[("Upgrade", ""), ("Connection", "Connection: close")])).await;
    assert_eq!((split_answer(&page).0, split_answer(&page).2), (200, &b"a page"[..]));
    assert_eq!(
        split_answer(&exchange(address, &request(&[("Host", "")])).await).0,
        400,
        "still a request for a WebSocket"
    );
    assert_eq!(split_answer(&exchange(address, &[&request(&[])[..], CLOSE].concat()).await).0, 101);
}

#[tokio::test]
async fn a_rejection_can_be_looked_at_and_answered_otherwise() {
    let handler = async |upgrade: Result<WebSocketUpgrade, Rejection>| match upgrade {
        Ok(upgrade) => upgrade.on_upgrade(echo),
        Err(rejection) => (StatusCode::IM_A_TEAPOT, format!("{}: {rejection}", rejection.status())).into_response(),
    };
    let address = serve(Router::new().route("/", any(handler))).await;
    let answer = exchange(address, &request(&[("Connection", "Connection: close")])).await;
    let (status, _, body) = split_answer(&answer);
    assert_eq!((status, body), (418, &b"400 Bad Request: the field Connection does not name Upgrade"[..]));
}

/// The echo, with a middleware in front that takes these fields away from requests.
fn stripping(names: &'static [HeaderName]) -> Router {
    echoes().layer(middleware::map_request(move |mut request: Request| async move {
        for name in names {
            request.headers_mut().remove(name);
        }
        request
    }))
}

#[tokio::test]
async fn what_a_middleware_takes_away_is_named_in_the_answer() {
    for (names, status, reason) in [
        (&[header::UPGRADE][..], 426, "only WebSocket connections are accepted\n"),
        (&[header::CONNECTION], 400, "the field Connection does not name Upgrade\n"),
        (&[header::SEC_WEBSOCKET_KEY], 400, "the field Sec-WebSocket-Key is missing\n"),
    ] {
        let answer = exchange(serve(stripping(names)).await, &request(&[])).await;
        let (found, _, body) = split_answer(&answer);
        assert_eq!((found, body), (status, reason.as_bytes()));
    }
}

/// A server whose callback for failures tells of them.
fn telling(timeouts: Timeouts) -> (Router, mpsc::UnboundedReceiver<UpgradeError>) {
    let (sender, told) = mpsc::unbounded_channel();
    let upgrade = async move |upgrade: WebSocketUpgrade| {
        let upgrade = upgrade.timeouts(timeouts).on_failed_upgrade(move |error| sender.send(error).unwrap());
        upgrade.on_upgrade(async |_| panic!("there is no connection"))
    };
    (Router::new().route("/", any(upgrade)), told)
}

#[tokio::test]
async fn the_callback_for_failures_is_told_that_another_response_was_sent() {
    let timeouts = Timeouts::default().with_handshake(std::time::Duration::from_millis(100));
    let (app, mut told) = telling(timeouts);
    let app = app.layer(middleware::map_response(async |_: Response| StatusCode::SERVICE_UNAVAILABLE));
    let address = serve(app).await;
    in_time(async {
        // A connection that stays open: nobody else tells.
        let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut client, &request(&[])).await.unwrap();
        assert!(matches!(told.recv().await, Some(UpgradeError::Timeout)));
    })
    .await;
}

#[tokio::test]
async fn the_callback_for_failures_is_told_that_the_client_went_away() {
    let (app, mut told) = telling(Timeouts::default());
    let app = app.layer(middleware::map_response(async |response: Response| {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        response
    }));
    let address = serve(app).await;
    in_time(async {
        let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut client, &request(&[])).await.unwrap();
        drop(client);
        let told = told.recv().await;
        assert!(matches!(told, Some(UpgradeError::Hyper(_) | UpgradeError::Timeout)), "{told:?}");
    })
    .await;
}

#[tokio::test]
async fn a_request_that_no_server_has_read_gets_500() {
    use tower::ServiceExt;
    let mut head = Request::get("/").header("host", "example.com");
    for line in &testkit::upgrades::REQUEST[2..] {
        let (name, value) = line.split_once(": ").unwrap();
        head = head.header(name, value);
    }
    let response = echoes().oneshot(head.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 500);
}

#[tokio::test]
async fn http_2_comes_by_connect_and_nothing_else() {
    let address = serve(echoes()).await;
    in_time(async {
        let socket = tokio::net::TcpStream::connect(address).await.unwrap();
        let (send, connection) = h2::client::handshake(socket).await.unwrap();
        tokio::spawn(connection);
        let mut send = send.ready().await.unwrap();
        while !send.is_extended_connect_protocol_enabled() {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        let connect = axum::http::Request::connect("https://example.com/chat")
            .extension(h2::ext::Protocol::from_static("websocket"))
            .header("sec-websocket-version", "13")
            .header("sec-websocket-protocol", "chat")
            .header("origin", "https://example.com");
        let (response, mut stream) = send.send_request(connect.body(()).unwrap(), false).unwrap();
        stream.send_data([TEXT, CLOSE].concat().into(), false).unwrap();
        let response = response.await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["sec-websocket-protocol"], "chat");
        assert!(response.headers().get("sec-websocket-accept").is_none());
        let (mut body, mut frames) = (response.into_body(), Vec::new());
        while let Some(data) = body.data().await {
            frames.extend_from_slice(&data.unwrap());
        }
        assert_eq!(frames, b"\x81\x01a\x88\x02\x03\xe8");

        let get = axum::http::Request::get("https://example.com/chat").body(()).unwrap();
        let (response, _) = send.send_request(get, true).unwrap();
        let response = response.await.unwrap();
        assert_eq!(response.status(), 405);
        assert_eq!(response.headers()["allow"], "CONNECT");
    })
    .await;
}
