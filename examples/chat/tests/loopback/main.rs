//! The server as a program, and clients on the crate's own connection, over loopback.

mod bad_input;
mod client;
mod closing;
mod command_line;
mod history;
mod http;
mod server;
mod slow;
mod stopping;
mod talk;
