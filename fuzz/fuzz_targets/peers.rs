//! Law: other stacks make the same of a stream, or differ as the list below says; it also says on which side the RFC is.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use testkit::Cuts;
use websocket_proto::{ProtocolError, frame::Masking};
use websocket_proto_fuzz::peers::{self, Report, Verdict};
use websocket_proto_testing::{FrameStream, Heard};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    cuts: Cuts,
    stream: Bytes<'a>,
}

#[derive(Arbitrary, Debug)]
enum Bytes<'a> {
    /// From the generator, with anything after it.
    Generated(FrameStream),
    Raw(Masking, &'a [u8]),
}

fuzz_target!(|input: Input<'_>| {
    let (masking, bytes) = match &input.stream {
        Bytes::Generated(stream) => (stream.masking, stream.bytes()),
        Bytes::Raw(masking, bytes) => (*masking, bytes.to_vec()),
    };
    let pieces = input.cuts.pieces(&bytes);
    let (ours, error) = peers::ours(masking, &pieces);
    for (peer, report) in [
        (Peer::Tungstenite, peers::tungstenite(masking, &pieces)),
        (Peer::TokioWebsockets, peers::tokio_websockets(masking, &pieces)),
    ] {
        if report == ours {
            continue;
        }
        // The rest of a header whose beginning may be forbidden already.
        let (soon, _) = peers::ours(masking, &[&bytes[..], &[0; 12]].concat().chunks(1 << 20).collect::<Vec<_>>());
        let difference = Difference { peer, ours: &ours, error, soon: soon.verdict, theirs: &report };
        assert!(KNOWN.iter().any(|known| (known.is)(&difference)), "{difference:#?}");
    }
});

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Peer {
    Tungstenite,
    TokioWebsockets,
}

#[derive(Debug)]
struct Difference<'d> {
    peer: Peer,
    ours: &'d Report,
    error: Option<ProtocolError>,
    /// Our verdict if some zeros followed.
    soon: Verdict,
    theirs: &'d Report,
}

impl Difference<'_> {
    /// What the peer heard beyond what we did; none where it did not hear all of that.
    fn beyond(&self) -> Option<&[Heard]> {
        self.theirs.heard.strip_prefix(&self.ours.heard[..])
    }

    fn same_heard(&self) -> bool {
        self.beyond().is_some_and(<[Heard]>::is_empty)
    }

    fn failed(&self, code: u16) -> bool {
        self.theirs.verdict == Verdict::Failed(code)
    }
}

/// A difference that has been looked into.
struct Known {
    /// Which side the RFC is on, and why.
    #[allow(dead_code)] // It is for those who read this list.
    reason: &'static str,
    is: fn(&Difference<'_>) -> bool,
}

use ProtocolError as E;

const KNOWN: &[Known] = &[
    Known {
        reason: "Both may be: RFC 6455 does not say how soon a violation is to be found. We judge each field of a header when \
            it is there, tungstenite a frame when all of its payload is, tokio-websockets a header when its second byte is.",
        is: |d| d.error.is_some() && d.theirs.verdict == Verdict::Open && d.same_heard(),
    },
    Known {
        reason: "Both may be, for the same reason: tokio-websockets refuses a control frame with an extended length at its second byte, \
            we when the length is there, to name it.",
        is: |d| {
            let open = d.error.is_none() && d.ours.verdict == Verdict::Open && d.soon == Verdict::Failed(1002);
            d.peer == Peer::TokioWebsockets && open && d.same_heard() && d.failed(1002)
        },
    },
    Known {
        reason: "Both may be (§8.1 does not say when): tungstenite validates text when the message is complete, and meanwhile hears \
            control frames between its fragments, or fails for a later violation, or is closed.",
        is: |d| {
            d.peer == Peer::Tungstenite
                && matches!(d.error, Some(E::InvalidUtf8 { .. }))
                && d.beyond()
                    .is_some_and(|heard| heard.iter().all(|heard| matches!(heard, Heard::Ping(_) | Heard::Pong(_))))
        },
    },
    Known {
        reason: "Ours: §5.2, \"the minimal number of bytes MUST be used to encode the length\". tungstenite does not look.",
        is: |d| {
            d.peer == Peer::Tungstenite && matches!(d.error, Some(E::LengthNotMinimal { .. })) && d.beyond().is_some()
        },
    },
    Known {
        reason: "Ours, though the Close that the peer gets is the same: §7.4 forbids these codes, and tungstenite answers 1002, but \
            it tells its application of a Close with 1002 that nobody sent.",
        is: |d| {
            d.peer == Peer::Tungstenite
                && matches!(d.error, Some(E::InvalidCloseCode { .. }))
                && d.same_heard()
                && d.theirs.verdict == Verdict::Closed(Some(1002), "Protocol violation".into())
        },
    },
    Known {
        reason: "Ours: 1014 is in the IANA registry that §11.7 sets up (Bad Gateway); tungstenite takes it for a forbidden code.",
        is: |d| {
            d.peer == Peer::Tungstenite
                && matches!(d.ours.verdict, Verdict::Closed(Some(1014), _))
                && d.same_heard()
                && d.theirs.verdict == Verdict::Closed(Some(1002), "Protocol violation".into())
        },
    },
    Known {
        reason: "Both may be: the Close has a forbidden code and a reason that is not UTF-8; we name the first.",
        is: |d| matches!(d.error, Some(E::InvalidCloseCode { .. })) && d.same_heard() && d.failed(1007),
    },
    Known {
        reason: "Ours: §5.2, \"the most significant bit MUST be 0\" is a rule of the protocol, 1002, not a size to be refused, 1009.",
        is: |d| matches!(d.error, Some(E::LengthTopBit { .. })) && d.same_heard() && d.failed(1009),
    },
    Known {
        reason: "Both may be: a header that breaks a rule also declares more than the limit. tungstenite looks at the limit first.",
        is: |d| {
            d.peer == Peer::Tungstenite && d.ours.verdict == Verdict::Failed(1002) && d.same_heard() && d.failed(1009)
        },
    },
    Known {
        reason: "Ours: §8.1. tokio-websockets does not validate the end of a text whose last fragment is empty, so a text that \
            ends inside a code point is delivered, and the next text is taken for its rest.",
        is: |d| {
            d.peer == Peer::TokioWebsockets
                && matches!(d.error, Some(E::InvalidUtf8 { .. }))
                && d.beyond().is_some_and(|heard| matches!(heard, [Heard::Binary(_), ..]))
        },
    },
];
