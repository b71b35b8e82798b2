//! The end of the server.

use std::time::Duration;

use crate::client::Client;
use crate::server::Server;

#[test]
fn stopping_server_says_goodbye_with_1012_and_exits_cleanly() {
    let mut server = Server::start(&[]);
    let mut clients = [Client::enter(&server, "Ann", "lobby"), Client::connect(&server)];
    server.terminate();
    for client in &mut clients {
        assert_eq!(client.expect_close().0, 1012);
    }
    assert!(server.wait(Duration::from_secs(1)).expect("it ends at once").success());
}

#[test]
fn client_that_does_not_answer_the_goodbye_delays_it_for_a_bounded_time() {
    let mut server = Server::start(&[]);
    let deaf = Client::enter(&server, "Ann", "lobby");
    server.terminate();
    assert!(server.wait(Duration::from_secs(4)).expect("it ends").success());
    drop(deaf);
}
