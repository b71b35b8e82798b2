//! Where a client's masking keys come from, and what happens when the source fails.
#![cfg(feature = "std")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use websocket_proto::{Client, CloseCode, Connection, Limits, MaskingKeys, Negotiated, State};

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
        catch_unwind(AssertUnwindSafe(|| drop(connection.take_control()))).unwrap_err();
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
