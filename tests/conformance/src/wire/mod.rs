//! The wire, read and written without any WebSocket library: a judge that is related to the accused shares its errors.

pub mod deflate;
pub mod inflate;
