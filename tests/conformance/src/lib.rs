//! A conformance suite for WebSocket implementations (RFC 6455, RFC 7692).

pub mod case;
pub mod exam;
pub mod export;
pub mod lint;
pub mod memory;
pub mod report;
pub mod socket;
pub mod suite;
pub mod wire;
