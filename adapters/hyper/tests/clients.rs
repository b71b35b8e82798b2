//! The client's side, on hyper and on reqwest, against servers that are not ours, and against answers that break a rule.

mod support;

use std::net::SocketAddr;
use std::time::Instant;

use axum::Router;
use axum::extract::ws;
use axum::response::{IntoResponse, Redirect};
use axum::routing::{any, get};
use futures_util::{SinkExt, StreamExt};
use hyper::Response;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use support::{accept, canned, in_time, serve_with};
use testkit::upgrades::split_answer;
use tokio::net::{TcpListener, TcpStream};
use websocket_proto::handshake::ResponseError;
use websocket_proto_hyper::handshake::{ClientRequest, Scheme};
use websocket_proto_hyper::{Body, Client, CloseCode, Config, RandomKeys, UpgradeError, WebSocket};
use websocket_proto_hyper::{ClientUpgrade, client, client_http2, connect_is_enabled, reqwest_client};

type Opened = Result<(WebSocket<Client<RandomKeys>>, Response<()>), UpgradeError>;

fn compressing() -> Config {
    let mut config = Config::default();
    config.deflate = Some(Default::default());
    config
}

async fn by_hyper(address: SocketAddr) -> Opened {
    let io = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (mut sender, connection) = http1::handshake::<_, Body>(io).await?;
    tokio::spawn(connection.with_upgrades());
    let host = address.to_string();
    let request = ClientRequest::new(&host, "/chat?room=1").subprotocols(["chat", "news"]);
    client(&mut sender, request, &compressing()).await
}

async fn by_hyper_http2(address: SocketAddr) -> Opened {
    let io = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (mut sender, mut connection) = http2::handshake::<_, _, Body>(TokioExecutor::new(), io).await?;
    let begin = Instant::now();
    assert!(connect_is_enabled(&mut connection, &Config::default()).await);
    assert!(begin.elapsed() < Config::default().timeouts.handshake.unwrap() / 2, "it was noticed, not only at the end");
    tokio::spawn(connection);
    let host = address.to_string();
    let request = ClientRequest::new(&host, "/chat?room=1").subprotocols(["chat", "news"]);
    client_http2(&mut sender, Scheme::Http, request, &compressing()).await
}

async fn by_reqwest(address: SocketAddr) -> Opened {
    let request = reqwest::Client::new().get(format!("ws://{address}/chat?room=1"));
    reqwest_client(request, ["chat", "news"], &compressing()).await
}

/// axum's own WebSocket, which is tungstenite's, and a page that leads to it.
async fn axum_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let chat = async |upgrade: ws::WebSocketUpgrade, query: axum::http::Uri| {
        assert_eq!(query.query(), Some("room=1"));
        upgrade.protocols(["news"]).on_upgrade(|mut socket| async move {
            while let Some(Ok(message)) = socket.recv().await {
                if matches!(message, ws::Message::Text(_) | ws::Message::Binary(_)) {
                    socket.send(message).await.unwrap();
                }
            }
        })
    };
    let app = Router::new()
        .route("/chat", any(chat))
        .route("/moved", get(async || Redirect::temporary("/chat?room=1").into_response()));
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// tungstenite, which chooses no subprotocol.
async fn tungstenite_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut socket = tokio_tungstenite::accept_async(tcp).await.unwrap();
                while let Some(Ok(message)) = socket.next().await {
                    if message.is_text() || message.is_binary() {
                        socket.send(message).await.unwrap();
                    }
                }
            });
        }
    });
    address
}

async fn talk(opened: Opened, subprotocol: Option<&str>) {
    let (mut socket, response) = opened.unwrap();
    let chosen = response.headers().get("sec-websocket-protocol").map(|value| value.to_str().unwrap());
    assert_eq!(chosen, subprotocol);
    let long = vec![7; 1_000_000];
    for message in [&b"short"[..], &long, b"", &long] {
        socket.send(message).await.unwrap();
        assert!(socket.next().await.unwrap().unwrap().payload() == message);
    }
    assert_eq!(socket.close(CloseCode::NORMAL).await.unwrap(), Some(CloseCode::NORMAL));
}

#[tokio::test]
async fn hyper_talks_to_axum_and_to_tungstenite() {
    let (axum, tungstenite) = (axum_server().await, tungstenite_server().await);
    in_time(async { talk(by_hyper(axum).await, Some("news")).await }).await;
    in_time(async { talk(by_hyper(tungstenite).await, None).await }).await;
}

#[tokio::test]
async fn hyper_talks_to_axum_over_http_2() {
    let axum = axum_server().await;
    in_time(async { talk(by_hyper_http2(axum).await, Some("news")).await }).await;
}

#[tokio::test]
async fn reqwest_talks_to_axum_and_to_tungstenite() {
    let (axum, tungstenite) = (axum_server().await, tungstenite_server().await);
    in_time(async { talk(by_reqwest(axum).await, Some("news")).await }).await;
    in_time(async { talk(by_reqwest(tungstenite).await, None).await }).await;
}

#[tokio::test]
async fn reqwest_follows_a_redirect_and_sends_fields_of_the_callers_own() {
    in_time(async {
        let url = format!("http://{}/moved", axum_server().await);
        let request =
            reqwest::Client::new().post(url).header("cookie", "a=b").header("upgrade", "other").body("left out");
        talk(reqwest_client(request, ["news"], &Config::default()).await, Some("news")).await;
    })
    .await;
}

const KEY: &str = "sec-websocket-key: ";

/// The right answer, with the rest of its head, and what is after that.
fn answer(head: &str, accept: bool, rest: &str) -> Vec<u8> {
    let head = head.to_ascii_lowercase().find(KEY).map(|at| &head[at + KEY.len()..]).unwrap();
    let key = head.split("\r\n").next().unwrap();
    let accept = match accept {
        true => websocket_proto::handshake::Key::new(key.as_bytes()).unwrap().accept().as_str().to_owned(),
        false => "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".to_owned(),
    };
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{rest}"
    )
    .into_bytes()
}

/// By hyper, and by reqwest.
async fn both(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> [Opened; 2] {
    let address = canned(answer).await;
    in_time(async { [by_hyper(address).await, by_reqwest(address).await] }).await
}

#[tokio::test]
async fn an_answer_that_was_not_asked_for_is_not_taken() {
    type Expected = fn(&ResponseError) -> bool;
    let cases: [(&str, Expected); 6] = [
        ("Sec-WebSocket-Protocol: other\r\n", |error| matches!(error, ResponseError::SubprotocolNotOffered { .. })),
        ("Sec-WebSocket-Protocol: CHAT\r\n", |error| matches!(error, ResponseError::SubprotocolNotOffered { .. })),
        ("Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: news\r\n", |error| {
            matches!(error, ResponseError::SubprotocolRepeated)
        }),
        ("Sec-WebSocket-Extensions: x-other\r\n", |error| matches!(error, ResponseError::ExtensionNotOffered { .. })),
        ("Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=7\r\n", |error| {
            matches!(error, ResponseError::ExtensionParam { .. })
        }),
        ("Sec-WebSocket-Accept: again\r\n", |error| matches!(error, ResponseError::AcceptRepeated)),
    ];
    for (fields, expected) in cases {
        for opened in both(move |head| answer(head, true, &format!("{fields}\r\n"))).await {
            let Err(UpgradeError::Response(error)) = opened else { panic!("{fields}: {opened:?}") };
            assert!(expected(&error), "{fields}: {error}");
        }
    }
    for opened in both(|head| answer(head, false, "\r\n")).await {
        assert!(matches!(opened, Err(UpgradeError::Response(ResponseError::AcceptWrong))), "{opened:?}");
    }
    for opened in both(|_| b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n".to_vec()).await {
        assert!(matches!(opened, Err(UpgradeError::Response(ResponseError::Upgrade { .. }))), "{opened:?}");
    }
}

#[tokio::test]
async fn frames_in_one_segment_with_the_answer_are_not_lost_and_interim_responses_are_skipped() {
    let interim = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n";
    let greeting = "\r\n\u{1}\u{2}hi";
    for opened in both(move |head| {
        let mut bytes = [interim.as_bytes(), &answer(head, true, greeting)].concat();
        let at = bytes.len() - 4;
        bytes[at] = 0x81;
        bytes
    })
    .await
    {
        let message = in_time(opened.unwrap().0.next()).await;
        assert_eq!(message.unwrap().unwrap().payload(), b"hi");
    }
}

#[tokio::test]
async fn a_refusal_is_handed_on_with_the_beginning_of_its_body() {
    let (long, endless) = ("x".repeat(100_000), "HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nno");
    let refusals = [
        ("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 4\r\n\r\nwho?".to_owned(), 401, 4),
        (format!("HTTP/1.1 500 Error\r\nContent-Length: 100000\r\n\r\n{long}"), 500, 64 * 1024),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned(), 200, 0),
    ];
    for (bytes, status, len) in refusals {
        for opened in both(move |_| bytes.clone().into_bytes()).await {
            let Err(UpgradeError::Refused(response)) = opened else { panic!("{status}: {opened:?}") };
            assert_eq!((response.status().as_u16(), response.body().len()), (status, len));
        }
    }
    // A body that stays away is waited for as long as for a handshake.
    let address = canned(move |_| endless.as_bytes().to_vec()).await;
    let io = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (mut sender, connection) = http1::handshake::<_, Body>(io).await.unwrap();
    tokio::spawn(connection.with_upgrades());
    let mut config = Config::default();
    config.timeouts.handshake = Some(std::time::Duration::from_millis(50));
    let opened = in_time(client(&mut sender, ClientRequest::new("example.com", "/"), &config)).await;
    let Err(UpgradeError::Refused(response)) = opened else { panic!("{opened:?}") };
    assert_eq!(response.body(), b"no");
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_not_waited_for_longer_than_the_time_out() {
    let address = canned(|_| Vec::new()).await;
    let io = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (mut sender, connection) = http1::handshake::<_, Body>(io).await.unwrap();
    tokio::spawn(connection.with_upgrades());
    let mut config = Config::default();
    config.timeouts.handshake = Some(std::time::Duration::from_millis(50));
    let opened = in_time(client(&mut sender, ClientRequest::new("example.com", "/"), &config)).await;
    assert!(matches!(opened, Err(UpgradeError::Timeout)), "{opened:?}");
    let request = reqwest::Client::new().get(format!("http://{address}/"));
    let opened = in_time(reqwest_client(request, [""; 0], &config)).await;
    assert!(matches!(opened, Err(UpgradeError::Timeout)), "{opened:?}");
}

#[tokio::test]
async fn what_must_not_be_written_is_an_error_before_anything_is() {
    let request = ClientRequest::new("example.com", "/\r\nX: y");
    assert!(matches!(ClientUpgrade::new(request, &Config::default()), Err(UpgradeError::Start(_))));
    let request = reqwest::Client::new().get("http://example.com/");
    assert!(matches!(reqwest_client(request, ["a b"], &Config::default()).await, Err(UpgradeError::Start(_))));
    let request = reqwest::Client::new().get("ftp://example.com/");
    assert!(matches!(reqwest_client(request, ["a"], &Config::default()).await, Err(UpgradeError::Reqwest(_))));
}

#[tokio::test]
async fn a_server_that_does_not_allow_connect_is_noticed() {
    let address = serve_with(accept, false).await;
    let io = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (_sender, mut connection) = http2::handshake::<_, _, Body>(TokioExecutor::new(), io).await.unwrap();
    let mut config = Config::default();
    config.timeouts.handshake = Some(std::time::Duration::from_millis(50));
    assert!(!connect_is_enabled(&mut connection, &config).await);
}

#[tokio::test]
async fn the_request_has_what_the_engine_writes() {
    let address = canned(|head| {
        assert!(head.starts_with("GET /chat?room=1 HTTP/1.1\r\n"), "{head}");
        let (_, lower, _) = split_answer(format!("HTTP/1.1 200 {head}").as_bytes());
        for line in ["upgrade: websocket", "connection: upgrade", "sec-websocket-version: 13"] {
            assert_eq!(lower.matches(line).count(), 1, "{head}");
        }
        assert!(lower.contains("sec-websocket-extensions: permessage-deflate"), "{head}");
        assert_eq!(lower.matches("\r\nhost: ").count(), 1, "{head}");
        assert!(lower.contains("sec-websocket-protocol: chat") && lower.contains("news"), "{head}");
        answer(head, true, "\r\n")
    })
    .await;
    in_time(by_hyper(address)).await.unwrap();
    in_time(by_reqwest(address)).await.unwrap();
}
