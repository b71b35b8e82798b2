//! What endpoints offer, agree on and compress (RFC 7692).

use proptest::{collection::vec, option, prelude::*, sample::select};
use websocket_proto::extension::deflate::{Compression, DeflateConfig, WindowBits};

pub fn compression() -> impl Strategy<Value = Compression> {
    (8..=15_u8, any::<bool>())
        .prop_map(|(bits, context_takeover)| Compression::new(WindowBits::new(bits).unwrap(), context_takeover))
}

pub fn config() -> impl Strategy<Value = DeflateConfig> {
    (compression(), compression(), any::<bool>(), any::<bool>()).prop_map(|(own, peer, fallback, adjustable)| {
        DeflateConfig::DEFAULT.with_own(own).with_peer(peer).with_fallback(fallback).with_adjustable(adjustable)
    })
}

/// Offers of any client, good and bad.
pub fn offers() -> impl Strategy<Value = String> {
    let value = option::of(select(vec!["8", "9", "10", "12", "15", "\"11\"", "7", "16", "010", "+9", "x"]));
    let name = select(vec![
        "server_no_context_takeover",
        "client_no_context_takeover",
        "server_max_window_bits",
        "server_max_window_bits",
        "client_max_window_bits",
        "client_max_window_bits",
        "unknown",
    ]);
    let param = (name, value).prop_map(|(name, value)| match value {
        // A value most often where one belongs.
        Some(value) if name.ends_with("bits") || value == "x" => format!("; {name}={value}"),
        _ => format!("; {name}"),
    });
    let offer = (select(vec!["permessage-deflate", "permessage-deflate", "foo"]), vec(param, 0..4))
        .prop_map(|(name, params)| name.to_string() + &params.concat());
    vec(offer, 1..4).prop_map(|offers| offers.join(", "))
}

/// What a message is made of, in its parts; a part that ends in `true` has a Ping after it.
pub type Parts = Vec<(Vec<u8>, bool)>;

pub fn parts() -> impl Strategy<Value = Parts> {
    // Few different bytes, and units that come again: something to compress.
    let bytes = (vec(select(b"abc{\": 1".to_vec()), 0..40), 0..60_usize).prop_map(|(unit, n)| unit.repeat(n));
    vec((prop_oneof![bytes, vec(any::<u8>(), 0..300)], any::<bool>()), 1..4)
}
