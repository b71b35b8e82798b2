//! The page, and requests that are not for it.

use crate::server::Server;

fn get(server: &Server, target: &str) -> String {
    server.raw(&format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
}

fn upgrade(server: &Server, target: &str, origin: &str) -> String {
    server.raw(&format!(
        "GET {target} HTTP/1.1\r\nHost: localhost:9010\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nOrigin: {origin}\r\n\r\n\
        \u{8}",
    ))
}

#[test]
fn page_and_all_that_it_refers_to_are_served() {
    let server = Server::start(&[]);
    let page = get(&server, "/");
    assert!(page.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/html"), "{page}");
    let mut waiting: Vec<String> = ["/".to_owned()].into();
    let mut seen = Vec::new();
    while let Some(target) = waiting.pop() {
        let file = get(&server, &target);
        assert!(file.starts_with("HTTP/1.1 200 OK\r\n"), "{target}");
        for quoted in file.split(['"', '\'']).skip(1).step_by(1) {
            let local = quoted.strip_prefix("./").map(|name| format!("/{name}")).unwrap_or(quoted.to_owned());
            let is_file = [".js", ".css", ".svg"].iter().any(|end| local.ends_with(end)) && local.starts_with('/');
            if is_file && !seen.contains(&local) {
                seen.push(local.clone());
                waiting.push(local);
            }
        }
    }
    assert!(seen.len() >= 9, "{seen:?}");
}

#[test]
fn head_has_the_length_and_no_body_and_other_requests_are_told_apart() {
    let server = Server::start(&[]);
    let head = server.raw("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    assert!(get(&server, "/?from=bookmark").starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(get(&server, "/../Cargo.toml").starts_with("HTTP/1.1 404 Not Found\r\n"));
    let post = server.raw("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
    assert!(
        post.starts_with("HTTP/1.1 405 Method Not Allowed\r\n") && post.contains("\r\nAllow: GET, HEAD\r\n"),
        "{post}"
    );
    for target in ["http://localhost/", "http://localhost", "http://localhost/?x", "/style.css?v=1"] {
        assert!(get(&server, target).starts_with("HTTP/1.1 200 OK\r\n"), "{target}");
    }
    for host in ["", "Host: a\r\nHost: a\r\n", "Host: a b\r\n"] {
        let answer = server.raw(&format!("GET / HTTP/1.1\r\n{host}\r\n"));
        assert!(answer.starts_with("HTTP/1.1 400 "), "{host}: {answer}");
    }
    assert!(server.raw("\x16\x03\x01 this is no HTTP").starts_with("HTTP/1.1 400 "));
}

#[test]
fn only_the_own_page_may_connect_from_a_browser() {
    let server = Server::start(&[]);
    assert!(upgrade(&server, "/chat", "http://evil.example").starts_with("HTTP/1.1 403 "));
    assert!(upgrade(&server, "/chat", "null").starts_with("HTTP/1.1 403 "));
    assert!(upgrade(&server, "/elsewhere", "http://localhost:9010").starts_with("HTTP/1.1 404 "));
}
