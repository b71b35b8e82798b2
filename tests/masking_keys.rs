//! Where a client's masking keys come from, and what happens when the source fails.
#![cfg(feature = "alloc")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use websocket_proto::{Client, CloseCode, Connection, FnKeys, Limits, MaskingKeys, Negotiated, State};

/// A generator that is not there the first time.
struct Late(bool);

impl MaskingKeys for Late {
    fn next_key(&mut self) -> [u8; 4] {
        assert!(std::mem::replace(&mut self.0, true), "no randomness yet");
        [0; 4]
    }
}

#[test]
fn a_control_frame_is_still_queued_after_its_key_could_not_be_had() {
    let close = |connection: &mut Connection<Client<Late>>| connection.close(CloseCode::NORMAL).unwrap();
    let ping = |connection: &mut Connection<Client<Late>>| {
        connection.receive(&mut &mut [0x89, 0x01, b'?'][..]).unwrap();
    };
    for (queue, frame) in [
        (&close as &dyn Fn(&mut _), &[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8][..]),
        (&ping, &[0x8a, 0x81, 0, 0, 0, 0, b'?']),
    ] {
        let mut connection = Connection::new(Negotiated::elsewhere(), Client::new(Late(false)), &Limits::DEFAULT);
        queue(&mut connection);
        catch_unwind(AssertUnwindSafe(|| connection.take_control())).unwrap_err();
        assert!(connection.wants_write(), "it waits on");
        assert_eq!(connection.take_control().unwrap().as_bytes(), frame);
    }
}

#[test]
fn a_close_that_was_written_without_a_key_is_not_written() {
    let mut connection = Connection::new(Negotiated::elsewhere(), Client::new(Late(false)), &Limits::DEFAULT);
    connection.receive(&mut &mut [0x88, 0x00][..]).unwrap();
    let mut out = Vec::new();
    catch_unwind(AssertUnwindSafe(|| connection.write_control(&mut out))).unwrap_err();
    assert_eq!((out.len(), connection.state(), connection.wants_write()), (0, State::CloseReceived, true));
    connection.write_control(&mut out).unwrap();
    assert_eq!((&out[..], connection.state()), (&[0x88, 0x80, 0, 0, 0, 0][..], State::Closed));
}

/// What this client sends for "Hello".
fn hello<K: MaskingKeys>(client: Client<K>) -> Vec<u8> {
    let mut out = Vec::new();
    Connection::new(Negotiated::elsewhere(), client, &Limits::DEFAULT).send("Hello", &mut out).unwrap();
    out
}

#[test]
fn functions_references_and_boxes_are_sources() {
    // §5.7: "A single-frame masked text message".
    let expected = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    let key = || [0x37, 0xfa, 0x21, 0x3d];
    assert_eq!(hello(Client::from_fn(key)), expected);
    assert_eq!(hello(Client::new(FnKeys(key))), expected);
    assert_eq!(hello(Client::new(&mut FnKeys(key))), expected);
    let boxed: Box<dyn MaskingKeys> = Box::new(FnKeys(key));
    assert_eq!(hello(Client::new(boxed)), expected);
    assert_eq!(hello(Client::new(Late(true))).len(), expected.len());
    assert_eq!(format!("{:?}", FnKeys(key)), "FnKeys { .. }");
}

#[cfg(feature = "rand")]
#[test]
fn a_client_is_one_with_random_keys_unless_told_otherwise() {
    /// Neither a bound nor a source is repeated here.
    struct Peer {
        connection: Connection<Client>,
    }
    let keys = websocket_proto::RandomKeys::from_seed([1; 32]);
    let mut peer = Peer { connection: Connection::new(Negotiated::elsewhere(), Client::new(keys), &Limits::DEFAULT) };
    let mut out = Vec::new();
    peer.connection.send("Hello", &mut out).unwrap();
    assert_eq!(out[..2], [0x81, 0x85]);
}

/// A struct of the user's need not repeat the bound on the role.
#[allow(dead_code, reason = "that it compiles is the test")]
struct Any<R> {
    connection: Connection<R>,
}
