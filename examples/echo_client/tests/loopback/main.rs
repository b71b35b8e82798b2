//! The client as a program, and servers that behave as they like.

mod client;
mod command_line;
mod limits;
mod server;
mod talking;
mod tls;
