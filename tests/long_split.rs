//! The property of `any_split` for long messages: 16- and 64-bit lengths, texts that kernels work through in blocks, corrupted
//! anywhere.
#![cfg(feature = "alloc")]

use proptest::{collection::vec, prelude::*, sample::Index};
use testkit::{
    bytes::frame,
    drive,
    reference::{self, Endpoint, Side},
    strategies::{self, text::long_message},
};
use websocket_proto::Limits;

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(debug_assertions) { 60 } else { 500 },
        failure_persistence: strategies::persistence(),
        max_shrink_time: 30_000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_split_of_long_messages_agrees_with_the_reference(
        server in any::<bool>(),
        messages in vec((long_message(), vec(any::<Index>(), 0..3)), 1..3),
        cuttings in vec(vec(any::<Index>(), 0..6), 6),
    ) {
        let side = if server { Side::Server } else { Side::Client };
        let endpoint = Endpoint::new(side, Limits::DEFAULT);
        let mut bytes = Vec::new();
        for ((first, payload), cuts) in messages {
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(payload.len() + 1)).collect();
            cuts.extend([0, payload.len()]);
            cuts.sort_unstable();
            for (i, range) in cuts.windows(2).enumerate() {
                let fin = if i + 2 == cuts.len() { 0x80 } else { 0 };
                bytes.extend(frame(side, fin | if i == 0 { first } else { 0 }, &payload[range[0]..range[1]]));
            }
        }
        let expected = reference::decode(&endpoint, &bytes);
        for cutting in cuttings {
            let mut cuts: Vec<_> = cutting.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces = || cuts.windows(2).map(|range| &bytes[range[0]..range[1]]);
            // No `prop_assert_eq`: it would print the megabytes.
            prop_assert!(drive::receive(&endpoint, pieces()) == expected, "`receive`, cut at {cuts:?}");
            prop_assert!(drive::messages(&endpoint, pieces()) == expected.steps, "`Messages::next`, cut at {cuts:?}");
            prop_assert!(drive::lent(&endpoint, pieces()) == expected.steps, "`Messages::space`, cut at {cuts:?}");
        }
    }
}
