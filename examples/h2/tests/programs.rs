//! The programs as they are started, what they need of memory, and what they say of bad options.

mod support;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::Duration;

use h2_websocket::client::{Connection, Windows};
use websocket_proto::handshake::Scheme;
use websocket_proto_tokio::{Config, OwnedMessage};

const SERVER: &str = env!("CARGO_BIN_EXE_h2_server");
const CLIENT: &str = env!("CARGO_BIN_EXE_h2_client");
const BRIDGE: &str = env!("CARGO_BIN_EXE_h2_bridge");

struct Program {
    child: Child,
    stdout: BufReader<ChildStdout>,
    address: String,
}

impl Program {
    fn start(program: &str, words: &[&str]) -> Self {
        let mut child = Command::new(program).args(words).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap().split(',').next().unwrap().to_owned();
        Self { child, stdout, address }
    }

    fn prints(&mut self, words: &str) {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        assert!(line.contains(words), "expected {words:?} in {line:?}");
    }

    /// The most memory that it has had at once, in KiB.
    #[cfg(target_os = "linux")]
    fn most_memory(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(program: &str, words: &[&str]) -> Output {
    Command::new(program).args(words).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn client_and_server_talk_with_tls_and_without() {
    let (certificate, key) = support::certificate("programs");
    let (certificate, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
    let words = ["--listen", "127.0.0.1:0", "--subprotocol", "chat"];
    let mut secure = Program::start(SERVER, &[&words[..], &["--tls", certificate, key]].concat());
    let mut plain = Program::start(SERVER, &words);
    for (server, scheme) in [(&mut secure, "wss"), (&mut plain, "ws")] {
        let url = format!("{scheme}://localhost:{}/", server.address.rsplit(':').next().unwrap());
        let options = ["--ca", certificate, "--subprotocol", "chat", "--sockets", "5", "--binary", "100000"];
        let output = run(CLIENT, &[&options[..], &[&url, "Hello", ""]].concat());
        assert_eq!(text(&output.stdout), "Hello\n\n100000 bytes\n", "{}", text(&output.stderr));
        assert!(output.status.success() && text(&output.stderr).contains("\"chat\""), "{}", text(&output.stderr));
        for _ in 0..5 {
            server.prints("HTTP/2: closed with 1000");
        }
    }
    let url = format!("wss://localhost:{}/", secure.address.rsplit(':').next().unwrap());
    let (other, _) = support::certificate("strange");
    let output = run(CLIENT, &["--ca", other.to_str().unwrap(), &url, "Hello"]);
    assert_eq!((output.status.code(), text(&output.stderr).lines().count()), (Some(1), 1));
    assert!(text(&output.stderr).contains("invalid peer certificate"), "{}", text(&output.stderr));
}

/// The message and its echo are there as a whole; what HTTP/2 holds beside them is bounded by the windows.
#[cfg(target_os = "linux")]
#[test]
fn a_message_of_32_mib_passes_through_windows_of_64_kib() {
    const LEN: usize = 32 << 20;
    let server = Program::start(SERVER, &["--listen", "127.0.0.1:0", "--max-message", &LEN.to_string()]);
    let url = format!("ws://{}/", server.address);
    let words = ["--no-deflate", "--max-message", &LEN.to_string(), "--binary", &LEN.to_string(), &url];
    let output = run(CLIENT, &words);
    assert_eq!(text(&output.stdout), format!("{LEN} bytes\n"), "{}", text(&output.stderr));
    let most = server.most_memory();
    assert!(most < 110 << 10, "{most} KiB");
}

/// h2 keeps whatever it is given; a server that does not ask for room before would keep all of this.
#[cfg(target_os = "linux")]
#[test]
fn a_client_that_sends_and_never_reads_comes_to_a_stop_and_costs_little() {
    const MESSAGES: usize = 64;
    let server = Program::start(SERVER, &["--listen", "127.0.0.1:0"]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let sent = runtime.block_on(async {
        let socket = tokio::net::TcpStream::connect(&server.address).await.unwrap();
        let patience = Duration::from_secs(20);
        let connection = Connection::new(socket, Scheme::Http, Windows::default(), patience).await.unwrap();
        let mut socket = support::open(&connection, &Config::default()).await;
        let message = OwnedMessage::Binary(vec![7; 1 << 20]);
        let mut sent = 0;
        while sent < MESSAGES {
            match tokio::time::timeout(Duration::from_secs(4), socket.send(&message)).await {
                Ok(taken) => taken.unwrap(),
                Err(_) => break,
            }
            sent += 1;
        }
        sent
    });
    let most = server.most_memory();
    assert!(sent < MESSAGES && most < 32 << 10, "{sent} messages were sent, and the server had {most} KiB");
}

#[test]
fn bridge_makes_a_stream_of_a_connection_of_http_1() {
    let mut server = Program::start(SERVER, &["--listen", "127.0.0.1:0"]);
    let bridge = Program::start(BRIDGE, &["--listen", "127.0.0.1:0", "--to", &server.address]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let socket = tokio::net::TcpStream::connect(&bridge.address).await.unwrap();
        let (mut socket, _) = tokio_tungstenite::client_async("ws://localhost/", socket).await.unwrap();
        socket.close(None).await.unwrap();
    });
    server.prints("HTTP/2: closed with 1005");
}

#[test]
fn what_can_not_be_used_is_one_line_that_names_it() {
    let ((certificate, key), (_, other)) = (support::certificate("fits"), support::certificate("other"));
    let empty = Path::new(env!("CARGO_TARGET_TMPDIR")).join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let [certificate, key, other, empty] = [&certificate, &key, &other, &empty].map(|path| path.to_str().unwrap());
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let nobody = format!("ws://{free}/");
    for (program, words, code, found) in [
        (SERVER, &["--tls", "/no/such.pem", key][..], 1, "/no/such.pem"),
        (SERVER, &["--tls", certificate, certificate], 1, certificate),
        (SERVER, &["--tls", certificate, other], 1, other),
        (SERVER, &["--tls", empty, key], 1, empty),
        (SERVER, &["--tls", certificate], 2, "--tls"),
        (SERVER, &["--listen", &taken], 1, &taken),
        (SERVER, &["--window", "0"], 2, "2147483647"),
        (SERVER, &["--window", "2147483648"], 2, "2147483648"),
        (SERVER, &["--bogus"], 2, "--bogus"),
        (SERVER, &["--origin", "example.com"], 2, "example.com"),
        (SERVER, &["word"], 2, "word"),
        (CLIENT, &[], 2, "no URL"),
        (CLIENT, &["http://localhost/"], 1, "ws://"),
        (CLIENT, &[&nobody], 1, &free),
        (CLIENT, &["--ca", "/no/such.pem", "wss://localhost:1/"], 1, "/no/such.pem"),
        (CLIENT, &["--ca", empty, "wss://localhost:1/"], 1, empty),
        (CLIENT, &["--sockets", "many", &nobody], 2, "many"),
        (CLIENT, &["--sockets", "0", &nobody], 2, "`0`"),
        (BRIDGE, &["--listen", &taken], 2, "--to"),
        (BRIDGE, &["--listen", &taken, "--to", &free], 1, &taken),
    ] {
        let output = run(program, words);
        let error = text(&output.stderr);
        assert_eq!((output.status.code(), text(&output.stdout), error.lines().count()), (Some(code), "", 1), "{error}");
        assert!(error.contains(found), "{words:?}: {error}");
    }
    for program in [SERVER, CLIENT, BRIDGE] {
        assert!(text(&run(program, &["--help"]).stdout).contains("--version"));
    }
}
