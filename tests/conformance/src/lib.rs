//! A conformance suite for WebSocket implementations (RFC 6455, RFC 7692).

pub mod case;
pub mod wire;
