//! Law: whatever a caller sends, by whichever call and in whatever order, what stands on the wire are frames that the RFC allows: the
//! reference decoder, at the other end, hears in them exactly what the calls that succeeded have said, and finds no fault.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use testkit::reference::{self, Endpoint, Side, Step};
use ways::Way;
use websocket_proto::extension::deflate::{Compression, DeflateParams, Deflater, Effort};
use websocket_proto::frame::Masking;
use websocket_proto::{
    Client, CloseFrame, Connection, Limits, MessageKind, Negotiated, Part, SendError, Server, State,
};

mod ways;

#[derive(Arbitrary, Debug)]
struct Script<'a> {
    to: Masking,
    params: Option<DeflateParams>,
    effort: Effort,
    /// A compressor that may do what was not agreed on.
    foreign: Compression,
    calls: Vec<Call<'a>>,
}

#[derive(Arbitrary, Debug)]
enum Call<'a> {
    Send { way: Way, text: bool, unit: &'a [u8], times: u8, part: Part },
    Ping(&'a [u8]),
    Pong(&'a [u8]),
    Close(CloseFrame),
}

fuzz_target!(|script: Script<'_>| {
    let negotiated = match script.params {
        Some(params) => Negotiated::elsewhere().with_deflate(params),
        None => Negotiated::elsewhere(),
    };
    let mut key = 0_u32;
    let keys = move || {
        key = key.wrapping_add(0x3d21_fa37);
        key.to_le_bytes()
    };
    match script.to {
        Masking::Required => run(&script, Connection::new(negotiated, Client::from_fn(keys), &Limits::UNLIMITED)),
        Masking::Forbidden => run(&script, Connection::new(negotiated, Server, &Limits::UNLIMITED)),
    }
});

fn run<R: ways::Sends>(script: &Script<'_>, mut connection: Connection<R>) {
    let own = connection.deflate().map(|params| match script.to {
        Masking::Required => params.client,
        Masking::Forbidden => params.server,
    });
    let mut deflater = Deflater::new(own.unwrap_or_default(), script.effort);
    let mut foreign = Deflater::new(script.foreign, script.effort);
    let (mut wire, mut said) = (Vec::new(), Vec::new());
    let mut message: Option<(MessageKind, Vec<u8>)> = None;
    for call in script.calls.iter().take(30) {
        let (before, state) = (wire.len(), connection.state());
        let sent = match *call {
            Call::Ping(payload) => {
                let sent = connection.ping(payload, &mut wire);
                assert_eq!(
                    matches!(sent, Err(SendError::ControlTooLong { .. })),
                    payload.len() > 125 && state == State::Open
                );
                sent.is_ok().then(|| said.push(Step::Ping(payload.to_vec())))
            }
            Call::Pong(payload) => {
                connection.pong(payload, &mut wire).is_ok().then(|| said.push(Step::Pong(payload.to_vec())))
            }
            Call::Close(frame) => connection.close(frame).ok().map(|()| {
                connection.write_control(&mut wire).expect("there is room");
                said.push(Step::Close(frame.code().map(u16::from), frame.reason().into()));
            }),
            Call::Send { way, text, unit, times, part } => {
                let payload: Vec<u8> =
                    unit.iter().cycle().take((unit.len() << (times % 10)).min(5_000)).copied().collect();
                let kind = if text { MessageKind::Text } else { MessageKind::Binary };
                let part = if way.takes_parts() { part } else { Part::Whole };
                let (own, foreign) = (&mut deflater, &mut foreign);
                let sent = ways::send(&mut connection, way, kind, &payload, part, [own, foreign], &mut wire);
                let begun = message.as_ref().map(|(kind, _)| *kind);
                let may = state == State::Open
                    && part.is_first() == begun.is_none()
                    && begun.is_none_or(|begun| begun == kind)
                    && (kind == MessageKind::Binary || may_become_text(message.as_ref(), &payload, part));
                match sent {
                    Some(Ok(())) => {
                        assert!(may, "{way:?} was to fail: {kind:?}, {part:?}");
                        let (kind, mut bytes) = message.take().unwrap_or((kind, Vec::new()));
                        bytes.extend(payload);
                        match part.is_last() {
                            true => said.push(Step::Message(kind, bytes)),
                            false => message = Some((kind, bytes)),
                        }
                        Some(())
                    }
                    Some(Err(error)) => {
                        let form = matches!(error, SendError::OtherForm { .. } | SendError::CompressionNotAgreed);
                        // A call that takes text whole does not continue a code point that another one has begun.
                        let cut = matches!(error, SendError::NotUtf8 { .. }) && begun == Some(MessageKind::Text);
                        assert!(!may || form || cut, "{way:?} failed: {error}");
                        None
                    }
                    None => None,
                }
            }
        };
        assert_eq!(sent.is_some(), wire.len() > before, "what fails writes nothing");
    }

    let side = match script.to {
        Masking::Required => Side::Server,
        Masking::Forbidden => Side::Client,
    };
    // Its Close was sent, so that it does not answer.
    let endpoint = Endpoint { deflate: own, close_sent: true, ..Endpoint::new(side, Limits::UNLIMITED) };
    assert_eq!(reference::decode_messages(&endpoint, &wire), said);
}

/// §5.6: the whole message has to be UTF-8, a fragment need not.
fn may_become_text(begun: Option<&(MessageKind, Vec<u8>)>, payload: &[u8], part: Part) -> bool {
    let bytes = [begun.map_or(&[][..], |(_, bytes)| bytes), payload].concat();
    let valid = reference::valid_up_to(&bytes);
    match reference::code_point(&bytes[valid..]) {
        _ if valid == bytes.len() => true,
        reference::CodePoint::Begun => !part.is_last(),
        reference::CodePoint::Whole | reference::CodePoint::Impossible => false,
    }
}
